"""The rate of an item of usage, on demand, on spot and under a Savings Plan."""

from decimal import Decimal
from typing import Protocol

from understudy.pricing.book import Book
from understudy.pricing.commitments import SavingsPlan
from understudy.pricing.meter import Item
from understudy.pricing.offer import ON_DEMAND, SAVINGS_PLAN, SPOT, Offer, Terms


class Rates(Protocol):
    """US dollars for each unit and hour; None where a rate is not known."""

    def paid(self, item: Item) -> Decimal | None:
        """What usage costs that no commitment covers."""
        ...

    def under(self, item: Item, plan: SavingsPlan) -> Decimal | None:
        """What usage costs of a plan's commitment."""
        ...


class BookRates:
    """The rates of a price book. ``used`` collects the offers that were asked for."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._found: dict[tuple[str, str, str, Terms], Offer | None] = {}

    @property
    def used(self) -> tuple[Offer, ...]:
        """The offers that rates were taken from, in the order of first use."""
        return tuple(offer for offer in self._found.values() if offer)

    def paid(self, item: Item) -> Decimal | None:
        """What usage costs that no commitment covers: reserved capacity unused costs as much."""
        return self._rate(item, Terms(SPOT if item.purchase == SPOT else ON_DEMAND))

    def under(self, item: Item, plan: SavingsPlan) -> Decimal | None:
        """What usage costs of a plan's commitment."""
        return self._rate(item, Terms(SAVINGS_PLAN, plan.kind, plan.years, plan.payment))

    def _rate(self, item: Item, terms: Terms) -> Decimal | None:
        key = (item.product, item.region, item.platform, terms)
        if key not in self._found:
            offer = self._book.find(item.product, item.region, terms, item.platform)
            self._found[key] = offer
        offer = self._found[key]
        return offer.hourly if offer else None


def savings_percent(paid: Decimal, rate: Decimal) -> Decimal:
    """How much less a rate is than what is paid on demand, in percent to one decimal.

    >>> savings_percent(Decimal("1.5"), Decimal(1))
    Decimal('33.3')
    """
    return ((paid - rate) / paid * 100).quantize(Decimal("0.1"))
