"""What loads are worth: how many instances to have at a rate of requests.

Misses are allowed, so they had better be where an instance more would save the fewest: with a price
on all that are allowed the best capacity at a rate is that of the least instances and misses
together. The price is one number to tune; all else follows from the queue.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.recommend.bound import STEP, missed
from understudy.sim.lane import Setting
from understudy.sim.queueing import Floats
from understudy.sim.waiting import objective

RATES = 800
"""Rates of requests that are looked at, by equal ratios."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What rates of requests are worth.

    ``missing[r, n]`` are the requests per second that miss objectives at ``rates[r]`` a second on n
    instances, each counted as often as one of them uses up what its objective allows.
    """

    rates: Floats
    missing: Floats

    def capacities(self, price: float, least: int) -> NDArray[np.int64]:
        """The instances that each rate is worth, where a request uses up ``price`` of them."""
        paid = price * self.missing + np.arange(self.missing.shape[1], dtype=np.float64)
        return np.maximum.accumulate(least + np.argmin(paid[:, least:], axis=1))


def worth(setting: Setting) -> Worth:
    """What rates are worth in a setting, up to what the most instances can serve."""
    most = setting.most * setting.model.slots / setting.model.service
    rates = np.geomspace(most / 10_000, most, RATES)
    missing = np.zeros((RATES, setting.most + 1))
    allowed = [1 - objective(slo) for slo in setting.slos]
    tables = list(zip(allowed, setting.within, strict=True)) or [(1e-3, setting.succeeding)]
    for share, table in tables:
        missing += missed(setting, rates * STEP, table) / STEP / max(share, 1e-6)
    return Worth(rates, missing)
