"""Price lists of the structure in which AWS publishes them, for tests."""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from typing import Any

PUBLISHED = "2026-10-05T21:23:28Z"
VERSION = "20261005212328"

HEAD: Mapping[str, Any] = {
    "formatVersion": "v1.0",
    "disclaimer": "This pricing list is for informational purposes only.",
}


def ec2_product(sku: str, name: str, **more: str) -> dict[str, Any]:
    """A product of the EC2 list."""
    attributes = {
        "servicecode": "AmazonEC2",
        "location": "EU (Stockholm)",
        "locationType": "AWS Region",
        "instanceType": name,
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "capacitystatus": "Used",
        "preInstalledSw": "NA",
        "usagetype": f"EUN1-BoxUsage:{name}",
        "operation": "RunInstances",
        "regionCode": "eu-north-1",
        **more,
    }
    return {"sku": sku, "productFamily": "Compute Instance", "attributes": attributes}


def hosting_product(sku: str, name: str) -> dict[str, Any]:
    """A product of the SageMaker list."""
    attributes = {
        "servicecode": "AmazonSageMaker",
        "instanceName": name,
        "component": "Hosting",
        "usagetype": f"EUN1-Host:{name}",
        "operation": "RunInstance",
        "regionCode": "eu-north-1",
    }
    return {"sku": sku, "productFamily": "ML Instance", "attributes": attributes}


def term(
    sku: str, code: str, parts: Mapping[str, str], attributes: Mapping[str, str]
) -> dict[str, Any]:
    """A term: what is paid by unit (``Hrs``, ``Quantity``)."""
    return {
        f"{sku}.{code}": {
            "offerTermCode": code,
            "sku": sku,
            "effectiveDate": "2026-10-01T00:00:00Z",
            "priceDimensions": {
                f"{sku}.{code}.{unit}": {
                    "rateCode": f"{sku}.{code}.{unit}",
                    "description": "a price",
                    "beginRange": "0",
                    "endRange": "Inf",
                    "unit": unit,
                    "pricePerUnit": {"USD": amount},
                    "appliesTo": [],
                }
                for unit, amount in parts.items()
            },
            "termAttributes": dict(attributes),
        }
    }


def on_demand(sku: str, hourly: str) -> dict[str, Any]:
    """An on-demand term."""
    return term(sku, "JRTCKXETXF", {"Hrs": hourly}, {})


def reserved(
    sku: str, code: str, years: int, payment: str, hourly: str, upfront: str, kind: str = "standard"
) -> dict[str, Any]:
    """A reserved term."""
    attributes = {
        "LeaseContractLength": f"{years}yr",
        "OfferingClass": kind,
        "PurchaseOption": payment,
    }
    return term(sku, code, {"Quantity": upfront, "Hrs": hourly}, attributes)


def service_list(
    code: str,
    products: Iterable[Mapping[str, Any]],
    paid: Mapping[str, Any],
    terms: Mapping[str, Any],
) -> dict[str, Any]:
    """A price list of a service, as ``index.json``."""
    return {
        **HEAD,
        "offerCode": code,
        "version": VERSION,
        "publicationDate": PUBLISHED,
        "products": {product["sku"]: product for product in products},
        "terms": {"OnDemand": paid, "Reserved": terms},
        "attributesList": {},
    }


def plan_list(
    family: str, rates: Iterable[tuple[str, str, str, str]], *, payment: str = "No Upfront"
) -> dict[str, Any]:
    """A list of one Savings Plan of a year; rates are service, usage type, operation, price."""
    return {
        **HEAD,
        "offerCode": "AWSComputeSavingsPlan",
        "version": VERSION,
        "publicationDate": PUBLISHED,
        "regionCode": "eu-north-1",
        "products": [
            {
                "sku": "PLAN1",
                "productFamily": family,
                "serviceCode": family,
                "usageType": "ComputeSP:1yrNoUpfront",
                "operation": "",
                "attributes": {
                    "purchaseOption": payment,
                    "granularity": "hourly",
                    "purchaseTerm": "1yr",
                    "locationType": "AWS Region",
                    "location": "Any",
                },
            }
        ],
        "terms": {
            "savingsPlan": [
                {
                    "sku": "PLAN1",
                    "description": "1 year No Upfront",
                    "effectiveDate": "2026-10-01T00:00:00Z",
                    "leaseContractLength": {"duration": 1, "unit": "year"},
                    "rates": [
                        {
                            "discountedSku": f"D{number}",
                            "discountedUsageType": usage_type,
                            "discountedOperation": operation,
                            "discountedServiceCode": service,
                            "rateCode": f"PLAN1.D{number}",
                            "unit": "Hrs",
                            "discountedRate": {"price": price, "currency": "USD"},
                            "discountedRegionCode": "eu-north-1",
                        }
                        for number, (service, usage_type, operation, price) in enumerate(rates)
                    ],
                }
            ]
        },
    }


