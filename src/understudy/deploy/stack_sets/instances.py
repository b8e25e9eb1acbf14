"""The operations on the stack instances of a StackSet: each begins, and is done by its regions."""

from understudy.base.fault import Fault, validation_error
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy.location import text_at
from understudy.deploy.service import CloudFormation
from understudy.deploy.stack_sets import running
from understudy.deploy.stack_sets.definition import overrides_of
from understudy.deploy.stack_sets.requests import (
    Place,
    begun,
    latest_of,
    operation_of,
    targets,
)
from understudy.deploy.stack_sets.roles import check_administration
from understudy.deploy.stack_sets.sets import find
from understudy.deploy.stack_sets.state import FAILED_IMPORT, SetOperation, StackSet, key_of

MAX_IMPORTS = 10
"""AWS: ImportStacksToStackSet."""


def look(service: CloudFormation, params: Params, turn: Turn) -> None:
    """What has to be known before an operation begins, as Missing."""
    check_administration(params, latest_of(find(service, params)).roles.administration)


def look_import(service: CloudFormation, params: Params, turn: Turn) -> None:
    """The same of an import, which may name its stacks in an object of S3."""
    look(service, params, turn)
    _stack_ids(params)


def create_stack_instances(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Create stacks in accounts and regions. Where there is one already it is brought up to date.

    AWS: CreateStackInstances.
    """
    stack_set = find(service, params)
    overrides = overrides_of(latest_of(stack_set).definition, params)
    return _begin(service, stack_set, "CREATE", params, targets(params), turn, overrides)


def update_stack_instances(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Give stack instances other parameters. AWS: UpdateStackInstances."""
    stack_set = find(service, params)
    places = targets(params)
    _check_there(stack_set, places)
    overrides = overrides_of(latest_of(stack_set).definition, params)
    return _begin(service, stack_set, "UPDATE", params, places, turn, overrides)


def _check_there(stack_set: StackSet, places: list[Place]) -> None:
    for account, region in places:
        if key_of(account, region) not in stack_set.instances:
            raise no_instance(stack_set, account, region)


def no_instance(stack_set: StackSet, account: str, region: str) -> Fault:
    """The refusal to find a stack instance."""
    return Fault(
        "StackInstanceNotFoundException",
        f"Stack instance not found for StackSet: {stack_set.id}, account: {account}, "
        f"region: {region}",
        404,
    )


def delete_stack_instances(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Delete stack instances, and their stacks unless they are retained.

    Those that do not exist are passed over. AWS: DeleteStackInstances.
    """
    stack_set = find(service, params)
    places = [each for each in targets(params) if key_of(*each) in stack_set.instances]
    return _begin(service, stack_set, "DELETE", params, places, turn)


def detect_drift(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Look whether the stacks of a StackSet are as its template says. AWS: DetectStackSetDrift."""
    stack_set = find(service, params)
    places = [(each.account, each.region) for each in stack_set.instances.values()]
    return _begin(service, stack_set, "DETECT_DRIFT", params, places, turn)


def import_stacks(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Let stacks that are there be stack instances. AWS: ImportStacksToStackSet."""
    stack_set = find(service, params)
    stacks = {_place(each): each for each in _stack_ids(params)}
    for account, region in () if begun(stack_set, params) else stacks:
        known = stack_set.instances.get(key_of(account, region))
        if known is not None and known.detailed != FAILED_IMPORT:
            raise validation_error(
                f"Stack instance already exists for account: {account}, region: {region}"
            )
    return _begin(service, stack_set, "IMPORT", params, list(stacks), turn, stacks=stacks)


def _stack_ids(params: Params) -> list[str]:
    ids: list[str] = params.get("StackIds", [])
    if "StackIdsUrl" in params:
        ids = text_at(params["StackIdsUrl"], params, "StackIdsUrl").replace(",", " ").split()
    if not ids or len(ids) > MAX_IMPORTS:
        raise validation_error(f"Between 1 and {MAX_IMPORTS} stack ids must be specified")
    if len({_place(each) for each in ids}) != len(ids):
        raise validation_error("An account can have one stack of a stack set in a region")
    return ids


def _place(stack_id: str) -> Place:
    parts = stack_id.split(":")
    if len(parts) != 6 or not parts[5].startswith("stack/"):
        raise validation_error(f"Stack id {stack_id} is not an ARN of a stack")
    return parts[4], parts[3]


def _begin(
    service: CloudFormation,
    stack_set: StackSet,
    verb: str,
    params: Params,
    places: list[Place],
    turn: Turn,
    overrides: dict[str, str | None] | None = None,
    stacks: dict[Place, str] | None = None,
) -> Params:
    known = begun(stack_set, params)
    if known:
        return {"OperationId": known}
    check_administration(params, latest_of(stack_set).roles.administration)
    operation = operation_of(stack_set, verb, params, places, turn)
    operation.overrides = overrides
    for result in operation.results:
        result.stack_id = (stacks or {}).get((result.account, result.region), "")
    running.start(service, stack_set, operation, turn)
    return {"OperationId": operation.id}


def find_operation(service: CloudFormation, params: Params) -> tuple[StackSet, SetOperation]:
    """The operation of a call. Raises OperationNotFoundException."""
    stack_set = find(service, params)
    found = stack_set.operations.get(params["OperationId"])
    if found is None:
        raise Fault(
            "OperationNotFoundException", f"Operation {params['OperationId']} not found", 404
        )
    return stack_set, found


def stop_operation(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Begin nothing more of an operation. AWS: StopStackSetOperation."""
    stack_set, operation = find_operation(service, params)
    if operation.status not in ("QUEUED", "RUNNING"):
        raise Fault(
            "InvalidOperationException",
            f"Operation {operation.id} is in {operation.status} state and can not be stopped.",
        )
    running.stop(service, stack_set, operation, turn)
    return {}
