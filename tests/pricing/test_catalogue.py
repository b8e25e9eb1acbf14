from decimal import Decimal

import pytest

from understudy.pricing.catalogue import OFFERS, offers_in


@pytest.mark.parametrize(
    ("region", "instance_type", "hourly", "as_of"),
    [
        pytest.param(
            "us-east-1", "ml.m5.xlarge", "0.23", "2026-09-28", id="read from the price list"
        ),
        pytest.param("us-east-1", "ml.g5.xlarge", "1.4084", "", id="undated where undated"),
        pytest.param("us-east-2", "ml.t3.large", "0.1", "", id="a figure of Ohio"),
        pytest.param("us-east-2", "ml.p3.2xlarge", "3.825", "", id="a figure of both regions"),
    ],
)
def test_known_figures(region: str, instance_type: str, hourly: str, as_of: str):
    offer = offers_in(region)[instance_type]
    assert (offer.hourly, offer.as_of, offer.region) == (Decimal(hourly), as_of, region)


def test_every_figure_names_its_source_once_for_a_region():
    assert all(offer.source and offer.hourly > 0 for offer in OFFERS)
    assert len({(offer.instance_type, offer.region) for offer in OFFERS}) == len(OFFERS)


@pytest.mark.parametrize(
    ("region", "instance_type"),
    [
        pytest.param("us-east-1", "ml.t3.large", id="known elsewhere is not known here"),
        pytest.param("us-east-1", "ml.m5.4xlarge", id="a sibling's price is not extrapolated"),
        pytest.param("eu-west-1", "ml.m5.large", id="a region without figures"),
    ],
)
def test_a_missing_figure_stays_missing(region: str, instance_type: str):
    assert instance_type not in offers_in(region)
