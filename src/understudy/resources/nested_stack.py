"""AWS::CloudFormation::Stack: a stack in a stack. AWS: Embed stacks within other stacks."""

from typing import Any

from understudy.base.fault import Fault
from understudy.cloudformation.value import is_list, text
from understudy.control.events import Params
from understudy.deploy.handler import (
    Await,
    Done,
    Handler,
    HandlerFailure,
    Identify,
    Invoke,
    Request,
    ResourceType,
    Steps,
)
from understudy.deploy.services import OWNER
from understudy.resources.looking_up import looked_up
from understudy.resources.tags import tag_map

_FAILED_CREATE = "Embedded stack {} was not successfully created: {}"
_FAILED_UPDATE = "Embedded stack {} was not successfully updated. Currently in {} with reason: {}"
_FAILED_DELETE = "Embedded stack {} was not successfully deleted. Currently in {} with reason: {}"


def create(request: Request) -> Handler:
    """Create a nested stack and wait until it is made."""
    wish = yield from looked_up("CreateNestedStack", _wish(request))
    answer = yield Invoke(OWNER, "CreateNestedStack", wish)
    child: str = answer["StackId"]
    yield Identify(child)
    found = yield from _settled(child)
    if found["Status"] != "CREATE_COMPLETE":
        raise HandlerFailure(_FAILED_CREATE.format(child, found["Reason"].rstrip()), "")
    return Done(child, _attributes(found))


def update(request: Request) -> Handler:
    """Update a nested stack, which may find nothing to do, as every update of its parent does."""
    child = request.physical_id
    wish = yield from looked_up("UpdateNestedStack", {**_wish(request), "StackId": child})
    yield Invoke(OWNER, "UpdateNestedStack", wish)
    found = yield from _settled(child, until_rollback=True)
    status: str = found["Status"]
    if ("ROLLBACK" in status and status != "UPDATE_ROLLBACK_COMPLETE") or "FAILED" in status:
        raise HandlerFailure(_FAILED_UPDATE.format(child, status, found["Reason"].rstrip()), "")
    return Done(child, _attributes(found))


def restore(request: Request) -> Handler:
    """Take a nested stack back to what it was before the update of its parent."""
    child = request.physical_id
    wish = {"ParentId": request.stack_id, "LogicalId": request.logical_id, "StackId": child}
    yield Invoke(OWNER, "RollBackNestedStack", wish)
    found = yield from _settled(child)
    if found["Status"].endswith("_FAILED"):
        reason = found["Reason"].rstrip()
        raise HandlerFailure(_FAILED_UPDATE.format(child, found["Status"], reason), "")
    return Done(child, _attributes(found))


def release(request: Request) -> Handler:
    """Let a nested stack clean up, and wait until it has."""
    child = request.physical_id
    yield Invoke(OWNER, "ReleaseNestedStack", {"StackId": child})
    yield from _settled(child)
    return Done(child, request.attributes)


def delete(request: Request) -> Handler:
    """Delete a nested stack with all that it has."""
    child = request.physical_id
    wish = {"ParentId": request.stack_id, "LogicalId": request.logical_id, "StackId": child}
    yield Invoke(OWNER, "DeleteNestedStack", wish)
    found = yield from _settled(child)
    if found["Status"] != "DELETE_COMPLETE":
        reason = found["Reason"].rstrip()
        raise HandlerFailure(_FAILED_DELETE.format(child, found["Status"], reason), "")
    return Done(child)


def read(request: Request) -> Handler:
    """The nested stack as it is, if it is there: drift in it is detected on its own."""
    found = yield Invoke(OWNER, "DescribeNestedStack", {"StackId": request.physical_id})
    if found["Status"] == "DELETE_COMPLETE":
        raise Fault("StackNotFound", f"Stack {request.physical_id} does not exist", 404)
    return Done(request.physical_id, _attributes(found), request.properties)


def _wish(request: Request) -> Params:
    """The call that brings the nested stack about, as far as the template says it."""
    properties = request.properties
    parameters: dict[str, Any] = properties.get("Parameters", {})
    wish: Params = {
        "ParentId": request.stack_id,
        "LogicalId": request.logical_id,
        "Generated": request.generated,
        "TemplateURL": properties["TemplateURL"],
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": _value(value)}
            for key, value in parameters.items()
        ],
        "Tags": [
            {"Key": key, "Value": value}
            for key, value in tag_map(request).items()
            if not key.startswith("aws:")
        ],
    }
    for name in ("TimeoutInMinutes", "NotificationARNs"):
        if name in properties:
            wish[name] = properties[name]
    return wish


def _value(value: Any) -> str:
    """A parameter's value as text; a list is joined by commas."""
    return ",".join(map(str, value)) if is_list(value) else text(value)


def _settled(child: str, *, until_rollback: bool = False) -> Steps[Params]:
    """Wait until a nested stack goes on only when its parent does.

    With ``until_rollback`` until it is clear that its update has failed, too.
    """
    while True:
        found: Params = yield Invoke(OWNER, "DescribeNestedStack", {"StackId": child})
        if found["Settled"]:
            return found
        if until_rollback and found["Status"] == "UPDATE_ROLLBACK_IN_PROGRESS":
            return found
        yield Await(f"stack/{child}")


def _attributes(found: Params) -> Params:
    return {f"Outputs.{name}": value for name, value in found["Outputs"].items()}


STACK = ResourceType(
    "AWS::CloudFormation::Stack",
    "runs",
    create,
    delete,
    update,
    read,
    restore=restore,
    release=release,
    always_updates=True,
)
