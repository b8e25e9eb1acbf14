"""Creating, updating and deleting stacks."""

from understudy.base.fault import Fault, validation_error
from understudy.cloudformation.change import NO_UPDATES
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy import runner
from understudy.deploy.history import become
from understudy.deploy.phases import GONE
from understudy.deploy.planning import planned_changes
from understudy.deploy.prepare import prepare
from understudy.deploy.service import CloudFormation, already_exists
from understudy.deploy.stack import Deployment, Stack, Target

UPDATABLE = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
)


def new_stack(name: str, turn: Turn) -> Stack:
    """A stack record with its ARN, known to nobody yet."""
    arn = turn.arn("cloudformation", f"stack/{name}/{turn.ids.uuid()}")
    return Stack(arn, name, turn.at, "REVIEW_IN_PROGRESS", Target(""))


def not_updatable(stack: Stack) -> Fault:
    """The refusal to update a stack in its present status."""
    return validation_error(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")


def create_stack(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Create a stack. Template and parameters are checked first; what fails later rolls back."""
    name: str = params["StackName"]
    token: str = params.get("ClientRequestToken", "")
    existing = service.find(name)
    if existing is not None and existing.status != GONE:
        if token and existing.tokens.get(token) == "CreateStack":
            return {"StackId": existing.id}
        raise already_exists(name)
    if "OnFailure" in params and "DisableRollback" in params:
        raise validation_error("You may not specify both DisableRollback and OnFailure parameters")
    stack = new_stack(name, turn)
    prepared = prepare(service, stack, params, None)
    stack.target = prepared.target
    stack.description = prepared.revision.template.description
    stack.disable_rollback = bool(params.get("DisableRollback"))
    stack.termination_protection = bool(params.get("EnableTerminationProtection"))
    stack.timeout_minutes = params.get("TimeoutInMinutes", 0)
    service.state.stacks[stack.id] = stack
    service.state.names[name] = stack.id
    _remember(stack, token, "CreateStack")
    service.start(
        stack,
        Deployment(
            kind="create",
            phase="main",
            token=token,
            operation_id=turn.ids.uuid(),
            target=prepared.target,
            disable_rollback=stack.disable_rollback,
            on_failure=params.get("OnFailure", "ROLLBACK"),
        ),
        turn,
    )
    return {"StackId": stack.id}


def update_stack(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Update a stack at once, without a change set to review."""
    stack = service.bracketed(params["StackName"])
    token: str = params.get("ClientRequestToken", "")
    if token and stack.tokens.get(token) == "UpdateStack":
        return {"StackId": stack.id}
    if stack.status not in UPDATABLE:
        raise not_updatable(stack)
    prepared = prepare(service, stack, params, stack.target)
    _, reason = planned_changes(service, stack, prepared, new=False)
    if reason:
        raise validation_error(NO_UPDATES)
    _remember(stack, token, "UpdateStack")
    stack.change_set_id = ""
    service.start(
        stack,
        Deployment(
            kind="update",
            phase="main",
            token=token,
            operation_id=turn.ids.uuid(),
            target=prepared.target,
            disable_rollback=bool(params.get("DisableRollback")),
        ),
        turn,
    )
    return {"StackId": stack.id}


def _remember(stack: Stack, token: str, operation: str) -> None:
    if token:
        if stack.tokens.get(token, operation) != operation:
            raise Fault(
                "TokenAlreadyExistsException", f"Token {token} is used for another operation"
            )
        stack.tokens[token] = operation


def delete_stack(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Delete a stack. One that does not exist counts as deleted."""
    stack = service.find(params["StackName"])
    if stack is None or stack.status in (GONE, "DELETE_IN_PROGRESS"):
        return {}
    if stack.termination_protection:
        raise validation_error(
            f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
        )
    deployment = stack.deployment
    if deployment is not None and deployment.kind == "create" and deployment.phase == "main":
        deployment.then_delete = True
        runner.cancel(service, stack, deployment, turn)
        runner.run(service, stack, turn)
        return {}
    if deployment is not None:
        raise validation_error(
            f"Stack [{stack.name}] cannot be deleted while in status {stack.status}"
        )
    importer = _importer(service, stack)
    if importer:
        reason = "Delete canceled. " + importer
        become(stack, stack.status, turn, reason)
        return {}
    token: str = params.get("ClientRequestToken", "")
    service.start(
        stack,
        Deployment(
            kind="delete",
            phase="main",
            token=token,
            operation_id=turn.ids.uuid(),
            target=stack.target,
            retain=tuple(params.get("RetainResources", ())),
        ),
        turn,
    )
    return {}


def _importer(service: CloudFormation, stack: Stack) -> str:
    """Why a stack cannot go while another imports what it exports, or an empty text."""
    for other in service.state.stacks.values():
        for name in other.imports:
            if other.status != GONE and name in stack.exports:
                return f"Cannot delete export {name} as it is in use by {other.name}."
    return ""
