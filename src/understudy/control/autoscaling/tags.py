"""Tags on groups. AWS: API_CreateOrUpdateTags, API_DeleteTags, API_DescribeTags."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from understudy.base.fault import Fault, validation_error
from understudy.control.autoscaling.requests import paged
from understudy.control.autoscaling.state import Group
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

KIND = "auto-scaling-group"
MOST_TAGS = 50


def put_all(group: Group, given: Iterable[Params]) -> None:
    """Add tags to a group, or change them. Raises Fault."""
    for tag in given:
        group.tags[tag["Key"]] = (tag.get("Value", ""), bool(tag.get("PropagateAtLaunch")))
    if sum(not key.startswith("aws:") for key in group.tags) > MOST_TAGS:
        raise Fault("LimitExceeded", f"A group can have at most {MOST_TAGS} tags.")


def create_or_update_tags(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """CreateOrUpdateTags: on the groups that the tags name."""
    del turn
    for tag in params["Tags"]:
        put_all(_group(service, tag), [tag])
    return {}


def _group(service: "AutoScaling", tag: Params) -> Group:
    if tag.get("ResourceType", KIND) != KIND or not tag.get("ResourceId"):
        raise validation_error(f"Tags must name a resource of the type {KIND}.")
    return service.group(tag["ResourceId"])


def delete_tags(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DeleteTags: with a value only where the tag has it."""
    del turn
    for tag in params["Tags"]:
        group = _group(service, tag)
        known = group.tags.get(tag["Key"])
        if known is not None and tag.get("Value") in {None, "", known[0]}:
            del group.tags[tag["Key"]]
    return {}


def shown(group: Group) -> list[Params]:
    """The tags of a group as AWS describes them."""
    return [
        {
            "ResourceId": group.name,
            "ResourceType": KIND,
            "Key": key,
            "Value": value,
            "PropagateAtLaunch": propagates,
        }
        for key, (value, propagates) in sorted(group.tags.items())
    ]


def describe_tags(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DescribeTags: by group, key, value and propagation."""
    del turn
    found = [
        tag
        for name in sorted(service.state.groups)
        for tag in shown(service.state.groups[name])
        if all(_matches(tag, condition) for condition in params.get("Filters", ()))
    ]
    return paged("Tags", found, params)


_FILTERS = {
    "auto-scaling-group": "ResourceId",
    "key": "Key",
    "value": "Value",
    "propagate-at-launch": "PropagateAtLaunch",
}


def _matches(tag: Params, condition: Params) -> bool:
    member = _FILTERS.get(condition["Name"])
    if member is None:
        raise validation_error(
            f"Filter type {condition['Name']} is not correct. Allowed Filter types are: "
            f"{' '.join(sorted(_FILTERS))}"
        )
    value = tag[member]
    return (str(value).lower() if isinstance(value, bool) else value) in condition.get("Values", ())
