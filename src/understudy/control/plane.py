"""The control planes of one region, and the wires between them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec import field as struct_field

from understudy.base.fault import Fault
from understudy.control.application_autoscaling import operations as scaling_operations
from understudy.control.application_autoscaling import scaling, targets, timers
from understudy.control.application_autoscaling.service import ApplicationAutoScaling
from understudy.control.application_autoscaling.state import State as ScalingState
from understudy.control.autoscaling import events as group_events
from understudy.control.autoscaling import operations as group_operations
from understudy.control.autoscaling import scaling as group_scaling
from understudy.control.autoscaling import timers as group_timers
from understudy.control.autoscaling.launching import ON_DEMAND
from understudy.control.autoscaling.metrics import on_measured
from understudy.control.autoscaling.service import AutoScaling, GroupConfig
from understudy.control.autoscaling.state import State as GroupsState
from understudy.control.capacity import operations as capacity_operations
from understudy.control.capacity.meter import Meter
from understudy.control.capacity.service import Capacity
from understudy.control.capacity.state import OWNER as CAPACITY
from understudy.control.capacity.state import SPOT, CapacityState, Place
from understudy.control.cloudwatch import operations as cloudwatch_operations
from understudy.control.cloudwatch.books import CloudWatchConfig
from understudy.control.cloudwatch.messages import invocation, notification
from understudy.control.cloudwatch.service import CloudWatch
from understudy.control.cloudwatch.state import CloudWatchState
from understudy.control.cost_explorer import operations as cost_operations
from understudy.control.cost_explorer.service import CostExplorer
from understudy.control.ec2 import operations as ec2_operations
from understudy.control.ec2 import running
from understudy.control.ec2.alarm_actions import instance_of, operation_of
from understudy.control.ec2.service import Ec2
from understudy.control.ec2.state import Ec2State
from understudy.control.ecs import operations as ecs_operations
from understudy.control.ecs.scheduler import DIMENSION as SERVICES
from understudy.control.ecs.service import Ecs, EcsConfig
from understudy.control.ecs.starting import purchase_of
from understudy.control.ecs.state import EcsState
from understudy.control.elbv2 import operations as elbv2_operations
from understudy.control.elbv2.service import BalancingConfig, ElasticLoadBalancing
from understudy.control.elbv2.state import ElbState
from understudy.control.eventbridge.rules import OWNER as RULES
from understudy.control.eventbridge.rules import Rules, RulesState
from understudy.control.events import (
    AnyEvent,
    BalancerReached,
    BalancersServed,
    CallAnswered,
    CallFailed,
    Concurrency,
    ContainerEnded,
    EngineRestarted,
    EnvironmentsWanted,
    InstanceFailed,
    InstanceHealthy,
    InstancesMeasured,
    InstanceStopped,
    Params,
    RequestsCompleted,
    RulesKept,
    SpotNoticed,
    TargetsTurned,
    TaskEnded,
    TaskHealthChanged,
    TasksMeasured,
    TaskStarted,
)
from understudy.control.fleets import FleetRecord, Seen, note_groups, note_services
from understudy.control.hosting import Address, GroupTargets, Hosts
from understudy.control.kept_capacity import OWNER as KEPT
from understudy.control.kept_capacity import Kept, KeptCapacities
from understudy.control.lambda_ import operations as lambda_operations
from understudy.control.lambda_.permission import of_balancer
from understudy.control.lambda_.service import Lambda
from understudy.control.lambda_.state import LambdaState
from understudy.control.members import GroupMembers
from understudy.control.notifying import Notifier, Sent
from understudy.control.ports import Located
from understudy.control.price_list import operations as price_list_operations
from understudy.control.price_list.operations import PriceListService
from understudy.control.purchasing.operations import (
    EC2_OPERATIONS,
    OWN_OPERATIONS,
    SAVINGS_PLANS_OPERATIONS,
)
from understudy.control.purchasing.service import Purchasing, PurchasingState
from understudy.control.sagemaker import asynchronous
from understudy.control.sagemaker import operations as sagemaker_operations
from understudy.control.sagemaker.endpoint import DIMENSION, PROVISIONED
from understudy.control.sagemaker.service import HostingConfig, ProvisionedConcurrency, SageMaker
from understudy.control.sagemaker.state import SageMakerState
from understudy.control.signals import (
    AlarmAction,
    CapacityFailed,
    CapacityFulfilled,
    Happened,
    Notification,
    ScalableRemoved,
    Signal,
)
from understudy.control.turn import Turn
from understudy.pricing.book import Book
from understudy.pricing.catalogue import BOOK, offers_in
from understudy.pricing.offer import Offer

OPERATIONS: Mapping[str, Mapping[str, Callable[[Any, Params, Turn], Params]]] = {
    "application-autoscaling": scaling_operations.OPERATIONS,
    "autoscaling": group_operations.OPERATIONS,
    "ce": cost_operations.OPERATIONS,
    "cloudwatch": cloudwatch_operations.OPERATIONS,
    "ec2": {**ec2_operations.OPERATIONS, **EC2_OPERATIONS},
    "pricing": price_list_operations.OPERATIONS,
    "ecs": ecs_operations.OPERATIONS,
    "elbv2": elbv2_operations.OPERATIONS,
    "lambda": lambda_operations.OPERATIONS,
    "sagemaker": sagemaker_operations.OPERATIONS,
    asynchronous.OWNER: asynchronous.OPERATIONS,
    "savingsplans": SAVINGS_PLANS_OPERATIONS,
    capacity_operations.SERVICE: {**capacity_operations.OPERATIONS, **OWN_OPERATIONS},
}
"""What each service offers, under AWS's names."""

