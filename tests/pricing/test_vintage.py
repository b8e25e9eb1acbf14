from decimal import Decimal

import pytest

from understudy.base.diagnostic import Severity
from understudy.pricing.offer import Offer
from understudy.pricing.vintage import stale, vintage


def offer(name: str, as_of: str) -> Offer:
    return Offer(name, "us-east-1", "OnDemand", Decimal("0.1"), as_of, f"page of {as_of}")


@pytest.mark.parametrize(
    ("dates", "mixed", "said"),
    [
        pytest.param(["2026-10-01"], False, "prices of 2026-10-01, 50 days old", id="one date"),
        pytest.param(
            ["2026-09-01", "2026-10-01"],
            False,
            "prices of 2026-09-01 to 2026-10-01; the oldest is 80 days old",
            id="dates close to each other",
        ),
        pytest.param(
            ["2019-04-05", "2026-10-01"],
            True,
            "prices of 2019-04-05 to 2026-10-01, vintages mixed; the oldest is 7 years old",
            id="years between them",
        ),
        pytest.param(["", ""], False, "prices without a date", id="no date at all"),
        pytest.param(
            ["", "2026-10-01"],
            True,
            "prices of 2026-10-01 to 2026-10-01, some without a date, vintages mixed; "
            "the oldest is 50 days old",
            id="some without a date",
        ),
        pytest.param([], False, "no prices", id="nothing"),
    ],
)
def test_the_age_of_prices_is_said(dates: list[str], mixed: bool, said: str):
    found = vintage(offer(f"m{index}.large", date) for index, date in enumerate(dates))
    assert (found.mixed, found.said("2026-11-20")) == (mixed, said)


def test_prices_older_than_a_year_are_warned_of():
    offers = [
        offer("m5.large", "2019-04-05"),
        offer("c5.large", "2019-04-05"),
        offer("r5.large", ""),
    ]
    warnings = stale([*offers, offer("t3.nano", "2026-10-01")], "2026-11-20")
    assert [each.summary for each in warnings] == [
        "The on demand price of r5.large has no date.",
        "The on demand price of c5.large, m5.large is of 2019-04-05, 7 years ago.",
    ]
    assert {each.severity for each in warnings} == {Severity.WARNING}
