"""Target tracking, step and simple scaling, warm-up, cooldown, several policies."""

import json
from itertools import pairwise
from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.testing.group_story import NAME, GroupStory

OUT = ((0, 10, 0), (10, 20, 10), (20, None, 30))
PERCENT = {"AdjustmentType": "PercentChangeInCapacity"}


def busy(story: GroupStory, load: float) -> None:
    """So much CPU, in percent of one instance, spread over the instances in service."""
    story.cpu = lambda each: min(100.0, load / max(len(story.instances("InService")), 1))


def alarms(story: GroupStory) -> dict[str, Any]:
    found = story.call("DescribeAlarms", "cloudwatch")["MetricAlarms"]
    return {each["AlarmName"].split("-")[2]: each for each in found}


def test_target_tracking_scales_out_in_one_step_and_in_one_by_one(story: GroupStory) -> None:
    story.create(1, 9, 2)
    story.track(50.0, EstimatedInstanceWarmup=60)
    busy(story, 300.0)
    story.run(20 * 60)
    assert story.desired == 7
    busy(story, 0.0)
    seen: list[int] = []
    for _ in range(40):
        story.run(60)
        if not seen or seen[-1] != story.desired:
            seen.append(story.desired)
    assert seen == [7, 6, 5, 4, 3, 2, 1]


def test_the_alarms_have_the_shapes_of_exported_ones(story: GroupStory) -> None:
    story.create(1, 9, 1)
    story.track(50.0)
    high, low = alarms(story)["AlarmHigh"], alarms(story)["AlarmLow"]
    assert high["AlarmName"].startswith(f"TargetTracking-{NAME}-AlarmHigh-")
    shapes = [
        (a["ComparisonOperator"], a["Threshold"], a["EvaluationPeriods"], a["Period"])
        for a in (high, low)
    ]
    assert shapes == [("GreaterThanThreshold", 50.0, 3, 60), ("LessThanThreshold", 35.0, 15, 60)]
    assert {a["TreatMissingData"] for a in (high, low)} == {"missing"}
    assert {a["Dimensions"][0]["Value"] for a in (high, low)} == {NAME}


@pytest.mark.parametrize(
    ("desired", "threshold"), [(1, 35.0), (2, 35.0), (4, 37.5), (7, 42.5), (12, 45.0)]
)
def test_the_low_threshold_depends_on_the_capacity(
    story: GroupStory, desired: int, threshold: float
) -> None:
    # Exported alarms: 0.7 of the target in small groups, 42.5 of 50 at seven, 0.9 in large ones.
    story.create(1, 20, 3)
    story.track(50.0)
    before = alarms(story)
    story.of("SetDesiredCapacity", DesiredCapacity=desired)
    after = alarms(story)
    assert after["AlarmLow"]["Threshold"] == threshold
    assert after["AlarmHigh"]["AlarmName"] == before["AlarmHigh"]["AlarmName"]
    renewed = after["AlarmLow"]["AlarmName"] != before["AlarmLow"]["AlarmName"]
    assert renewed == (threshold != before["AlarmLow"]["Threshold"])


def test_a_capacity_provider_reservation_is_looked_at_by_the_minute(story: GroupStory) -> None:
    # Containers roadmap, issue 638: one datapoint within a minute for AlarmHigh, 15 for AlarmLow.
    story.create(0, 9, 0)
    metric = {
        "Namespace": "AWS/ECS/ManagedScaling",
        "MetricName": "CapacityProviderReservation",
        "Statistic": "Average",
        "Dimensions": [{"Name": "ClusterName", "Value": "c"}],
    }
    story.of(
        "PutScalingPolicy",
        PolicyName="managed",
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration={"TargetValue": 100.0, "CustomizedMetricSpecification": metric},
    )
    shapes = {kind: a["EvaluationPeriods"] for kind, a in alarms(story).items()}
    assert shapes == {"AlarmHigh": 1, "AlarmLow": 15}


def test_disabling_scale_in_leaves_only_the_high_alarm(story: GroupStory) -> None:
    story.create(1, 9)
    story.track(50.0, no_scale_in=True)
    assert list(alarms(story)) == ["AlarmHigh"]


def test_putting_a_policy_again_keeps_its_arn_and_renews_its_alarms(story: GroupStory) -> None:
    story.create(1, 9)
    first, second = story.track(50.0), story.track(60.0)
    assert first["PolicyARN"] == second["PolicyARN"]
    assert first["Alarms"] != second["Alarms"]
    assert len(alarms(story)) == 2
    assert alarms(story)["AlarmHigh"]["Threshold"] == 60.0


