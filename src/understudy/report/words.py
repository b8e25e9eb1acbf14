"""An outcome in plain words: the same sentences on the terminal and on the page."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from math import floor

from understudy.base.quantity import format_duration, format_usd
from understudy.control.comparison import ActivityOffset, CapacityDifference, CurveDifference
from understudy.control.outcome import (
    Attainment,
    ChangedResource,
    CountSetBack,
    Outcome,
    UpdateFelt,
    turning_points,
)
from understudy.pricing.vintage import vintage
from understudy.report.axes import milliseconds

MOST_TURNS, MOST_CHANGES = 7, 8
DONE_TO = {
    "Add": "adds",
    "Modify": "changes",
    "Remove": "removes",
    "Import": "imports",
    "Dynamic": "may change",
    "SyncWithActual": "takes over",
}
REPLACED = {"True": "replaces", "Conditional": "may replace"}
"""What a change set does to a resource, by AWS's Action and Replacement."""

_TARGET_TRACKING = re.compile(r"TargetTracking-\S*-(Alarm(?:High|Low))-[\w-]+")


def percent(share: float) -> str:
    """A share in percent, rounded down, so that only all is 100 %.

    >>> percent(0.99187), percent(0.99996), percent(1.0), percent(0.99999999)
    ('99.1%', '99.99%', '100%', '99.99%')
    """
    if share >= 1:
        return "100%"
    digits = 1 if share < 0.999 else 2
    return f"{floor(share * 100 * 10**digits + 1e-9) / 10**digits:g}%"


def count(number: float) -> str:
    """A whole number with its thousands separated."""
    return f"{number:,.0f}"


