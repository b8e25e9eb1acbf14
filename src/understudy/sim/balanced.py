"""A load balancer of the simulated world: its target groups, and the requests sent to it.

Requests are all alike: they meet one rule, which forwards them to target groups by weight. Each
group's targets are those that the data plane would choose: the healthy ones, or all where too few
are. The queue is that of `fleet`; a target group is what a variant is to an endpoint.
"""

from understudy.balancing.actions import Forward
from understudy.balancing.rules import Request, first_met
from understudy.balancing.target_group import Seen, candidates
from understudy.control.balancer import Balanced, BalancedGroup, BalancedTarget, Balancer
from understudy.control.events import Served, SetRoute, Target, TargetsTurned, VariantRoute
from understudy.control.sketch import Sketch
from understudy.sim.fleet import Fleet
from understudy.sim.load import Load
from understudy.sim.serving import Serving
from understudy.sim.tally import Tally

MICROSECONDS = 1e6


class BalancedFleet:
    """A load balancer under a stream of requests.

    ``path`` is what all requests ask for. ``cut`` counts requests that were in flight at a target
    when it was listed no more: they are lost. ``states`` is the health of targets as it was told.
    ``targets`` are those that get requests now.
    """

    def __init__(self, arn: str, region: str, load: Load, serving: Serving, tally: Tally) -> None:
        self.arn = arn
        self.cut = 0
        self._region = region
        self._fleet = Fleet(arn, load, serving, tally)
        self._balancer = Balancer(arn, "application", "", (), (), ())
        self.states: dict[tuple[str, str, int], str] = {}
        self._listed: set[str] = set()
        self.targets: tuple[BalancedTarget, ...] = ()
        self._slots = serving.concurrency
        self._worked = 0.0
        self._left = 0.0

    def set(self, balancer: Balancer, at: float) -> None:
        """The load balancer is another from now on."""
        self._balancer = balancer
        self._route(at)
        listed = {
            _name(group.arn, each.id, each.port)
            for group in balancer.groups
            for each in group.targets
        }
        for name in self._listed - listed:
            self.cut += self._fleet.cut(name, at)
        self._listed = listed

    def turned(self, event: TargetsTurned) -> None:
        """Probes have changed the health of targets."""
        for each in event.turned:
            self.states[each.group, each.target, each.port] = each.state
        self._route(event.at)

    def _route(self, at: float) -> None:
        """Send requests to the targets that get them now."""
        weights = dict(self._forward().groups)
        groups = [each for each in self._balancer.groups if each.arn in weights]
        chosen = [(each.arn, self._targets(each)) for each in groups]
        self.targets = tuple(target for _, targets in chosen for target in targets)
        variants = tuple(
            VariantRoute(
                arn,
                float(weights[arn]),
                tuple(Target(_name(arn, t.id, t.port), t.host, t.host_port) for t in targets),
            )
            for arn, targets in chosen
        )
        self._fleet.rotates = all(each.algorithm == "round_robin" for each in groups)
        self._fleet.route(SetRoute(self._region, self.arn, variants), at)

    def _forward(self) -> Forward:
        """Where the rule sends requests that they meet; nowhere where it does not forward."""
        for listener in self._balancer.listeners[:1]:
            request = Request("POST", self._balancer.dns_name, "/")
            rule, _ = first_met(listener.rules, request)
            if rule is not None and isinstance(rule.action, Forward):
                return rule.action
        return Forward(())

    def _targets(self, group: BalancedGroup) -> tuple[BalancedTarget, ...]:
        """The targets of a group that get requests: they do not drain, and listen somewhere."""
        there = [each for each in group.targets if not each.draining and each.host]
        seen = [
            Seen(
                each.zone,
                self.states.get((group.arn, each.id, each.port), each.state) == "healthy",
            )
            for each in there
        ]
        zones = self._balancer.zones or ("",)
        chosen = dict.fromkeys(
            index for zone in zones for index in candidates(seen, zone, group.rules)[0]
        )
        return tuple(there[index] for index in chosen)

    def report(self, minute_end: float) -> tuple[Balanced, ...]:
        """What the load balancer did in the minute that ends now."""
        return tuple(self._served(each) for each in self._fleet.report(minute_end))

    def busy(self, seconds: float) -> float:
        """The share of its targets' slots that were busy in the last so many seconds, 0 to 1.

        What they could not serve in that time is left for the next, at most as much again. To be
        asked once after each `report`.
        """
        asked = self._left + self._fleet.work - self._worked
        self._worked = self._fleet.work
        most = len(self.targets) * self._slots * seconds
        self._left = min(max(asked - most, 0.0), most)
        return min(asked / most, 1.0) if most else 0.0

    def _served(self, served: Served) -> Balanced:
        good = served.model_latency
        answered = good.count
        counts = {
            "RequestCount": served.invocations,
            "HTTPCode_Target_2XX_Count": answered - served.errors_5xx,
            "HTTPCode_Target_5XX_Count": served.errors_5xx,
        }
        zone = self._balancer.zones[0] if self._balancer.zones else ""
        told = {name: number for name, number in counts.items() if number > 0}
        return Balanced(self.arn, served.variant, zone, served.second, told, _seconds(good))

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
