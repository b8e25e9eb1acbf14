"""What scaling would do now, and what it has done, for a terminal or a log."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from understudy.base.quantity import format_duration
from understudy.control.explanation import AlarmSaid, Explained, PolicySaid, SubjectSaid
from understudy.engine.scaling import ActivitySaid
from understudy.report.terminal import BAD, GOOD, MUTED, STRONG
from understudy.report.words import brief, moment

STATES = {"OK": GOOD, "ALARM": BAD, "INSUFFICIENT_DATA": "yellow"}
SHOWN = 5
"""How many of the latest datapoints are shown."""


def explanation(found: Explained) -> RenderableType:
    """Every subject with its policies, each policy with its alarms and what it would do."""
    if not found.subjects and not found.alarms:
        return Text("Nothing scales here: there is no group, no scalable target.")
    parts: list[RenderableType] = []
    for subject in found.subjects:
        parts += [*_subject(subject), ""]
    if found.alarms:
        parts.append(Text("Alarms without a scaling policy", style=STRONG))
        parts += [Padding(part, (0, 0, 0, 2)) for each in found.alarms for part in _alarm(each)]
        parts.append("")
    parts.append(Text(f"As of {moment(found.at)}.", style=MUTED))
    return Group(*parts)


def _subject(subject: SubjectSaid) -> Iterator[RenderableType]:
    yield Text.assemble((f"{subject.kind} ", ""), (subject.name, STRONG))
    for line in (subject.capacity, *subject.notes):
        yield Padding(Text(line), (0, 0, 0, 2))
    if not subject.policies:
        yield Padding(Text("It has no scaling policy."), (0, 0, 0, 2))
    for policy in subject.policies:
        yield Padding(Group(*_policy(policy)), (1, 0, 0, 2))


def _policy(policy: PolicySaid) -> Iterator[RenderableType]:
    yield Text.assemble((policy.name, STRONG), f" ({policy.kind}): {policy.aim}")
    for alarm in policy.alarms:
        for part in _alarm(alarm):
            yield Padding(part, (0, 0, 0, 2))
    if policy.says:
        yield Padding(Text(policy.says), (0, 0, 0, 2))


def _alarm(alarm: AlarmSaid) -> Iterator[RenderableType]:
    """The alarm's name and state, what it compares, what it sees, what comes of it."""
    style = STATES.get(alarm.state, "")
    since = format_duration(max(alarm.lasts, 0.0))
    yield Text.assemble(brief(alarm.name), " is ", (alarm.state, style), f" for {since}")
    yield Padding(Text(f"{alarm.condition}; {_latest(alarm)}"), (0, 0, 0, 2))
    if alarm.problem:
        yield Padding(Text(alarm.problem, style=BAD), (0, 0, 0, 2))
    if alarm.says:
        says = alarm.says if alarm.state == "ALARM" else "Nothing, as it is not in ALARM."
        yield Padding(Text(f"-> {says}"), (0, 0, 0, 2))


def _latest(alarm: AlarmSaid) -> str:
    if not alarm.latest:
        return "it sees no datapoint"
    values = ", ".join(f"{value:.6g}" for value in alarm.latest[-SHOWN:])
    return f"it sees {values}" if len(alarm.latest) <= SHOWN else f"it sees ..., {values}"


def history(shown: Sequence[ActivitySaid], total: int) -> RenderableType:
    """Activities, oldest first, day by day; each with its cause."""
    if not shown:
        return Text("Nothing has scaled.")
    parts: list[RenderableType] = []
    for day, activities in groupby(shown, key=lambda each: moment(each.at)[:10]):
        parts.append(Text(day, style=STRONG))
        cause = ""
        for each in activities:
            parts += _activity(each, is_told=each.cause == cause)
            cause = each.cause
    if total > len(shown):
        parts.append(Text(f"{total - len(shown)} earlier ones; --last 0 shows all.", style=MUTED))
    return Group(*parts)


def _activity(each: ActivitySaid, *, is_told: bool) -> Iterator[RenderableType]:
    """An activity; its cause only where it differs from that of the one before."""
    failed = each.status in {"Failed", "Cancelled", "Unfulfilled"}
    took = "" if each.ended is None else f" after {format_duration(each.ended - each.at)}"
    state = Text(f"{each.status}{took}", style=BAD if failed else "")
    yield Text.assemble(
        (moment(each.at)[11:], MUTED),
        "  ",
        (each.subject, STRONG),
        f"  {each.description}  ",
        state,
    )
    cause = "" if is_told else each.cause
    for line in (cause, each.message if failed else "", ", ".join(each.reasons)):
        if line:
            yield Padding(Text(brief(line), style=MUTED), (0, 0, 0, 11))
