"""What a run came to: the same value for a live run and for a simulated one.

Times are seconds since the epoch of world time, latencies milliseconds of world time.
"""

from decimal import Decimal
from typing import Literal

from msgspec import Struct

from understudy.pricing.meter import Cost

LoadMode = Literal["sampled", "dilated"]
"""``sampled``: requests are sent at the traffic's own rate and each stands for ``speed`` of them.
``dilated``: every request is sent, ``speed`` times faster, and latencies are multiplied back."""


class CapacityPoint(Struct, frozen=True):
    """Instances from ``at`` on, until the next point."""

    at: float
    desired: int
    in_service: int
    pending: int = 0
    terminating: int = 0


class FailureRecord(Struct, frozen=True):
    """What went wrong with a fleet's capacity, in AWS's words: first ``at``, ``times`` in all."""

    at: float
    text: str
    times: int


class ActivityRecord(Struct, frozen=True, rename={"from_count": "from", "to_count": "to"}):
    """One scaling activity. ``ended`` is None while it is in progress.

    ``cause``, ``status``, ``description`` and ``message`` are AWS's Cause, StatusCode, Description
    and StatusMessage. Counts are equal for an activity that did not scale.
    """

    at: float
    ended: float | None
    from_count: int
    to_count: int
    cause: str
    status: str
    description: str = ""
    message: str = ""


class AlarmTransition(Struct, frozen=True, rename={"from_state": "from", "to_state": "to"}):
    """An alarm went from one state to another: OK, ALARM or INSUFFICIENT_DATA."""

    at: float
    alarm: str
    from_state: str
    to_state: str
    reason: str


class LoadPoint(Struct, frozen=True, rename={"seconds": "span_seconds"}):
    """What arrived in the ``seconds`` from ``at`` on, and how the requests fared that succeeded.

    ``requests`` and ``failed`` are requests of the world; a sampled one counts for all that it
    stands for. Percentiles are None where nothing succeeded. ``late`` ones succeeded, but not
    within the first objective for latency.
    """

    at: float
    seconds: float
    requests: float
    failed: float
    p50_ms: float | None
    p90_ms: float | None
    p99_ms: float | None
    late: float = 0.0


class Attainment(Struct, frozen=True):
    """How far a service level objective was met.

    ``share`` of all requests fulfilled it and ``objective`` of them had to; None and not met
    where nothing was sent.
    """

    slo: str
    objective: float
    share: float | None
    met: bool


class RequestSummary(Struct, frozen=True):
    """Requests that were really sent, and the latencies of those that succeeded.

    Percentiles are nearest-rank; all latencies are None where nothing succeeded.
    """

    sent: int
    succeeded: int
    failed: int
    p50_ms: float | None
    p90_ms: float | None
    p99_ms: float | None
    mean_ms: float | None
    max_ms: float | None
    attainments: tuple[Attainment, ...] = ()


class ChangedResource(Struct, frozen=True):
    """A resource that an update changes; ``action`` and ``replacement`` are those of AWS.

    ``properties`` are the paths of what changes in it.
    """

    action: str
    logical_id: str
    resource_type: str
    replacement: str
    properties: tuple[str, ...]


class CountSetBack(Struct, frozen=True):
    """A count that scaling had set and an update set back, as it was seen before the update.

    ``current`` and ``template`` are None where they were not known; ``patch`` leaves it alone.
    """

    logical_id: str
    what: str
    template: int | None
    current: int | None
    patch: str


class PlannedChange(Struct, frozen=True):
    """What the change set of an update said before it was executed."""

    resources: tuple[ChangedResource, ...] = ()
    set_back: tuple[CountSetBack, ...] = ()


class UpdateFelt(Struct, frozen=True, kw_only=True):
    """What users felt of an update of the stack under traffic.

    Of the ``requests`` that were sent while it ran and in the ten minutes after, some were
    ``lost``, some ``late``. ``p99_ms`` is the worst of any span in that time, ``p99_before_ms``
    that before it. ``most_running`` counts both fleets, and what starts or ends. ``ended`` is None
    if it still went on at the end. ``usd`` is what all instances cost while it ran, ``usd_by_type``
    by their type. ``planned`` is its change set.
    """

    at: float
    ended: float | None
    status: str
    causes: tuple[str, ...]
    requests: float
    lost: float
    late: float
    p99_ms: float | None
    p99_before_ms: float | None
    least_in_service: int
    most_running: int
    usd: Decimal | None
    usd_by_type: tuple[tuple[str, Decimal | None], ...] = ()
    planned: PlannedChange = PlannedChange()


class Outcome(Struct, frozen=True, kw_only=True):
    """A run of one scaled endpoint variant under traffic.

    ``started_at`` is when the traffic began and ``ended_at`` when the run was over. ``speed`` is
    world seconds per real second, None in virtual time. ``policies`` describe what scaled it, one
    sentence each. ``stand_in`` says that no real model answered. ``cost`` covers the run, ``idle``
    the minimum capacity for the same time; None where that is not known. ``scenario`` is what was
    made to happen to capacity, in words. ``priced_on`` is the day (ISO) on which the age of the
    prices counts, empty where it is not known. ``failures`` are what a group or a service said of
    capacity that it did not get, or lost.
    """

    world: Literal["live", "simulated"]
    stack_name: str
    stack_status: str
    resource_id: str
    region: str
    instance_type: str
    minimum: int
    maximum: int
    policies: tuple[str, ...]
    traffic: str
    started_at: float
    ended_at: float
    speed: float | None
    load_mode: LoadMode
    stand_in: bool
    seed: int
    requests: RequestSummary
    load: tuple[LoadPoint, ...]
    capacity: tuple[CapacityPoint, ...]
    activities: tuple[ActivityRecord, ...]
    alarms: tuple[AlarmTransition, ...]
    cost: Cost | None
    idle: Cost | None
    updates: tuple[UpdateFelt, ...] = ()
    scenario: tuple[str, ...] = ()
    priced_on: str = ""
    failures: tuple[FailureRecord, ...] = ()

    @property
    def duration(self) -> float:
        """World seconds of the run."""
        return self.ended_at - self.started_at

    @property
    def stands_for(self) -> float:
        """Requests of the world for each one that was sent."""
        return self.speed or 1.0 if self.load_mode == "sampled" else 1.0


def turning_points(counts: tuple[int, ...]) -> tuple[int, ...]:
    """Where a series turns, with its first and last value.

    >>> turning_points((1, 1, 2, 4, 4, 3, 2, 1, 1))
    (1, 4, 1)
    """
    turns: list[int] = []
    for count in counts:
        if turns and turns[-1] == count:
            continue
        if len(turns) > 1 and (turns[-1] > turns[-2]) == (count > turns[-1]):
            turns[-1] = count
        else:
            turns.append(count)
    return tuple(turns)
