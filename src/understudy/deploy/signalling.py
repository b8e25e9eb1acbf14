"""Signals: taken from resources and from wait conditions' handles, and told to who waits.

AWS: SignalResource; Create wait conditions in a CloudFormation template.
"""

import json
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from understudy.base.fault import Fault, validation_error
from understudy.cloudformation.value import is_map
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy.decision import is_true, update_policy
from understudy.deploy.history import note
from understudy.deploy.ports import Engine
from understudy.deploy.service import CloudFormation
from understudy.deploy.signals import happening
from understudy.deploy.stack import GONE, Signal, Stack, StackResource

HANDLE = "AWS::CloudFormation::WaitConditionHandle"
BUCKET = "cloudformation-waitcondition"
"""How the bucket of all handles of a region begins."""
STATUSES = ("SUCCESS", "FAILURE")


def signal_resource(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Take a signal of a resource that is waited for."""
    stack = service.bracketed(params["StackName"])
    name: str = params["LogicalResourceId"]
    resource = stack.resources.get(name)
    if resource is None:
        raise validation_error(f"Resource {name} does not exist for stack {params['StackName']}")
    if not resource.status.endswith("_IN_PROGRESS") or not _is_waited_for(resource):
        raise validation_error(
            f"Signaling resource {name} in status {resource.status} is not supported"
        )
    signal = Signal(params["UniqueId"], params["Status"])
    if _keep(service, stack, name, signal):
        reason = f"Received {signal.status} signal with UniqueId {signal.unique_id}"
        note(stack, resource, resource.status, turn, reason)
    return {}


def _is_waited_for(resource: StackResource) -> bool:
    """Whether somebody counts a resource's signals now."""
    if resource.status.startswith("CREATE"):
        return bool(resource.creation_policy)
    rolling = update_policy(resource, "AutoScalingRollingUpdate")
    return is_true(rolling.get("WaitOnResourceSignals", False))


def _keep(engine: Engine, stack: Stack, name: str, signal: Signal) -> bool:
    """Remember a signal, unless one with its id is known already, and tell who waits for it."""
    known = stack.signals.setdefault(name, [])
    if any(each.unique_id == signal.unique_id for each in known):
        return False
    known.append(signal)
    engine.wake(happening(stack.id, name))
    return True


def handle_url(endpoint: str, region: str, stack_id: str, logical_id: str, token: str) -> str:
    """The address to which whoever has a handle PUTs what it has to say."""
    path = quote(f"{stack_id}/{logical_id}", safe="/")
    return f"{endpoint}/{BUCKET}-{region}/{path}?Signature={token}"


def handle_of(url: str) -> tuple[str, str]:
    """The stack's id and the logical id in a handle's address.

    >>> handle_of("http://localhost/cloudformation-waitcondition-x/arn%3Aaws%3Astack/a/1/H?S=1")
    ('arn:aws:stack/a/1', 'H')
    """
    path = unquote(urlsplit(url).path).lstrip("/")
    stack_id, _, logical_id = path.partition("/")[2].rpartition("/")
    return stack_id, logical_id


def signal_handle(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """Take what was PUT to a handle's address. Raises AccessDenied, as S3 does.

    ``Url`` is the address with its signature, ``Body`` JSON text with Status, UniqueId, Data and
    Reason; what cannot be read fails the wait condition.
    """
    stack_id, logical_id = handle_of(params["Url"])
    stack = service.state.stacks.get(stack_id)
    resource = stack.resources.get(logical_id) if stack else None
    if stack is None or resource is None or resource.type != HANDLE or stack.status == GONE:
        raise Fault("AccessDenied", "Access Denied", 403)
    url: str = params["Url"]
    if urlsplit(resource.physical_id).query != urlsplit(url).query:
        raise Fault(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. Check "
            "your key and signing method.",
            403,
        )
    _keep(service, stack, logical_id, _read(params["Body"]))
    return {}


def _read(body: str) -> Signal:
    try:
        said: Any = json.loads(body)
    except ValueError:
        said = None
    if not is_map(said) or said.get("Status") not in STATUSES or "UniqueId" not in said:
        return Signal("", "FAILURE", reason="Unparsable WaitCondition data")
    texts = [str(said.get(name, "")) for name in ("UniqueId", "Status", "Data", "Reason")]
    return Signal(*texts)


# For handlers


def create_handle(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """The address of a new handle."""
    where = params["StackId"], params["LogicalResourceId"]
    service.state.stacks[where[0]].signals.pop(where[1], None)
    url = handle_url(service.endpoint, turn.region, *where, turn.ids.hex(32))
    return {"Url": url}


def now(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """The time, for a handler that begins to wait in its middle."""
    return {"At": turn.at}


def received(service: CloudFormation, params: Params, turn: Turn) -> Params:
    """What a resource, or a handle, has signalled so far."""
    stack = service.state.stacks.get(params["StackId"])
    known = stack.signals.get(params["LogicalResourceId"], []) if stack else []
    return {
        "Signals": [
            {"UniqueId": s.unique_id, "Status": s.status, "Data": s.data, "Reason": s.reason}
            for s in known
        ]
    }