PURCHASES: Mapping[str, Mapping[str, object]] = {
    "ec2": EC2_OPERATIONS,
    capacity_operations.SERVICE: OWN_OPERATIONS,
}
"""What purchasing answers of services that are not its own."""


MOVING: Mapping[type[AnyEvent], frozenset[str]] = {
    InstanceFailed: frozenset({"autoscaling", "ecs"}),
    InstanceHealthy: frozenset({"autoscaling", "ecs"}),
    InstanceStopped: frozenset({"autoscaling", "ecs"}),
    SpotNoticed: frozenset({"autoscaling"}),
    TaskEnded: frozenset({"ecs"}),
    TaskHealthChanged: frozenset({"ecs"}),
    TaskStarted: frozenset({"ecs"}),
}
"""The services whose fleets an event may change."""


def prices_in(region: str, book: Book) -> Callable[[str, str, str], float | None]:
    """The on-demand prices that are known of a region's instance types; spot prices are not.

    The book is read when a price is first asked for.
    """
    known: dict[str, Offer] = {}

    def price(instance_type: str, zone: str, purchase: str) -> float | None:
        del zone
        if purchase != ON_DEMAND:
            return None
        if not known:
            known.update(offers_in(region, book))
        offer = known.get(instance_type)
        return float(offer.hourly) if offer else None

    return price


class PlaneState(Struct):
    """Everything that the control planes of a region remember."""

    sagemaker: SageMakerState = struct_field(default_factory=SageMakerState)
    cloudwatch: CloudWatchState = struct_field(default_factory=CloudWatchState)
    scaling: ScalingState = struct_field(default_factory=ScalingState)
    groups: GroupsState = struct_field(default_factory=GroupsState)
    ec2: Ec2State = struct_field(default_factory=Ec2State)
    purchasing: PurchasingState = struct_field(default_factory=PurchasingState)
    elbv2: ElbState = struct_field(default_factory=ElbState)
    sent: dict[str, Sent] = struct_field(default_factory=dict[str, Sent])
    kept: dict[str, Kept] = struct_field(default_factory=dict[str, Kept])
    capacity: CapacityState = struct_field(default_factory=CapacityState)
    addresses: dict[str, Address] = struct_field(default_factory=dict[str, Address])
    fleets: dict[str, FleetRecord] = struct_field(default_factory=dict[str, FleetRecord])
    ecs: EcsState = struct_field(default_factory=EcsState)
    functions: LambdaState = struct_field(default_factory=LambdaState)
    rules: RulesState = struct_field(default_factory=RulesState)
    queues: asynchronous.Queues = struct_field(default_factory=asynchronous.Queues)


