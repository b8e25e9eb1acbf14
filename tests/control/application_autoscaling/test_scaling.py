"""From alarms to activities. AWS: Scaling activities for Application Auto Scaling."""

from typing import Any

import pytest

from understudy.control.signals import CapacityFailed, CapacityFulfilled
from understudy.testing.scaling_story import ScalingStory

METRIC = "SageMakerVariantInvocationsPerInstance"
VARIANT = "endpoint/digits/variant/blue"
ABOVE, BELOW = "GreaterThanThreshold", "LessThanThreshold"


def told(story: ScalingStory, *, not_scaled: bool = False) -> list[tuple[str, str, Any]]:
    """Description, status and message or not-scaled reasons of each activity, oldest first."""
    return [
        (
            activity["Description"],
            activity["StatusCode"],
            activity.get("NotScaledReasons") or activity.get("StatusMessage"),
        )
        for activity in reversed(story.activities(not_scaled=not_scaled))
    ]


def test_a_scale_out_from_the_alarm_to_its_success(story: ScalingStory) -> None:
    high = story.track(100.0, METRIC)["Alarms"][0]["AlarmName"]
    start = story.at
    story.metric = lambda at: 350.0
    story.run(180)
    (activity,) = story.activities()
    assert activity == {
        "ActivityId": activity["ActivityId"],
        "ServiceNamespace": "sagemaker",
        "ResourceId": VARIANT,
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "Description": "Setting desired instance count to 4.",
        "Cause": f"monitor alarm {high} in state ALARM triggered policy {METRIC}",
        "StartTime": start + 180,
        "StatusCode": "InProgress",
        "StatusMessage": "Successfully set desired instance count to 4. "
        "Waiting for change to be fulfilled by sagemaker.",
    }
    story.run(30)
    (after,) = story.activities()
    assert after == activity | {
        "EndTime": start + 210,
        "StatusCode": "Successful",
        "StatusMessage": "Successfully set desired instance count to 4. "
        "Change successfully fulfilled by sagemaker.",
    }
    (_, summary), *_ = story.actions
    action = story.book.alarms[high]["AlarmActions"][0]
    assert summary == f"Successfully executed action {action}"


def test_a_cooldown_counts_from_the_success_of_its_activity(story: ScalingStory) -> None:
    # 30 s until the instances are there, 300 s of cooldown, then the next minute's invocation.
    arn = story.step("out", (0, None, 1))
    story.watch("busy", arn, ABOVE, 50.0, periods=1)
    story.metric = lambda at: 90.0
    start = story.at
    story.run(900)
    assert [(at - start, desired) for at, desired in story.changes()] == [
        (60, 2),
        (420, 3),
        (780, 4),
    ]


def test_an_activity_in_progress_holds_its_cooldown_open(story: ScalingStory) -> None:
    story.fleet.delay = 1500.0
    arn = story.step("out", (0, None, 1), Cooldown=60)
    story.watch("busy", arn, ABOVE, 50.0, periods=1)
    story.metric = lambda at: 90.0
    story.run(1440)
    assert [desired for _, desired in story.changes()] == [2]
    assert [status for _, status, _ in told(story)] == ["InProgress"]


def test_a_larger_scale_out_overrides_one_in_progress(story: ScalingStory) -> None:
    story.fleet.delay = 600.0
    story.track(100.0, METRIC)
    start = story.at
    story.metric = lambda at: (150.0 if at < start + 200 else 400.0) / story.running
    story.run(1200)
    assert [desired for _, desired in story.changes()] == [2, 3, 4]
    assert told(story) == [
        (
            "Setting desired instance count to 2.",
            "Overridden",
            "Successfully set desired instance count to 2. Found it was later changed to 3.",
        ),
        (
            "Setting desired instance count to 3.",
            "Overridden",
            "Successfully set desired instance count to 3. Found it was later changed to 4.",
        ),
        (
            "Setting desired instance count to 4.",
            "Successful",
            (
                "Successfully set desired instance count to 4. "
                "Change successfully fulfilled by sagemaker."
            ),
        ),
    ]


def test_a_capacity_that_somebody_else_changed_meanwhile_is_overridden(
    story: ScalingStory,
) -> None:
    arn = story.step("out", (0, None, 1))
    story.alarm(arn, (90.0,), 50.0, ABOVE)
    story.fleet.put(VARIANT, 5)
    signal = CapacityFulfilled("sagemaker:variant:DesiredInstanceCount", VARIANT)
    with story.stage.turn() as turn:
        turn.signal(signal)
    assert told(story) == [
        (
            "Setting desired instance count to 2.",
            "Overridden",
            "Successfully set desired instance count to 2. Found it was later changed to 5.",
        )
    ]
    story.alarm(arn, (90.0,), 50.0, ABOVE)
    assert story.desired == 6


