"""What a StackSet shall deploy, as a call says it: checked as far as no region is needed."""

from collections.abc import Mapping

from understudy.base.fault import validation_error
from understudy.cloudformation import capabilities
from understudy.cloudformation.check import check
from understudy.cloudformation.parameters import bind, given, stored_names
from understudy.cloudformation.template import Parameter
from understudy.control.events import Params
from understudy.deploy import macros
from understudy.deploy.prepare import gate, template_body, wished
from understudy.deploy.reading import parameters_in, parsed, refuse, template_in
from understudy.deploy.service import CloudFormation
from understudy.deploy.stack import Target
from understudy.deploy.stack_sets.state import Definition


def definition_of(
    service: CloudFormation, params: Params, previous: Definition | None
) -> Definition:
    """What a call makes of a StackSet. Raises the fault that AWS would answer, and Missing."""
    body = _body(service, params, previous)
    granted = tuple(params.get("Capabilities", previous.capabilities if previous else ()))
    _check(service, body, granted)
    before = previous.tags if previous else {}
    tags = {each["Key"]: each["Value"] for each in params["Tags"]} if "Tags" in params else before
    texts = _texts(declared_in(body), params, previous.parameters if previous else {})
    return Definition(body, texts, tags, granted)


def _body(service: CloudFormation, params: Params, previous: Definition | None) -> str:
    if "StackId" in params:
        identity: str = params["StackId"]
        region = (*identity.split(":", 4), "", "", "", "")[3] or service.region
        home = service if region == service.region else service.elsewhere(region)
        return (home or service).stack(identity).target.body
    return template_body(params, Target(previous.body) if previous else None)


def _check(service: CloudFormation, body: str, granted: tuple[str, ...]) -> None:
    used = macros.macros(parsed(body))
    needs = {"CAPABILITY_AUTO_EXPAND": used} if used else {}
    if not used:
        template = template_in(body)
        refuse(check(template, service.schemas))
        needs = capabilities.required(template)
    gate(needs, granted)


def declared_in(body: str) -> dict[str, Parameter]:
    """The parameters of a template that has been checked."""
    return parameters_in(parsed(body))


def _texts(
    declared: Mapping[str, Parameter], params: Params, before: Mapping[str, str]
) -> dict[str, str]:
    """The text of every parameter. What the parameter store holds is a matter of each region.

    Raises ValidationError.
    """
    supplied, kept = wished(params)
    texts = given(declared, supplied, before, kept)
    stored = stored_names(declared, texts)
    local = {name: each for name, each in declared.items() if name not in stored}
    plain = {name: text for name, text in supplied.items() if name not in stored}
    _, problems = bind(local, plain, before, [name for name in kept if name not in stored])
    refuse(problems)
    return texts


def overrides_of(definition: Definition, params: Params) -> dict[str, str | None] | None:
    """The overrides that a call asks for; None for a parameter goes back to the set's value.

    None where the call says nothing of them. AWS: UpdateStackInstances. Raises ValidationError.
    """
    if "ParameterOverrides" not in params:
        return None
    wishes: list[Params] = params["ParameterOverrides"]
    unknown = [
        each["ParameterKey"] for each in wishes if each["ParameterKey"] not in definition.parameters
    ]
    if unknown:
        raise validation_error(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    named = {each["ParameterKey"]: each for each in wishes}
    return {
        name: named[name].get("ParameterValue", "") if name in named else None
        for name in definition.parameters
        if name not in named or not named[name].get("UsePreviousValue")
    }
