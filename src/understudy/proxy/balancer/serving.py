"""Load balancers on the data plane: each with its groups, its listeners and its ledgers."""

import re
from collections.abc import Callable
from functools import lru_cache
from random import Random
from time import monotonic

from understudy.balancing.actions import Forward
from understudy.balancing.rules import Request, Rule, first_met
from understudy.balancing.target_group import nodes_in_dns
from understudy.control.balancer import BalancedListener, Balancer, Turned
from understudy.proxy.balancer.checks import Checks
from understudy.proxy.balancer.function import Functions, calls
from understudy.proxy.balancer.group import Group
from understudy.proxy.balancer.headers import Policy, TraceIds
from understudy.proxy.balancer.ledger import NO_TIME, BalancerLedger
from understudy.proxy.balancer.logged import LoggedPassage
from understudy.proxy.balancer.passage import Passage
from understudy.proxy.connection import Client
from understudy.proxy.deadlines import Deadlines
from understudy.proxy.outbox import Outbox
from understudy.proxy.record import Recorder
from understudy.proxy.upstream import Connect

SECURE = frozenset({"HTTPS", "TLS"})
DEFAULT_IDLE = "60"
APPLICATION = re.compile(r"(.+)\.([^.]+)\.elb\.amazonaws\.com")
NETWORK = re.compile(r"(.+)\.elb\.([^.]+)\.amazonaws\.com")
"""The DNS names of load balancers at AWS: a name and a region."""


@lru_cache(1024)
def local_name(name: str) -> str:
    """The name by which a load balancer can be reached here, from its DNS name or that itself.

    >>> local_name("Front-1.us-east-1.elb.amazonaws.com")
    'front-1.us-east-1.elb.localhost'
    >>> local_name("flows-1.elb.us-east-1.amazonaws.com")
    'flows-1.us-east-1.elb.localhost'
    """
    lower = name.lower()
    found = APPLICATION.fullmatch(lower) or NETWORK.fullmatch(lower)
    return f"{found[1]}.{found[2]}.elb.localhost" if found else lower


class Shared:
    """What all load balancers share. ``key`` signs their cookies."""

    __slots__ = (
        "checks", "functions", "key", "outbox", "random", "recorder", "traces", "uniform",
    )  # fmt: skip

    def __init__(self, recorder: Recorder, outbox: Outbox, seed: int, control: Connect) -> None:
        random = Random(seed)  # noqa: S311 - it spreads load; cookies guard nothing here
        self.recorder = recorder
        self.outbox = outbox
        self.checks = Checks(recorder.clock)
        self.random = random
        self.uniform = random.random
        clock = recorder.clock
        self.functions = Functions(calls(control), lambda: clock.world(monotonic()))
        self.traces = TraceIds(random)
        self.key = random.randbytes(32)


class Listener:
    """A listener: which rule a request meets, and how headers are treated."""

    __slots__ = ("arn", "balancer", "only", "policy", "port", "protocol", "rules", "standard")

    def __init__(self, balancer: "Serving", told: BalancedListener) -> None:
        self.balancer = balancer
        self.arn = told.arn
        self.port = told.port
        self.protocol = told.protocol
        self.rules = told.rules
        self.only = told.rules[0] if told.rules and not told.rules[0].conditions else None
        self.policy = Policy(balancer.told.attributes, told.attributes)
        proto = b"https" if told.protocol in SECURE else b"http"
        standard = b"X-Forwarded-Proto: %b\r\nX-Forwarded-Port: %d\r\n"
        self.standard = standard % (proto, told.port)

    def met(self, request: Request) -> tuple[Rule | None, int]:
        """The rule that a request meets, and how many were evaluated."""
        return first_met(self.rules, request)

    def network_group(self) -> Group | None:
        """The group that connections go to, where this is a Network Load Balancer's."""
        if self.only is None or not isinstance(self.only.action, Forward):
            return None
        groups = self.only.action.groups
        return self.balancer.groups.get(groups[0][0]) if groups else None


class Visit:
    """A client's connection, as its balancer sees it: where it came from, and to which node."""

    __slots__ = ("_identity", "_policy", "_source", "balancer", "sender", "zone")

    def __init__(self, balancer: "Serving", client: Client) -> None:
        self.balancer = balancer
        self.sender = client.sender()
        self.zone = balancer.next_zone()
        self._policy: Policy | None = None
        self._source = b""
        self._identity = ""
        balancer.visits += 1
        balancer.happened(self.zone, "NewConnectionCount")

    def source(self, listener: Listener) -> bytes:
        """The line on where the client's requests come from, if nobody has written one before."""
        if self._policy is not listener.policy:
            self._policy = listener.policy
            self._source = listener.policy.forwarded_for(b"", self.sender)
        return self._source

    @property
    def identity(self) -> str:
        """The id of the connection in access logs."""
        if not self._identity:
            self._identity = f"TID_{self.balancer.shared.random.getrandbits(128):032x}"
        return self._identity

    def gone(self) -> None:
        """The client is gone."""
        self.balancer.visits -= 1