def test_a_disabled_policy_has_no_alarms(story: GroupStory) -> None:
    story.create(1, 9)
    story.track(50.0, Enabled=False)
    assert alarms(story) == {}
    (policy,) = story.of("DescribePolicies")["ScalingPolicies"]
    assert policy["Enabled"] is False


@pytest.mark.parametrize(
    ("metrics", "expected"),
    [
        pytest.param([60], [11], id="ten percent of ten"),
        pytest.param([60, 62], [11, 11], id="one is warming, so nothing is added"),
        pytest.param([60, 62, 70], [11, 11, 13], id="thirty percent of the ten warm ones"),
        pytest.param([70], [13], id="at once"),
    ],
)
def test_step_scaling_while_instances_warm_up(
    story: GroupStory, metrics: list[float], expected: list[int]
) -> None:
    # AWS: Step scaling policies, "Instance warmup": a threshold of 50, ten instances.
    story.create(1, 100, 10)
    story.step("out", *OUT, EstimatedInstanceWarmup=300, **PERCENT)
    found: list[int] = []
    for value in metrics:
        story.of("ExecutePolicy", PolicyName="out", MetricValue=value, BreachThreshold=50.0)
        story.run(60)
        found.append(story.desired)
    assert found == expected


@pytest.mark.parametrize(
    ("policy", "group", "waits"),
    [
        pytest.param({"EstimatedInstanceWarmup": 100}, {}, 100, id="the policy's own"),
        pytest.param({}, {"DefaultInstanceWarmup": 200}, 200, id="else the group's default"),
        pytest.param({}, {"DefaultCooldown": 400}, 400, id="else the default cooldown"),
    ],
)
def test_how_long_an_instance_warms_up(
    story: GroupStory, policy: dict[str, int], group: dict[str, int], waits: int
) -> None:
    story.create(1, 9, **group)
    story.step("out", (0, None, 1), **policy)
    story.of("ExecutePolicy", PolicyName="out", MetricValue=60, BreachThreshold=50)
    story.run(waits - 1)
    assert story.activities()[0]["StatusCode"] == "WaitingForInstanceWarmup"
    story.run(1)
    assert story.activities()[0]["StatusCode"] == "Successful"


def test_no_scale_in_while_an_instance_warms_up(story: GroupStory) -> None:
    story.create(1, 9, 3)
    story.step("out", (0, None, 1), EstimatedInstanceWarmup=300)
    story.step("in", (None, 0, -1))
    story.of("ExecutePolicy", PolicyName="out", MetricValue=60, BreachThreshold=50)
    story.run(299)
    story.of("ExecutePolicy", PolicyName="in", MetricValue=40, BreachThreshold=50)
    assert story.desired == 4
    story.run(1)
    story.of("ExecutePolicy", PolicyName="in", MetricValue=40, BreachThreshold=50)
    assert story.desired == 3


def test_warming_instances_are_left_out_of_the_metric_of_their_group(story: GroupStory) -> None:
    story.create(2, 9, DefaultInstanceWarmup=300)
    story.cpu = lambda each: 10.0 if story.at >= each.warm_at else 90.0
    story.run(400)
    story.of("SetDesiredCapacity", DesiredCapacity=4)
    start = story.at
    story.run(240)
    data = story.call(
        "GetMetricStatistics",
        "cloudwatch",
        Namespace="AWS/EC2",
        MetricName="CPUUtilization",
        Dimensions=[{"Name": "AutoScalingGroupName", "Value": NAME}],
        StartTime=start,
        EndTime=story.at,
        Period=60,
        Statistics=["Average", "SampleCount"],
    )["Datapoints"]
    assert {(each["Average"], each["SampleCount"]) for each in data} == {(10.0, 2.0)}


def simple(story: GroupStory, name: str, adjustment: int, **more: Any) -> str:
    answer = story.of(
        "PutScalingPolicy",
        PolicyName=name,
        AdjustmentType="ChangeInCapacity",
        ScalingAdjustment=adjustment,
        **more,
    )
    return answer["PolicyARN"]


def test_simple_scaling_waits_for_its_cooldown(story: GroupStory) -> None:
    story.create(1, 9, DefaultCooldown=10)
    story.run(600)
    arn = simple(story, "out", 1, Cooldown=120)
    story.alarm("busy", [arn])
    story.cpu = lambda each: 90.0
    changes: list[tuple[float, int]] = []
    start = story.at
    for _ in range(600):
        story.run(1)
        if not changes or changes[-1][1] != story.desired:
            changes.append((story.at - start, story.desired))
    gaps = [after - before for (before, _), (after, _) in pairwise(changes[1:])]
    assert len(gaps) >= 3
    assert set(gaps) == {120.0}


