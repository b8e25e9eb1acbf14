"""What predictive scaling forecasts under traffic that is known, as minimums by the hour.

The load is what it is, whatever a candidate does: so its forecasts are known before it is run, by
the very functions that make them in the engine.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import ceil

from understudy.control.forecasting import REFRESH
from understudy.recommend.terms import PREDICTIVE
from understudy.scaling.forecast import HOUR, capacity_for, forecast_load
from understudy.sim.candidate import Action, Candidate, Policy
from understudy.sim.traffic import Traffic

PER_LOAD = 1 / 60
"""Requests per instance and minute that one request an hour makes on a single instance."""


def hourly(parts: Sequence[tuple[float, Traffic]]) -> dict[int, float]:
    """Requests by hour, counted from the epoch, of traffic with the times that it begins at."""
    found: defaultdict[int, float] = defaultdict(float)
    for start, traffic in parts:
        hours = traffic.every(HOUR)
        for index, count in enumerate(hours.counts.tolist()):
            found[int((start + index * hours.period) // HOUR)] += count
    return dict(found)


def expected(load: Mapping[int, float], begin: float, end: float) -> dict[int, float]:
    """The load that is forecast for each hour from ``begin`` to ``end``, in world time.

    A forecast is made as soon as 24 hours are known, and every six hours anew.
    """
    found: dict[int, float] = {}
    latest: dict[int, float] = {}
    made = 0
    for hour in range(ceil(begin / HOUR), ceil(end / HOUR)):
        if not latest or (hour - made) * HOUR >= REFRESH:
            # It is made some minutes before the hour: the hour before is not over yet.
            latest, made = dict(enumerate(forecast_load(load, hour - 1), hour - 1)), hour
        if hour in latest:
            found[hour] = latest[hour]
    return found


def minimums(candidate: Candidate, loads: Mapping[int, float]) -> tuple[Action, ...]:
    """What a candidate's predictive policy does, as scheduled actions; none without such a policy.

    ``loads`` are the forecasts by hour.
    """
    policy = next((each for each in candidate.policies if each.kind == PREDICTIVE), None)
    if policy is None:
        return ()
    return tuple(_action(policy, candidate, hour, load) for hour, load in loads.items())


def _action(policy: Policy, candidate: Candidate, hour: int, load: float) -> Action:
    settings = policy.configuration
    target = settings["MetricSpecifications"][0]["TargetValue"]
    units = capacity_for(load, PER_LOAD, target)
    at = datetime.fromtimestamp(hour * HOUR - settings.get("SchedulingBufferTime", 300), UTC)
    least = min(max(units, candidate.minimum), candidate.maximum)
    return Action(f"forecast-{hour}", f"at({at:%Y-%m-%dT%H:%M:%S})", least)
