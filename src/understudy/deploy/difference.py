"""How a live resource differs from its template, property by property.

AWS: Detect unmanaged configuration changes with drift detection. Only properties that the template
gives are compared, without those that cannot be read back and those that hold dynamic references.
"""

import json
from collections.abc import Iterator
from typing import Any

from understudy.cloudformation.coerce import coerce
from understudy.cloudformation.dynamic import dynamic_references
from understudy.cloudformation.schema import Pointer, Schema
from understudy.cloudformation.value import is_list, is_map, is_scalar, text
from understudy.control.events import Params
from understudy.deploy.history import json_text

_UNREADABLE = ("KmsKeyId",)
"""AWS: drift detection does not look at these."""


def compared(
    properties: Params, live: Params, schema: Schema | None
) -> tuple[Params, Params, list[Params]]:
    """The expected and the actual properties that count, and AWS's PropertyDifferences."""
    if schema is not None:
        live = coerce(live, schema)
    hidden = schema.write_only if schema else ()

    def shown(name: str, value: Any) -> Any:
        return _without(value, [p[1:] for p in hidden if p[0] == name and len(p) > 1])

    expected = {
        name: shown(name, value)
        for name, value in properties.items()
        if (name,) not in hidden and name not in _UNREADABLE and _is_plain(value)
    }
    actual = {name: shown(name, live[name]) for name in expected if name in live}
    tags = schema.tags if schema else ""
    if tags in actual:
        actual[tags] = _own_tags(actual[tags], expected[tags])
    return expected, actual, list(_differences(expected, actual, ""))


def ignored(properties: Params, schema: Schema | None) -> Iterator[tuple[str, str]]:
    """The paths of given properties that are not compared, each with AWS's reason.

    AWS: ResourceDriftIgnoredAttribute.
    """
    for name, value in properties.items():
        if not _is_plain(value):
            yield f"/Properties/{name}", "SENSITIVE_PROPERTY"
        elif name in _UNREADABLE:
            yield f"/Properties/{name}", "MANAGED_BY_AWS"
    for pointer in schema.write_only if schema else ():
        for path in _present(properties, pointer):
            yield f"/Properties/{path}", "WRITE_ONLY_PROPERTY"


def _present(value: Any, pointer: Pointer) -> Iterator[str]:
    """The paths at which a pointer of a schema finds something in a value."""
    if not pointer:
        yield ""
        return
    head, rest = pointer[0], pointer[1:]
    children: list[tuple[str, Any]] = []
    if head == "*" and is_list(value):
        children = [(str(place), each) for place, each in enumerate(value)]
    elif is_map(value) and head in value:
        children = [(head, value[head])]
    for name, child in children:
        for below in _present(child, rest):
            yield f"{name}/{below}".rstrip("/")


def _is_plain(value: Any) -> bool:
    return next(dynamic_references(value), None) is None


def _without(value: Any, pointers: list[Pointer]) -> Any:
    """A value without what lies at some pointers below it."""
    if is_list(value):
        below = [p[1:] if p[:1] == ("*",) else p for p in pointers]
        return [_without(each, below) for each in value]
    if not is_map(value):
        return value
    gone = {p[0] for p in pointers if len(p) == 1}
    return {
        name: _without(child, [p[1:] for p in pointers if p[0] == name and len(p) > 1])
        for name, child in value.items()
        if name not in gone
    }


def _own_tags(actual: Any, expected: Any) -> Any:
    """The tags that the template knows of: the stack's own and AWS's are none of it."""
    if not is_list(actual) or not is_list(expected):
        return actual
    keys = {each.get("Key") for each in expected if is_map(each)}
    return [each for each in actual if is_map(each) and each.get("Key") in keys]


def _differences(expected: Any, actual: Any, path: str) -> Iterator[Params]:
    if is_map(expected) and is_map(actual):
        for name in [*expected, *(n for n in actual if n not in expected)]:
            yield from _at(name, expected, actual, f"{path}/{name}")
    elif is_list(expected) and is_list(actual):
        yield from _listed(expected, actual, path)
    elif not _same(expected, actual):
        yield _difference(path, expected, actual, "NOT_EQUAL")


def _at(name: str, expected: Params, actual: Params, path: str) -> Iterator[Params]:
    if name not in actual:
        yield _difference(path, expected[name], None, "REMOVE")
    elif name not in expected:
        yield _difference(path, None, actual[name], "ADD")
    else:
        yield from _differences(expected[name], actual[name], path)


def _listed(expected: list[Any], actual: list[Any], path: str) -> Iterator[Params]:
    """Lists are compared as collections: what is in both counts for nothing, wherever it stands."""
    left = list(actual)
    missing: list[tuple[int, Any]] = []
    for place, item in enumerate(expected):
        match = next((each for each in left if _same(item, each)), None)
        if match is None:
            missing.append((place, item))
        else:
            left.remove(match)
    for place, item in missing:
        if left:
            yield from _differences(item, left.pop(0), f"{path}/{place}")
        else:
            yield _difference(f"{path}/{place}", item, None, "REMOVE")
    for offset, item in enumerate(left):
        place = len(actual) - len(left) + offset
        yield _difference(f"{path}/{place}", None, item, "ADD")


def _same(expected: Any, actual: Any) -> bool:
    if is_scalar(expected) and is_scalar(actual):
        return text(expected) == text(actual)
    return _canonical(expected) == _canonical(actual)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _difference(path: str, expected: Any, actual: Any, kind: str) -> Params:
    return {
        "PropertyPath": path,
        "ExpectedValue": _shown(expected),
        "ActualValue": _shown(actual),
        "DifferenceType": kind,
    }


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    return text(value) if is_scalar(value) else json_text(value)
