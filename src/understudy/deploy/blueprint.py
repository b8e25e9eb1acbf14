"""A target made ready to be built: its template, its conditions, its order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from understudy.base.arn import ACCOUNT, PARTITION, URL_SUFFIX
from understudy.cloudformation.graph import enabled, is_enabled
from understudy.cloudformation.resolve import EvaluationError, Scope, StackOutput, evaluate
from understudy.cloudformation.revision import (
    Deployed,
    Revision,
    as_deployed,
    evaluated_or_written,
    revision,
)
from understudy.cloudformation.template import Resource, Template
from understudy.cloudformation.unknown import is_known, sources
from understudy.deploy.reading import parameters_in, parsed, template_in
from understudy.deploy.stack import Stack, StackResource, Target

ZONES = "abcdef"
_KEPT = 64


@dataclass(frozen=True, slots=True)
class Blueprint:
    """A checked target: its template with all it refers to, what exists, and what needs what.

    ``drafts`` are resources that need no other, worked out when their stack was validated; a
    creation takes them.
    """

    revision: Revision
    resources: Mapping[str, Resource]
    needs: Mapping[str, tuple[str, ...]]
    imports: tuple[str, ...] = ()
    drafts: dict[str, StackResource] = field(default_factory=dict[str, StackResource])

    @property
    def template(self) -> Template:
        """The template itself."""
        return self.revision.template


class Blueprints:
    """Makes blueprints of targets and remembers the last ones: reading a template is the dear part.

    ``exports`` looks up a value that some stack of the region exports, ``outputs`` an output of a
    stack.
    """

    def __init__(
        self,
        region: str,
        exports: Callable[[str], str | None],
        outputs: Callable[[StackOutput], str | None],
    ) -> None:
        self._region = region
        self._exports = exports
        self._outputs = outputs
        self._made: dict[tuple[str, int], tuple[Target, Blueprint]] = {}

    def with_exports(self, exports: Callable[[str], str | None]) -> "Blueprints":
        """Makes blueprints of what would be if stacks exported other values."""
        return Blueprints(self._region, exports, self._outputs)

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
        template = template_in(target.processed or target.body)
        ready = revision(template, self.scope(stack.id, stack.name, target), self.secrets(target))
        return Blueprint(
            ready,
            enabled(template, ready.scope.conditions),
            {name: tuple(needs) for name, needs in ready.graph.items()},
            _imports(ready) if "ImportValue" in target.body + target.processed else (),
        )

    @staticmethod
    def secrets(target: Target) -> frozenset[str]:
        """The parameters of a target that are never shown."""
        declared = parameters_in(parsed(target.processed or target.body))
        return frozenset(name for name, each in declared.items() if each.no_echo)

    def scope(self, stack_id: str, stack_name: str, target: Target) -> Scope:
        """What values may refer to before any resource exists; without mappings and conditions."""
        pseudo: dict[str, Any] = {
            "AWS::AccountId": ACCOUNT,
            "AWS::NotificationARNs": list(target.notification_arns),
            "AWS::Partition": PARTITION,
            "AWS::Region": self._region,
            "AWS::StackId": stack_id,
            "AWS::StackName": stack_name,
            "AWS::URLSuffix": URL_SUFFIX,
        }
        return Scope(
            target.parameters,
            pseudo,
            zones=self.zones,
            exports=self._exports,
            outputs=self._outputs,
        )

    def zones(self, region: str) -> Sequence[str]:
        """The Availability Zones of a region, or of this one."""
        return zones_of(region or self._region)


def zones_of(region: str) -> Sequence[str]:
    """The Availability Zones of a region; six, as the largest region has."""
    return [f"{region}{letter}" for letter in ZONES]


def planning_scope(scope: Scope) -> Scope:
    """A scope in which no resource exists yet."""
    return as_deployed(scope, {})


def _imports(ready: Revision) -> tuple[str, ...]:
    """The exports that a revision takes of other stacks, in branches that are taken."""
    names: dict[str, None] = {}

    def export(name: str) -> str:
        names[name] = None
        return name

    _visit(ready, replace(planning_scope(ready.scope), exports=export))
    return tuple(names)


def output_roles(ready: Revision) -> tuple[str, ...]:
    """The roles by which a revision reads outputs of other stacks, in branches that are taken.

    One that the template itself makes is not known yet. AWS: Fn::GetStackOutput, RoleArn.
    """
    roles: dict[str, None] = {}

    def output(wanted: StackOutput) -> str:
        roles[wanted.role] = None
        return wanted.name

    _visit(ready, replace(planning_scope(ready.scope), outputs=output))
    return tuple(filter(None, roles))


def _visit(ready: Revision, scope: Scope) -> None:
    """Evaluate what a revision makes, for what its functions ask of a scope."""
    conditions = ready.scope.conditions
    values = [each.properties for each in enabled(ready.template, conditions).values()]
    outputs = ready.template.outputs.values()
    values += [each.value for each in outputs if is_enabled(each.condition, conditions)]
    for value in values:
        evaluated_or_written(value, scope)


def deployed(resource: StackResource) -> Deployed:
    """A stack's resource as planning and references see it."""
    return Deployed(resource.type, resource.physical_id, resource.properties, resource.attributes)


def evaluated(value: Any, blueprint: Blueprint, stack: Stack) -> Any:
    """A value of the template, with everything that it refers to in existence.

    Raises EvaluationError with AWS's sentence.
    """

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
        return deployed(stack.resources[logical_id]).attribute(logical_id, name)

    scope = replace(blueprint.revision.scope, ref=ref, attribute=attribute)
    result = evaluate(value, scope)
    if not is_known(result):
        logical_id, name = min(sources(result))
        kind = stack.resources[logical_id].type
        raise EvaluationError(f"Resource type {kind} does not support attribute {{{name}}}")
    return result
