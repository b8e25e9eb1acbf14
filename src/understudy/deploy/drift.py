"""Detecting drift: reading the live resources of a stack, and comparing them with its template.

AWS: DetectStackDrift; DetectStackResourceDrift. A stack that is being read can be worked on.
"""

from understudy.base.fault import Fault, validation_error
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.turn import Turn
from understudy.deploy import outside, provision
from understudy.deploy.difference import compared
from understudy.deploy.explain import code_of
from understudy.deploy.handler import Done, Handler, HandlerFailure
from understudy.deploy.history import json_text
from understudy.deploy.ports import Engine
from understudy.deploy.stack import Detection, ResourceDrift, Stack, StackResource, Task

KEY = "drift/"
"""How the keys of the tasks of a detection begin."""
PAGE_SIZE = 100
DETECTABLE = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_FAILED",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
)
_GONE = "NotFound"


def detect_stack_drift(engine: Engine, params: Params, turn: Turn) -> Params:
    """Begin to look whether the resources of a stack are as its template says."""
    stack = _detectable(engine, params)
    only: list[str] = params.get("LogicalResourceIds", [])
    detection = Detection(turn.ids.uuid(), turn.at)
    detection.tasks = {
        f"{KEY}{name}": Task(name, "read")
        for name, resource in stack.resources.items()
        if resource.was_made and _is_readable(engine, resource) and (not only or name in only)
    }
    stack.detection = detection
    engine.touch(stack)
    return {"StackDriftDetectionId": detection.id}


def _detectable(engine: Engine, params: Params) -> Stack:
    name: str = params["StackName"]
    stack = engine.state.stacks.get(engine.state.names.get(name, name))
    if stack is None:
        raise validation_error(f"Stack [{name}] does not exist")
    if stack.status not in DETECTABLE:
        raise validation_error(
            f"Drift detection cannot be performed on stack [{stack.id}] in {stack.status} state"
        )
    return stack


def _is_readable(engine: Engine, resource: StackResource) -> bool:
    return engine.types[resource.type].read is not None


def begin(engine: Engine, stack: Stack, task: Task, turn: Turn) -> Handler:
    """Start to read a resource."""
    return provision.handler(engine, stack, task, turn)


def finish(engine: Engine, stack: Stack, task: Task, done: Done, turn: Turn) -> None:
    """A resource has been read."""
    resource = stack.resources.get(task.logical_id)
    if resource is not None:
        resource.drift = _drift(engine, resource, done, turn)


def _drift(engine: Engine, resource: StackResource, done: Done, turn: Turn) -> ResourceDrift:
    schema = engine.schemas.get(resource.type)
    expected, actual, differences = compared(resource.properties, done.properties, schema)
    status = "MODIFIED" if differences else "IN_SYNC"
    return ResourceDrift(status, turn.at, expected, actual, tuple(differences))


def failed(engine: Engine, stack: Stack, task: Task, reason: str, turn: Turn) -> str:
    """A resource could not be read: it is gone, or the detection cannot tell."""
    resource = stack.resources.get(task.logical_id)
    if resource is not None and task.code == _GONE:
        resource.drift = ResourceDrift("DELETED", turn.at)
        return "Done"
    if resource is not None:
        resource.drift = ResourceDrift("UNKNOWN", turn.at, reason=reason)
    return "Failed"


def end(stack: Stack, detection: Detection, turn: Turn) -> None:
    """Every resource has been looked at."""
    broken = [task for task in detection.tasks.values() if task.state != "Done"]
    if broken:
        names = ", ".join(task.logical_id for task in broken)
        detection.status = "DETECTION_FAILED"
        detection.reason = f"Failed to detect drift on resource(s) [{names}]. {broken[0].reason}"
    else:
        detection.status = "DETECTION_COMPLETE"
    tasks = detection.tasks.values()
    drifts = [stack.resources[each.logical_id].drift for each in tasks]
    statuses = [each.status for each in drifts if each]
    detection.drifted = sum(status in ("MODIFIED", "DELETED") for status in statuses)
    unknown = "UNKNOWN" if "UNKNOWN" in statuses else "IN_SYNC"
    detection.stack_status = "DRIFTED" if detection.drifted else unknown
    stack.drift_status, stack.drift_checked_at = detection.stack_status, turn.at
    for task in detection.tasks.values():
        task.answers.clear()


