"""A value that a schema admits, made up: what a service might set, or a template might say."""

import re
import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from re import _parser  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
from typing import Any

from understudy.base.identity import LOWER, MIXED, UPPER, Ids
from understudy.cloudformation.pattern import occurs
from understudy.cloudformation.schema import Schema
from understudy.cloudformation.value import is_list, is_map

_LENGTHS = (8, 12, 4, 1, 20, 36, 64, 17)
"""How long the open parts of a pattern are tried to be made."""
_DEEP = 12
_ANY = " " + MIXED + "-_./:+=@%,;!#$&()*<>?[]^{|}~'\"\\\t\n"
_UNION = ("oneOf", "anyOf")
_OBJECTS = ("requiredXor", "requiredOr")


def specimen(node: Any, schema: Schema, ids: Ids, depth: int = 0) -> Any:
    """The least value that a node of a schema admits: only what is required, first of an enum.

    ``ids`` gives the accidental characters. A pattern that only Java knows is not followed.

    >>> specimen({"type": "string", "pattern": "^vol-[0-9a-f]{4}$"}, Schema({}), Ids(1))
    'vol-9480'
    """
    here = {**schema.resolved(node), **{k: v for k, v in node.items() if k != "$ref"}}
    if "const" in here:
        return here["const"]
    if here.get("enum"):
        return here["enum"][0]
    kind = _kind(here)
    if kind != "object" and (branch := _first_branch(here)) is not None:
        return specimen(branch, schema, ids, depth + 1)
    if kind == "object":
        return _object(here, schema, ids, depth)
    if kind == "array":
        items = (specimen(here.get("items", {}), schema, ids, depth + 1) for _ in _least(here))
        return [_nth(item, number) for number, item in enumerate(items)]
    if kind in ("integer", "number"):
        return _number(here)
    if kind == "boolean":
        return False
    return specimen_text(here, ids)


def _kind(node: Mapping[str, Any]) -> str:
    kinds = node.get("type")
    if is_list(kinds):
        kinds = kinds[0]
    if kinds:
        return str(kinds)
    if "properties" in node or "required" in node or any(key in node for key in _OBJECTS):
        return "object"
    for union in (*_UNION, "allOf"):
        for branch in node.get(union, ()):
            found = _kind(branch) if is_map(branch) else ""
            if found:
                return found
    return "array" if "items" in node else "string"


