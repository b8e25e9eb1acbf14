"""What containers write, in CloudWatch Logs: AWS's awslogs log driver.

AWS: Send Amazon ECS logs to CloudWatch. One line is one event, whose time is when it was read.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.control.task import TaskContainer
from understudy.live.loop import LiveLoop
from understudy.runtimes.programs import NotRun

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""Real seconds from one look at a log to the next."""
BATCH_BYTES = 256 * 1024
LONGEST = 256 * 1024 - 26
"""Bytes of an event. AWS: PutLogEvents."""
MISSING, THERE = "ResourceNotFoundException", "ResourceAlreadyExistsException"
REFUSED = (
    "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 "
    "times: failed to create Cloudwatch log stream: "
)

Keep = Callable[[str, Params, str, str], Awaitable[Params]]
"""Performs an operation of CloudWatch Logs: its name, parameters, region, and an id by which it is
performed once. Raises Fault."""


@dataclass(slots=True)
class Followed:
    """A log that is read. ``offset`` is how far it is in CloudWatch Logs."""

    path: Path
    region: str
    stream: Params
    offset: int
    ending: bool = False


class LogStreams:
    """The logs of all containers that have the log driver."""

    def __init__(self, loop: LiveLoop, keep: Keep) -> None:
        self._loop = loop
        self._keep = keep
        self._followed: dict[str, Followed] = {}

    async def follow(self, name: str, container: TaskContainer, region: str, path: Path) -> None:
        """Send what a container writes to its stream. Raises NotRun where there is no group."""
        if not container.log_group:
            return
        region = container.log_region or region
        stream: Params = {
            "logGroupName": container.log_group,
            "logStreamName": container.log_stream,
        }
        try:
            offset = await self._opened(container, stream, region, path)
        except Fault as fault:
            raise NotRun(f"{REFUSED}{fault.code}: {fault.message}") from fault
        self._followed[name] = Followed(path, region, stream, offset)

    async def _opened(
        self, container: TaskContainer, stream: Params, region: str, path: Path
    ) -> int:
        """Make the stream, or find out how much of the log it has: where to go on."""
        identity = f"log-stream/{container.log_group}/{container.log_stream}"
        if container.log_create_group:
            with suppress(Fault):  # It is there already.
                group = {"logGroupName": container.log_group}
                await self._keep("CreateLogGroup", group, region, "")
        try:
            await self._keep("CreateLogStream", stream, region, identity)
        except Fault as fault:
            if fault.code != THERE:
                raise
        described = await self._keep(
            "DescribeLogStreams",
            {
                "logGroupName": container.log_group,
                "logStreamNamePrefix": container.log_stream,
            },
            region,
            "",
        )
        stored = next(
            each.get("storedBytes", 0)
            for each in described["logStreams"]
            if each["logStreamName"] == container.log_stream
        )
        return await asyncio.to_thread(_position, path, stored)

    def end(self, name: str) -> None:
        """A container has ended: its log is sent to its end, and looked at no more."""
        if name in self._followed:
            self._followed[name].ending = True

    async def run(self) -> None:
        """Send what is written, for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for name, each in tuple(self._followed.items()):
                ending = each.ending
                await self._send(each, last=ending)
                if ending:
                    self._followed.pop(name, None)

    async def _send(self, each: Followed, *, last: bool) -> None:
        while data := await asyncio.to_thread(_lines, each.path, each.offset, last):
            at = int(self._loop.now() * 1000)
            events = [{"timestamp": at, "message": text} for text in _messages(data)]
            stream, region = each.stream, each.region
            identity = f"log/{stream['logGroupName']}/{stream['logStreamName']}/{each.offset}"
            try:
                if events:
                    params = {**stream, "logEvents": events}
                    await self._keep("PutLogEvents", params, region, identity)
            except Fault as fault:
                log.warning("a log is not kept: %s: %s", fault.code, fault.message)
            each.offset += len(data)


def _lines(path: Path, offset: int, last: bool) -> bytes:  # noqa: FBT001 - called in a thread
    """The whole lines of a file from an offset on, as many as one call takes; the rest at last."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read(BATCH_BYTES)
    except OSError:
        return b""
    whole = data.rfind(b"\n") + 1
    return data if last or (not whole and len(data) == BATCH_BYTES) else data[:whole]


def _messages(data: bytes) -> Iterator[str]:
    """The lines that are not empty, as events may not be."""
    for line in data.splitlines():
        if text := line[:LONGEST].decode(errors="replace"):
            yield text


def _position(path: Path, stored: int) -> int:
    """How far into a log its first ``stored`` characters of lines reach, without their ends."""
    offset = 0
    if stored and path.is_file():
        with path.open("rb") as file:
            for line in file:
                if stored <= 0:
                    break
                stored -= sum(len(text) for text in _messages(line))
                offset += len(line)
    return offset
