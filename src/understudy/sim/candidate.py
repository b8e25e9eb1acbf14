"""What scales a variant, in AWS's own terms, and as the numbers that the compiled lane takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from math import floor, inf
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct
from msgspec.structs import replace as replaced

from understudy.control.application_autoscaling.alarms import alarm_shapes
from understudy.control.application_autoscaling.configuration import dynamic_policy
from understudy.control.application_autoscaling.dimensions import STEP, TRACKING
from understudy.control.application_autoscaling.state import (
    ScalableTarget,
    ScalingPolicy,
    target_key,
)
from understudy.control.cloudwatch.books import CloudWatchConfig
from understudy.control.cloudwatch.state import MetricAlarm
from understudy.control.cloudwatch.watch import second_of
from understudy.control.events import Params
from understudy.control.plane import Plane
from understudy.control.sagemaker.endpoint import DIMENSION, resource_id
from understudy.scaling.alarm import COMPARISON_NUMBERS, MISSING, TREATMENTS, evaluation_range
from understudy.scaling.schedule import first_run, following_run, parse_schedule
from understudy.scaling.step import KINDS
from understudy.scaling.target_tracking import TargetTracking
from understudy.sim import columns as at
from understudy.sim.queueing import Floats

SHORT, MINUTE = 10, 60
WEEK = 604_800.0
"""What has run longer ago than this has been followed by what runs weekly."""
MOST_STEPS = 20
"""AWS: Application Auto Scaling service quotas."""
WATCHED: Mapping[tuple[str, str], tuple[int, int]] = {
    ("InvocationsPerInstance", "Sum"): (at.PER_INSTANCE, MINUTE),
    ("Invocations", "Sum"): (at.INVOCATIONS, MINUTE),
    ("ConcurrentRequestsPerModel", "Maximum"): (at.CONCURRENCY, SHORT),
}
"""The metrics and statistics that the compiled lane has, with their periods in seconds."""
AGGREGATIONS: Mapping[str, int] = {"Average": at.MEAN, "Minimum": at.LEAST, "Maximum": at.MOST}


class Unsupported(ValueError):  # noqa: N818 - it says what a template needs the exact lane for
    """Something that only the exact lane can simulate, in words."""


class Policy(Struct, frozen=True):
    """A scaling policy: AWS's PolicyType and its configuration.

    ``alarms`` are the parameters of PutMetricAlarm that invoke a step policy; the alarms of a
    target tracking policy follow from it.
    """

    name: str
    kind: str
    configuration: Params
    alarms: tuple[Params, ...] = ()


class Action(Struct, frozen=True):
    """A scheduled action; bounds that it leaves alone are None."""

    name: str
    schedule: str
    minimum: int | None = None
    maximum: int | None = None
    timezone: str = ""


class WarmPool(Struct, frozen=True):
    """Instances of a group that wait prepared. AWS: API_PutWarmPool, whose settings these are.

    ``prepared`` is None where the pool fills up to the group's maximum.
    """

    state: str = "Stopped"
    minimum: int = 0
    prepared: int | None = None
    reuse: bool = False


class Candidate(Struct, frozen=True):
    """Everything that scales a variant; ``initial`` is how many instances there are at first."""

    minimum: int
    maximum: int
    initial: int
    policies: tuple[Policy, ...] = ()
    actions: tuple[Action, ...] = ()
    warm: WarmPool | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """A candidate as arrays: see `columns`. ``schedule`` has seconds from the start of the run."""

    candidate: Candidate
    policies: Floats
    lowers: Floats
    uppers: Floats
    adjustments: Any
    alarms: Floats
    offsets: Floats
    watchers: Any
    schedule: Floats
    fine: bool


def candidate_of(plane: Plane, endpoint: str, variant: str) -> Candidate:
    """What scales a deployed variant."""
    fleet = plane.sagemaker.state.endpoints[endpoint]
    desired = fleet.fleets[fleet.live].variants[variant].desired
    return scaled_by(plane, target_key(DIMENSION, resource_id(endpoint, variant)), desired)


def scaled_by(plane: Plane, key: str, desired: int) -> Candidate:
    """What Application Auto Scaling does to a scalable target that has so many now."""
    target = plane.scaling.state.targets.get(key)
    if target is None:
        return Candidate(desired, desired, desired)
    alarms = [
        each
        for each in plane.cloudwatch.state.alarms.values()
        if isinstance(each, MetricAlarm) and each.params["ActionsEnabled"]
    ]
    return Candidate(
        target.minimum,
        target.maximum,
        desired,
        tuple(_policy(each, alarms) for each in target.policies.values()),
        tuple(
            Action(each.name, each.schedule, each.minimum, each.maximum, each.timezone or "")
            for each in target.scheduled.values()
        ),
    )


def _policy(policy: ScalingPolicy, alarms: Sequence[MetricAlarm]) -> Policy:
    own = (
        alarm.params
        for alarm in alarms
        if any(action.startswith(policy.arn) for action in alarm.params["AlarmActions"])
    )
    invoking = tuple(own) if policy.kind == STEP else ()
    return Policy(policy.name, policy.kind, policy.configuration, invoking)


def program(
    candidate: Candidate,
    start: float,
    quiet: float,
    seconds: float,
    publication: CloudWatchConfig,
) -> Program:
    """A candidate for a run of so many seconds from ``start`` (world time, on a minute).

    Nothing that is scheduled happens in the ``quiet`` seconds at first. Raises Unsupported.
    """
    since = start + quiet
    runs = _runs(candidate.actions, since - WEEK, start + seconds)
    candidate = in_force(candidate, runs, since)
    rows: list[Floats] = []
    steps: list[tuple[Floats, Floats, list[int]]] = []
    watching: list[tuple[Params, int]] = []
    for index, policy in enumerate(candidate.policies):
        row, own, shapes = _row(policy)
        rows.append(row)
        steps.append(own)
        watching += [(shape, index) for shape in shapes]
    alarms = [_alarm(shape, owner) for shape, owner in watching]
    ticks = [
        (second, index) for index, (shape, _) in enumerate(watching) for second in _seconds(shape)
    ]
    ticks.sort()
    for index, (shape, _) in enumerate(watching):
        alarms[index][at.SEEN_TO] = _seen_before(shape, publication)
    return Program(
        candidate,
        np.array(rows).reshape(-1, at.POLICY_WIDTH),
        np.array([each[0] for each in steps]).reshape(-1, MOST_STEPS),
        np.array([each[1] for each in steps]).reshape(-1, MOST_STEPS),
        np.array([each[2] for each in steps], dtype=np.int64).reshape(-1, MOST_STEPS),
        np.array(alarms).reshape(-1, at.ALARM_WIDTH),
        np.array([float(second) for second, _ in ticks]),
        np.array([index for _, index in ticks], dtype=np.int64),
        _schedule(runs, since, start),
        any(_watched(shape)[1] == SHORT for shape, _ in watching),
    )


Run = tuple[float, Action]
"""When a scheduled action runs, in world time."""
Steps = tuple[Floats, Floats, list[int]]


def _row(policy: Policy) -> tuple[Floats, Steps, list[Params]]:
    """A policy as a row, its steps, and the alarms that invoke it."""
    if policy.kind not in (STEP, TRACKING):
        raise Unsupported(f"{policy.kind} needs the exact lane")
    put = ScalingPolicy(policy.name, "", policy.kind, policy.configuration, 0.0)
    rule = dynamic_policy(put, DIMENSION)
    assert rule is not None
    row = np.zeros(at.POLICY_WIDTH)
    row[at.GRANT_DESIRED], row[at.GRANT_UNTIL] = -1.0, -inf
    row[at.INVOKED] = -inf
    nothing = np.full(MOST_STEPS, inf), np.full(MOST_STEPS, inf), [0] * MOST_STEPS
    if isinstance(rule, TargetTracking):
        row[at.TRACKS], row[at.TARGET], row[at.LOW] = 1.0, rule.target, rule.low
        row[at.GRADUAL], row[at.DISABLED] = rule.gradual, rule.disable_scale_in
        row[at.COOLDOWN_OUT], row[at.COOLDOWN_IN] = rule.scale_out_cooldown, rule.scale_in_cooldown
        target = ScalableTarget(DIMENSION, "endpoint/e/variant/v", "", "", 0, 1, "", 0.0)
        return row, nothing, [shape for _, shape in alarm_shapes(put, target)]
    if len(rule.steps) > MOST_STEPS:
        raise Unsupported(f"{len(rule.steps)} steps need the exact lane")
    lowers, uppers, adjustments = nothing
    for index, step in enumerate(rule.steps):
        lowers[index], uppers[index], adjustments[index] = step.lower, step.upper, step.adjustment
    row[at.KIND], row[at.MAGNITUDE] = KINDS[rule.adjustment_type], rule.minimum_magnitude
    row[at.AGGREGATION], row[at.STEPS] = AGGREGATIONS[rule.aggregation], len(rule.steps)
    row[at.COOLDOWN_OUT] = row[at.COOLDOWN_IN] = rule.cooldown
    return row, (lowers, uppers, adjustments), list(policy.alarms)


def _watched(shape: Params) -> tuple[int, int]:
    """The metric that an alarm watches, and its period in seconds."""
    name, statistic = shape.get("MetricName", "a maths expression"), shape.get("Statistic", "")
    found = WATCHED.get((name, statistic))
    if found is None or found[1] != shape.get("Period"):
        raise Unsupported(f"an alarm on {name} {statistic} needs the exact lane")
    return found


def _alarm(shape: Params, owner: int) -> Floats:
    row = np.zeros(at.ALARM_WIDTH)
    periods: int = shape["EvaluationPeriods"]
    row[at.WATCHES] = _watched(shape)[0]
    row[at.PERIODS], row[at.NEEDED] = periods, shape.get("DatapointsToAlarm") or periods
    row[at.RANGE] = evaluation_range(periods)
    row[at.COMPARISON] = COMPARISON_NUMBERS[shape["ComparisonOperator"]]
    row[at.THRESHOLD], row[at.OWNER] = shape["Threshold"], owner
    row[at.TREAT] = TREATMENTS.get(shape.get("TreatMissingData", "missing"), MISSING)
    row[at.STATE], row[at.ACTED_AT] = 2, -inf
    return row


def _seconds(shape: Params) -> list[int]:
    """The seconds of a minute at which an alarm is evaluated."""
    second = second_of(shape)
    if _watched(shape)[1] == MINUTE:
        return [second]
    return [second % SHORT + SHORT * index for index in range(MINUTE // SHORT)]


def _seen_before(shape: Params, publication: CloudWatchConfig) -> float:
    """The newest datapoint, counted from 0, before the one of the first evaluation."""
    period = _watched(shape)[1]
    first = _seconds(shape)[0]
    return floor((first - publication.delay(period)) / period) - 2.0


def _schedule(runs: Sequence[Run], since: float, start: float) -> Floats:
    """When scheduled actions run from ``since`` on, in seconds from ``start``, and their bounds.

    A bound is -1 where an action sets none.
    """
    rows = [
        (moment - start, _bound(action.minimum), _bound(action.maximum))
        for moment, action in runs
        if moment >= since
    ]
    return np.array(rows).reshape(-1, 3)


def in_force(candidate: Candidate, runs: Sequence[Run], since: float) -> Candidate:
    """The candidate with the bounds that its schedule has set before a time."""
    minimum, maximum = candidate.minimum, candidate.maximum
    for moment, action in runs:
        if moment < since:
            low = minimum if action.minimum is None else action.minimum
            high = maximum if action.maximum is None else action.maximum
            if low <= high:
                minimum, maximum = low, high
    initial = min(max(candidate.initial, minimum), maximum)
    return replaced(candidate, minimum=minimum, maximum=maximum, initial=initial)


def _runs(actions: Sequence[Action], begin: float, end: float) -> list[Run]:
    """When each action runs, in the order of time."""
    found = [
        (moment, action)
        for action in actions
        for moment in _times(action.schedule, action.timezone or "UTC", begin, end)
    ]
    return sorted(found, key=lambda run: run[0])


@lru_cache(maxsize=65_536)
def _times(text: str, timezone: str, begin: float, end: float) -> tuple[float, ...]:
    """When a schedule runs from one time to before another."""
    zone: tzinfo = ZoneInfo(timezone)
    schedule = parse_schedule(text, zone)
    times: list[float] = []
    due = first_run(schedule, begin, None, None)
    while due is not None and due < end:
        times.append(due)
        due = following_run(schedule, due, begin, None, None)
    return tuple(times)


def _bound(number: int | None) -> float:
    return -1.0 if number is None else float(number)
