"""The four ways to buy a demand, and what each comes to on it.

All on demand; all reserved, so that the peak is covered; the cheapest mix; the cheapest mix with a
share of the work on spot capacity. All costs are exact; what is said of availability, cost control
and scalability is measured on the same demand.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np

from understudy.pricing.assortment import market_of
from understudy.pricing.book import Book
from understudy.pricing.commitments import Commitments
from understudy.pricing.coverage import (
    exact_cost,
    exact_left_over,
    layers_of,
    left_over,
    levels_of,
)
from understudy.pricing.demand import Demand
from understudy.pricing.market import Floats, Limits, Market
from understudy.pricing.meter import SECONDS_PER_HOUR
from understudy.pricing.newsvendor import MILL
from understudy.pricing.offer import SPOT, Offer, Terms
from understudy.pricing.optimise import Mix, cheapest

MONTH_HOURS = 730
"""Hours of a month: a twelfth of 8,760."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Work on spot capacity: what it costs, the share of all instance-hours, its prices.

    ``without`` are products whose spot price is not known; their work stays where it was.
    """

    cost: Fraction
    share: float
    offers: tuple[Offer, ...]
    without: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to buy the whole demand. Amounts are US dollars of all its hours together.

    ``fixed`` is paid whatever runs, ``unused`` the part of it that nothing used, ``on_demand`` the
    rest without spot. ``guaranteed`` is the share of the work, by its price, that reservations
    cover: bought by zone, they keep its capacity, which Savings Plans do not. ``interruptible`` is
    the share on spot, and the rest depends on what is free. ``halved`` and ``doubled`` are the cost
    if the demand were half or twice as large, with the same purchase.
    """

    name: str
    market: Market
    mix: Mix
    fixed: Fraction
    unused: Fraction
    on_demand: Fraction
    spot: Fraction
    upfront: Fraction
    guaranteed: float
    interruptible: float
    halved: Fraction
    doubled: Fraction

    @property
    def cost(self) -> Fraction:
        """All of it."""
        return self.fixed + self.on_demand + self.spot


def monthly(amount: Fraction, hours: int) -> Fraction:
    """An amount of so many hours as US dollars a month."""
    return amount / hours * MONTH_HOURS


def nothing(market: Market) -> Mix:
    """Buy nothing: only what is owned."""
    counts = (0,) * len(market.reservables)
    money = tuple(plan.owned or Fraction(0) for plan in market.plans)
    cost = exact_cost(market, counts, money)
    return Mix(counts, money, cost, float(cost), 0, 0)


def everything(market: Market) -> Mix:
    """Cover the peak of every pool with its cheapest reservation, else with its cheapest plan.

    A pool that neither covers stays on demand.
    """
    counts = [0] * len(market.reservables)
    bare: list[int] = []
    for index in range(len(market.pools)):
        options = [n for n, each in enumerate(market.reservables) if each.pool == index]
        peak = Fraction(int(market.seconds[index].max(initial=0)), SECONDS_PER_HOUR)
        missing = max(peak - market.owned[index], Fraction(0))
        if not options:
            bare.append(index)
            continue
        best = min(
            options, key=lambda n: market.reservables[n].hourly / market.reservables[n].units
        )
        counts[best] = ceil(missing / market.reservables[best].units)
    money = _plans_for(market, bare)
    cost = exact_cost(market, counts, money)
    return Mix(tuple(counts), money, cost, float(cost), 0, 0)


def _plans_for(market: Market, pools: Sequence[int]) -> tuple[Fraction, ...]:
    """Commitments that cover the peak of pools together, each with its cheapest plan."""
    money = [plan.owned or Fraction(0) for plan in market.plans]
    needs: dict[int, list[int]] = {}
    for index in pools:
        rated = [
            (rate, number)
            for number, plan in enumerate(market.plans)
            if plan.owned is None and (rate := plan.rates[index])
        ]
        if rated:
            needs.setdefault(min(rated)[1], []).append(index)
    for number, members in needs.items():
        need: Any = 0
        for index in members:
            need = need + market.seconds[index].astype(object) * market.plans[number].rates[index]
        money[number] = ceil(Fraction(max(need)) / SECONDS_PER_HOUR / MILL) * MILL
    return tuple(money)


def way(name: str, market: Market, mix: Mix, spot: Spot | None = None) -> Way:
    """What a purchase comes to."""
    levels = levels_of(market, mix.counts)
    left = exact_left_over(market, levels, mix.commitments)
    fixed = mix.cost - left
    share = spot.share if spot else 0.0
    extra = spot.cost if spot else Fraction(0)
    return Way(
        name=name,
        market=market,
        mix=mix,
        fixed=fixed,
        unused=unused(market, mix),
        on_demand=left,
        spot=extra,
        upfront=upfront(market, mix),
        guaranteed=reserved_share(market, levels) * (1 - share),
        interruptible=share,
        halved=_scaled(market, mix, Fraction(1, 2)) + extra / 2,
        doubled=_scaled(market, mix, Fraction(2)) + extra * 2,
    )


