"""A client's connection: HTTP/1.1 parsed, one answer after the other, in order."""

import asyncio
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import ClassVar, Protocol, cast

from httptools import (
    HttpParserCallbackError,
    HttpParserError,
    HttpParserUpgrade,
    HttpRequestParser,
)
from msgspec import Struct

from understudy.proxy.outbox import Outbox

Headers = list[tuple[bytes, bytes]]
"""Names and values as they came: case, order and repetition kept."""


class Head(Struct):
    """The head of a request. ``began`` is when its first bytes came (``time.monotonic()``).

    ``upgrade`` is the protocol that the client asks for, empty where it is not to be had;
    ``chunked`` is whether the body comes in chunks.
    """

    method: bytes
    target: bytes
    version: bytes
    headers: Headers
    began: float
    keep_alive: bool
    upgrade: bytes = b""
    chunked: bool = False

    def wire(self) -> bytes:
        """The head as it goes over the wire, with the blank line at its end."""
        first = b"%s %s HTTP/%s\r\n" % (self.method, self.target, self.version)
        lines = [b"%s: %s\r\n" % header for header in self.headers]
        return b"".join((first, *lines, b"\r\n"))

    def value(self, name: bytes) -> bytes:
        """The value of the first header with a lower-case name, empty where there is none."""
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return b""


def ending(head: Head) -> bytes:
    """The last line of an answer's head: whether the connection is kept."""
    return b"Connection: keep-alive\r\n\r\n" if head.keep_alive else b"Connection: close\r\n\r\n"


class Exchange(Protocol):
    """One request being answered. It calls ``Client.answered`` when it has written its answer.

    One that ``tunnels`` takes requests to go on in another protocol, whose bytes come ``raw``.
    """

    tunnels: ClassVar[bool]

    def begin(self) -> None:
        """The head is there, and it is this request's turn."""
        ...

    def body(self, data: bytes) -> None:
        """A piece of the request's body."""
        ...

    def end(self, trailers: Headers) -> None:
        """The request is complete."""
        ...

    def writable(self, *, yes: bool) -> None:
        """The client's buffer is full, or has room again."""
        ...

    def lost(self) -> None:
        """The client is gone: nothing that is written reaches it."""
        ...

    def raw(self, data: bytes) -> None:
        """What comes behind a request for another protocol."""
        ...


class Visit(Protocol):
    """What whoever serves a connection remembers of it."""

    def gone(self) -> None:
        """The client is gone."""
        ...


class Discarded:
    """Takes what is left of a request that has its answer already."""

    __slots__ = ()

    def body(self, data: bytes) -> None:
        """Nobody wants it."""

    def end(self, trailers: Headers) -> None:
        """Nobody waits for it."""


class Queued:
    """A request that came before its predecessor was answered."""

    __slots__ = ("complete", "head", "parts", "trailers")

    def __init__(self, head: Head) -> None:
        self.head = head
        self.parts: list[bytes] = []
        self.complete = False
        self.trailers: Headers = []

    def body(self, data: bytes) -> None:
        """Keep it; the connection is not read while a request is queued."""
        self.parts.append(data)

    def end(self, trailers: Headers) -> None:
        """Keep that, too."""
        self.complete = True
        self.trailers = trailers


DISCARDED = Discarded()

BAD_REQUEST = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 29\r\n"
    b"Connection: close\r\n\r\nThis is not an HTTP request.\n"
)


