"""Ways out of an update: cancelling it, rolling a failed one back, going on with a rollback."""

from understudy.base.fault import validation_error
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy import timers
from understudy.deploy.history import USER_INITIATED
from understudy.deploy.service import CloudFormation
from understudy.deploy.stack import Deployment, Stack
from understudy.deploy.stacks import operation, remember_token, was_accepted

UPDATING = "UPDATE_IN_PROGRESS"
NOT_CANCELLABLE = "CancelUpdateStack cannot be called from current stack status"


def cancel_update_stack(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Cancel an update and roll it back."""
    stack = service.bracketed(params["StackName"])
    token: str = params.get("ClientRequestToken", "")
    if was_accepted(stack, token, "CancelUpdateStack"):
        return {}
    deployment = stack.deployment
    if deployment is None or deployment.kind == "refactor" or stack.status != UPDATING:
        raise validation_error(NOT_CANCELLABLE)
    remember_token(stack, token, "CancelUpdateStack")
    deployment.disable_rollback = False
    timers.interrupt(service, stack, deployment, USER_INITIATED, turn)
    return {}


def continue_update_rollback(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Go on with a rollback that has failed; resources to skip count as rolled back."""
    stack = service.bracketed(params["StackName"])
    token: str = params.get("ClientRequestToken", "")
    if was_accepted(stack, token, "ContinueUpdateRollback"):
        return {}
    if stack.status != "UPDATE_ROLLBACK_FAILED":
        raise validation_error(
            f"Stack:{stack.id} is in {stack.status} state and can not be rolled back."
        )
    skip: list[str] = params.get("ResourcesToSkip", [])
    own, nested = _skipped(service, stack, skip)
    remember_token(stack, token, "ContinueUpdateRollback")
    _roll_back(service, stack, params, turn, skip=own, nested=nested)
    return {}


def _skipped(
    service: CloudFormation, stack: Stack, skip: list[str]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """The resources to skip: the stack's own, and by nested stack those of its children.

    AWS: ContinueUpdateRollback; a nested one is named ``NestedStackName.ResourceLogicalID``.
    """
    own = [name for name in skip if "." not in name]
    invalid = [
        name
        for name in own
        if name not in stack.resources or stack.resources[name].status != "UPDATE_FAILED"
    ]
    if invalid:
        raise validation_error(
            f"Resource(s) [{', '.join(invalid)}] to skip must be in UPDATE_FAILED state"
        )
    nested: dict[str, str] = {}
    for name in skip:
        child, _, resource = name.rpartition(".")
        if child:
            nested[child] = f"{nested[child]},{resource}" if child in nested else resource
    return tuple(own), nested


def rollback_stack(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Roll a failed operation back that was left as it is.

    A stack that never was complete is deleted. AWS: RollbackStack.
    """
    stack = service.bracketed(params["StackName"])
    token: str = params.get("ClientRequestToken", "")
    if was_accepted(stack, token, "RollbackStack"):
        return {"StackId": stack.id}
    if stack.status not in ("CREATE_FAILED", "UPDATE_FAILED"):
        raise validation_error(
            f"Stack:{stack.id} is in {stack.status} state and can not be rolled back."
        )
    remember_token(stack, token, "RollbackStack")
    _roll_back(service, stack, params, turn)
    return {"StackId": stack.id}


def _roll_back(
    service: CloudFormation,
    stack: Stack,
    params: Params,
    turn: Turn,
    *,
    skip: tuple[str, ...] = (),
    nested: dict[str, str] | None = None,
) -> None:
    """Begin a rollback to the last stable state, which a stack never complete does not have."""
    if stack.stable is not None and stack.stable_target is not None:
        stack.target = stack.stable_target
    deployment: Deployment = operation(
        "update" if stack.stable is not None else "create",
        stack.target,
        params,
        turn,
        phase="rollback",
        before=dict(stack.stable or {}),
        skip=skip,
        nested_skip=nested or {},
        then_delete=stack.stable is None,
        disable_rollback=False,
    )
    service.start(stack, deployment, turn)
