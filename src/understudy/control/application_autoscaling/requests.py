"""Reading requests: pages of lists, filters, and what is not there."""

from collections.abc import Sequence
from typing import TypeVar

from understudy.base.fault import Fault, validation_exception
from understudy.control.events import Params

Item = TypeVar("Item")


def page(items: Sequence[Item], params: Params, largest: int) -> tuple[Sequence[Item], Params]:
    """The page that a request asks for, and the NextToken member if more follow.

    ``largest`` is both the default and the largest MaxResults. Raises Fault.
    """
    wanted: int = params.get("MaxResults") or largest
    if wanted < 0:
        raise validation_exception("MaxResults cannot be less than 0")
    token: str = params.get("NextToken") or "0"
    if not token.isdecimal() or int(token) > len(items):
        raise Fault("InvalidNextTokenException", f"Invalid next token: {token}")
    start, end = int(token), int(token) + min(wanted, largest)
    return items[start:end], {"NextToken": str(end)} if end < len(items) else {}


def check_filter(params: Params, resource_ids: Sequence[str]) -> None:
    """Refuse a Describe request that names a dimension but no resource. Raises Fault."""
    if "ScalableDimension" in params and not resource_ids:
        raise validation_exception(
            "ResourceId must be specified when ScalableDimension is specified"
        )


def not_found(what: str, params: Params, *more: str) -> Fault:
    """ObjectNotFoundException, naming the target of a request as AWS does."""
    parts = [
        f"{what} service namespace: {params['ServiceNamespace']}",
        f"resource ID: {params['ResourceId']}",
        f"scalable dimension: {params['ScalableDimension']}",
        *more,
    ]
    return Fault("ObjectNotFoundException", ", ".join(parts))