def reserved_share(market: Market, levels: Sequence[int]) -> float:
    """The share of a demand, by its on-demand price, that reservations cover."""
    rates = np.array([float(pool.rate) for pool in market.pools])
    reach = np.array(levels, dtype=np.float64)[:, None]
    covered = float(rates @ np.minimum(market.units, reach).sum(axis=1))
    return covered / float(market.all_on_demand) if market.all_on_demand else 0.0


def _scaled(market: Market, mix: Mix, factor: Fraction) -> Fraction:
    """The cost of the same purchase for a demand that is so many times as large."""
    seconds = market.seconds * factor.numerator // factor.denominator
    return exact_cost(replace(market, seconds=seconds), mix.counts, mix.commitments)


def upfront(market: Market, mix: Mix) -> Fraction:
    """US dollars paid at the start; payments whose division is not known count as none."""
    paid = sum(
        (Fraction(each.offer.upfront or 0) * count)
        for count, each in zip(mix.counts, market.reservables, strict=True)
    )
    plans = sum(
        commitment * plan.upfront
        for commitment, plan in zip(mix.commitments, market.plans, strict=True)
        if plan.owned is None
    )
    return Fraction(paid) + Fraction(plans)


def unused(market: Market, mix: Mix) -> Fraction:
    """US dollars of fees for hours in which nothing used them, to the accuracy of floats."""
    levels = np.array(levels_of(market, mix.counts), dtype=np.float64)
    idle = np.maximum(levels[:, None] - market.units, 0).sum(axis=1)
    rates = np.zeros(len(market.pools))
    for index in range(len(market.pools)):
        fees = [
            (float(each.hourly * count), each.units * count)
            for count, each in zip(mix.counts, market.reservables, strict=True)
            if each.pool == index and count
        ]
        units = sum(unit for _, unit in fees)
        rates[index] = sum(fee for fee, _ in fees) / units if units else 0.0
    return Fraction(float(idle @ rates)) + Fraction(_unspent(market, mix, levels))


def _unspent(market: Market, mix: Mix, levels: Floats) -> float:
    """US dollars of plan commitments that no usage took."""
    layers, left = layers_of(market), np.maximum(market.units - levels[:, None], 0.0)
    total = 0.0
    for layer, commitment in zip(layers, mix.commitments, strict=True):
        if not len(layer.pools):
            total += float(commitment) * market.hours
            continue
        need = left[layer.pools] * layer.rates[:, None]
        reached = np.cumsum(need, axis=0)
        total += float(np.maximum(float(commitment) - reached[-1], 0).sum())
        kept = np.minimum(np.maximum(reached - float(commitment), 0.0), need)
        left[layer.pools] = kept / layer.rates[:, None]
    return total


def hourly_cost(market: Market, mix: Mix) -> Floats:
    """US dollars of each hour: fees and what stays on demand; a bill hour by hour."""
    rates = np.array([float(pool.rate) for pool in market.pools])
    levels = np.array(levels_of(market, mix.counts), dtype=np.float64)
    money = np.array([float(each) for each in mix.commitments])
    left = left_over(market.units, rates, layers_of(market), levels, money)
    fees = mix.cost - exact_left_over(market, levels_of(market, mix.counts), mix.commitments)
    cost: Floats = left.cost + float(fees / market.hours)
    return cost


def on_spot(demand: Demand, book: Book, share: Fraction) -> tuple[Demand, Spot]:
    """Move a share of all usage to spot capacity; what is left, and what spot costs.

    Only products with a spot price below the on-demand one are moved.
    """
    cost, moved, used = Fraction(0), Fraction(0), list[Offer]()
    without: list[str] = []
    seconds = demand.seconds.copy()
    whole = int(seconds.sum())
    for column, item in enumerate(demand.items):
        offer = book.find(item.product, item.region, Terms(SPOT), item.platform)
        paid = book.find(item.product, item.region, platform=item.platform)
        if offer is None or paid is None or offer.hourly >= paid.hourly:
            without.append(item.product)
            continue
        part = seconds[:, column] * share.numerator // share.denominator
        seconds[:, column] -= part
        amount = Fraction(int(part.sum()))
        cost += amount / SECONDS_PER_HOUR * Fraction(offer.hourly)
        moved += amount
        used.append(offer)
    rest = replace(demand, seconds=seconds)
    return rest, Spot(cost, float(moved / whole) if whole else 0.0, tuple(used), tuple(without))


@dataclass(frozen=True, slots=True)
class Answer:
    """The ways to buy a demand, the cheapest without spot among them as ``best``."""

    demand: Demand
    ways: tuple[Way, ...]
    best: Way
    spot: Spot | None


def answer(
    demand: Demand, book: Book, limits: Limits, owned: Commitments, spot: Fraction
) -> Answer:
    """The four ways to buy a demand; three where no work may run on spot capacity.

    Raises MissingPrices where a product has no on-demand price.
    """
    market = market_of(demand, book, limits, owned)
    best = way("best mix", market, cheapest(market, limits))
    ways = [
        way("all on demand", market, nothing(market)),
        way("all reserved", market, everything(market)),
        best,
    ]
    if not spot:
        return Answer(demand, tuple(ways), best, None)
    rest, moved = on_spot(demand, book, spot)
    if rest.seconds.any():
        market = market_of(rest, book, limits, owned)
        ways.append(way("best mix with spot", market, cheapest(market, limits), moved))
    return Answer(demand, tuple(ways), best, moved)
