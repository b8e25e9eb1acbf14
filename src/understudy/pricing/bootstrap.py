"""How sure a purchase is: the same demand in other orders, week by week.

A block bootstrap draws whole blocks of hours (weeks where there are enough), so that days and
weeks keep their shape. For each sample: what the purchase saves against on demand, and its regret,
which is what the best purchase for just that sample would have saved on top.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from understudy.pricing.cuts import Cuts
from understudy.pricing.demand import WEEK
from understudy.pricing.market import Floats, Limits, Market
from understudy.pricing.optimise import Mix, Search
from understudy.pricing.ways import hourly_cost, nothing

DAY = 24
FEWEST_BLOCKS = 8
REGRET_TOLERANCE = 1e-4
"""The best purchase of a sample is found to this share of its cost."""


@dataclass(frozen=True, slots=True)
class Spread:
    """US dollars a month in samples: the purchase's cost, its saving and its regret, each sorted.

    ``block`` is the hours of a block.
    """

    block: int
    cost: Floats
    saving: Floats
    regret: Floats

    def percentile(self, values: Floats, percent: float) -> float:
        """A percentile of the samples."""
        return float(np.percentile(values, percent))

    @property
    def losing(self) -> float:
        """The share of samples in which on demand would have been cheaper."""
        return float(np.mean(self.saving < 0))


def blocks_of(hours: int) -> int:
    """How many equal blocks a demand is cut into: weeks, else days, else single hours.

    >>> blocks_of(8760), blocks_of(240), blocks_of(5)
    (52, 10, 5)
    """
    for length in (WEEK, DAY):
        if hours // length >= FEWEST_BLOCKS:
            return hours // length
    return hours


def bootstrap(
    market: Market, mix: Mix, limits: Limits, samples: int, generator: np.random.Generator
) -> Spread:
    """Draw demands and evaluate a purchase on each."""
    count = blocks_of(market.hours)
    begins = np.arange(count, dtype=np.intp) * market.hours // count
    lengths = np.diff(np.append(begins, market.hours))
    bought = np.add.reduceat(hourly_cost(market, mix), begins)
    unbought = np.add.reduceat(hourly_cost(market, nothing(market)), begins)
    drawn = generator.multinomial(count, np.full(count, 1 / count), size=samples)
    months = drawn @ lengths / 730.0
    cost: Floats = drawn @ bought / months
    saving: Floats = drawn @ unbought / months - cost
    best = np.array([_best(market, limits, weights) for weights in drawn.tolist()]) / months
    regret: Floats = np.maximum(cost - best, 0.0)
    return Spread(market.hours // count, np.sort(cost), np.sort(saving), np.sort(regret))


def _best(market: Market, limits: Limits, weights: Sequence[float]) -> float:
    """The least that any purchase costs for a sample, within the tolerance of regrets."""
    search = Search(Cuts(market, weights), limits, REGRET_TOLERANCE)
    search.run()
    return search.best
