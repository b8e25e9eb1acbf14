"""Products of the price book as the Price List service describes them.

Source: AWS, Price List query API, GetProducts. A SKU is made from what the product is, so it stays
the same; AWS's own SKUs are others.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

from understudy.base.regions import LOCATIONS
from understudy.pricing.book import Book
from understudy.pricing.instance import HOSTING, family, hardware
from understudy.pricing.offer import LINUX, ON_DEMAND, RESERVED, Offer

EC2, SAGEMAKER, ECS, ELB = "AmazonEC2", "AmazonSageMaker", "AmazonECS", "AWSELB"

_SYSTEMS = {LINUX: "Linux", "Red Hat Enterprise Linux": "RHEL", "SUSE Linux": "SUSE"}
_OPERATIONS = {LINUX: "RunInstances", "Windows": "RunInstances:0002"}
_ON_DEMAND_CODE = "JRTCKXETXF"
_HOURLY, _UPFRONT = "6YS6EN2CT7", "2TG2D8R56U"
"""AWS's codes of the on-demand term and of hourly and upfront rates."""

Attributes = Mapping[str, str]


def service_of(product: str) -> str:
    """The service code of a product.

    >>> [service_of(name) for name in ("m5.large", "ml.m5.large", "Fargate-GB-Hours", "LCUUsage")]
    ['AmazonEC2', 'AmazonSageMaker', 'AmazonECS', 'AWSELB']
    """
    if product.startswith((HOSTING, "ServerlessInf:", "ProvisionedConcurrency:", "Data-Bytes-")):
        return SAGEMAKER
    if product.startswith("Fargate"):
        return ECS
    return EC2 if "." in product else ELB


def attributes_of(product: str, region: str, platform: str) -> Attributes:
    """What the price list says of a product, as far as it is known here."""
    found = {
        "servicecode": service_of(product),
        "regionCode": region,
        "location": LOCATIONS.get(region, region),
        "locationType": "AWS Region",
    }
    makers = {EC2: _ec2, SAGEMAKER: _hosting, ECS: _fargate, ELB: _balancer}
    return found | makers[found["servicecode"]](product, platform)


def _ec2(product: str, platform: str) -> dict[str, str]:
    return {
        "instanceType": product,
        "operatingSystem": _SYSTEMS.get(platform, platform),
        "tenancy": "Shared",
        "capacitystatus": "Used",
        "preInstalledSw": "NA",
        "licenseModel": "No License required",
        "usagetype": f"BoxUsage:{product}",
        "operation": _OPERATIONS.get(platform, "RunInstances"),
        **_hardware(product),
    }


def _hosting(product: str, _: str) -> dict[str, str]:
    if not product.startswith(HOSTING):
        return {"usagetype": product, "operation": "Invoke-Endpoint"}
    return {
        "instanceName": product,
        "instanceType": f"{product}-Hosting",
        "component": "Hosting",
        "usagetype": f"Host:{product}",
        "operation": "RunInstance",
        **_hardware(product),
    }


def _fargate(product: str, _: str) -> dict[str, str]:
    return {"usagetype": product, "operation": ""}


def _balancer(product: str, _: str) -> dict[str, str]:
    return {"usagetype": product, "operation": "LoadBalancing:Application"}


def _hardware(product: str) -> dict[str, str]:
    found = hardware(product)
    if found is None:
        return {}
    accelerators = {"gpu": str(found.accelerators)} if found.accelerators else {}
    return {
        "vcpu": str(found.vcpus),
        "memory": f"{found.memory_gib:g} GiB",
        "instanceFamily": family(product),
        **accelerators,
    }


def sku_of(product: str, region: str, platform: str) -> str:
    """A SKU of 16 characters.

    >>> len(sku_of("m5.large", "us-east-1", "Linux/UNIX"))
    16
    """
    digest = blake2b(f"{product}/{region}/{platform}".encode(), digest_size=10).digest()
    return base64.b32encode(digest).decode()


def products_of(book: Book, service: str) -> Iterable[tuple[str, str, str]]:
    """Product, region and platform of everything that has a price on demand or reserved."""
    for region in book.regions():
        for product in book.products(region):
            if service_of(product) == service:
                platforms = {
                    offer.platform
                    for offer in book.history(product, region)
                    if offer.purchase in (ON_DEMAND, RESERVED)
                }
                for platform in sorted(platforms):
                    yield product, region, platform


def document_of(book: Book, product: str, region: str, platform: str) -> str:
    """One item of GetProducts: the product with its terms, as JSON text."""
    sku = sku_of(product, region, platform)
    offers = list(book.offers(product, region, platform).values())
    family_of = "Compute Instance" if service_of(product) == EC2 else "ML Instance"
    dates = [offer.as_of for offer in offers if offer.as_of]
    return json.dumps(
        {
            "product": {
                "productFamily": family_of if "." in product else product,
                "attributes": dict(attributes_of(product, region, platform)),
                "sku": sku,
            },
            "serviceCode": service_of(product),
            "terms": {
                kind: terms
                for kind in (ON_DEMAND, RESERVED)
                if (terms := _terms(sku, [each for each in offers if each.purchase == kind]))
            },
            "version": max(dates, default=""),
            "publicationDate": f"{max(dates)}T00:00:00Z" if dates else "",
        }
    )


def _terms(sku: str, offers: Iterable[Offer]) -> dict[str, Any]:
    """Terms by SKU and code. How a partial payment is divided has to be known."""
    return {
        f"{sku}.{_code(offer)}": {
            "offerTermCode": _code(offer),
            "sku": sku,
            "effectiveDate": f"{offer.as_of}T00:00:00Z" if offer.as_of else "",
            "termAttributes": _term_attributes(offer),
            "priceDimensions": _dimensions(f"{sku}.{_code(offer)}", offer),
        }
        for offer in offers
        if offer.upfront is not None
    }


def _code(offer: Offer) -> str:
    if offer.purchase == ON_DEMAND:
        return _ON_DEMAND_CODE
    digest = blake2b(str(offer.terms).encode(), digest_size=7).digest()
    return base64.b32encode(digest).decode()[:10]


def _term_attributes(offer: Offer) -> dict[str, str]:
    if offer.purchase == ON_DEMAND:
        return {}
    return {
        "LeaseContractLength": f"{offer.years}yr",
        "OfferingClass": offer.kind,
        "PurchaseOption": offer.payment,
    }


def _dimensions(code: str, offer: Offer) -> dict[str, Any]:
    found = {f"{code}.{_HOURLY}": ("Hrs", offer.hourly)}
    if offer.purchase == RESERVED and offer.upfront:
        found[f"{code}.{_UPFRONT}"] = ("Quantity", offer.upfront)
    return {
        rate: {
            "rateCode": rate,
            "description": f"{amount} USD, as of {offer.as_of or 'an unknown day'}: {offer.source}",
            "unit": unit,
            "pricePerUnit": {"USD": f"{amount:.10f}"},
            "appliesTo": [],
            **({"beginRange": "0", "endRange": "Inf"} if unit == "Hrs" else {}),
        }
        for rate, (unit, amount) in found.items()
    }
