"""Templates: given back, summed up, checked, and estimated."""

from collections.abc import Mapping

from understudy.base.fault import validation_error
from understudy.cloudformation import capabilities
from understudy.cloudformation.check import check
from understudy.cloudformation.parameters import MASK
from understudy.cloudformation.template import Parameter, Template
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy import macros
from understudy.deploy.change_sets import find_change_set
from understudy.deploy.history import json_text
from understudy.deploy.prepare import prepare, template_body
from understudy.deploy.reading import parsed, refuse, template_in
from understudy.deploy.service import CloudFormation
from understudy.deploy.stack import Stack, Target
from understudy.deploy.stacks import NO_TARGET


def get_template(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """The template as it was submitted, to the byte, or as macros have made it."""
    target = _asked_for(service, params)
    processed = params.get("TemplateStage") == "Processed"
    body = target.processed or target.body if processed else target.body
    return {"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]}


def _asked_for(service: CloudFormation, params: Params) -> Target:
    """Recorded: the two refusals."""
    name: str = params.get("ChangeSetName", "")
    if name:
        if "StackName" not in params and not name.startswith("arn:"):
            raise validation_error("StackName is a required parameter.")
        return find_change_set(service, params, executed=True)[1].target
    if "StackName" not in params:
        raise validation_error("StackName is required if ChangeSetName is not specified.")
    stack = service.stack(params["StackName"])
    if stack.status == "REVIEW_IN_PROGRESS" and stack.change_sets:
        return list(stack.change_sets.values())[-1].target
    return stack.present_target


def get_template_summary(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """What a template declares and needs."""
    body = _summed_up(service, params)
    template = template_in(body)
    needs = capabilities.required(template, macros.macros(parsed(body)))
    return {
        "Description": template.description or None,
        "Parameters": [
            {
                **_parameter(name, each),
                "ParameterType": each.type,
                "ParameterConstraints": {"AllowedValues": list(each.allowed_values) or None},
            }
            for name, each in template.parameters.items()
        ],
        "ResourceTypes": list(_by_type(template)),
        "Capabilities": list(needs) or None,
        "CapabilitiesReason": _reason(template, needs),
        "Version": "2010-09-09",
        "Metadata": json_text(template.metadata) if template.metadata else None,
        "DeclaredTransforms": list(map(str, template.transforms)) or None,
        "ResourceIdentifierSummaries": _identifiers(service, template) or None,
    }


def _summed_up(service: CloudFormation, params: Params) -> str:
    if "StackName" not in params:
        return template_body(params, None)
    stack = service.stack(params["StackName"])
    if stack.status == "REVIEW_IN_PROGRESS":
        raise validation_error("GetTemplateSummary cannot be called on REVIEW_IN_PROGRESS stacks.")
    return stack.present_target.body


def _by_type(template: Template) -> dict[str, list[str]]:
    """The logical ids of the resources of each type."""
    found: dict[str, list[str]] = {}
    for name, resource in template.resources.items():
        found.setdefault(resource.type, []).append(name)
    return found


def _identifiers(service: CloudFormation, template: Template) -> list[Params]:
    """By what each resource that can be imported is named."""
    summaries: list[Params] = []
    for kind, names in _by_type(template).items():
        schema = service.schemas.get(kind)
        if schema is not None and schema.primary_identifier:
            summaries.append(
                {
                    "ResourceType": kind,
                    "LogicalResourceIds": names,
                    "ResourceIdentifiers": schema.identifiers,
                }
            )
    return summaries


def validate_template(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Check a template without parameters."""
    body = template_body(params, None)
    template = template_in(body)
    used = macros.macros(parsed(body))
    if not used:
        refuse(check(template, service.schemas))
    needs = capabilities.required(template, used)
    return {
        "Description": template.description or None,
        "Parameters": [_parameter(name, each) for name, each in template.parameters.items()],
        "Capabilities": list(needs) or None,
        "CapabilitiesReason": _reason(template, needs),
        "DeclaredTransforms": list(map(str, template.transforms)) or None,
    }


def _parameter(name: str, parameter: Parameter) -> Params:
    """A parameter as ValidateTemplate shows it; secrets are masked."""
    masked = parameter.no_echo and parameter.default is not None
    return {
        "ParameterKey": name,
        "DefaultValue": MASK if masked else parameter.default,
        "NoEcho": parameter.no_echo,
        "Description": parameter.description or None,
    }


def _reason(template: Template, needs: Mapping[str, list[str]]) -> str | None:
    """Why capabilities are needed; resources are named by their types."""
    if not needs:
        return None
    named = [
        template.resources[name].type if name in template.resources else name
        for names in needs.values()
        for name in names
    ]
    return f"The following resource(s) require capabilities: [{', '.join(dict.fromkeys(named))}]"


def estimate_template_cost(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """The address at AWS's calculator where the estimate of a template would be."""
    prepare(service, Stack("", "estimate", turn.at, "", NO_TARGET), _acknowledged(params), None)
    key = turn.ids.uuid()
    return {"Url": f"http://calculator.s3.amazonaws.com/calc5.html?key=cloudformation/{key}"}


def _acknowledged(params: Params) -> Params:
    return {**params, "Capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]}
