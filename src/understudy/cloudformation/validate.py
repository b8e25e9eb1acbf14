"""Checking and typing a resource's properties by its schema.

CloudFormation is lenient where JSON Schema is not: text stands for numbers and booleans, numbers
and booleans stand for text. What is unknown yet is taken to be right.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from itertools import chain
from operator import ge, gt, le, lt
from typing import Any

from understudy.base.diagnostic import Diagnostic, Path
from understudy.cloudformation.pattern import occurs
from understudy.cloudformation.schema import Schema
from understudy.cloudformation.structure import closest, is_number
from understudy.cloudformation.unknown import Unknown, is_known
from understudy.cloudformation.value import is_list, is_map, is_scalar, text

Problem = tuple[Path, str]
"""A path within the properties and what is wrong there, in CloudFormation's words."""

_WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
_JAVA_NAMES = {
    "string": "String", "integer": "Integer", "number": "Number", "boolean": "Boolean",
    "array": "JSONArray", "object": "JSONObject", "null": "Null",
}  # fmt: skip


def validate(properties: Mapping[str, Any], schema: Schema) -> list[Problem]:
    """What is wrong with resolved properties; empty if nothing is. Unknown values pass.

    The words are those of CloudFormation: ``#: required key [Type] not found``,
    ``#/Rules/0: extraneous key [Idd] is not permitted``.
    """
    found = [
        problem
        for error in _checker(schema).iter_errors(properties)
        for problem in _problems(error)
    ]
    return sorted([*_read_only(properties, schema), *found], key=_place)


def _place(problem: Problem) -> tuple[list[str], str]:
    path, message = problem
    return [str(step) for step in path], message


def failure(logical_id: str, problems: list[Problem]) -> str:
    """The status reason of a resource whose properties are wrong. Recorded and field reports."""
    missing = [_REQUIRED.search(message) for _, message in problems]
    if all(missing):
        keys = [
            f"The property {{{'/'.join(map(str, ('', *path, match[1])))}}} is required"
            for (path, _), match in zip(problems, missing, strict=True)
            if match
        ]
        return f"Property validation failure: [{', '.join(keys)}]"
    messages = [message for _, message in problems]
    between = "\n" if len(messages) > 1 else " "
    listed = "\n".join(messages)
    return f"Properties validation failed for resource {logical_id} with message:{between}{listed}"


_REQUIRED = re.compile(r"required key \[(.*)\] not found")
_EXTRANEOUS = re.compile(r"extraneous key \[(.*)\] is not permitted")


def diagnose(logical_id: str, properties: Mapping[str, Any], schema: Schema) -> list[Diagnostic]:
    """The problems of a resource as diagnostics with template paths, with hints where they fit."""
    return [
        Diagnostic(
            failure(logical_id, [(path, message)]),
            ("Resources", logical_id, "Properties", *path, *_extra(message)),
            action=_hint(path, message, schema),
        )
        for path, message in validate(properties, schema)
    ]


def _extra(message: str) -> Path:
    match = _EXTRANEOUS.search(message)
    return (match[1],) if match else ()


def _hint(path: Path, message: str, schema: Schema) -> str:
    match = _EXTRANEOUS.search(message)
    if match is None:
        return ""
    node: Mapping[str, Any] = schema.raw
    for step in path:
        here = schema.resolved(node)
        node = here.get("items", {}) if isinstance(step, int) else _below(here).get(step, {})
    return closest(match[1], sorted(_below(schema.resolved(node))))


def _below(node: Mapping[str, Any]) -> Mapping[str, Any]:
    return node.get("properties", {})


def _read_only(properties: Mapping[str, Any], schema: Schema) -> Iterator[Problem]:
    for name in properties:
        if name in schema.set_by_service:
            yield (), f"#: extraneous key [{name}] is not permitted"


# Messages


def _problems(error: Any) -> Iterator[Problem]:
    path = tuple(error.absolute_path)
    where = "/".join(("#", *map(str, path)))
    keyword, instance, limit = error.validator, error.instance, error.validator_value
    if keyword == "required":
        for key in (key for key in limit if key not in instance):
            yield path, f"{where}: required key [{key}] not found"
    elif keyword == "additionalProperties":
        for key in _unknown(error.instance, error.schema):
            yield path, f"{where}: extraneous key [{key}] is not permitted"
    elif is_known(instance):
        yield path, f"{where}: {_sentence(keyword, instance, limit)}"


def _unknown(instance: Any, schema: Any) -> list[str]:
    """The keys of a map that its schema has nothing to say about."""
    patterns = schema.get("patternProperties", {})
    known = schema.get("properties", {})
    return [
        key
        for key in instance
        if key not in known and not any(occurs(pattern, key) for pattern in patterns)
    ]


def _sentence(keyword: str, instance: Any, limit: Any) -> str:
    match keyword:
        case "type":
            expected = ", ".join(_JAVA_NAMES[name] for name in _names(limit))
            return f"expected type: {expected}, found: {_java_name(instance)}"
        case "minLength" | "maxLength":
            return f"expected {keyword}: {limit}, actual: {len(text(instance))}"
        case "minItems":
            return f"expected minimum item count: {limit}, found: {len(instance)}"
        case "maxItems":
            return f"expected maximum item count: {limit}, found: {len(instance)}"
        case "uniqueItems":
            return "array items are not unique"
        case "oneOf":
            return f"#: 0 subschemas matched instead of one out of {len(limit)}"
        case "anyOf":
            return f"#: no subschema matched out of the total {len(limit)} subschemas"
        case _:
            return f"failed validation constraint for keyword [{keyword}]"


