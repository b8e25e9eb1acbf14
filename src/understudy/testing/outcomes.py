"""Outcomes as a rehearsal of a lunch rush gives them, by a rough fluid model of an endpoint."""

from dataclasses import dataclass, field
from math import ceil

import numpy as np
from numpy.typing import NDArray

from understudy.control.outcome import (
    ActivityRecord,
    AlarmTransition,
    CapacityPoint,
    LoadMode,
    Outcome,
)
from understudy.control.slo import parse_slos
from understudy.control.summary import load_points, span_for, summarise
from understudy.pricing.catalogue import offers_in
from understudy.pricing.meter import Usage, bill, standing

NOON = 1_772_452_800.0
"""2026-03-02T12:00:00Z"""

VARIANT = "endpoint/digits/variant/AllTraffic"
ALARM = f"TargetTracking-{VARIANT}-Alarm"
HIGH, LOW = f"{ALARM}High-5a6b0f0e-0001", f"{ALARM}Low-5a6b0f0e-0002"

_MINUTES = 80
_TARGET = 750.0
_SERVES = 33.0
_STEP = 5


@dataclass(slots=True)
class _World:
    """An endpoint variant with target tracking, five seconds at a time."""

    start_up: float
    desired: int = 1
    in_service: int = 1
    lives: list[list[float]] = field(default_factory=lambda: [[0.0]])
    ready: list[float] = field(default_factory=list[float])
    capacity: list[CapacityPoint] = field(default_factory=list[CapacityPoint])
    activities: list[ActivityRecord] = field(default_factory=list[ActivityRecord])
    alarms: list[AlarmTransition] = field(default_factory=list[AlarmTransition])
    states: dict[str, str] = field(default_factory=lambda: dict.fromkeys((HIGH, LOW), "OK"))

    def note(self, at: float) -> None:
        """Record the capacity at a time."""
        pending = len(self.ready)
        self.capacity.append(CapacityPoint(NOON + at, self.desired, self.in_service, pending))

    def turn(self, at: float, alarm: str, state: str, value: float) -> None:
        """Let an alarm change its state."""
        before, self.states[alarm] = self.states[alarm], state
        if before != state:
            word = "greater than" if alarm == HIGH else "less than"
            limit = _TARGET if alarm == HIGH else 0.9 * _TARGET
            reason = (
                f"Threshold Crossed: 1 datapoint [{value:.1f}] was "
                f"{'' if state == 'ALARM' else 'not '}{word} the threshold ({limit})."
            )
            self.alarms.append(AlarmTransition(NOON + at, alarm, before, state, reason))

    def scale(self, at: float, desired: int, alarm: str) -> None:
        """Set the desired count, launch or end instances, write the activity down."""
        took = self.start_up if desired > self.desired else 30.0
        self.activities.append(
            ActivityRecord(
                at=NOON + at,
                ended=NOON + at + took,
                from_count=self.desired,
                to_count=desired,
                cause=f"monitor alarm {alarm} in state ALARM triggered policy digits-invocations",
                status="Successful",
                description=f"Setting desired instance count to {desired}.",
                message=f"Successfully set desired instance count to {desired}. "
                "Change successfully fulfilled by sagemaker.",
            )
        )
        self.ready += [at + self.start_up] * (desired - self.desired)
        self.lives += [[at]] * (desired - self.desired)
        self.in_service = min(self.in_service, desired)
        for life in self.lives[desired:]:
            life.append(at + 30)
        self.lives = [list(life) for life in self.lives]
        self.desired = desired
        self.note(at)

    def admit(self, at: float) -> None:
        """Take instances into service that are ready by now."""
        arrived = [each for each in self.ready if each <= at]
        if arrived:
            self.ready = [each for each in self.ready if each > at]
            self.in_service += len(arrived)
            self.note(at)


