"""A target made ready to be built: its template, its conditions, its order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from understudy.base.arn import ACCOUNT, PARTITION, URL_SUFFIX
from understudy.cloudformation.conditions import decide
from understudy.cloudformation.graph import dependencies, enabled
from understudy.cloudformation.parse import parse
from understudy.cloudformation.resolve import EvaluationError, Scope, evaluate
from understudy.cloudformation.template import Resource, Template, read
from understudy.deploy.stack import Stack, Target

ZONES = "abcdef"
_KEPT = 64


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A checked target. ``resources`` are those that its conditions let exist."""

    template: Template
    conditions: Mapping[str, bool]
    resources: Mapping[str, Resource]
    needs: Mapping[str, tuple[str, ...]]
    scope: Scope


class Blueprints:
    """Makes blueprints of targets, and remembers the last ones: reading a template is the dear part.

    ``exports`` looks up a value that some stack of the region exports.
    """

    def __init__(self, region: str, exports: Callable[[str], str | None]) -> None:
        self._region = region
        self._exports = exports
        self._made: dict[tuple[str, int], tuple[Target, Blueprint]] = {}

    def of(self, stack: Stack, target: Target) -> Blueprint:
        """The blueprint of a target of a stack. The target must have been checked before."""
        key = (stack.id, id(target))
        found = self._made.get(key)
        if found is not None and found[0] is target:
            return found[1]
        made = self._make(stack, target)
        while len(self._made) >= _KEPT:
            del self._made[next(iter(self._made))]
        self._made[key] = (target, made)
        return made

    def _make(self, stack: Stack, target: Target) -> Blueprint:
        data, diagnostics = parse(target.body)
        template, problems = read(data)
        if template is None:
            raise EvaluationError((diagnostics + problems)[0].summary)
        scope = self.scope(stack, target, template)
        conditions = decide(template.conditions, scope)
        graph = dependencies(template, conditions)
        return Blueprint(
            template,
            conditions,
            enabled(template, conditions),
            {name: tuple(needs) for name, needs in graph.items()},
            scope,
        )

    def scope(self, stack: Stack, target: Target, template: Template) -> Scope:
        """What values may refer to before any resource exists."""
        return Scope(
            parameters=target.parameters,
            pseudo=self.pseudo(stack, target),
            mappings=template.mappings,
            zones=self.zones,
            exports=self._exports,
            extensions=template.language_extensions,
        )

    def pseudo(self, stack: Stack, target: Target) -> dict[str, Any]:
        """The pseudo parameters of a stack."""
        return {
            "AWS::AccountId": ACCOUNT,
            "AWS::NotificationARNs": list(target.notification_arns),
            "AWS::Partition": PARTITION,
            "AWS::Region": self._region,
            "AWS::StackId": stack.id,
            "AWS::StackName": stack.name,
            "AWS::URLSuffix": URL_SUFFIX,
        }

    def zones(self, region: str) -> Sequence[str]:
        """The Availability Zones of a region; six, as the largest region has."""
        return [f"{region or self._region}{letter}" for letter in ZONES]


def live_scope(blueprint: Blueprint, stack: Stack) -> Scope:
    """The scope of a stack that is being built: references look at what exists."""

    def ref(logical_id: str) -> Any:
        if logical_id not in stack.resources:
            raise EvaluationError(
                f"Template format error: Unresolved resource dependencies [{logical_id}] in the "
                "Resources block of the template"
            )
        return stack.resources[logical_id].physical_id

    def attribute(logical_id: str, name: str) -> Any:
        if logical_id not in stack.resources:
            raise EvaluationError(
                f"Template error: instance of Fn::GetAtt references undefined resource {logical_id}"
            )
        return attribute_of(stack, logical_id, name)

    scope = blueprint.scope
    return Scope(
        parameters=scope.parameters,
        pseudo=scope.pseudo,
        mappings=scope.mappings,
        conditions=blueprint.conditions,
        ref=ref,
        attribute=attribute,
        zones=scope.zones,
        exports=scope.exports,
        extensions=scope.extensions,
    )


def attribute_of(stack: Stack, logical_id: str, name: str) -> Any:
    """An attribute of a resource that exists. ``A.B`` may be a name with a dot, or nested."""
    attributes = stack.resources[logical_id].attributes
    if name in attributes:
        return attributes[name]
    value: Any = attributes
    for part in name.split("."):
        if not isinstance(value, dict) or part not in value:
            raise EvaluationError(
                f"Resource type {stack.resources[logical_id].type} does not support attribute "
                f"{{{name}}}"
            )
        value = value[part]
    return value


def evaluated(value: Any, blueprint: Blueprint, stack: Stack) -> Any:
    """A value of the template, with everything that it refers to in existence."""
    return evaluate(value, live_scope(blueprint, stack))
