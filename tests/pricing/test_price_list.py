"""AWS's price lists, read as they come: the size of the pieces makes no difference."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.pricing.json_stream import EACH, BrokenJsonError, pieces
from understudy.pricing.offer import (
    ALL_UPFRONT,
    COMPUTE,
    EC2_INSTANCE,
    LINUX,
    NO_UPFRONT,
    ON_DEMAND,
    SAGEMAKER,
    SAVINGS_PLAN,
    Terms,
)
from understudy.pricing.price_list import (
    Price,
    Published,
    Rate,
    Sku,
    product_of,
    read_csv,
    read_json,
)
from understudy.testing.price_lists import EXAMPLE, as_bytes, as_csv, plan_list

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@given(st.dictionaries(st.text(max_size=4), values, max_size=4), st.integers(1, 9), st.booleans())
def test_pieces_are_those_of_the_document(document: dict[str, object], size: int, ascii_: bool):
    text = json.dumps(document, ensure_ascii=ascii_, indent=1).encode()
    assert [(path[0], value) for path, value in pieces(cut(text, size), [()])] == list(
        document.items()
    )


def test_opened_containers_come_one_by_one():
    document = b'{"a": [{"x": 1, "y": [1, 2]}, {"x": 2, "y": []}], "b": [3]}'
    opened = [(), ("a",), ("a", EACH), ("a", EACH, "y")]
    assert list(pieces([document], opened)) == [
        (("a", "0", "x"), 1),
        (("a", "0", "y", "0"), 1),
        (("a", "0", "y", "1"), 2),
        (("a", "1", "x"), 2),
        (("b",), [3]),
    ]


@pytest.mark.parametrize(
    "broken", [b"", b"{", b'{"a": 1', b'{"a" 1}', b'{"a": tru}', b'{"a": 1 "b": 2}', b"[1, 2"]
)
def test_a_broken_document_is_refused(broken: bytes):
    with pytest.raises(BrokenJsonError):
        list(pieces(cut(broken, 2), [()]))


@pytest.mark.parametrize(
    ("service", "usage_type", "operation", "expected"),
    [
        ("AmazonEC2", "BoxUsage:m5.large", "RunInstances", ("m5.large", LINUX)),
        ("AmazonEC2", "EUC1-BoxUsage:c5.xlarge", "RunInstances:0002", ("c5.xlarge", "Windows")),
        ("AmazonEC2", "BoxUsage:m5.large", "RunInstances:0800", None),
        ("AmazonEC2", "Reservation:m5.large", "RunInstances", None),
        ("AmazonSageMaker", "USW2-Host:ml.g5.xlarge", "RunInstance", ("ml.g5.xlarge", LINUX)),
        ("AmazonSageMaker", "USW2-Train:ml.g5.xlarge", "RunInstance", None),
        (
            "AmazonSageMaker",
            "USE1-ServerlessInf:Mem-1GB",
            "Invoke-Endpoint",
            ("ServerlessInf:Mem-1GB", LINUX),
        ),
        (
            "AmazonSageMaker",
            "USE1-ProvisionedConcurrency:Usage-2GB",
            "Invoke-Endpoint",
            ("ProvisionedConcurrency:Usage-2GB", LINUX),
        ),
        (
            "AmazonSageMaker",
            "EU-Hst:Data-Bytes-Out",
            "Invoke-Endpoint",
            ("Data-Bytes-Out", LINUX),
        ),
        ("AmazonSageMaker", "EU-DataWrangler:Data-Bytes-Out", "Other", None),
        ("AmazonECS", "USE1-Fargate-GB-Hours", "", ("Fargate-GB-Hours", LINUX)),
        ("AWSELB", "USW2-LCUUsage", "LoadBalancing:Application", ("LCUUsage", LINUX)),
        ("AWSELB", "USW2-LCUUsage", "LoadBalancing:Network", None),
        ("AmazonS3", "TimedStorage-ByteHrs", "", None),
    ],
)
def test_what_a_usage_type_stands_for(
    service: str, usage_type: str, operation: str, expected: tuple[str, str] | None
):
    assert product_of(service, usage_type, operation) == expected


def test_a_list_in_json():
    entries = list(read_json(cut(as_bytes(EXAMPLE), 700)))
    assert entries[0] == Published("2026-10-05", "20261005212328")
    assert [entry for entry in entries if isinstance(entry, Sku)] == [
        Sku("AAA", "m7i.large", "eu-north-1", LINUX),
        Sku("BBB", "m7i.large", "eu-north-1", "Windows"),
    ]
    prices = [entry for entry in entries if isinstance(entry, Price)]
    assert Price("AAA", Terms(ON_DEMAND), Decimal("0.1071"), upfront=False) in prices
    paid = Terms("Reserved", "standard", 3, ALL_UPFRONT)
    assert Price("AAA", paid, Decimal(1094), upfront=True) in prices


@given(st.integers(1, 5000))
def test_the_size_of_the_pieces_does_not_matter(size: int):
    document = as_bytes(EXAMPLE)
    assert list(read_json(cut(document, size))) == list(read_json([document]))


def test_a_list_in_csv_says_what_the_same_list_in_json_says():
    def told(entries: list[object]) -> set[object]:
        ours = {entry.sku for entry in entries if isinstance(entry, Sku)}
        return {e for e in entries if not isinstance(e, Price) or e.sku in ours}

    rows = list(read_csv(as_csv(EXAMPLE).decode().splitlines(keepends=True)))
    assert told(rows) == told(list(read_json([as_bytes(EXAMPLE)])))


@pytest.mark.parametrize(
    ("family", "kind"),
    [
        ("ComputeSavingsPlans", COMPUTE),
        ("EC2InstanceSavingsPlans", EC2_INSTANCE),
        ("SageMakerSavingsPlans", SAGEMAKER),
    ],
)
def test_rates_of_savings_plans(family: str, kind: str):
    document = plan_list(
        family,
        [
            ("AmazonEC2", "EUN1-BoxUsage:m7i.large", "RunInstances", "0.0777"),
            ("AmazonEC2", "EUN1-BoxUsage:m7i.large", "RunInstances:0002", "0.1697"),
            ("AmazonEC2", "EUN1-DedicatedUsage:m7i.large", "RunInstances", "0.0824"),
            ("AWSLambda", "EUN1-Lambda-GB-Second", "Invoke", "0.0000138"),
        ],
    )
    terms = Terms(SAVINGS_PLAN, kind, 1, NO_UPFRONT)
    rates = [entry for entry in read_json([as_bytes(document)]) if isinstance(entry, Rate)]
    assert rates == [
        Rate("m7i.large", "eu-north-1", LINUX, terms, Decimal("0.0777")),
        Rate("m7i.large", "eu-north-1", "Windows", terms, Decimal("0.1697")),
    ]


def test_what_is_no_price_list_is_refused():
    with pytest.raises(ValueError, match="no price list"):
        list(read_csv(["a,b\n", "1,2\n"]))


def test_rates_of_savings_plans_in_csv():
    header = (
        "SKU,Unit,DiscountedRate,DiscountedServiceCode,DiscountedUsageType,DiscountedOperation,"
        "PurchaseOption,LeaseContractLength,Product Family,DiscountedRegionCode\n"
    )
    row = (
        "P,Hrs,0.0777,AmazonEC2,EUN1-BoxUsage:m7i.large,RunInstances,"
        "No Upfront,1,ComputeSavingsPlans,eu-north-1\n"
    )
    head = ["Publication Date,2026-10-05T21:23:28Z\n", "Version,20261005212328\n"]
    lines = [*head, header, row]
    assert list(read_csv(lines)) == [
        Published("2026-10-05", "20261005212328"),
        Rate(
            "m7i.large",
            "eu-north-1",
            LINUX,
            Terms(SAVINGS_PLAN, COMPUTE, 1, NO_UPFRONT),
            Decimal("0.0777"),
        ),
    ]


@pytest.mark.parametrize(("unit", "hourly"), [("Second", "0.0720"), ("GB", "0.00002")])
def test_what_is_priced_by_the_second_is_kept_by_the_hour(unit: str, hourly: str):
    attributes = {
        "servicecode": "AmazonSageMaker",
        "usagetype": "ServerlessInf:Mem-1GB",
        "operation": "Invoke-Endpoint",
        "regionCode": "us-east-1",
    }
    dimension = {"unit": unit, "pricePerUnit": {"USD": "0.0000200000"}, "beginRange": "0"}
    document = {
        "products": {"S": {"sku": "S", "attributes": attributes}},
        "terms": {"OnDemand": {"S": {"S.J": {"sku": "S", "priceDimensions": {"d": dimension}}}}},
    }
    (price,) = [each for each in read_json([as_bytes(document)]) if isinstance(each, Price)]
    assert price.amount == Decimal(hourly)