def plural(number: int, noun: str) -> str:
    """A number with its noun: 1 instance, 2 instances."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def usd(amount: Decimal | None) -> str:
    """An amount of money, or that it is not known."""
    return "price not known" if amount is None else format_usd(amount)


def moment(at: float) -> str:
    """A time of the world to the second.

    >>> moment(1772452800.9)
    '2026-03-02 12:00:00Z'
    """
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def brief(text: str) -> str:
    """A text with the long names of target tracking's alarms made short.

    >>> brief("monitor alarm TargetTracking-endpoint/digits/variant/A-AlarmHigh-5a in state ALARM")
    'monitor alarm AlarmHigh in state ALARM'
    """
    return _TARGET_TRACKING.sub(r"\1", text)


def kind(run: Outcome) -> str:
    """What a run was called for."""
    return "Rehearsal" if run.world == "live" else "Simulation"


def later(seconds: float) -> str:
    """An offset of time in words.

    >>> later(75.0), later(-0.25), later(0.0)
    ('1m15s later', '250ms sooner', 'at the same time')
    """
    if seconds == 0:
        return "at the same time"
    return f"{format_duration(abs(seconds))} {'later' if seconds > 0 else 'sooner'}"


NOUNS = {"service": ("service", "task"), "autoScalingGroup": ("group", "instance")}
"""What a resource is called that scales, and what it has several of."""


def scaling(run: Outcome, arrow: str = "->") -> str:
    """How what got the traffic scaled, by the turning points of its desired count."""
    name, unit = NOUNS.get(run.resource_id.partition("/")[0], ("endpoint", "instance"))
    counts = tuple(point.desired for point in run.capacity)
    turns = turning_points(counts)
    if not turns:
        return "No capacity was recorded"
    if len(turns) == 1:
        return f"The {name} stayed at {plural(turns[0], unit)}"
    if len(turns) > MOST_TURNS:
        activities = plural(len(run.activities), "activity").replace("activitys", "activities")
        return f"The {name} moved between {min(counts)} and {max(counts)} {unit}s in {activities}"
    return f"The {name} scaled " + f" {arrow} ".join(map(str, turns))


def update(run: Outcome, felt: UpdateFelt) -> list[str]:
    """What users felt of an update, line by line."""
    _, unit = NOUNS.get(run.resource_id.partition("/")[0], ("endpoint", "instance"))
    begun = format_duration(round(felt.at - run.started_at))
    took = (
        f"after {format_duration(round(felt.ended - felt.at))}"
        if felt.ended is not None
        else "still under way at the end"
    )
    lines = [f"{felt.status} {took}, begun at {begun}; AWS would take about as long"]
    lines += [f"because {cause}" for cause in felt.causes]
    lines += [_changed(each) for each in felt.planned.resources[:MOST_CHANGES]]
    if (more := len(felt.planned.resources) - MOST_CHANGES) > 0:
        lines.append(f"and {plural(more, 'further change')}")
    lines += [_set_back(each) for each in felt.planned.set_back]
    lines.append(
        f"{felt.lost:,.0f} of {felt.requests:,.0f} requests lost, {felt.late:,.0f} late, in it "
        "and the 10 minutes after"
    )
    if felt.p99_ms is not None and felt.p99_before_ms is not None:
        during, before = milliseconds(felt.p99_ms), milliseconds(felt.p99_before_ms)
        lines.append(f"p99 up to {during} then, up to {before} before")
    capacity = f"at least {plural(felt.least_in_service, unit)} in service"
    lines.append(f"{capacity}, {felt.most_running} at most with both fleets")
    if felt.usd is not None:
        types = [f"{usd(each)} of {name}" for name, each in felt.usd_by_type]
        parts = f": {', '.join(types)}" if len(types) > 1 else ""
        lines.append(f"{format_usd(felt.usd)} for both fleets while it ran{parts}")
    return lines


def _changed(each: ChangedResource) -> str:
    """A resource of a change set: ``changes Service (AWS::ECS::Service): TaskDefinition``."""
    verb = REPLACED.get(each.replacement) or DONE_TO[each.action]
    properties = f": {', '.join(each.properties)}" if each.properties else ""
    return f"{verb} {each.logical_id} ({each.resource_type}){properties}"


def _set_back(each: CountSetBack) -> str:
    had = "" if each.current is None else f" {each.current}"
    wanted = "what the template says" if each.template is None else f"{each.template}"
    return f"set {each.what} of {each.logical_id} back: scaling had set{had}, it became {wanted}"


def no_activity(run: Outcome) -> str:
    """Why nothing scaled."""
    if any(each.to_state == "ALARM" for each in run.alarms):
        return "No scaling activity: alarms went into ALARM, but no policy changed the capacity."
    return "No scaling activity: no alarm went into ALARM."


def attained(each: Attainment) -> str:
    """How far an objective was met."""
    if each.share is None:
        return f"nothing was sent to tell whether {each.slo} holds"
    wanted = "" if each.met else f", {percent(each.objective)} had to"
    return f"{percent(each.share)} of requests met {each.slo}{wanted}"


def costs(run: Outcome) -> str:
    """What the run cost on demand, and what the minimum capacity would have cost."""
    if run.cost is None:
        return "its cost was not metered"
    if run.cost.usd is None:
        return f"no price is known here for {', '.join(run.cost.missing)} in {run.cost.region}"
    text = f"{usd(run.cost.usd)} on demand"
    if run.idle and run.idle.usd is not None:
        hours = format_duration(run.duration)
        text += f"; with no traffic the same {hours} would have cost {usd(run.idle.usd)}"
    return text


def headline(run: Outcome, arrow: str = "->") -> str:
    """The run in one sentence."""
    objectives = [attained(each) for each in run.requests.attainments[:1]]
    return "; ".join([scaling(run, arrow), *objectives, costs(run)]) + "."


def mode(run: Outcome) -> str:
    """How time and load were treated, in a few words."""
    if run.speed is None:
        return "virtual time"
    if run.speed == 1:
        return "real time"
    return f"{run.speed:g} times faster than the clock, load {run.load_mode}"


def answered_by(run: Outcome) -> str:
    """What answered the requests."""
    if run.world == "simulated":
        return "service times that were drawn"
    return "a stand-in, not a model" if run.stand_in else "the model itself"


def curve(name: str, difference: CurveDifference) -> str:
    """How far one capacity curve differs from the other."""
    if difference.largest == 0:
        return f"{name}: equal at all times"
    return (
        f"{name}: {difference.mean:.2f} instances apart on average, {difference.largest} at most, "
        f"equal {percent(difference.equal)} of the time"
    )


def differences(comparison: CapacityDifference) -> tuple[str, ...]:
    """How far two runs differ, one line each."""
    return (curve("Desired", comparison.desired), curve("In service", comparison.in_service))


def matched(each: ActivityOffset) -> str:
    """When the simulated run made the same change as the live one."""
    if each.offset is not None:
        return later(each.offset)
    return "only live" if each.second is None else "only simulated"


def prices(runs: Iterable[Outcome]) -> str:
    """Of when the prices of runs are and how old: ``prices of 2026-07-20, 125 days old``."""
    chosen = list(runs)
    charges = [charge for run in chosen if run.cost for charge in run.cost.charges]
    found = vintage(charge.offer for charge in charges if charge.offer)
    day = max((run.priced_on for run in chosen), default="")
    return found.said(day) if day else found.dated()
