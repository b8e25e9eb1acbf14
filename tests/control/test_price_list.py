"""The Price List service, as GetProducts of AWS answers."""

import json
from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.price_list.operations import OPERATIONS, PriceListService
from understudy.pricing.catalogue import BOOK
from understudy.testing.stage import Stage


@pytest.fixture
def stage() -> Stage:
    stage = Stage(at=1_790_000_000.0)
    stage.add("pricing", PriceListService(BOOK), OPERATIONS)
    return stage


def terms(**fields: str) -> list[dict[str, str]]:
    return [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in fields.items()]


def products(stage: Stage, code: str, filters: list[dict[str, str]]) -> list[dict[str, Any]]:
    answer = stage.call("pricing", "GetProducts", ServiceCode=code, Filters=filters)
    return [json.loads(each) for each in answer["PriceList"]]


def test_the_on_demand_price_of_an_instance(stage: Stage):
    (found,) = products(
        stage,
        "AmazonEC2",
        terms(instanceType="m5.large", regionCode="us-east-1", operatingSystem="Linux"),
    )
    assert found["product"]["attributes"]["vcpu"] == "2"
    assert found["product"]["attributes"]["memory"] == "8 GiB"
    assert found["product"]["attributes"]["location"] == "US East (N. Virginia)"
    (term,) = found["terms"]["OnDemand"].values()
    (dimension,) = term["priceDimensions"].values()
    assert dimension["pricePerUnit"] == {"USD": "0.0960000000"}
    assert dimension["unit"] == "Hrs"
    assert "2026-07-20" in dimension["description"]


def test_reserved_terms_have_what_is_paid_upfront(stage: Stage):
    filters = terms(instanceType="m5.large", regionCode="us-east-1")
    (found,) = products(stage, "AmazonEC2", filters)
    paid = {
        (
            term["termAttributes"]["LeaseContractLength"],
            term["termAttributes"]["OfferingClass"],
            term["termAttributes"]["PurchaseOption"],
        ): {each["unit"]: each["pricePerUnit"]["USD"] for each in term["priceDimensions"].values()}
        for term in found["terms"]["Reserved"].values()
    }
    assert paid["1yr", "standard", "All Upfront"] == {
        "Hrs": "0.0000000000",
        "Quantity": "494.0000000000",
    }
    assert paid["1yr", "standard", "No Upfront"] == {"Hrs": "0.0610000000"}
    assert ("1yr", "standard", "Partial Upfront") not in paid


@pytest.mark.parametrize(
    ("kind", "field", "value", "expected"),
    [
        ("EQUALS", "usagetype", "LCUUsage", {"LCUUsage"}),
        ("CONTAINS", "usagetype", "LCU", {"LCUUsage"}),
        ("ANY_OF", "usagetype", "LCUUsage, LoadBalancerUsage", {"LCUUsage", "LoadBalancerUsage"}),
        ("NONE_OF", "usagetype", "LCUUsage", {"LoadBalancerUsage"}),
        ("TERM_MATCH", "noSuchField", "x", set()),
    ],
)
def test_filters(stage: Stage, kind: str, field: str, value: str, expected: set[str]):
    found = products(stage, "AWSELB", [{"Type": kind, "Field": field, "Value": value}])
    assert {each["product"]["attributes"]["usagetype"] for each in found} == expected


def test_products_come_in_pages(stage: Stage):
    seen: set[str] = set()
    token: dict[str, str] = {}
    pages = 0
    while True:
        answer = stage.call(
            "pricing", "GetProducts", ServiceCode="AmazonEC2", MaxResults=50, **token
        )
        seen |= {json.loads(each)["product"]["sku"] for each in answer["PriceList"]}
        pages += 1
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert pages > 3
    assert len(seen) > 150


def test_services_and_the_values_of_their_attributes(stage: Stage):
    (service,) = stage.call("pricing", "DescribeServices", ServiceCode="AmazonSageMaker")[
        "Services"
    ]
    assert {"instanceName", "regionCode", "vcpu"} <= set(service["AttributeNames"])
    values = stage.call(
        "pricing", "GetAttributeValues", ServiceCode="AmazonEC2", AttributeName="regionCode"
    )
    assert [each["Value"] for each in values["AttributeValues"]] == [
        "eu-west-1",
        "us-east-1",
        "us-west-2",
    ]


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        ("GetProducts", {"ServiceCode": "AmazonRDS"}, "NotFoundException"),
        (
            "GetAttributeValues",
            {"ServiceCode": "AmazonEC2", "AttributeName": "colour"},
            "InvalidParameterException",
        ),
        (
            "GetProducts",
            {"ServiceCode": "AmazonEC2", "NextToken": "what"},
            "InvalidNextTokenException",
        ),
    ],
)
def test_what_is_refused(stage: Stage, operation: str, params: dict[str, Any], code: str):
    with pytest.raises(Fault) as fault:
        stage.call("pricing", operation, **params)
    assert fault.value.code == code
