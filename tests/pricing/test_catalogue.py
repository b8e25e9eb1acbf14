from decimal import Decimal

import pytest

from understudy.pricing.catalogue import BOOK, known_offers, offers_in
from understudy.pricing.offer import (
    ALL_UPFRONT,
    CONVERTIBLE,
    NO_UPFRONT,
    ON_DEMAND,
    PARTIAL_UPFRONT,
    RESERVED,
    SPOT,
    STANDARD,
    Terms,
)


@pytest.mark.parametrize(
    ("region", "product", "hourly", "as_of"),
    [
        pytest.param("us-east-1", "ml.m5.xlarge", "0.23", "2026-09-28", id="from the price list"),
        pytest.param("us-east-1", "ml.g5.xlarge", "1.4084", "", id="undated where undated"),
        pytest.param("us-east-2", "ml.t3.large", "0.1", "", id="a figure of Ohio"),
        pytest.param("us-east-2", "ml.p3.2xlarge", "3.825", "", id="a figure of both regions"),
        pytest.param("us-east-1", "m5.large", "0.096", "2026-07-20", id="an EC2 type"),
        pytest.param("us-east-1", "p5.48xlarge", "55.04", "2026-07-20", id="after the price cut"),
        pytest.param("eu-west-1", "c5.large", "0.096", "2019-04-05", id="old where nothing newer"),
        pytest.param("us-west-2", "g5.xlarge", "1.006", "2025-11-30", id="Oregon"),
        pytest.param(
            "us-east-1", "Fargate-vCPU-Hours:perCPU", "0.04048", "2026-03-10", id="Fargate's CPU"
        ),
        pytest.param("us-east-1", "LCUUsage", "0.008", "2026-05-08", id="a balancer's LCU"),
    ],
)
def test_known_on_demand_figures(region: str, product: str, hourly: str, as_of: str):
    offer = offers_in(region)[product]
    assert (offer.hourly, offer.as_of, offer.region) == (Decimal(hourly), as_of, region)


@pytest.mark.parametrize(
    ("product", "terms", "hourly", "upfront", "effective"),
    [
        pytest.param(
            "m5.large", Terms(RESERVED, STANDARD, 1, NO_UPFRONT), "0.061", "0", "0.061",
            id="no upfront is all hourly",
        ),
        pytest.param(
            "m5.large", Terms(RESERVED, STANDARD, 1, ALL_UPFRONT), "0", "494", "0.056393",
            id="all upfront is paid at once, in 2023",
        ),
        pytest.param(
            "m5.large", Terms(RESERVED, STANDARD, 3, ALL_UPFRONT), "0", "968", "0.036834",
            id="three years all upfront, in 2019",
        ),
        pytest.param(
            "m5.large", Terms(RESERVED, STANDARD, 1, PARTIAL_UPFRONT), "0.058224", None, "0.058224",
            id="how a partial payment is divided is not known",
        ),
        pytest.param(
            "g5.xlarge", Terms(RESERVED, CONVERTIBLE, 3, NO_UPFRONT), "0.54324", "0", "0.54324",
            id="convertible",
        ),
        pytest.param("g5.xlarge", Terms(SPOT), "0.39388", "0", "0.39388", id="spot, averaged"),
    ],
)  # fmt: skip
def test_known_committed_figures(
    product: str, terms: Terms, hourly: str, upfront: str | None, effective: str
):
    offer = BOOK.find(product, "us-east-1", terms)
    assert offer is not None
    assert offer.hourly == Decimal(hourly)
    assert offer.upfront == (None if upfront is None else Decimal(upfront))
    assert round(float(offer.effective), 6) == float(effective)


def test_every_figure_names_its_source_and_is_a_price():
    offers = list(known_offers())
    assert all(offer.source and offer.effective > 0 for offer in offers)
    keys = {(o.instance_type, o.region, o.terms, o.source, o.as_of) for o in offers}
    assert len(keys) == len(offers)


def test_many_types_are_priced():
    families = [
        "m5",
        "c5",
        "r5",
        "m6i",
        "c6i",
        "m7i",
        "c7g",
        "r6i",
        "t3",
        "g4dn",
        "g5",
        "g6",
        "p3",
        "p4d",
        "p5",
        "inf1",
        "inf2",
        "trn1",
    ]
    known = set(BOOK.products("us-east-1"))
    assert len([name for name in known if not name.startswith("ml.")]) > 150
    for family in families:
        assert any(name.startswith(f"{family}.") for name in known), family
    assert len({name for name in known if name.startswith("ml.")}) > 30


@pytest.mark.parametrize(
    ("region", "product"),
    [
        pytest.param("us-east-1", "ml.t3.large", id="known elsewhere is not known here"),
        pytest.param("us-east-1", "ml.m5.4xlarge", id="a sibling's price is not extrapolated"),
        pytest.param("eu-west-1", "ml.m5.large", id="a region without figures"),
        pytest.param("us-east-1", "ServerlessInf:Mem-1GB", id="no source was found"),
    ],
)
def test_a_missing_figure_stays_missing(region: str, product: str):
    assert product not in offers_in(region)


def test_a_rate_of_a_savings_plan_has_its_source_and_date():
    rates = [each for each in known_offers() if each.purchase not in (ON_DEMAND, RESERVED, SPOT)]
    assert [(each.instance_type, each.region, each.as_of) for each in rates] == [
        ("m6a.xlarge", "us-east-1", "2026-10-01")
    ]
    (rate,) = rates
    now = BOOK.find("m6a.xlarge", "us-east-1")
    assert now is not None
    assert Decimal("0.6") < rate.hourly / now.hourly < 1
    assert "vantage" in rate.source


def test_a_committed_price_can_be_held_against_its_own_time():
    # p4d cost 32.7726 $/h on demand in us-east-1 until 2025 and 21.957642 since.
    offer = BOOK.find("p4d.24xlarge", "us-east-1", Terms(RESERVED, STANDARD, 1, NO_UPFRONT))
    assert offer is not None
    then = BOOK.beside(offer)
    assert then is not None
    assert (then.hourly, then.as_of) == (Decimal("21.957642"), "2025-11-30")
