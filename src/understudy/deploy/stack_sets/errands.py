"""What a region does for StackSets: it brings a stack about, and tells their region how it went.

The region of a StackSet sends an order. What has to be known of the world is looked up first, each
answer kept in the order; after a restart what was under way is asked again.
"""

from collections.abc import Callable, Mapping

from understudy.base.fault import Fault, validation_error
from understudy.cloudformation.resolve import EvaluationError
from understudy.control.events import Call, CallAnswered, CallFailed, Params
from understudy.control.turn import Turn
from understudy.deploy import drift
from understudy.deploy.handler import Invoke
from understudy.deploy.outside import Missing, with_found
from understudy.deploy.service import CloudFormation
from understudy.deploy.services import OWNER
from understudy.deploy.stack import GONE, Stack
from understudy.deploy.stack_sets import gate
from understudy.deploy.stack_sets.existing import differing, overriding
from understudy.deploy.stack_sets.roles import check_execution
from understudy.deploy.stack_sets.running import MADE, SETTLED
from understudy.deploy.stack_sets.stacks import create, delete, update
from understudy.deploy.stack_sets.state import Errand

_GATE_CLOSED = "Account gate check failed"


def perform(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Take an order of a StackSet."""
    errand = Errand(params, stack_id=params["StackId"])
    service.state.sets.errands.append(errand)
    _go_on(service, errand, turn)
    return {}


def _go_on(service: CloudFormation, errand: Errand, turn: Turn) -> None:
    """Do what is ordered, or ask for what has to be known first."""
    try:
        if not (errand.order["Verb"] == "DELETE" and errand.order["Retain"]):
            _check(service, errand, turn)
            _VERBS[errand.order["Verb"]](service, errand, turn)
    except Missing as missing:
        _ask(service, errand, missing.invoke, turn)
        return
    except (Fault, EvaluationError) as refusal:
        _end(service, errand, turn, refusal.message)
        return
    if not errand.deployment:
        _end(service, errand, turn)


def _check(service: CloudFormation, errand: Errand, turn: Turn) -> None:
    """Whether the StackSet may work in this account. Raises ValidationError, Missing."""
    order, roles = errand.order, errand.order["Roles"]
    check_execution(order, order["Account"], roles["execution"], roles["administration"])
    errand.gate = gate.opened(service.services, order, turn)
    if errand.gate[0] == "FAILED":
        raise validation_error(_GATE_CLOSED)


def _ask(service: CloudFormation, errand: Errand, invoke: Invoke, turn: Turn) -> None:
    if service.services.offers(invoke.service, invoke.operation, invoke.params):
        try:
            found = service.services.call(invoke.service, invoke.operation, invoke.params, turn)
        except Fault as fault:
            found = fault
        errand.order = with_found(errand.order, invoke, found)
        _go_on(service, errand, turn)
        return
    errand.asked = (invoke.service, invoke.operation, invoke.params)
    errand.call = turn.ids.uuid()
    _call(errand, turn)


def _call(errand: Errand, turn: Turn) -> None:
    if errand.asked is not None:
        turn.emit(Call(turn.region, errand.call, *errand.asked))


def on_answer(service: CloudFormation, event: CallAnswered | CallFailed, turn: Turn) -> bool:
    """The world has answered a call; whether it was one of an errand."""
    for errand in service.state.sets.errands:
        if errand.asked is not None and errand.call == event.call_id:
            answer = (
                event.output
                if isinstance(event, CallAnswered)
                else Fault(event.code, event.message, event.status)
            )
            errand.order = with_found(errand.order, Invoke(*errand.asked), answer)
            errand.asked, errand.call = None, ""
            _go_on(service, errand, turn)
            return True
    return False


def on_restart(service: CloudFormation, turn: Turn) -> None:
    """The process came back: ask the world again for what it may not have answered."""
    for errand in service.state.sets.errands:
        _call(errand, turn)


def settle(service: CloudFormation, turn: Turn) -> None:
    """Tell of the stacks that have come to an end."""
    for errand in tuple(service.state.sets.errands):
        stack = service.state.stacks.get(errand.stack_id)
        if not errand.deployment or stack is None:
            continue
        if errand.order["Verb"] == "DETECT_DRIFT":
            _settle_detection(service, errand, stack, turn)
        elif stack.deployment is None:
            worked = stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", GONE)
            _end(service, errand, turn, "" if worked else _reason(stack, errand))


def _settle_detection(service: CloudFormation, errand: Errand, stack: Stack, turn: Turn) -> None:
    detection = stack.detection
    if detection is None or detection.id != errand.deployment:
        _end(service, errand, turn, "Another drift detection has been started for the stack")
    elif detection.status == "DETECTION_COMPLETE":
        _end(service, errand, turn)
    elif detection.status == "DETECTION_FAILED":
        _end(service, errand, turn, detection.reason)


def _reason(stack: Stack, errand: Errand) -> str:
    """Why a stack could not be brought about: the first resource that has failed, in AWS's form."""
    for event in stack.events:
        ours = event.operation_id == errand.deployment and event.physical_id != stack.id
        if ours and event.status.endswith("_FAILED") and "cancelled" not in event.reason:
            return (
                f"ResourceLogicalId:{event.logical_id}, ResourceType:{event.type}, "
                f"ResourceStatusReason:{event.reason}."
            )
    return stack.reason or f"Stack {stack.id} is in {stack.status} state"


def _end(service: CloudFormation, errand: Errand, turn: Turn, refusal: str = "") -> None:
    """Tell the StackSet's region what came of its order."""
    order = errand.order
    stack = service.state.stacks.get(errand.stack_id)
    service.state.sets.errands.remove(errand)
    said: Params = {
        **_place(errand),
        "Succeeded": not refusal,
        "Reason": refusal,
        "Gate": errand.gate,
        "Unstable": stack is not None and stack.status == "DELETE_FAILED",
    }
    if stack is not None and order["Verb"] == "IMPORT":
        said["Overrides"] = overriding(stack, order)
    if stack is not None and order["Verb"] == "DETECT_DRIFT" and not refusal:
        said["Drift"] = stack.drift_status
        said["Drifts"] = [
            drift.shown_drift(stack, each) for each in stack.resources.values() if each.drift
        ]
    turn.tell(order["Home"], OWNER, SETTLED, said)


def _bring(service: CloudFormation, errand: Errand, turn: Turn) -> None:
    """Create the stack, or update it where it is there.

    One whose creation was rolled back can only be deleted: another is created in its place.
    """
    stack = service.find(errand.stack_id) if errand.stack_id else None
    if stack is None or stack.status in (GONE, "ROLLBACK_COMPLETE"):
        rolled_back, stack = stack, create(service, errand.order, turn)
        if rolled_back is not None and rolled_back.status != GONE:
            delete(service, rolled_back, turn)
    else:
        update(service, stack, errand.order, turn)
    errand.stack_id = stack.id
    _wait_for(errand, stack)
    turn.tell(errand.order["Home"], OWNER, MADE, {**_place(errand), "StackId": stack.id})


def _place(errand: Errand) -> Params:
    """Which stack instance it is, for its StackSet."""
    names = ("StackSetId", "OperationId", "Account", "Region")
    return {name: errand.order[name] for name in names}


def _wait_for(errand: Errand, stack: Stack) -> None:
    if stack.deployment is not None:
        errand.deployment = stack.deployment.operation_id


def _delete(service: CloudFormation, errand: Errand, turn: Turn) -> None:
    stack = service.find(errand.stack_id) if errand.stack_id else None
    if stack is not None and stack.status != GONE:
        delete(service, stack, turn)
        _wait_for(errand, stack)


def _import(service: CloudFormation, errand: Errand, turn: Turn) -> None:
    stack = service.stack(errand.stack_id)
    refusal = differing(stack, errand.order)
    if refusal:
        raise validation_error(refusal)


def _detect(service: CloudFormation, errand: Errand, turn: Turn) -> None:
    answer = drift.detect_stack_drift(service, {"StackName": errand.stack_id}, turn)
    errand.deployment = answer["StackDriftDetectionId"]


_VERBS: Mapping[str, Callable[[CloudFormation, Errand, Turn], None]] = {
    "CREATE": _bring,
    "UPDATE": _bring,
    "DELETE": _delete,
    "IMPORT": _import,
    "DETECT_DRIFT": _detect,
}
