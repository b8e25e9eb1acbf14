"""What the parameters of a kept type's calls are made of."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from understudy.cloudformation.value import is_list, is_map
from understudy.control.events import Params
from understudy.deploy.handler import Request
from understudy.deploy.history import json_text


@dataclass(frozen=True, slots=True)
class Here:
    """A resource as a call sees it: what its handler was told, its physical id, what was found."""

    request: Request
    id: str = ""
    found: Params = field(default_factory=dict[str, Any])

    @property
    def properties(self) -> Any:
        """The properties that the template gives."""
        return self.request.properties

    @property
    def before(self) -> Any:
        """The properties before an update; empty where there is none."""
        return self.request.previous


Value = Callable[[Here], Any]
"""A parameter of a call; None leaves it out."""


def at(value: Any, path: str) -> Any:
    """What is at a dotted path, numbers being places in lists; None where there is nothing.

    >>> at({"Vpcs": [{"VpcId": "vpc-1"}]}, "Vpcs.0.VpcId"), at({}, "Vpcs.0")
    ('vpc-1', None)
    """
    for step in filter(None, path.split(".")):
        if is_list(value) and step.isdecimal():
            value = value[int(step)] if int(step) < len(value) else None
        else:
            value = value.get(step) if is_map(value) else None
    return value


def own(here: Here) -> Any:
    """The physical id."""
    return here.id


def owns(here: Here) -> Any:
    """The physical id as the only one of a list."""
    return [here.id]


def part(number: int) -> Value:
    """A part of a physical id whose parts are joined by ``|``."""
    return lambda here: here.id.split("|")[number]


def prop(path: str, default: Any = None) -> Value:
    """A property of the template."""

    def value(here: Here) -> Any:
        found = at(here.properties, path)
        return default if found is None else found

    return value


def name(path: str, limit: int, *, lower: bool = False) -> Value:
    """A name that the template gives, else a generated one."""
    return lambda here: at(here.properties, path) or here.request.name(limit, lower=lower)


def document(path: str) -> Value:
    """A JSON document, as text."""

    def value(here: Here) -> Any:
        found = at(here.properties, path)
        return json_text(found) if is_map(found) or is_list(found) else found

    return value


def attribute(key: str) -> Value:
    """An attribute of the resource as it was made."""
    return lambda here: here.request.attributes.get(key) or here.found.get(key)


def region(here: Here) -> Any:
    """The region."""
    return here.request.region


# Tags


def own_tags(here: Here, path: str = "Tags") -> dict[str, str]:
    """The tags of the stack and of the resource, without AWS's own, which begin with ``aws:``."""
    written: Any = at(here.properties, path) or ()
    pairs = written.items() if is_map(written) else [(e["Key"], e["Value"]) for e in written]
    stack = {k: v for k, v in here.request.tags.items() if not k.startswith("aws:")}
    return {**stack, **{key: str(value) for key, value in pairs}}


def all_tags(here: Here) -> dict[str, str]:
    """The same with AWS's own, which EC2 shows."""
    return {**here.request.tags, **own_tags(here)}


def as_list(
    tags: Callable[[Here], Mapping[str, str]] = own_tags, key: str = "Key", value: str = "Value"
) -> Value:
    """Tags as a list of pairs; None where there are none."""
    return lambda here: [{key: k, value: v} for k, v in tags(here).items()] or None


def as_map(here: Here) -> Any:
    """Tags as a map; None where there are none."""
    return own_tags(here) or None


def stale_keys(here: Here) -> list[str]:
    """The keys of tags that the resource had before an update, and shall have no more."""
    before: Any = here.before.get("Tags") or ()
    keys: Iterable[str] = before if is_map(before) else [each["Key"] for each in before]
    now = own_tags(here)
    return [key for key in (*here.request.old_tags, *keys) if key not in now and key[:4] != "aws:"]


def stale(here: Here) -> Any:
    """The same; None where there are none, so that no call is made."""
    return list(dict.fromkeys(stale_keys(here))) or None
