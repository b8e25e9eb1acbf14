"""Creating, updating and deleting StackSets, and finding them."""

import re

from understudy.base.arn import ACCOUNT
from understudy.base.fault import Fault, validation_error
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy.service import CloudFormation
from understudy.deploy.stack_sets import running
from understudy.deploy.stack_sets.definition import definition_of
from understudy.deploy.stack_sets.requests import begun, latest_of, operation_of, targets
from understudy.deploy.stack_sets.roles import check_administration
from understudy.deploy.stack_sets.state import (
    ADMINISTRATION_ROLE,
    EXECUTION_ROLE,
    Roles,
    StackSet,
)

MAX_SETS = 1000
"""AWS: CloudFormation quotas."""
_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")


def find(service: CloudFormation, params: Params) -> StackSet:
    """The StackSet of a call, by its name or id. Raises StackSetNotFoundException."""
    _check_caller(params)
    name: str = params["StackSetName"]
    sets = service.state.sets
    found = sets.sets.get(sets.names.get(name, name))
    if found is None or found.status == "DELETED":
        raise Fault("StackSetNotFoundException", f"StackSet {name} not found", 404)
    return found


def _check_caller(params: Params) -> None:
    if params.get("CallAs") == "DELEGATED_ADMIN":
        raise validation_error("Account used is not a delegated administrator")


def _check_model(params: Params) -> None:
    """Refuse what needs an organization: there is one account."""
    if params.get("PermissionModel") == "SERVICE_MANAGED":
        raise validation_error(
            "You must be the management account or delegated admin account of an organization "
            "before operating a SERVICE_MANAGED stack set"
        )
    if "AutoDeployment" in params:
        raise validation_error("AutoDeployment is only for SERVICE_MANAGED stack sets")


def look_create(service: CloudFormation, params: Params, turn: Turn) -> None:
    """What has to be known before a StackSet is created, as Missing."""
    definition_of(service, params, None)


def create_stack_set(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Create a StackSet, without stack instances. Raises NameAlreadyExistsException."""
    name, token = params["StackSetName"], params.get("ClientRequestToken", "")
    _check_caller(params)
    _check_model(params)
    if not _NAME.fullmatch(name):
        raise validation_error(
            f"1 validation error detected: Value '{name}' at 'stackSetName' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )
    sets = service.state.sets
    if name in sets.names:
        known = sets.sets[sets.names[name]]
        if token and known.token == token:
            return {"StackSetId": known.id}
        raise Fault("NameAlreadyExistsException", f"StackSet {name} already exists", 409)
    if len(sets.names) >= MAX_SETS:
        raise Fault("LimitExceededException", "Limit for stack set has been exceeded")
    made = StackSet(
        f"{name}:{turn.ids.uuid()}",
        name,
        definition_of(service, params, None),
        _roles(params, None),
        description=params.get("Description", ""),
        managed=bool(params.get("ManagedExecution", {}).get("Active")),
        token=token,
    )
    sets.sets[made.id], sets.names[name] = made, made.id
    running.tell_set(made, turn)
    return {"StackSetId": made.id}


def _roles(params: Params, previous: Roles | None) -> Roles:
    before = previous or Roles(f"arn:aws:iam::{ACCOUNT}:role/{ADMINISTRATION_ROLE}", EXECUTION_ROLE)
    return Roles(
        params.get("AdministrationRoleARN", before.administration),
        params.get("ExecutionRoleName", before.execution),
    )


def look_update(service: CloudFormation, params: Params, turn: Turn) -> None:
    """What has to be known before a StackSet is updated, as Missing."""
    stack_set = find(service, params)
    definition_of(service, params, stack_set.definition)
    check_administration(params, _roles(params, stack_set.roles).administration)


def update_stack_set(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Update a StackSet, and its stacks: all of them, or those that are named."""
    _check_model(params)
    stack_set = find(service, params)
    known = begun(stack_set, params)
    if known:
        return {"OperationId": known}
    managed = bool(params.get("ManagedExecution", {"Active": stack_set.managed})["Active"])
    if managed != stack_set.managed and stack_set.open_operations:
        raise Fault(
            "InvalidOperationException",
            "ManagedExecution cannot be changed while operations are running or queued",
        )
    before = latest_of(stack_set)
    definition = definition_of(service, params, before.definition)
    roles = _roles(params, before.roles)
    check_administration(params, roles.administration)
    places = [
        (each.account, each.region)
        for each in stack_set.instances.values()
        if each.status != "INOPERABLE"
    ]
    if "Regions" in params or "Accounts" in params or "DeploymentTargets" in params:
        wanted = targets(params)
        places = [each for each in places if each in wanted]
    operation = operation_of(stack_set, "UPDATE", params, places, turn)
    operation.definition, operation.roles = definition, roles
    stack_set.managed = managed
    stack_set.description = params.get("Description", stack_set.description)
    running.start(service, stack_set, operation, turn)
    return {"OperationId": operation.id}


def delete_stack_set(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Delete a StackSet that has no stack instances. One that does not exist counts as deleted."""
    try:
        stack_set = find(service, params)
    except Fault as fault:
        if fault.code == "StackSetNotFoundException":
            return {}
        raise
    if stack_set.open_operations:
        raise running.in_progress(stack_set, turn)
    if stack_set.instances:
        raise Fault("StackSetNotEmptyException", "StackSet is not empty", 409)
    stack_set.status = "DELETED"
    del service.state.sets.names[stack_set.name]
    running.tell_set(stack_set, turn)
    return {}
