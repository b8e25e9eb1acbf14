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
) -> Iterator[Reference]:
    """The names in a value. With ``conditions`` given, branches of Fn::If not taken have none."""
    call = called(value)
    if call is not None:
        name, argument = call
        here = (*path, name)
        yield from _own(name, argument, here)
        if name == "Fn::If" and conditions is not None and _decided(argument, conditions):
            branch = 1 if conditions[argument[0]] else 2
            yield from references(argument[branch], conditions, (*here, branch))
            return
    for step, child in items(value):
        if child.__class__ is dict or child.__class__ is list:
            yield from references(child, conditions, (*path, step))


def _decided(argument: Any, conditions: Mapping[str, bool]) -> bool:
    return (
        is_list(argument)
        and len(argument) == 3
        and isinstance(argument[0], str)
        and argument[0] in conditions
    )


def _own(function: str, argument: Any, path: Path) -> Iterator[Reference]:
    """The names that a call itself uses, without those of calls within it."""
    if function == "Ref" and isinstance(argument, str):
        yield Reference(argument, "", function, path)
    elif function == "Fn::GetAtt":
        parts = get_att_parts(argument)
        if is_list(parts) and len(parts) == 2 and isinstance(parts[0], str):
            attribute = text(parts[1]) if is_scalar(parts[1]) else "*"
            yield Reference(parts[0], attribute, function, path)
    elif function == "Fn::Sub" and _is_sub(argument):
        source, variables = sub_parts(argument)
        for name in dict.fromkeys(sub_names(source)):
            if name not in variables:
                resource, _, attribute = name.partition(".")
                yield Reference(resource, attribute, function, path)


def _is_sub(argument: Any) -> bool:
    if is_list(argument):
        return len(argument) == 2 and is_scalar(argument[0]) and is_map(argument[1])
    return is_scalar(argument)


def condition_names(value: Any, path: Path = ()) -> Iterator[tuple[str, Path]]:
    """The conditions that Fn::If uses in a value, and where."""
    call = called(value)
    if call is not None and call[0] == "Fn::If":
        argument = call[1]
        if is_list(argument) and argument and isinstance(argument[0], str):
            yield argument[0], (*path, "Fn::If", 0)
    for step, child in items(value):
        if child.__class__ is dict or child.__class__ is list:
            yield from condition_names(child, (*path, step))


def named_conditions(value: Any, path: Path = ()) -> Iterator[tuple[str, Path]]:
    """The conditions that ``{Condition: name}`` uses inside condition functions, and where."""
    if is_map(value) and len(value) == 1 and isinstance(value.get("Condition"), str):
        yield value["Condition"], (*path, "Condition")
    for step, child in items(value):
        yield from named_conditions(child, (*path, step))
