"""A target group on the data plane: which of its targets gets the next request."""

from collections.abc import Callable
from time import monotonic

from understudy.balancing.health import Probe, State, load_balancer, probed
from understudy.balancing.routing import (
    ALGORITHMS,
    LEAST_OUTSTANDING,
    NOBODY,
    ROUND_ROBIN,
    pick,
    slow_start,
    starting,
)
from understudy.balancing.target_group import Seen, candidates, enters_slow_start
from understudy.control.balancer import BalancedGroup, BalancedTarget, TargetKey, Turned
from understudy.proxy.balancer.function import Functions
from understudy.proxy.balancer.member import Member, way
from understudy.proxy.record import WorldClock
from understudy.proxy.upstream import Connect


class Ready:
    """The targets that a zone's node sends requests to, and what `balancing.routing` remembers."""

    __slots__ = ("last", "members", "shares", "slow", "turns")

    def __init__(self, members: list[Member]) -> None:
        self.members = members
        self.slow = sum(each.since > 0.0 for each in members)
        self.shares = [1.0] * len(members)
        self.turns = [0.0] * len(members)
        self.last = NOBODY


class Group:
    """The targets of a group as one balancer sees them. ``turned`` hears of changes of health."""

    __slots__ = (
        "_algorithm", "_clock", "_functions", "_ready", "_turned", "_uniform", "arn", "members",
        "told",
    )  # fmt: skip

    def __init__(
        self,
        told: BalancedGroup,
        clock: WorldClock,
        uniform: Callable[[], float],
        turned: Callable[[Turned], None],
        functions: Functions,
    ) -> None:
        self.told = told
        self.arn = told.arn
        self.members: dict[TargetKey, Member] = {}
        self._clock = clock
        self._uniform = uniform
        self._turned = turned
        self._functions = functions
        self._ready: dict[str, Ready] = {}
        self.update(told)

    def update(self, told: BalancedGroup) -> None:
        """Take the group as it is from now on; targets that moved are new ones."""
        self.told = told
        self._algorithm = ALGORITHMS[told.algorithm]
        before, self.members = self.members, {}
        for target in told.targets:
            key = target.key
            member = before.get(key)
            if member is None or _moved(member, target.host, target.host_port):
                member = Member(target, self._way(target))
            else:
                del before[key]
                _heed(member, target.state)
            self.members[key] = member
        self._ready.clear()
        for key, member in before.items():
            if key in self.members:
                # Its machine is another one, or gone: what is in flight ends as the machine does.
                member.pool.close()
            else:
                member.close()

    def _way(self, target: BalancedTarget) -> Connect:
        if target.is_function:
            return self._functions.way(target.id, lambda: self.told)
        return way(target, self.told.protocol)

    def close(self) -> None:
        """Let go of everything."""
        for member in self.members.values():
            member.close()

    def pick(self, zone: str, avoid: Member | None = None) -> Member | None:
        """The target of the next request of a zone's node, other than ``avoid``; None: nobody."""
        ready = self._ready.get(zone)
        if ready is None:
            ready = self._ready[zone] = self._find(zone)
        if avoid is not None:
            return self._other(ready, avoid)
        if ready.slow:
            since = [each.since for each in ready.members]
            now = self._clock.world(monotonic())
            ready.slow = starting(now, self.told.slow_start, since, ready.shares)
        return self._next(ready, self._algorithm)

    def named(self, target: str, port: int, zone: str) -> Member | None:
        """A target that a client is bound to, if it may get requests."""
        member = self.members.get((target, port))
        if member is None or member.draining:
            return None
        ready = self._ready.get(zone) or self._find(zone)
        return member if member in ready.members else None

    def empty(self) -> bool:
        """Whether no target is registered."""
        return all(member.draining for member in self.members.values())

    def seen(self) -> list[Seen]:
        """The targets that do not drain, as their health has it."""
        return self._seen()[1]

    def probed(self, member: Member, probe: Probe, reason: str, description: str) -> None:
        """A health check of a target went so."""
        check = self.told.check
        before = member.health.state
        member.health = probed(member.health, probe, load_balancer(check.healthy, check.unhealthy))
        after = member.health.state
        if after is before:
            return
        if after is State.HEALTHY:
            member.since = self._enters(member)
            reason = description = ""
        else:
            member.since = 0.0
            if self.told.cut_unhealthy:
                member.cut()
        self._ready.clear()
        told = member.told
        self._turned(Turned(self.arn, told.id, told.port, after.value, reason, description))

    def _enters(self, member: Member) -> float:
        """When a target that turns healthy begins to start slowly: now, or never (0)."""
        now, duration = self._clock.world(monotonic()), self.told.slow_start
        others = [
            (each.health.routable, each.since > 0.0 and slow_start(now - each.since, duration) < 1)
            for each in self.members.values()
            if each is not member
        ]
        return now if enters_slow_start(self._algorithm, duration, others) else 0.0

    def _seen(self) -> tuple[list[Member], list[Seen]]:
        present = [each for each in self.members.values() if not each.draining]
        return present, [Seen(each.told.zone, each.health.routable) for each in present]

    def _find(self, zone: str) -> Ready:
        present, seen = self._seen()
        rules, checked = self.told.rules, self.told.check.enabled
        indexes, _ = candidates(seen, zone, rules, checked=checked)
        return Ready([present[index] for index in indexes])

    def _other(self, ready: Ready, avoid: Member) -> Member | None:
        others = [each for each in ready.members if each.told.key != avoid.told.key]
        return self._next(Ready(others), LEAST_OUTSTANDING)

    def _next(self, ready: Ready, algorithm: int) -> Member | None:
        members, last, u = ready.members, ready.last, 0.0
        outstanding = ()
        if algorithm != ROUND_ROBIN:
            u = self._uniform()
            if algorithm == LEAST_OUTSTANDING:
                outstanding = [len(each.flights) for each in members]
        ready.last = pick(algorithm, outstanding, ready.shares, ready.turns, ready.slow, last, u)
        return members[ready.last] if members else None


def _moved(member: Member, host: str, port: int) -> bool:
    return (member.told.host, member.told.host_port) != (host, port)


def _heed(member: Member, state: str) -> None:
    """A target drains from now on, or was registered again while it did."""
    if (state == "draining") != member.draining:
        fresh = State.DRAINING if state == "draining" else State.INITIAL
        member.health = type(member.health)(fresh)
        member.since = 0.0