def describe_detection(engine: Engine, params: Params, turn: Turn) -> Params:
    """How far a detection is, and what came of it."""
    identity = params["StackDriftDetectionId"]
    for stack in engine.state.stacks.values():
        detection = stack.detection
        if detection is not None and detection.id == identity:
            ended = detection.status != "DETECTION_IN_PROGRESS"
            return {
                "StackId": stack.id,
                "StackDriftDetectionId": identity,
                "StackDriftStatus": detection.stack_status or None,
                "DetectionStatus": detection.status,
                "DetectionStatusReason": detection.reason or None,
                "DriftedStackResourceCount": detection.drifted if ended else None,
                "Timestamp": detection.started_at,
            }
    raise validation_error(f"Drift detection [{identity}] does not exist")


def describe_resource_drifts(engine: Engine, params: Params, turn: Turn) -> Params:
    """The drift of the resources that have been checked."""
    name: str = params["StackName"]
    stack = engine.state.stacks.get(engine.state.names.get(name, name))
    if stack is None:
        raise validation_error(f"Stack [{name}] does not exist")
    wanted: list[str] = params.get("StackResourceDriftStatusFilters", [])
    checked = [
        each
        for each in stack.resources.values()
        if each.drift is not None and (not wanted or each.drift.status in wanted)
    ]
    refused = validation_error("NextToken is invalid")
    size: int = params.get("MaxResults", PAGE_SIZE)
    shown, token = page(checked, params.get("NextToken"), size, refused)
    return {"StackResourceDrifts": [shown_drift(stack, e) for e in shown], "NextToken": token}


def shown_drift(stack: Stack, resource: StackResource) -> Params:
    """A StackResourceDrift. Recorded: the properties are JSON text.

    AWS: StackResourceDrift. A resource that is gone, or could not be read, has none.
    """
    drift = resource.drift or ResourceDrift("NOT_CHECKED", 0.0)
    there = drift.status in ("IN_SYNC", "MODIFIED")
    return {
        "StackId": stack.id,
        "LogicalResourceId": resource.logical_id,
        "PhysicalResourceId": resource.physical_id,
        "ResourceType": resource.type,
        "ExpectedProperties": json_text(drift.expected) if there else None,
        "ActualProperties": json_text(drift.actual) if there else None,
        "PropertyDifferences": list(drift.differences),
        "StackResourceDriftStatus": drift.status,
        "DriftStatusReason": drift.reason or None,
        "Timestamp": drift.at,
    }


def detect_resource_drift(engine: Engine, params: Params, turn: Turn) -> Params:
    """Read one resource and compare it at once."""
    stack, resource, found = look(engine, params, turn)
    resource.drift = found
    return {"StackResourceDrift": shown_drift(stack, resource)}


def look(engine: Engine, params: Params, turn: Turn) -> tuple[Stack, StackResource, ResourceDrift]:
    """How a resource differs now. Raises Missing where a service has to be asked first."""
    stack = _detectable(engine, params)
    logical_id: str = params["LogicalResourceId"]
    resource = stack.resources.get(logical_id)
    if resource is None or not resource.was_made:
        raise validation_error(
            f"Resource {logical_id} does not exist for stack {params['StackName']}"
        )
    found = now(engine, stack, resource, params, turn)
    if found.status == "UNSUPPORTED":
        raise validation_error(f"Drift detection is not supported for {resource.type}")
    if found.status == "UNKNOWN":
        raise validation_error(found.reason)
    return stack, resource, found


def now(
    engine: Engine, stack: Stack, resource: StackResource, params: Params, turn: Turn
) -> ResourceDrift:
    """How a resource differs now, UNSUPPORTED where its type cannot be read. Raises Missing."""
    read = engine.types[resource.type].read
    if read is None:
        return ResourceDrift("UNSUPPORTED", turn.at)
    request = provision.request_for(stack, Task(resource.logical_id, "read"), resource, turn)
    try:
        done = outside.read_through(read, request, outside.caller(engine.services, params, turn))
    except (Fault, HandlerFailure) as failure:
        if code_of(failure) == _GONE:
            return ResourceDrift("DELETED", turn.at)
        return ResourceDrift("UNKNOWN", turn.at, reason=failure.message)
    return _drift(engine, resource, done, turn)
