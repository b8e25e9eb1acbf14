"""The checks of a template that need no account: functions, references, types, attributes.

All problems are found at once; their order is that of CloudFormation's stages, so the first one is
what its API would answer.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from understudy.base.diagnostic import Diagnostic, Path
from understudy.cloudformation.dynamic import (
    MAX_REFERENCES,
    SECURE_STRINGS,
    DynamicReference,
    placed_references,
)
from understudy.cloudformation.functions import EvaluationError
from understudy.cloudformation.graph import attributes, circular, dependencies, is_enabled
from understudy.cloudformation.intrinsics import (
    EXTENSIONS,
    FUNCTIONS,
    IMPORT_DEPENDS,
    RULES_ONLY,
    Call,
    calls,
    malformed,
    no_condition,
    only_parameters,
    undefined,
    unresolved,
    unsupported,
)
from understudy.cloudformation.parameters import is_list_type
from understudy.cloudformation.references import (
    Reference,
    named_by,
    named_conditions,
    references,
)
from understudy.cloudformation.resolve import NO_STRING, Scope, evaluate
from understudy.cloudformation.rules import rule_references
from understudy.cloudformation.schema import CUSTOM_RESOURCE, Schemas
from understudy.cloudformation.structure import closest
from understudy.cloudformation.template import Template

PSEUDO_PARAMETERS = (
    "AWS::AccountId", "AWS::NotificationARNs", "AWS::NoValue", "AWS::Partition", "AWS::Region",
    "AWS::StackId", "AWS::StackName", "AWS::URLSuffix",
)  # fmt: skip
"""AWS: Pseudo parameters reference."""

Found = Iterator[Diagnostic]
Placed = tuple[Path, Any]


def check(
    template: Template, schemas: Schemas, conditions: Mapping[str, bool] | None = None
) -> list[Diagnostic]:
    """All that can be seen to be wrong in a well-formed template.

    With ``conditions`` given, what refers to a resource whose condition is false is wrong too,
    unless it stands in a branch that is not taken.
    """
    values = _resource_values(template)
    resources = [call for path, value in values for call in calls(value, path)]
    outputs = [call for path, value in _output_values(template) for call in calls(value, path)]
    resource_names, output_names = _references(resources), _references(outputs)
    stages: tuple[Iterable[Diagnostic], ...] = (
        _conditions(template),
        _rules(template),
        _calls(template, [*resources, *outputs]),
        _if_conditions(template, [*resources, *outputs]),
        _lists_in_texts(template, [*resources, *outputs]),
        _attached(template),
        _unresolved(template, "Resources", [*resource_names, *_depends_on(template)]),
        _unresolved(template, "Outputs", output_names),
        _disabled(template, conditions) if conditions is not None else (),
        _cycles(template, conditions),
        _types(template, schemas),
        _retention(template),
        _attributes(template, schemas, [*resource_names, *output_names]),
        _dynamic(template, values),
    )
    return [diagnostic for stage in stages for diagnostic in stage]


def _retention(template: Template) -> Found:
    """Policies have to be text without AWS::LanguageExtensions; not everything has snapshots."""
    for logical_id, resource in template.resources.items():
        for name, policy in (
            ("DeletionPolicy", resource.deletion_policy),
            ("UpdateReplacePolicy", resource.update_replace_policy),
        ):
            if not isinstance(policy, str | None) and not template.language_extensions:
                summary = f"Template format error: Every {name} member must be a string."
                yield Diagnostic(summary, ("Resources", logical_id, name))
        if resource.deletion_policy == "Snapshot" and resource.type not in SNAPSHOTS:
            yield Diagnostic(
                f"Template error: resource type {resource.type} does not support deletion policy "
                "Snapshot",
                ("Resources", logical_id, "DeletionPolicy"),
            )


SNAPSHOTS = (
    "AWS::DocDB::DBCluster", "AWS::EC2::Volume", "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup", "AWS::Neptune::DBCluster", "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance", "AWS::Redshift::Cluster",
)  # fmt: skip
"""The types of which a snapshot can be taken. AWS: DeletionPolicy attribute."""


def _lists_in_texts(template: Template, found: list[Call]) -> Found:
    """Parameters that are lists, named in Fn::Sub."""
    texts = [call for call in found if call[1] == "Fn::Sub"]
    for reference in _references(texts):
        declared = template.parameters.get(reference.name)
        if declared is not None and is_list_type(declared.type):
            yield Diagnostic(NO_STRING.format(reference.name), reference.path)


def _references(found: list[Call]) -> list[Reference]:
    return [reference for call in found for reference in named_by(*call)]


def _resource_values(template: Template) -> list[Placed]:
    return [
        (("Resources", logical_id, attribute), value)
        for logical_id, resource in template.resources.items()
        for attribute, value in attributes(resource)
        if value
    ]


def _output_values(template: Template) -> list[Placed]:
    values: list[Placed] = []
    for name, output in template.outputs.items():
        values.append((("Outputs", name, "Value"), output.value))
        if output.export is not None:
            values.append((("Outputs", name, "Export", "Name"), output.export))
    return values


# Functions


def _calls(template: Template, found: list[Call], known: frozenset[str] | None = None) -> Found:
    allowed = FUNCTIONS - RULES_ONLY if known is None else known
    if template.language_extensions:
        allowed |= EXTENSIONS
    for path, name, argument in found:
        yield from _call(template, allowed, path, name, argument)


def _call(template: Template, known: frozenset[str], path: Path, name: str, argument: Any) -> Found:
    if name not in known:
        hint = closest(name, sorted(known))
        yield Diagnostic(unsupported(name), (*path, name), action=hint)
        return
    complaint = malformed(name, argument, extensions=template.language_extensions)
    if complaint is None and name == "Fn::ImportValue":
        complaint = _import_of_resource(template, argument)
    if complaint is None and name in _LITERAL and not any(calls(argument)):
        complaint = _literally_wrong(template, name, argument)
    if complaint:
        yield Diagnostic(complaint, (*path, name))


def _import_of_resource(template: Template, argument: Any) -> str | None:
    named = (reference.name for reference in references(argument))
    return IMPORT_DEPENDS if any(name in template.resources for name in named) else None


_LITERAL = frozenset(("Fn::Cidr", "Fn::FindInMap", "Fn::Join", "Fn::Select", "Fn::Split"))


def _literally_wrong(template: Template, name: str, argument: Any) -> str | None:
    """What is wrong with a call whose arguments are all literal, by evaluating it."""
    scope = Scope(mappings=template.mappings, extensions=template.language_extensions)
    try:
        evaluate({name: argument}, scope)
    except EvaluationError as error:
        return error.message
    return None


# Conditions and rules


def _conditions(template: Template) -> Found:
    found = [c for n, raw in template.conditions.items() for c in calls(raw, ("Conditions", n))]
    yield from _only_parameters(template, "Conditions", found)
    for name, place in named_conditions(dict(template.conditions), ("Conditions",)):
        if name not in template.conditions:
            yield Diagnostic(
                f"Template format error: Unresolved condition dependencies [{name}] in the "
                "Conditions block of the template",
                place,
                action=closest(name, list(template.conditions)),
            )
    yield from _calls(template, found)
    yield from _if_conditions(template, found)


def _rules(template: Template) -> Found:
    found = [
        call
        for name, rule in template.rules.items()
        for expression in rule_references({name: rule})
        for call in calls(expression, ("Rules", name))
    ]
    yield from _only_parameters(template, "Rules", found)
    yield from _calls(template, found, FUNCTIONS)


def _only_parameters(template: Template, block: str, found: list[Call]) -> Found:
    """Conditions and rules are decided before resources exist."""
    wrong = [
        reference
        for reference in _references(found)
        if reference.attribute or not _is_parameter(template, reference.name)
    ]
    summary = only_parameters((reference.name for reference in wrong), block)
    for reference in _once(wrong):
        hint = closest(reference.name, list(template.parameters))
        yield Diagnostic(summary, reference.path, action=hint)


def _is_parameter(template: Template, name: str) -> bool:
    return name in template.parameters or name in PSEUDO_PARAMETERS


def _if_conditions(template: Template, found: list[Call]) -> Found:
    for path, function, argument in found:
        if function == "Fn::If" and malformed(function, argument) is None:
            name = argument[0]
            if name not in template.conditions:
                hint = closest(name, list(template.conditions))
                yield Diagnostic(no_condition(name, function), (*path, function, 0), action=hint)


def _attached(template: Template) -> Found:
    """The Condition attribute of resources and outputs."""
    blocks: tuple[tuple[str, Mapping[str, Any]], ...] = (
        ("Resources", template.resources),
        ("Outputs", template.outputs),
    )
    for block, members in blocks:
        for name, member in members.items():
            if member.condition is not None and member.condition not in template.conditions:
                yield Diagnostic(
                    "Template format error: Unresolved condition dependency "
                    f"{member.condition} in the {block} block of the template",
                    (block, name, "Condition"),
                    action=closest(member.condition, list(template.conditions)),
                )


# References


def _unresolved(template: Template, block: str, used: list[Reference]) -> Found:
    """Names that nothing has, over all branches."""
    wrong = [
        reference
        for reference in used
        if reference.name not in template.resources and not _plain_name(template, reference)
    ]
    plain = [reference for reference in wrong if not reference.attribute]
    yield from _dependencies(template, block, plain)
    for reference in wrong:
        if reference.function == "Fn::GetAtt":
            yield _undefined(template, undefined(reference.name), reference)
        elif reference.attribute:
            message = "Template error: instance of Fn::Sub references invalid resource attribute"
            yield _undefined(template, f"{message} {reference.causing_entity}", reference)


def _plain_name(template: Template, reference: Reference) -> bool:
    """Whether a reference is to a parameter; DependsOn never is."""
    known = _is_parameter(template, reference.name) and reference.function != "DependsOn"
    return known and not reference.attribute


def _depends_on(template: Template) -> list[Reference]:
    return [
        Reference(name, "", "DependsOn", ("Resources", logical_id, "DependsOn", index))
        for logical_id, resource in template.resources.items()
        for index, name in enumerate(resource.depends_on)
    ]


def _dependencies(template: Template, block: str, wrong: list[Reference]) -> Found:
    """AWS names all in one sentence; here each has the sentence and its own place."""
    summary = unresolved((reference.name for reference in wrong), block)
    for reference in _once(wrong):
        yield _undefined(template, summary, reference)


def _once(wrong: list[Reference]) -> Iterable[Reference]:
    """The first use of each name."""
    first: dict[str, Reference] = {}
    for reference in wrong:
        first.setdefault(reference.name, reference)
    return first.values()


def _undefined(template: Template, summary: str, reference: Reference) -> Diagnostic:
    known = [*template.resources, *template.parameters]
    detail = f"there is no resource {reference.name}"
    if reference.function != "Fn::GetAtt" and not reference.attribute:
        detail = f"there is no parameter or resource {reference.name}"
    return Diagnostic(summary, reference.path, detail=detail, action=closest(reference.name, known))


def _disabled(template: Template, conditions: Mapping[str, bool]) -> Found:
    """References of what exists to resources that do not, by their conditions."""
    off = {
        logical_id
        for logical_id, resource in template.resources.items()
        if not is_enabled(resource.condition, conditions)
    }
    if not off:
        return
    resources = [
        reference
        for logical_id, resource in template.resources.items()
        if logical_id not in off
        for attribute, value in attributes(resource)
        for reference in references(value, conditions, ("Resources", logical_id, attribute))
    ]
    depends_on = [r for r in _depends_on(template) if r.path[1] not in off]
    outputs = [
        reference
        for name, output in template.outputs.items()
        if is_enabled(output.condition, conditions)
        for reference in references(output.value, conditions, ("Outputs", name, "Value"))
    ]
    yield from _not_there(template, "Resources", [*resources, *depends_on], off)
    yield from _not_there(template, "Outputs", outputs, off)


def _not_there(template: Template, block: str, used: list[Reference], off: set[str]) -> Found:
    wrong = [reference for reference in used if reference.name in off]
    summary = unresolved((reference.name for reference in wrong), block)
    if block == "Outputs":  # recorded: here AWS leaves the prefix out
        summary = summary.removeprefix("Template format error: ")
    for reference in _once(wrong):
        condition = template.resources[reference.name].condition
        yield Diagnostic(
            summary,
            reference.path,
            detail=f"{reference.name} does not exist, for its condition {condition} is false",
            action="give both the same condition, or choose with Fn::If",
        )


def _cycles(template: Template, conditions: Mapping[str, bool] | None) -> Found:
    found = circular(dependencies(template, conditions))
    if found is not None:
        yield found


# Types and attributes


def _types(template: Template, schemas: Schemas) -> Found:
    unknown = {
        logical_id: resource.type
        for logical_id, resource in template.resources.items()
        if resource.type not in schemas
    }
    names = ", ".join(dict.fromkeys(unknown.values()))
    for logical_id, kind in unknown.items():
        yield Diagnostic(
            f"Template format error: Unrecognized resource types: [{names}]",
            ("Resources", logical_id, "Type"),
            action=closest(kind, list(schemas.names())),
        )


def _attributes(template: Template, schemas: Schemas, used: list[Reference]) -> Found:
    for reference in used:
        resource = template.resources.get(reference.name)
        if resource is None or reference.attribute in ("", "*"):
            continue
        schema = schemas.get(resource.type)
        if schema is not None and not schema.has_attribute(reference.attribute):
            where = "/".join(map(str, reference.path))
            yield Diagnostic(
                f"[Error] /{where}: Resource type {resource.type} does not support attribute "
                f"{{{reference.attribute}}}.",
                reference.path,
                action=closest(reference.attribute, schema.attributes()),
            )


def _dynamic(template: Template, values: list[Placed]) -> Found:
    found = [each for path, value in values for each in placed_references(value, path)]
    if len(found) > MAX_REFERENCES:
        yield Diagnostic(
            f"Template format error: Number of dynamic references, {len(found)}, is greater than "
            f"maximum allowed, {MAX_REFERENCES}",
            ("Resources",),
        )
    for path, reference in found:
        refusal = _misplaced(template, path, reference)
        if refusal:
            yield Diagnostic(refusal, path, action="see AWS: dynamic references")


def _misplaced(template: Template, path: Path, reference: DynamicReference) -> str | None:
    """Secure strings are for a few properties; no secret goes to a custom resource."""
    kind = template.resources[str(path[1])].type
    steps = [str(step) for step in path[2:] if isinstance(step, str)]
    where = "/".join((kind, *(step for step in steps if not step.startswith("Fn::"))))
    if reference.service == "ssm-secure" and where not in SECURE_STRINGS:
        return f"SSM Secure reference is not supported in: [{where}]"
    if reference.service == "secretsmanager" and (
        kind == CUSTOM_RESOURCE or kind.startswith("Custom::")
    ):
        return f"Secrets Manager reference is not supported in: [{where}]"
    return None
