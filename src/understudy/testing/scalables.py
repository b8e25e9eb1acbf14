"""A service whose capacity can be set, and a keeper of alarms, as scaling sees them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.control.ports import ScalableCapacity
from understudy.control.signals import CapacityFailed, CapacityFulfilled
from understudy.control.turn import Turn

ARRIVAL = "fleet"
"""The owner of the timers after which capacity is there."""


class Fleet:
    """Resources of one scalable dimension; their units run ``delay`` seconds after they are asked.

    A desired capacity above ``limit`` is refused. Units in ``doomed`` resources never come: after
    the delay the change fails.
    """

    def __init__(
        self,
        dimension: str,
        label: str = "sagemaker",
        quantity: str = "desired instance count",
        delay: float = 30.0,
    ) -> None:
        self.dimension = dimension
        self.label = label
        self.quantity = quantity
        self.delay = delay
        self.limit: int | None = None
        self.doomed: set[str] = set()
        self.resources: dict[str, ScalableCapacity] = {}
        self.history: list[tuple[float, str, int]] = []

    def capacity(self, resource_id: str) -> ScalableCapacity | None:
        """The capacity of a resource, or None where there is none."""
        return self.resources.get(resource_id)

    def set_desired(self, resource_id: str, desired: int, turn: Turn) -> None:
        """Set the desired capacity; it arrives later. Raises Fault above the limit."""
        if self.limit is not None and desired > self.limit:
            raise Fault(
                "ResourceLimitExceeded",
                "The account-level service limit 'ml.m5.large for endpoint usage' is "
                f"{self.limit} Instances, with current utilization of 0 Instances and a request "
                f"delta of {desired} Instances. Please use AWS Service Quotas to request an "
                "increase for this quota.",
            )
        self.resources[resource_id] = replace(self.resources[resource_id], desired=desired)
        self.history.append((turn.at, resource_id, desired))
        turn.schedule(turn.at + self.delay, ARRIVAL, resource_id, str(desired))

    def on_timer(self, key: tuple[str, ...], turn: Turn) -> None:
        """Let the units arrive that were last asked for; earlier wishes are void."""
        resource_id, desired = key
        now = self.resources.get(resource_id)
        if now is None or now.desired != int(desired) or now.running == now.desired:
            return
        if resource_id in self.doomed:
            turn.signal(CapacityFailed(self.dimension, resource_id, "Insufficient capacity"))
            return
        self.resources[resource_id] = replace(now, running=now.desired)
        turn.signal(CapacityFulfilled(self.dimension, resource_id))

    def put(self, resource_id: str, units: int, unscalable: str = "") -> None:
        """Have a resource run so many units, whoever asked for them."""
        self.resources[resource_id] = ScalableCapacity(units, units, unscalable)


class AlarmBook:
    """Keeps alarms by name; refuses those for which ``refuses`` has the kind in their name."""

    def __init__(self) -> None:
        self.alarms: dict[str, Params] = {}
        self.refuses = ""

    def put(self, params: Params, turn: Turn) -> None:
        """Keep an alarm. Raises Fault."""
        del turn
        if self.refuses and self.refuses in params["AlarmName"]:
            raise Fault("ValidationError", "The alarm is not valid")
        self.alarms[params["AlarmName"]] = params

    def delete(self, names: tuple[str, ...], turn: Turn) -> None:
        """Forget alarms; names that are not there are passed over."""
        del turn
        for name in names:
            self.alarms.pop(name, None)


class TaskHistory:
    """Hourly metrics of tasks that each sample once a minute: their utilisation and its sum.

    ``load`` is the utilisation of all tasks together in an hour, ``tasks`` how many there were.
    Hours before ``since`` are not known.
    """

    def __init__(
        self, load: Callable[[int], float], tasks: Callable[[int], int], since: float
    ) -> None:
        self.load = load
        self.tasks = tasks
        self.since = since
        self.asked: list[Sequence[Params]] = []

    def hourly(
        self, queries: Sequence[Params], start: float, end: float, turn: Turn
    ) -> Mapping[float, float]:
        """The values of the query that returns data, by the start of their hour."""
        del turn
        self.asked.append(queries)
        statistic = queries[0]["MetricStat"]["Stat"]
        share = 60 if queries[-1].get("Expression") == "total/60" else 1
        found: dict[float, float] = {}
        for hour in range(int(max(start, self.since) // 3600), int(end // 3600)):
            value = {
                "Sum": self.load(hour) * 60,
                "Average": self.load(hour) / self.tasks(hour),
                "SampleCount": self.tasks(hour) * 60.0,
            }[statistic]
            found[hour * 3600.0] = value / share
        return found