def _names(kind: Any) -> list[str]:
    return kind if is_list(kind) else [kind]


def _java_name(value: Any) -> str:
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, int):
        return "Integer"
    if is_map(value):
        return "JSONObject"
    return "JSONArray" if is_list(value) else "String"


# The validator


def _is_text(_: Any, value: Any) -> bool:
    return is_scalar(value)


def _is_whole(_: Any, value: Any) -> bool:
    whole = not isinstance(value, bool) and is_scalar(value) and _WHOLE.fullmatch(text(value))
    return bool(whole)


def _is_number(_: Any, value: Any) -> bool:
    return is_scalar(value) and is_number(value)


def _is_boolean(_: Any, value: Any) -> bool:
    return is_scalar(value) and text(value).lower() in ("true", "false")


def _is_array(_: Any, value: Any) -> bool:
    return is_list(value)


def _is_object(_: Any, value: Any) -> bool:
    return is_map(value)


def _type(validator: Any, kinds: Any, instance: Any, _: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    known = not isinstance(instance, Unknown)
    if known and not any(validator.is_type(instance, kind) for kind in _names(kinds)):
        yield ValidationError(f"not of type {kinds}")


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if is_scalar(instance) and not occurs(pattern, text(instance)):
        yield ValidationError(f"does not match {pattern}")


def _properties(validator: Any, below: Any, instance: Any, _: Any) -> Iterator[Any]:
    for name, node in below.items() if is_map(instance) else ():
        if name in instance and not _is_fine(validator, instance[name], node):
            yield from validator.descend(instance[name], node, path=name, schema_path=name)


def _is_fine(validator: Any, value: Any, node: Any) -> bool:
    """Whether a scalar fits a node that says nothing but what a scalar must be.

    Nearly all of them do; to descend into such a node takes ten times as long.
    """
    if not is_scalar(value) or not is_map(node) or not node.keys() <= _FLAT:
        return False
    errors = (
        _KEYWORDS[keyword](validator, limit, value, node)
        for keyword, limit in node.items()
        if keyword in _KEYWORDS
    )
    return next(chain.from_iterable(errors), None) is None


def _additional(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if not is_map(instance):
        return
    extra = _unknown(instance, schema)
    if is_map(allowed):
        for key in extra:
            yield from validator.descend(instance[key], allowed, path=key)
    elif allowed is False and extra:
        yield ValidationError(f"{extra} are not expected")


def _pattern_properties(validator: Any, patterns: Any, instance: Any, __: Any) -> Iterator[Any]:
    for pattern, below in patterns.items() if is_map(instance) else ():
        for key, value in instance.items():
            if occurs(pattern, key):
                yield from validator.descend(value, below, path=key, schema_path=pattern)


def _enum(_: Any, allowed: list[Any], instance: Any, __: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if is_scalar(instance) and text(instance) not in map(text, allowed):
        yield ValidationError(f"not one of {allowed}")


def _const(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
    return _enum(validator, [value], instance, schema)


Holds = Callable[[Any, Any], bool]
Keyword = Callable[[Any, Any, Any, Any], Iterator[Any]]


def _bound(holds: Holds) -> Keyword:
    """A check of a number, which may be given as text."""

    def check(_: Any, limit: Any, instance: Any, __: Any) -> Iterator[Any]:
        from jsonschema import ValidationError

        numeric = is_scalar(instance) and is_number(instance)
        if numeric and not holds(Decimal(text(instance)), limit):
            yield ValidationError(f"beyond {limit}")

    return check


def _length(holds: Holds) -> Keyword:
    def check(_: Any, limit: int, instance: Any, __: Any) -> Iterator[Any]:
        from jsonschema import ValidationError

        if is_scalar(instance) and not holds(len(text(instance)), limit):
            yield ValidationError(f"length beyond {limit}")

    return check


def _unchecked(_: Any, __: Any, ___: Any, ____: Any) -> Iterator[Any]:
    """A keyword that CloudFormation does not hold a template to."""
    return iter(())


_KEYWORDS: Mapping[str, Any] = {
    "type": _type,
    "properties": _properties,
    "pattern": _pattern,
    "additionalProperties": _additional,
    "patternProperties": _pattern_properties,
    "enum": _enum,
    "const": _const,
    "minimum": _bound(ge),
    "maximum": _bound(le),
    "exclusiveMinimum": _bound(gt),
    "exclusiveMaximum": _bound(lt),
    "minLength": _length(ge),
    "maxLength": _length(le),
    "format": _unchecked,
    "multipleOf": _unchecked,
}
_FLAT = frozenset(
    (
        *("type", "pattern", "enum", "const", "minLength", "maxLength", "format", "multipleOf"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
        *("description", "title", "default", "examples", "$comment"),
    )
)
"""Keywords that look at a scalar alone, and those that check nothing."""
_TYPES: Mapping[str, Any] = {
    "string": _is_text,
    "integer": _is_whole,
    "number": _is_number,
    "boolean": _is_boolean,
    "array": _is_array,
    "object": _is_object,
}


@cache
def _validator() -> Any:
    """The validator class. jsonschema is imported when the first resource is checked."""
    from jsonschema import Draft7Validator, TypeChecker, validators

    extend: Any = validators.extend  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return extend(Draft7Validator, _KEYWORDS, type_checker=TypeChecker(_TYPES))


@cache
def _checker(schema: Schema) -> Any:
    """The compiled validator of one type's properties."""
    return _validator()(schema.raw)
