"""The head of a request as targets get it, prepared but for what is new in each request."""

from typing import TYPE_CHECKING

from understudy.balancing.actions import Transform, rewritten
from understudy.proxy.balancer.headers import LOAD, TRACE
from understudy.proxy.connection import Head

if TYPE_CHECKING:
    from understudy.proxy.balancer.serving import Listener


class Prepared:
    """What one listener makes of a head, from a ``sender`` (address and port).

    ``trace`` is the trace id that the request brought, ``dilated`` whether it says that it is not a
    sample; ``expects`` whether the client waits for a 100 before it sends the body.
    """

    __slots__ = (
        "_after", "_before", "_heeded", "_lines", "_sender", "dilated", "expects", "has_host",
        "head", "listener", "trace",
    )  # fmt: skip

    def __init__(self, listener: "Listener", head: Head, sender: tuple[bytes, bytes]) -> None:
        self.listener = listener
        self.head = head
        self._sender = sender
        self._lines, heeded = listener.policy.sorted(head.headers)
        self._heeded = heeded
        self.has_host = b"host" in heeded
        self.expects = b"expect" in heeded
        self.trace = heeded.get(TRACE, b"")
        self.dilated = heeded.get(LOAD) == b"dilated"
        self._before = self._after = b""

    def wire(self, trace: bytes, transforms: tuple[Transform, ...]) -> bytes:
        """The head for a target, with a trace id and the blank line at its end."""
        if transforms:
            return b"%b%b%b" % (self._until_trace(transforms), trace, self._last())
        if not self._before:
            self._before, self._after = self._until_trace(()), self._last()
        return b"%b%b%b" % (self._before, trace, self._after)

    def _until_trace(self, transforms: tuple[Transform, ...]) -> bytes:
        head, policy = self.head, self.listener.policy
        target, host = head.target, self._heeded.get(b"host", b"")
        if transforms:
            target = rewritten(target.decode("latin-1"), "url", transforms).encode("latin-1")
            host = rewritten(host.decode("latin-1"), "host", transforms).encode("latin-1")
        first = b"%b %b HTTP/%b\r\nHost: %b\r\n" % (head.method, target, head.version, host)
        source = policy.forwarded_for(self._heeded.get(b"x-forwarded-for", b""), self._sender)
        return b"".join((first, *self._lines, source, self.listener.standard, b"X-Amzn-Trace-Id: "))

    def _last(self) -> bytes:
        if self.head.upgrade:
            return b"\r\nConnection: upgrade\r\nUpgrade: %b\r\n\r\n" % self.head.upgrade
        return b"\r\nConnection: close\r\n\r\n" if self.head.version == b"1.0" else b"\r\n\r\n"
