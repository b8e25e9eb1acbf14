"""Tags of load balancers, target groups, listeners and rules. AWS: AddTags, RemoveTags."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from understudy.base.fault import Fault
from understudy.control.elbv2.faults import missing
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.elbv2.service import ElasticLoadBalancing

MOST = 50


def add_tags(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """AddTags: add or change tags of resources."""
    del turn
    for arn in params["ResourceArns"]:
        _check_there(service, arn)
    for arn in params["ResourceArns"]:
        put(service, arn, params)
    return {}


def remove_tags(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """RemoveTags: take tags off resources."""
    del turn
    for arn in params["ResourceArns"]:
        _check_there(service, arn)
        for key in params["TagKeys"]:
            service.state.tags.get(arn, {}).pop(key, None)
    return {}


def describe_tags(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """DescribeTags: the tags of resources."""
    del turn
    for arn in params["ResourceArns"]:
        _check_there(service, arn)
    return {
        "TagDescriptions": [
            {"ResourceArn": arn, "Tags": listed(service.state.tags.get(arn, {}))}
            for arn in params["ResourceArns"]
        ]
    }


def listed(tags: Mapping[str, str]) -> list[Params]:
    """Tags as AWS lists them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def checked(params: Params) -> dict[str, str]:
    """The ``Tags`` member of a request. Raises Fault where a key is there twice."""
    tags: dict[str, str] = {}
    for tag in params.get("Tags", []):
        if tag["Key"] in tags:
            raise Fault("DuplicateTagKeys", f"Tag key '{tag['Key']}' was specified multiple times")
        tags[tag["Key"]] = tag.get("Value", "")
    if len(tags) > MOST:
        raise _too_many()
    return tags


def put(service: "ElasticLoadBalancing", arn: str, params: Params) -> None:
    """Keep the ``Tags`` member of a request. Raises Fault where they get too many."""
    tags = {**service.state.tags.get(arn, {}), **checked(params)}
    if len(tags) > MOST:
        raise _too_many()
    if tags:
        service.state.tags[arn] = tags


def _too_many() -> Fault:
    return Fault("TooManyTags", f"The maximum number of tags for a resource is {MOST}")


def _check_there(service: "ElasticLoadBalancing", arn: str) -> None:
    state = service.state
    books = {
        "loadbalancer": (state.load_balancers, "load balancer"),
        "targetgroup": (state.groups, "target group"),
        "listener": (state.listeners, "listener"),
        "listener-rule": (state.rules, "rule"),
    }
    kind = arn.rpartition(":")[2].partition("/")[0]
    book, noun = books.get(kind, (None, "load balancer"))
    if book is None or arn not in book:
        raise missing(noun)
