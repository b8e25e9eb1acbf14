"""Passing a request and its answer on as they are, in a stream, with back-pressure both ways."""

from typing import ClassVar

from understudy.proxy.connection import Client, Head, Headers
from understudy.proxy.unavailable import unavailable
from understudy.proxy.upstream import Pool, Upstream

REPEATABLE = 64 * 1024
"""Requests of up to this many bytes are kept, to be sent again if a kept-open connection turns out
to have been closed by the other side."""

NOT_THERE = "The Understudy control plane is not running, or not reachable. Please try again."
CUT_OFF = "The Understudy control plane closed the connection before it answered."


class Forward:
    """One request on its way through. The request line and all headers stay as they are."""

    __slots__ = (
        "_client", "_ended", "_head", "_kept", "_outbox", "_pool", "_size", "_upstream",
        "_waits",
    )  # fmt: skip
    tunnels: ClassVar[bool] = False

    def __init__(self, pool: Pool, head: Head, client: Client) -> None:
        self._pool = pool
        self._head = head
        self._client: Client | None = client
        self._outbox = client.outbox
        self._upstream: Upstream | None = None
        self._kept: list[bytes] | None = []
        self._size = 0
        self._ended = self._waits = False

    # What the client's connection calls

    def begin(self) -> None:
        """Send the head."""
        self._send(self._head.wire())
        upstream = self._pool.take()
        if upstream is None:
            self._open()
        else:
            self.connected(upstream)

    def body(self, data: bytes) -> None:
        """Send a piece of the body, as a chunk if it came in chunks."""
        self._send(b"%x\r\n%b\r\n" % (len(data), data) if self._head.chunked else data)

    def end(self, trailers: Headers) -> None:
        """Send the end of a chunked body."""
        if self._head.chunked:
            self._send(b"0\r\n%b\r\n" % b"".join(b"%b: %b\r\n" % each for each in trailers))
        self._ended = True
        if self._upstream is not None:
            self._upstream.sent = True

    def writable(self, *, yes: bool) -> None:
        """Read from the server only as fast as the client reads."""
        if self._upstream is None or self._waits != yes or self._upstream.transport.is_closing():
            return
        self._waits = not yes
        if yes:
            self._upstream.transport.resume_reading()
        else:
            self._upstream.transport.pause_reading()

    def lost(self) -> None:
        """Let the server know that nobody waits any more."""
        self._client = None
        if self._upstream is not None:
            self._upstream.close()

    def raw(self, data: bytes) -> None:
        """No other protocol was offered."""

    # What the server's connection calls

    def connected(self, upstream: Upstream) -> None:
        """Send what there is so far."""
        if self._client is None or self._kept is None:
            self._pool.give(upstream)
            return
        self._upstream = upstream
        upstream.begin(self, head_only=self._head.method == b"HEAD")
        upstream.sent = self._ended
        self._client.hold(yes=False)
        self._outbox.write(upstream.transport, b"".join(self._kept))
        self._forget_much()

    def unreachable(self, error: OSError) -> None:
        """Say that nobody is there."""
        self._fail("503 Service Unavailable", NOT_THERE)

    def received(self, data: bytes) -> None:
        """Pass a piece of the answer on."""
        if self._client is not None:
            self._client.write(data)

    def complete(self, upstream: Upstream) -> None:
        """The answer is passed on. A client that was not told to go on with its body will not."""
        client, self._client = self._client, None
        self.writable(yes=True)
        if client is None:
            return
        if not self._ended and self._head.value(b"expect"):
            client.close()
        else:
            client.answered(keep_alive=self._head.keep_alive and upstream.keep_alive)

    def broken(self, upstream: Upstream) -> None:
        """Try again if the connection had been idle for too long; else there is no answer."""
        self._upstream = None
        if self._client is None:
            return
        if upstream.started:
            self._client.close()
        elif upstream.used and self._kept is not None:
            self._open()
        else:
            self._fail("502 Bad Gateway", CUT_OFF)

    def accepting(self, *, yes: bool) -> None:
        """Read from the client only as fast as the server reads."""
        if self._client is not None:
            self._client.hold(yes=not yes)

    # Ourselves

    def _open(self) -> None:
        if self._client is not None:
            self._client.hold(yes=True)
        self._pool.open(self)

    def _send(self, data: bytes) -> None:
        if self._kept is not None:
            self._kept.append(data)
            self._size += len(data)
        if self._upstream is not None:
            self._outbox.write(self._upstream.transport, data)
            self._forget_much()

    def _forget_much(self) -> None:
        if self._size > REPEATABLE:
            self._kept = None

    def _fail(self, status: str, text: str) -> None:
        client, self._client = self._client, None
        if client is None:
            return
        client.write(unavailable(status, text, self._head))
        client.answered(keep_alive=self._head.keep_alive)
