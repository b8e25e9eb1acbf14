"""Nested stacks, as the handlers of AWS::CloudFormation::Stack see them.

These operations are for handlers alone. A nested stack is validated before anything of it is made,
as its parent was. It does not roll its creation back: its parent deletes it. It cleans up after an
update when the stack at the root does. AWS: Nested stacks.
"""

from collections.abc import Callable, Mapping

from understudy.base.fault import Fault
from understudy.cloudformation.physical import fit
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy import recovery, rollback, stacks, timers, validation
from understudy.deploy.change_sets import find_change_set
from understudy.deploy.history import USER_INITIATED
from understudy.deploy.prepare import prepare
from understudy.deploy.service import CloudFormation
from understudy.deploy.stack import GONE, ChangeSetRecord, Deployment, Finding, Stack
from understudy.deploy.status import CLEANUPS, release


def create_nested(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Begin to create a nested stack; one that waits in review for this is taken."""
    parent, deployment = _parent(service, params)
    call = call_of(service, params)
    waiting = _reviewed(service, deployment, params)
    if waiting is None:
        name = fit(parent.name, params["LogicalId"], params["Generated"], stacks.MAX_NAME)
        child, record = stacks.new_stack(name, turn), None
    else:
        child, record = waiting
        service.forget(child)
        child.change_sets.clear()
    child.parent_id, child.root_id = parent.id, parent.root_id or parent.id
    prepared = prepare(service, child, call, None)
    findings = validation.of_creation(service, child, prepared, call, turn)
    if record is not None:
        child.change_set_id, child.executed = record.id, record
    stacks.create(service, child, prepared, call, turn, findings)
    if child.deployment is not None:
        child.deployment.on_failure = "DO_NOTHING"
        child.deployment.nested = record.nested if record else {}
    return {"StackId": child.id}


def update_nested(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Begin to update a nested stack, if that changes anything.

    A stack that is about to clean up after an update which its parent has meanwhile given up does
    so first.
    """
    child = service.stack(params["StackId"])
    _, deployment = _parent(service, params)
    call = call_of(service, params)
    stacks.check_updatable(child, disables_rollback=deployment.disable_rollback)
    prepared = prepare(service, child, call, child.target)
    findings: list[Finding] = []
    if not prepared.late:
        changes, reason = stacks.planned(service, child, prepared)
        if reason and child.status in stacks.UPDATABLE:
            return {}
        findings = validation.of_changes(service, child, prepared, changes, call, turn)
    reviewed = _reviewed(service, deployment, params)
    child.change_sets.clear()
    child.change_set_id = reviewed[1].id if reviewed else ""
    stacks.update(service, child, prepared, call, turn, findings)
    if child.deployment is not None and reviewed is not None:
        child.deployment.nested = reviewed[1].nested
    return {}


def call_of(service: CloudFormation, params: Params) -> Params:
    """The call that the handler's wish comes to, with what the parent hands down."""
    _, deployment = _parent(service, params)
    target = deployment.target
    reviewed = _reviewed(service, deployment, params)
    source = {"TemplateURL": params["TemplateURL"]}
    if reviewed is not None:
        source = {"TemplateBody": reviewed[1].target.body}
    given: Params = {
        **{key: value for key, value in params.items() if key not in _OWN},
        **source,
        "Capabilities": list(target.capabilities),
        "DisableRollback": deployment.disable_rollback,
        "RetainExceptOnCreate": deployment.retain_except_on_create,
        "DisableValidation": deployment.unvalidated or reviewed is not None,
        "ClientRequestToken": "",
    }
    if target.role_arn:
        given["RoleARN"] = target.role_arn
    if target.express:
        given["DeploymentConfig"] = {"Mode": "EXPRESS"}
    return given


_OWN = ("StackId", "ParentId", "LogicalId", "Generated", "TemplateURL")


def _parent(service: CloudFormation, params: Params) -> tuple[Stack, Deployment]:
    parent = service.state.stacks[params["ParentId"]]
    if parent.deployment is None:
        raise AssertionError(f"{parent.name} has a handler but no deployment")
    return parent, parent.deployment


def _reviewed(
    service: CloudFormation, deployment: Deployment, params: Params
) -> tuple[Stack, ChangeSetRecord] | None:
    """The nested change set that the parent's change set holds for this resource."""
    identity = deployment.nested.get(params["LogicalId"])
    if identity is None or deployment.phase != "main":
        return None
    try:
        return find_change_set(service, {"ChangeSetName": identity})
    except Fault:
        return None


def needs(service: CloudFormation, params: Params, turn: Turn) -> None:
    """What the world has to be asked before a nested stack is created or updated, as Missing."""
    call = call_of(service, params)
    child = service.find(params.get("StackId", ""))
    if child is None:
        child = Stack("", "", 0, "", stacks.NO_TARGET)
        prepared = prepare(service, child, call, None)
        validation.of_creation(service, child, prepared, call, turn)
        return
    prepared = prepare(service, child, call, child.target)
    if not prepared.late:
        changes, _ = stacks.planned(service, child, prepared)
        validation.of_changes(service, child, prepared, changes, call, turn)


def describe_nested(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """How far a nested stack is. ``Settled`` means that it goes on only when its parent does."""
    child = service.stack(params["StackId"])
    deployment = child.deployment
    return {
        "Status": child.status,
        "Reason": child.reason,
        "Settled": deployment is None or deployment.held,
        "Outputs": dict(child.outputs.values),
    }


def roll_back_nested(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Take a nested stack back to what it was before its parent's update.

    ``Idle`` says that it stands as it did, for all that it knows.
    """
    child = service.stack(params["StackId"])
    _, deployment = _parent(service, params)
    running = child.deployment
    if running is not None:
        _undo(service, child, running, turn)
    elif child.status == "UPDATE_ROLLBACK_FAILED":
        skip = deployment.nested_skip.get(params["LogicalId"], "")
        wish = {"StackName": child.id, "ResourcesToSkip": skip.split(",") if skip else []}
        recovery.continue_update_rollback(service, wish, turn)
    elif child.status == "UPDATE_FAILED":
        recovery.rollback_stack(service, {"StackName": child.id}, turn)
    else:
        return {"Idle": True}
    return {"Idle": False}


def _undo(service: CloudFormation, child: Stack, running: Deployment, turn: Turn) -> None:
    if running.phase in ("main", "monitoring"):
        running.disable_rollback = False
        timers.interrupt(service, child, running, USER_INITIATED, turn)
    elif running.phase == "cleanup" and running.held:
        rollback.undo(service, child, running, USER_INITIATED, turn)
        service.touch(child)


def release_nested(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Let a nested stack clean up."""
    release(service, service.stack(params["StackId"]))
    return {}


def delete_nested(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Begin to delete a nested stack; one that is being created is given up."""
    child = service.find(params["StackId"])
    if child is None or child.status in (GONE, "DELETE_IN_PROGRESS"):
        return {}
    _, deployment = _parent(service, params)
    running = child.deployment
    if running is not None and running.held and running.phase in CLEANUPS:
        child.deployment = running = None
    if running is not None:
        stacks.interrupt(service, child, running, turn)
        return {}
    refusal = stacks.export_in_use(service, child)
    if refusal:
        raise Fault("ValidationError", refusal)
    mode = {"DeploymentConfig": {"Mode": "EXPRESS"}} if deployment.target.express else {}
    stacks.delete(service, child, mode, turn)
    return {}


Operation = Callable[[CloudFormation, Params, Turn], Params]

OPERATIONS: Mapping[str, Operation] = {
    "CreateNestedStack": create_nested,
    "UpdateNestedStack": update_nested,
    "DescribeNestedStack": describe_nested,
    "RollBackNestedStack": roll_back_nested,
    "ReleaseNestedStack": release_nested,
    "DeleteNestedStack": delete_nested,
}
