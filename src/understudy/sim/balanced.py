"""A load balancer of the simulated world: its target groups, and the requests sent to it.

Requests are all alike: they meet one rule, which forwards them to target groups by weight. Each
is a new connection, to the node of one zone or another in DNS, from a new client or from one of so
many in turn, who keep their cookies from the moment of the request on. All that is
decided (nodes, targets, turns, slow starts) is decided by `balancing`, as on the data plane. The
queue is that of `fleet`; a target group is what a variant is to an endpoint.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from understudy.balancing.actions import Forward
from understudy.balancing.routing import ALGORITHMS, slow_start
from understudy.balancing.rules import Request, first_met
from understudy.balancing.target_group import Seen, candidates, enters_slow_start, nodes_in_dns
from understudy.control.balancer import Balanced, BalancedGroup, BalancedTarget, Balancer, Turned
from understudy.control.events import Served, SetRoute, Target, TargetsTurned, VariantRoute
from understudy.control.sketch import Sketch
from understudy.sim.fleet import Fleet
from understudy.sim.load import Load
from understudy.sim.nodes import Memory, Reach
from understudy.sim.serving import Serving
from understudy.sim.tally import Tally

MICROSECONDS = 1e6
NOBODY_THERE: tuple[list[BalancedTarget], list[Seen]] = ([], [])


@dataclass(slots=True)
class Health:
    """A target's state as it was told, and since when it starts slowly, 0 where it does not."""

    state: str
    since: float = 0.0

    def starts_slowly(self, at: float, duration: float) -> bool:
        """Whether it gets less than its share at a time."""
        return self.since > 0.0 and slow_start(at - self.since, duration) < 1.0