def test_a_health_replacement_starts_the_cooldown_too(story: GroupStory) -> None:
    story.create(2, 9, DefaultCooldown=300)
    story.run(600)
    simple(story, "out", 1)
    story.call("SetInstanceHealth", InstanceId=story.ids()[0], HealthStatus="Unhealthy")
    story.run(10)
    with pytest.raises(Fault) as refused:
        story.of("ExecutePolicy", PolicyName="out", HonorCooldown=True)
    assert refused.value.code == "ScalingActivityInProgress"
    story.of("ExecutePolicy", PolicyName="out")
    assert story.desired == 3


def test_set_desired_capacity_honors_the_cooldown_only_if_asked(story: GroupStory) -> None:
    story.create(1, 9)
    story.run(10)
    with pytest.raises(Fault) as refused:
        story.of("SetDesiredCapacity", DesiredCapacity=2, HonorCooldown=True)
    assert refused.value.code == "ScalingActivityInProgress"
    story.run(300)
    story.of("SetDesiredCapacity", DesiredCapacity=2, HonorCooldown=True)
    story.of("SetDesiredCapacity", DesiredCapacity=3)
    assert story.desired == 3


@pytest.mark.parametrize(
    ("first", "second"), [("three", "quarter"), ("quarter", "three")], ids=["three first", "last"]
)
def test_of_simultaneous_scale_ins_the_largest_capacity_wins(
    story: GroupStory, first: str, second: str
) -> None:
    # AWS: eight instances, one policy removes three, another 25 percent: two are removed.
    story.create(1, 20, 8)
    arns = {
        "three": story.step("three", (None, 0, -3)),
        "quarter": story.step("quarter", (None, 0, -25), **PERCENT),
    }
    story.run(60)
    story.cpu = lambda each: 10.0
    low = {"Threshold": 40.0, "ComparisonOperator": "LessThanThreshold"}
    for name in (first, second):
        story.alarm(f"low-{name}", [arns[name]], **low)
    story.run(180)
    assert story.activities(ActivityIds=None)[-9]["Cause"].count("from 8 to 6") == 1


def test_of_simultaneous_scale_outs_the_largest_capacity_wins(story: GroupStory) -> None:
    story.create(1, 20, 10)
    arns = [story.step("one", (0, None, 1)), story.step("two", (0, None, 2))]
    story.cpu = lambda each: 90.0
    for number, arn in enumerate(arns):
        story.alarm(f"high-{number}", [arn])
    story.run(150)
    assert story.desired == 12


def test_target_tracking_scales_in_only_together(story: GroupStory) -> None:
    story.create(1, 9, 4)
    story.track(50.0)
    metric = {"MetricName": "Queue", "Namespace": "App", "Statistic": "Average"}
    story.of(
        "PutScalingPolicy",
        PolicyName="queue",
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration={"TargetValue": 10.0, "CustomizedMetricSpecification": metric},
    )
    story.cpu = lambda each: 1.0
    waiting = 8.0

    def minutes(count: int) -> None:
        for _ in range(count):
            data = {"MetricName": "Queue", "Value": waiting, "Timestamp": story.at}
            story.call("PutMetricData", "cloudwatch", Namespace="App", MetricData=[data])
            story.run(60)

    minutes(40)
    assert story.desired == 4
    waiting = 1.0
    minutes(40)
    assert story.desired == 1


