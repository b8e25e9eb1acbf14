"""Creating, updating and deleting stacks."""

from collections.abc import Sequence
from typing import Any

from understudy.base.fault import Fault, validation_error
from understudy.cloudformation.change import NO_UPDATES, Change
from understudy.cloudformation.resolve import EvaluationError
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy import exports, options, runner, validation
from understudy.deploy.deletion import begin_deletion
from understudy.deploy.history import USER_INITIATED, remark
from understudy.deploy.planning import planned_changes
from understudy.deploy.prepare import Prepared, prepare
from understudy.deploy.service import CloudFormation, already_exists
from understudy.deploy.stack import GONE, Deployment, Finding, Stack, Target

UPDATABLE = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
)
PRESERVED = ("CREATE_FAILED", "UPDATE_FAILED")
"""What a failed operation leaves where its rollback is disabled."""
NO_TARGET = Target("")
"""What a stack is before it is anything."""
MAX_STACKS = 2000
"""AWS: CloudFormation quotas."""
MAX_NAME = 128
"""AWS: CreateStack, StackName."""


def new_stack(name: str, turn: Turn) -> Stack:
    """A stack record with its ARN, known to nobody yet. Raises ValidationError for a long name."""
    if len(name) > MAX_NAME:
        raise validation_error(
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy "
            f"constraint: Member must have length less than or equal to {MAX_NAME}"
        )
    arn = turn.arn("cloudformation", f"stack/{name}/{turn.ids.uuid()}")
    return Stack(arn, name, turn.at, "REVIEW_IN_PROGRESS", NO_TARGET)


def register(service: CloudFormation, stack: Stack) -> None:
    """Let a new stack be known. Raises LimitExceededException."""
    if len(service.state.names) >= MAX_STACKS:
        raise Fault("LimitExceededException", "Limit for stack has been exceeded")
    service.state.stacks[stack.id] = stack
    service.state.names[stack.name] = stack.id


def remember_token(stack: Stack, token: str, operation: str) -> None:
    """Remember that a call with this token has been accepted.

    Raises TokenAlreadyExistsException where the token was used for another operation.
    """
    if token and stack.tokens.setdefault(token, operation) != operation:
        raise Fault(
            "TokenAlreadyExistsException",
            f"Token {token} has already been used for a different operation",
        )


def was_accepted(stack: Stack, token: str, operation: str) -> bool:
    """Whether a call with this token has been accepted before. AWS: ClientRequestToken."""
    return bool(token) and stack.tokens.get(token) == operation


def operation(kind: str, target: Target, params: Params, turn: Turn, **more: Any) -> Deployment:
    """An operation as a call asks for it."""
    return Deployment(
        kind=kind,
        phase=more.pop("phase", "main"),
        token=params.get("ClientRequestToken", ""),
        operation_id=turn.ids.uuid(),
        target=target,
        disable_rollback=more.pop("disable_rollback", options.disables_rollback(params)),
        retain_except_on_create=bool(params.get("RetainExceptOnCreate")),
        unvalidated=more.pop("unvalidated", bool(params.get("DisableValidation"))),
        **more,
    )


# Creation


