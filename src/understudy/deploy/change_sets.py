"""Change sets: planned once, stored, reviewed, and executed as they were reviewed."""

from understudy.base.fault import Fault, validation_error
from understudy.cloudformation.describe import described, warnings
from understudy.cloudformation.resolve import EvaluationError
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.turn import Turn
from understudy.deploy.history import USER_INITIATED, become
from understudy.deploy.phases import GONE
from understudy.deploy.planning import planned_changes
from understudy.deploy.prepare import Prepared, prepare
from understudy.deploy.service import CloudFormation
from understudy.deploy.stack import ChangeSetRecord, Deployment, Stack, Target
from understudy.deploy.stacks import UPDATABLE, new_stack, not_updatable

PAGE_SIZE = 100


def create_change_set(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Plan a change set.

    What is wrong with the template is a fault, what is wrong with the change is its status.
    """
    name: str = params["StackName"]
    kind = params.get("ChangeSetType", "UPDATE")
    stack = service.find(name)
    if kind == "CREATE":
        stack = _for_creation(service, stack, params, turn)
    elif stack is None:
        raise validation_error(f"Stack [{name}] does not exist")
    elif stack.status not in UPDATABLE:
        raise not_updatable(stack)
    if params["ChangeSetName"] in stack.change_sets:
        raise Fault("AlreadyExistsException", f"ChangeSet {params['ChangeSetName']} already exists")
    previous = None if kind == "CREATE" else stack.target
    prepared = prepare(service, stack, params, previous)
    if kind == "CREATE" and stack.id not in service.state.stacks:
        service.state.stacks[stack.id] = stack
        service.state.names[stack.name] = stack.id
        become(stack, "REVIEW_IN_PROGRESS", turn, USER_INITIATED)
    record = _planned(service, stack, kind, params, prepared, turn)
    stack.change_sets[record.name] = record
    return {"Id": record.id, "StackId": stack.id}


def _for_creation(
    service: CloudFormation, stack: Stack | None, params: Params, turn: Turn
) -> Stack:
    if stack is None:
        return new_stack(params["StackName"], turn)
    if stack.status == GONE or stack.status != "REVIEW_IN_PROGRESS":
        raise validation_error(
            f"Stack [{params['StackName']}] already exists and cannot be created again with the "
            f"changeSet [{params['ChangeSetName']}]."
        )
    return stack


def _planned(
    service: CloudFormation,
    stack: Stack,
    kind: str,
    params: Params,
    prepared: Prepared,
    turn: Turn,
) -> ChangeSetRecord:
    name = params["ChangeSetName"]
    record = ChangeSetRecord(
        name=name,
        id=turn.arn("cloudformation", f"changeSet/{name}/{turn.ids.uuid()}"),
        created_at=turn.at,
        type=kind,
        description=params.get("Description", ""),
        target=prepared.target,
        status="CREATE_COMPLETE",
        execution_status="AVAILABLE",
        token=params.get("ClientToken", ""),
        on_stack_failure=params.get("OnStackFailure", ""),
    )
    try:
        record.changes, reason = planned_changes(service, stack, prepared, new=kind == "CREATE")
    except EvaluationError as error:
        reason = error.message
    if reason:
        record.status, record.execution_status, record.reason = "FAILED", "UNAVAILABLE", reason
    else:
        record.reason = warnings(record.changes)
    return record


def find_change_set(service: CloudFormation, params: Params) -> tuple[Stack, ChangeSetRecord]:
    """The change set that a call names, by name and stack or by ARN. Raises ChangeSetNotFound."""
    name: str = params["ChangeSetName"]
    if name.startswith("arn:"):
        for stack in service.state.stacks.values():
            for record in stack.change_sets.values():
                if record.id == name:
                    return stack, record
    elif "StackName" not in params:
        raise validation_error(
            "StackName must be specified if ChangeSetName is not specified as an ARN."
        )
    else:
        stack = service.bracketed(params["StackName"])
        if name in stack.change_sets:
            return stack, stack.change_sets[name]
    raise Fault("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", 404)


def describe_change_set(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """A change set with its changes, a page of them at a time."""
    stack, record = find_change_set(service, params)
    values = bool(params.get("IncludePropertyValues"))
    refused = validation_error("NextToken is invalid")
    changes, token = page(record.changes, params.get("NextToken"), PAGE_SIZE, refused)
    return {
        "ChangeSetName": record.name,
        "ChangeSetId": record.id,
        "StackId": stack.id,
        "StackName": stack.name,
        "Description": record.description or None,
        "Parameters": shown_parameters(service, stack, record.target) or None,
        "CreationTime": record.created_at,
        "ExecutionStatus": record.execution_status,
        "Status": record.status,
        "StatusReason": record.reason or None,
        "NotificationARNs": list(record.target.notification_arns),
        "RollbackConfiguration": {},
        "Capabilities": list(record.target.capabilities) or None,
        "Tags": [{"Key": k, "Value": v} for k, v in record.target.tags.items()] or None,
        "Changes": described(changes, property_values=values),
        "IncludeNestedStacks": False,
        "OnStackFailure": record.on_stack_failure or None,
        "NextToken": token,
    }


def shown_parameters(service: CloudFormation, stack: Stack, target: Target) -> list[Params]:
    """The parameters of a target as Describe operations show them, secrets masked."""
    secrets = service.blueprints.of(stack, target).revision.secrets
    return [
        {"ParameterKey": name, "ParameterValue": "****" if name in secrets else text}
        for name, text in target.supplied.items()
    ]


def execute_change_set(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Execute a change set exactly as it was reviewed; the others of its stack are gone with it."""
    stack, record = find_change_set(service, params)
    if record.execution_status != "AVAILABLE":
        raise Fault(
            "InvalidChangeSetStatus",
            f"ChangeSet [{record.id}] cannot be executed in its current status of "
            f"[{record.status}]",
        )
    if stack.status != "REVIEW_IN_PROGRESS" and stack.status not in UPDATABLE:
        raise not_updatable(stack)
    stack.change_sets.clear()
    stack.change_set_id = record.id
    kind = "create" if record.type == "CREATE" else "update"
    stack.updated_at = turn.at
    if kind == "create":
        stack.created_at = turn.at
        stack.target = record.target
    disable = bool(params.get("DisableRollback")) or record.on_stack_failure == "DO_NOTHING"
    stack.disable_rollback = disable
    service.start(
        stack,
        Deployment(
            kind=kind,
            phase="main",
            token=params.get("ClientRequestToken", ""),
            operation_id=turn.ids.uuid(),
            target=record.target,
            disable_rollback=disable,
            on_failure=record.on_stack_failure or "ROLLBACK",
        ),
        turn,
    )
    return {}


def delete_change_set(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Delete a change set; one that is gone already counts as deleted."""
    try:
        stack, record = find_change_set(service, params)
    except Fault as fault:
        if fault.code == "ChangeSetNotFound":
            return {}
        raise
    del stack.change_sets[record.name]
    return {}


def list_change_sets(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """The change sets of a stack that wait to be executed or have failed."""
    stack = service.bracketed(params["StackName"])
    refused = validation_error("NextToken is invalid")
    records, token = page(
        list(stack.change_sets.values()), params.get("NextToken"), PAGE_SIZE, refused
    )
    summaries = [
        {
            "StackId": stack.id,
            "StackName": stack.name,
            "ChangeSetId": record.id,
            "ChangeSetName": record.name,
            "ExecutionStatus": record.execution_status,
            "Status": record.status,
            "StatusReason": record.reason or None,
            "CreationTime": record.created_at,
            "Description": record.description or None,
            "IncludeNestedStacks": False,
        }
        for record in records
    ]
    return {"Summaries": summaries, "NextToken": token}
