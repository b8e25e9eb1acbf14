"""Waiting for signals of resources, and counting them. AWS: CreationPolicy; SignalResource."""

import re
from dataclasses import dataclass
from math import ceil
from typing import Any

from understudy.control.events import Params
from understudy.deploy.handler import Await, HandlerFailure, Invoke, Request, Steps
from understudy.deploy.ports import OWNER

RECEIVED = "ReceivedSignals"
"""The operation, for handlers alone, that gives what a resource has signalled so far."""
NOW = "Now"
"""The operation, for handlers alone, that gives the time."""
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


def received(request: Request, policy: Any, *, grouped: bool = False) -> Steps[None]:
    """Wait until a resource has signalled success as often as its CreationPolicy asks.

    ``grouped`` says that it is a group of instances, of which some may fail: what counts then is
    MinSuccessfulInstancesPercent.
    """
    wanted: Params = policy.get("ResourceSignal", {})
    if not wanted and grouped:
        return
    percent = policy.get("AutoScalingCreationPolicy", {}).get("MinSuccessfulInstancesPercent", 100)
    until = request.started_at + seconds(str(wanted.get("Timeout", DEFAULT_TIMEOUT)))
    batch = Batch(int(wanted.get("Count", 1)), float(percent), until, grouped=grouped)
    yield from counted(request, batch)


@dataclass(frozen=True, slots=True)
class Batch:
    """Signals that are waited for: how many, until when, how many percent of them in success.

    ``before`` is how many signals there were when the wait began.
    """

    count: int
    percent: float
    until: float
    before: int = 0
    grouped: bool = False

    @property
    def needed(self) -> int:
        """How many signals of success are needed: 50 % of 5 are 3. AWS: UpdatePolicy attribute."""
        return ceil(self.count * self.percent / 100)


def counted(request: Request, batch: Batch) -> Steps[None]:
    """Wait for the signals of a batch. Raises HandlerFailure where too few are of success."""
    in_time = True
    while True:
        signals = (yield from so_far(request))[batch.before :]
        good = sum(each["Status"] == "SUCCESS" for each in signals)
        if good >= batch.needed:
            return
        bad = len(signals) - good
        if not in_time or batch.count - bad < batch.needed:
            raise HandlerFailure(_too_few(batch, signals, good), "")
        in_time = yield Await(happening(request.stack_id, request.logical_id), batch.until)


def so_far(request: Request) -> Steps[list[Params]]:
    """All that a resource has signalled since it began."""
    where = {"StackId": request.stack_id, "LogicalResourceId": request.logical_id}
    answer = yield Invoke(OWNER, RECEIVED, where)
    return answer["Signals"]


def _too_few(batch: Batch, signals: list[Params], good: int) -> str:
    if batch.grouped:
        return (
            f"Received {good} SUCCESS signal(s) out of {batch.count}.  Unable to satisfy "
            f"{batch.percent:g}% MinSuccessfulInstancesPercent requirement"
        )
    failed = [each for each in signals if each["Status"] == "FAILURE"]
    if failed:
        return f"Received FAILURE signal with UniqueId {failed[0]['UniqueId']}"
    left = batch.count - good
    return f"Failed to receive {left} resource signal(s) within the specified duration"
