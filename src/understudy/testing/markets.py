"""Small markets for tests of purchases."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np

from understudy.pricing.book import Book, Prices
from understudy.pricing.demand import Demand
from understudy.pricing.meter import SECONDS_PER_HOUR, Item
from understudy.pricing.offer import (
    NO_UPFRONT,
    ON_DEMAND,
    RESERVED,
    SAVINGS_PLAN,
    STANDARD,
    Offer,
    Terms,
)
from understudy.testing.pricing import REGION

MILL = Decimal("0.001")
ONE_YEAR = Terms(RESERVED, STANDARD, 1, NO_UPFRONT)


def plan_terms(kind: str, years: int = 1, payment: str = NO_UPFRONT) -> Terms:
    """The terms of a Savings Plan."""
    return Terms(SAVINGS_PLAN, kind, years, payment)


def priced(name: str, terms: Terms, hourly: Decimal, upfront: Decimal | None = Decimal(0)) -> Offer:
    """An offer of today."""
    return Offer(
        name,
        REGION,
        terms.purchase,
        hourly,
        "2026-10-01",
        "typed in",
        terms.kind,
        terms.years,
        terms.payment,
        upfront,
    )


def book_in_mills(prices: Mapping[str, Mapping[Terms, int]]) -> Book:
    """A book from prices in tenths of a cent an hour, by product and terms."""
    offers = [
        priced(name, terms, mills * MILL)
        for name, by_terms in prices.items()
        for terms, mills in by_terms.items()
    ]
    return Book(Prices(lambda: offers))


def counts_by_hour(counts: Mapping[str, Sequence[float]]) -> Demand:
    """Demand from instance counts by hour."""
    items = tuple(Item(name, REGION) for name in counts)
    rows = np.array([list(each) for each in counts.values()]).T * SECONDS_PER_HOUR
    return Demand(0, items, np.round(rows).astype(np.int64))


ON_DEMAND_TERMS = Terms(ON_DEMAND)
