"""An operation on a StackSet as it runs: which stack instance is worked on when, and its end.

The stacks are the concern of their regions: they are sent an order, and tell what came of it.
"""

from typing import Any

from msgspec.structs import asdict

from understudy.base.arn import ACCOUNT
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.control.signals import Happened
from understudy.control.turn import Turn
from understudy.deploy.history import SOURCE
from understudy.deploy.service import CloudFormation
from understudy.deploy.services import OWNER
from understudy.deploy.stack_sets.preferences import concurrency, tolerance
from understudy.deploy.stack_sets.state import (
    FAILED_IMPORT,
    Instance,
    Result,
    SetOperation,
    StackSet,
)

PERFORM, SETTLED, MADE = "PerformStackInstance", "StackInstanceSettled", "StackInstanceMade"
"""What the region of a StackSet and that of a stack tell each other."""
_BREACHED = "Cancelled since failure tolerance has exceeded"
_STOPPED = "Cancelled since the operation was stopped"


def arn_of(stack_set: StackSet, turn: Turn) -> str:
    """The ARN of a StackSet of this region."""
    return turn.arn("cloudformation", f"stackset/{stack_set.id}")


def in_progress(stack_set: StackSet, turn: Turn) -> Fault:
    """The refusal to work on a StackSet that is being worked on."""
    return Fault(
        "OperationInProgressException",
        f"Another Operation on StackSet {arn_of(stack_set, turn)} is in progress",
        409,
    )


def happening(operation: SetOperation) -> str:
    """What a handler waits for that waits for an operation."""
    return f"operation/{operation.id}"


def start(
    service: CloudFormation, stack_set: StackSet, operation: SetOperation, turn: Turn
) -> None:
    """Begin an operation, or let it wait for those before it."""
    stack_set.operations[operation.id] = operation
    go_on(service, stack_set, turn)
    if operation.status == "QUEUED":
        _tell(stack_set, operation, turn)


def go_on(service: CloudFormation, stack_set: StackSet, turn: Turn) -> None:
    """Begin the queued operations whose turn it is: in their order, unless they are in conflict."""
    running: set[str] = set()
    for operation in stack_set.open_operations:
        keys = {each.key for each in operation.results}
        if operation.status == "QUEUED":
            if running and (running & keys or operation.definition is not None):
                return
            _begin(stack_set, operation, turn)
            _advance(service, stack_set, operation, turn)
        if operation.is_open:
            running |= keys


def _begin(stack_set: StackSet, operation: SetOperation, turn: Turn) -> None:
    """Let the set and its instances be what the operation is to make of them."""
    operation.status = "RUNNING"
    if operation.definition is not None:
        stack_set.definition = operation.definition
        for instance in stack_set.instances.values():
            if instance.status == "CURRENT":
                instance.status = "OUTDATED"
    stack_set.roles = operation.roles or stack_set.roles
    operation.definition = operation.roles = None
    for result in operation.results:
        instance = _instance(stack_set, result)
        instance.operation_id = operation.id
        instance.detailed, instance.reason = "PENDING", ""
        if operation.verb != "DETECT_DRIFT":
            instance.status = "OUTDATED"
        for name, text in (operation.overrides or {}).items():
            instance.overrides.pop(name, None)
            if text is not None:
                instance.overrides[name] = text
    _tell(stack_set, operation, turn)


def _instance(stack_set: StackSet, result: Result) -> Instance:
    """The instance of a result; it comes into being with the operation that makes it."""
    fresh = Instance(result.account, result.region)
    instance = stack_set.instances.setdefault(result.key, fresh)
    instance.stack_id = result.stack_id or instance.stack_id
    return instance


def _advance(
    service: CloudFormation, stack_set: StackSet, operation: SetOperation, turn: Turn
) -> None:
    """Send out what may be worked on now; end where nothing is left."""
    for region in dict.fromkeys(each.region for each in operation.results):
        _check_tolerance(stack_set, operation, region)
    for region in _open_regions(operation):
        _advance_region(stack_set, operation, region, turn)
    if any(map(_is_open, operation.results)):
        return
    stopping = operation.status == "STOPPING"
    operation.status = "FAILED" if operation.breached else "SUCCEEDED"
    operation.status = "STOPPED" if stopping else operation.status
    operation.ended_at = turn.at
    _tell(stack_set, operation, turn)
    service.wake(happening(operation))


def _is_open(result: Result) -> bool:
    return result.status in ("PENDING", "RUNNING")


def _check_tolerance(stack_set: StackSet, operation: SetOperation, region: str) -> None:
    """Begin nothing more where too many have failed."""
    there = [each for each in operation.results if each.region == region]
    failed = sum(each.status == "FAILED" for each in there)
    if failed > tolerance(operation.preferences, len(there)):
        operation.breached = True
        _cancel(stack_set, _remaining(operation, region), _BREACHED)


def _open_regions(operation: SetOperation) -> list[str]:
    """The regions that are worked on: all that are not done, or the first of them."""
    regions = list(dict.fromkeys(each.region for each in operation.results if _is_open(each)))
    if operation.preferences.get("RegionConcurrencyType") == "PARALLEL":
        return regions
    return regions[:1]


def _advance_region(stack_set: StackSet, operation: SetOperation, region: str, turn: Turn) -> None:
    there = [each for each in operation.results if each.region == region]
    failed = sum(each.status == "FAILED" for each in there)
    running = sum(each.status == "RUNNING" for each in there)
    free = concurrency(operation.preferences, len(there), failed) - running
    for result in [each for each in there if each.status == "PENDING"][: max(free, 0)]:
        _send(stack_set, operation, result, turn)


