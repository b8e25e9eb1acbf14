"""DescribeServices, GetAttributeValues and GetProducts of the Price List service."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.price_list.documents import (
    EC2,
    ECS,
    ELB,
    SAGEMAKER,
    Attributes,
    attributes_of,
    document_of,
    products_of,
)
from understudy.control.turn import Turn
from understudy.pricing.book import Book

SERVICES = (EC2, ECS, SAGEMAKER, ELB)
MOST = 100
FORMAT = "aws_v1"


@dataclass(frozen=True, slots=True)
class PriceListService:
    """The service: it only reads the book."""

    book: Book

    def on_timer(self, key: tuple[str, ...], turn: Turn) -> None:
        """It asks for no timers."""
        raise AssertionError(key)


Operation = Callable[[PriceListService, Params, Turn], Params]


def describe_services(service: PriceListService, params: Params, turn: Turn) -> Params:
    """The services that have a price here, with the attributes that filters can name."""
    wanted = params.get("ServiceCode")
    _check_service(wanted)
    found = [
        {"ServiceCode": code, "AttributeNames": _attribute_names(service.book, code)}
        for code in SERVICES
        if wanted in (None, code)
    ]
    return _paged("Services", found, params)


def get_attribute_values(service: PriceListService, params: Params, turn: Turn) -> Params:
    """The values that an attribute has among the products of a service."""
    code, name = params["ServiceCode"], params["AttributeName"]
    _check_service(code)
    values = sorted(
        {
            attributes[name]
            for attributes in _all_attributes(service.book, code)
            if name in attributes
        }
    )
    if not values:
        raise _invalid()
    return _paged("AttributeValues", [{"Value": value} for value in values], params)


def get_products(service: PriceListService, params: Params, turn: Turn) -> Params:
    """Products that match all filters, each as a JSON text with its terms."""
    code = params["ServiceCode"]
    _check_service(code)
    filters: list[Params] = params.get("Filters", [])
    matching = [
        place
        for place in products_of(service.book, code)
        if all(_matches(attributes_of(*place), each) for each in filters)
    ]
    shown = _paged("PriceList", matching, params)
    documents = [document_of(service.book, *place) for place in shown["PriceList"]]
    return {**shown, "PriceList": documents}


def _matches(attributes: Attributes, wish: Params) -> bool:
    """Whether a product has an attribute as a filter wants it (AWS: API_pricing_Filter)."""
    names = {name.lower(): value for name, value in attributes.items()}
    value, wanted = names.get(str(wish["Field"]).lower()), str(wish["Value"])
    if value is None:
        return wish["Type"] == "NONE_OF"
    several = [each.strip() for each in wanted.split(",")]
    tests: Mapping[str, bool] = {
        "TERM_MATCH": value == wanted,
        "EQUALS": value == wanted,
        "CONTAINS": wanted in value,
        "ANY_OF": value in several,
        "NONE_OF": value not in several,
    }
    return tests[wish["Type"]]


def _check_service(code: str | None) -> None:
    if code is not None and code not in SERVICES:
        raise Fault(
            "NotFoundException",
            f"No prices of {code} are known here; there are those of {', '.join(SERVICES)}.",
        )


def _invalid() -> Fault:
    return Fault("InvalidParameterException", "Input Parameters are invalid.")


def _all_attributes(book: Book, code: str) -> list[Attributes]:
    return [attributes_of(*place) for place in products_of(book, code)]


def _attribute_names(book: Book, code: str) -> list[str]:
    return sorted({name for attributes in _all_attributes(book, code) for name in attributes})


def _paged(member: str, items: Sequence[Any], params: Params) -> Params:
    refused = Fault(
        "InvalidNextTokenException", "The pagination token is invalid. Try again without a token."
    )
    size = min(params.get("MaxResults") or MOST, MOST)
    shown, token = page(items, params.get("NextToken"), size, refused)
    return {"FormatVersion": FORMAT, member: shown, **({"NextToken": token} if token else {})}


OPERATIONS: Mapping[str, Operation] = {
    "DescribeServices": describe_services,
    "GetAttributeValues": get_attribute_values,
    "GetProducts": get_products,
}