def _alarm_states(world: _World, at: float, per_instance: list[float]) -> None:
    recent = per_instance[-15:]
    high = len(recent) >= 3 and min(recent[-3:]) > _TARGET
    low = len(recent) == 15 and max(recent) < 0.9 * _TARGET
    world.turn(at, HIGH, "ALARM" if high else "OK", recent[-1])
    world.turn(at, LOW, "ALARM" if low else "OK", recent[-1])
    wanted = min(ceil(world.desired * recent[-1] / _TARGET), 6)
    if high and not world.ready and wanted > world.desired:
        world.scale(at, wanted, HIGH)
    elif low and world.desired > 1:
        world.scale(at, world.desired - 1, LOW)


def _rate(second: NDArray[np.float64]) -> NDArray[np.float64]:
    corners = [0, 15 * 60, 20 * 60, 30 * 60, 35 * 60, _MINUTES * 60]
    return np.interp(second, corners, [2.0, 2.0, 45.0, 45.0, 2.0, 2.0])


def lunch_rush(
    *, load_mode: LoadMode = "sampled", simulated: bool = False, seed: int = 7
) -> Outcome:
    """A rush of 20 minutes on one instance that scales out to meet it and in again after it.

    In the simulated run instances start 20 seconds sooner, so the two differ a little.
    """
    draw = np.random.default_rng(seed)
    seconds = np.arange(0.0, _MINUTES * 60, _STEP)
    world = _World(start_up=50.0 if simulated else 130.0)
    world.note(0.0)
    waiting, waits, per_instance, minute = 0.0, np.zeros(len(seconds)), [0.0], 0.0
    for index, second in enumerate(seconds):
        world.admit(float(second))
        arriving = float(_rate(seconds[index : index + 1])[0]) * _STEP
        serves = world.in_service * _SERVES
        waiting = min(max(waiting + arriving - serves * _STEP, 0.0), 60 * serves)
        waits[index] = 1000 * waiting / serves
        minute += arriving / world.in_service
        if second and second % 60 == 0:
            per_instance.append(minute)
            _alarm_states(world, float(second), per_instance)
            minute = 0.0
    return _outcome(world, waits, draw, load_mode, simulated=simulated, seed=seed)


def _outcome(
    world: _World,
    waits: NDArray[np.float64],
    draw: np.random.Generator,
    load_mode: LoadMode,
    *,
    simulated: bool,
    seed: int,
) -> Outcome:
    end = _MINUTES * 60.0
    keep = 60.0 if load_mode == "sampled" else 1.0
    candidates = np.sort(draw.uniform(0, end, int(50 * end)))
    arrival = candidates[draw.random(len(candidates)) * 50 * keep < _rate(candidates)]
    wait = waits[(arrival // _STEP).astype(np.int64)]
    latency = wait + draw.lognormal(np.log(38), 0.35, len(arrival))
    ok = (latency < 20_000) & (draw.random(len(arrival)) > 0.0002)
    usage = [
        Usage("ml.m5.xlarge", NOON + each[0], NOON + (each[1:] or [end])[0]) for each in world.lives
    ]
    slos = parse_slos("p99<500ms,failed<0.1%")
    prices = offers_in("us-east-1")
    return Outcome(
        world="simulated" if simulated else "live",
        stack_name="digits",
        stack_status="CREATE_COMPLETE",
        resource_id=VARIANT,
        region="us-east-1",
        instance_type="ml.m5.xlarge",
        minimum=1,
        maximum=6,
        policies=("TargetTracking of SageMakerVariantInvocationsPerInstance at 750 a minute",),
        traffic="lunch-rush.csv",
        started_at=NOON,
        ended_at=NOON + end,
        speed=None if simulated else 60.0,
        load_mode=load_mode,
        stand_in=load_mode == "dilated",
        seed=seed,
        requests=summarise(latency, ok, slos),
        load=load_points(
            arrival,
            latency,
            ok,
            started_at=NOON,
            duration=end,
            seconds=span_for(end, len(arrival)),
            stands_for=keep,
        ),
        capacity=tuple(world.capacity),
        activities=tuple(world.activities),
        alarms=tuple(world.alarms),
        cost=bill(usage, "us-east-1", prices),
        idle=bill(standing("ml.m5.xlarge", 1, NOON, NOON + end), "us-east-1", prices),
    )
