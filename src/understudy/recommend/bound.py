"""The cost of the best schedule that knows the future: no policy can be cheaper.

Each minute n instances are paid, and some of its requests miss the objective. An instance that is
to serve from a minute on is paid from its launch, the start-up time before. The least cost with no
more misses than the objectives allow is bounded from below by Lagrangian duality: with a price on
each miss the dynamic programme over n is exact, and what it costs less the price of the allowed
misses is a lower bound for every price (Everett, 1963); the best price is found by bisection.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from understudy.sim import compiled
from understudy.sim.backlog import LEVELS
from understudy.sim.lane import Setting, in_steps
from understudy.sim.queueing import Floats
from understudy.sim.waiting import objective

STEP = 60.0
ROUNDS, PRECISE = 40, 1.001


@dataclass(frozen=True, slots=True)
class Bound:
    """``usd`` is the lower bound in US dollars, or instance-hours where no price is known.

    ``instance_hours`` is the same in instance-hours; ``curve`` has rows of seconds from the start
    and instances of the schedule behind it.
    """

    usd: float
    instance_hours: float
    curve: Floats


def fall(after: Floats, value: Floats, choice: Any, least: int) -> None:
    """What follows may have fewer instances at no cost: the least of what is at or below n."""
    best, chosen = np.inf, least
    for n in range(least, after.size):
        if after[n] < best:
            best, chosen = after[n], n
        value[n], choice[n] = best, chosen


def rise(after: Floats, value: Floats, choice: Any, least: int, extra: float) -> None:
    """Or it may have more of them, each with its start-up to pay."""
    best, chosen = np.inf, after.size - 1
    for step in range(after.size - least):
        n = after.size - 1 - step
        if after[n] + extra * n < best:
            best, chosen = after[n] + extra * n, n
        if best - extra * n < value[n]:
            value[n], choice[n] = best - extra * n, chosen


def plan(misses: Floats, price: float, extra: float, least: int, counts: Any) -> float:
    """The least cost in instance-minutes, with ``price`` of them for each missed request.

    ``misses[t, n]`` are the requests that miss in minute t with n instances; ``extra`` what each
    additional instance costs in instance-minutes for its start-up. The number of instances in each
    minute is put into ``counts``.
    """
    minutes, sizes = misses.shape
    choice = np.zeros((minutes, sizes), dtype=np.int64)
    value, after = np.zeros(sizes), np.zeros(sizes)
    for back in range(minutes):
        minute = minutes - 1 - back
        after[:] = value
        fall(after, value, choice[minute], least)
        rise(after, value, choice[minute], least, extra)
        for n in range(least, sizes):
            value[n] += n + price * misses[minute, n]
    count = least + np.argmin(value[least:])
    best = value[count]
    for minute in range(minutes):
        counts[minute] = count
        count = choice[minute, count]
    return best


@cache
def compiled_plan() -> Callable[..., float]:
    """`plan`, compiled."""
    return compiled.twin(plan, compiled.twins(fall, rise), makes=True)


def bound(setting: Setting, least: int, attained: Sequence[float] = ()) -> Bound:
    """The bound for all policies in a setting with at least so many instances.

    Each objective gives a bound of its own; the highest of them holds. With shares ``attained``,
    one for each objective, it is the bound for policies that attain so much: what a policy costs
    can be compared at equal attainment.
    """
    requests = in_steps(setting.sent(), STEP)
    shares = attained or [objective(slo) for slo in setting.slos]
    found = [
        _of_objective(setting, requests, table, 1 - share, least)
        for share, table in zip(shares, setting.within, strict=True)
    ]
    found = found or [_of_objective(setting, requests, setting.succeeding, 1e-3, least)]
    return max(found, key=lambda each: each.instance_hours)


def _of_objective(
    setting: Setting, requests: Floats, table: Floats, allowance: float, least: int
) -> Bound:
    misses = missed(setting, requests, table)
    allowed = allowance * float(requests.sum())
    extra = setting.start_up.mean / STEP
    counts = np.zeros(len(misses), dtype=np.int64)
    run = compiled_plan()
    best, kept = 0.0, counts
    low, high = 1e-6, 1e4
    for _ in range(ROUNDS):
        price = (low * high) ** 0.5
        cost = run(misses, price, extra, least, counts)
        late = float(misses[np.arange(len(misses)), counts].sum())
        best = max(best, cost - price * allowed)
        if late > allowed:
            low = price
        else:
            high, kept = price, counts.copy()
        if high / low < PRECISE:
            break
    hours = best * STEP / 3600
    times = np.arange(len(kept), dtype=np.float64) * STEP
    curve = np.column_stack((times, kept.astype(np.float64)))
    return Bound(hours * (setting.hourly or 1.0), hours, curve)


def missed(setting: Setting, requests: Floats, table: Floats) -> Floats:
    """The requests that miss an objective, by minute and number of instances.

    ``table`` has the share that meets it by instances and level of utilisation. Where utilisation
    is 1 or more only what cannot be served at all is taken to miss, which is generous.
    """
    model = setting.model
    single = requests / STEP * model.service / model.slots
    misses = np.repeat(requests[:, None], setting.most + 1, axis=1)
    for number in range(1, setting.most + 1):
        busy = single / number
        level = np.minimum((busy * LEVELS).astype(np.int64), LEVELS - 1)
        met = np.where(busy < 1, table[number][level], 1 / np.maximum(busy, 1))
        misses[:, number] = (1 - met) * requests
    return misses
