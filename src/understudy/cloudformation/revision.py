"""A template ready to be compared with what is deployed, and the resources that are."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from understudy.cloudformation.conditions import decide
from understudy.cloudformation.graph import Graph, dependencies
from understudy.cloudformation.resolve import EvaluationError, Scope, evaluate
from understudy.cloudformation.template import Template
from understudy.cloudformation.unknown import NO_VALUE, unknown
from understudy.cloudformation.value import is_map


@dataclass(frozen=True)
class Revision:
    """A template with all that its values refer to, except resources.

    ``scope`` has the conditions decided; ``secrets`` are the parameters with NoEcho.
    """

    template: Template
    scope: Scope
    secrets: frozenset[str] = frozenset()

    @cached_property
    def graph(self) -> Graph:
        """What each resource that exists needs; worked out once for plans and for what follows."""
        return dependencies(self.template, self.scope.conditions)


@dataclass(frozen=True, slots=True)
class Deployed:
    """A resource as it stands: ``properties`` resolved, with dynamic references as written."""

    type: str
    physical_id: str
    properties: Mapping[str, Any] = field(default_factory=dict[str, Any])
    attributes: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def attribute(self, logical_id: str, name: str) -> Any:
        """What Fn::GetAtt gives: an attribute, else a property of that name, else an unknown."""
        if name in self.attributes:
            return self.attributes[name]
        value: Any = self.properties
        for step in name.split("."):
            if not is_map(value) or step not in value:
                return unknown([(logical_id, name)])
            value = value[step]
        return value


def revision(template: Template, scope: Scope, secrets: Collection[str] = ()) -> Revision:
    """A revision of a template, with its mappings and its conditions decided.

    ``scope`` brings parameters, pseudo parameters, zones and exports. Raises `EvaluationError` if a
    condition cannot be decided.
    """
    ready = replace(scope, mappings=template.mappings, extensions=template.language_extensions)
    conditions = decide(template.conditions, ready)
    return Revision(template, replace(ready, conditions=conditions), frozenset(secrets))


def as_deployed(scope: Scope, state: Mapping[str, Deployed]) -> Scope:
    """A scope in which references give what is deployed."""

    def ref(logical_id: str) -> Any:
        deployed = state.get(logical_id)
        return deployed.physical_id if deployed else unknown([(logical_id, "")])

    def attribute(logical_id: str, name: str) -> Any:
        deployed = state.get(logical_id)
        if deployed is None:
            return unknown([(logical_id, name)])
        return deployed.attribute(logical_id, name)

    return replace(scope, ref=ref, attribute=attribute)


def evaluated_or_written(value: Any, scope: Scope) -> Any:
    """A value evaluated as far as it can be; one that is nothing or cannot is as it is written."""
    if value is None:
        return None
    try:
        evaluated = evaluate(value, scope)
    except EvaluationError:
        return value
    return None if evaluated is NO_VALUE else evaluated
