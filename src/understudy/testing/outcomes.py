"""Outcomes for tests: a small one made by hand, and a lunch rush by a rough fluid model."""

from dataclasses import dataclass, field
from math import ceil

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from understudy.control.outcome import (
    ActivityRecord,
    AlarmTransition,
    CapacityPoint,
    LoadMode,
    LoadPoint,
    Outcome,
)
from understudy.control.slo import parse_slos
from understudy.control.summary import load_points, span_for, summarise
from understudy.pricing.catalogue import offers_in
from understudy.pricing.meter import Usage, bill, standing

NOON = 1_772_452_800.0
"""2026-03-02T12:00:00Z"""

VARIANT = "endpoint/digits/variant/AllTraffic"
HIGH, LOW = (f"TargetTracking-{VARIANT}-Alarm{each}-5a6b0f0e" for each in ("High", "Low"))
INSTANCE = "ml.m5.xlarge"
SLOS = parse_slos("p99<500ms,failed<0.1%")

_END = 80 * 60.0
_TARGET = 750.0
_SERVES = 33.0
_STEP = 5


def small() -> Outcome:
    """Ten minutes in which a second instance was asked for at minute 4 and came at minute 6."""
    latency, ok = np.array([40.0, 50.0, 60.0, 900.0, 0.0]), np.array([True] * 4 + [False])
    prices = offers_in("us-east-1")
    usage = (Usage(INSTANCE, NOON, NOON + 600), Usage(INSTANCE, NOON + 240, NOON + 600))
    return Outcome(
        world="live",
        stack_name="digits",
        stack_status="CREATE_COMPLETE",
        resource_id=VARIANT,
        region="us-east-1",
        instance_type=INSTANCE,
        minimum=1,
        maximum=2,
        policies=("Target tracking of 750 invocations per instance and minute",),
        traffic="ten-minutes.csv",
        started_at=NOON,
        ended_at=NOON + 600,
        speed=60.0,
        load_mode="dilated",
        stand_in=True,
        seed=1,
        requests=summarise(latency, ok, SLOS),
        load=(
            LoadPoint(NOON, 200, 2, 0, 40.0, 50.0, 50.0),
            LoadPoint(NOON + 200, 200, 2, 1, 900.0, 900.0, 900.0),
            LoadPoint(NOON + 400, 200, 1, 0, 60.0, 60.0, 60.0),
        ),
        capacity=(
            CapacityPoint(NOON, 1, 1),
            CapacityPoint(NOON + 240, 2, 1, pending=1),
            CapacityPoint(NOON + 360, 2, 2),
        ),
        activities=(_activity(240, 360, 1, 2, HIGH),),
        alarms=(
            AlarmTransition(NOON + 240, HIGH, "OK", "ALARM", "3 datapoints were greater"),
            AlarmTransition(NOON + 420, HIGH, "ALARM", "OK", "1 datapoint was not greater"),
        ),
        priced_on="2026-11-22",
        cost=bill(usage, "us-east-1", prices),
        idle=bill(standing(INSTANCE, 1, NOON, NOON + 600), "us-east-1", prices),
    )


def _activity(at: float, ended: float, before: int, after: int, alarm: str) -> ActivityRecord:
    done = f"Successfully set desired instance count to {after}. "
    return ActivityRecord(
        at=NOON + at,
        ended=NOON + ended,
        from_count=before,
        to_count=after,
        cause=f"monitor alarm {alarm} in state ALARM triggered policy digits-invocations",
        status="Successful",
        description=f"Setting desired instance count to {after}.",
        message=done + "Change successfully fulfilled by sagemaker.",
    )


@dataclass(slots=True)
class _World:
    """An endpoint variant with target tracking, driven five seconds at a time."""

    start_up: float
    lives: list[Usage] = field(default_factory=lambda: [Usage(INSTANCE, NOON, NOON + _END)])
    ended: list[Usage] = field(default_factory=list[Usage])
    desired: int = 1
    in_service: int = 1
    ready: list[float] = field(default_factory=list[float])
    capacity: list[CapacityPoint] = field(default_factory=lambda: [CapacityPoint(NOON, 1, 1)])
    activities: list[ActivityRecord] = field(default_factory=list[ActivityRecord])
    alarms: list[AlarmTransition] = field(default_factory=list[AlarmTransition])
    states: dict[str, str] = field(default_factory=lambda: {HIGH: "OK", LOW: "OK"})

    def turn(self, at: float, alarm: str, state: str, reason: str) -> None:
        """Let an alarm change its state."""
        before, self.states[alarm] = self.states[alarm], state
        if before != state:
            self.alarms.append(AlarmTransition(NOON + at, alarm, before, state, reason))

    def scale(self, at: float, desired: int, alarm: str) -> None:
        """Set the desired count, launch or end instances, write the activity down."""
        more, ended = desired - self.desired, at + 30
        if more > 0:
            ended = at + self.start_up
            self.ready += [ended] * more
            self.lives += [Usage(INSTANCE, NOON + at, NOON + _END)] * more
        else:
            released = [self.lives.pop() for _ in range(-more)]
            self.ended += [replace(life, end=NOON + ended) for life in released]
            self.in_service = desired
        self.activities.append(_activity(at, ended, self.desired, desired, alarm))
        self.desired = desired
        self.note(at)

    def admit(self, at: float) -> None:
        """Take instances into service that are ready by now."""
        waiting = [each for each in self.ready if each > at]
        if len(waiting) < len(self.ready):
            self.in_service += len(self.ready) - len(waiting)
            self.ready = waiting
            self.note(at)

    def note(self, at: float) -> None:
        """Record the capacity at a time."""
        pending = len(self.ready)
        self.capacity.append(CapacityPoint(NOON + at, self.desired, self.in_service, pending))