def create_stack(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Create a stack. Template and parameters are checked first; what fails later rolls back."""
    name: str = params["StackName"]
    token: str = params.get("ClientRequestToken", "")
    existing = service.find(name)
    if existing is not None and existing.status != GONE:
        if was_accepted(existing, token, "CreateStack"):
            return {"StackId": existing.id}
        raise already_exists(name)
    if "OnFailure" in params and options.disables_rollback(params):
        raise validation_error("You may not specify both DisableRollback and OnFailure parameters")
    stack = new_stack(name, turn)
    prepared = prepare(service, stack, params, None)
    findings = validation.of_creation(service, stack, prepared, params, turn)
    create(service, stack, prepared, params, turn, findings)
    return {"StackId": stack.id}


def create(
    service: CloudFormation,
    stack: Stack,
    prepared: Prepared,
    params: Params,
    turn: Turn,
    findings: Sequence[Finding] = (),
) -> None:
    """Let a prepared stack be known, and begin to create it."""
    stack.policy = options.policy_of(params)
    register(service, stack)
    stack.target = prepared.target
    stack.description = prepared.revision.template.description if prepared.revision else ""
    stack.disable_rollback = options.disables_rollback(params)
    stack.on_failure = params.get("OnFailure", "")
    stack.retain_except_on_create = bool(params.get("RetainExceptOnCreate"))
    stack.termination_protection = bool(params.get("EnableTerminationProtection"))
    stack.timeout_minutes = params.get("TimeoutInMinutes", 0)
    remember_token(stack, params.get("ClientRequestToken", ""), "CreateStack")
    deployment = operation(
        "create",
        prepared.target,
        params,
        turn,
        on_failure=stack.on_failure or "ROLLBACK",
        reason=late_reason(prepared),
    )
    validation.begin(stack, deployment, findings, turn)
    service.start(stack, deployment, turn)


def late_reason(prepared: Prepared) -> str:
    """Why an operation fails as soon as it has begun. Recorded: the sentence gets a full stop."""
    return f"{prepared.late}." if prepared.late else ""


# Update


def not_updatable(stack: Stack) -> Fault:
    """The refusal to update a stack in its present status."""
    return validation_error(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")


def check_updatable(stack: Stack, *, disables_rollback: bool) -> None:
    """Refuse an update that the stack's status does not allow.

    What a failed operation has left can be tried again, where the rollback stays disabled.
    """
    if stack.status in UPDATABLE:
        return
    if stack.status == "CREATE_FAILED" and stack.on_failure == "DO_NOTHING":
        raise validation_error(
            "This stack cannot be updated from [CREATE_FAILED] state because it contains "
            "[on-failure: DO_NOTHING]. Please use disable-rollback option instead during stack "
            "creation."
        )
    if stack.status not in PRESERVED or not disables_rollback:
        raise not_updatable(stack)


def update_stack(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Update a stack at once, without a change set to review."""
    stack = service.bracketed(params["StackName"])
    token: str = params.get("ClientRequestToken", "")
    if was_accepted(stack, token, "UpdateStack"):
        return {"StackId": stack.id}
    check_updatable(stack, disables_rollback=options.disables_rollback(params))
    prepared = prepare(service, stack, params, stack.target)
    policies = {
        "policy": options.policy_of(params, "StackPolicyDuringUpdate"),
        "new_policy": options.policy_of(params),
    }
    findings: list[Finding] = []
    if not prepared.late:
        changes, reason = planned(service, stack, prepared)
        if reason and stack.status in UPDATABLE and not policies["new_policy"]:
            raise validation_error(NO_UPDATES)
        findings = validation.of_changes(service, stack, prepared, changes, params, turn)
    remember_token(stack, token, "UpdateStack")
    stack.change_set_id = ""
    update(service, stack, prepared, params, turn, findings, **policies)
    return {"StackId": stack.id}


def planned(service: CloudFormation, stack: Stack, prepared: Prepared) -> tuple[list[Change], str]:
    """The changes of an update, or why it would change nothing. Raises ValidationError."""
    try:
        return planned_changes(service, stack, prepared, new=False)
    except EvaluationError as error:
        raise validation_error(error.message) from error


def update(
    service: CloudFormation,
    stack: Stack,
    prepared: Prepared,
    params: Params,
    turn: Turn,
    findings: Sequence[Finding] = (),
    **more: Any,
) -> None:
    """Begin to update a stack to a prepared target."""
    stack.disable_rollback = options.disables_rollback(params)
    stack.retain_except_on_create = bool(params.get("RetainExceptOnCreate"))
    reason = late_reason(prepared)
    deployment = operation("update", prepared.target, params, turn, reason=reason, **more)
    validation.begin(stack, deployment, findings, turn)
    service.start(stack, deployment, turn)


# Deletion


def delete_stack(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Delete a stack. One that does not exist counts as deleted."""
    stack = service.find(params["StackName"])
    if stack is None or stack.status in (GONE, "DELETE_IN_PROGRESS"):
        return {}
    _check_deletable(service, stack, params)
    deployment = stack.deployment
    if deployment is not None:
        interrupt(service, stack, deployment, turn)
        return {}
    refusal = export_in_use(service, stack)
    if refusal:
        remark(stack, stack.status, turn, refusal)
        return {}
    delete(service, stack, params, turn)
    return {}


def delete(service: CloudFormation, stack: Stack, params: Params, turn: Turn) -> None:
    """Begin to delete a stack that may be deleted."""
    remember_token(stack, params.get("ClientRequestToken", ""), "DeleteStack")
    force = params.get("DeletionMode") == "FORCE_DELETE_STACK"
    stack.deletion_mode = params.get("DeletionMode", "")
    retain = tuple(params.get("RetainResources", ()))
    express = params.get("DeploymentConfig", {}).get("Mode") == "EXPRESS"
    target = options.with_express(stack.target, express=express)
    deployment = operation("delete", target, params, turn, force=force, retain=retain)
    service.start(stack, deployment, turn)


def _check_deletable(service: CloudFormation, stack: Stack, params: Params) -> None:
    root = service.state.stacks.get(stack.root_id, stack)
    if root.termination_protection:
        raise validation_error(
            f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
        )
    for option in ("RetainResources", "DeletionMode"):
        given = params.get(option, "STANDARD") not in ("STANDARD", [])
        if given and stack.status != "DELETE_FAILED":
            raise validation_error(
                f"Invalid operation on stack [{stack.id}]. {option} can be specified only for a "
                "stack in DELETE_FAILED state"
            )


def interrupt(service: CloudFormation, stack: Stack, deployment: Deployment, turn: Turn) -> None:
    """Delete a stack that is being created; other operations have to end first."""
    if deployment.kind != "create" or deployment.phase not in ("main", "monitoring"):
        raise validation_error(
            f"Stack [{stack.id}] cannot be deleted while in status {stack.status}"
        )
    if deployment.phase == "monitoring":
        deployment.held = False
        begin_deletion(service, stack, deployment, turn, USER_INITIATED)
    else:
        deployment.then_delete = True
        runner.cancel(service, stack, turn)
    service.touch(stack)


def export_in_use(service: CloudFormation, stack: Stack) -> str:
    """Why a stack cannot go while another imports what it exports, or an empty text."""
    for name in stack.outputs.exports:
        users = exports.importers(service, name)
        if users:
            users_text = " and ".join(users)
            return f"Delete canceled. Cannot delete export {name} as it is in use by {users_text}."
    return ""


def update_termination_protection(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Protect a stack from deletion, or no longer. A nested stack follows its root."""
    stack = service.bracketed(params["StackName"])
    if stack.parent_id:
        raise validation_error(
            f"Stack [{stack.id}] is a nested stack; termination protection is set on its root "
            "stack."
        )
    stack.termination_protection = params["EnableTerminationProtection"]
    return {"StackId": stack.id}


def set_stack_policy(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Give a stack a policy, or another one."""
    policy = options.policy_of(params)
    service.bracketed(params["StackName"]).policy = policy
    return {}


def get_stack_policy(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """The policy of a stack; while it is updated, the one that holds for the update."""
    stack = service.bracketed(params["StackName"])
    during = stack.deployment.policy if stack.deployment else ""
    return {"StackPolicyBody": during or stack.policy or None}
