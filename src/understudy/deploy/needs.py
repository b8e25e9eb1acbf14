"""What an operation needs to have looked up before it can be answered."""

from collections.abc import Callable, Mapping

from understudy.base.fault import Fault
from understudy.cloudformation.resolve import EvaluationError
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy import change_sets, drift, nested, options, validation
from understudy.deploy.account_values import WORDS
from understudy.deploy.handler import Invoke
from understudy.deploy.outside import Missing
from understudy.deploy.planning import planned_changes
from understudy.deploy.prepare import prepare, template_body
from understudy.deploy.refactors import operations as refactors
from understudy.deploy.service import CloudFormation
from understudy.deploy.stack import Stack
from understudy.deploy.stack_sets import operations as stack_sets
from understudy.deploy.stacks import NO_TARGET
from understudy.deploy.warnings import CONTAINERS

Look = Callable[[CloudFormation, Params, Turn], object]


def needs(
    service: CloudFormation, operation: str, params: Params, turn: Turn
) -> tuple[Invoke, ...]:
    """The calls that have to be made first; empty where the operation can be answered now.

    Nothing is changed. What is found for one may lead to the next: ask until nothing is needed.
    """
    look = _LOOKS.get(operation)
    if look is None or not _may_need(service, operation, params):
        return ()
    try:
        look(service, params, turn)
    except Missing as missing:
        return (missing.invoke,)
    except (Fault, EvaluationError):
        return ()
    return ()


def _may_need(service: CloudFormation, operation: str, params: Params) -> bool:
    """Whether a call may need anything, told from its words: most need nothing."""
    if operation not in ("CreateStack", "UpdateStack", "CreateChangeSet"):
        return True
    if any(name in params for name in _POINTERS):
        return True
    body: str = params.get("TemplateBody", "")
    stack = service.find(params["StackName"])
    if stack is not None and (stack.target.role_arn or _has_container(stack)):
        return True
    if stack is not None and params.get("UsePreviousTemplate"):
        body = stack.target.processed or stack.target.body
    return any(word in body for word in _WORDS)


def _has_container(stack: Stack) -> bool:
    """Whether an operation on a stack may delete what has to be empty: it is a warning if full."""
    return any(each.type in CONTAINERS for each in stack.resources.values())


_POINTERS = (
    "TemplateURL",
    "StackPolicyURL",
    "StackPolicyDuringUpdateURL",
    "RoleARN",
    "ImportExistingResources",
    "DeploymentMode",
)
_WORDS = (
    *WORDS,
    "AWS::SSM::Parameter::Value",
    "Transform",
    "AWS::CloudFormation::Stack",
    "AWS::S3::",
    "GetStackOutput",
)


def _create(service: CloudFormation, params: Params, turn: Turn) -> None:
    options.policy_of(params)
    stack = Stack("", params["StackName"], 0.0, "", NO_TARGET)
    prepared = prepare(service, stack, params, None)
    validation.of_creation(service, stack, prepared, params, turn)


def _update(service: CloudFormation, params: Params, turn: Turn) -> None:
    options.policy_of(params)
    options.policy_of(params, "StackPolicyDuringUpdate")
    stack = service.bracketed(params["StackName"])
    prepared = prepare(service, stack, params, stack.target)
    if not prepared.late:
        changes, _ = planned_changes(service, stack, prepared, new=False)
        validation.of_changes(service, stack, prepared, changes, params, turn)


def _template(service: CloudFormation, params: Params, turn: Turn) -> None:
    if params.get("TemplateURL"):
        template_body(params, None)


def _policy(service: CloudFormation, params: Params, turn: Turn) -> None:
    options.policy_of(params)


_LOOKS: Mapping[str, Look] = {
    "CreateStack": _create,
    "UpdateStack": _update,
    "CreateChangeSet": change_sets.needs,
    "ValidateTemplate": _template,
    "GetTemplateSummary": _template,
    "EstimateTemplateCost": _template,
    "SetStackPolicy": _policy,
    "DetectStackResourceDrift": drift.look,
    "CreateNestedStack": nested.needs,
    "UpdateNestedStack": nested.needs,
    **stack_sets.LOOKS,
    **refactors.LOOKS,
}


def handler_needs(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """What a handler has to look up before CloudFormation can do what it wishes."""
    found = needs(service, params["Operation"], params["Params"], turn)
    return {"Needs": [[each.service, each.operation, each.params] for each in found]}
