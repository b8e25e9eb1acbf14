"""CloudWatch's state with the parameters it goes by, as all of its functions take it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import tzinfo

from understudy.base.fault import validation_error
from understudy.control.cloudwatch.state import AnyAlarm, CloudWatchState, CompositeAlarm
from understudy.metrics.anomaly import Model
from understudy.metrics.window import MINUTE, ZoneLoader, fixed_zone
from understudy.scaling.alarm_rule import children, parse_rule

OWNER = "cloudwatch"
"""Whose timers these are."""

DAY = 86400.0


@dataclass(frozen=True, slots=True)
class CloudWatchConfig:
    """Parameters of the world, in seconds.

    The delays say how long after the end of a period a metric that AWS services publish can be
    seen, by how often it is published: AWS states none of them. What clients publish can be seen
    when its period has ended. ``history`` is how long alarm history is kept; AWS says 30 days.
    """

    minute_delay: float = 30.0
    twenty_second_delay: float = 10.0
    short_delay: float = 5.0
    history: float = 30 * DAY

    def delay(self, resolution: int) -> float:
        """The delay of a metric that is published every ``resolution`` seconds."""
        if resolution >= MINUTE:
            return self.minute_delay
        return self.twenty_second_delay if resolution >= 20 else self.short_delay


@dataclass(slots=True)
class Books:
    """The state, the parameters, and what is derived from the state for speed.

    ``parents`` are composite alarms by the alarms in their rules, ``suppressing`` by their
    suppressor; both are None when they have to be derived again. ``models`` are anomaly models by
    what they were trained on and when.
    """

    state: CloudWatchState
    config: CloudWatchConfig
    zones: ZoneLoader | None = None
    parents: dict[str, list[str]] | None = None
    suppressing: dict[str, list[str]] | None = None
    models: dict[tuple[str, str, int], tuple[float, Model | None]] = field(default_factory=dict)

    def incarnation(self) -> str:
        """A number that no timer has in its key yet."""
        self.state.incarnations += 1
        return str(self.state.incarnations)

    def alarm(self, reference: str) -> AnyAlarm | None:
        """An alarm by its name or its ARN."""
        return self.state.alarms.get(alarm_name(reference))

    def changed(self) -> None:
        """Alarms were added, changed or deleted: derive anew what depends on them."""
        self.parents = self.suppressing = None

    def parents_of(self, name: str) -> list[CompositeAlarm]:
        """The composite alarms whose rule refers to an alarm."""
        if self.parents is None:
            self.parents = self._index(
                (alarm, children(parse_rule(alarm.params["AlarmRule"])))
                for alarm in self._composites()
            )
        return self._named(self.parents.get(name, []))

    def suppressed_by(self, name: str) -> list[CompositeAlarm]:
        """The composite alarms whose actions an alarm suppresses."""
        if self.suppressing is None:
            self.suppressing = self._index(
                (alarm, [alarm.params["ActionsSuppressor"]])
                for alarm in self._composites()
                if "ActionsSuppressor" in alarm.params
            )
        return self._named(self.suppressing.get(name, []))

    def _composites(self) -> list[CompositeAlarm]:
        return [each for each in self.state.alarms.values() if isinstance(each, CompositeAlarm)]

    def _named(self, names: Iterable[str]) -> list[CompositeAlarm]:
        found = [self.state.alarms.get(name) for name in names]
        return [each for each in found if isinstance(each, CompositeAlarm)]

    @staticmethod
    def _index(references: Iterable[tuple[CompositeAlarm, list[str]]]) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        for alarm, referred in references:
            for name in dict.fromkeys(map(alarm_name, referred)):
                index.setdefault(name, []).append(alarm.name)
        return index

    def zone(self, name: str) -> tzinfo:
        """A time zone by offset or by name. Raises the fault of a request that names no zone."""
        try:
            zone = fixed_zone(name)
            if zone is None and self.zones is not None:
                zone = self.zones(name)
        except (KeyError, ValueError):
            zone = None
        if zone is None:
            raise validation_error(f"Timezone {name} is not a valid time zone")
        return zone


def alarm_name(reference: str) -> str:
    """The name of an alarm from its name or its ARN.

    >>> alarm_name("arn:aws:cloudwatch:us-east-1:000000000000:alarm:busy: very")
    'busy: very'
    """
    return reference.split(":", 6)[6] if reference.startswith("arn:") else reference