def _remaining(operation: SetOperation, region: str) -> list[Result]:
    """What is left in a region, and in those where nothing has been begun."""
    begun = {each.region for each in operation.results if each.status != "PENDING"}
    return [
        each
        for each in operation.results
        if each.status == "PENDING" and (each.region == region or each.region not in begun)
    ]


def _cancel(stack_set: StackSet, results: list[Result], reason: str) -> None:
    for result in results:
        result.status, result.reason = "CANCELLED", reason
        instance = stack_set.instances[result.key]
        instance.detailed, instance.reason = "CANCELLED", reason


def stop(service: CloudFormation, stack_set: StackSet, operation: SetOperation, turn: Turn) -> None:
    """Begin nothing more; what is under way goes on to its end."""
    queued = operation.status == "QUEUED"
    operation.status = "STOPPING"
    if queued:
        for result in operation.results:
            result.status, result.reason = "CANCELLED", _STOPPED
    else:
        pending = [each for each in operation.results if each.status == "PENDING"]
        _cancel(stack_set, pending, _STOPPED)
        _tell(stack_set, operation, turn)
    _advance(service, stack_set, operation, turn)
    go_on(service, stack_set, turn)


def _send(stack_set: StackSet, operation: SetOperation, result: Result, turn: Turn) -> None:
    """Send the order for a stack instance to its region; another account's comes back at once."""
    instance = stack_set.instances[result.key]
    result.status = instance.detailed = "RUNNING"
    _tell_instance(stack_set, instance, turn)
    definition = stack_set.definition
    order: Params = {
        "Home": turn.region,
        "StackSetId": stack_set.id,
        "OperationId": operation.id,
        "Verb": operation.verb,
        "Retain": operation.retain,
        "Account": result.account,
        "Region": result.region,
        "StackId": instance.stack_id,
        "StackName": f"StackSet-{stack_set.name}-{turn.ids.uuid()}",
        "Roles": asdict(stack_set.roles),
        "Body": definition.body,
        "Parameters": {**definition.parameters, **instance.overrides},
        "Tags": definition.tags,
        "Capabilities": list(definition.capabilities),
    }
    turn.tell(result.region if result.account == ACCOUNT else turn.region, OWNER, PERFORM, order)


def made(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """A region tells which stack is a stack instance's."""
    stack_set = service.state.sets.sets[params["StackSetId"]]
    result = _result(stack_set, params)
    result.stack_id = stack_set.instances[result.key].stack_id = params["StackId"]
    return {}


def settled(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """A region tells what came of its order; the operation goes on."""
    stack_set = service.state.sets.sets[params["StackSetId"]]
    operation = stack_set.operations[params["OperationId"]]
    result = _result(stack_set, params)
    result.status = "SUCCEEDED" if params["Succeeded"] else "FAILED"
    result.reason, result.gate = params["Reason"], params["Gate"]
    result.drift, result.drifts = params.get("Drift", ""), params.get("Drifts", [])
    _conclude(stack_set, operation, result, params, turn)
    _advance(service, stack_set, operation, turn)
    if not operation.is_open:
        go_on(service, stack_set, turn)
    return {}


def _result(stack_set: StackSet, params: Params) -> Result:
    """The result that a region tells of."""
    place = params["Account"], params["Region"]
    results = stack_set.operations[params["OperationId"]].results
    return next(each for each in results if (each.account, each.region) == place)


def _conclude(
    stack_set: StackSet, operation: SetOperation, result: Result, params: Params, turn: Turn
) -> None:
    """What a result makes of its stack instance."""
    instance = stack_set.instances[result.key]
    instance.detailed, instance.reason = result.status, result.reason
    if operation.verb == "DETECT_DRIFT":
        if result.drift:
            instance.drift, instance.drift_at = result.drift, turn.at
    elif result.status == "SUCCEEDED":
        instance.status = "CURRENT"
        instance.overrides |= params.get("Overrides", {})
        if operation.verb == "DELETE":
            del stack_set.instances[result.key]
    elif operation.verb == "IMPORT":
        instance.status, instance.detailed, instance.stack_id = "INOPERABLE", FAILED_IMPORT, ""
    elif params.get("Unstable"):
        instance.status = instance.detailed = "INOPERABLE"
    _tell_instance(stack_set, instance, turn)


# What EventBridge is told. AWS: Managing events with CloudFormation and EventBridge.


def tell_set(stack_set: StackSet, turn: Turn) -> None:
    """Tell that a StackSet has been created, or deleted."""
    arn = arn_of(stack_set, turn)
    detail = {"stack-set-arn": arn, "status-details": {"status": stack_set.status}}
    turn.signal(Happened(SOURCE, "CloudFormation StackSet Status Change", detail, (arn,)))


def _tell(stack_set: StackSet, operation: SetOperation, turn: Turn) -> None:
    detail = {
        "stack-set-arn": arn_of(stack_set, turn),
        "operation-id": operation.id,
        "action": operation.action,
        "status-details": {"status": operation.status},
    }
    kind = "CloudFormation StackSet Operation Status Change"
    turn.signal(Happened(SOURCE, kind, detail, (arn_of(stack_set, turn),)))


def _tell_instance(stack_set: StackSet, instance: Instance, turn: Turn) -> None:
    status: dict[str, Any] = {"status": instance.status, "detailed-status": instance.detailed}
    detail = {
        "stack-set-arn": arn_of(stack_set, turn),
        "stack-id": instance.stack_id,
        "operation-id": instance.operation_id,
        "status-details": status,
    }
    kind = "CloudFormation StackSet StackInstance Status Change"
    turn.signal(Happened(SOURCE, kind, detail, (arn_of(stack_set, turn),)))