def test_a_service_that_refuses_makes_a_failed_activity_and_no_cooldown(
    story: ScalingStory,
) -> None:
    story.fleet.limit = 2
    story.track(100.0, METRIC)
    story.metric = lambda at: 350.0
    story.run(240)
    assert story.desired == 1
    description, status, message = told(story)[0]
    assert (description, status) == ("Setting desired instance count to 4.", "Failed")
    assert message.startswith(
        "Failed to set desired instance count to 4. Reason: The account-level service limit "
        "'ml.m5.large for endpoint usage' is 2 Instances"
    )
    assert story.activities()[0]["EndTime"] == story.at
    assert len(told(story)) == 2
    story.fleet.limit = None
    story.run(60)
    assert story.desired == 4


def test_a_change_that_never_comes_is_unfulfilled(story: ScalingStory) -> None:
    story.fleet.doomed.add(VARIANT)
    story.track(100.0, METRIC)
    story.metric = lambda at: 150.0
    story.run(210)
    assert told(story) == [
        (
            "Setting desired instance count to 2.",
            "Unfulfilled",
            "Failed to set desired instance count to 2. Reason: Insufficient capacity",
        )
    ]


def test_an_action_without_datapoints_fails(story: ScalingStory) -> None:
    arn = story.step("out", (0, None, 1))
    assert story.alarm(arn, (), 50.0, ABOVE) == (
        "Failed to execute AutoScaling action: Metric data points must be provided"
    )
    assert story.activities(not_scaled=True) == []


def test_a_step_policy_needs_a_threshold(story: ScalingStory) -> None:
    # An alarm on an anomaly detection band has none.
    arn = story.step("out", (0, None, 1))
    summary = story.alarm(arn, (90.0,), None, ABOVE)
    assert summary == (
        "Failed to execute AutoScaling action: A numeric alarm threshold must be provided"
    )


def test_an_action_fails_when_the_resource_is_gone(story: ScalingStory) -> None:
    arn = story.step("out", (0, None, 1))
    del story.fleet.resources[VARIANT]
    summary = story.alarm(arn, (90.0,), 50.0, ABOVE)
    assert summary == (
        "Failed to execute AutoScaling action: The resource endpoint/digits/variant/blue does not "
        "exist"
    )


@pytest.mark.parametrize("doomed", [False, True])
def test_an_activity_ends_even_if_its_target_is_gone(story: ScalingStory, doomed: bool) -> None:
    if doomed:
        story.fleet.doomed.add(VARIANT)
    story.alarm(story.step("out", (0, None, 1)), (90.0,), 50.0, ABOVE)
    story.call("DeregisterScalableTarget")
    story.run(60)
    assert [status for _, status, _ in told(story)] == ["Unfulfilled" if doomed else "Successful"]


def test_signals_about_nothing_are_passed_over(story: ScalingStory) -> None:
    with story.stage.turn() as turn:
        turn.signal(CapacityFulfilled("x:y:z", "r"))
        turn.signal(CapacityFailed("x:y:z", "r", "no reason"))
    assert story.activities(not_scaled=True) == []


def test_what_is_registered(story: ScalingStory) -> None:
    assert story.service.is_registered(VARIANT)
    assert not story.service.is_registered("endpoint/digits/variant/green")


def test_an_action_of_a_policy_that_is_gone_fails(story: ScalingStory) -> None:
    arn = story.step("out", (0, None, 1))
    story.call("DeleteScalingPolicy", PolicyName="out")
    summary = story.alarm(arn, (90.0,), 50.0, ABOVE)
    assert summary == "Failed to execute AutoScaling action: Scaling policy not found"


