"""Attributes of services that take all values as text: SNS, SQS."""

from collections.abc import Iterator
from typing import Any

from understudy.cloudformation.value import is_scalar, text
from understudy.control.events import Params
from understudy.deploy.history import json_text


def written(attributes: Params) -> dict[str, str]:
    """Attributes as text: booleans in lower case, structures as JSON.

    >>> written({"FifoQueue": True, "DelaySeconds": 5, "RedrivePolicy": {"maxReceiveCount": 3}})
    {'FifoQueue': 'true', 'DelaySeconds': '5', 'RedrivePolicy': '{"maxReceiveCount": 3}'}
    """
    return {name: _text(value) for name, value in attributes.items()}


def _text(value: Any) -> str:
    return text(value) if is_scalar(value) else json_text(value)


def changed(before: Params, after: Params) -> Iterator[tuple[str, str]]:
    """The attributes that differ, as text; one that is no longer given becomes empty.

    >>> list(changed({"A": 1, "B": 2, "C": 3}, {"A": 1, "B": 4}))
    [('B', '4'), ('C', '')]
    """
    old, new = written(before), written(after)
    for name in [*new, *(name for name in old if name not in new)]:
        if old.get(name) != new.get(name):
            yield name, new.get(name, "")
