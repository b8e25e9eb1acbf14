"""The prices that come with Understudy, each with its region, source and date.

A type or region that is not in the tables has no price: it is reported as missing, never guessed
from a sibling size or another region.
"""

from collections.abc import Iterable
from decimal import Decimal

from understudy.pricing.book import Book, Prices
from understudy.pricing.figures import (
    accelerated_2025,
    hosting,
    on_demand_2026,
    reserved_2019,
    savings_plans,
    services,
    us_east_1_2023,
)
from understudy.pricing.offer import (
    ALL_UPFRONT,
    COMPUTE,
    CONVERTIBLE,
    NO_UPFRONT,
    ON_DEMAND,
    PARTIAL_UPFRONT,
    RESERVED,
    SAVINGS_PLAN,
    SPOT,
    STANDARD,
    YEAR_HOURS,
    Offer,
    Terms,
)
from understudy.pricing.source import Source

CENT = Decimal("0.01")

_ON_DEMAND, _SPOT = Terms(ON_DEMAND), Terms(SPOT)
_STANDARD = tuple(
    Terms(RESERVED, STANDARD, years, payment)
    for years in (1, 3)
    for payment in (NO_UPFRONT, PARTIAL_UPFRONT, ALL_UPFRONT)
)
_CONVERTIBLE = (
    Terms(RESERVED, CONVERTIBLE, 1, NO_UPFRONT),
    Terms(RESERVED, CONVERTIBLE, 3, NO_UPFRONT),
    Terms(RESERVED, CONVERTIBLE, 3, ALL_UPFRONT),
)
_WITHOUT_UPFRONT = (
    _ON_DEMAND,
    Terms(SAVINGS_PLAN, COMPUTE, 1, NO_UPFRONT),
    Terms(RESERVED, STANDARD, 1, NO_UPFRONT),
    Terms(RESERVED, STANDARD, 3, NO_UPFRONT),
)
_ONE_YEAR_PAID = Terms(RESERVED, STANDARD, 1, ALL_UPFRONT)


def offer_of(product: str, region: str, terms: Terms, spread: Decimal, source: Source) -> Offer:
    """An offer from what an hour comes to with any upfront payment spread over the term.

    All upfront means that nothing is left to pay by the hour, so the payment is known, to the
    cent; how a partial one is divided is not.
    """
    hourly, upfront = spread, Decimal(0)
    if terms.payment == ALL_UPFRONT:
        hourly, upfront = Decimal(0), (spread * YEAR_HOURS * terms.years).quantize(CENT)
    return Offer(
        instance_type=product,
        region=region,
        purchase=terms.purchase,
        hourly=hourly,
        as_of=source.date,
        source=str(source),
        kind=terms.kind,
        years=terms.years,
        payment=terms.payment,
        upfront=None if terms.payment == PARTIAL_UPFRONT else upfront,
    )


Row = tuple[str, list[str]]


def _by_size(table: str) -> Iterable[Row]:
    """Rows of a table that has families in lines: ``m5 large=0.096/0.056 xlarge=...``."""
    for line in table.strip().splitlines():
        name, *sizes = line.split()
        for each in sizes:
            label, _, figures = each.partition("=")
            yield f"{name}.{label}", figures.split("/")


def _priced(
    rows: Iterable[Row], region: str, columns: tuple[Terms, ...], source: Source
) -> Iterable[Offer]:
    for name, figures in rows:
        for terms, figure in zip(columns, figures, strict=True):
            if figure != "-":
                yield offer_of(name, region, terms, Decimal(figure), source)


def known_offers() -> Iterable[Offer]:
    """Every figure of every table."""
    yield from _priced(
        _by_size(on_demand_2026.US_EAST_1), "us-east-1", (_ON_DEMAND,), on_demand_2026.SOURCE
    )
    yield from _priced(
        _by_size(us_east_1_2023.US_EAST_1),
        "us-east-1",
        (_ON_DEMAND, _ONE_YEAR_PAID, _SPOT),
        us_east_1_2023.SOURCE,
    )
    for tables, columns, source in (
        (accelerated_2025.STANDARD, (_ON_DEMAND, *_STANDARD), accelerated_2025.SOURCE),
        (accelerated_2025.CONVERTIBLE, _CONVERTIBLE, accelerated_2025.SOURCE),
        (accelerated_2025.SPOT, (_SPOT,), accelerated_2025.SOURCE),
        (reserved_2019.STANDARD, (_ON_DEMAND, *_STANDARD), reserved_2019.SOURCE),
        (reserved_2019.CONVERTIBLE, _CONVERTIBLE, reserved_2019.SOURCE),
    ):
        for regions, table in tables.items():
            for region in regions.split():
                yield from _priced(_by_size(table), region, columns, source)
    for source, region, table in hosting.HOSTING:
        yield from _priced(_by_size(table), region, (_ON_DEMAND,), source)
    yield from _priced(
        _by_size(savings_plans.US_EAST_1), "us-east-1", _WITHOUT_UPFRONT, savings_plans.SOURCE
    )
    for source, region, figures in services.SERVICES:
        rows = ((name, [figure]) for name, figure in figures.items())
        yield from _priced(rows, region, (_ON_DEMAND,), source)


BOOK = Book(Prices(known_offers))
"""What is known without asking AWS."""


def offers_in(region: str, book: Book = BOOK) -> dict[str, Offer]:
    """The on-demand offers of a region by product; empty where none is known."""
    found = ((name, book.find(name, region)) for name in book.products(region))
    return {name: offer for name, offer in found if offer is not None}
