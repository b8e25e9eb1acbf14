"""The AWS::LanguageExtensions transform: loops are written out, names made of functions resolved.

Fn::Length, Fn::ToJsonString and the default of Fn::FindInMap are left to evaluation.
AWS: AWS::LanguageExtensions transform; Fn::ForEach.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from understudy.base.diagnostic import Diagnostic, Path
from understudy.cloudformation.intrinsics import LOOP, called
from understudy.cloudformation.resolve import EvaluationError, Scope, evaluate
from understudy.cloudformation.structure import LANGUAGE_EXTENSIONS
from understudy.cloudformation.unknown import is_known
from understudy.cloudformation.value import is_list, is_map, is_scalar, items, text

SECTIONS = ("Conditions", "Resources", "Outputs")
MAX_MEMBERS = 10_000
"""Members that all loops together may make; far above the quotas that apply to the result."""

_FAILED = f"Transform {LANGUAGE_EXTENSIONS} failed with: "
_LAYOUT = "Fn::ForEach layout is incorrect"
_NO_COLLECTION = "Could not find a collection or could not be resolved for Fn::ForEach"
_NOT_ALPHANUMERIC = re.compile(r"[^A-Za-z0-9]")
_IDENTIFIER = re.compile(r"([$&])\{([A-Za-z0-9]+)\}")
_NAMED = ("DependsOn", "Condition")

Bindings = Mapping[str, str]


class _Failure(Exception):  # noqa: N818 - it reports the user's template
    def __init__(self, message: str, path: Path) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(f"{_FAILED}{message}", path)


def expand(data: Mapping[str, Any], scope: Scope) -> tuple[dict[str, Any] | None, list[Diagnostic]]:
    """The template data with every loop written out, or None and why it cannot be.

    ``scope`` brings parameters, pseudo parameters and mappings. Quotas apply to the result, which
    is read again.
    """
    expansion = _Expansion(scope)
    expanded = dict(data)
    try:
        _refuse_repeated(data)
        for section in SECTIONS:
            if section in data:
                expanded[section] = expansion.expanded(data[section], {}, (section,))
    except _Failure as failure:
        return None, [failure.diagnostic]
    return expanded, []


def _refuse_repeated(data: Mapping[str, Any]) -> None:
    """A loop's name is unique in its template, and no logical id."""
    seen: set[str] = set()
    resources = data.get("Resources", {})
    for section, value in data.items():
        for path in _loops(value, (section,)):
            name = str(path[-1]).removeprefix(LOOP)
            if section not in SECTIONS:
                raise _Failure(f"Fn::ForEach is not supported in the {section} section", path)
            if name in seen:
                raise _Failure(f"Fn::ForEach loop name {name} is not unique", path)
            if name in resources:
                raise _Failure(f"Fn::ForEach loop name {name} is a logical ID as well", path)
            seen.add(name)


def _loops(value: Any, path: Path) -> Iterator[Path]:
    for step, child in items(value):
        if isinstance(step, str) and step.startswith(LOOP):
            yield (*path, step)
        yield from _loops(child, (*path, step))


