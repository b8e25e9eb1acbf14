"""Prices on disk: read whole or not at all, in memory that does not grow."""

import tracemalloc
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from understudy.pricing.book import Book
from understudy.pricing.catalogue import BOOK
from understudy.pricing.json_stream import BrokenJsonError
from understudy.pricing.offer import (
    ALL_UPFRONT,
    COMPUTE,
    NO_UPFRONT,
    PARTIAL_UPFRONT,
    RESERVED,
    SAVINGS_PLAN,
    STANDARD,
    Terms,
)
from understudy.pricing.price_list import read_json
from understudy.storage.prices import StoredPrices
from understudy.testing.price_lists import EXAMPLE, as_bytes, ec2_product, on_demand, plan_list

TODAY = "2026-11-01"


@pytest.fixture
def prices(tmp_path: Path) -> Iterator[StoredPrices]:
    stored = StoredPrices(tmp_path / "prices.db")
    yield stored
    stored.close()


def test_hourly_and_upfront_parts_become_one_offer(prices: StoredPrices):
    read = prices.read("ec2", "a file", read_json([as_bytes(EXAMPLE)]), TODAY)
    assert (read.offers, read.published) == (7, "2026-10-05")
    book = Book(prices)
    partial = book.find("m7i.large", "eu-north-1", Terms(RESERVED, STANDARD, 1, PARTIAL_UPFRONT))
    assert partial is not None
    assert (partial.hourly, partial.upfront) == (Decimal("0.03376"), Decimal(296))
    assert partial.effective == Fraction("0.03376") + Fraction(296, 8760)
    paid = book.find("m7i.large", "eu-north-1", Terms(RESERVED, STANDARD, 1, ALL_UPFRONT))
    assert paid is not None
    assert (paid.hourly, paid.upfront, paid.as_of) == (Decimal(0), Decimal(580), "2026-10-05")
    windows = book.find("m7i.large", "eu-north-1", platform="Windows")
    assert windows is not None
    assert windows.hourly == Decimal("0.1991")


def test_a_list_replaces_what_it_said_before_and_leaves_others(prices: StoredPrices):
    prices.read("ec2", "a file", read_json([as_bytes(EXAMPLE)]), TODAY)
    plan = plan_list(
        "ComputeSavingsPlans", [("AmazonEC2", "BoxUsage:m7i.large", "RunInstances", "0.0777")]
    )
    prices.read("plans", "another", read_json([as_bytes(plan)]), TODAY)
    smaller = {**EXAMPLE, "terms": {"OnDemand": {"AAA": on_demand("AAA", "0.2")}, "Reserved": {}}}
    prices.read("ec2", "a newer file", read_json([as_bytes(smaller)]), TODAY)
    assert {offer.terms for offer in prices.offers("m7i.large", "eu-north-1")} == {
        Terms(),
        Terms(SAVINGS_PLAN, COMPUTE, 1, NO_UPFRONT),
    }
    assert [each.source for each in prices.lists()] == ["a newer file", "another"]
    assert prices.products() == [("m7i.large", "eu-north-1")]


def test_a_list_that_breaks_off_changes_nothing(prices: StoredPrices):
    prices.read("ec2", "a file", read_json([as_bytes(EXAMPLE)]), TODAY)
    before = prices.offers("m7i.large", "eu-north-1")
    with pytest.raises(BrokenJsonError):
        prices.read("ec2", "half a file", read_json([as_bytes(EXAMPLE)[:-2000]]), TODAY)
    assert prices.offers("m7i.large", "eu-north-1") == before
    prices.read("ec2", "a file again", read_json([as_bytes(EXAMPLE)]), TODAY)


def test_what_was_read_goes_before_older_figures(prices: StoredPrices):
    newer = {
        **EXAMPLE,
        "products": {
            "AAA": ec2_product(
                "AAA", "m5.large", usagetype="BoxUsage:m5.large", regionCode="us-east-1"
            )
        },
    }
    prices.read("ec2", "a file", read_json([as_bytes(newer)]), TODAY)
    offer = Book(*BOOK.shelves, prices).find("m5.large", "us-east-1")
    assert offer is not None
    assert (offer.hourly, offer.as_of) == (Decimal("0.1071"), "2026-10-05")


def endless(products: int) -> Iterator[bytes]:
    """A list with many products that are none of ours, and as many terms."""
    padding = "x" * 700
    yield b'{"publicationDate": "2026-10-05T00:00:00Z", "products": {'
    for number in range(products):
        comma = "," if number else ""
        yield (
            f'{comma}"S{number}": {{"sku": "S{number}", "attributes": '
            f'{{"servicecode": "AmazonEC2", "usagetype": "EBS:{padding}"}}}}'
        ).encode()
    yield b'}, "terms": {"OnDemand": {'
    for number in range(products):
        comma = "," if number else ""
        yield f'{comma}"S{number}": {{}}'.encode()
    yield b"}}}"


def test_memory_does_not_grow_with_a_list(prices: StoredPrices):
    def peak(products: int) -> int:
        tracemalloc.start()
        try:
            prices.read("big", "a stream", read_json(endless(products)), TODAY)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)
    small, large = peak(500), peak(10_000)
    assert large < small + 2**20