@dataclass(frozen=True, slots=True)
class PlaneConfig:
    """Parameters of the world. ``zones`` loads a time zone by its IANA name.

    ``book`` has the prices at which capacity is bought and billed.
    """

    zones: Callable[[str], tzinfo]
    hosting: HostingConfig = field(default_factory=HostingConfig)
    cloudwatch: CloudWatchConfig = field(default_factory=CloudWatchConfig)
    groups: GroupConfig = field(default_factory=GroupConfig)
    book: Book = BOOK
    balancing: BalancingConfig = field(default_factory=BalancingConfig)
    tasks: EcsConfig = field(default_factory=EcsConfig)


class Plane:
    """The services of a region. Each knows the others only through narrow ports."""

    def __init__(self, region: str, state: PlaneState, config: PlaneConfig) -> None:
        self.fleets = state.fleets
        self._moved: set[str] = set()
        self._seen: dict[str, Seen] = {}
        self.cloudwatch = CloudWatch(state.cloudwatch, config.cloudwatch, config.zones)
        self.sagemaker = SageMaker(state.sagemaker, self.cloudwatch, config.hosting)
        self.asynchronous = asynchronous.Asynchronous(
            state.queues, state.sagemaker, self.cloudwatch
        )
        self.elbv2 = ElasticLoadBalancing(state.elbv2, self.cloudwatch, config.balancing)
        self.ecs = Ecs(state.ecs, self.cloudwatch, self.elbv2, config.tasks)
        self.kept = KeptCapacities(state.kept)
        self.scaling = ApplicationAutoScaling(
            {
                **self.kept.scalables,
                DIMENSION: self.sagemaker,
                PROVISIONED: ProvisionedConcurrency(self.sagemaker),
                SERVICES: self.ecs,
            },
            self.cloudwatch,
            config.zones,
            state.scaling,
            self.cloudwatch,
        )
        self.sagemaker.is_registered = self.scaling.is_registered
        self.ec2 = Ec2(state.ec2, region)
        self.groups = AutoScaling(
            region,
            self.ec2,
            self.cloudwatch,
            config.zones,
            state.groups,
            config.groups,
            balancing=GroupTargets(self.elbv2),
            price=prices_in(region, config.book),
        )
        hosts = Hosts(self.groups, state.addresses, self.elbv2.relocated)
        self.hosts = hosts
        self.ecs.host = hosts.host
        self.ecs.groups = partial(self.call, "autoscaling")
        self.elbv2.locate = self._locate
        self.elbv2.instance_state = self.ec2.state_of
        functions = Lambda(state.functions)
        self.elbv2.may_call = lambda function, group: functions.may_be_called(
            function, of_balancer(group)
        )
        self.ec2.members = GroupMembers(self.groups)
        self.ec2.moved = self.elbv2.relocated
        self.purchasing = Purchasing(config.book, state.purchasing)
        self.notifier = Notifier(state.sent, self.cloudwatch.record_action)
        self.rules = Rules(state.rules)
        self.capacity = Capacity(state.capacity, self.purchasing, self._place)
        self.capacity.report = self.on_event
        self.meter = Meter(state.capacity, self._on_fargate_spot)
        self.groups.grantable = self.capacity.grantable
        self.ecs.limit_of = self.capacity.limit_of
        self.ecs.quota_of = state.capacity.limits.get
        self.costs = CostExplorer(config.book)
        self.purchasing.used = self.capacity.in_reservation
        self.purchasing.room = self.capacity.room
        self.sagemaker.require = self.capacity.require
        self._machines: Mapping[str, Any] = {
            "application-autoscaling": self.scaling,
            "autoscaling": self.groups,
            "ec2": self.ec2,
            "cloudwatch": self.cloudwatch,
            "pricing": PriceListService(config.book),
            "ecs": self.ecs,
            "elbv2": self.elbv2,
            KEPT: self.kept,
            RULES: self.rules,
            "lambda": functions,
            "sagemaker": self.sagemaker,
            asynchronous.OWNER: self.asynchronous,
            "savingsplans": self.purchasing,
            "ce": self.costs,
            CAPACITY: self.capacity,
            capacity_operations.SERVICE: self.capacity,
        }
        groups, capacity = self.groups, self.capacity
        self._takers: Mapping[type[AnyEvent], tuple[Callable[[Any, Turn], None], ...]] = {
            BalancerReached: (self.elbv2.on_reached,),
            BalancersServed: (self.elbv2.on_served, self.meter.on_served),
            Concurrency: (self.sagemaker.on_concurrency,),
            EnvironmentsWanted: (self.sagemaker.on_wanted,),
            InstanceFailed: (
                capacity.on_gone,
                self.sagemaker.on_failed,
                self.ecs.on_gone,
                partial(group_events.on_failed, groups),
                hosts.on_gone,
                partial(running.on_failed, self.ec2),
            ),
            InstanceHealthy: (
                capacity.on_healthy,
                self.sagemaker.on_healthy,
                hosts.on_healthy,
                partial(group_events.on_healthy, groups),
                partial(running.on_healthy, self.ec2),
                self.ecs.on_healthy,
            ),
            InstancesMeasured: (partial(on_measured, groups),),
            InstanceStopped: (
                capacity.on_gone,
                self.sagemaker.on_stopped,
                self.ecs.on_gone,
                partial(group_events.on_stopped, groups),
                hosts.on_gone,
                partial(running.on_stopped, self.ec2),
            ),
            RequestsCompleted: (self.sagemaker.on_requests, self.meter.on_requests),
            RulesKept: (self.rules.on_kept,),
            SpotNoticed: (partial(group_events.on_spot, groups),),
            TargetsTurned: (self.elbv2.on_turned,),
            ContainerEnded: (self.ecs.on_container_ended,),
            TaskEnded: (self.ecs.on_ended, self.meter.on_ended),
            TaskHealthChanged: (self.ecs.on_health,),
            TasksMeasured: (self.ecs.on_measured,),
            TaskStarted: (self.ecs.on_started, self.meter.on_started),
        }

    def call(self, service: str, operation: str, params: Params, turn: Turn) -> Params:
        """Perform an operation. Raises Fault."""
        self._moved.add(service)
        bought = PURCHASES.get(service, {})
        machine = self.purchasing if operation in bought else self._machines[service]
        return OPERATIONS[service][operation](machine, params, turn)

    def on_event(self, event: AnyEvent, turn: Turn) -> None:
        """Take in what the world reports."""
        self._moved |= MOVING.get(type(event), frozenset())
        for take in self._takers.get(type(event), ()):
            take(event, turn)
        if isinstance(event, EngineRestarted):
            self.sagemaker.on_restart(turn)
            self.asynchronous.on_restart(turn)
            self.elbv2.on_restart(turn)
            self.ecs.on_restart(turn)
            group_events.on_restart(self.groups, turn)
            running.on_restart(self.ec2, turn)
            self.notifier.on_restart(turn)
            groups = self.groups.state
            own = self.ec2.state.instances
            known = {*self.sagemaker.state.instances, *groups.members, *groups.detached, *own}
            self.capacity.forget_others(known, turn)

    def on_answer(self, event: CallAnswered | CallFailed, turn: Turn) -> bool:
        """The world has answered a call; False if it was not one of the planes that had asked."""
        return (
            self.rules.on_answer(event)
            or self.notifier.on_answer(event, turn)
            or self.asynchronous.on_answer(event, turn)
        )

    def on_timer(self, owner: str, key: tuple[str, ...], turn: Turn) -> None:
        """A time that a service wished for has come."""
        self._moved.add(owner)
        if owner == "application-autoscaling":
            timers.on_timer(self.scaling, key, turn)
        elif owner == "autoscaling":
            group_timers.on_timer(self.groups, key, turn)
        else:
            self._machines[owner].on_timer(key, turn)

    def settle(self, turn: Turn) -> None:
        """Pass signals on until there are none, then tell the data plane what has changed."""
        while turn.signals:
            self._on_signal(turn.signals.pop(0), turn)
        self.elbv2.settle(turn)
        self.asynchronous.settle(turn)
        if "autoscaling" in self._moved:
            groups = self.groups.state.groups.values()
            note_groups(self.fleets, groups, self._seen, turn.at)
        if "ecs" in self._moved:
            note_services(self.fleets, self.ecs, turn.at)
        self._moved.clear()
        if turn.commands:
            self.capacity.screen(turn)
            self.meter.watch(turn)

    def _on_fargate_spot(self, arn: str) -> bool:
        task = self.ecs.state.tasks.get(arn)
        return task is not None and purchase_of(task) == SPOT

    def _place(self, instance_id: str) -> Place:
        """Whose an instance is that is launched in this turn."""
        found = self.groups.find(instance_id)
        if found is not None:
            group, instance = found
            return Place("autoscaling", group.name, instance.zone, instance.purchase)
        hosting = self.sagemaker.state.instances.get(instance_id)
        if hosting is not None:
            return Place("sagemaker", f"{hosting.endpoint}/{hosting.variant}")
        return Place("ec2", "")

    def _on_signal(self, signal: Signal, turn: Turn) -> None:
        if isinstance(signal, AlarmAction):
            self._moved |= {"autoscaling", "ecs"}
            self._on_alarm(signal, turn)
        elif isinstance(signal, CapacityFulfilled):
            scaling.on_fulfilled(self.scaling, signal, turn)
        elif isinstance(signal, CapacityFailed):
            scaling.on_failed(self.scaling, signal, turn)
        elif isinstance(signal, ScalableRemoved):
            targets.on_removed(self.scaling, signal, turn)
        elif isinstance(signal, Notification):
            self.notifier.send(signal, turn)
        elif isinstance(signal, Happened):
            self.rules.on_happened(signal, turn)
        else:
            self._moved.add("ecs")
            self.ecs.on_target(signal, turn)

    def _locate(self, target_id: str, port: int) -> Located | None:
        """Where a target listens: a task, an instance, else its own address."""
        return (
            self.ecs.locate(target_id, port)
            or self.ec2.locate(target_id, port)
            or self.hosts.locate(target_id, port)
        )

    def _on_alarm(self, action: AlarmAction, turn: Turn) -> None:
        """Do what an alarm asks for; its history says what came of the first time.

        A scaling action is repeated each minute; field logs show it in the history once.
        """
        if ":autoScalingGroupName/" in action.action:
            summary = group_scaling.on_alarm(self.groups, action, turn)
        elif ":scalingPolicy:" in action.action:
            summary = scaling.on_alarm(self.scaling, action, turn)
        elif action.action.startswith("arn:aws:sns:"):
            alarm = self.cloudwatch.state.alarms[action.alarm_name]
            self.notifier.send(notification(alarm, action, turn.region), turn, alarm.name)
            return
        elif action.action.startswith("arn:aws:lambda:"):
            alarm = self.cloudwatch.state.alarms[action.alarm_name]
            self.notifier.send(invocation(alarm, action, turn.region), turn, alarm.name)
            return
        elif operation := operation_of(action.action):
            summary = self._on_instance(action, operation, turn)
        else:
            summary = f"Failed to execute action {action.action}: no such target is offered"
        if not action.repeated:
            self.cloudwatch.record_action(action.alarm_name, action.action, summary, turn)

    def _on_instance(self, action: AlarmAction, operation: str, turn: Turn) -> str:
        """Do to the instance that an alarm watches what it asks for; what came of it."""
        instance = instance_of(self.cloudwatch.state.alarms[action.alarm_name].params)
        try:
            self.call("ec2", operation, {"InstanceIds": [instance]}, turn)
        except Fault as fault:
            return f'Failed to execute action {action.action}. Received error: "{fault.message}"'
        return f"Successfully executed action {action.action}"