def test_an_activity_tells_the_alarm_behind_it(story: GroupStory) -> None:
    # Recorded by Netflix Edda, pull request 60: the details carry the invoking alarm.
    story.create(1, 9)
    arn = story.step("out", (0, None, 1))
    story.alarm(
        "busy",
        [arn],
        Threshold=85.0,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        Period=300,
    )
    story.cpu = lambda each: 85.679
    story.run(500)
    details = json.loads(story.activities()[-2]["Details"])
    (alarm,) = details["InvokingAlarms"]
    assert (alarm["AlarmName"], alarm["NewStateValue"]) == ("busy", "ALARM")
    assert alarm["OldStateValue"] == "INSUFFICIENT_DATA"
    trigger = alarm["Trigger"]
    assert (trigger["Period"], trigger["EvaluationPeriods"], trigger["Threshold"]) == (300, 1, 85.0)
    assert trigger["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert isinstance(alarm["StateChangeTime"], int)


def test_the_history_of_an_alarm_says_what_came_of_it(story: GroupStory) -> None:
    story.create(1, 9)
    arn = story.step("out", (0, None, 1))
    story.alarm("busy", [arn])
    story.cpu = lambda each: 90.0
    story.run(150)
    items = story.call(
        "DescribeAlarmHistory", "cloudwatch", AlarmName="busy", HistoryItemType="Action"
    )["AlarmHistoryItems"]
    assert [each["HistorySummary"] for each in items] == [f"Successfully executed action {arn}"]


def test_suspended_alarm_notifications_do_nothing(story: GroupStory) -> None:
    story.create(1, 9)
    arn = story.step("out", (0, None, 1), EstimatedInstanceWarmup=0)
    story.alarm("busy", [arn])
    story.cpu = lambda each: 90.0
    story.of("SuspendProcesses", ScalingProcesses=["AlarmNotification"])
    story.run(300)
    assert story.desired == 1
    story.of("ResumeProcesses", ScalingProcesses=["AlarmNotification"])
    story.run(60)
    assert story.desired == 2


def test_executing_a_step_policy_needs_a_step(story: GroupStory) -> None:
    story.create(1, 9)
    story.step("out", (0, None, 1))
    with pytest.raises(Fault, match="MetricValue and BreachThreshold are required"):
        story.of("ExecutePolicy", PolicyName="out")
    with pytest.raises(Fault, match=r"No step adjustment found for metric value 40\.0"):
        story.of("ExecutePolicy", PolicyName="out", MetricValue=40.0, BreachThreshold=50.0)
    story.of("ExecutePolicy", PolicyName="out", MetricValue=50.0, BreachThreshold=50.0)
    story.run(1)
    assert "a user request executed policy out changing" in story.activities()[0]["Cause"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        pytest.param(
            {"PolicyType": "Magic"},
            "Invalid policy type: Magic. Valid types are: PredictiveScaling, SimpleScaling, "
            "StepScaling, TargetTrackingScaling",
            id="an unknown type",
        ),
        pytest.param(
            {"AdjustmentType": "ChangeInCapacity"},
            "You must specify a scaling adjustment for a SimpleScaling policy",
            id="simple scaling without an adjustment",
        ),
        pytest.param(
            {
                "PolicyType": "StepScaling",
                "AdjustmentType": "ChangeInCapacity",
                "StepAdjustments": [
                    {
                        "MetricIntervalLowerBound": 0,
                        "MetricIntervalUpperBound": 10,
                        "ScalingAdjustment": 1,
                    },
                    {"MetricIntervalLowerBound": 20, "ScalingAdjustment": 2},
                ],
            },
            "Step adjustment intervals cannot have gaps between them",
            id="steps with a gap",
        ),
        pytest.param(
            {
                "PolicyType": "StepScaling",
                "AdjustmentType": "ChangeInCapacity",
                "Cooldown": 3,
                "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
            },
            "Cooldown is not supported for policies of type StepScaling",
            id="a cooldown for step scaling",
        ),
        pytest.param(
            {
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingConfiguration": {"TargetValue": 5.0},
            },
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must "
            "be specified",
            id="no metric to track",
        ),
    ],
)
def test_what_a_policy_cannot_be(story: GroupStory, params: dict[str, Any], message: str) -> None:
    story.create(1, 9)
    with pytest.raises(Fault) as refused:
        story.of("PutScalingPolicy", PolicyName="p", **params)
    assert (refused.value.code, refused.value.message) == ("ValidationError", message)


def test_policies_are_described_and_deleted(story: GroupStory) -> None:
    story.create(1, 9)
    story.step("a", (0, None, 1))
    story.track(50.0, "b")
    arn = simple(story, "c", 2, Cooldown=60)
    described = story.of("DescribePolicies")["ScalingPolicies"]
    assert [each["PolicyType"] for each in described] == [
        "StepScaling",
        "TargetTrackingScaling",
        "SimpleScaling",
    ]
    assert described[2]["Cooldown"] == 60
    only = story.of("DescribePolicies", PolicyTypes=["SimpleScaling"])["ScalingPolicies"]
    assert [each["PolicyARN"] for each in only] == [arn]
    story.of("DeletePolicy", PolicyName="b")
    assert alarms(story) == {}
    story.call("DeletePolicy", PolicyName=arn)
    with pytest.raises(Fault, match="No policy found for policy name: c"):
        story.of("DeletePolicy", PolicyName="c")
