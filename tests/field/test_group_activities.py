"""What others recorded of the activities of EC2 Auto Scaling groups: texts, times, durations.

Each test names its case. The durations of launches and terminations are parameters of the world;
what is replayed is how an activity goes when they are as recorded.
"""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from understudy.control.autoscaling.service import GroupConfig
from understudy.control.events import Params
from understudy.control.plane import PlaneConfig
from understudy.control.turn import Turn
from understudy.testing.balancing import health, web
from understudy.testing.group_story import NAME, GroupStory
from understudy.testing.region import Region


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


class Balancer:
    """A target group that drains for some seconds and finds some instances sick."""

    def __init__(self, drain: float) -> None:
        self.drain = drain
        self.sick: set[str] = set()

    def register(self, source: str, instance_id: str, turn: Turn) -> None:
        """Nothing is sent."""

    def deregister(self, source: str, instance_id: str, turn: Turn) -> float:
        """It drains."""
        return self.drain

    def healthy(self, source: str, instance_id: str) -> bool:
        """Whether it was not found sick."""
        return instance_id not in self.sick


@pytest.mark.parametrize(
    ("begin", "reaction", "startup", "cause"),
    [
        pytest.param(
            "2013-08-19T20:53:25",
            4.0,
            32.0,
            "At 2013-08-19T20:53:25Z a user request created an AutoScalingGroup changing the "
            "desired capacity from 0 to 1.  At 2013-08-19T20:53:29Z an instance was started in "
            "response to a difference between desired and actual capacity, increasing the capacity "
            "from 0 to 1.",
            id="asg-2013-launch: 4 s to start, 32 s",
        ),
        pytest.param(
            "2017-06-13T17:19:15",
            13.0,
            64.0,
            "At 2017-06-13T17:19:15Z a user request created an AutoScalingGroup changing the "
            "desired capacity from 0 to 1.  At 2017-06-13T17:19:28Z an instance was started in "
            "response to a difference between desired and actual capacity, increasing the capacity "
            "from 0 to 1.",
            id="asg-2017-gpu-launch: 13 s and 64 s",
        ),
    ],
)
def test_first_launches(begin: str, reaction: float, startup: float, cause: str) -> None:
    story = GroupStory(at(begin), GroupConfig(startup, reaction))
    story.create(1, 2)
    story.run(300)
    (activity,) = story.activities()
    assert activity["Cause"] == cause
    assert activity["Description"] == f"Launching a new EC2 instance: {story.instances()[0].id}"
    assert activity["EndTime"] - activity["StartTime"] == startup
    assert activity["StatusCode"] == "Successful"