EXAMPLE = service_list(
    "AmazonEC2",
    [
        ec2_product("AAA", "m7i.large"),
        ec2_product("BBB", "m7i.large", operation="RunInstances:0002", operatingSystem="Windows"),
        ec2_product("CCC", "m7i.large", usagetype="EUN1-UnusedBox:m7i.large"),
        ec2_product("DDD", "m7i.large", usagetype="EUN1-DedicatedUsage:m7i.large"),
        {
            "sku": "EEE",
            "productFamily": "Data Transfer",
            "attributes": {"servicecode": "AmazonEC2"},
        },
    ],
    {
        "AAA": on_demand("AAA", "0.1071000000"),
        "BBB": on_demand("BBB", "0.1991000000"),
        "CCC": on_demand("CCC", "0.1071000000"),
        "DDD": on_demand("DDD", "0.1135000000"),
        "EEE": on_demand("EEE", "0.0100000000"),
    },
    {
        "AAA": {
            **reserved("AAA", "4NA7Y494T4", 1, "No Upfront", "0.0709000000", "0"),
            **reserved("AAA", "HU7G6KETJZ", 1, "Partial Upfront", "0.0337600000", "296"),
            **reserved("AAA", "6QCMYABX3D", 1, "All Upfront", "0.0000000000", "580"),
            **reserved("AAA", "NQ3QZPMQV9", 3, "All Upfront", "0.0000000000", "1094"),
            **reserved("AAA", "MZU6U2429S", 3, "All Upfront", "0", "1400", "convertible"),
        }
    },
)
"""A list of EC2 in Stockholm: two prices that are read, and some that are none of ours."""


def as_bytes(document: Mapping[str, Any]) -> bytes:
    """A list as JSON, indented as AWS has it."""
    return json.dumps(document, indent=2).encode()


def as_csv(document: Mapping[str, Any]) -> bytes:
    """A list of a service as ``index.csv``: five lines of head, then a row for each price."""
    rows = [
        _row(kind, document["products"][sku]["attributes"], each, dimension)
        for kind, by_sku in document["terms"].items()
        for sku, terms in by_sku.items()
        for each in terms.values()
        for dimension in each["priceDimensions"].values()
    ]
    text = io.StringIO()
    head = csv.writer(text, quoting=csv.QUOTE_ALL)
    head.writerow(["FormatVersion", "v1.0"])
    head.writerow(["Disclaimer", "For informational purposes only, as of the date below."])
    head.writerow(["Publication Date", document["publicationDate"]])
    head.writerow(["Version", document["version"]])
    head.writerow(["OfferCode", document["offerCode"]])
    table = csv.DictWriter(text, list(rows[0]), quoting=csv.QUOTE_ALL)
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode()


def _row(
    kind: str, product: Mapping[str, str], term_: Mapping[str, Any], dimension: Mapping[str, Any]
) -> dict[str, str]:
    attributes: Mapping[str, str] = term_["termAttributes"]
    return {
        "SKU": term_["sku"],
        "OfferTermCode": term_["offerTermCode"],
        "TermType": kind,
        "StartingRange": dimension["beginRange"],
        "Unit": dimension["unit"],
        "PricePerUnit": dimension["pricePerUnit"]["USD"],
        "Currency": "USD",
        "LeaseContractLength": attributes.get("LeaseContractLength", ""),
        "PurchaseOption": attributes.get("PurchaseOption", ""),
        "OfferingClass": attributes.get("OfferingClass", ""),
        "serviceCode": product["servicecode"],
        "usageType": product.get("usagetype", ""),
        "operation": product.get("operation", ""),
        "Region Code": product.get("regionCode", ""),
    }