class _Expansion:
    """Writes loops out; counts what they make."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.made = 0

    def expanded(self, value: Any, bindings: Bindings, path: Path) -> Any:
        """A value with its loops written out and the identifiers in it replaced."""
        if is_list(value):
            return [self.expanded(v, bindings, (*path, i)) for i, v in enumerate(value)]
        if not is_map(value):
            return value
        call = called(value)
        if call is not None and not call[0].startswith(LOOP):
            return self._call(*call, bindings, path)
        return self._map(value, bindings, path)

    def _map(self, value: dict[str, Any], bindings: Bindings, path: Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, child in value.items():
            here = (*path, key)
            members = (
                self._loop(child, bindings, here)
                if key.startswith(LOOP)
                else [(key, self.expanded(child, bindings, here))]
            )
            for name, member in members:
                if name in result:
                    raise _Failure(f"Fn::ForEach makes {name} more than once", here)
                result[name] = self._named(name, member)
        return result

    def _named(self, key: str, member: Any) -> Any:
        """A function in DependsOn or Condition stands for a name."""
        literal = self._literal(member) if key in _NAMED and called(member) else None
        return member if literal is None else literal

    def _call(self, name: str, argument: Any, bindings: Bindings, path: Path) -> Any:
        if name == "Ref" and isinstance(argument, str) and argument in bindings:
            return bindings[argument]
        if name == "Fn::Sub":
            return {name: self._sub(argument, bindings, path)}
        expanded = self.expanded(argument, bindings, (*path, name))
        if name == "Ref" and called(expanded):
            expanded = self._literal(expanded) or expanded
        if name == "Fn::GetAtt" and is_list(expanded):
            expanded = [self._literal(part) or part for part in expanded]
        return {name: expanded}

    def _literal(self, value: Any) -> str | None:
        """The text that a function comes to without any resource, or None."""
        try:
            evaluated = evaluate(value, self.scope)
        except EvaluationError:
            return None
        return text(evaluated) if is_scalar(evaluated) else None

    def _sub(self, argument: Any, bindings: Bindings, path: Path) -> Any:
        if not is_list(argument) or len(argument) != 2 or not is_map(argument[1]):
            return _filled(argument, bindings, "$")
        own = {name: item for name, item in bindings.items() if name not in argument[1]}
        variables = self.expanded(argument[1], bindings, (*path, "Fn::Sub", 1))
        return [_filled(argument[0], own, "$"), variables]

    # Loops

    def _loop(self, loop: Any, bindings: Bindings, path: Path) -> Iterator[tuple[str, Any]]:
        identifier, collection, fragment = _parts(loop, path)
        for item in self._items(collection, bindings, path):
            inner = {**bindings, identifier: item}
            for key, value in fragment.items():
                here = (*path, 2, key)
                if key.startswith(LOOP):
                    yield from self._loop(value, inner, here)
                    continue
                self._count(path)
                yield _filled(key, inner, "$&"), self.expanded(value, inner, here)

    def _count(self, path: Path) -> None:
        self.made += 1
        if self.made > MAX_MEMBERS:
            raise _Failure(f"Fn::ForEach makes more than {MAX_MEMBERS} members", path)

    def _items(self, collection: Any, bindings: Bindings, path: Path) -> list[str]:
        ready = self.expanded(collection, bindings, (*path, 1))
        try:
            evaluated = evaluate(ready, self.scope)
        except EvaluationError as error:
            raise _Failure(f"{_NO_COLLECTION}: {error.message}", (*path, 1)) from None
        members = _flat(evaluated) if is_list(evaluated) and is_known(evaluated) else None
        if members is None:
            raise _Failure(_NO_COLLECTION, (*path, 1))
        return members


def _flat(members: list[Any]) -> list[str] | None:
    """The items of a collection; a list parameter inside a list gives its members."""
    flat = [item for member in members for item in (member if is_list(member) else [member])]
    return [text(item) for item in flat] if all(map(is_scalar, flat)) else None


def _parts(loop: Any, path: Path) -> tuple[str, Any, dict[str, Any]]:
    """The identifier, the collection and the members of a loop."""
    if not is_list(loop) or len(loop) != 3:
        raise _Failure(_LAYOUT, path)
    identifier, collection, fragment = loop
    if not isinstance(identifier, str) or not is_map(fragment) or not fragment:
        raise _Failure(_LAYOUT, path)
    for key in fragment:
        marked = f"${{{identifier}}}" in key or f"&{{{identifier}}}" in key
        if not (marked or key.startswith(LOOP)):
            raise _Failure(f"{_LAYOUT}: {key} must contain ${{{identifier}}}", (*path, 2, key))
    return identifier, collection, fragment


def _filled(value: Any, bindings: Bindings, marks: str) -> Any:
    """Text with identifiers replaced; ``&{X}`` takes the letters and digits of the item only."""
    if not isinstance(value, str) or not bindings:
        return value

    def item(match: re.Match[str]) -> str:
        mark, name = match.groups()
        if mark not in marks or name not in bindings:
            return match[0]
        return bindings[name] if mark == "$" else _NOT_ALPHANUMERIC.sub("", bindings[name])

    return _IDENTIFIER.sub(item, value)
