"""The price book: what is known of each product in each region, the newest figure first."""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Protocol

from understudy.pricing.offer import LINUX, ON_DEMAND, Offer, Terms

PAY_AS_YOU_GO = Terms(ON_DEMAND)


class Shelf(Protocol):
    """A collection of prices."""

    def offers(self, product: str, region: str) -> Sequence[Offer]:
        """Every price of a product in a region, in any order; several dates are welcome."""
        ...

    def products(self) -> Iterable[tuple[str, str]]:
        """The products and regions that it has prices of."""
        ...


class Prices:
    """A shelf in memory, filled when it is first looked at."""

    def __init__(self, load: Callable[[], Iterable[Offer]]) -> None:
        self._load = load

    @cached_property
    def _offers(self) -> dict[tuple[str, str], list[Offer]]:
        found: dict[tuple[str, str], list[Offer]] = {}
        for offer in self._load():
            found.setdefault((offer.instance_type, offer.region), []).append(offer)
        return found

    def offers(self, product: str, region: str) -> Sequence[Offer]:
        """Every price of a product in a region."""
        return self._offers.get((product, region), ())

    def products(self) -> Iterable[tuple[str, str]]:
        """The products and regions that it has prices of."""
        return self._offers


class Book:
    """What several shelves know together. An undated figure is older than any dated one."""

    def __init__(self, *shelves: Shelf) -> None:
        self.shelves = shelves

    def history(self, product: str, region: str) -> list[Offer]:
        """Every figure for a product in a region, the newest first."""
        found = [offer for shelf in self.shelves for offer in shelf.offers(product, region)]
        return sorted(found, key=lambda offer: offer.as_of, reverse=True)

    def offers(self, product: str, region: str, platform: str = LINUX) -> dict[Terms, Offer]:
        """The newest price of a product in a region for each way to buy it, ordered."""
        found: dict[Terms, Offer] = {}
        for offer in self.history(product, region):
            if offer.platform == platform:
                found.setdefault(offer.terms, offer)
        return dict(sorted(found.items()))

    def find(
        self, product: str, region: str, terms: Terms = PAY_AS_YOU_GO, platform: str = LINUX
    ) -> Offer | None:
        """The newest price of a product under terms, None where none is known."""
        return self.offers(product, region, platform).get(terms)

    def beside(self, offer: Offer) -> Offer | None:
        """The on-demand price that the same source had on the same day.

        A committed price is a discount on that one: where on demand has changed since, the
        committed price is likely to have changed with it.
        """
        same = (
            each
            for each in self.history(offer.instance_type, offer.region)
            if each.purchase == ON_DEMAND
            and (each.as_of, each.source) == (offer.as_of, offer.source)
        )
        return next(same, None)

    def products(self, region: str) -> tuple[str, ...]:
        """The products that have a price in a region, ordered by name."""
        return tuple(
            sorted(
                {
                    name
                    for shelf in self.shelves
                    for name, place in shelf.products()
                    if place == region
                }
            )
        )

    def regions(self) -> tuple[str, ...]:
        """The regions that have a price, ordered by name."""
        return tuple(sorted({place for shelf in self.shelves for _, place in shelf.products()}))