@pytest.mark.parametrize(
    ("before", "begin", "reaction", "termination"),
    [
        pytest.param(4, "2017-03-24T15:14:38", 24.0, 73.0, id="asg-terminate-2025-user"),
        pytest.param(3, "2016-12-12T18:53:28", 14.0, 45.0, id="asg-2016-aps"),
    ],
)
def test_a_user_asks_for_one_less(
    before: int, begin: str, reaction: float, termination: float
) -> None:
    config = GroupConfig(1.0, reaction, termination)
    story = GroupStory(at(begin) - 600, config)
    story.create(1, 4, before)
    story.run_to(at(begin))
    story.of("UpdateAutoScalingGroup", DesiredCapacity=before - 1)
    story.run(300)
    activity = story.activities()[0]
    out = datetime.fromtimestamp(at(begin) + reaction, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    gone = activity["Description"].removeprefix("Terminating EC2 instance: ")
    assert activity["Cause"] == (
        f"At {begin}Z a user request update of AutoScalingGroup constraints to min: 1, max: 4, "
        f"desired: {before - 1} changing the desired capacity from {before} to {before - 1}.  At "
        f"{out} an instance was taken out of service in response to a difference between desired "
        f"and actual capacity, shrinking the capacity from {before} to {before - 1}.  At {out} "
        f"instance {gone} was selected for termination."
    )
    assert activity["EndTime"] - activity["StartTime"] == termination


@pytest.mark.parametrize(
    ("begin", "reaction"),
    [
        pytest.param("2020-02-11T18:34:10", 21.0, id="asg-london-doc-3-2: 21 s, then 22 s"),
        pytest.param("2020-09-12T10:16:52", 10.0, id="asg-testbed-2020: 10 s"),
    ],
)
def test_a_policy_asks_for_one_less(begin: str, reaction: float) -> None:
    story = GroupStory(at(begin) - 1800, GroupConfig(1.0, reaction, 22.0))
    story.create(1, 4, 3)
    story.track(50.0, "my-target-tracking-policy")
    story.cpu = lambda each: 30.0
    story.run(1800)
    activity = next(e for e in story.activities() if "3 to 2" in e["Cause"])
    alarm = activity["Cause"].split("a monitor alarm ")[1].split(" in state")[0]
    decided = at(activity["Cause"][3:22])
    out = datetime.fromtimestamp(decided + reaction, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    gone = activity["Description"].split(": ")[1]
    assert alarm.startswith(f"TargetTracking-{NAME}-AlarmLow-")
    assert activity["Cause"] == (
        f"At {activity['Cause'][3:22]}Z a monitor alarm {alarm} in state ALARM triggered policy "
        f"my-target-tracking-policy changing the desired capacity from 3 to 2.  At {out} an "
        "instance was taken out of service in response to a difference between desired and actual "
        f"capacity, shrinking the capacity from 3 to 2.  At {out} instance {gone} was selected for "
        "termination."
    )
    assert activity["EndTime"] - activity["StartTime"] == pytest.approx(22.0, abs=1)


@pytest.mark.parametrize(
    ("drain", "termination", "seconds"),
    [
        pytest.param(300.0, 45.0, 345.0, id="asg-jp2018-elbfail: 345 s"),
        pytest.param(300.0, 4.5, 304.5, id="asg-godbolt-elb: 304.5 s"),
    ],
)
def test_a_balancer_finds_an_instance_sick(
    drain: float, termination: float, seconds: float
) -> None:
    # The replacement began 31 s later in 2018, and 1 to 2 s later in 2026: here at once.
    balancer = Balancer(drain)
    story = GroupStory(config=GroupConfig(33.0, 0.0, termination), balancing=balancer)
    story.create(2, 4, TargetGroupARNs=["tg"], HealthCheckType="ELB")
    story.run(120)
    balancer.sick.add(story.ids()[0])
    story.run(600)
    found = [e for e in story.activities() if e["StartTime"] > story.at - 700]
    gone = next(e for e in found if e["Description"].startswith("Terminating"))
    came = next(e for e in found if "unhealthy instance" in e["Cause"])
    assert gone["Cause"].endswith(
        "an instance was taken out of service in response to an ELB system health check failure."
    )
    assert gone["EndTime"] - gone["StartTime"] == pytest.approx(seconds, abs=1)
    assert 0 <= came["StartTime"] - gone["StartTime"] <= 2
    assert came["EndTime"] - came["StartTime"] == pytest.approx(33, abs=1)


def test_asg_lch_terminating() -> None:
    # A terminating hook that nobody answers: 30 minutes as it was configured, then it goes.
    story = GroupStory(at("2018-05-07T15:00:00"), GroupConfig(1.0, 5.0, 3.0))
    hook: dict[str, Any] = {
        "LifecycleHookName": "drain",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
        "HeartbeatTimeout": 1800,
    }
    story.create(1, 3, 2, LifecycleHookSpecificationList=[hook])
    story.run_to(at("2018-05-07T15:14:41"))
    story.of("SetDesiredCapacity", DesiredCapacity=1)
    story.run(1700)
    assert story.activities()[0]["StatusCode"] == "MidTerminatingLifecycleAction"
    story.run(300)
    activity = story.activities()[0]
    assert activity["StatusCode"] == "Successful"
    assert 1800 <= activity["EndTime"] - activity["StartTime"] <= 1810


@pytest.mark.parametrize(
    ("pooled", "seconds"),
    [
        pytest.param(False, 243.0, id="asg-warmpool-aws-sample: a cold launch takes 243 s"),
        pytest.param(True, 36.0, id="asg-warmpool-aws-sample: from the warm pool 36 s"),
    ],
)
def test_launches_from_a_warm_pool(pooled: bool, seconds: float) -> None:
    # Starting takes 36 s; what a launch hook is held for is the bootstrap that the pool saves.
    story = GroupStory(config=GroupConfig(36.0))
    hook: dict[str, Any] = {
        "LifecycleHookName": "bootstrap",
        "LifecycleTransition": "autoscaling:EC2_INSTANCE_LAUNCHING",
        "HeartbeatTimeout": 3600,
    }
    story.create(0, 6, 0, LifecycleHookSpecificationList=[hook])
    if pooled:
        story.of("PutWarmPool", MinSize=1)
        story.run(400)
        complete(story)
        story.run(60)
    story.of("SetDesiredCapacity", DesiredCapacity=1)
    begun = story.at
    story.run(36 if pooled else 243)
    complete(story)
    story.run(0)
    (served,) = story.instances("InService")
    assert served.in_service_at - begun == seconds
    activity = next(e for e in story.activities() if served.id in e["Description"])
    from_pool = f"Launching a new EC2 instance from warm pool: {served.id}"
    assert (activity["Description"] == from_pool) == pooled


def complete(story: GroupStory) -> None:
    """The bootstrap of every instance that waits is done."""
    for each in story.instances("Pending:Wait", "Warmed:Pending:Wait"):
        story.of(
            "CompleteLifecycleAction",
            LifecycleHookName="bootstrap",
            LifecycleActionResult="CONTINUE",
            InstanceId=each.id,
        )


def test_asg_warmpool_kr() -> None:
    # Desired from 1 to 6 takes five instances out of the pool at once, none is launched cold.
    story = GroupStory(config=GroupConfig(95.0))
    story.create(1, 6, 1)
    story.of("PutWarmPool")
    story.run(400)
    story.of("SetDesiredCapacity", DesiredCapacity=6)
    story.run(126)
    assert len(story.instances("InService")) == 6
    warm = [e for e in story.activities() if "from warm pool" in e["Description"]]
    assert len(warm) == 5
    assert {69 <= e["EndTime"] - e["StartTime"] <= 126 for e in warm} == {True}


def test_asg_kms_cancel() -> None:
    # An instance that ends before it is in service: Cancelled, with the reason of EC2.
    story = GroupStory()
    reason = "Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state"
    story.refuse = lambda launch: reason
    story.create(1, 2)
    story.run(10)
    activity = story.activities()[0]
    assert activity["StatusCode"] == "Cancelled"
    assert activity["StatusMessage"] == (
        "Instance became unhealthy while waiting for instance to be in InService state. "
        f"Termination Reason: {reason}"
    )


def test_asg_ha_lab_6min() -> None:
    # An instance is terminated: its replacement is launched in the same second, healthy in 6 min.
    story = GroupStory(config=GroupConfig(startup_delay=300.0))
    story.create(2, 4)
    story.run(400)
    lost = story.ids()[0]
    ended = story.at
    story.call(
        "TerminateInstanceInAutoScalingGroup",
        InstanceId=lost,
        ShouldDecrementDesiredCapacity=False,
    )
    story.run(1)
    assert story.instances("Pending")[0].launched_at == ended
    story.run(359)
    assert len(story.instances("InService")) == 2


def test_asg_bitopi_initial() -> None:
    # Two instances whose user data installs Node are healthy within some 4 minutes, at a check of
    # 15 s and 2 healthy answers. How long it installs is not recorded: three minutes.
    config = PlaneConfig(ZoneInfo, groups=GroupConfig(startup_delay=180.0))
    region = Region(config=config)
    check: Params = {"HealthCheckIntervalSeconds": 15, "HealthyThresholdCount": 2}
    front = web(region, TargetType="instance", **check)
    template = {"LaunchTemplateName": "node"}
    data = {"ImageId": "ami-0123456789abcdef0", "InstanceType": "t3.micro"}
    region.call("ec2", "CreateLaunchTemplate", **template, LaunchTemplateData=data)
    region.call(
        "autoscaling",
        "CreateAutoScalingGroup",
        AutoScalingGroupName="node",
        LaunchTemplate=template,
        MinSize=2,
        MaxSize=4,
        AvailabilityZones=["us-east-1a", "us-east-1b"],
        TargetGroupARNs=[front.group],
    )
    begun = region.now
    while list(health(region, front.group).values()) != ["healthy"] * 2:
        region.advance(1)
        assert region.now - begun <= 300
    assert region.now - begun >= 180
