"""A demand and what can be bought for it, as numbers for the optimiser.

Usage that commitments treat alike is one pool: the sizes of a family whose reservations are size
flexible, in normalization units; else one product, in its own units. Within a pool every unit has
the same rates; where sizes differ a little (prices are rounded), their mean by usage is taken.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from understudy.pricing.meter import SECONDS_PER_HOUR, Item
from understudy.pricing.offer import (
    ALL_UPFRONT,
    PARTIAL_UPFRONT,
    STANDARD,
    YEAR_HOURS,
    Offer,
    Terms,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

PARTLY = Decimal("0.5")
"""A partial payment is at least half of a Savings Plan (AWS: Savings Plans payment options)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a purchase has to respect.

    ``years`` is the longest term, ``upfront`` US dollars that may be paid at the start, None for
    any amount. ``on_demand`` is the share of usage, by its on-demand price, that no commitment may
    reach even if it were fully used. ``offering_class`` is that of Reserved Instances.
    """

    years: int = 1
    upfront: Decimal | None = None
    on_demand: Fraction = Fraction(0)
    offering_class: str = STANDARD


@dataclass(frozen=True, slots=True)
class Pool:
    """Usage that commitments treat alike. ``rate`` is US dollars for each unit and hour."""

    name: str
    region: str
    items: tuple[Item, ...]
    weights: tuple[int, ...]
    rate: Fraction
    uniform: bool


@dataclass(frozen=True, slots=True)
class Reservable:
    """Reserved Instances that can be bought for a pool; each has so many of its units."""

    pool: int
    units: int
    offer: Offer

    @property
    def hourly(self) -> Fraction:
        """US dollars for each hour of the term, with the upfront payment spread."""
        return self.offer.effective


@dataclass(frozen=True, slots=True)
class PlanOption:
    """A Savings Plan that can be bought, or is owned: then ``owned`` is its commitment.

    ``rates`` are US dollars for each unit and hour of every pool, None where it does not apply.
    """

    terms: Terms
    rates: tuple[Fraction | None, ...]
    region: str = ""
    family: str = ""
    owned: Fraction | None = None

    @property
    def upfront(self) -> Fraction:
        """US dollars paid at the start for each US dollar of hourly commitment."""
        share = {ALL_UPFRONT: Fraction(1), PARTIAL_UPFRONT: Fraction(PARTLY)}
        hours = self.terms.years * YEAR_HOURS
        return share.get(self.terms.payment, Fraction(0)) * hours


@dataclass(frozen=True, slots=True)
class Market:
    """A demand with its prices.

    ``seconds`` are unit-seconds by pool (rows) and hour (columns); ``owned`` the units that owned
    reservations cover of each pool; ``owned_hourly`` what all that is owned costs in an hour.
    ``offers`` are the prices that are behind it.
    """

    pools: tuple[Pool, ...]
    seconds: Integers
    reservables: tuple[Reservable, ...]
    plans: tuple[PlanOption, ...]
    owned: tuple[int, ...]
    owned_hourly: Fraction = Fraction(0)
    offers: tuple[Offer, ...] = ()
    notes: tuple[str, ...] = ()
    units: Floats = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "units", self.seconds / SECONDS_PER_HOUR)

    @property
    def hours(self) -> int:
        """How many clock-hours the demand has."""
        return self.seconds.shape[1]

    @property
    def all_on_demand(self) -> Fraction:
        """US dollars of the whole demand on demand, with nothing owned."""
        totals = self.seconds.sum(axis=1).tolist()
        rates = (pool.rate for pool in self.pools)
        return (
            sum((rate * total for rate, total in zip(rates, totals, strict=True)), Fraction(0))
            / SECONDS_PER_HOUR
        )
