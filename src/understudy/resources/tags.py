"""Tags of a resource: the stack's and CloudFormation's own under what the template gives."""

from typing import Any

from understudy.deploy.handler import Request


def tag_list(request: Request, name: str = "Tags") -> list[dict[str, Any]]:
    """All tags as Key/Value pairs; the resource's own win."""
    own: list[dict[str, Any]] = request.properties.get(name, [])
    tags = {**request.tags, **{each["Key"]: each["Value"] for each in own}}
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def without(properties: dict[str, Any], *names: str) -> dict[str, Any]:
    """Properties without some of them."""
    return {name: value for name, value in properties.items() if name not in names}