class Serving:
    """A load balancer as it serves. ``visits`` are its clients' connections.

    ``passage`` is what a request becomes, ``lines`` are what its access log has got lately.
    """

    __slots__ = (
        "_ledgers", "_turned", "_zone", "groups", "limits", "lines", "listeners", "passage",
        "region", "shared", "told", "visits",
    )  # fmt: skip

    def __init__(
        self, region: str, told: Balancer, shared: Shared, turned: Callable[[Turned], None]
    ) -> None:
        self.region = region
        self.shared = shared
        self.groups: dict[str, Group] = {}
        self.listeners: dict[int, Listener] = {}
        self.visits = 0
        self.lines: list[str] = []
        self.passage: type[Passage] = Passage
        self._turned = turned
        self._ledgers: dict[tuple[str, str], BalancerLedger] = {}
        self._zone = 0
        self.update(told)

    def update(self, told: Balancer) -> None:
        """Serve so from now on."""
        self.told = told
        logs = told.attributes.get("access_logs.s3.enabled") == "true"
        self.passage = LoggedPassage if logs else Passage
        before, self.groups = self.groups, {}
        for each in told.groups:
            group = before.pop(each.arn, None)
            if group is None:
                shared = self.shared
                clock, uniform = shared.recorder.clock, shared.uniform
                group = Group(each, clock, uniform, self._turned, shared.functions)
            else:
                group.update(each)
            self.groups[each.arn] = group
            self.shared.checks.follow(group)
        for group in before.values():
            group.close()
        self.listeners = {each.port: Listener(self, each) for each in told.listeners}
        self.set_limits()

    @property
    def name(self) -> str:
        """The name by which it can be reached here."""
        return local_name(self.told.dns_name)

    def set_limits(self) -> None:
        """How long a target may be silent, sampled and dilated."""
        idle = float(self.told.attributes.get("idle_timeout.timeout_seconds", DEFAULT_IDLE))
        speed = self.shared.recorder.clock.speed
        self.limits = tuple(Deadlines(idle / pace, Passage.expired) for pace in (1.0, speed))

    def close(self) -> None:
        """Serve no more."""
        for group in self.groups.values():
            group.members, members = {}, group.members
            for member in members.values():
                member.close()

    def next_zone(self) -> str:
        """The zone of the node that the next client finds in DNS."""
        groups = [(group.seen(), group.told.rules) for group in self.groups.values()]
        zones = nodes_in_dns(groups, self.told.zones)
        self._zone += 1
        return zones[self._zone % len(zones)] if zones else ""

    def ledger(self, group: str, zone: str) -> BalancerLedger:
        """The ledger of the node in a zone: for a target group, or (no group) its own."""
        ledger = self._ledgers.get((group, zone))
        if ledger is None:
            ledger = BalancerLedger(self.region, self.told.arn, group, zone)
            self._ledgers[group, zone] = ledger
        return ledger

    def happened(self, zone: str, *names: str, dilated: bool = True, size: int = 0) -> None:
        """Count something of the balancer's own, and bytes."""
        sample = (monotonic(), names, NO_TIME, size)
        self.shared.recorder.add(self.ledger("", zone), sample, dilated=dilated)

    def count_connections(self) -> None:
        """Count the connections that there are now, from clients and to targets.

        A Network Load Balancer's flow goes from a client to a target, and counts once.
        """
        members = [each for group in self.groups.values() for each in group.members.values()]
        flights = sum(len(member.flights) for member in members)
        zone = self.told.zones[0] if self.told.zones else ""
        if self.told.kind == "network":
            names = ("ActiveFlowCount",) * flights
        else:
            names = ("ActiveConnectionCount",) * (flights + self.visits)
        if names:
            self.happened(zone, *names)

    def visit(self, client: Client) -> Visit:
        """The connection of a client, known since its first request."""
        visit = client.visit
        if not isinstance(visit, Visit) or visit.balancer is not self:
            if visit is not None:
                visit.gone()
            visit = client.visit = Visit(self, client)
        return visit

    def expire(self) -> None:
        """Close connections to targets that nobody has used lately."""
        for group in self.groups.values():
            for member in group.members.values():
                member.pool.expire()