def _minute_passed(world: _World, at: float, per_instance: list[float]) -> None:
    recent = per_instance[-15:]
    high = len(recent) >= 3 and min(recent[-3:]) > _TARGET
    low = len(recent) == 15 and max(recent) < 0.9 * _TARGET
    reason = f"the latest datapoint is {recent[-1]:.1f}"
    world.turn(at, HIGH, "ALARM" if high else "OK", reason)
    world.turn(at, LOW, "ALARM" if low else "OK", reason)
    wanted = min(ceil(world.desired * recent[-1] / _TARGET), 6)
    if high and not world.ready and wanted > world.desired:
        world.scale(at, wanted, HIGH)
    elif low and world.desired > 1:
        world.scale(at, world.desired - 1, LOW)


def _rate(second: NDArray[np.float64]) -> NDArray[np.float64]:
    corners = [0, 15 * 60, 20 * 60, 30 * 60, 35 * 60, _END]
    return np.interp(second, corners, [2.0, 2.0, 45.0, 45.0, 2.0, 2.0])


def _waits(world: _World) -> NDArray[np.float64]:
    """Milliseconds that a request waits for its turn, for each step of the run."""
    seconds = np.arange(0.0, _END, _STEP)
    waits, queue, minute, per_instance = np.zeros(len(seconds)), 0.0, 0.0, [0.0]
    for index, (second, rate) in enumerate(zip(seconds.tolist(), _rate(seconds), strict=True)):
        world.admit(second)
        serves = world.in_service * _SERVES
        queue = min(max(queue + (float(rate) - serves) * _STEP, 0.0), 60 * serves)
        waits[index] = 1000 * queue / serves
        minute += float(rate) * _STEP / world.in_service
        if second and second % 60 == 0:
            per_instance.append(minute)
            _minute_passed(world, second, per_instance)
            minute = 0.0
    return waits


def lunch_rush(
    *, load_mode: LoadMode = "sampled", simulated: bool = False, seed: int = 7
) -> Outcome:
    """A rush of 20 minutes on one instance that scales out to meet it and in again after it.

    In the simulated run instances start sooner, so that the two differ.
    """
    world = _World(start_up=50.0 if simulated else 130.0)
    waits, draw = _waits(world), np.random.default_rng(seed)
    stands_for = 60.0 if load_mode == "sampled" else 1.0
    candidates = np.sort(draw.uniform(0, _END, int(50 * _END)))
    arrival = candidates[draw.random(len(candidates)) * 50 * stands_for < _rate(candidates)]
    service = draw.lognormal(np.log(38), 0.35, len(arrival))
    latency = waits[(arrival // _STEP).astype(np.int64)] + service
    ok = (latency < 20_000) & (draw.random(len(arrival)) > 0.0002)
    prices = offers_in("us-east-1")
    return replace(
        small(),
        world="simulated" if simulated else "live",
        traffic="lunch-rush.csv",
        maximum=6,
        ended_at=NOON + _END,
        speed=None if simulated else 60.0,
        load_mode=load_mode,
        stand_in=load_mode == "dilated",
        seed=seed,
        requests=summarise(latency, ok, SLOS),
        load=load_points(
            arrival,
            latency,
            ok,
            started_at=NOON,
            duration=_END,
            seconds=span_for(_END, len(arrival)),
            stands_for=stands_for,
        ),
        capacity=tuple(world.capacity),
        activities=tuple(world.activities),
        alarms=tuple(world.alarms),
        cost=bill(world.lives + world.ended, "us-east-1", prices),
        idle=bill(standing(INSTANCE, 1, NOON, NOON + _END), "us-east-1", prices),
    )
