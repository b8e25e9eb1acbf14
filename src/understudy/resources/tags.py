"""Tags of a resource: the stack's and CloudFormation's own under what the template gives."""

from collections.abc import Mapping
from typing import Any

from understudy.base.fault import Fault
from understudy.cloudformation.value import is_map
from understudy.control.events import Params
from understudy.deploy.handler import HandlerFailure, Invoke, Request, Steps

SYSTEM = "aws:"
"""How the keys of tags begin that only AWS itself may give."""


def tag_map(request: Request, name: str = "Tags") -> dict[str, str]:
    """All tags by their keys; the resource's own win."""
    return {**request.tags, **_own(request.properties, name)}


def tag_list(request: Request, name: str = "Tags") -> list[dict[str, Any]]:
    """All tags as Key/Value pairs; the resource's own win."""
    return [{"Key": key, "Value": value} for key, value in tag_map(request, name).items()]


def own_tags(request: Request, name: str = "Tags") -> dict[str, str]:
    """The tags without CloudFormation's own, for services that do not take those."""
    return _of_people(tag_map(request, name))


def _of_people(tags: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in tags.items() if not key.startswith(SYSTEM)}


def _own(properties: Mapping[str, Any], name: str) -> dict[str, str]:
    own: Any = properties.get(name) or {}
    return own if is_map(own) else {each["Key"]: each["Value"] for each in own}


def retag(
    request: Request,
    service: str,
    resource: Params,
    *,
    add: str = "TagResource",
    remove: str = "UntagResource",
    tags: str = "",
    system: bool = False,
) -> Steps[None]:
    """Bring the tags of a resource from what they were to what they shall be.

    ``resource`` are the parameters that name it. ``tags`` is the name of the parameter that takes
    tags as a map; without it they are given as Key/Value pairs. ``system`` says that the service
    takes CloudFormation's own, too.
    """
    old = {**request.old_tags, **_own(request.previous, "Tags")}
    old = old if system else _of_people(old)
    new = tag_map(request) if system else own_tags(request)
    gone = [key for key in old if key not in new]
    fresh = {key: value for key, value in new.items() if old.get(key) != value}
    if gone:
        yield Invoke(service, remove, {**resource, "TagKeys": gone})
    if fresh:
        pairs = [{"Key": key, "Value": value} for key, value in fresh.items()]
        given = {tags: fresh} if tags else {"Tags": pairs}
        yield Invoke(service, add, {**resource, **given})


def is_taken(name: str, known: Invoke) -> Steps[None]:
    """Fail where a call finds a resource of a name that a template gives to a new one."""
    try:
        yield known
    except Fault:
        return
    raise HandlerFailure(f"{name} already exists", "AlreadyExists")


def without(properties: dict[str, Any], *names: str) -> dict[str, Any]:
    """Properties without some of them."""
    return {name: value for name, value in properties.items() if name not in names}
