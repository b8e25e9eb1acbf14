"""All that can be seen to be wrong with what is to be deployed, before anybody is asked."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from understudy.app.stacks.source import Origin, StackSource
from understudy.app.templates import checked_data, placed, property_problems, pseudo
from understudy.base.diagnostic import Diagnostic, Severity
from understudy.cloudformation.language_extensions import expand
from understudy.cloudformation.parameters import bind, given, stored_names
from understudy.cloudformation.parse import parse
from understudy.cloudformation.resolve import Scope
from understudy.cloudformation.structure import LANGUAGE_EXTENSIONS
from understudy.cloudformation.template import read_parameters, transforms
from understudy.cloudformation.value import items

MASK = "understudy"
"""What stands for a value of the parameter store, which is not known here."""


def examined(
    source: StackSource, region: str, *, values: bool = True
) -> tuple[Mapping[str, Any], list[Diagnostic]]:
    """The data of a stack's template, and everything that is wrong, each with its place.

    What macros make cannot be seen, but for AWS::LanguageExtensions. Without ``values`` nothing is
    said of parameters, for a stack that exists has its own.
    """
    data, found = parse(source.text, str(source.path))
    if any(each.severity is Severity.ERROR for each in found):
        return {}, found
    problems = _examined(data, source, region)
    if not values:
        problems = [each for each in problems if each.path[:1] != ("Parameters",)]
    return data, [_with_origin(each, source.origins) for each in problems]


def _examined(data: Any, source: StackSource, region: str) -> list[Diagnostic]:
    declared, wrong = read_parameters(data)
    if declared is None:
        return placed(wrong, source.text, source.path)
    used = set(map(str, transforms(data)))
    if used - {LANGUAGE_EXTENSIONS} or _includes(data):
        return []
    texts = given(declared, source.parameters)
    stored = dict.fromkeys(stored_names(declared, texts).values(), MASK)
    if used:
        bound, _ = bind(declared, source.parameters, stored=stored)
        if bound is None:
            return []
        scope = Scope(bound.values, pseudo(region), data.get("Mappings", {}), extensions=True)
        expanded, problems = expand(data, scope)
        if expanded is None:
            return placed(problems, source.text, source.path)
        data = expanded
    return _of_template(data, source, region, stored)


def _of_template(
    data: Any, source: StackSource, region: str, stored: Mapping[str, str]
) -> list[Diagnostic]:
    path, given_ones = Path(source.path), source.parameters
    result, problems = checked_data(data, source.text, path, given_ones, region, stored)
    if result is not None:
        problems += property_problems(result, {}, region)
    return list(dict.fromkeys(problems))


def _includes(value: Any) -> bool:
    return any(step == "Fn::Transform" or _includes(child) for step, child in items(value))


def _with_origin(diagnostic: Diagnostic, origins: Mapping[str, Origin]) -> Diagnostic:
    """A diagnostic about a resource that a construct made names the construct and its line."""
    path = diagnostic.path
    origin = origins.get(str(path[1])) if len(path) > 1 else None
    if origin is None:
        return diagnostic
    detail = "\n".join(filter(None, (diagnostic.detail, f"made by the construct {origin}")))
    return replace(diagnostic, detail=detail)