class BalancedFleet:
    """A load balancer under a stream of requests.

    ``cut`` counts requests that were in flight at a target when it was listed no more: they are
    lost. ``targets`` are those that get requests now.
    """

    def __init__(self, arn: str, region: str, load: Load, serving: Serving, tally: Tally) -> None:
        self.arn = arn
        self.cut = 0
        self._region = region
        self._fleet = Fleet(arn, load, serving, tally)
        self._balancer = Balancer(arn, "application", "", (), (), ())
        self._health: dict[str, Health] = {}
        self._listed: set[str] = set()
        self._groups: dict[str, BalancedGroup] = {}
        self._memory = Memory(serving.clients)
        self.targets: tuple[BalancedTarget, ...] = ()
        self._slots = serving.concurrency
        self._worked = 0.0
        self._left = 0.0

    def told(self, group: str, target: str, port: int, state: str) -> None:
        """A target is in a state, since before there was traffic."""
        self._health[_name(group, target, port)] = Health(state)

    def set(self, balancer: Balancer, at: float) -> None:
        """The load balancer is another from now on."""
        self._balancer = balancer
        listed: set[str] = set()
        for group in balancer.groups:
            for each in group.targets:
                name = _name(group.arn, each.id, each.port)
                listed.add(name)
                if each.draining or name not in self._health:
                    self._health[name] = Health(each.state)
        self._groups |= {group.arn: group for group in balancer.groups}
        self._route(at, [group.arn for group in balancer.groups])
        for name in self._listed - listed:
            self.cut += self._fleet.cut(name, at)
            self._health.pop(name, None)
        self._listed = listed

    def turned(self, event: TargetsTurned) -> None:
        """Probes have changed the health of targets."""
        for each in event.turned:
            name = _name(each.group, each.target, each.port)
            self._health[name] = Health(each.state, self._enters(each, name, event.at))
        self._route(event.at, {each.group for each in event.turned})

    def _enters(self, turned: Turned, name: str, at: float) -> float:
        """When a target begins to start slowly: now, or not at all (0)."""
        group = self._groups.get(turned.group)
        if turned.state != "healthy" or group is None:
            return 0.0
        duration = group.slow_start
        others = [
            (not each.draining and state.state == "healthy", state.starts_slowly(at, duration))
            for each in group.targets
            if (other := _name(group.arn, each.id, each.port)) != name
            for state in (self._health[other],)
        ]
        return at if enters_slow_start(ALGORITHMS[group.algorithm], duration, others) else 0.0

    def _route(self, at: float, changed: Collection[str]) -> None:
        """Send requests to the targets that get them now; the ``changed`` groups begin anew."""
        self._fleet.serve_until(at)
        balancer, action = self._balancer, self._forward()
        weights = dict(action.groups)
        present = {each.arn: self._present(each) for each in balancer.groups}
        told = [(present[each.arn][1], each.rules) for each in balancer.groups]
        zones = nodes_in_dns(told, balancer.zones) or ("",)
        reaches: list[Reach] = []
        variants: list[VariantRoute] = []
        self.targets = ()
        for arn, group in self._groups.items():
            there, seen = present.get(arn, NOBODY_THERE) if arn in weights else NOBODY_THERE
            targets, reach = self._reach(group, there, seen, zones)
            self.targets += targets
            listed = tuple(
                Target(_name(arn, each.id, each.port), each.host, each.host_port)
                for each in targets
            )
            reaches.append(reach)
            variants.append(VariantRoute(arn, float(weights.get(arn, 0)), listed))
        nodes = self._memory.nodes(reaches, zones, changed, action)
        self._fleet.route(SetRoute(self._region, self.arn, tuple(variants)), at, nodes)

    def _reach(
        self,
        group: BalancedGroup,
        there: Sequence[BalancedTarget],
        seen: Sequence[Seen],
        zones: Sequence[str],
    ) -> tuple[tuple[BalancedTarget, ...], Reach]:
        """The targets of a group that get requests, and which of them each zone's node reaches.

        A target in no zone of its own counts to the first, where each zone is counted for itself.
        """
        chosen: list[int] = []
        ranges: list[tuple[int, int]] = []
        for zone in zones:
            found, _ = candidates(seen, zone, group.rules, checked=group.check.enabled)
            begin = 0 if group.rules.cross_zone else len(chosen)
            chosen += [index for index in found if index not in chosen]
            ranges.append((begin, len(chosen)))
        targets = tuple(there[index] for index in chosen)
        names = tuple(_name(group.arn, each.id, each.port) for each in targets)
        since = tuple(self._health[name].since for name in names)
        # Stand-ins set no cookie of an application's.
        sticky = 0.0 if group.stickiness.cookie else float(group.stickiness.seconds)
        algorithm, ramp = ALGORITHMS[group.algorithm], group.slow_start
        return targets, Reach(group.arn, algorithm, ramp, sticky, names, since, tuple(ranges))

    def _forward(self) -> Forward:
        """Where the rule sends requests that they meet; nowhere where it does not forward."""
        for listener in self._balancer.listeners[:1]:
            request = Request("POST", self._balancer.dns_name, "/")
            rule, _ = first_met(listener.rules, request)
            if rule is not None and isinstance(rule.action, Forward):
                return rule.action
        return Forward(())

    def _present(self, group: BalancedGroup) -> tuple[list[BalancedTarget], list[Seen]]:
        """The targets of a group that do not drain, and listen somewhere, as they are seen."""
        there = [each for each in group.targets if not each.draining and each.host]
        names = [_name(group.arn, each.id, each.port) for each in there]
        seen = [
            Seen(each.zone, self._health[name].state == "healthy")
            for each, name in zip(there, names, strict=True)
        ]
        return there, seen

    def report(self, minute_end: float) -> tuple[Balanced, ...]:
        """What the load balancer did in the minute that ends now, for each target group."""
        found: dict[str, list[Served]] = {}
        for each in self._fleet.report(minute_end):
            found.setdefault(each.variant, []).append(each)
        return tuple(self._served(parts) for parts in found.values())

    def in_flight(self, at: float) -> dict[str, int]:
        """How many requests each target of a group has at a time, those that wait included."""
        return self._fleet.by_target(at)

    def busy(self, at: float, seconds: float) -> float:
        """The share of its targets' slots that were busy in the so many seconds before ``at``.

        It is 0 to 1. What they could not serve in that time is left for the next, at most as much
        again. To be asked once for each such time.
        """
        self._fleet.serve_until(at)
        asked = self._left + self._fleet.work - self._worked
        self._worked = self._fleet.work
        most = len(self.targets) * self._slots * seconds
        self._left = min(max(asked - most, 0.0), most)
        return min(asked / most, 1.0) if most else 0.0

    def _served(self, parts: list[Served]) -> Balanced:
        """A target group's minute, from its parts with different numbers of targets.

        Requests count when they are answered, as they do in the live world, and for as many targets
        as there were for those of the minute.
        """
        good = next((each.model_latency for each in parts if each.model_latency.count), Sketch())
        answered, errors = good.count, sum(each.errors_5xx for each in parts)
        counts = {
            "RequestCount": answered,
            "HTTPCode_Target_2XX_Count": answered - errors,
            "HTTPCode_Target_5XX_Count": errors,
        }
        sent = sum(each.invocations for each in parts)
        shared = sum(each.invocations / each.instances for each in parts if each.instances)
        zone = self._balancer.zones[0] if self._balancer.zones else ""
        told = {name: number for name, number in counts.items() if number > 0}
        group, second = parts[0].variant, parts[0].second
        targets = sent / shared if shared else 0.0
        return Balanced(self.arn, group, zone, second, told, _seconds(good), targets)

    def finish(self, at: float) -> None:
        """Serve what is sent before the end."""
        self._fleet.finish(at)


def _name(group: str, target: str, port: int) -> str:
    return f"{group}|{target}|{port}"


def _seconds(sketch: Sketch) -> Sketch:
    """Latencies in microseconds as seconds."""
    return Sketch(
        tuple(value / MICROSECONDS for value in sketch.values),
        sketch.counts,
        sketch.total / MICROSECONDS,
        sketch.minimum / MICROSECONDS,
        sketch.maximum / MICROSECONDS,
    )
