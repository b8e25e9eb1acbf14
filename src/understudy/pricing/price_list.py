"""AWS's public price lists, as JSON or CSV, as offers.

Source: AWS, Reading the service price list files; Reading the Savings Plans price list files. Of
each service the products are read that Understudy knows: EC2 instances with shared tenancy, hosting
instances and serverless inference of SageMaker, Fargate, Application Load Balancers.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from msgspec import Struct

from understudy.pricing.json_stream import EACH, pieces
from understudy.pricing.offer import (
    COMPUTE,
    EC2_INSTANCE,
    LINUX,
    ON_DEMAND,
    RESERVED,
    SAGEMAKER,
    SAVINGS_PLAN,
    Terms,
)

PLATFORMS = {
    "RunInstances": LINUX,
    "RunInstances:0002": "Windows",
    "RunInstances:0010": "Red Hat Enterprise Linux",
    "RunInstances:000g": "SUSE Linux",
}
"""AWS's product descriptions by operation (AWS: AMI billing information fields)."""

PLAN_KINDS = {
    "ComputeSavingsPlans": COMPUTE,
    "EC2InstanceSavingsPlans": EC2_INSTANCE,
    "SageMakerSavingsPlans": SAGEMAKER,
    "MachineLearningSavingsPlans": SAGEMAKER,
}
"""Types of Savings Plans by product family."""

_USAGE_TYPES = {
    "AmazonEC2": re.compile(r"(?:^|-)BoxUsage:(.+)$"),
    "AmazonSageMaker": re.compile(
        r"(?:^|-)(?:Host(?:ing)?:(ml\..+)|(ServerlessInf:.+)"
        r"|(ProvisionedConcurrency:(?:Mem|Usage)-\d+GB)|(?:\w+:)?(Data-Bytes-(?:In|Out)))$"
    ),
    "AmazonECS": re.compile(r"(?:^|-)(Fargate-.+)$"),
    "AWSELB": re.compile(r"(?:^|-)(LoadBalancerUsage|LCUUsage)$"),
}
_BALANCING = "LoadBalancing:Application"
_DATA, _INVOKE = "Data-Bytes", "Invoke-Endpoint"
_PER_HOUR = {"second": 3600, "seconds": 3600, "sec": 3600, "secs": 3600, "s": 3600}
"""How often a price is paid in an hour, by the unit that it is for; 1 for all other units."""


class Sku(Struct, frozen=True):
    """A product that a price list has a price of."""

    sku: str
    product: str
    region: str
    platform: str


class Price(Struct, frozen=True):
    """A part of a price: an hourly one, or what is paid at the start of a term."""

    sku: str
    terms: Terms
    amount: Decimal
    upfront: bool


class Rate(Struct, frozen=True):
    """What a product costs under a Savings Plan."""

    product: str
    region: str
    platform: str
    terms: Terms
    amount: Decimal


class Published(Struct, frozen=True):
    """When a list was published, an ISO date, and its version."""

    date: str
    version: str


Entry = Sku | Price | Rate | Published


def product_of(service: str, usage_type: str, operation: str) -> tuple[str, str] | None:
    """The product and the platform that a usage type stands for, None if it is none of ours.

    >>> product_of("AmazonEC2", "USW2-BoxUsage:m5.large", "RunInstances:0002")
    ('m5.large', 'Windows')
    >>> product_of("AmazonSageMaker", "USE1-Host:ml.g5.xlarge", "RunInstance")
    ('ml.g5.xlarge', 'Linux/UNIX')
    >>> product_of("AmazonEC2", "UnusedBox:m5.large", "RunInstances")
    """
    pattern = _USAGE_TYPES.get(service)
    match = pattern.search(usage_type) if pattern else None
    if match is None:
        return None
    if _DATA in usage_type and operation != _INVOKE:
        return None
    platform = PLATFORMS.get(operation) if service == "AmazonEC2" else LINUX
    if platform is None or (service == "AWSELB" and operation != _BALANCING):
        return None
    return next(group for group in match.groups() if group), platform


def read_json(chunks: Iterable[bytes]) -> Iterator[Entry]:
    """The entries of a price list in JSON, of a service or of Savings Plans, as they come.

    Raises BrokenJsonError.
    """
    opened = [
        (),
        ("products",),
        ("terms",),
        ("terms", EACH),
        ("terms", "savingsPlan", EACH),
        ("terms", "savingsPlan", EACH, "rates"),
    ]
    head: dict[str, str] = {}
    plan: dict[str, Terms] = {}
    current: dict[str, Any] = {}
    for path, value in pieces(chunks, opened):
        if len(path) == 1 and isinstance(value, str):
            head[path[0]] = value
            if path[0] == "publicationDate":
                yield Published(value[:10], head.get("version", ""))
        elif path[0] == "products" and "attributes" in value:
            yield from _product(value)
            _plan_product(value, plan)
        elif path[:2] == ("terms", "savingsPlan"):
            yield from _plan_value(path, value, plan, current)
        elif path[0] == "terms" and len(path) == 3:
            yield from _prices(path[1], value)


