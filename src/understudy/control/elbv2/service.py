"""Elastic Load Balancing in one region: its events, timers, and what other services need of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from understudy.control.elbv2 import metrics, targets
from understudy.control.elbv2.actions import forwarded_to
from understudy.control.elbv2.configuration import configuration
from understudy.control.elbv2.state import OWNER, ElbState, ListenerRule, TargetGroup, target_key
from understudy.control.events import (
    BalancerReached,
    BalancersServed,
    Params,
    SetBalancer,
    TargetsTurned,
)
from understudy.control.networks import Networks, ZonesByOrder
from understudy.control.ports import GroupFacts, Located, Publisher, TargetHealth
from understudy.control.signals import TargetTurned
from understudy.control.turn import Turn

MINUTE = 60
IDLE_AFTER = 15.0
"""How long after a minute's end it is known that nothing was served in it."""


@dataclass(frozen=True, slots=True)
class BalancingConfig:
    """Parameters of the world, in seconds.

    ``provisioning`` is from a load balancer's creation until it is active (minutes on AWS, nothing
    here unless said), ``registration`` how long a new target's registration is in progress.
    """

    provisioning: float = 0.0
    registration: float = 1.0


def _unknown(target_id: str, port: int) -> Located | None:
    """Where a target is of which nothing is known: at its own address, if it is one."""
    return None if target_id.startswith(("i-", "arn:", "mi-")) else Located(target_id, port, "")


def _no_instance(target_id: str) -> str:
    del target_id
    return ""


def _anybody(function: str, group: str) -> bool:
    """Whether a function may be called, where there is no Lambda that knows of policies."""
    del function, group
    return True


