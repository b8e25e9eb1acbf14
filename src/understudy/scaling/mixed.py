"""Groups that mix purchase options and instance types: how many of which, and which pool first.

AWS: Auto Scaling groups with multiple instance types and purchase options;
API_InstancesDistribution.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class Split:
    """The units of a group by purchase option."""

    base: int
    on_demand_above: int
    spot: int

    @property
    def on_demand(self) -> int:
        """All on-demand units."""
        return self.base + self.on_demand_above


def split(total: int, base: int, percent_above: int) -> Split:
    """The on-demand base, the on-demand share above it (rounded up), and spot for the rest.

    >>> split(30, base=10, percent_above=50)
    Split(base=10, on_demand_above=10, spot=10)
    """
    first = min(total, base)
    above = -(-(total - first) * percent_above // 100)
    return Split(first, above, total - first - above)


@dataclass(frozen=True, slots=True)
class Pool:
    """Instances of one type in one zone. ``rank`` is the place of the type in the overrides."""

    instance_type: str
    zone: str
    weight: int
    rank: int


Prices = Mapping[Pool, float]
"""What an instance of a pool costs an hour, in dollars; a pool without a price is left out."""


def price_per_unit(price: float, weight: int) -> float:
    """The price of one unit of capacity.

    >>> round(price_per_unit(0.779, 12), 3)
    0.065
    """
    return price / weight


def preferred(
    pools: Sequence[Pool], strategy: str, prices: Prices, used: Mapping[Pool, int], breadth: int = 2
) -> list[Pool]:
    """The pools of one zone in the order in which a strategy takes them.

    ``used`` says how many instances of each pool the group has. ``lowest-price`` takes the cheapest
    for on-demand and spreads over the ``breadth`` cheapest for spot. How much spare capacity pools
    have is not known here: the capacity-optimized strategies spread over all pools, by price or by
    rank. Pools of unknown price come last, in the order of the overrides.
    """

    def cost(pool: Pool) -> float:
        return price_per_unit(prices[pool], pool.weight) if pool in prices else inf

    by_price = sorted(pools, key=lambda pool: (cost(pool), pool.rank))
    if strategy in {"prioritized", "capacity-optimized-prioritized"}:
        return sorted(pools, key=lambda pool: pool.rank)
    if strategy == "lowest-price":
        cheapest = sorted(by_price[:breadth], key=lambda pool: used.get(pool, 0))
        return [*cheapest, *by_price[breadth:]]
    return sorted(by_price, key=lambda pool: used.get(pool, 0))
