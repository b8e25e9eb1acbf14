"""A target group on the data plane: which of its targets gets the next request."""

from collections.abc import Callable
from time import monotonic

from understudy.balancing.health import Probe, State, load_balancer, probed
from understudy.balancing.routing import choose_variant, round_robin, slow_start
from understudy.balancing.target_group import Seen, candidates, enters_slow_start, in_dns
from understudy.control.balancer import BalancedGroup, BalancedTarget, TargetKey, Turned
from understudy.proxy.balancer.function import Functions
from understudy.proxy.balancer.member import Member, way
from understudy.proxy.record import WorldClock
from understudy.proxy.upstream import Connect


class Ready:
    """The targets that a zone's node sends requests to, and whose turn it is."""

    __slots__ = ("fails_open", "members", "place", "slow", "turns")

    def __init__(self, members: list[Member], *, fails_open: bool) -> None:
        self.members = members
        self.fails_open = fails_open
        self.slow = any(each.since for each in members)
        self.turns = [0.0] * len(members)
        self.place = -1


class Group:
    """The targets of a group as one balancer sees them. ``turned`` hears of changes of health."""

    __slots__ = ("_clock", "_functions", "_ready", "_turned", "_uniform", "arn", "members", "told")

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
        members = ready.members
        if ready.slow:
            return self._slowly(ready)
        if not members:
            return None
        algorithm = self.told.algorithm
        if algorithm == "least_outstanding_requests":
            return self._least(members)
        if algorithm == "weighted_random":
            return members[int(self._uniform() * len(members))]
        ready.place = place = (ready.place + 1) % len(members)
        return members[place]

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

    def zones(self, zones: tuple[str, ...]) -> tuple[str, ...]:
        """The zones whose nodes are in DNS as far as this group goes."""
        return in_dns(self._seen()[1], zones, self.told.rules)

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
        least = self.told.algorithm == "least_outstanding_requests"
        if not self.told.slow_start or least:
            return 0.0
        others = [
            (each.health.routable, each.since > 0.0)
            for each in self.members.values()
            if each is not member
        ]
        return self._clock.world(monotonic()) if enters_slow_start(others) else 0.0

    def _seen(self) -> tuple[list[Member], list[Seen]]:
        present = [each for each in self.members.values() if not each.draining]
        return present, [Seen(each.told.zone, each.health.routable) for each in present]

    def _find(self, zone: str) -> Ready:
        present, seen = self._seen()
        if not self.told.check.enabled:
            return Ready(present, fails_open=False)
        indexes, fails_open = candidates(seen, zone, self.told.rules)
        return Ready([present[index] for index in indexes], fails_open=fails_open)

    def _other(self, ready: Ready, avoid: Member) -> Member | None:
        others = [each for each in ready.members if each.told.key != avoid.told.key]
        return self._least(others) if others else None

    def _least(self, members: list[Member]) -> Member:
        """The target with the fewest requests in flight; ties are broken by chance.

        It is `balancing.routing.least_outstanding`, for many targets.
        """
        fewest = min([len(each.flights) for each in members])
        ties = [each for each in members if len(each.flights) == fewest]
        return ties[int(self._uniform() * len(ties))]

    def _slowly(self, ready: Ready) -> Member:
        """By turns or by chance, while some targets get less than their share."""
        now = self._clock.world(monotonic())
        weights: list[float] = []
        for member in ready.members:
            weight = slow_start(now - member.since, self.told.slow_start) if member.since else 1.0
            if weight >= 1.0:
                member.since = 0.0
            weights.append(weight)
        ready.slow = any(each.since for each in ready.members)
        if self.told.algorithm == "weighted_random":
            return ready.members[max(0, choose_variant(weights, self._uniform()))]
        return ready.members[round_robin(ready.turns, weights)]


def _moved(member: Member, host: str, port: int) -> bool:
    return (member.told.host, member.told.host_port) != (host, port)


def _heed(member: Member, state: str) -> None:
    """A target drains from now on, or was registered again while it did."""
    if (state == "draining") != member.draining:
        fresh = State.DRAINING if state == "draining" else State.INITIAL
        member.health = type(member.health)(fresh)
        member.since = 0.0
