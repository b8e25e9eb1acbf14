"""A stack in a test: templates bound, and resources that stand as if they had been deployed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from understudy.cloudformation.change import Change
from understudy.cloudformation.changeset import plan
from understudy.cloudformation.graph import dependencies, enabled, layers
from understudy.cloudformation.parameters import bind
from understudy.cloudformation.references import Reference, references
from understudy.cloudformation.resolve import Scope, evaluate
from understudy.cloudformation.revision import Deployed, Revision, as_deployed, revision
from understudy.cloudformation.schema import Schemas
from understudy.cloudformation.template import Template, read
from understudy.cloudformation.unknown import is_known

PSEUDO: dict[str, Any] = {
    "AWS::AccountId": "000000000000",
    "AWS::NotificationARNs": [],
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackId": "arn:aws:cloudformation:us-east-1:000000000000:stack/test/1",
    "AWS::StackName": "test",
    "AWS::URLSuffix": "amazonaws.com",
}


def template_of(data: Any) -> Template:
    """The template in plain data, which must be well formed."""
    template, diagnostics = read(data)
    assert template is not None, diagnostics
    return template


def revision_of(data: Any, parameters: Mapping[str, str] | None = None) -> Revision:
    """A revision with its parameters bound in the pseudo parameters of the test stack."""
    template = template_of(data)
    bound, diagnostics = bind(template.parameters, parameters or {})
    assert bound is not None, diagnostics
    scope = Scope(
        parameters=bound.values,
        pseudo=PSEUDO,
        zones=lambda region: (f"{region}b", f"{region}a"),
        exports={"Shared": "shared-value"}.get,
    )
    return revision(template, scope, bound.no_echo)


def deployed(of: Revision) -> dict[str, Deployed]:
    """The resources of a revision as if they stood: Ref is ``phys-<id>``.

    Fn::GetAtt gives a property of that name, else an ARN or ``<id>-<attribute>``.
    """
    state: dict[str, Deployed] = {}
    standing = as_deployed(of.scope, state)

    def attribute(logical_id: str, name: str) -> Any:
        value = standing.attribute(logical_id, name)
        made_up = (
            f"arn:aws:iam::000000000000:role/{logical_id}"
            if name == "Arn"
            else f"{logical_id}-{name}"
        )
        return value if is_known(value) else made_up

    scope = replace(standing, attribute=attribute)
    for layer in layers(dependencies(of.template, of.scope.conditions)):
        for logical_id in layer:
            resource = of.template.resources[logical_id]
            properties = evaluate(resource.properties, scope)
            state[logical_id] = Deployed(resource.type, f"phys-{logical_id}", properties)
    for reference in _read_attributes(of):
        value = attribute(reference.name, reference.attribute)
        found = state[reference.name]
        attributes = {**found.attributes, reference.attribute: value}
        state[reference.name] = replace(found, attributes=attributes)
    return state


def _read_attributes(of: Revision) -> list[Reference]:
    there = enabled(of.template, of.scope.conditions)
    return [
        reference
        for resource in there.values()
        for reference in references(resource.properties, of.scope.conditions)
        if reference.attribute and reference.name in there
    ]


def changes_between(
    before: Any,
    after: Any,
    schemas: Schemas,
    old: Mapping[str, str] | None = None,
    new: Mapping[str, str] | None = None,
) -> tuple[Change, ...]:
    """The plan from one template, deployed with parameters ``old``, to another with ``new``."""
    standing = revision_of(before, old)
    return plan(standing, revision_of(after, new), deployed(standing), schemas)


def with_exports(of: Revision, exports: Mapping[str, str]) -> Revision:
    """The same revision where other stacks export these values."""
    return replace(of, scope=replace(of.scope, exports=exports.get))
