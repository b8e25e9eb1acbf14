"""Waiting for signals of resources, and counting them. AWS: CreationPolicy; SignalResource."""

import re
from typing import Any

from understudy.control.events import Params
from understudy.deploy.handler import Await, HandlerFailure, Invoke, Request, Steps
from understudy.deploy.ports import OWNER

RECEIVED = "ReceivedSignals"
"""The operation, for handlers alone, that gives what a resource has signalled so far."""
DEFAULT_TIMEOUT = "PT5M"
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


def seconds(duration: str) -> float:
    """The seconds of an ISO 8601 duration of days, hours, minutes and seconds.

    >>> seconds("PT1H30M"), seconds("P1DT1S")
    (5400.0, 86401.0)
    """
    match = _DURATION.fullmatch(duration)
    if match is None:
        raise HandlerFailure(f"{duration} is not an ISO 8601 duration", "")
    days, hours, minutes, rest = (float(part or 0) for part in match.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + rest


def happening(stack_id: str, logical_id: str) -> str:
    """What is awaited: a signal of a resource."""
    return f"signal/{stack_id}/{logical_id}"


def received(request: Request, policy: Any) -> Steps[None]:
    """Wait until a resource has signalled success as often as its CreationPolicy asks."""
    wanted: Params = policy.get("ResourceSignal", {})
    count = int(wanted.get("Count", 1))
    until = request.started_at + seconds(str(wanted.get("Timeout", DEFAULT_TIMEOUT)))
    where = {"StackId": request.stack_id, "LogicalResourceId": request.logical_id}
    in_time = True
    while True:
        answer = yield Invoke(OWNER, RECEIVED, where)
        for signal in answer["Signals"]:
            if signal["Status"] == "FAILURE":
                reason = f"Received FAILURE signal with UniqueId {signal['UniqueId']}"
                raise HandlerFailure(reason, "")
        if len(answer["Signals"]) >= count:
            return
        if not in_time:
            left = count - len(answer["Signals"])
            reason = f"Failed to receive {left} resource signal(s) within the specified duration"
            raise HandlerFailure(reason, "")
        in_time = yield Await(happening(request.stack_id, request.logical_id), until)
