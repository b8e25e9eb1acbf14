"""Families of scaling policies, each as candidates made from a few numbers between 0 and 1.

Every candidate is in AWS's own terms, so what is found can be put into a template as it is. AWS:
API_TargetTrackingScalingPolicyConfiguration, API_StepScalingPolicyConfiguration,
API_PutMetricAlarm, API_PutScheduledAction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from understudy.control.events import Params
from understudy.recommend.exact_capacity import to_exact_capacity
from understudy.recommend.policies import (
    COOLDOWNS,
    Room,
    alarm,
    between,
    floor,
    pick,
    rounded,
    step,
    tracking,
)
from understudy.recommend.terms import GROUP, PREDICTIVE, SERVICE, VARIANT, Terms
from understudy.sim.candidate import Candidate, Policy, WarmPool

AHEAD = (0, 60, 300, 600, 900)
"""Seconds before the hour at which predictive scaling raises the capacity."""
SAFETY_FACTOR = 0.5
"""AWS: Load testing your autoscaling configuration, "SAFETY_FACTOR"."""
DEFAULT_SHARE = 0.7
"""The usual advice: track seven tenths of what an instance bears."""


@dataclass(frozen=True, slots=True)
class Family:
    """Policies of one kind. ``make`` takes ``size`` numbers from 0 to 1."""

    name: str
    best_for: str
    weakness: str
    size: int
    make: Callable[[Sequence[float], Room], Candidate]


def fixed(units: Sequence[float], room: Room) -> Candidate:
    """The same number of instances all the time."""
    count = max(round(units[0] * room.most), room.least)
    return Candidate(count, count, count)


def default_advice(room: Room) -> Candidate:
    """What AWS's documentation leads to: target tracking at seven tenths.

    For a variant of the requests that an instance bears, for a service or group of its CPU.
    """
    terms = room.terms
    if terms is VARIANT:
        target = DEFAULT_SHARE * room.rate * 60
        policy = tracking(terms.counted, terms.requests, target, 300, 300)
    else:
        policy = tracking("cpu", terms.busy, 100 * DEFAULT_SHARE, 300, 300, terms)
    return Candidate(room.least, room.most, room.least, (policy,))


def on_invocations(units: Sequence[float], room: Room) -> Candidate:
    """Target tracking on requests per instance and minute."""
    target = between(units[0], 0.2 * room.rate, 0.97 * room.capacity) * 60
    return _tracked(room.terms.counted, room.terms.requests, target, units, room)


def _tracked(
    name: str, metric: str, target: float, units: Sequence[float], room: Room
) -> Candidate:
    """A policy with cooldowns and a minimum by the second to the fourth number."""
    out, back = pick(units[1], COOLDOWNS), pick(units[2], COOLDOWNS)
    policy = tracking(name, metric, target, out, back, room.terms)
    least = floor(units[3], room)
    return Candidate(least, room.most, least, (policy,))


def on_concurrency(units: Sequence[float], room: Room) -> Candidate:
    """Target tracking on requests in flight per instance, seen every ten seconds."""
    target = between(units[0], 0.3, 8.0) * room.slots
    return _tracked("concurrency", room.terms.busy, target, units, room)


def on_cpu(units: Sequence[float], room: Room) -> Candidate:
    """Target tracking on the average CPU utilisation, in percent."""
    target = round(between(units[0], 10.0, 95.0))
    return _tracked("cpu", room.terms.busy, target, units, room)


def on_fast_cpu(units: Sequence[float], room: Room) -> Candidate:
    """Target tracking on the average CPU utilisation, in percent, seen every 20 seconds."""
    target = round(between(units[0], 10.0, 95.0))
    return _tracked("cpu", room.terms.fast, target, units, room)


def predicted(units: Sequence[float], room: Room) -> Candidate:
    """Capacity for what is forecast before each hour, target tracking for the rest."""
    calm = on_invocations(units[:4], room)
    target = between(units[4], 0.2 * room.rate, 0.97 * room.capacity) * 60
    pair = {
        "TargetValue": rounded(target),
        "PredefinedMetricPairSpecification": {"PredefinedMetricType": "ALBRequestCount"},
    }
    ahead: Params = {
        "MetricSpecifications": [pair],
        "Mode": "ForecastAndScale",
        "SchedulingBufferTime": pick(units[5], AHEAD),
    }
    policies = (*calm.policies, Policy("forecast", PREDICTIVE, ahead))
    return Candidate(calm.minimum, room.most, calm.minimum, policies)


def warmed(units: Sequence[float], room: Room) -> Candidate:
    """Target tracking with stopped instances at hand, which start in a part of the time."""
    calm = on_invocations(units[:4], room)
    prepared = max(calm.minimum, min(calm.minimum + round(units[4] * room.most), room.most))
    pool = WarmPool(prepared=prepared, reuse=True)
    return Candidate(calm.minimum, room.most, calm.minimum, calm.policies, warm=pool)


def on_both(units: Sequence[float], room: Room) -> Candidate:
    """Target tracking on requests, and on how busy instances are: the larger capacity wins."""
    busy = on_concurrency if room.terms is VARIANT else on_cpu
    slow, fast = on_invocations(units[:4], room), busy(units[4:], room)
    least = min(slow.minimum, fast.minimum)
    return Candidate(least, room.most, least, slow.policies + fast.policies)


def simple(units: Sequence[float], room: Room) -> Candidate:
    """One step out, one step in: what simple scaling is in Application Auto Scaling."""
    high = between(units[0], 0.3 * room.rate, 0.98 * room.capacity) * 60
    low = high * (0.2 + 0.7 * units[1])
    add = 1 + int(units[2] * units[2] * room.most / 2)
    out = step(
        "out",
        alarm(high, pick(units[3], (1, 2, 3)), room.terms, above=True),
        ({"MetricIntervalLowerBound": 0, "ScalingAdjustment": add},),
        pick(units[4], COOLDOWNS),
        room.terms,
    )
    least = floor(units[6], room)
    return Candidate(least, room.most, least, (out, _one_back(low, units[5], room.terms)))


def _one_back(low: float, unit: float, terms: Terms) -> Policy:
    return step(
        "in",
        alarm(low, pick(unit, (3, 5, 10, 15)), terms, above=False),
        ({"MetricIntervalUpperBound": 0, "ScalingAdjustment": -1},),
        pick(unit, (60, 120, 300)),
        terms,
    )


def steps(units: Sequence[float], room: Room) -> Candidate:
    """More the further the metric is above its threshold; one at a time back."""
    high = between(units[0], 0.3 * room.rate, 0.98 * room.capacity) * 60
    out = _stepped_out(high, units, room)
    low = high * (0.2 + 0.7 * units[1])
    least = floor(units[6], room)
    return Candidate(least, room.most, least, (out, _one_back(low, units[5], room.terms)))


def _stepped_out(high: float, units: Sequence[float], room: Room) -> Policy:
    """Percent of what runs: as many more as bring the metric back under its threshold, and more."""
    width = rounded(high * (0.2 + units[2]))
    first = max(round(100 * (0.1 + units[3])), 10)
    adjustments: list[Params] = [
        {
            "MetricIntervalLowerBound": 0,
            "MetricIntervalUpperBound": width,
            "ScalingAdjustment": first,
        },
        {"MetricIntervalLowerBound": width, "ScalingAdjustment": first + round(200 * units[4])},
    ]
    kind, terms = "PercentChangeInCapacity", room.terms
    high_alarm = alarm(high, 1, terms, above=True)
    return step("out", high_alarm, adjustments, pick(units[4], COOLDOWNS), terms, kind)


def steps_and_tracking(units: Sequence[float], room: Room) -> Candidate:
    """Steps for what comes fast, target tracking for the rest and for the way back."""
    calm = on_invocations((units[0], units[5], units[5], units[6]), room)
    target = float(calm.policies[0].configuration["TargetValue"])
    out = _stepped_out(target * (1.1 + units[1]), units, room)
    return Candidate(calm.minimum, room.most, calm.minimum, (*calm.policies, out))


WINDOWS = (1, 2, 3, 5, 10, 15, 30, 60, 120, 240)
"""Minutes whose highest decides."""


def by_load(units: Sequence[float], room: Room) -> Candidate:
    """As many as the load of the last minutes needs, by a table, and a reserve."""
    policy = to_exact_capacity(
        between(units[0], 0.005, 50.0),
        pick(units[1], (0, 0, 0, 1, 2, 3)),
        pick(units[2], WINDOWS),
        pick(units[3], COOLDOWNS),
        room,
    )
    least = floor(units[4], room)
    return Candidate(least, room.most, least, (policy,))


def scheduled_and_by_load(units: Sequence[float], room: Room) -> Candidate:
    """A minimum by the clock, and as many as the load needs above it."""
    assert room.season is not None
    actions = room.season.actions(units[0], units[1], units[2], room.least, room.most, fix=False)
    own = by_load((*units[3:7], 0.0), room)
    return Candidate(room.least, room.most, room.least, own.policies, tuple(actions))


def scheduled(units: Sequence[float], room: Room) -> Candidate:
    """Capacity by the clock alone, fitted to the season."""
    assert room.season is not None
    actions = room.season.actions(units[0], units[1], units[2], room.least, room.most, fix=True)
    first = actions[0].minimum or room.least
    return Candidate(first, first, first, (), tuple(actions))


def scheduled_and_tracking(units: Sequence[float], room: Room) -> Candidate:
    """A minimum by the clock, and target tracking above it."""
    assert room.season is not None
    actions = room.season.actions(units[0], units[1], units[2], room.least, room.most, fix=False)
    calm = on_invocations((*units[3:6], 0.0), room)
    return Candidate(room.least, room.most, room.least, calm.policies, tuple(actions))


FIXED = Family("fixed capacity", "flat load, or starts of many minutes", "paid at the peak's size",
               1, fixed)  # fmt: skip
STEPS: Sequence[Family] = (
    Family("simple (one step)", "few sizes, known steps", "the same step for every rise", 7,
           simple),
    Family("step scaling", "rises of very different sizes", "thresholds of its own to keep", 7,
           steps),
    Family("step scaling and target tracking", "jumps on top of slow seasons",
           "two policies that have to agree", 7, steps_and_tracking),
    Family("scheduled actions", "days or weeks alike", "blind to what is not usual", 3, scheduled),
    Family("scheduled actions and target tracking", "seasons with surprises",
           "a schedule to renew when habits change", 6, scheduled_and_tracking),
)  # fmt: skip
OF_VARIANTS: Sequence[Family] = (
    FIXED,
    Family("target tracking on invocations", "load that changes slower than the reaction time",
           "three minutes until it sees a rise", 4, on_invocations),
    Family("target tracking on concurrency (10 s)", "rises within minutes, long requests",
           "noisy with few or short requests", 4, on_concurrency),
    Family("target tracking on both", "slow seasons with sudden rises", "two targets to keep", 8,
           on_both),
    *STEPS,
    Family("step scaling to exact capacity", "any load that is not faster than a start",
           "a table to renew when the model or the instance type changes", 5, by_load),
    Family("scheduled actions and exact capacity", "seasons with surprises",
           "a schedule and a table to renew", 7, scheduled_and_by_load),
)  # fmt: skip
OF_FLEETS: Sequence[Family] = (
    FIXED,
    Family("target tracking on requests", "load that changes slower than the reaction time",
           "three minutes until it sees a rise", 4, on_invocations),
    Family("target tracking on CPU", "requests of very different cost",
           "it cannot see how much more than all is asked", 4, on_cpu),
    Family("target tracking on both", "requests of changing cost", "two targets to keep", 8,
           on_both),
    *STEPS,
    Family("predictive scaling and target tracking", "days or weeks alike, without a schedule",
           "a forecast by the hour, from a day of history on", 6, predicted),
)  # fmt: skip
"""Of services and groups behind a load balancer."""
OF_SERVICES: Sequence[Family] = (
    *OF_FLEETS,
    Family("target tracking on CPU (20 s)", "rises within minutes",
           "noisy with few requests; its metric has a price of its own", 4, on_fast_cpu),
)  # fmt: skip
OF_GROUPS: Sequence[Family] = (
    *OF_FLEETS,
    Family("warm pool and target tracking", "instances that take minutes to prepare",
           "volumes of stopped instances are paid, and not in these figures", 5, warmed),
)  # fmt: skip
SEASONAL = ("scheduled", "predictive")


def families(room: Room) -> tuple[Family, ...]:
    """The families that there can be: those that go by the clock only where there is a season."""
    kinds = OF_VARIANTS
    if room.terms in (SERVICE, GROUP):
        kinds = OF_SERVICES if room.terms == SERVICE else OF_GROUPS
    by_clock = {each.name for each in kinds if any(name in each.name for name in SEASONAL)}
    return tuple(each for each in kinds if room.season is not None or each.name not in by_clock)
