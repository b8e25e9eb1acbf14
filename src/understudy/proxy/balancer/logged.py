"""A request through a load balancer that keeps an access log."""

from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING

from understudy.balancing.access_log import Entry, line
from understudy.balancing.actions import FixedResponse, Redirect, Transform
from understudy.base.arn import resource_of
from understudy.proxy.balancer.ledger import NO_TIME
from understudy.proxy.balancer.member import Member
from understudy.proxy.balancer.passage import Passage, host_of
from understudy.proxy.connection import Client, Head
from understudy.proxy.upstream import Upstream

if TYPE_CHECKING:
    from understudy.proxy.balancer.serving import Listener

HUNG_UP = 460
"""What is logged where the client did not wait. AWS: Troubleshoot, HTTP 460."""
TRACE = b"\r\nX-Amzn-Trace-Id: "


class LoggedPassage(Passage):
    """One request, which leaves a line in its load balancer's log."""

    __slots__ = ("_asked", "_body", "_tls", "_trace", "_tried", "_written")

    def __init__(self, listener: "Listener", head: Head, client: Client) -> None:
        super().__init__(listener, head, client)
        self._body = 0
        self._asked = NO_TIME
        self._tls = client.tls()
        self._trace = ""
        self._tried: Member | None = None
        self._written = False

    def body(self, data: bytes) -> None:
        """Pass a piece of the body on."""
        self._body += len(data)
        super().body(data)

    def raw(self, data: bytes) -> None:
        """What comes from the client behind a request for another protocol."""
        self._body += len(data)
        super().raw(data)

    def complete(self, upstream: Upstream) -> None:
        """The answer is passed on."""
        super().complete(upstream)
        self._log(upstream.status, upstream.status)

    def broken(self, upstream: Upstream) -> None:
        """The target gave up; where the answer had begun, that was all of it."""
        super().broken(upstream)
        if self._passing:
            self._log(upstream.status, upstream.status)

    def lost(self) -> None:
        """The client hung up."""
        super().lost()
        self._log(HUNG_UP, None)

    def _targets_head(self, transforms: tuple[Transform, ...]) -> bytes:
        head = super()._targets_head(transforms)
        self._trace = head.partition(TRACE)[2].partition(b"\r\n")[0].decode("latin-1")
        return head

    def _dispatch(self, member: Member) -> None:
        self._tried = member
        super()._dispatch(member)
        self._asked = self._sent_at

    def _write(self, answer: bytes) -> None:
        super()._write(answer)
        location = answer.partition(b"\r\nLocation: ")[2].partition(b"\r\n")[0]
        self._bytes = self._body + len(answer)
        self._log(int(answer[9:12]), None, location.decode("latin-1"))

    def _log(self, status: int, answered: int | None, redirect: str = "") -> None:
        """Write the line, once."""
        if self._written:
            return
        self._written = True
        now, listener, head = monotonic(), self._listener, self._head
        clock = listener.balancer.shared.recorder.clock
        rule = listener.only or listener.met(self._request())[0]
        action = rule.action if rule else None
        kind = "http" if listener.protocol == "HTTP" else "https"
        host, port = host_of(head), listener.port
        target = head.target.decode("latin-1")
        url = f"{kind}://{host}:{port}{target}"
        entry = Entry(
            kind={"http": "ws", "https": "wss"}[kind] if self._tunnel else kind,
            ended=clock.world(now),
            balancer=resource_of(listener.balancer.told.arn).removeprefix("loadbalancer/"),
            client=b":".join(self._visit.sender).decode(),
            target=self._target(),
            times=self._times(now, clock.speed if self._dilated else 1.0),
            status=status,
            answered=answered,
            received=len(head.wire()) + self._body,
            sent=self._bytes - self._body,
            request=f"{head.method.decode('latin-1')} {url} HTTP/{head.version.decode()}",
            agent=head.value(b"user-agent").decode("latin-1"),
            tls=self._tls,
            group=self._group.arn if self._group else "",
            trace=self._trace,
            domain=host if self._tls[0] else "",
            priority=rule.priority if rule else -1,
            began=clock.world(head.began),
            action=ACTIONS.get(type(action), "forward"),
            redirect=redirect,
            connection=self._visit.identity,
        )
        listener.balancer.lines.append(line(entry))

    def _target(self) -> str:
        tried = self._tried
        return f"{tried.told.host}:{tried.told.port}" if tried and tried.told.host else ""

    def _times(self, now: float, scale: float) -> tuple[float, float, float]:
        """How long the request, the target and the answer took, -1 for what did not happen."""
        if self._asked < 0:
            return -1, -1, -1
        first = max(0.0, self._asked - self._head.began) * scale
        if self._seconds < 0:
            return first, -1, -1
        rest = max(0.0, now - self._sent_at - self._seconds)
        return first, self._seconds * scale, rest * scale


ACTIONS: Mapping[type, str] = {Redirect: "redirect", FixedResponse: "fixed-response"}
