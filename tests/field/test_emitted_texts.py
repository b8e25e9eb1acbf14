"""The texts that AWS was seen to emit, typed in, each found among what our services emit.

``{X}`` stands for a value. The reasons of alarm states have a table of their own, with real values:
tests/scaling/test_alarm_reason.py.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from understudy.base.arn import DEFAULT_REGION
from understudy.base.fault import Fault
from understudy.control.autoscaling.service import GroupConfig
from understudy.control.events import InstanceFailed
from understudy.control.turn import Turn
from understudy.testing.group_story import NAME, GroupStory
from understudy.testing.scalables import Fleet
from understudy.testing.scaling_story import ScalingStory


def typed_in(name: str) -> list[str]:
    """The templates of a file, one in each line."""
    return (Path(__file__).parent / "texts" / f"{name}.txt").read_text().splitlines()


def matches(template: str, text: str) -> bool:
    """Whether a text is a template filled in.

    >>> matches("Setting desired count to {N}.", "Setting desired count to 3.")
    True
    """
    parts = re.split(r"\{\w+\}", template)
    return re.fullmatch(".+?".join(map(re.escape, parts)), text) is not None


class Draining:
    """A target group that drains for a minute and finds some instances sick."""

    def __init__(self) -> None:
        self.sick: set[str] = set()

    def register(self, source: str, instance_id: str, turn: Turn) -> None:
        """Nothing is sent."""

    def deregister(self, source: str, instance_id: str, turn: Turn) -> float:
        """It drains."""
        return 60.0

    def healthy(self, source: str, instance_id: str) -> bool:
        """Whether it was not found sick."""
        return instance_id not in self.sick


def told(story: GroupStory) -> Iterator[str]:
    """Every text in the activities of a group, and in the actions of its alarms."""
    for each in story.activities():
        yield each["Description"]
        yield each["Cause"]
        yield each["StatusCode"]
        yield each.get("StatusMessage", "")
        yield each["Details"]
    history = story.call("DescribeAlarmHistory", "cloudwatch")["AlarmHistoryItems"]
    yield from (each["HistorySummary"] for each in history)
    for alarm in story.call("DescribeAlarms", "cloudwatch")["MetricAlarms"]:
        yield alarm["AlarmName"]
        yield alarm.get("AlarmDescription", "")
        yield from alarm["AlarmActions"]


def scaled() -> Iterator[str]:
    """A group that a policy, users and a refresh change."""
    story = GroupStory(config=GroupConfig(30.0, 10.0, 20.0))
    story.create(1, 6, 1)
    story.run(60)
    story.track(50.0)
    story.cpu = lambda each: 90.0
    story.run(1200)
    yield from told(story)
    story.cpu = lambda each: 2.0
    story.run(2400)
    story.of("SetDesiredCapacity", DesiredCapacity=3)
    story.run(120)
    story.of("UpdateAutoScalingGroup", MaxSize=5, DesiredCapacity=4)
    story.run(120)
    story.step("more", (0, None, 1), EstimatedInstanceWarmup=0)
    story.of("ExecutePolicy", PolicyName="more", MetricValue=90.0, BreachThreshold=50.0)
    story.run(120)
    for decrement in (True, False):
        story.call(
            "TerminateInstanceInAutoScalingGroup",
            InstanceId=story.ids()[0],
            ShouldDecrementDesiredCapacity=decrement,
        )
        story.run(5)
        yield from told(story)
        story.run(115)
    story.call("SetInstanceHealth", InstanceId=story.ids()[0], HealthStatus="Unhealthy")
    story.run(120)
    story.of("StartInstanceRefresh", Preferences={"MinHealthyPercentage": 50})
    story.run(1200)
    story.of("PutWarmPool", MinSize=2)
    story.run(60)
    story.of("SetDesiredCapacity", DesiredCapacity=5)
    story.run(60)
    yield from told(story)


def balanced() -> Iterator[str]:
    """A group behind a load balancer that finds an instance sick, and that loses one."""
    balancer = Draining()
    story = GroupStory(balancing=balancer)
    story.create(3, 6, 3, TargetGroupARNs=["tg"], HealthCheckType="ELB")
    story.run(30)
    balancer.sick.add(story.ids()[0])
    story.run(60)
    yield from told(story)
    story.run(300)
    lost(story)
    story.run(60)
    yield from told(story)


def lost(story: GroupStory) -> None:
    """An instance ends by itself."""
    story.tell(InstanceFailed(story.at, DEFAULT_REGION, story.ids()[-1], "terminated"))


def refused(reason: str, **more: Any) -> Iterator[str]:
    """A group whose launches are refused."""
    story = GroupStory()
    story.refuse = lambda launch: reason
    story.create(1, 2, **more)
    story.run(5)
    yield from told(story)


def hooked() -> Iterator[str]:
    """A launch hook that is completed with ABANDON."""
    story = GroupStory()
    hook = {
        "LifecycleHookName": "setup",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
    }
    story.create(1, 2, LifecycleHookSpecificationList=[hook])
    yield from told(story)
    story.of(
        "CompleteLifecycleAction",
        LifecycleHookName="setup",
        LifecycleActionResult="ABANDON",
        InstanceId=story.instances()[0].id,
    )
    story.run(1)
    yield from told(story)


@cache
def groups() -> tuple[str, ...]:
    vcpus = (
        "VcpuLimitExceeded - You have requested more vCPU capacity than your current vCPU limit of "
        "0 allows for the instance bucket that the specified instance type belongs to. Please visit"
        " http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit."
    )
    kms = "Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state"
    free = (
        "InvalidParameterCombination - The specified instance type is not eligible for Free Tier. "
        "For a list of Free Tier instance types, run 'describe-instance-types' with the filter "
        "'free-tier-eligible=true'."
    )
    distribution = {"OnDemandPercentageAboveBaseCapacity": 0}
    spot = {
        "MixedInstancesPolicy": {
            "LaunchTemplate": {
                "LaunchTemplateSpecification": {"LaunchTemplateName": "spot", "Version": "1"}
            },
            "InstancesDistribution": distribution,
        }
    }
    reasons = ("InsufficientInstanceCapacity", vcpus, kms, free)
    texts = [*scaled(), *balanced(), *hooked(), *unfilled(spot)]
    for reason in reasons:
        texts += refused(reason)
    return tuple(texts)


def unfilled(spot: dict[str, Any]) -> Iterator[str]:
    """A group of spot instances for which there is no capacity."""
    story = GroupStory()
    story.template("spot")
    story.refuse = lambda launch: "UnfulfillableCapacity"
    story.create(1, 2, **spot)
    story.run(5)
    yield from told(story)


@pytest.mark.parametrize("template", typed_in("groups"))
def test_a_group_says_what_groups_on_aws_said(template: str) -> None:
    assert any(matches(template, text) for text in groups())


def test_the_details_of_a_policys_activity_name_its_alarm() -> None:
    details = [json.loads(text) for text in groups() if text.startswith('{"Availability Zone"')]
    invoking = [each["InvokingAlarms"] for each in details if "InvokingAlarms" in each]
    (alarm,) = invoking[0]
    assert alarm["AlarmArn"].endswith(alarm["AlarmName"])
    assert alarm["Trigger"]["MetricName"] == "CPUUtilization"
    assert alarm["Trigger"]["Period"] == 60
    assert alarm["Trigger"]["EvaluationPeriods"] in {3, 15}
    assert alarm["NewStateValue"] == "ALARM"
    assert alarm["AlarmName"].startswith(f"TargetTracking-{NAME}-")
    assert alarm["StateChangeTime"] > 1e12


def activities(story: ScalingStory) -> Iterator[str]:
    for each in story.activities(not_scaled=True):
        yield each["Description"]
        yield each["Cause"]
        yield each["StatusCode"]
        yield each.get("StatusMessage", "")
        yield from (reason["Code"] for reason in each.get("NotScaledReasons", ()))
    for alarm in story.book.alarms.values():
        yield alarm["AlarmName"]
        yield alarm.get("AlarmDescription", "")
        yield from alarm["AlarmActions"]


def service_that_scales() -> Iterator[str]:
    story = ScalingStory("ecs:service:DesiredCount", "service/c/s", 1)
    story.register(2, 4)
    story.run(60)
    story.track(50.0, "ECSServiceAverageCPUUtilization")
    story.call(
        "PutScheduledAction",
        ScheduledActionName="morning",
        Schedule="rate(1 hour)",
        ScalableTargetAction={"MinCapacity": 1, "MaxCapacity": 5},
    )
    story.metric = lambda now: 90.0
    story.run(1200)
    yield from activities(story)
    story.metric = lambda now: 1.0
    story.run(7200)
    yield from activities(story)


def variant_that_scales() -> Iterator[str]:
    story = ScalingStory()
    arn = ""
    story.register(1, 8)
    arn = story.step("out", (0, None, 1), Cooldown=0)
    story.alarm(arn, (9.0,), 1.0, "GreaterThanThreshold")
    yield from activities(story)
    story.run(60)
    yield story.alarm(arn, (9.0,), 1.0, "GreaterThanThreshold")
    yield story.alarm(arn, (), 1.0, "GreaterThanThreshold")
    story.run(60)
    story.fleet.limit = 2
    story.alarm(arn, (9.0,), 1.0, "GreaterThanThreshold")
    exact = story.step("exact", (0, None, 3), AdjustmentType="ExactCapacity", Cooldown=0)
    story.alarm(exact, (9.0,), 1.0, "GreaterThanThreshold")
    yield from activities(story)
    down = story.step("in", (None, 0, -1), Cooldown=0)
    story.fleet.put("endpoint/digits/variant/blue", 3, "TargetServicePutResourceAsUnscalable")
    story.alarm(down, (0.0,), 1.0, "LessThanThreshold")
    yield from activities(story)


def two_that_hardly_idle() -> Iterator[str]:
    """Two instances at 40 of 50: one of them would be at 80."""
    story = ScalingStory(units=2)
    story.register(1, 8)
    story.track(50.0, "SageMakerVariantInvocationsPerInstance")
    story.metric = lambda now: 40.0
    story.run(1800)
    yield from activities(story)


def others() -> Iterator[str]:
    """Services whose capacity is called otherwise, and one that has a limit."""
    for dimension, resource, quantity in (
        ("dynamodb:table:WriteCapacityUnits", "table/T", "write capacity units"),
        ("dynamodb:table:ReadCapacityUnits", "table/T", "read capacity units"),
        ("appstream:fleet:DesiredCapacity", "fleet/sample-fleet", "desired capacity"),
    ):
        story = ScalingStory(dimension, resource, 1)
        fleet = Fleet(dimension, dimension.split(":")[0], quantity)
        fleet.put(resource, 1)
        if "appstream" in dimension:
            fleet = Limited(dimension, "appstream", quantity)
            fleet.put(resource, 1)
        story.fleet, story.service.scalables = fleet, {dimension: fleet}
        story.stage.add("fleet", fleet, {})
        story.register(5, 9)
        story.run(60)
        yield from activities(story)


class Limited(Fleet):
    """A fleet at its limit."""

    def set_desired(self, resource_id: str, desired: int, turn: Turn) -> None:
        """Refuse."""
        raise Fault(
            "LimitExceededException",
            "The Instance type 'stream.standard.medium' capacity limit for fleet sample-fleet' was "
            f"exceeded. Requested: {desired}, Limit: 1 (Service: AmazonAppStream; Status Code: 400;"
            " Error Code: LimitExceededException; Request ID: 1; Proxy: null).",
        )


@cache
def targets() -> tuple[str, ...]:
    return (
        *service_that_scales(),
        *variant_that_scales(),
        *two_that_hardly_idle(),
        *others(),
    )


@pytest.mark.parametrize("template", typed_in("targets"))
def test_a_target_says_what_targets_on_aws_said(template: str) -> None:
    assert any(matches(template, text) for text in targets())