def test_reasons_for_not_scaling_are_told_when_asked_for(story: ScalingStory) -> None:
    story.register(1, 1)
    arn = story.step("out", (0, None, 1))
    start = story.at
    story.alarm(arn, (90.0,), 50.0, ABOVE)
    assert story.activities() == []
    (activity,) = story.activities(not_scaled=True)
    assert activity == {
        "ActivityId": activity["ActivityId"],
        "ServiceNamespace": "sagemaker",
        "ResourceId": VARIANT,
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "Description": "Attempting to scale due to alarm triggered",
        "Cause": "monitor alarm alarm in state ALARM triggered policy out",
        "StartTime": start,
        "StatusCode": "Failed",
        "NotScaledReasons": [{"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 1}],
    }


def test_a_reason_that_repeats_is_told_once(story: ScalingStory) -> None:
    story.track(100.0, METRIC)
    story.metric = lambda at: 0.0
    story.run(7200)
    assert len(story.actions) > 90
    assert [reasons for _, _, reasons in told(story, not_scaled=True)] == [
        [{"Code": "AlreadyAtMinCapacity", "MinCapacity": 1}]
    ]


def test_nor_is_it_told_again_when_the_activity_before_it_ends(story: ScalingStory) -> None:
    story.fleet.delay = 200.0
    story.fleet.put(VARIANT, 2)
    arn = story.step("in", (None, 0, -1))
    story.watch("idle", arn, BELOW, 50.0, periods=1)
    story.metric = lambda at: 10.0
    story.run(900)
    assert [status for _, status, _ in told(story, not_scaled=True)] == ["Successful", "Failed"]


def test_flapping_is_anticipated(story: ScalingStory) -> None:
    story.fleet.put(VARIANT, 2)
    story.track(100.0, METRIC)
    story.metric = lambda at: 80.0
    story.run(1800)
    assert story.desired == 2
    assert [reasons for _, _, reasons in told(story, not_scaled=True)] == [
        [{"Code": "AutoScalingAnticipatedFlapping"}]
    ]


def test_a_resource_that_its_service_holds_is_not_scaled_in_but_may_be_scaled_out(
    story: ScalingStory,
) -> None:
    # ECS turns scale-in off during a deployment.
    story.fleet.put(VARIANT, 3, unscalable="TargetServicePutResourceAsUnscalable")
    arn = story.step("both", (None, 0, -1), (0, None, 1))
    story.alarm(arn, (10.0,), 50.0, BELOW)
    assert story.desired == 3
    assert told(story, not_scaled=True) == [
        (
            "Attempting to scale due to alarm triggered",
            "Failed",
            [{"Code": "TargetServicePutResourceAsUnscalable"}],
        )
    ]
    story.alarm(arn, (90.0,), 50.0, ABOVE)
    assert story.desired == 4


def test_a_refused_scale_out_of_a_held_resource_is_not_a_failure(story: ScalingStory) -> None:
    # SageMaker refuses any change while it updates an endpoint.
    story.fleet.put(VARIANT, 3, unscalable="TargetServicePutResourceAsUnscalable")
    story.fleet.limit = 3
    story.alarm(story.step("out", (0, None, 1)), (90.0,), 50.0, ABOVE)
    assert [reasons for _, _, reasons in told(story, not_scaled=True)] == [
        [{"Code": "TargetServicePutResourceAsUnscalable"}]
    ]


@pytest.mark.parametrize(
    ("member", "metric", "expected"),
    [
        ("DynamicScalingOutSuspended", 90.0, 3),
        ("DynamicScalingInSuspended", 90.0, 4),
        ("DynamicScalingOutSuspended", 10.0, 2),
        ("DynamicScalingInSuspended", 10.0, 3),
        ("ScheduledScalingSuspended", 90.0, 4),
    ],
)
def test_suspension_holds_one_direction(
    story: ScalingStory, member: str, metric: float, expected: int
) -> None:
    story.fleet.put(VARIANT, 3)
    story.call("RegisterScalableTarget", SuspendedState={member: True})
    arn = story.step("both", (None, 0, -1), (0, None, 1))
    story.alarm(arn, (metric,), 50.0, ABOVE if metric > 50 else BELOW)
    assert story.desired == expected
    assert (story.activities(not_scaled=True) == []) is (expected == 3)


def test_after_a_suspension_an_alarm_that_still_stands_acts(story: ScalingStory) -> None:
    story.track(100.0, METRIC)
    story.call("RegisterScalableTarget", SuspendedState={"DynamicScalingOutSuspended": True})
    story.metric = lambda at: 350.0
    story.run(600)
    assert story.changes() == []
    story.call("RegisterScalableTarget", SuspendedState={"DynamicScalingOutSuspended": False})
    story.run(60)
    assert story.desired == 4


def test_a_scale_out_ends_a_scale_in_cooldown(story: ScalingStory) -> None:
    story.fleet.put(VARIANT, 4)
    fewer, more = story.step("in", (None, 0, -1)), story.step("out", (0, None, 2))
    story.alarm(fewer, (10.0,), 50.0, BELOW)
    story.run(60)
    story.alarm(fewer, (10.0,), 50.0, BELOW)
    assert story.desired == 3
    story.alarm(more, (90.0,), 50.0, ABOVE)
    assert story.desired == 5
    story.run(61)
    story.alarm(fewer, (10.0,), 50.0, BELOW)
    assert story.desired == 4


def test_scale_in_waits_until_all_that_track_are_ready() -> None:
    story = ScalingStory("ecs:service:DesiredCount", "service/c/web", units=4)
    story.register(1, 8)
    story.track(50.0, "ECSServiceAverageCPUUtilization")
    story.track(50.0, "ECSServiceAverageMemoryUtilization")
    low = "TargetTracking-service/c/web-AlarmLow"
    actions = {
        alarm["MetricName"]: alarm["AlarmActions"][0]
        for name, alarm in story.book.alarms.items()
        if name.startswith(low)
    }
    story.alarm(actions["CPUUtilization"], (5.0,) * 15, 45.0, BELOW)
    assert story.desired == 4
    assert story.activities(not_scaled=True) == []
    story.run(59)
    story.alarm(actions["MemoryUtilization"], (10.0,) * 15, 45.0, BELOW)
    assert story.desired == 3
    story.run(400)
    story.alarm(actions["MemoryUtilization"], (10.0,) * 15, 45.0, BELOW)
    assert story.desired == 3


def test_a_step_policy_scales_in_without_asking_those_that_track(story: ScalingStory) -> None:
    story.fleet.put(VARIANT, 4)
    story.track(100.0, METRIC)
    arn = story.step("in", (None, 0, -2))
    story.alarm(arn, (10.0,), 50.0, BELOW)
    assert story.desired == 2


def test_no_scale_in_while_another_policy_wants_more(story: ScalingStory) -> None:
    story.fleet.put(VARIANT, 4)
    fewer, more = story.step("in", (None, 0, -1)), story.step("out", (0, None, 2))
    story.alarm(more, (90.0,), 50.0, ABOVE)
    story.run(31)
    story.alarm(fewer, (10.0,), 50.0, BELOW)
    assert story.desired == 6
    story.run(60)
    story.alarm(fewer, (10.0,), 50.0, BELOW)
    assert story.desired == 5


@pytest.mark.parametrize("order", [("three", "quarter"), ("quarter", "three")])
def test_of_two_scale_ins_at_the_same_time_the_smaller_one_wins(
    story: ScalingStory, order: tuple[str, str]
) -> None:
    # AWS: -3 and -25 percent of 8 together remove two.
    story.fleet.put(VARIANT, 8)
    arns = {
        "three": story.step("three", (None, 0, -3)),
        "quarter": story.step("quarter", (None, 0, -25), AdjustmentType="PercentChangeInCapacity"),
    }
    for name in order:
        story.alarm(arns[name], (10.0,), 50.0, BELOW)
    assert story.desired == 6
    story.run(60)
    assert [desired for _, desired in story.changes()][-1] == 6
    for name in order:
        story.alarm(arns[name], (10.0,), 50.0, BELOW)
    assert story.desired == 6


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_of_two_scale_outs_at_the_same_time_the_larger_one_wins(
    story: ScalingStory, order: tuple[int, int]
) -> None:
    story.fleet.put(VARIANT, 3)
    for more in order:
        story.alarm(story.step(f"+{more}", (0, None, more)), (90.0,), 50.0, ABOVE)
    assert story.desired == 5


def test_activities_are_kept_for_six_weeks(story: ScalingStory) -> None:
    story.register(2, 8)
    story.run(60)
    weeks = 6 * 7 * 86400
    story.stage.advance(weeks - 60)
    assert len(story.activities()) == 1
    story.stage.advance(1)
    assert story.activities() == []
    story.register(3, 8)
    story.run(60)
    assert [len(kept) for kept in story.service.state.activities.values()] == [1]


def test_activities_are_filtered_and_paged(story: ScalingStory) -> None:
    for minimum in range(2, 8):
        story.register(minimum, 8)
        story.run(60)
    everything = {"ServiceNamespace": "sagemaker"}
    story.identity = everything
    first = story.call("DescribeScalingActivities", MaxResults=4)
    rest = story.call("DescribeScalingActivities", MaxResults=4, NextToken=first["NextToken"])
    numbers = [
        activity["Description"][-2]
        for page in (first, rest)
        for activity in page["ScalingActivities"]
    ]
    assert numbers == ["7", "6", "5", "4", "3", "2"]
    elsewhere = {"ResourceId": "endpoint/x/variant/y"}
    assert story.call("DescribeScalingActivities", **elsewhere)["ScalingActivities"] == []
    other = story.call("DescribeScalingActivities", ServiceNamespace="ecs")
    assert other["ScalingActivities"] == []


def test_a_policy_that_is_deleted_while_it_acts_leaves_no_cooldown(story: ScalingStory) -> None:
    story.fleet.put(VARIANT, 4)
    fewer = story.step("in", (None, 0, -1))
    story.alarm(fewer, (10.0,), 50.0, BELOW)
    story.call("DeleteScalingPolicy", PolicyName="in")
    story.run(31)
    story.alarm(story.step("again", (None, 0, -1)), (10.0,), 50.0, BELOW)
    assert story.desired == 2
