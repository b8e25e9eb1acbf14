"""The small HTTP/1.1 server inside an instance: one request at a time on each connection."""

import asyncio
import signal
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast

import httptools

MAXIMUM_BODY = 25 * 1024**2
"""Bytes that a request may have. AWS: InvokeEndpoint, "Body" has at most 25 MB."""


@dataclass(slots=True)
class Request:
    """One request. Names of headers are in lower case; ``arrived`` is on the monotonic clock."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    arrived: float
    keep_alive: bool


@dataclass(frozen=True, slots=True)
class Response:
    """One answer."""

    status: int
    body: bytes = b""
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=())


Reply = Callable[[Response], None]
Handle = Callable[[Request, Reply], None]
"""Answers a request by calling the reply once, at once or later."""


class Server:
    """What the connections of a server share."""

    def __init__(self, handle: Handle, *, keep_alive: bool = True) -> None:
        self.handle = handle
        self.keep_alive = keep_alive
        self.connections: set[_Connection] = set()

    async def serve(self, *listeners: socket.socket) -> None:
        """Serve until SIGTERM, then answer what is under way and return."""
        loop = asyncio.get_running_loop()
        stopped = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, stopped.set)
        servers = [
            await loop.create_server(lambda: _Connection(self), sock=listener, backlog=2048)
            for listener in listeners
        ]
        await stopped.wait()
        self.keep_alive = False
        for server in servers:
            server.close()
        for connection in tuple(self.connections):
            connection.close_when_idle()
        while self.connections:
            await asyncio.sleep(0.005)


class _Connection(asyncio.Protocol):
    """One client's connection: parses requests, hands them over in order, writes the answers."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[Request] = deque()
        self._current: Request | None = None
        self._closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._server.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._closing = True
        self._server.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._refuse(HTTPStatus.BAD_REQUEST)

    def on_message_begin(self) -> None:
        self._path = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size = 0

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._headers.get("expect", "").lower() == "100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > MAXIMUM_BODY:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            self._body.append(body)

    def on_message_complete(self) -> None:
        self._waiting.append(
            Request(
                self._parser.get_method().decode("latin-1"),
                self._path.partition(b"?")[0].decode("latin-1"),
                self._headers,
                b"".join(self._body),
                time.monotonic(),
                self._parser.should_keep_alive(),
            )
        )
        self._next()

    def _next(self) -> None:
        if self._current is None and self._waiting and not self._closing:
            self._current = self._waiting.popleft()
            self._server.handle(self._current, self._reply)

    def _reply(self, response: Response) -> None:
        request = self._current
        assert request is not None
        self._current = None
        if self._closing:
            return
        keep_alive = request.keep_alive and self._server.keep_alive
        self._transport.write(_encode(response, keep_alive=keep_alive))
        if keep_alive:
            self._next()
        else:
            self._close()

    def _refuse(self, status: HTTPStatus) -> None:
        if not self._closing:
            self._transport.write(_encode(Response(status), keep_alive=False))
            self._close()

    def close_when_idle(self) -> None:
        """Close now if no request is under way; else the last answer closes."""
        if self._current is None:
            self._close()

    def _close(self) -> None:
        self._closing = True
        self._transport.close()


def _encode(response: Response, *, keep_alive: bool) -> bytes:
    lines = [f"HTTP/1.1 {response.status} {_PHRASES.get(response.status, '')}"]
    if response.content_type:
        lines.append(f"content-type: {response.content_type}")
    lines.append(f"content-length: {len(response.body)}")
    lines.extend(f"{name}: {value}" for name, value in response.headers)
    if not keep_alive:
        lines.append("connection: close")
    return "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + response.body


_PHRASES = {status.value: status.phrase for status in HTTPStatus}