def _product(value: Mapping[str, Any]) -> Iterator[Sku]:
    attributes = value["attributes"]
    service = attributes.get("servicecode", "")
    found = product_of(service, attributes.get("usagetype", ""), attributes.get("operation", ""))
    if found and attributes.get("regionCode"):
        yield Sku(value["sku"], found[0], attributes["regionCode"], found[1])


def _prices(kind: str, terms: Mapping[str, Any]) -> Iterator[Price]:
    """The prices of one SKU on demand or reserved. Of tiers the first counts."""
    for term in terms.values():
        bought = _terms(kind, term.get("termAttributes", {}))
        for dimension in term["priceDimensions"].values():
            amount = _usd(dimension["pricePerUnit"].get("USD", ""))
            unit = dimension["unit"]
            if bought and amount is not None and dimension.get("beginRange", "0") in ("0", ""):
                hourly = amount * _PER_HOUR.get(unit.lower(), 1)
                yield Price(term["sku"], bought, hourly, upfront=unit == "Quantity")


def _terms(kind: str, attributes: Mapping[str, str]) -> Terms | None:
    if kind == ON_DEMAND:
        return Terms(ON_DEMAND)
    years = attributes.get("LeaseContractLength", "").removesuffix("yr").strip()
    if kind != RESERVED or not years.isdigit():
        return None
    return Terms(RESERVED, attributes["OfferingClass"], int(years), attributes["PurchaseOption"])


def _usd(text: str) -> Decimal | None:
    try:
        return Decimal(text).normalize() + 0 if text else None
    except InvalidOperation:
        return None


def _plan_product(value: Mapping[str, Any], plan: dict[str, Terms]) -> None:
    kind = PLAN_KINDS.get(value.get("productFamily", ""))
    attributes = value["attributes"]
    years = attributes.get("purchaseTerm", "").removesuffix("yr")
    if kind and years.isdigit():
        plan[value["sku"]] = Terms(SAVINGS_PLAN, kind, int(years), attributes["purchaseOption"])


def _plan_value(
    path: tuple[str, ...], value: Any, plan: Mapping[str, Terms], current: dict[str, Any]
) -> Iterator[Rate]:
    """A value of a Savings Plan's term: its SKU comes before its rates."""
    if path[3:] == ("sku",):
        current["terms"] = plan.get(value)
    elif path[3:4] == ("rates",) and current.get("terms"):
        found = product_of(
            value["discountedServiceCode"],
            value["discountedUsageType"],
            value["discountedOperation"],
        )
        amount = _usd(value["discountedRate"]["price"])
        region = value.get("discountedRegionCode", "")
        if found and amount is not None and region:
            yield Rate(found[0], region, found[1], current["terms"], amount)


def read_csv(lines: Iterable[str]) -> Iterator[Entry]:
    """The entries of a price list in CSV, of a service or of Savings Plans, as they come.

    Raises ValueError where there is no header.
    """
    rows = csv.reader(lines)
    head: dict[str, str] = {}
    for row in rows:
        if row and row[0] == "SKU":
            yield Published(head.get("Publication Date", "")[:10], head.get("Version", ""))
            names = [name.lower().replace(" ", "") for name in row]
            for values in rows:
                yield from _csv_row(dict(zip(names, values, strict=False)))
            return
        if len(row) > 1:
            head[row[0]] = row[1]
    raise ValueError("there is no line that begins with SKU: this is no price list")


def _csv_row(row: Mapping[str, str]) -> Iterator[Entry]:
    if "discountedrate" in row:
        yield from _csv_rate(row)
        return
    found = product_of(
        row.get("servicecode", ""), row.get("usagetype", ""), row.get("operation", "")
    )
    region = row.get("regioncode", "")
    attributes = {
        "LeaseContractLength": row.get("leasecontractlength", ""),
        "OfferingClass": row.get("offeringclass", ""),
        "PurchaseOption": row.get("purchaseoption", ""),
    }
    terms = _terms(row.get("termtype", ""), attributes)
    amount = _usd(row.get("priceperunit", ""))
    if (
        found
        and region
        and terms
        and amount is not None
        and row.get("startingrange", "") in ("0", "")
    ):
        yield Sku(row["sku"], found[0], region, found[1])
        unit = row.get("unit", "")
        hourly = amount * _PER_HOUR.get(unit.lower(), 1)
        yield Price(row["sku"], terms, hourly, upfront=unit == "Quantity")


def _csv_rate(row: Mapping[str, str]) -> Iterator[Rate]:
    kind = PLAN_KINDS.get(row.get("productfamily", ""))
    found = product_of(
        row.get("discountedservicecode", ""),
        row.get("discountedusagetype", ""),
        row.get("discountedoperation", ""),
    )
    years, amount = row.get("leasecontractlength", ""), _usd(row["discountedrate"])
    region = row.get("discountedregioncode", "")
    if kind and found and years.isdigit() and amount is not None and region:
        terms = Terms(SAVINGS_PLAN, kind, int(years), row["purchaseoption"])
        yield Rate(found[0], region, found[1], terms, amount)