class ElasticLoadBalancing:
    """The service of one region. Also the ``Targets`` of others.

    ``locate`` tells where a target really listens, None where nobody knows; ``instance_state`` the
    state of an EC2 instance, empty for what is none; ``may_call`` whether a function, by its ARN,
    lets a target group call it. What a request or an event has changed of load balancers goes to
    the data plane once, when the turn settles.
    """

    def __init__(
        self, state: ElbState, publisher: Publisher, config: BalancingConfig | None = None
    ) -> None:
        self.state = state
        self.publisher = publisher
        self.config = config or BalancingConfig()
        self.networks: Networks = ZonesByOrder()
        self.locate: Callable[[str, int], Located | None] = _unknown
        self.instance_state: Callable[[str], str] = _no_instance
        self.may_call: Callable[[str, str], bool] = _anybody
        self._touched: dict[str, None] = {}

    def touch(self, balancer: str) -> None:
        """A load balancer has changed: the data plane shall be told."""
        self._touched[balancer] = None

    def touch_group(self, group: str) -> None:
        """A target group has changed, and with it the load balancers that use it."""
        for balancer in self.balancers_of(group):
            self.touch(balancer)

    def settle(self, turn: Turn) -> None:
        """Tell the data plane what has changed in this turn."""
        for arn in self._touched:
            balancer = self.state.load_balancers.get(arn)
            if balancer is not None and balancer.state == "active":
                turn.emit(SetBalancer(turn.region, configuration(self, balancer)))
        self._touched.clear()

    def balancers_of(self, group: str) -> list[str]:
        """The load balancers that have a rule that forwards to a target group."""
        found = {
            self.state.listeners[rule.listener].load_balancer: None
            for rule in self.state.rules.values()
            if group in forwarded_to(rule.actions)
        }
        return list(found)

    def watch(self, group: TargetGroup, turn: Turn) -> None:
        """Publish a group's metrics every minute for as long as it has targets and is used."""
        if not group.watched and group.targets and self.balancers_of(group.arn):
            group.watched = True
            self._next_minute(group, int(turn.at) // MINUTE * MINUTE, turn)

    def watch_used(self, actions: list[Params], turn: Turn) -> None:
        """Watch the groups that actions forward to."""
        for arn in forwarded_to(actions):
            self.watch(self.state.groups[arn], turn)

    def _next_minute(self, group: TargetGroup, minute: int, turn: Turn) -> None:
        due = minute + MINUTE + IDLE_AFTER
        turn.schedule(due, OWNER, "minute", group.arn, str(minute))

    def on_timer(self, key: tuple[str, ...], turn: Turn) -> None:
        """A time that was wished for has come."""
        kind, arn, *rest = key
        if kind == "provisioned":
            balancer = self.state.load_balancers.get(arn)
            if balancer is not None:
                balancer.state = "active"
                self.touch(arn)
        elif (group := self.state.groups.get(arn)) is not None:
            if kind == "drained":
                targets.drained(self, group, rest[0], rest[1], turn)
            else:
                self._minute(group, int(rest[0]), turn)

    def _minute(self, group: TargetGroup, minute: int, turn: Turn) -> None:
        balancers = [self.state.load_balancers[arn] for arn in self.balancers_of(group.arn)]
        if not group.targets or not balancers:
            group.watched = False
            return
        for balancer in balancers:
            metrics.publish_hosts(self, balancer, group, turn)
            if group.served < minute:
                metrics.publish_idle(self, balancer, group, minute, turn)
        self._next_minute(group, minute + MINUTE, turn)

    def on_reached(self, event: BalancerReached, turn: Turn) -> None:
        """The data plane serves a load balancer."""
        del turn
        balancer = self.state.load_balancers.get(event.balancer)
        if balancer is not None:
            balancer.endpoint = event.endpoint

    def on_turned(self, event: TargetsTurned, turn: Turn) -> None:
        """Probes have changed the health of targets; those that drain have none any more."""
        for turned in event.turned:
            group = self.state.groups.get(turned.group)
            key = target_key(turned.target, turned.port)
            target = group.targets.get(key) if group else None
            if target is None or target.draining:
                continue
            target.state, target.reason = turned.state, turned.reason
            target.description = turned.description
            turn.signal(TargetTurned(turned.group, target.id, target.port, target.state))

    def on_served(self, event: BalancersServed, turn: Turn) -> None:
        """Publish what load balancers did."""
        for served in event.served:
            balancer = self.state.load_balancers.get(served.balancer)
            if balancer is None:
                continue
            group = self.state.groups.get(served.group)
            if group is not None and served.counts.get("RequestCount"):
                group.served = max(group.served, served.second // MINUTE * MINUTE)
            metrics.publish_served(self, balancer, served, turn)

    def on_restart(self, turn: Turn) -> None:
        """The data plane is new: tell it everything; every target is to be probed again."""
        del turn
        for group in self.state.groups.values():
            for target in group.targets.values():
                target.state, target.reason, target.description = "initial", "", ""
        for arn, balancer in self.state.load_balancers.items():
            balancer.endpoint = None
            self.touch(arn)

    def group(self, arn: str) -> GroupFacts | None:
        """A target group, None if there is none."""
        group = self.state.groups.get(arn)
        return GroupFacts(group.kind, bool(self.balancers_of(arn))) if group else None

    def register(self, group: str, target_id: str, port: int, zone: str, turn: Turn) -> None:
        """Register a target; a group that is gone takes none."""
        there = self.state.groups.get(group)
        if there is not None:
            targets.register(self, there, target_id, port, zone, turn)

    def deregister(self, group: str, target_id: str, port: int, turn: Turn) -> bool:
        """Let a target drain; whether it does, which ends with ``TargetTurned`` to unused."""
        there = self.state.groups.get(group)
        target = there.targets.get(target_key(target_id, port)) if there else None
        if there is None or target is None:
            return False
        targets.deregister(self, there, target, turn)
        return True

    def health(self, group: str, target_id: str, port: int, at: float) -> TargetHealth:
        """The health of a target."""
        there = self.state.groups.get(group)
        if there is None:
            return targets.NOT_REGISTERED
        target = there.targets.get(target_key(target_id, port))
        return targets.health_of(self, there, target, at)

    def moved(self, group: str) -> None:
        """Targets of a group listen elsewhere now."""
        self.touch_group(group)

    def relocated(self, target_id: str) -> None:
        """A target listens elsewhere now, in whatever groups it is."""
        for group in self.state.groups.values():
            if any(target.id == target_id for target in group.targets.values()):
                self.touch_group(group.arn)

    def shift(self, rule: str, weights: Mapping[str, int]) -> None:
        """Give the target groups of a rule, or of a listener's default rule, these weights.

        A rule that is gone is passed over.
        """
        found = self._rule(rule)
        if found is None:
            return
        groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in weights.items()]
        before = found.actions[-1].get("ForwardConfig", {})
        stickiness = before.get("TargetGroupStickinessConfig", {"Enabled": False})
        config = {"TargetGroups": groups, "TargetGroupStickinessConfig": stickiness}
        found.actions = [{"Type": "forward", "Order": 1, "ForwardConfig": config}]
        self.touch(self.state.listeners[found.listener].load_balancer)

    def _rule(self, arn: str) -> ListenerRule | None:
        if arn in self.state.listeners:
            return self.state.rules_of(arn)[-1]
        return self.state.rules.get(arn)
