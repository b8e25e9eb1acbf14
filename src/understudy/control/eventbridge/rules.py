"""The rules of one region, as far as time and the engine's own services set them off.

Rules themselves are kept with their buses; here is known which of them have schedules, and whether
any has a pattern. When one is due, or something has happened, the bus is asked to send an event on.

AWS: Creating a rule that runs on a schedule; Events from AWS services.
"""

import re
from datetime import UTC, datetime

from msgspec import Struct, field

from understudy.base.arn import ACCOUNT
from understudy.control.events import Call, CallAnswered, CallFailed, Params, RulesKept
from understudy.control.signals import Happened
from understudy.control.turn import Turn
from understudy.scaling.schedule import InvalidSchedule, Schedule, next_run, parse_schedule

OWNER = "events"
EMIT = "understudy:Emit"
"""The operation that sends an event on: to the targets of one Rule, or of all that match it."""
PREFIX = "event/"
"""How the ids of our calls begin."""
_RATE = re.compile(r"rate\((1 (minute|hour|day)|(?!1 |0)\d+ (minutes|hours|days))\)")
_CRON = re.compile(r"cron\((\S+ ){5}\S+\)")


class Scheduled(Struct, frozen=True):
    """A rule with a schedule, and since when it has it; ``id`` tells it from what it was before."""

    expression: str
    since: float
    id: str


class RulesState(Struct):
    """The scheduled rules by name; whether there is a rule that waits for events."""

    scheduled: dict[str, Scheduled] = field(default_factory=dict[str, Scheduled])
    listening: bool = False


def rule_schedule(expression: str) -> Schedule:
    """A schedule expression of a rule: ``rate(5 minutes)`` or ``cron(0 12 * * ? *)``, in UTC.

    Raises InvalidSchedule.
    """
    if _RATE.fullmatch(expression) or _CRON.fullmatch(expression):
        return parse_schedule(expression)
    raise InvalidSchedule("Parameter ScheduleExpression is not valid.")


class Rules:
    """Sets rules off."""

    def __init__(self, state: RulesState) -> None:
        self.state = state

    def on_kept(self, event: RulesKept, turn: Turn) -> None:
        """Take in which rules there are by now. What has not changed goes on as it was."""
        known = self.state.scheduled
        kept = dict(event.schedules)
        for name in [name for name in known if kept.get(name) != known[name].expression]:
            del known[name]
        for name, expression in kept.items():
            if name not in known:
                known[name] = Scheduled(expression, turn.at, turn.ids.uuid())
                self._wish(name, turn)
        self.state.listening = event.listening

    def _wish(self, name: str, turn: Turn) -> None:
        rule = self.state.scheduled[name]
        due = next_run(rule_schedule(rule.expression), turn.at, rule.since)
        if due is not None:
            turn.schedule(due, OWNER, name, rule.id)

    def on_timer(self, key: tuple[str, ...], turn: Turn) -> None:
        """A schedule is due, unless its rule has changed meanwhile."""
        name, schedule = key
        rule = self.state.scheduled.get(name)
        if rule is None or rule.id != schedule:
            return
        self._wish(name, turn)
        own = turn.arn("events", f"rule/{name}")
        event = Happened("aws.events", "Scheduled Event", {}, (own,))
        self._emit({"Rule": name}, event, turn)

    def on_happened(self, event: Happened, turn: Turn) -> None:
        """Send on what a service tells of itself, if anybody waits for it."""
        if self.state.listening:
            self._emit({}, event, turn)

    @staticmethod
    def _emit(asked: Params, event: Happened, turn: Turn) -> None:
        """Ask once: what nobody has performed when the engine ends is not asked for again."""
        asked = {**asked, "Event": _written(event, turn)}
        turn.emit(Call(turn.region, PREFIX + turn.ids.uuid(), OWNER, EMIT, asked))

    @staticmethod
    def on_answer(event: CallAnswered | CallFailed) -> bool:
        """Whether a call was ours. Nothing follows from it."""
        return event.call_id.startswith(PREFIX)


def _written(event: Happened, turn: Turn) -> Params:
    """An event as AWS has it. AWS: AWS service event metadata."""
    return {
        "version": "0",
        "id": turn.ids.uuid(),
        "detail-type": event.kind,
        "source": event.source,
        "account": ACCOUNT,
        "time": datetime.fromtimestamp(turn.at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": turn.region,
        "resources": list(event.resources),
        "detail": dict(event.detail),
    }
