"""Change sets: planned once, stored, reviewed, and executed as they were reviewed."""

from understudy.base.fault import Fault, validation_error
from understudy.cloudformation.change import Change
from understudy.cloudformation.describe import described, warnings
from understudy.cloudformation.resolve import EvaluationError
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.turn import Turn
from understudy.deploy import (
    importing,
    monitoring,
    nested_change_sets,
    options,
    reverting,
    validation,
)
from understudy.deploy.history import USER_INITIATED, become
from understudy.deploy.planning import planned_changes
from understudy.deploy.prepare import Prepared, prepare
from understudy.deploy.service import CloudFormation
from understudy.deploy.stack import ChangeSetRecord, Stack, Target
from understudy.deploy.stacks import (
    check_updatable,
    new_stack,
    not_updatable,
    operation,
    register,
    remember_token,
    was_accepted,
)

PAGE_SIZE = 100


def create_change_set(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Plan a change set.

    What is wrong with the template is a fault, what is wrong with the change is its status.
    """
    stack = _subject(service, params, turn)
    name: str = params["ChangeSetName"]
    known = stack.change_sets.get(name)
    if known is not None:
        if known.token and known.token == params.get("ClientToken"):
            return {"Id": known.id, "StackId": stack.id}
        raise Fault("AlreadyExistsException", f"ChangeSet {name} already exists")
    if "OnStackFailure" in params and options.disables_rollback(params):
        raise validation_error("You cannot specify both OnStackFailure and DisableRollback")
    new = stack.status == "REVIEW_IN_PROGRESS"
    prepared = prepare(service, stack, params, None if new else stack.target, reviewed=True)
    record = _record(params, prepared.target, turn)
    record.drifts = reverting.looked(service, stack, params, turn)
    record.imports = importing.wanted(service, stack, prepared, params, turn)
    nested = nested_change_sets.planned(service, stack, record, prepared, params, turn)
    if stack.id not in service.state.stacks:
        register(service, stack)
        become(stack, "REVIEW_IN_PROGRESS", turn, USER_INITIATED)
    nested_change_sets.keep(service, record, nested, turn)
    _plan(service, stack, record, prepared, nested, params, turn)
    stack.change_sets[name] = record
    return {"Id": record.id, "StackId": stack.id}


def needs(service: CloudFormation, params: Params, turn: Turn) -> None:
    """What the world has to be asked before a change set can be planned, as Missing."""
    stack = _subject(service, params, turn)
    previous = None if stack.status == "REVIEW_IN_PROGRESS" else stack.target
    prepared = prepare(service, stack, params, previous, reviewed=True)
    record = _record(params, prepared.target, turn)
    record.drifts = reverting.looked(service, stack, params, turn)
    record.imports = importing.wanted(service, stack, prepared, params, turn)
    nested = nested_change_sets.planned(service, stack, record, prepared, params, turn)
    _plan(service, stack, record, prepared, nested, params, turn)


def _subject(service: CloudFormation, params: Params, turn: Turn) -> Stack:
    """The stack that a change set is for; a new one where it creates or imports one."""
    name: str = params["StackName"]
    kind = params.get("ChangeSetType", "UPDATE")
    stack = service.find(name)
    if kind == "CREATE" or (kind == "IMPORT" and stack is None):
        return _for_creation(stack, params, turn)
    if stack is None:
        raise validation_error(f"Stack [{name}] does not exist")
    if stack.status == "REVIEW_IN_PROGRESS" and kind == "IMPORT":
        return stack
    if kind == "IMPORT" and stack.status in ("CREATE_FAILED", "UPDATE_FAILED"):
        raise not_updatable(stack)
    check_updatable(stack, disables_rollback=True)
    return stack


def _for_creation(stack: Stack | None, params: Params, turn: Turn) -> Stack:
    if stack is None:
        return new_stack(params["StackName"], turn)
    if stack.status != "REVIEW_IN_PROGRESS":
        raise validation_error(
            f"Stack [{params['StackName']}] already exists and cannot be created again with the "
            f"changeSet [{params['ChangeSetName']}]."
        )
    return stack


def _record(params: Params, target: Target, turn: Turn) -> ChangeSetRecord:
    name = params["ChangeSetName"]
    return ChangeSetRecord(
        name=name,
        id=turn.arn("cloudformation", f"changeSet/{name}/{turn.ids.uuid()}"),
        created_at=turn.at,
        type=params.get("ChangeSetType", "UPDATE"),
        description=params.get("Description", ""),
        target=target,
        status="CREATE_COMPLETE",
        execution_status="AVAILABLE",
        token=params.get("ClientToken", ""),
        on_stack_failure=params.get("OnStackFailure", ""),
        include_nested=bool(params.get("IncludeNestedStacks")),
        import_existing=bool(params.get("ImportExistingResources")),
        unvalidated=bool(params.get("DisableValidation")),
        reverts_drift=params.get("DeploymentMode") == reverting.MODE,
    )


def _plan(
    service: CloudFormation,
    stack: Stack,
    record: ChangeSetRecord,
    prepared: Prepared,
    nested: nested_change_sets.Nested,
    params: Params,
    turn: Turn,
) -> None:
    """Work out the changes of a change set, or why there can be none."""
    reason = prepared.late
    if not reason:
        try:
            record.changes, reason = _planned(service, stack, record, prepared, nested)
            record.findings = validation.of_change_set(
                service, stack, prepared, record.changes, params, turn
            )
            reason = nested.failure or validation.refusal(record.findings) or reason
        except EvaluationError as error:
            reason = error.message
    if reason:
        record.status, record.execution_status, record.reason = "FAILED", "UNAVAILABLE", reason
    else:
        record.reason = warnings(record.changes)


def _planned(
    service: CloudFormation,
    stack: Stack,
    record: ChangeSetRecord,
    prepared: Prepared,
    nested: nested_change_sets.Nested,
) -> tuple[list[Change], str]:
    return planned_changes(
        service,
        stack,
        prepared,
        new=stack.status == "REVIEW_IN_PROGRESS",
        imports=record.imports,
        unchanged_stacks=nested.unchanged,
        drifts=record.drifts,
    )


def find_change_set(
    service: CloudFormation, params: Params, *, executed: bool = False
) -> tuple[Stack, ChangeSetRecord]:
    """The change set that a call names, by name and stack or by ARN. Raises ChangeSetNotFound.

    With ``executed`` the last executed one of a stack is found by its ARN, too.
    """
    name: str = params["ChangeSetName"]
    if name.startswith("arn:"):
        for stack in service.state.stacks.values():
            records = [*stack.change_sets.values()]
            if executed and stack.executed is not None:
                records.append(stack.executed)
            for record in records:
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
    stack, record = find_change_set(service, params, executed=True)
    values = bool(params.get("IncludePropertyValues"))
    refused = validation_error("NextToken is invalid")
    changes, token = page(record.changes, params.get("NextToken"), PAGE_SIZE, refused)
    shown = described(changes, property_values=values)
    for each in shown:
        change = each["ResourceChange"]
        if change["LogicalResourceId"] in record.nested:
            change["ChangeSetId"] = record.nested[change["LogicalResourceId"]]
        reverting.describe(record, change, property_values=values)
    target = record.target
    return {
        "ChangeSetName": record.name,
        "ChangeSetId": record.id,
        "StackId": stack.id,
        "StackName": stack.name,
        "Description": record.description or None,
        "Parameters": shown_parameters(service, stack, target) or None,
        "CreationTime": record.created_at,
        "ExecutionStatus": record.execution_status,
        "Status": record.status,
        "StatusReason": record.reason or None,
        "NotificationARNs": list(target.notification_arns),
        "RollbackConfiguration": monitoring.described(target.triggers, target.monitoring_minutes),
        "Capabilities": list(target.capabilities) or None,
        "Tags": options.tag_list(target.tags) or None,
        "Changes": shown,
        "IncludeNestedStacks": record.include_nested,
        "ParentChangeSetId": record.parent_id or None,
        "RootChangeSetId": record.root_id or None,
        "OnStackFailure": record.on_stack_failure or None,
        "ImportExistingResources": record.import_existing or None,
        "DeploymentMode": reverting.MODE if record.reverts_drift else None,
        "StackDriftStatus": reverting.stack_status(record) if record.reverts_drift else None,
        "NextToken": token,
    }


def shown_parameters(service: CloudFormation, stack: Stack, target: Target) -> list[Params]:
    """The parameters of a target as Describe operations show them, secrets masked."""
    if not target.supplied:
        return []
    secrets = service.blueprints.secrets(target)
    shown: list[Params] = []
    for name, text in target.supplied.items():
        secret = name in secrets
        entry = {"ParameterKey": name, "ParameterValue": "****" if secret else text}
        if name in target.resolved:
            entry["ResolvedValue"] = "****" if secret else target.resolved[name]
        shown.append(entry)
    return shown


def execute_change_set(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Execute a change set exactly as it was reviewed; the others of its stack are gone with it."""
    stack, record = _executable(service, params)
    if record is None:
        return {}
    token: str = params.get("ClientRequestToken", "")
    remember_token(stack, token, "ExecuteChangeSet")
    disable = options.disables_rollback(params) or record.on_stack_failure == "DO_NOTHING"
    kind = {"CREATE": "create", "UPDATE": "update", "IMPORT": "import"}[record.type]
    if kind == "create":
        stack.created_at = turn.at
        stack.target = record.target
        stack.description = service.blueprints.of(stack, record.target).template.description
    elif stack.status == "REVIEW_IN_PROGRESS":
        stack.created_at = turn.at
    reverting.take(stack, record.drifts)
    record.execution_status = "EXECUTE_IN_PROGRESS"
    stack.change_sets.clear()
    stack.executed, stack.change_set_id = record, record.id
    stack.updated_at = turn.at
    stack.disable_rollback = disable
    deployment = operation(
        kind,
        record.target,
        params,
        turn,
        disable_rollback=disable,
        on_failure=record.on_stack_failure or "ROLLBACK",
        unvalidated=record.unvalidated,
        imports=record.imports,
        nested=record.nested,
    )
    service.start(stack, deployment, turn)
    return {}


def _executable(service: CloudFormation, params: Params) -> tuple[Stack, ChangeSetRecord | None]:
    """The change set to execute; None where a call with the same token has been accepted."""
    token: str = params.get("ClientRequestToken", "")
    named = service.find(params.get("StackName", ""))
    if named is not None and was_accepted(named, token, "ExecuteChangeSet"):
        return named, None
    stack, record = find_change_set(service, params)
    if record.parent_id:
        raise validation_error(
            "Execute/Delete operations on nested change sets are supported only from the root "
            "change set."
        )
    if record.execution_status != "AVAILABLE":
        raise Fault(
            "InvalidChangeSetStatus",
            f"ChangeSet [{record.id}] cannot be executed in its current status of "
            f"[{record.status}]",
        )
    if stack.status != "REVIEW_IN_PROGRESS":
        check_updatable(stack, disables_rollback=options.disables_rollback(params))
    return stack, record


def delete_change_set(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Delete a change set; one that is gone already counts as deleted."""
    try:
        stack, record = find_change_set(service, params)
    except Fault as fault:
        if fault.code == "ChangeSetNotFound":
            return {}
        raise
    if record.parent_id:
        raise validation_error(
            "Execute/Delete operations on nested change sets are supported only from the root "
            "change set."
        )
    nested_change_sets.forget(service, record, turn)
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
            "IncludeNestedStacks": record.include_nested,
            "ParentChangeSetId": record.parent_id or None,
            "RootChangeSetId": record.root_id or None,
            "ImportExistingResources": record.import_existing or None,
        }
        for record in records
    ]
    return {"Summaries": summaries, "NextToken": token}
