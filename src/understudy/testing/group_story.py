"""A story in virtual time: groups in one region, a world that launches and stops, and a load.

CloudWatch is the real one, and so are its alarms; only what EC2 would do is made up here.
"""

import heapq
from collections.abc import Callable, Iterable
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from understudy.base.arn import DEFAULT_REGION
from understudy.base.fault import Fault
from understudy.base.identity import Ids
from understudy.control.autoscaling.service import Balancing, GroupConfig
from understudy.control.autoscaling.state import Group, Instance
from understudy.control.cloudwatch.books import CloudWatchConfig
from understudy.control.events import (
    AnyCommand,
    AnyEvent,
    ApiCalled,
    InstanceFailed,
    InstanceHealthy,
    InstancesMeasured,
    InstanceStopped,
    Launch,
    Params,
    Stop,
)
from understudy.control.plane import Plane, PlaneConfig, PlaneState
from understudy.control.signals import Notification
from understudy.control.turn import Turn

NAME = "web"
START = 1_780_000_020.0
"""The beginning of a minute."""

MINUTE = 60.0
Refuse = Callable[[Launch], str | None]
"""Why the world does not launch an instance; None if it does."""


def never(launch: Launch) -> str | None:
    """Launch everything."""
    del launch
    return None


class GroupStory:
    """Time starts at ``at`` and moves with ``run``.

    ``cpu`` gives the CPU utilisation, in percent, of an instance in service at the end of a minute
    (None for no datapoint). ``refuse`` says what the world does not launch, ``stubborn`` instances
    never come up. ``journal`` has every event with its time, for ``replayed``.
    """

    def __init__(
        self,
        at: float = START,
        config: GroupConfig | None = None,
        balancing: Balancing | None = None,
        cloudwatch: CloudWatchConfig | None = None,
        seed: int = 0,
    ) -> None:
        self.at = at
        self.cpu: Callable[[Instance], float | None] = lambda instance: None
        self.refuse: Refuse = never
        self.silent = False
        self.journal: list[AnyEvent] = []
        self.launched: list[Launch] = []
        self.notifications: list[Notification] = []
        self._config = PlaneConfig(
            ZoneInfo, cloudwatch=cloudwatch or CloudWatchConfig(), groups=config or GroupConfig()
        )
        self._seed = seed
        self._ids = Ids(seed)
        self._balancing = balancing
        self._sequence = 0
        self._timers: list[tuple[float, int, str, tuple[str, ...]]] = []
        self._events: list[tuple[float, int, AnyEvent]] = []
        self.state = PlaneState()
        self._wake()
        self._next_minute = (at // MINUTE + 1) * MINUTE

    def _wake(self) -> None:
        self.plane = Plane(DEFAULT_REGION, self.state, self._config)
        if self._balancing is not None:
            self.plane.groups.balancing = self._balancing

    def restart(self) -> None:
        """Continue with the state as it comes back from storage."""
        stored = msgspec.msgpack.encode(self.state)
        self.state = msgspec.msgpack.decode(stored, type=PlaneState)
        self._wake()

    def call(self, operation: str, service: str = "autoscaling", **params: Any) -> Params:
        """Call an operation now. Raises Fault."""
        self._fire(self.at)
        event = ApiCalled(self.at, DEFAULT_REGION, service, operation, params, "story")
        self.journal.append(event)
        answer = self._handle(event)
        if isinstance(answer, Fault):
            raise answer
        return answer or {}

    def of(self, operation: str, **params: Any) -> Params:
        """Call an operation for the group of the story. Raises Fault."""
        return self.call(operation, AutoScalingGroupName=NAME, **params)

    def tell(self, event: AnyEvent) -> None:
        """Something happens in the world now."""
        self._fire(self.at)
        self.journal.append(event)
        self._handle(event)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.run_to(self.at + seconds)

    def run_to(self, until: float) -> None:
        """Let time pass until a time. Timers go before events of the same time, as everywhere."""
        while True:
            event = self._events[0][0] if self._events else float("inf")
            at = min(event, self._next_minute)
            self._fire(min(at, until))
            event = self._events[0][0] if self._events else float("inf")
            if min(event, self._next_minute) < at:
                continue
            if at > until:
                break
            self.at = max(self.at, at)
            if event <= self._next_minute:
                told = heapq.heappop(self._events)[2]
                self.tell(msgspec.structs.replace(told, at=self.at))
            else:
                self._next_minute += MINUTE
                self._measure()
        self.at = max(self.at, until)

    def _fire(self, until: float) -> None:
        """Fire the timers that are due up to a time, unless an event comes before."""
        while self._timers and self._timers[0][0] <= until:
            if self._events and self._events[0][0] < self._timers[0][0]:
                break
            at, _, owner, key = heapq.heappop(self._timers)
            self.at = max(self.at, at)
            turn = Turn(self.at, DEFAULT_REGION, self._ids)
            self.plane.on_timer(owner, key, turn)
            self._settle(turn)

    def _handle(self, event: AnyEvent) -> Params | Fault | None:
        turn = Turn(event.at, DEFAULT_REGION, self._ids)
        answer: Params | Fault | None = None
        if isinstance(event, ApiCalled):
            try:
                answer = self.plane.call(event.service, event.operation, event.params, turn)
            except Fault as fault:
                answer = fault
        else:
            self.plane.on_event(event, turn)
        self._settle(turn)
        return answer

    def _settle(self, turn: Turn) -> None:
        self.notifications += [each for each in turn.signals if isinstance(each, Notification)]
        self.plane.settle(turn)
        for at, owner, key in turn.timers:
            self._sequence += 1
            heapq.heappush(self._timers, (at, self._sequence, owner, key))
        if not self.silent:
            for command in turn.commands:
                self._perform(command)

    def _push(self, event: AnyEvent) -> None:
        self._sequence += 1
        heapq.heappush(self._events, (event.at, self._sequence, event))

    def _perform(self, command: AnyCommand) -> None:
        if isinstance(command, Launch):
            self.launched.append(command)
            reason = self.refuse(command)
            identity = command.instance_id
            if reason is None:
                event = InstanceHealthy(self.at, DEFAULT_REGION, identity, "stand-in", 0)
            else:
                event = InstanceFailed(self.at, DEFAULT_REGION, identity, reason)
            self._push(event)
        elif isinstance(command, Stop):
            event = InstanceStopped(self.at, DEFAULT_REGION, command.instance_id)
            self._push(event)

    def _measure(self) -> None:
        samples = [
            (each.id, value)
            for group in self.plane.groups.state.groups.values()
            for each in group.instances.values()
            if each.lifecycle == "InService" and (value := self.cpu(each)) is not None
        ]
        if samples:
            event = InstancesMeasured(
                self.at, DEFAULT_REGION, "CPUUtilization", "Percent", tuple(samples)
            )
            self.tell(event)

    def replayed(self) -> "GroupStory":
        """The same story from its journal: what the world did is told again, nothing is asked."""
        story = GroupStory(
            self.journal[0].at if self.journal else self.at,
            self._config.groups,
            self._balancing,
            self._config.cloudwatch,
            self._seed,
        )
        story.silent = True
        for event in self.journal:
            story._fire(event.at)
            story.at = event.at
            story._handle(event)
        story._fire(self.at)
        story.at = self.at
        return story

    def template(self, name: str = "web", **data: Any) -> Params:
        """A launch template, and the specification that names it."""
        data = {"ImageId": "ami-1", "InstanceType": "t3.micro", **data}
        self.call("CreateLaunchTemplate", "ec2", LaunchTemplateName=name, LaunchTemplateData=data)
        return {"LaunchTemplateName": name, "Version": "$Latest"}

    def create(self, minimum: int, maximum: int, desired: int | None = None, **more: Any) -> Group:
        """Create the group of the story, in two zones, and let it launch."""
        params: Params = {
            "MinSize": minimum,
            "MaxSize": maximum,
            "AvailabilityZones": ["us-east-1a", "us-east-1b"],
            **({} if desired is None else {"DesiredCapacity": desired}),
            **more,
        }
        sources = ("LaunchTemplate", "MixedInstancesPolicy", "LaunchConfigurationName")
        if not any(member in params for member in sources):
            params["LaunchTemplate"] = self.template()
        self.of("CreateAutoScalingGroup", **params)
        self.run(0)
        return self.group

    @property
    def group(self) -> Group:
        """The group of the story."""
        return self.plane.groups.state.groups[NAME]

    @property
    def desired(self) -> int:
        """Its desired capacity."""
        return self.group.desired

    def instances(self, *lifecycles: str) -> list[Instance]:
        """Its instances, or those in some lifecycle states, oldest first."""
        found = self.group.instances.values()
        return [each for each in found if not lifecycles or each.lifecycle in lifecycles]

    def states(self) -> list[str]:
        """The lifecycle states of its instances, sorted."""
        return sorted(each.lifecycle for each in self.group.instances.values())

    def ids(self, count: int = 1) -> list[str]:
        """The ids of its oldest instances in service."""
        return [each.id for each in self.instances("InService")[:count]]

    def activities(self, **params: Any) -> list[Params]:
        """The activities of the group, newest first."""
        return self.of("DescribeScalingActivities", **params)["Activities"]

    def track(self, target: float, name: str = "cpu", **more: Any) -> Params:
        """Put a target tracking policy on the average CPU utilisation."""
        metric = {"PredefinedMetricType": "ASGAverageCPUUtilization"}
        scale_in = {"DisableScaleIn": True} if more.pop("no_scale_in", False) else {}
        configuration = {"TargetValue": target, "PredefinedMetricSpecification": metric, **scale_in}
        return self.of(
            "PutScalingPolicy",
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingConfiguration=configuration,
            **more,
        )

    def step(self, name: str, *steps: tuple[float | None, float | None, int], **more: Any) -> str:
        """Put a step scaling policy with steps (lower, upper, adjustment); its ARN comes back."""
        members = ("MetricIntervalLowerBound", "MetricIntervalUpperBound", "ScalingAdjustment")
        adjustments = [
            {key: value for key, value in zip(members, each, strict=True) if value is not None}
            for each in steps
        ]
        answer = self.of(
            "PutScalingPolicy",
            PolicyName=name,
            PolicyType="StepScaling",
            StepAdjustments=adjustments,
            **{"AdjustmentType": "ChangeInCapacity", **more},
        )
        return answer["PolicyARN"]

    def alarm(self, name: str, actions: Iterable[str], **more: Any) -> None:
        """Put an alarm on the average CPU utilisation of the group: above 50 in one minute."""
        self.call(
            "PutMetricAlarm",
            "cloudwatch",
            **{
                "AlarmName": name,
                "Namespace": "AWS/EC2",
                "MetricName": "CPUUtilization",
                "Dimensions": [{"Name": "AutoScalingGroupName", "Value": NAME}],
                "Statistic": "Average",
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": 50.0,
                "ComparisonOperator": "GreaterThanThreshold",
                "AlarmActions": list(actions),
                **more,
            },
        )
