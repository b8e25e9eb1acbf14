"""A request on its way through a load balancer: rule, target group, target, and back.

Bodies go through in a stream, both ways. AWS: How Elastic Load Balancing works; Troubleshoot your
Application Load Balancers.
"""

from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from understudy.balancing.actions import (
    FixedResponse,
    Redirect,
    Transform,
    Url,
    chosen_group,
)
from understudy.balancing.actions import Forward as ForwardAction
from understudy.balancing.rules import Request
from understudy.proxy.balancer import answers
from understudy.proxy.balancer.binding import Binding
from understudy.proxy.balancer.group import Group
from understudy.proxy.balancer.ledger import NO_TIME, SERVED, own_codes
from understudy.proxy.balancer.member import Member
from understudy.proxy.balancer.prepared import Prepared
from understudy.proxy.connection import Client, Head
from understudy.proxy.forward import Forward
from understudy.proxy.upstream import Pool, Upstream

if TYPE_CHECKING:
    from understudy.proxy.balancer.serving import Listener

IDEMPOTENT = frozenset((b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE"))
"""Requests that do no harm when they are sent again. RFC 9110, 9.2.2."""


class Passage(Forward):
    """One request through a listener. It is in flight to one target at a time."""

    __slots__ = (
        "_binding", "_bytes", "_dilated", "_group", "_held", "_limit", "_listener", "_member",
        "_passing", "_prepared", "_retried", "_seconds", "_sent_at", "_to_the_end",
        "_tunnel", "_visit",
    )  # fmt: skip
    tunnels: ClassVar[bool] = True

    def __init__(self, listener: "Listener", head: Head, client: Client) -> None:
        super().__init__(NOWHERE, head, client)
        self._listener = listener
        self._visit = listener.balancer.visit(client)
        self._member: Member | None = None
        self._group: Group | None = None
        self._binding: Binding | None = None
        self._retried = self._passing = self._tunnel = self._to_the_end = False
        self._held = b""
        self._bytes = 0
        self._seconds = NO_TIME
        self._dilated = False
        self._limit = listener.balancer.limits[False]

    # What the client's connection calls

    def begin(self) -> None:
        """Find out what is to be done with the request, and begin to do it."""
        head, listener, visit = self._head, self._listener, self._visit
        self._prepared = prepared = Prepared(listener, head, visit)
        if prepared.dilated:
            self._dilated = True
            self._limit = listener.balancer.limits[True]
        if not prepared.has_host and head.version == b"1.1":
            self._give_up(400)
            return
        if prepared.expects and self._client is not None:
            self._client.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        rule, evaluated = listener.only, 0
        if rule is None:
            rule, evaluated = listener.met(self._request())
        if evaluated:
            self._happened(*("RuleEvaluations",) * evaluated)
        action = rule.action if rule else None
        if isinstance(action, ForwardAction):
            self._forward(action, rule.transforms if rule else ())
        elif isinstance(action, Redirect):
            answer = answers.redirected(action, self._url(), head, self._world())
            self._answer(answer, "HTTP_Redirect_Count")
        elif isinstance(action, FixedResponse):
            answer = answers.fixed(action, head, self._world())
            self._answer(answer, "HTTP_Fixed_Response_Count")
        else:
            self._give_up(503)

    def body(self, data: bytes) -> None:
        """Pass a piece of the body on."""
        self._bytes += len(data)
        super().body(data)

    def lost(self) -> None:
        """Let the target know that nobody waits any more."""
        super().lost()
        self._leave()

    def raw(self, data: bytes) -> None:
        """What comes from the client behind a request for another protocol."""
        self._bytes += len(data)
        if self._upstream is not None and self._tunnel:
            self._outbox.write(self._upstream.transport, data)
            self._touch()
        elif self._kept is not None:
            self._send(data)

    # What the target's connection calls

    def connected(self, upstream: Upstream) -> None:
        """Send the request, in the form that targets get."""
        self._sent_at = monotonic()
        super().connected(upstream)

    def unreachable(self, error: OSError) -> None:
        """Nothing was sent, so another target will do, once."""
        group, member = self._group, self._member
        self._leave()
        if self._client is None or group is None:
            return
        self._count(group, ("TargetConnectionErrorCount",))
        if not self._again(member):
            self._give_up(504 if isinstance(error, TimeoutError) else 502)

    def received(self, data: bytes) -> None:
        """Pass a piece of the answer on, its head with what we add to it."""
        client, upstream = self._client, self._upstream
        if client is None or upstream is None:
            return
        self._bytes += len(data)
        if self._passing:
            client.write(data)
            if not upstream.finished:
                self._touch()
            return
        if self._seconds < 0.0:
            self._seconds = monotonic() - self._sent_at
        if self._held:
            data = self._held + data
        if upstream.status == 101 or (upstream.status >= 200 and self._untouched(upstream)):
            self._tunnel = upstream.status == 101
            self._passing = True
            client.write(data)
        else:
            self._held = data
            self._head_on(client, upstream)

    def complete(self, upstream: Upstream) -> None:
        """The answer is passed on."""
        group = self._group
        self._leave()
        client, self._client = self._client, None
        if client is None or group is None:
            return
        names = SERVED.get(upstream.status // 100, SERVED[1])
        self._count(group, names, self._seconds, self._bytes)
        if self._passing:
            self.writable(yes=True)
            if self._tunnel:
                client.close()
            else:
                client.answered(keep_alive=self._head.keep_alive and not self._to_the_end)

    def broken(self, upstream: Upstream) -> None:
        """The target gave up. What does no harm is sent again, once; else it is a bad gateway."""
        member = self._member
        self._leave()
        self._upstream = None
        client = self._client
        if client is None:
            return
        if self._passing:
            self._client = None
            client.close()
        elif upstream.failure[1] or not self._repeated(upstream, member):
            self._refused(*upstream.failure)

    def _repeated(self, upstream: Upstream, member: Member | None) -> bool:
        once = upstream.started or self._head.method not in IDEMPOTENT
        return not once and self._again(member)

    def _refused(self, status: int, names: tuple[str, ...]) -> None:
        if names and self._group is not None:
            self._count(self._group, names)
        self._give_up(status)

    def expired(self) -> None:
        """The target was silent for too long."""
        self._end(504)

    def cut(self) -> None:
        """The target is registered no more, or its connections are to end."""
        self._end(502)

    # On the way

    def _request(self) -> Request:
        """The request as rules look at it."""
        head = self._head
        path, _, query = head.target.decode("latin-1").partition("?")
        headers = tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in head.headers
        )
        host = host_of(head)
        source = self._visit.sender[0].decode()
        return Request(head.method.decode("latin-1"), host, path, query, headers, source)

    def _url(self) -> Url:
        path, _, query = self._head.target.decode("latin-1").partition("?")
        protocol = "HTTPS" if self._listener.protocol == "HTTPS" else "HTTP"
        return Url(protocol, host_of(self._head), self._listener.port, path, query)

    def _world(self) -> float:
        return self._listener.balancer.shared.recorder.clock.world(monotonic())

    def _forward(self, action: ForwardAction, transforms: tuple[Transform, ...]) -> None:
        serving = self._listener.balancer
        if len(action.groups) == 1:
            arn = action.groups[0][0]
        else:
            arn = self._bound().group(action) or chosen_group(action, serving.shared.uniform())
        group = serving.groups.get(arn)
        if group is None:
            self._give_up(503)
            return
        self._group = group
        member = None
        if action.sticky or group.told.stickiness.seconds:
            self._binding = binding = self._bound()
            binding.choose(action, group)
            member = binding.member(self._visit.zone)
        member = member or group.pick(self._visit.zone)
        if member is None:
            self._give_up(503)
            return
        self._send(self._targets_head(transforms))
        self._dispatch(member)

    def _bound(self) -> Binding:
        return Binding(self._head.headers, self._world, self._listener.balancer.shared.key)

    def _dispatch(self, member: Member) -> None:
        self._member = member
        self._pool = pool = member.pool
        member.flights.add(self)
        self._sent_at = now = monotonic()
        self._limit.add(self, now)
        upstream = pool.take()
        if upstream is None:
            self._open()
        else:
            super().connected(upstream)

    def _again(self, avoid: Member | None) -> bool:
        """Send the request again, if that can still be done, to another target if there is one."""
        group = self._group
        if self._retried or self._kept is None or group is None:
            return False
        self._retried = True
        member = group.pick(self._visit.zone, avoid) or group.pick(self._visit.zone)
        if member is None:
            return False
        self._seconds, self._held = NO_TIME, b""
        self._dispatch(member)
        return True

    def _targets_head(self, transforms: tuple[Transform, ...]) -> bytes:
        """The head of the request as the target gets it."""
        prepared, listener = self._prepared, self._listener
        if transforms:
            prepared = Prepared(listener, self._head, self._visit, transforms)
        trace = listener.balancer.shared.traces.line(prepared.trace)
        return b"%bX-Amzn-Trace-Id: %b%b" % (prepared.before, trace, prepared.after)

    def _untouched(self, upstream: Upstream) -> bool:
        """Whether an answer can go through as it is."""
        return (
            upstream.keep_alive
            and self._head.keep_alive
            and self._binding is None
            and self._head.version == b"1.1"
            and not self._listener.policy.replaces
        )

    def _head_on(self, client: Client, upstream: Upstream) -> None:
        """Pass the answer's head on with our changes, once it is complete; no interim ones."""
        while not self._passing:
            head, blank, rest = self._held.partition(b"\r\n\r\n")
            if not blank:
                return
            if head[9:10] == b"1" and head[9:12] != b"101":
                self._held = rest
                continue
            self._to_the_end = not self._measured(head, upstream.status)
            keeps = self._head.keep_alive and not self._to_the_end
            extra = self._binding.lines(self._member, head) if self._binding else b""
            connection = b"keep-alive" if keeps else b"close"
            changed = self._listener.policy.response(head, extra, connection)
            client.write(b"%b\r\n%b" % (changed, rest))
            self._passing = True
            self._held = b""

    def _measured(self, head: bytes, status: int) -> bool:
        """Whether an answer's head tells where its body ends; else the connection's end does."""
        if status in (204, 304) or self._head.method == b"HEAD":
            return True
        lower = head.lower()
        return b"\ncontent-length:" in lower or b"\ntransfer-encoding:" in lower

    def _touch(self) -> None:
        """Something moved: silence begins anew."""
        self._limit.remove(self)
        self._limit.add(self, monotonic())

    def _leave(self) -> None:
        """The target is done with the request, in whatever way."""
        member, self._member = self._member, None
        if member is not None:
            member.flights.discard(self)
            self._limit.remove(self)

    def _end(self, status: int) -> None:
        upstream, self._upstream = self._upstream, None
        if upstream is not None:
            upstream.close()
        self._leave()
        client = self._client
        if client is None:
            return
        if self._passing:
            self._client = None
            client.close()
        else:
            self._give_up(status)

    # Answers of our own

    def _give_up(self, status: int) -> None:
        """Answer with an error; behind a target's failure it is the client's last answer."""
        self._happened(*own_codes(status))
        if self._group is not None and not self._group.empty():
            self._count(self._group, ("RequestCount",))
        self._write(answers.error(status, self._head, self._world()))

    def _answer(self, answer: bytes, name: str) -> None:
        self._happened(name)
        self._write(answer)

    def _write(self, answer: bytes) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.write(answer)
            client.answered(keep_alive=self._head.keep_alive)

    def _happened(self, *names: str) -> None:
        self._listener.balancer.happened(self._visit.zone, *names, dilated=self._dilated)

    def _count(
        self, group: Group, names: tuple[str, ...], seconds: float = NO_TIME, size: int = 0
    ) -> None:
        serving = self._listener.balancer
        ledger = serving.ledger(group.arn, self._visit.zone)
        sample = (monotonic(), names, seconds, size)
        serving.shared.recorder.add(ledger, sample, dilated=self._dilated)


def host_of(head: Head) -> str:
    """The host that a request is for, without its port.

    >>> host_of(Head(b"GET", b"/", b"1.1", [(b"Host", b"Shop.example.com:80")], 0.0, True))
    'Shop.example.com'
    """
    host = head.value(b"host").decode("latin-1")
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


async def _nowhere(make: object) -> object:
    raise ConnectionRefusedError(f"{make} has no target")


NOWHERE = Pool(_nowhere)
"""Where a request is connected to before its target is chosen."""
