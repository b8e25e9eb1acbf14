"""Connections to servers behind the front door, kept open and used again."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Protocol, cast

from httptools import (
    HttpParserCallbackError,
    HttpParserError,
    HttpParserUpgrade,
    HttpResponseParser,
)

from understudy.proxy.connection import Headers

IDLE_SECONDS = 1.0
"""How often unused connections are looked for: none is idle for more than twice that. Servers close
idle ones too, and a request that meets a closing connection is lost; common servers wait for 2 s
(gunicorn) or longer."""

LENGTHS = frozenset((b"content-length", b"transfer-encoding"))

Connect = Callable[[Callable[[], asyncio.Protocol]], Coroutine[Any, Any, Any]]
"""Opens a connection for a protocol, such as ``loop.create_unix_connection`` with its path."""


class Reply(Protocol):
    """Whoever sent a request on an upstream connection and waits for the answer."""

    def connected(self, upstream: "Upstream") -> None:
        """A connection is there: send the request."""
        ...

    def unreachable(self, error: OSError) -> None:
        """There is no connection to be had."""
        ...

    def received(self, data: bytes) -> None:
        """A piece of the answer, raw, as it came."""
        ...

    def complete(self, upstream: "Upstream") -> None:
        """The answer is complete. ``upstream`` may be read until this returns."""
        ...

    def broken(self, upstream: "Upstream") -> None:
        """The connection was lost before the answer was complete."""
        ...

    def accepting(self, *, yes: bool) -> None:
        """The server takes more of the request, or no more for now."""
        ...


class Upstream(asyncio.Protocol):
    """One connection to a server. It carries one request at a time, and passes on what comes back.

    ``status`` is 0 until the head of the answer has come; ``started`` is true from its first byte.
    ``sent`` is set by whoever sends, when the request is complete; a connection on which it is not
    can carry no other request. ``used`` tells that it has carried one already, ``finished`` that
    the answer is complete, ``tunnelled`` that the server went on in another protocol (101).
    ``failure`` is what stands for an answer that does not come: a status, and what counts it.
    """

    __slots__ = (
        "_head_only", "_parser", "_reply", "_spoiled", "failure", "finished",
        "headers", "keep_alive", "oversize", "parts", "pool", "sent", "size", "started", "status",
        "transport", "tunnelled", "used",
    )  # fmt: skip
    passes_on: ClassVar[bool] = True

    def __init__(self, pool: "Pool") -> None:
        self.pool = pool
        self._parser = HttpResponseParser(self)
        self._reply: Reply | None = None
        self.finished = self._head_only = self._spoiled = False
        self.transport = cast("asyncio.Transport", None)
        self.status = self.size = 0
        self.headers: Headers = []
        self.parts: list[bytes] = []
        self.tunnelled = False
        self.failure: tuple[int, tuple[str, ...]] = (502, ())
        self.used = self.started = self.keep_alive = self.sent = self.oversize = False

    def begin(self, reply: Reply, *, head_only: bool = False) -> None:
        """Take the next answer to ``reply``; ``head_only`` if it is to have no body (HEAD)."""
        self._reply = reply
        self._head_only = head_only
        self.finished = self.started = self.sent = False
        self.status = self.size = 0
        self.headers, self.parts = [], []

    def close(self) -> None:
        """Give up the answer, and the connection with it."""
        self._reply = None
        self.transport.abort()

    def spoil(self) -> None:
        """End a connection on which no complete answer can come any more."""
        self._spoiled = True
        self.transport.abort()

    def retire(self) -> None:
        """Close a connection that nobody uses."""
        self.transport.close()

    def ends_at_eof(self) -> bool:
        """Whether the answer may be as long as the connection is.

        Whoever passes it on raw cannot know, and need not: its client sees the same end.
        """
        return True

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Parse, pass on, and finish if that was all."""
        reply = self._reply
        if reply is None:
            # Nobody asked: what it would say next cannot be trusted to be an answer.
            self.spoil()
            return
        self.started = True
        if not self.tunnelled:
            self._parse(data)
        if self._spoiled:
            return
        if self.passes_on:
            reply.received(data)
        if self.finished and self._reply is reply:
            self._reply = None
            if self._head_only:
                # The parser still waits for the body that its Content-Length announced.
                self._parser = HttpResponseParser(self)
            reply.complete(self)
            if self.keep_alive and self.sent:
                self.pool.give(self)
            else:
                self.transport.close()

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except HttpParserCallbackError:
            raise
        except HttpParserUpgrade:
            self.tunnelled = self.status == 101 and self.passes_on
            if not self.tunnelled:
                self.spoil()
        except HttpParserError:
            self.spoil()

    def pause_writing(self) -> None:
        """The server reads more slowly than the client sends."""
        if self._reply is not None:
            self._reply.accepting(yes=False)

    def resume_writing(self) -> None:
        """The server has caught up."""
        if self._reply is not None:
            self._reply.accepting(yes=True)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits, and let go of the parser, which refers to us."""
        self.pool.forget(self)
        reply, self._reply = self._reply, None
        del self._parser
        if reply is None:
            return
        clean = exc is None and not self._spoiled
        if clean and self.status >= 200 and self.ends_at_eof():
            self.keep_alive = False
            reply.complete(self)
        else:
            reply.broken(self)

    # What the parser calls

    def on_headers_complete(self) -> None:
        """The head of an answer is there."""
        self.status = self._parser.get_status_code()
        self.keep_alive = self._parser.should_keep_alive()
        if self._head_only and self.status >= 200:
            self.on_message_complete()

    def on_message_complete(self) -> None:
        """An answer is complete, unless it was an interim one such as 100 Continue."""
        if self.status < 200:
            self.headers = []
            return
        self.keep_alive = self._parser.should_keep_alive()
        self.finished = True


class Collecting(Upstream):
    """A connection whose answers are collected: ``headers``, and ``parts`` of ``size`` in all.

    An answer of more than ``limit`` bytes ends the connection; ``oversize`` says so.
    """

    __slots__ = ("_limit",)
    passes_on: ClassVar[bool] = False

    def __init__(self, pool: "Pool", limit: int) -> None:
        super().__init__(pool)
        self._limit = limit

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header of the answer."""
        self.headers.append((name, value))

    def on_body(self, data: bytes) -> None:
        """A piece of the answer's body."""
        self.size += len(data)
        if self.size > self._limit:
            self.oversize = True
            self.spoil()
        else:
            self.parts.append(data)

    def ends_at_eof(self) -> bool:
        """Whether the answer's head says nothing of its length."""
        return not any(name.lower() in LENGTHS for name, _ in self.headers)


