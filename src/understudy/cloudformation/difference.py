"""Where two resolved values differ, and which part of a template makes each place."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from understudy.base.diagnostic import Path
from understudy.cloudformation.change import Kind
from understudy.cloudformation.intrinsics import called
from understudy.cloudformation.parameters import MASK
from understudy.cloudformation.references import references
from understudy.cloudformation.unknown import KNOWN_AFTER_APPLY, Unknown
from understudy.cloudformation.value import is_list, is_map, items, text


class Difference(NamedTuple):
    """One place where values differ; ``before`` or ``after`` is None where there is nothing."""

    path: Path
    kind: Kind
    before: Any
    after: Any


def differences(before: Any, after: Any, path: Path = ()) -> Iterator[Difference]:
    """The innermost places at which two values differ. Lists are compared place by place.

    Scalars are equal if they are the same text; an unknown differs from everything known.

    >>> [(d.path, d.kind) for d in differences({"a": [1, 2]}, {"a": ["1"], "b": 1})]
    [(('a', 1), 'Remove'), (('b',), 'Add')]
    """
    if (is_map(before) and is_map(after)) or (is_list(before) and is_list(after)):
        old, new = dict(items(before)), dict(items(after))
        for step in (*old, *(step for step in new if step not in old)):
            here = (*path, step)
            if step not in new:
                yield Difference(here, "Remove", old[step], None)
            elif step not in old:
                yield Difference(here, "Add", None, new[step])
            else:
                yield from differences(old[step], new[step], here)
    elif _comparable(before) != _comparable(after):
        yield Difference(path, "Modify", before, after)


def _comparable(value: Any) -> Any:
    return value if isinstance(value, Unknown) or is_map(value) or is_list(value) else text(value)


def expression_at(value: Any, path: Path, conditions: Mapping[str, bool]) -> Any:
    """The part of a template value that makes a place of its resolved value; None if nothing does.

    The way ends at the first function other than Fn::If, for what it gives has no parts in the
    template, and at lists whose members may be left out.
    """
    for step in path:
        value = taken(value, conditions)
        if called(value) is not None or _shifts(value):
            return value
        below = dict(items(value))
        if step not in below:
            return None
        value = below[step]
    return value


def taken(value: Any, conditions: Mapping[str, bool]) -> Any:
    """A value behind its Fn::If: the branch that the conditions choose."""
    while (call := called(value)) and call[0] == "Fn::If" and call[1][0] in conditions:
        value = call[1][1 if conditions[call[1][0]] else 2]
    return value


def _shifts(value: Any) -> bool:
    """Whether a list has members that may be left out, so that places move."""
    return is_list(value) and any(_may_vanish(member) for member in value)


def _may_vanish(member: Any) -> bool:
    call = called(member)
    return call is not None and (call[0] == "Fn::If" or call == ("Ref", "AWS::NoValue"))


# Showing


def shown(value: Any) -> Any:
    """A value as contexts show it: scalars as text, unknowns as such."""
    if isinstance(value, Unknown):
        return KNOWN_AFTER_APPLY
    if is_map(value):
        return {key: shown(child) for key, child in value.items()}
    return [shown(child) for child in value] if is_list(value) else text(value)


def written(value: Any) -> str | None:
    """A shown value as details write it: text, or JSON text of a map or a list."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"))


def masked(
    value: Any, expression: Any, secrets: frozenset[str], conditions: Mapping[str, bool]
) -> Any:
    """A shown value with what comes from secret parameters hidden."""
    if not secrets or value is None:
        return value
    expression = taken(expression, conditions)
    if called(expression) is not None or _shifts(expression):
        used = {reference.name for reference in references(expression, conditions)}
        return MASK if used & secrets else value
    below = dict(items(expression))
    if is_map(value):
        return {k: masked(v, below.get(k), secrets, conditions) for k, v in value.items()}
    if is_list(value):
        return [masked(v, below.get(i), secrets, conditions) for i, v in enumerate(value)]
    return value
