"""The stack of a stack instance: created, updated and deleted as its StackSet orders.

The template comes with the order: the limit on templates in a call is not for it.
"""

from msgspec.structs import replace

from understudy.base.fault import validation_error
from understudy.cloudformation.resolve import EvaluationError
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy import stacks, validation
from understudy.deploy.outside import FOUND
from understudy.deploy.planning import planned_changes
from understudy.deploy.prepare import prepare
from understudy.deploy.service import CloudFormation, already_exists
from understudy.deploy.stack import Finding, Stack, Target


def create(service: CloudFormation, order: Params, turn: Turn) -> Stack:
    """Begin to create the stack. Raises Fault and, before anything has changed, Missing."""
    if service.find(order["StackName"]) is not None:
        raise already_exists(order["StackName"])
    stack = stacks.new_stack(order["StackName"], turn)
    call = _call(order)
    prepared = prepare(service, stack, call, Target(order["Body"]))
    findings = validation.of_creation(service, stack, prepared, call, turn)
    stacks.create(service, stack, prepared, call, turn, findings)
    return stack


def update(service: CloudFormation, stack: Stack, order: Params, turn: Turn) -> None:
    """Begin to update the stack, if that changes anything. Raises Fault and Missing."""
    stacks.check_updatable(stack, disables_rollback=False)
    call = _call(order)
    before = replace(stack.target, body=order["Body"], processed="")
    prepared = prepare(service, stack, call, before)
    findings: list[Finding] = []
    if not prepared.late:
        try:
            changes, reason = planned_changes(service, stack, prepared, new=False)
        except EvaluationError as error:
            raise validation_error(error.message) from error
        if reason:
            return
        findings = validation.of_changes(service, stack, prepared, changes, call, turn)
    stack.change_set_id = ""
    stacks.update(service, stack, prepared, call, turn, findings)


def delete(service: CloudFormation, stack: Stack, turn: Turn) -> None:
    """Begin to delete the stack. Raises ValidationError where that is refused."""
    refusal = stacks.export_in_use(service, stack)
    if refusal:
        raise validation_error(refusal)
    stacks.delete_stack(service, {"StackName": stack.id}, turn)


def _call(order: Params) -> Params:
    """The order as a call for a stack, with all that has been looked up for it."""
    return {
        "StackName": order["StackName"],
        "UsePreviousTemplate": True,
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": text}
            for name, text in order["Parameters"].items()
        ],
        "Tags": [{"Key": name, "Value": text} for name, text in order["Tags"].items()],
        "Capabilities": order["Capabilities"],
        FOUND: order.get(FOUND, {}),
    }
