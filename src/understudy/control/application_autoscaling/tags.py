"""Tags on scalable targets.

AWS: API_TagResource, API_UntagResource, API_ListTagsForResource. A target has at most 50 tags.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from understudy.base.fault import Fault, validation_exception
from understudy.control.application_autoscaling.state import ScalableTarget
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.application_autoscaling.service import ApplicationAutoScaling

MOST_TAGS = 50


def tag_resource(service: "ApplicationAutoScaling", params: Params, turn: Turn) -> Params:
    """TagResource: add tags, or change their values."""
    del turn
    target = _target(service, params)
    tags = target.tags | params["Tags"]
    if len(tags) > MOST_TAGS:
        raise Fault(
            "TooManyTagsException",
            f"A scalable target can have at most {MOST_TAGS} tags",
            fields={"ResourceName": target.arn},
        )
    check_tags(params["Tags"])
    target.tags = tags
    return {}


def untag_resource(service: "ApplicationAutoScaling", params: Params, turn: Turn) -> Params:
    """UntagResource: remove tags; keys that are not there are passed over."""
    del turn
    target = _target(service, params)
    target.tags = {key: value for key, value in target.tags.items() if key not in params["TagKeys"]}
    return {}


def list_tags_for_resource(service: "ApplicationAutoScaling", params: Params, turn: Turn) -> Params:
    """ListTagsForResource: all tags of a target."""
    del turn
    return {"Tags": dict(_target(service, params).tags)}


def check_tags(tags: Mapping[str, str]) -> None:
    """Refuse tags that AWS keeps for itself, and too many of them. Raises Fault."""
    if len(tags) > MOST_TAGS:
        raise validation_exception(f"A scalable target can have at most {MOST_TAGS} tags")
    if any(key.lower().startswith("aws:") for key in tags):
        raise validation_exception("Tag keys cannot start with aws:")


def _target(service: "ApplicationAutoScaling", params: Params) -> ScalableTarget:
    arn = params["ResourceARN"]
    for target in service.state.targets.values():
        if target.arn == arn:
            return target
    raise Fault(
        "ResourceNotFoundException",
        f"The specified resource doesn't exist: {arn}",
        fields={"ResourceName": arn},
    )
