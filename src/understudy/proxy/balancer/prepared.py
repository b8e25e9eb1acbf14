"""The head of a request as targets get it, prepared but for what is new in each request."""

from typing import TYPE_CHECKING

from understudy.balancing.actions import Transform, rewritten
from understudy.proxy.balancer.headers import LOAD, TRACE
from understudy.proxy.connection import Head

if TYPE_CHECKING:
    from understudy.proxy.balancer.serving import Listener, Visit


class Prepared:
    """What one listener makes of a head: what goes ``before`` and ``after`` the trace id.

    ``trace`` is the trace id that the request brought, ``dilated`` whether it says that it is not a
    sample; ``expects`` whether the client waits for a 100 before it sends the body.
    """

    __slots__ = ("after", "before", "dilated", "expects", "has_host", "trace")

    def __init__(
        self,
        listener: "Listener",
        head: Head,
        visit: "Visit",
        transforms: tuple[Transform, ...] = (),
    ) -> None:
        policy = listener.policy
        lines, heeded = policy.sorted(head.headers)
        self.has_host = b"host" in heeded
        self.expects = b"expect" in heeded
        self.trace = heeded.get(TRACE, b"")
        self.dilated = heeded.get(LOAD) == b"dilated"
        target, host, version = head.target, heeded.get(b"host", b""), head.version
        if transforms:
            target = rewritten(target.decode("latin-1"), "url", transforms).encode("latin-1")
            host = rewritten(host.decode("latin-1"), "host", transforms).encode("latin-1")
        seen = heeded.get(b"x-forwarded-for")
        source = policy.forwarded_for(seen, visit.sender) if seen else visit.source(listener)
        first = b"%b %b HTTP/%b\r\nHost: %b\r\n" % (head.method, target, version, host)
        self.before = b"".join((first, *lines, source, listener.standard))
        self.after = b"\r\n\r\n"
        if head.upgrade:
            self.after = b"\r\nConnection: upgrade\r\nUpgrade: %b\r\n\r\n" % head.upgrade
        elif version == b"1.0":
            self.after = b"\r\nConnection: close\r\n\r\n"