def _first_branch(node: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The first alternative of a node that is nothing but alternatives."""
    if "pattern" in node:
        return None
    return next((branch for union in _UNION for branch in node.get(union, ())), None)


def _least(node: Mapping[str, Any]) -> range:
    """One turn for each item that a list must have."""
    return range(int(node.get("minItems", 0)))


def _nth(value: Any, number: int) -> Any:
    """One more item of a list whose items may have to differ."""
    return f"{value[:-1]}{number}" if isinstance(value, str) and number else value


def _number(node: Mapping[str, Any]) -> Any:
    low, high = node.get("minimum", node.get("exclusiveMinimum", 1)), node.get("maximum", 1)
    return 1 if low <= 1 <= high else max(low, min(1, high))


def _object(node: Mapping[str, Any], schema: Schema, ids: Ids, depth: int) -> dict[str, Any]:
    """The required members, and those of the first branch of each union."""
    if depth > _DEEP:
        return {}
    below: dict[str, Any] = dict(node.get("properties", {}))
    wanted = list(dict.fromkeys(_wanted(node, schema, below)))
    least = int(node.get("minProperties", 0))
    wanted += [name for name in below if name not in wanted][: max(least - len(wanted), 0)]
    made = {name: specimen(below.get(name, {}), schema, ids, depth + 1) for name in wanted}
    for pattern, child in node.get("patternProperties", {}).items():
        if len(made) < least and (name := matching(pattern, ids)) is not None:
            made[name] = specimen(child, schema, ids, depth + 1)
    return made


def _wanted(node: Mapping[str, Any], schema: Schema, below: dict[str, Any]) -> Iterator[str]:
    yield from node.get("required", ())
    for key in _OBJECTS:
        if node.get(key) and not set(node[key]) & set(node.get("required", ())):
            yield node[key][0]
    for union in _UNION:
        for branch in node.get(union, ())[:1]:
            found = schema.resolved(branch)
            below.update({k: v for k, v in found.get("properties", {}).items() if k not in below})
            yield from _wanted(found, schema, below)
    for branch in node.get("allOf", ()):
        yield from _wanted(schema.resolved(branch), schema, below)


def specimen_text(node: Mapping[str, Any], ids: Ids) -> str:
    """A text of the length, the format and the pattern that a node asks for."""
    low, high = int(node.get("minLength", 0)), int(node.get("maxLength", 1 << 20))
    pattern = node.get("pattern")
    if isinstance(pattern, str) and (made := matching(pattern, ids, low, high)) is not None:
        return made
    made = _FORMATS.get(node.get("format", ""), "")
    if not made:
        made = ids.letters(12, LOWER)
    while len(made) < low:
        made += ids.letters(16, LOWER)
    return made[: max(high, 1)] if len(made) > high else made


_FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "uri": "https://example.com/",
    "json": "{}",
    "AWS::EC2::SecurityGroup.Id": "sg-0123456789abcdef0",
    "AWS::EC2::Subnet.Id": "subnet-0123456789abcdef0",
    "AWS::EC2::VPC.Id": "vpc-0123456789abcdef0",
    "AWS::EC2::Image.Id": "ami-0123456789abcdef0",
    "AWS::IAM::Role.Arn": "arn:aws:iam::000000000000:role/service",
}


def matching(pattern: str, ids: Ids, low: int = 0, high: int = 1 << 20) -> str | None:
    """A text that a pattern admits, between two lengths; None where none is found."""
    for length in (*(each for each in _LENGTHS if each >= low), low, *_LENGTHS):
        try:
            made = _written(_parsed(pattern), length, ids)
        except (ValueError, re.error):  # what only Java knows
            return None
        if occurs(pattern, made) and low <= len(made) <= high:
            return made
    return None


@cache
def _parsed(pattern: str) -> Any:
    # Python's own parser knows neither Java's classes nor flags in the middle.
    plain = re.sub(r"\\p\{\w+\}", r"\\w", pattern).replace("(?i)", "")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _parser.parse(plain)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]


def _written(parts: Any, length: int, ids: Ids) -> str:
    return "".join(_part(str(operator), argument, length, ids) for operator, argument in parts)


def _part(operator: str, argument: Any, length: int, ids: Ids) -> str:
    """What one part of a parsed pattern admits. Raises ValueError for what refers to elsewhere."""
    match operator:
        case "LITERAL":
            return chr(argument)
        case "NOT_LITERAL":
            return "a" if chr(argument) != "a" else "b"
        case "ANY":
            return ids.letters(1, LOWER)
        case "IN":
            return ids.letters(1, _alphabet(argument))
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _repeated(argument, length, ids)
        case "SUBPATTERN":
            return _written(argument[-1], length, ids)
        case "BRANCH":
            branches = [each for each in argument[1] if len(each)] or argument[1]
            return _written(branches[0], length, ids)
        case "AT" | "ASSERT" | "ASSERT_NOT":
            return ""
        case _:
            raise ValueError(operator)


def _repeated(argument: Any, length: int, ids: Ids) -> str:
    """A character class goes on for the length wanted; a group comes as seldom as it may."""
    low, high, inner = int(argument[0]), int(argument[1]), argument[2]
    if len(inner) > 1 or str(inner[0][0]) in ("SUBPATTERN", "BRANCH"):
        times = max(low, min(1, high))
        return "".join(_written(inner, length, ids) for _ in range(times))
    count = min(max(low, length), high)
    if str(inner[0][0]) != "IN":
        return "".join(_written(inner, length, ids) for _ in range(count))
    alphabet = _alphabet(inner[0][1])
    return "".join(ids.letters(min(16, count - n), alphabet) for n in range(0, count, 16))


_CATEGORIES = {
    "CATEGORY_DIGIT": "0123456789",
    "CATEGORY_WORD": LOWER,
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_SPACE": LOWER,
    "CATEGORY_NOT_DIGIT": LOWER[:26],
    "CATEGORY_NOT_WORD": "-",
}


def _alphabet(items: Any) -> str:
    """The characters of a class: its lower-case letters and digits where it has any."""
    negated = str(items[0][0]) == "NEGATE"
    named = {c for operator, argument in items for c in _characters(str(operator), argument)}
    found = [c for c in _ANY if c not in named] if negated else sorted(named)
    plain = "".join(c for c in LOWER if c in found) or "".join(c for c in UPPER if c in found)
    return plain or "".join(found[:1]) or "a"


def _characters(operator: str, argument: Any) -> str:
    if operator == "LITERAL":
        return chr(argument)
    if operator == "RANGE":
        low, high = argument
        return "".join(map(chr, range(low, min(high, low + 127) + 1)))
    if operator == "CATEGORY":
        return _CATEGORIES.get(str(argument), "")
    return ""
