"""Values that are not there: known only after their resource exists, or left out on purpose."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from understudy.cloudformation.value import is_list, is_map

Source = tuple[str, str]
"""A logical id and an attribute that Fn::GetAtt reads; an empty attribute is Ref."""

KNOWN_AFTER_APPLY = "{{changeSet:KNOWN_AFTER_APPLY}}"
"""How a change set shows an unknown value. Recorded from DescribeChangeSet."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that waits for resources to exist. It makes unknown whatever uses it."""

    sources: frozenset[Source] = frozenset()


class NoValue(Enum):
    """What ``Ref: AWS::NoValue`` gives: its map key or list element is left out."""

    NO_VALUE = "AWS::NoValue"


NO_VALUE = NoValue.NO_VALUE


def unknown(sources: Iterable[Source]) -> Unknown:
    """An unknown that waits for all of these.

    >>> sorted(unknown([("Bucket", "Arn"), ("Key", "")]).sources)
    [('Bucket', 'Arn'), ('Key', '')]
    """
    return Unknown(frozenset(sources))


def sources(value: Any) -> frozenset[Source]:
    """All that a value waits for; empty if it is fully known.

    >>> sorted(sources({"a": [Unknown(frozenset({("B", "")}))], "c": 1}))
    [('B', '')]
    """
    if isinstance(value, Unknown):
        return value.sources
    if is_map(value):
        return frozenset[Source]().union(*map(sources, value.values()))
    if is_list(value):
        return frozenset[Source]().union(*map(sources, value))
    return frozenset()


def is_known(value: Any) -> bool:
    """Whether no part of a value is unknown."""
    kind = value.__class__
    if kind is str:
        return True
    if kind is dict:
        return all(map(is_known, value.values()))
    return all(map(is_known, value)) if kind is list else kind is not Unknown
