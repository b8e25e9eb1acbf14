"""AWS: API_PutScheduledAction; Manage scheduled scaling for Application Auto Scaling."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from understudy.base.fault import Fault
from understudy.testing.scaling_story import ScalingStory

VARIANT = "endpoint/digits/variant/blue"
NEW_YORK = ZoneInfo("America/New_York")


def at(text: str, zone: str = "+00:00") -> float:
    return datetime.fromisoformat(text + zone).timestamp()


def begin(text: str, units: int = 2) -> ScalingStory:
    story = ScalingStory(units=units, at=at(text))
    story.register(1, 8)
    return story


def plan(story: ScalingStory, name: str, schedule: str, **members: Any) -> None:
    action = {
        member: members.pop(member)
        for member in ("MinCapacity", "MaxCapacity")
        if member in members
    }
    story.call(
        "PutScheduledAction",
        ScheduledActionName=name,
        Schedule=schedule,
        ScalableTargetAction=action,
        **members,
    )


def bounds(story: ScalingStory) -> tuple[int, int]:
    (target,) = story.service.state.targets.values()
    return target.minimum, target.maximum


def refused(story: ScalingStory, **members: Any) -> tuple[str, str]:
    with pytest.raises(Fault) as caught:
        story.call("PutScheduledAction", ScheduledActionName="a", **members)
    return caught.value.code, caught.value.message


def test_an_action_makes_the_two_activities_of_aws() -> None:
    story = begin("2026-03-01T08:00:00")
    plan(story, "morning", "cron(0 9 * * ? *)", MinCapacity=5, MaxCapacity=10)
    story.run(3700)
    assert bounds(story) == (5, 10)
    assert story.desired == 5
    sizing, setting = story.activities()
    assert (setting["Description"], setting["Cause"], setting["StatusCode"]) == (
        "Setting min capacity to 5 and max capacity to 10",
        "scheduled action name morning was triggered",
        "Successful",
    )
    assert setting["StatusMessage"] == "Successfully set min capacity to 5 and max capacity to 10"
    assert "EndTime" not in setting
    assert setting["StartTime"] == at("2026-03-01T09:00:00")
    assert (sizing["Description"], sizing["Cause"]) == (
        "Setting desired instance count to 5.",
        "minimum capacity was set to 5",
    )


def test_an_action_above_the_maximum_scales_in() -> None:
    story = begin("2026-03-01T08:00:00", units=8)
    plan(story, "evening", "at(2026-03-01T20:30:00)", MinCapacity=0, MaxCapacity=0)
    story.run(13 * 3600)
    assert story.running == 0
    assert story.activities()[0]["Cause"] == "maximum capacity was set to 0"


def test_an_action_may_set_one_bound_alone() -> None:
    story = begin("2026-03-01T08:00:00", units=6)
    plan(story, "cap", "at(2026-03-01T09:00:00)", MaxCapacity=4)
    story.run(3700)
    assert bounds(story) == (1, 4)
    assert story.desired == 4
    assert story.activities()[1]["Description"] == "Setting max capacity to 4"


def test_bounds_that_would_cross_fail_and_change_nothing() -> None:
    story = begin("2026-03-01T08:00:00")
    plan(story, "big", "at(2026-03-01T09:00:00)", MinCapacity=20)
    story.run(3700)
    assert bounds(story) == (1, 8)
    (activity,) = story.activities()
    assert activity["StatusCode"] == "Failed"
    assert activity["StatusMessage"] == (
        "Failed to set min capacity to 20. "
        "Reason: Maximum capacity cannot be less than minimum capacity"
    )


def test_a_scheduled_action_ignores_cooldowns() -> None:
    story = begin("2026-03-01T08:00:00", units=4)
    arn = story.step("in", (None, 0, -1), Cooldown=3600)
    story.alarm(arn, (10.0,), 50.0, "LessThanThreshold")
    plan(story, "cap", "rate(5 minutes)", MaxCapacity=1)
    story.run(300)
    assert story.desired == 1


def test_a_recurring_action_keeps_local_time_when_the_clocks_change() -> None:
    # New York goes from -05:00 to -04:00 on 8 March 2026.
    story = begin("2026-03-07T12:00:00")
    plan(story, "six", "cron(0 18 * * ? *)", MinCapacity=2, Timezone="America/New_York")
    story.run(3 * 86400)
    times = [activity["StartTime"] for activity in reversed(story.activities())]
    assert times == [
        at("2026-03-07T23:00:00"),
        at("2026-03-08T22:00:00"),
        at("2026-03-09T22:00:00"),
    ]
    local = {datetime.fromtimestamp(time, NEW_YORK).hour for time in times}
    assert local == {18}


def test_a_rate_runs_from_its_start_to_its_end() -> None:
    # AWS: every five hours from January 30 at 12:00 until January 31 at 22:00.
    story = begin("2021-01-30T08:00:00")
    plan(
        story,
        "every-five-hours",
        "rate(5 hours)",
        MinCapacity=3,
        MaxCapacity=10,
        StartTime=at("2021-01-30T12:00:00"),
        EndTime=at("2021-01-31T22:00:00"),
    )
    story.run(3 * 86400)
    settings = [a for a in reversed(story.activities()) if "min capacity" in a["Description"]]
    hours = [(a["StartTime"] - at("2021-01-30T00:00:00")) / 3600 for a in settings]
    assert hours == [12, 17, 22, 27, 32, 37, 42]


def test_an_action_also_runs_at_its_start_time() -> None:
    story = begin("2026-03-01T08:00:00")
    start = at("2026-03-01T08:20:00")
    plan(story, "ten", "cron(0 10 * * ? *)", MinCapacity=2, StartTime=start)
    story.run(3 * 3600)
    assert [a["StartTime"] for a in reversed(story.activities())] == [
        start,
        at("2026-03-01T10:00:00"),
    ]


def test_what_falls_into_a_suspension_is_skipped() -> None:
    story = begin("2026-03-01T08:00:00")
    plan(story, "hourly", "rate(1 hour)", MinCapacity=2)
    story.call("RegisterScalableTarget", SuspendedState={"ScheduledScalingSuspended": True})
    story.run(2 * 3600 + 60)
    assert story.activities() == []
    story.call("RegisterScalableTarget", SuspendedState={"ScheduledScalingSuspended": False})
    story.run(600)
    assert story.activities() == []
    story.run(3600)
    assert len(story.activities()) == 1


def test_an_action_of_a_resource_that_is_gone_does_nothing() -> None:
    story = begin("2026-03-01T08:00:00")
    plan(story, "a", "rate(1 hour)", MinCapacity=3)
    del story.fleet.resources[VARIANT]
    story.run(3700)
    assert story.activities() == []
    assert bounds(story) == (1, 8)


def test_a_changed_or_deleted_action_does_not_run_at_its_old_time() -> None:
    story = begin("2026-03-01T08:00:00")
    plan(story, "a", "at(2026-03-01T09:00:00)", MinCapacity=2)
    plan(story, "a", "at(2026-03-01T10:00:00)", MinCapacity=3)
    plan(story, "b", "at(2026-03-01T09:30:00)", MinCapacity=4)
    story.call("DeleteScheduledAction", ScheduledActionName="b")
    story.run(3 * 3600)
    settings = [a for a in story.activities() if "min capacity" in a["Description"]]
    assert [a["StartTime"] for a in settings] == [at("2026-03-01T10:00:00")]
    assert bounds(story) == (3, 8)


def test_describe_and_delete() -> None:
    story = begin("2026-03-01T08:00:00")
    start = at("2026-03-02T00:00:00")
    plan(story, "a", "rate(1 hour)", MaxCapacity=1, StartTime=start, Timezone="Europe/Berlin")
    plan(story, "b", "rate(2 hours)", MinCapacity=1)
    first, second = story.call("DescribeScheduledActions")["ScheduledActions"]
    (target,) = story.service.state.targets.values()
    assert first == {
        "ScheduledActionName": "a",
        "ScheduledActionARN": "arn:aws:autoscaling:us-east-1:000000000000:scheduledAction:"
        f"{target.uuid}:resource/sagemaker/{VARIANT}:scheduledActionName/a",
        "ServiceNamespace": "sagemaker",
        "Schedule": "rate(1 hour)",
        "Timezone": "Europe/Berlin",
        "ResourceId": VARIANT,
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "StartTime": start,
        "ScalableTargetAction": {"MaxCapacity": 1},
        "CreationTime": story.at,
    }
    assert second["ScheduledActionName"] == "b"
    named = story.call("DescribeScheduledActions", ScheduledActionNames=["b"])
    assert named["ScheduledActions"] == [second]
    story.call("DeleteScheduledAction", ScheduledActionName="a")
    with pytest.raises(Fault) as missing:
        story.call("DeleteScheduledAction", ScheduledActionName="a")
    assert missing.value.code == "ObjectNotFoundException"
    assert missing.value.message == (
        "No scheduled action found for service namespace: sagemaker, resource ID: "
        f"{VARIANT}, scalable dimension: sagemaker:variant:DesiredInstanceCount, "
        "scheduled action name: a"
    )


def test_an_update_keeps_schedule_and_bounds_but_not_start_and_end() -> None:
    story = begin("2026-03-01T08:00:00")
    plan(story, "a", "rate(1 hour)", MaxCapacity=4, EndTime=at("2026-03-01T08:30:00"))
    story.call("PutScheduledAction", ScheduledActionName="a", Timezone="UTC")
    (action,) = story.call("DescribeScheduledActions")["ScheduledActions"]
    assert action["Schedule"] == "rate(1 hour)"
    assert action["ScalableTargetAction"] == {"MaxCapacity": 4}
    assert "EndTime" not in action
    story.run(3700)
    assert bounds(story) == (1, 4)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"ScalableTargetAction": {"MinCapacity": 1}}, "Schedule must be set"),
        ({"Schedule": "rate(1 hour)"}, "ScalableTargetAction must be set"),
        (
            {"Schedule": "rate(1 hour)", "ScalableTargetAction": {}},
            "At least one of minimum capacity and maximum capacity should be provided",
        ),
        (
            {
                "Schedule": "rate(1 hour)",
                "ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 1},
            },
            "Maximum capacity cannot be less than minimum capacity",
        ),
        (
            {"Schedule": "rate(1 hour)", "ScalableTargetAction": {"MinCapacity": -1}},
            "Minimum capacity cannot be less than 0",
        ),
        (
            {
                "Schedule": "rate(1 hour)",
                "ScalableTargetAction": {"MinCapacity": 1},
                "StartTime": 20.0,
                "EndTime": 10.0,
            },
            "StartTime must be before EndTime",
        ),
        (
            {"Schedule": "cron(* * * * * *)", "ScalableTargetAction": {"MinCapacity": 1}},
            "Invalid CRON expression: cron(* * * * * *)",
        ),
        (
            {
                "Schedule": "rate(1 hour)",
                "Timezone": "Mars/Olympus",
                "ScalableTargetAction": {"MinCapacity": 1},
            },
            "Invalid timezone: Mars/Olympus",
        ),
    ],
)
def test_actions_that_are_refused(members: dict[str, Any], message: str) -> None:
    story = begin("2026-03-01T08:00:00")
    assert refused(story, **members) == ("ValidationException", message)
    assert story.call("DescribeScheduledActions")["ScheduledActions"] == []


def test_a_target_has_at_most_two_hundred_actions() -> None:
    story = begin("2026-03-01T08:00:00")
    for number in range(200):
        plan(story, f"a{number}", "rate(1 day)", MinCapacity=1)
    code, _ = refused(story, Schedule="rate(1 day)", ScalableTargetAction={"MinCapacity": 1})
    assert code == "LimitExceededException"