class Client(asyncio.Protocol):
    """The server's side of a connection. ``serve`` makes the exchange that answers a request."""

    __slots__ = (
        "_began", "_chunked", "_closing", "_exchange", "_full", "_headers", "_held", "_parser",
        "_paused", "_queue", "_read_at", "_receiving", "_replaying", "_serve", "_target",
        "_transport", "_tunnel", "_upgrade", "_version", "outbox", "visit",
    )  # fmt: skip

    def __init__(self, serve: "Callable[[Head, Client], Exchange]", outbox: Outbox) -> None:
        self._serve = serve
        self.outbox = outbox
        self._parser = HttpRequestParser(self)
        self._exchange: Exchange | None = None
        self._receiving: Exchange | Queued | Discarded = DISCARDED
        self._queue: deque[Queued] = deque()
        self._upgrade: Head | None = None
        self._headers: Headers = []
        self._target = self._version = b""
        self._began = self._read_at = 0.0
        self._chunked = False
        self._full = self._held = self._paused = self._closing = self._replaying = False
        self._tunnel: Exchange | None = None
        self._transport = cast("asyncio.Transport", None)
        self.visit: Visit | None = None

    # What exchanges call

    def sender(self) -> tuple[bytes, bytes]:
        """The client's address and port."""
        name: tuple[str, int] | str = self._transport.get_extra_info("peername")
        return (b"", b"") if isinstance(name, str) else (name[0].encode(), b"%d" % name[1])

    def tls(self) -> tuple[str, str]:
        """Cipher and version of TLS; empty where there is none."""
        cipher: tuple[str, str, int] | None = self._transport.get_extra_info("cipher")
        return cipher[:2] if cipher else ("", "")

    def write(self, data: bytes) -> None:
        """Send a piece of the answer."""
        self.outbox.write(self._transport, data)

    def hold(self, *, yes: bool) -> None:
        """Stop reading the request for now, or go on."""
        if self._held is not yes:
            self._held = yes
            self._read_or_wait()

    def answered(self, *, keep_alive: bool) -> None:
        """The answer is written. What is still to come of its request is read and dropped."""
        coming = self._receiving is self._exchange
        self._exchange = None
        self._held = False
        if coming:
            self._receiving = DISCARDED
        if keep_alive and not self._closing:
            if self._queue or self._paused:
                self._replay()
        elif coming:
            # Closing now would reset the connection, and the client might never see the answer.
            self._closing = True
            self._read_or_wait()
        else:
            self.close()

    def close(self) -> None:
        """Close once everything is sent, and forget what has come since."""
        self._closing = True
        self._exchange = None
        self._receiving = DISCARDED
        self._queue.clear()
        self.outbox.close(self._transport)

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)
        self.outbox.clients += 1

    def data_received(self, data: bytes) -> None:
        """Parse what has come."""
        if self._tunnel is not None:
            self._tunnel.raw(data)
            return
        self._read_at = monotonic()
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            self._upgraded(data[upgrade.args[0] :])
        except HttpParserCallbackError:
            raise
        except HttpParserError:
            self._refuse()

    def pause_writing(self) -> None:
        """The client reads more slowly than it is answered."""
        self._full = True
        if self._exchange is not None:
            self._exchange.writable(yes=False)

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._full = False
        if self._exchange is not None:
            self._exchange.writable(yes=True)
        else:
            self._replay()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the exchange, and let go of the parser, which refers to us."""
        exchange, self._exchange = self._exchange, None
        self.outbox.clients -= 1
        self._closing = True
        self._receiving = DISCARDED
        self._queue.clear()
        self._tunnel = None
        del self._parser
        if exchange is not None:
            exchange.lost()
        if self.visit is not None:
            self.visit.gone()

    # What the parser calls

    def on_url(self, url: bytes) -> None:
        """A piece of the request's target: its first is the first thing to be told of a request."""
        if not self._target:
            self._began = self._read_at
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer behind a chunked body."""
        self._headers.append((name, value))
        if len(name) == 17 and name.lower() == b"transfer-encoding":
            self._chunked = b"chunked" in value.lower()

    def on_headers_complete(self) -> None:
        """Start answering the request, or queue it behind the one that is being answered."""
        if self._closing:
            return
        parser = self._parser
        if not self._version:
            # A client speaks one version on a connection.
            self._version = parser.get_http_version().encode()
        head = Head(
            parser.get_method(),
            self._target,
            self._version,
            self._headers,
            self._began,
            parser.should_keep_alive(),
            chunked=self._chunked,
        )
        self._target, self._headers, self._chunked = b"", [], False
        if parser.should_upgrade():
            head.upgrade = head.value(b"upgrade")
            if not self._takes_tunnel(head):
                self._upgrade = head
                return
        if self._exchange is None and not self._full:
            self._receiving = self._exchange = exchange = self._serve(head, self)
            exchange.begin()
        else:
            self._receiving = queued = Queued(head)
            self._queue.append(queued)
            self._read_or_wait()

    def on_body(self, data: bytes) -> None:
        """A piece of the request's body."""
        self._receiving.body(data)

    def on_message_complete(self) -> None:
        """The request is complete; the headers since its head are trailers."""
        receiving, self._receiving = self._receiving, DISCARDED
        trailers = self._headers
        if trailers:
            self._headers = []
        receiving.end(trailers)
        if self._closing and self._exchange is None:
            self.outbox.close(self._transport)

    # Ourselves

    def _read_or_wait(self) -> None:
        """Read, unless the exchange is full or a queued request is to be answered first."""
        pause = self._held or bool(self._queue)
        if pause == self._paused or self._transport.is_closing():
            return
        self._paused = pause
        if pause:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _replay(self) -> None:
        """Answer queued requests until one takes its time."""
        if self._replaying:
            return
        self._replaying = True
        while self._queue and self._exchange is None and not self._full and not self._closing:
            queued = self._queue.popleft()
            self._exchange = exchange = self._serve(queued.head, self)
            if self._receiving is queued:
                self._receiving = exchange
            exchange.begin()
            for part in queued.parts:
                if self._exchange is exchange:
                    exchange.body(part)
            if queued.complete and self._exchange is exchange:
                exchange.end(queued.trailers)
        self._replaying = False
        self._read_or_wait()

    def _takes_tunnel(self, head: Head) -> bool:
        """Whether a request may go on as a WebSocket: it comes alone, where tunnels are offered."""
        if head.upgrade.lower() != b"websocket" or self._exchange is not None:
            return False
        return self._serve(head, self).tunnels

    def _upgraded(self, rest: bytes) -> None:
        """Go on in another protocol, or as if it had not been asked for."""
        if self._upgrade is None:
            self._tunnel = self._exchange
            if self._tunnel is not None and rest:
                self._tunnel.raw(rest)
            return
        self._decline_upgrade(rest)

    def _decline_upgrade(self, rest: bytes) -> None:
        """Serve a request as if it had not asked for another protocol."""
        head, self._upgrade = self._upgrade, None
        if head is None or head.method == b"CONNECT":
            self._refuse()
            return
        head.headers = [header for header in head.headers if header[0].lower() != b"upgrade"]
        self._parser = HttpRequestParser(self)
        self.data_received(head.wire() + rest)

    def _refuse(self) -> None:
        """Answer what is no HTTP after the requests before it have been answered."""
        exchange = self._exchange
        if exchange is None:
            self.write(BAD_REQUEST)
            self.close()
        elif self._receiving is exchange:
            self.close()
            exchange.lost()
        else:
            self._closing = True
            self._transport.pause_reading()
