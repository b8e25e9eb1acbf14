"""From the parameters of an API call to a checked target. The stages are CloudFormation's own."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.base.diagnostic import Diagnostic, Severity
from understudy.base.fault import Fault, validation_error
from understudy.cloudformation import capabilities
from understudy.cloudformation.check import check
from understudy.cloudformation.parameters import Bound, bind
from understudy.cloudformation.parse import parse
from understudy.cloudformation.resolve import EvaluationError
from understudy.cloudformation.revision import Revision, revision
from understudy.cloudformation.rules import check_rules
from understudy.cloudformation.template import Template, read
from understudy.control.events import Params
from understudy.deploy.ports import Engine
from understudy.deploy.stack import Stack, Target

MAX_INLINE_BYTES = 51200
"""AWS: CloudFormation quotas, template body size in a request."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A target that has passed every check, and what it was found to be."""

    target: Target
    revision: Revision
    bound: Bound


def prepare(engine: Engine, stack: Stack, params: Params, previous: Target | None) -> Prepared:
    """The target that an API call asks for. Raises the fault that AWS would answer."""
    body = template_body(params, previous)
    template = readable(body)
    bound = _bound(template, params, previous)
    target = Target(
        body=body,
        parameters=dict(bound.values),
        supplied=dict(bound.texts),
        tags={each["Key"]: each["Value"] for each in params.get("Tags", _tags(previous))},
        capabilities=tuple(params.get("Capabilities", ())),
        role_arn=params.get("RoleARN", previous.role_arn if previous else ""),
        notification_arns=tuple(
            params.get("NotificationARNs", previous.notification_arns if previous else ())
        ),
    )
    scope = engine.blueprints.scope(stack.id, stack.name, target)
    try:
        ready = revision(template, scope, bound.no_echo)
    except EvaluationError as error:
        raise validation_error(error.message) from error
    refuse(check_rules(template, ready.scope))
    refuse(check(template, engine.schemas, ready.scope.conditions))
    _refuse_unavailable(engine, ready)
    gate = capabilities.gate(capabilities.required(template), target.capabilities)
    if gate is not None:
        raise Fault("InsufficientCapabilitiesException", gate.summary)
    return Prepared(target, ready, bound)


def template_body(params: Params, previous: Target | None) -> str:
    """The template that a call brings. Raises ValidationError where it brings none."""
    if params.get("UsePreviousTemplate") and previous is not None:
        return previous.body
    body: str | None = params.get("TemplateBody")
    if body is None:
        raise validation_error("Either Template URL or Template Body must be specified.")
    if len(body.encode()) > MAX_INLINE_BYTES and "TemplateURL" not in params:
        raise validation_error(
            f"1 validation error detected: Value '{body}' at 'templateBody' failed to satisfy "
            f"constraint: Member must have length less than or equal to {MAX_INLINE_BYTES}"
        )
    return body


def readable(body: str) -> Template:
    """The template in a text. Raises ValidationError with the first thing that is wrong."""
    data, diagnostics = parse(body)
    refuse(diagnostics)
    template, problems = read(data)
    refuse(problems)
    if template is None:
        raise AssertionError("a template without problems must be readable")
    return template


def refuse(diagnostics: Collection[Diagnostic]) -> None:
    """Raise the first error among diagnostics as AWS answers it."""
    for diagnostic in diagnostics:
        if diagnostic.severity is Severity.ERROR:
            raise validation_error(diagnostic.summary)


def _bound(template: Template, params: Params, previous: Target | None) -> Bound:
    given: list[Params] = params.get("Parameters", [])
    supplied = {
        each["ParameterKey"]: each.get("ParameterValue", "")
        for each in given
        if not each.get("UsePreviousValue")
    }
    kept = [each["ParameterKey"] for each in given if each.get("UsePreviousValue")]
    before = previous.supplied if previous else None
    bound, problems = bind(template.parameters, supplied, before, kept)
    refuse(problems)
    if bound is None:
        raise AssertionError("parameters without problems must be bound")
    return bound


def _tags(previous: Target | None) -> list[Mapping[str, Any]]:
    tags = previous.tags if previous else {}
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _refuse_unavailable(engine: Engine, ready: Revision) -> None:
    """Types that AWS has and Understudy does not, refused in CloudFormation's own words."""
    missing = [
        resource.type
        for resource in ready.template.resources.values()
        if resource.type not in engine.types
    ]
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        raise validation_error(f"Template format error: Unrecognized resource types: [{names}]")
