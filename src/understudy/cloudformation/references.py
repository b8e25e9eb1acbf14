"""Which parameters, resources and conditions a value refers to, and where."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.base.diagnostic import Path
from understudy.cloudformation.intrinsics import (
    called,
    get_att_parts,
    sub_names,
    sub_parts,
)
from understudy.cloudformation.value import is_list, is_map, is_scalar, items, text


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that a value uses through Ref, Fn::GetAtt or Fn::Sub; Ref has no ``attribute``."""

    name: str
    attribute: str
    function: str
    path: Path

    @property
    def causing_entity(self) -> str:
        """How a change set names it: ``Topic`` or ``Topic.Arn``."""
        return f"{self.name}.{self.attribute}" if self.attribute else self.name


def references(
    value: Any, conditions: Mapping[str, bool] | None = None, path: Path = ()
) -> list[Reference]:
    """The names in a value. With ``conditions`` given, branches of Fn::If not taken have none."""
    found: list[Reference] = []
    if value.__class__ is dict or value.__class__ is list:
        _collect(value, conditions, path, found)
    return found


def _collect(
    value: Any, conditions: Mapping[str, bool] | None, path: Path, found: list[Reference]
) -> None:
    call = called(value)
    if call is not None:
        name, argument = call
        found += named_by(path, name, argument)
        if name == "Fn::If" and conditions is not None and _decided(argument, conditions):
            branch = 1 if conditions[argument[0]] else 2
            found += references(argument[branch], conditions, (*path, name, branch))
            return
    for step, child in value.items() if value.__class__ is dict else enumerate(value):
        if child.__class__ is dict or child.__class__ is list:
            _collect(child, conditions, (*path, step), found)


def _decided(argument: Any, conditions: Mapping[str, bool]) -> bool:
    return (
        is_list(argument)
        and len(argument) == 3
        and isinstance(argument[0], str)
        and argument[0] in conditions
    )


def named_by(path: Path, function: str, argument: Any) -> list[Reference]:
    """The names that a call itself uses, without those of calls within it."""
    here = (*path, function)
    if function == "Ref" and isinstance(argument, str):
        return [Reference(argument, "", function, here)]
    if function == "Fn::GetAtt":
        parts = get_att_parts(argument)
        if is_list(parts) and len(parts) == 2 and isinstance(parts[0], str):
            attribute = text(parts[1]) if is_scalar(parts[1]) else "*"
            return [Reference(parts[0], attribute, function, here)]
    if function == "Fn::Sub" and _is_sub(argument):
        source, variables = sub_parts(argument)
        names = [name for name in dict.fromkeys(sub_names(source)) if name not in variables]
        return [Reference(*_split(name), function, here) for name in names]
    return []


def _split(name: str) -> tuple[str, str]:
    resource, _, attribute = name.partition(".")
    return resource, attribute


def _is_sub(argument: Any) -> bool:
    if is_list(argument):
        return len(argument) == 2 and is_scalar(argument[0]) and is_map(argument[1])
    return is_scalar(argument)


def named_conditions(value: Any, path: Path = ()) -> Iterator[tuple[str, Path]]:
    """The conditions that ``{Condition: name}`` uses inside condition functions, and where."""
    if is_map(value) and len(value) == 1 and isinstance(value.get("Condition"), str):
        yield value["Condition"], (*path, "Condition")
    for step, child in items(value):
        yield from named_conditions(child, (*path, step))
