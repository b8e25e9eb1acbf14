"""The cheapest purchase for the capacity that a recommendation leads to."""

import numpy as np
from msgspec import Struct

from understudy.pricing.assortment import MissingPrices, market_of
from understudy.pricing.catalogue import BOOK
from understudy.pricing.commitments import Commitments
from understudy.pricing.demand import Demand
from understudy.pricing.market import Limits
from understudy.pricing.meter import Item
from understudy.pricing.optimise import cheapest
from understudy.pricing.purchase import Purchase, purchases
from understudy.recommend.sweep import Curve

HOUR, MONTH = 3600.0, 730.0


class PurchaseMix(Struct, frozen=True):
    """What to buy for a year's term, and what a month costs with it and without, in US dollars.

    ``gap`` is how much less any other purchase might cost, as a share.
    """

    purchases: tuple[Purchase, ...]
    usd_a_month: float
    on_demand_a_month: float
    gap: float
    note: str = ""


def purchase_mix(
    curve: Curve, hours: float, instance_type: str, region: str, start: float
) -> PurchaseMix | None:
    """The cheapest purchase for a capacity curve of so many hours that repeats; None if unpriced.

    ``start`` is when the curve begins, in world time.
    """
    if hours < 1:
        return None
    seconds = _by_hour(curve, hours)
    demand = Demand(int(start // HOUR), (Item(instance_type, region),), seconds[:, None])
    limits = Limits(years=1)
    try:
        market = market_of(demand, BOOK, limits, Commitments())
    except MissingPrices:
        return None
    mix = cheapest(market, limits)
    months = len(seconds) / MONTH
    rate = float(market.pools[0].rate) * market.pools[0].weights[0]
    on_demand = float(seconds.sum()) / HOUR * rate / months
    bought = purchases(market, mix)
    note = "" if market.plans or market.reservables else "no price of a commitment is known"
    return PurchaseMix(bought, float(mix.cost) / months, on_demand, mix.gap, note)


def _by_hour(curve: Curve, hours: float) -> np.ndarray:
    """Instance-seconds in each whole hour of the curve."""
    count = int(hours)
    edges = np.arange(count + 1) * HOUR
    times = np.array([*curve.seconds, max(hours * HOUR, curve.seconds[-1])])
    running = np.concatenate(([0.0], np.cumsum(np.diff(times) * np.array(curve.instances))))
    return np.rint(np.diff(np.interp(edges, times, running))).astype(np.int64)
