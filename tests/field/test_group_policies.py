"""What others recorded of policies of EC2 Auto Scaling groups, replayed in virtual time.

Each test names its case. Where a recording leaves something out, the comment says what is assumed.
The delays of the world are those that were recorded: a group acts some 12 s after a decision, and
an instance is in service about a minute later.
"""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from understudy.base.arn import DEFAULT_REGION
from understudy.base.identity import Ids
from understudy.control.autoscaling.service import GroupConfig
from understudy.control.autoscaling.state import Instance
from understudy.control.cloudwatch.books import CloudWatchConfig
from understudy.control.turn import Turn
from understudy.metrics.datapoint import of_value
from understudy.testing.group_story import NAME, GroupStory

RECORDED = GroupConfig(startup_delay=58.0, reaction_delay=13.0, termination_delay=45.0)
LATE = CloudWatchConfig(minute_delay=90.0)
"""Between the 4 s and the 110 s after a minute at which alarms on EC2 and RDS metrics changed."""


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def clock(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M:%S")


def pinned(story: GroupStory, percent: float) -> None:
    story.cpu = lambda each: percent


def changes(story: GroupStory, seconds: float) -> list[tuple[float, int]]:
    """The desired capacities that follow, each with the second at which it was set."""
    seen: list[tuple[float, int]] = []
    before = story.desired
    end = story.at + seconds
    while story.at < end:
        story.run(1)
        if story.desired != before:
            before = story.desired
            seen.append((story.at, before))
    return seen


def publish(
    story: GroupStory, namespace: str, name: str, dimension: tuple[str, str], value: float
) -> None:
    """A service publishes a metric now."""
    turn = Turn(story.at, DEFAULT_REGION, Ids(0))
    point = of_value(story.at, value)
    story.plane.cloudwatch.publish(namespace, name, (dimension,), point, turn)


def low_alarm(story: GroupStory) -> dict[str, Any]:
    alarms = story.call("DescribeAlarms", "cloudwatch")["MetricAlarms"]
    return next(each for each in alarms if "-AlarmLow-" in each["AlarmName"])


def test_asg_saa_capstone_out() -> None:
    # Both instances near 100% from 15:36:12 with a target of 50: 2 -> 4 in one step after 4 to 5
    # minutes, launched 10 to 20 s later, all in service 60 to 75 s after the decision.
    story = GroupStory(at("2026-08-28T15:20:00"), RECORDED, cloudwatch=LATE)
    story.create(2, 6)
    story.track(50.0)
    pinned(story, 5.0)
    story.run_to(at("2026-08-28T15:36:12"))
    pinned(story, 99.0)
    start = story.at
    (decided, desired), *more = changes(story, 600)
    assert (desired, more) == (4, [])
    assert 240 <= decided - start <= 300
    launched = [e for e in story.activities() if e["StartTime"] > decided]
    assert {10 <= e["StartTime"] - decided <= 20 for e in launched} == {True}
    served = [each.in_service_at - decided for each in story.instances()[2:]]
    assert all(60 <= seconds <= 75 for seconds in served)


def test_asg_saa_capstone_alarm_clear() -> None:
    # Two of four instances at 100%: the average is at the target, and nothing more is launched.
    story = GroupStory(config=RECORDED)
    story.create(2, 8, 4)
    story.track(50.0)
    busy = set(story.ids(2))
    story.run(120)
    busy = set(story.ids(2))
    story.cpu = lambda each: 100.0 if each.id in busy else 0.0
    assert changes(story, 1800) == []


def test_asg_bitopi_out() -> None:
    # One of two at 100%, a target of 30: ceil(2 * 50 / 30) = 4, 7 to 8 minutes after the load. How
    # late the metric was seen is not recorded: with basic monitoring, points are 5 minutes apart.
    story = GroupStory(at("2026-01-01T11:00:00"), RECORDED, cloudwatch=LATE)
    story.create(2, 4)
    story.track(30.0, EstimatedInstanceWarmup=60)
    story.run_to(at("2026-01-01T11:27:00"))
    busy = story.ids()[0]
    story.cpu = lambda each: 100.0 if each.id == busy else 0.0
    ((decided, desired),) = changes(story, 480)
    assert desired == 4
    assert decided - at("2026-01-01T11:27:00") <= 480
    story.run(71)
    assert story.states() == ["InService"] * 4


def test_asg_bitopi_in() -> None:
    # The load of four stops: 4 -> 3 after 15 to 17 minutes, 3 -> 2 soon after it (20 s in the
    # recording, the next minute here), one instance left in each zone.
    story = GroupStory(at("2026-01-01T11:30:00"), RECORDED)
    story.create(2, 4, 4)
    story.track(30.0, EstimatedInstanceWarmup=60)
    pinned(story, 28.0)
    story.run_to(at("2026-01-01T11:45:00"))
    pinned(story, 1.0)
    (first, three), (second, two) = changes(story, 25 * 60)
    assert (three, two) == (3, 2)
    assert 15 * 60 <= first - at("2026-01-01T11:45:00") <= 17 * 60
    assert 20 <= second - first <= 60
    assert {each.zone for each in story.instances("InService")} == {"us-east-1a", "us-east-1b"}


@pytest.mark.parametrize("warm_up", [300, 60])
def test_asg_acsad_run1(warm_up: int) -> None:
    # The policy acts in the second of the alarm's change, the launch begins 10 to 15 s later, and
    # its activity lasts as long as the warm-up and 1 to 10 s (304 s of 300, 64 s of 60).
    quick = GroupConfig(startup_delay=4.0, reaction_delay=13.0)
    story = GroupStory(at("2026-10-01T13:40:00"), quick)
    story.create(1, 2)
    story.run(30)
    story.track(85.0, EstimatedInstanceWarmup=warm_up)
    pinned(story, 50.0)
    story.run(300)
    pinned(story, 100.0)
    ((decided, _),) = changes(story, 420)
    story.run(400)
    history = story.call(
        "DescribeAlarmHistory",
        "cloudwatch",
        HistoryItemType="StateUpdate",
        AlarmTypes=["MetricAlarm"],
    )["AlarmHistoryItems"]
    turned = [e for e in history if e["HistorySummary"].endswith("OK to ALARM")]
    assert [e["Timestamp"] for e in turned if "AlarmHigh" in e["AlarmName"]][-1] == decided
    launch = story.activities()[0]
    assert 10 <= launch["StartTime"] - decided <= 15
    assert warm_up + 1 <= launch["EndTime"] - launch["StartTime"] <= warm_up + 10


def test_asg_acsad_scalein() -> None:
    # CPU falls at about 13:58: 2 -> 1 by the low alarm 12 to 16 minutes later.
    story = GroupStory(at("2026-10-01T13:40:00"))
    story.create(1, 2, 2)
    story.track(30.0)
    pinned(story, 28.0)
    story.run_to(at("2026-10-01T13:58:00"))
    pinned(story, 0.5)
    ((decided, one),) = changes(story, 20 * 60)
    assert one == 1
    assert 12 * 60 <= decided - at("2026-10-01T13:58:00") <= 16 * 60


def test_asg_jp2018_in() -> None:
    # 4 -> 3 by one low alarm, 3 -> 2 about a minute later by another: it was made anew.
    story = GroupStory(at("2018-04-08T08:00:00"))
    story.create(2, 4, 4)
    story.track(50.0)
    pinned(story, 45.0)
    story.run(1800)
    pinned(story, 0.0)
    first = low_alarm(story)["AlarmName"]
    steps = changes(story, 1200)
    assert [desired for _, desired in steps] == [3, 2]
    assert steps[1][0] - steps[0][0] == pytest.approx(60, abs=5)
    told = [each["Cause"] for each in story.activities()[:2]]
    named = [cause.split("a monitor alarm ")[1].split(" in state")[0] for cause in told]
    assert named[1] == first
    assert named[0] != first


def test_asg_godbolt_scalein() -> None:
    # Seven instances. In ALARM since 18:56:06 the low alarm invokes its policy every minute, and
    # 7 -> 6 comes with one of these, 16 minutes later to the second: the old state is ALARM too.
    # What held it back is not recorded; here the seventh instance is still warming up.
    story = GroupStory(at("2022-12-23T18:00:00"))
    story.create(1, 9, 6, DefaultInstanceWarmup=1800)
    story.track(50.0, "cpu-tracker")
    pinned(story, 45.0)
    story.run(2400)
    story.of("SetDesiredCapacity", DesiredCapacity=7)
    pinned(story, 10.0)
    ((decided, six), *_) = changes(story, 1920)
    assert six == 6
    (alarm,) = json.loads(story.activities()[0]["Details"])["InvokingAlarms"]
    assert (alarm["OldStateValue"], alarm["NewStateValue"]) == ("ALARM", "ALARM")
    assert alarm["Trigger"]["Threshold"] == 42.5
    since = decided - alarm["StateChangeTime"] / 1000
    assert since >= 600
    assert since % 60 == pytest.approx(0, abs=0.01)


def test_asg_reinvoke_2024() -> None:
    # 2 -> 3 exactly 300 s after the alarm's change, while it stays in ALARM. What held the policy
    # back is not recorded; here the first scale-out, from 1 to 2, is still warming up.
    story = GroupStory(at("2024-12-05T21:00:00"))
    story.create(1, 3)
    story.track(50.0, "my-asg-asgWorkerScalingPolicy", EstimatedInstanceWarmup=290)
    pinned(story, 10.0)
    story.run(600)
    pinned(story, 80.0)
    (first, two), (second, three) = changes(story, 1200)
    assert (two, three) == (2, 3)
    assert second - first == 300
    (alarm,) = json.loads(story.activities()[0]["Details"])["InvokingAlarms"]
    assert (alarm["OldStateValue"], alarm["NewStateValue"]) == ("ALARM", "ALARM")
    assert second - alarm["StateChangeTime"] / 1000 == pytest.approx(300, abs=0.01)


@pytest.mark.parametrize(
    ("target", "size", "low"),
    [
        pytest.param(30.0, 1, 21.0, id="asg-acsad-alarmlow-21"),
        pytest.param(75.0, 2, 52.5, id="asg-voicefocus-75-52_5"),
        pytest.param(50.0, 2, 35.0, id="asg-cpu50-35"),
        pytest.param(40.0, 2, 28.0, id="asg-cpu40-28"),
        pytest.param(50.0, 7, 42.5, id="asg-godbolt: 42.5 at seven"),
        pytest.param(60.0, 20, 54.0, id="Terraform export: 60 and 54"),
    ],
)
def test_exported_low_alarms_of_groups(target: float, size: int, low: float) -> None:
    story = GroupStory()
    story.create(1, 40, size)
    story.track(target)
    alarm = low_alarm(story)
    shape = (alarm["ComparisonOperator"], alarm["EvaluationPeriods"], alarm["Period"])
    assert shape == ("LessThanThreshold", 15, 60)
    assert alarm["Threshold"] == pytest.approx(low)


def test_ecs_cp_respawn() -> None:
    # A capacity provider from zero: the reservation is 200 while there is no instance, so 0 -> 2
    # first (also ecs-cp-961-200pct), then 300 % of three needed over two: 2 -> 3.
    story = GroupStory()
    story.create(0, 9, 0)
    metric = {
        "Namespace": "AWS/ECS/ManagedScaling",
        "MetricName": "CapacityProviderReservation",
        "Statistic": "Average",
        "Dimensions": [{"Name": "ClusterName", "Value": "c"}],
    }
    story.of(
        "PutScalingPolicy",
        PolicyName="ECSManagedAutoScalingPolicy-1",
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration={"TargetValue": 100.0, "CustomizedMetricSpecification": metric},
        EstimatedInstanceWarmup=300,
    )
    seen = [0]
    for _ in range(20):
        running = len(story.instances("InService"))
        percent = 200.0 if running == 0 else 300.0 / running
        metric_name = "CapacityProviderReservation"
        publish(story, "AWS/ECS/ManagedScaling", metric_name, ("ClusterName", "c"), percent)
        story.run(60)
        if story.desired != seen[-1]:
            seen.append(story.desired)
    assert seen == [0, 2, 3]


def test_asg_sqs_london_out() -> None:
    # One message and no instance: 0 -> 4 at once, launched 14 s later, each activity 30 to 35 s.
    # The adjustment is not shown; four more is assumed.
    story = GroupStory(at("2024-01-11T23:00:00"), GroupConfig(32.0, 14.0))
    story.create(0, 4, 0)
    arn = story.of(
        "PutScalingPolicy",
        PolicyName="ScaleOutLondon",
        PolicyType="SimpleScaling",
        AdjustmentType="ChangeInCapacity",
        ScalingAdjustment=4,
    )["PolicyARN"]
    story.alarm(
        "ScaleOut",
        [arn],
        Namespace="Queue",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[],
        Statistic="Maximum",
        Threshold=1.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
    )
    for _ in range(3):
        datum = {"MetricName": "ApproximateNumberOfMessagesVisible", "Value": 6.0}
        story.call("PutMetricData", "cloudwatch", Namespace="Queue", MetricData=[datum])
        story.run(60)
    story.run(60)
    launches = story.activities()
    assert len(launches) == 4
    assert {30 <= e["EndTime"] - e["StartTime"] <= 35 for e in launches} == {True}
    assert "changing the desired capacity from 0 to 4." in launches[0]["Cause"]
    decided = at(launches[0]["Cause"][3:22])
    assert launches[0]["StartTime"] - decided == pytest.approx(14, abs=1)


def test_asg_spot_conflict_2017() -> None:
    # Two simple policies on two alarms fight: 2 -> 1 and, 43 s later, 1 -> 2, which a cooldown of
    # their own does not keep apart. The alarms are evaluated at seconds of their own.
    story = GroupStory(at("2017-10-26T07:40:00"))
    story.create(1, 4, 2)
    common = {"PolicyType": "SimpleScaling", "AdjustmentType": "ChangeInCapacity", "Cooldown": 10}
    fewer = story.of("PutScalingPolicy", PolicyName="CPU Too Low", ScalingAdjustment=-1, **common)
    more = story.of(
        "PutScalingPolicy", PolicyName="CPU Credit Too Low", ScalingAdjustment=1, **common
    )
    below = {"Threshold": 20.0, "ComparisonOperator": "LessThanThreshold"}
    story.alarm("CPU Too Low", [fewer["PolicyARN"]], **below)
    credit = {**below, "MetricName": "CPUCreditBalance", "Statistic": "Minimum"}
    story.alarm("CPU Credit Too Low", [more["PolicyARN"]], **credit)
    story.run(400)  # The cooldown after the creation is over.
    pinned(story, 3.0)
    story.run(20)
    steps: list[tuple[float, int]] = []
    for _ in range(4):
        steps += changes(story, 30)
        publish(story, "AWS/EC2", "CPUCreditBalance", ("AutoScalingGroupName", NAME), 2.0)
        steps += changes(story, 30)
    (first, one), (second, two), *_ = steps
    assert (one, two) == (1, 2)
    assert 0 < second - first < 60


def test_ecs_2113_basic_monitoring() -> None:
    # A user: detailed metrics trigger a scale-out within 5 to 6 minutes, basic ones within 15 and
    # more. Basic ones are 5 minutes apart; that the first of them suffices is AWS's rule for
    # missing data ("- - X - -" is ALARM), so only the order is replayed.
    def triggered(every: int) -> float:
        story = GroupStory(at("2023-08-16T10:00:00"), cloudwatch=LATE)
        story.create(1, 4)
        story.track(50.0)
        load = 10.0

        def seen(each: Instance) -> float | None:
            del each
            return load if round(story.at) % every == 0 else None

        story.cpu = seen
        story.run_to(at("2023-08-16T11:01:00"))
        load = 90.0
        ((decided, _), *_) = changes(story, 30 * 60)
        return decided - at("2023-08-16T11:01:00")

    assert 3 * 60 <= triggered(60) <= 6 * 60
    assert triggered(60) < 6 * 60 < triggered(300) <= 20 * 60


def test_asg_webserver_2_3_4() -> None:
    # A target of 70 (assumed) under 100%: 2 -> 3 by 3 to 5 minutes, then 4, the maximum; when the
    # stress is over, one at a time back to 2.
    story = GroupStory(at("2026-08-11T23:00:00"), RECORDED)
    story.create(2, 4)
    story.track(70.0, EstimatedInstanceWarmup=60)
    pinned(story, 10.0)
    story.run(1200)
    pinned(story, 100.0)
    start = story.at
    (first, three), (_, four) = changes(story, 600)
    assert (three, four) == (3, 4)
    assert 180 <= first - start <= 300
    pinned(story, 2.0)
    over = story.at
    (third, down), (_, two) = changes(story, 1500)
    assert (down, two) == (3, 2)
    assert 14 * 60 <= third - over <= 18 * 60
