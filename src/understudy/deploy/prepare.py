"""From the parameters of an API call to a checked target. The stages are CloudFormation's own."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from dataclasses import replace as replaced

from msgspec.structs import replace

from understudy.base.fault import Fault, validation_error
from understudy.cloudformation import capabilities
from understudy.cloudformation.check import check
from understudy.cloudformation.outputs import check_outputs
from understudy.cloudformation.parameters import Bound, bind, given, stored_names
from understudy.cloudformation.resolve import EvaluationError
from understudy.cloudformation.revision import Revision, revision
from understudy.cloudformation.rules import check_rules
from understudy.cloudformation.template import Parameter, Template
from understudy.control.events import Params
from understudy.deploy import macros, options
from understudy.deploy.account_values import missing_value
from understudy.deploy.blueprint import output_roles
from understudy.deploy.handler import Invoke
from understudy.deploy.location import text_at
from understudy.deploy.outside import lookup
from understudy.deploy.ports import Engine
from understudy.deploy.reading import parameters_in, parsed, refuse, template_in
from understudy.deploy.stack import Stack, Target

MAX_INLINE_BYTES = 51200
"""AWS: CloudFormation quotas, template body size in a request."""
_LATE = "[Error] "
"""How a diagnostic begins that CloudFormation gives after it has accepted the call. Recorded."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A target that has passed every check, and what it was found to be.

    ``late`` is a refusal that comes after the call: as the status reason of the change set, or of
    the stack, which rolls back. ``transformed`` says that macros ran.
    """

    target: Target
    revision: Revision | None
    late: str = ""
    transformed: bool = False

    @property
    def ready(self) -> Revision:
        """The revision of a target that was not refused."""
        if self.revision is None:
            raise AssertionError("a refused target has no revision")
        return self.revision


def prepare(
    engine: Engine, stack: Stack, params: Params, previous: Target | None, *, reviewed: bool = False
) -> Prepared:
    """The target that an API call asks for. Raises the fault that AWS would answer, and Missing.

    ``reviewed`` is true for a change set, in which macros need not be acknowledged.
    """
    target = Target(template_body(params, previous), **options.target_options(params, previous))
    source = _source(target.body, params, previous)
    data = parsed(source)
    uses = macros.macros(data)
    declared = parameters_in(data) if uses else template_in(source).parameters
    bound = _bound(declared, params, previous)
    absent = missing_value(declared, bound, params, engine.blueprints.zones)
    if absent:
        raise validation_error(absent)
    target = replace(
        target,
        parameters=dict(bound.values),
        supplied=dict(bound.texts),
        resolved=dict(bound.resolved),
    )
    if uses and not reviewed:
        gate({"CAPABILITY_AUTO_EXPAND": uses}, target.capabilities)
    try:
        if uses:
            scope = engine.blueprints.scope(stack.id, stack.name, target)
            source = macros.written(macros.processed(data, scope, params, engine.macro))
            target = replace(target, processed=source)
        ready = _checked(engine, stack, target, template_in(source), params)
    except macros.MacroFailure as failure:
        return Prepared(target, None, failure.message, transformed=True)
    except Fault as fault:
        if not uses and not fault.message.startswith(_LATE):
            raise
        message = fault.message if uses else fault.message.removesuffix(".")
        return Prepared(target, None, message, transformed=bool(uses))
    return Prepared(target, ready, transformed=bool(uses))


def _checked(
    engine: Engine, stack: Stack, target: Target, template: Template, params: Params
) -> Revision:
    scope = engine.blueprints.scope(stack.id, stack.name, target)
    secrets = [name for name, declared in template.parameters.items() if declared.no_echo]
    refuse(check_rules(template, replaced(scope, mappings=template.mappings)))
    try:
        ready = revision(template, scope, secrets)
    except EvaluationError as error:
        raise validation_error(error.message) from error
    refuse(check(template, engine.schemas, ready.scope.conditions))
    refuse(list(check_outputs(ready)))
    _refuse_unavailable(engine, template)
    options.check_types(template, params)
    if "GetStackOutput" in target.body + target.processed:
        for role in output_roles(ready):
            options.check_output_role(params, role, target.role_arn)
    gate(capabilities.required(template), target.capabilities)
    return ready


def gate(needs: dict[str, list[str]], granted: Collection[str]) -> None:
    """Refuse a caller who has not acknowledged all that is needed."""
    refusal = capabilities.gate(needs, granted)
    if refusal is not None:
        raise Fault(capabilities.INSUFFICIENT_CAPABILITIES, refusal.summary)


def template_body(params: Params, previous: Target | None) -> str:
    """The template that a call brings. Raises ValidationError where it brings none, and Missing."""
    if params.get("UsePreviousTemplate") and previous is not None:
        return previous.body
    if params.get("TemplateURL"):
        return text_at(params["TemplateURL"], params)
    if "TemplateBody" not in params:
        raise validation_error("Either Template URL or Template Body must be specified.")
    body: str = params["TemplateBody"]
    if len(body.encode()) > MAX_INLINE_BYTES:
        raise validation_error(
            f"1 validation error detected: Value '{body}' at 'templateBody' failed to satisfy "
            f"constraint: Member must have length less than or equal to {MAX_INLINE_BYTES}"
        )
    return body


def _source(body: str, params: Params, previous: Target | None) -> str:
    """What macros start from: what they have already made, where the template is used again."""
    again = params.get("UsePreviousTemplate") and previous is not None
    return previous.processed or body if again and previous else body


def wished(params: Params) -> tuple[dict[str, str], list[str]]:
    """The text of each parameter that a call gives, and the names of those that stay as they are.

    >>> wished({"Parameters": [{"ParameterKey": "A", "UsePreviousValue": True}]})
    ({}, ['A'])
    """
    wishes: list[Params] = params.get("Parameters", [])
    supplied = {
        each["ParameterKey"]: each.get("ParameterValue", "")
        for each in wishes
        if not each.get("UsePreviousValue")
    }
    return supplied, [each["ParameterKey"] for each in wishes if each.get("UsePreviousValue")]


def _bound(declared: Mapping[str, Parameter], params: Params, previous: Target | None) -> Bound:
    supplied, kept = wished(params)
    before = previous.supplied if previous else None
    names = stored_names(declared, given(declared, supplied, before, kept))
    bound, problems = bind(declared, supplied, before, kept, _stored(params, names))
    refuse(problems)
    if bound is None:
        raise AssertionError("parameters without problems must be bound")
    return bound


def _stored(params: Params, names: dict[str, str]) -> dict[str, str]:
    """What the parameter store holds under these names. Raises Missing."""
    wanted = sorted(set(names.values()))
    found: dict[str, str] = {}
    for start in range(0, len(wanted), 10):  # AWS: GetParameters, at most ten names
        request = {"Names": wanted[start : start + 10], "WithDecryption": False}
        answer = lookup(params, Invoke("ssm", "GetParameters", request))
        found |= {each["Name"]: each["Value"] for each in answer.get("Parameters", [])}
    return found


def _refuse_unavailable(engine: Engine, template: Template) -> None:
    """Types that AWS has and Understudy does not, refused in CloudFormation's own words."""
    missing = [each.type for each in template.resources.values() if each.type not in engine.types]
    if missing:
        names = ", ".join(dict.fromkeys(missing))
        raise validation_error(f"Template format error: Unrecognized resource types: [{names}]")