class Pool:
    """The connections to one address: the idle ones, newest last, and how to open another."""

    __slots__ = ("_connect", "_idle", "_make", "_opening", "_unused")

    def __init__(self, connect: Connect, make: "Callable[[Pool], Upstream]" = Upstream) -> None:
        self._connect = connect
        self._make = make
        self._idle: list[Upstream] = []
        self._unused = 0
        self._opening: set[asyncio.Task[None]] = set()

    def take(self) -> Upstream | None:
        """The connection that was used last, if one is idle."""
        if not self._idle:
            return None
        upstream = self._idle.pop()
        if len(self._idle) < self._unused:
            self._unused = len(self._idle)
        return upstream

    def give(self, upstream: Upstream) -> None:
        """Keep a connection for the next request."""
        upstream.used = True
        self._idle.append(upstream)

    def open(self, reply: Reply) -> None:
        """Open another connection; ``connected`` or ``unreachable`` follows."""
        task = asyncio.get_running_loop().create_task(self._open(reply))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    def forget(self, upstream: Upstream) -> None:
        """A connection is lost."""
        if upstream in self._idle:
            self._idle.remove(upstream)
            self._unused = min(self._unused, len(self._idle))

    def expire(self) -> None:
        """Close what has been idle since the last time, so many as were never all in use."""
        for upstream in self._idle[: self._unused]:
            upstream.retire()
        del self._idle[: self._unused]
        self._unused = len(self._idle)

    def close(self) -> None:
        """Close all that is idle."""
        self._unused = len(self._idle)
        self.expire()

    async def _open(self, reply: Reply) -> None:
        try:
            _, upstream = await self._connect(lambda: self._make(self))
        except OSError as error:
            reply.unreachable(error)
        else:
            reply.connected(upstream)
