"""AWS::CloudFormation::CustomResource and Custom::*: what a function of the template makes.

AWS: Custom resource request and response reference.
"""

from hashlib import blake2b
from typing import Any

from understudy.cloudformation.functions import to_json
from understudy.cloudformation.schema import CUSTOM_RESOURCE
from understudy.cloudformation.value import is_list, is_map, text
from understudy.control.events import Params
from understudy.deploy.handler import (
    Done,
    Handler,
    HandlerFailure,
    Identify,
    Invoke,
    Request,
    ResourceType,
    Start,
    Steps,
)

TIMEOUT = 3600
"""Seconds; the default of ServiceTimeout."""
LONGEST_ID = 1024
LONGEST_RESPONSE = 4096
"""Bytes. AWS: CloudFormation quotas."""


def custom(name: str) -> ResourceType:
    """The resource type of this name: ``Custom::`` and whatever the template calls it."""
    return ResourceType(
        name,
        "runs",
        _asking(name, "Create"),
        _asking(name, "Delete"),
        _asking(name, "Update"),
    )


def _asking(name: str, kind: str) -> Start:
    return lambda request: _ask(name, kind, request)


def _ask(name: str, kind: str, request: Request) -> Handler:
    """Ask the provider. Raises HandlerFailure where it refuses."""
    event: Params = {
        "RequestType": kind,
        "ServiceToken": request.properties["ServiceToken"],
        "StackId": request.stack_id,
        "RequestId": _request_id(kind, request),
        "LogicalResourceId": request.logical_id,
        "ResourceType": name,
        "ResourceProperties": worded(request.properties),
    }
    if kind != "Create":
        event["PhysicalResourceId"] = request.physical_id
    if kind == "Update":
        event["OldResourceProperties"] = worded(request.previous)
    timeout = int(request.properties.get("ServiceTimeout", TIMEOUT))
    params = {"Event": event, "Timeout": timeout}
    answer = yield Invoke("lambda", "understudy:Ask", params)
    return (yield from _taken(answer, event))


def _taken(answer: Params, event: Params) -> Steps[Done]:
    """What an answer comes to. What failed to be made is known by its id, so that it is deleted."""
    identity = str(answer.get("PhysicalResourceId") or event.get("PhysicalResourceId", ""))
    if len(to_json(answer).encode()) > LONGEST_RESPONSE:
        if event["RequestType"] == "Create":
            yield Identify(event["RequestId"])
        raise HandlerFailure("Response object is too long.", "")
    if answer.get("Status") == "FAILED":
        if event["RequestType"] == "Create":
            yield Identify(identity or event["RequestId"])
        raise HandlerFailure(
            "Received response status [FAILED] from custom resource. Message returned: "
            f"{answer.get('Reason', '')} (RequestId: {event['RequestId']})",
            "",
        )
    if answer.get("Status") != "SUCCESS":
        raise HandlerFailure("Invalid response object: Status must be SUCCESS or FAILED", "")
    if not identity or len(identity) > LONGEST_ID:
        raise HandlerFailure("Invalid PhysicalResourceId", "")
    data: Any = answer.get("Data") or {}
    if not is_map(data):
        raise HandlerFailure("Invalid response object: Data must be a map", "")
    return Done(identity, {str(key): value for key, value in data.items()})


def worded(value: Any) -> Any:
    """Properties as a provider is told them: every number and boolean as text.

    >>> worded({"Count": 3, "Fast": True})
    {'Count': '3', 'Fast': 'true'}
    """
    if is_map(value):
        return {key: worded(child) for key, child in value.items()}
    if is_list(value):
        return [worded(child) for child in value]
    return text(value)


def _request_id(kind: str, request: Request) -> str:
    """The same for the same request, also when a restarted engine asks again."""
    words = f"{kind}/{request.stack_id}/{request.logical_id}/{request.started_at}"
    digits = blake2b(f"{words}/{request.generated}".encode(), digest_size=16).hexdigest()
    parts = digits[:8], digits[8:12], f"4{digits[13:16]}", f"8{digits[17:20]}", digits[20:]
    return "-".join(parts)


CUSTOM = custom(CUSTOM_RESOURCE)
