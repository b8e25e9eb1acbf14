"""Lambda functions as targets: what looks like a connection is a call of Lambda's Invoke.

What is in a request becomes an event once it is complete, and what the function returns an answer.
AWS: Use Lambda functions as targets of an Application Load Balancer.
"""

import asyncio
from collections.abc import Callable
from email.utils import formatdate
from http.client import responses
from typing import Any
from urllib.parse import quote

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from msgspec import json

from understudy.balancing.function_target import LARGEST, Answer, Headers, answer_of, event_of
from understudy.control.balancer import BalancedGroup
from understudy.proxy.upstream import Collecting, Connect, Pool, Upstream

CALLER = b"X-Understudy-Target-Group"
"""The header that tells Lambda which target group calls."""
HOP_BY_HOP = frozenset({"connection", "content-length", "date", "server", "transfer-encoding"})
"""The headers of an answer that are the load balancer's."""
ENCODED = 8 * LARGEST
"""Bytes of JSON that are read of a function's answer, to find it too large."""

USER_ERROR, INTERNAL_ERROR = ("LambdaUserError",), ("LambdaInternalError",)


class Asked:
    """A call of Invoke on its way to the control plane; ``answered`` has what came back."""

    def __init__(self, call: bytes) -> None:
        self._call = call
        self.answered: asyncio.Future[Upstream | None] = asyncio.get_running_loop().create_future()

    def connected(self, upstream: Upstream) -> None:
        """Send the call."""
        upstream.begin(self)
        upstream.sent = True
        upstream.transport.write(self._call)

    def unreachable(self, error: OSError) -> None:
        """The control plane is away."""
        self._done(None)

    def received(self, data: bytes) -> None:
        """Answers are collected."""

    def complete(self, upstream: Upstream) -> None:
        """The answer is there."""
        self._done(upstream)

    def broken(self, upstream: Upstream) -> None:
        """The control plane has gone, or the answer is larger than any may be."""
        self._done(upstream if upstream.oversize else None)

    def accepting(self, *, yes: bool) -> None:
        """The call is written whole."""

    def _done(self, upstream: Upstream | None) -> None:
        if not self.answered.done():
            self.answered.set_result(upstream)


class FunctionConnection(asyncio.Transport):
    """A connection to a function: takes one request after the other, gives their answers."""

    def __init__(
        self,
        protocol: asyncio.Protocol,
        function: str,
        group: Callable[[], BalancedGroup],
        control: Pool,
        clock: Callable[[], float],
    ) -> None:
        super().__init__()
        self._protocol = protocol
        self._function = function
        self._group = group
        self._control = control
        self._clock = clock
        self._parser = HttpRequestParser(self)
        self._running: asyncio.Task[None] | None = None
        self._closing = False
        self._begin()

    def _begin(self) -> None:
        self._target = b""
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []
        self._size = 0

    # What whoever sends a request calls

    def write(self, data: Any) -> None:
        """Take a piece of a request."""
        try:
            self._parser.feed_data(data)
        except (HttpParserUpgrade, HttpParserError):
            self._fail(400, ())  # AWS: WebSockets are not supported.

    def is_closing(self) -> bool:
        """Whether it is closed."""
        return self._closing

    def close(self) -> None:
        """Close it; a function that runs is not waited for."""
        if not self._closing:
            self._closing = True
            if self._running is not None:
                self._running.cancel()
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        """Close it."""
        self.close()

    def pause_reading(self) -> None:
        """An answer comes in one piece."""

    def resume_reading(self) -> None:
        """An answer comes in one piece."""

    # What the parser calls

    def on_url(self, url: bytes) -> None:
        """A piece of the request's target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header."""
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        self._size += len(data)
        if self._size <= LARGEST:
            self._body.append(data)
        elif not self._closing:
            self._fail(413, USER_ERROR)

    def on_message_complete(self) -> None:
        """The request is complete: call the function."""
        if not self._closing:
            method = self._parser.get_method().decode()
            target, headers = self._target.decode("latin-1"), tuple(self._headers)
            body = b"".join(self._body)
            self._begin()
            self._running = asyncio.get_running_loop().create_task(
                self._call(method, target, headers, body)
            )

    # Ourselves

    async def _call(self, method: str, target: str, headers: Headers, body: bytes) -> None:
        group = self._group()
        multi = group.multi_value
        event = event_of(group.arn, method, target, headers, body, multi_value=multi)
        asked = Asked(_invoke(self._function, group.arn, json.encode(event)))
        upstream = self._control.take()
        if upstream is None:
            self._control.open(asked)
        else:
            asked.connected(upstream)
        said = await asked.answered
        self._running = None
        if said is None or said.status >= 500:
            self._fail(502, INTERNAL_ERROR)
            return
        failed = said.status >= 400 or any(
            name.lower() == b"x-amz-function-error" for name, _ in said.headers
        )
        answer = None if failed else answer_of(b"".join(said.parts), multi_value=multi)
        if answer is None:
            self._fail(502, USER_ERROR)
        else:
            self._protocol.data_received(_written(answer, method, self._clock()))

    def _fail(self, status: int, counts: tuple[str, ...]) -> None:
        """Break off: the load balancer answers with a status, and counts why."""
        if isinstance(self._protocol, Upstream):
            self._protocol.failure = status, counts
        self.close()


def _invoke(function: str, group: str, event: bytes) -> bytes:
    path = f"/2015-03-31/functions/{quote(function, safe='')}/invocations".encode()
    host = f"lambda.{function.split(':')[3]}.amazonaws.com".encode()
    head = b"POST %b HTTP/1.1\r\nHost: %b\r\n%b: %b\r\nContent-Length: %d\r\n\r\n"
    return head % (path, host, CALLER, group.encode(), len(event)) + event


def _written(answer: Answer, method: str, now: float) -> bytes:
    phrase = answer.description or f"{answer.status} {responses.get(answer.status, '')}"
    headers = [each for each in answer.headers if each[0].lower() not in HOP_BY_HOP]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/octet-stream"))
    own = [("Server", "awselb/2.0"), ("Date", formatdate(now, usegmt=True))]
    length = [("Content-Length", str(len(answer.body)))]
    lines = "".join(f"{name}: {value}\r\n" for name, value in (*own, *headers, *length))
    bodiless = method == "HEAD" or answer.status in (204, 304)
    return f"HTTP/1.1 {phrase}\r\n{lines}\r\n".encode() + (b"" if bodiless else answer.body)


def calls(connect: Connect) -> Pool:
    """The connections to the control plane over which functions are called."""
    return Pool(connect, lambda pool: Collecting(pool, ENCODED))


class Functions:
    """How functions are reached: over ``control``, dated by a clock of world time."""

    __slots__ = ("_clock", "_control")

    def __init__(self, control: Pool, clock: Callable[[], float]) -> None:
        self._control = control
        self._clock = clock

    def way(self, function: str, group: Callable[[], BalancedGroup]) -> Connect:
        """What opens a connection to a function that is a target of a group."""

        async def opened(make: Callable[[], asyncio.Protocol]) -> Any:
            protocol = make()
            connection = FunctionConnection(protocol, function, group, self._control, self._clock)
            protocol.connection_made(connection)
            return connection, protocol

        return opened
