"""AWS::CloudFormation::WaitCondition and its handle.

AWS: Create wait conditions in a CloudFormation template.
"""

import json

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
)
from understudy.deploy.services import OWNER
from understudy.deploy.signalling import handle_of
from understudy.deploy.signals import RECEIVED, happening


def create_handle(request: Request) -> Handler:
    """Make an address to which whoever is waited for PUTs what it has to say."""
    where = {"StackId": request.stack_id, "LogicalResourceId": request.logical_id}
    answer = yield Invoke(OWNER, "CreateWaitConditionHandle", where)
    return Done(answer["Url"], {"Id": answer["Url"]})


def forget(request: Request) -> Handler:
    """Delete what exists in name only."""
    yield Identify(request.physical_id)
    return Done(request.physical_id)


def keep(request: Request) -> Handler:
    """Take note of changed properties: they have no effect once the condition is met."""
    yield Identify(request.physical_id)
    return Done(request.physical_id, request.attributes)


def read(request: Request) -> Handler:
    """A condition is as it was made."""
    yield Identify(request.physical_id)
    return Done(request.physical_id, request.attributes, request.properties)


def create(request: Request) -> Handler:
    """Wait until the handle has been told of success as often as is wanted.

    Without a handle the CreationPolicy says what is waited for. Ref gives the condition's name.
    """
    name = request.name(128)
    yield Identify(name)
    handle: str = request.properties.get("Handle", "")
    if not handle:
        return Done(name, {"Id": name, "Data": "{}"})
    count = int(request.properties.get("Count", 1))
    until = request.started_at + float(request.properties.get("Timeout", 0))
    stack_id, logical_id = handle_of(handle)
    where = {"StackId": stack_id, "LogicalResourceId": logical_id}
    in_time = True
    while True:
        answer = yield Invoke(OWNER, RECEIVED, where)
        signals: list[Params] = answer["Signals"]
        _refuse_failures(signals)
        if len(signals) >= count:
            data = {each["UniqueId"]: each["Data"] for each in signals}
            return Done(name, {"Id": name, "Data": json.dumps(data, separators=(",", ":"))})
        if not in_time:
            raise HandlerFailure(
                f"WaitCondition timed out. Received {len(signals)} conditions when expecting "
                f"{count}",
                "",
            )
        in_time = yield Await(happening(stack_id, logical_id), until)


def _refuse_failures(signals: list[Params]) -> None:
    for each in signals:
        if each["Status"] == "FAILURE":
            raise HandlerFailure(
                f"WaitCondition received failed message: '{each['Reason']}' for uniqueId: "
                f"{each['UniqueId']}",
                "",
            )


HANDLE = ResourceType(
    "AWS::CloudFormation::WaitConditionHandle", "runs", create_handle, forget, keep, read
)
CONDITION = ResourceType("AWS::CloudFormation::WaitCondition", "runs", create, forget, keep, read)
