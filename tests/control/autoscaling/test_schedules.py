"""Scheduled actions: recurrence, start and end, time zones, bounds."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.testing.group_story import GroupStory
from understudy.testing.stage import instant


def put(story: GroupStory, name: str = "a", **params: Any) -> None:
    story.of("PutScheduledUpdateGroupAction", ScheduledActionName=name, **params)


def at(text: str) -> GroupStory:
    return GroupStory(at=instant(text))


@pytest.mark.parametrize(("before", "after"), [(2, 3), (5, 3)])
def test_a_daily_action_sets_the_desired_capacity(before: int, after: int) -> None:
    # AWS: "0 9 * * *" with a desired capacity of 3, from 2 or from 5 instances.
    story = at("2026-03-03T08:00:00Z")
    story.create(1, 9, before)
    put(story, Recurrence="0 9 * * *", DesiredCapacity=3)
    story.run_to(instant("2026-03-03T08:59:59Z"))
    assert story.desired == before
    story.run(2)
    assert story.desired == after
    assert (
        f"a scheduled action a was executed changing the desired capacity from {before} to 3"
        in story.activities()[0]["Cause"]
    )
    story.of("SetDesiredCapacity", DesiredCapacity=7)
    story.run_to(instant("2026-03-04T09:00:01Z"))
    assert story.desired == 3


@pytest.mark.parametrize(
    ("cron", "zone", "start", "due"),
    [
        pytest.param("30 6 * * 2", "", "2026-03-01", "2026-03-03T06:30:00Z", id="Tuesday 06:30"),
        pytest.param(
            "0 18 * * 1-5", "America/New_York", "2026-03-07", "2026-03-09T22:00:00Z", id="with zone"
        ),
    ],
)
def test_recurrences(cron: str, zone: str, start: str, due: str) -> None:
    story = at(f"{start}T00:00:00Z")
    story.create(0, 9, 0)
    put(story, Recurrence=cron, DesiredCapacity=2, **({"TimeZone": zone} if zone else {}))
    (action,) = story.of("DescribeScheduledActions")["ScheduledUpdateGroupActions"]
    assert action["StartTime"] == instant(due)
    story.run_to(instant(due) + 1)
    assert story.desired == 2


@pytest.mark.parametrize(
    ("sets", "desired"),
    [
        pytest.param({"MinSize": 5}, 5, id="a minimum above the desired capacity raises it"),
        pytest.param({"MaxSize": 2}, 2, id="a maximum below it lowers it"),
        pytest.param({"MinSize": 1, "MaxSize": 8}, 3, id="other bounds leave it"),
        pytest.param({"MinSize": 20}, 3, id="bounds that cross change nothing"),
        pytest.param({"MaxSize": 6, "DesiredCapacity": 6}, 6, id="all at once"),
    ],
)
def test_bounds(sets: dict[str, int], desired: int) -> None:
    story = at("2026-03-03T08:00:00Z")
    story.create(1, 9, 3)
    put(story, StartTime=story.at + 60, **sets)
    story.run(61)
    assert story.desired == desired
    assert len(story.instances("InService")) == desired


def test_an_action_without_recurrence_runs_once_and_is_gone(story: GroupStory) -> None:
    story.create(1, 9)
    put(story, StartTime=story.at + 60, DesiredCapacity=2)
    story.run(61)
    assert story.desired == 2
    assert story.of("DescribeScheduledActions")["ScheduledUpdateGroupActions"] == []


def test_a_recurrence_runs_from_its_start_to_its_end() -> None:
    story = at("2026-03-03T08:10:00Z")
    story.create(1, 9)
    put(
        story,
        Recurrence="0 * * * *",
        StartTime=instant("2026-03-03T09:30:00Z"),
        EndTime=instant("2026-03-03T11:30:00Z"),
        DesiredCapacity=2,
    )
    seen: list[str] = []
    for hour in ("09:00", "09:30", "10:00", "11:00", "12:00"):
        story.run_to(instant(f"2026-03-03T{hour}:01Z"))
        if story.desired == 2:
            seen.append(hour)
        story.of("SetDesiredCapacity", DesiredCapacity=1)
    assert seen == ["09:30", "10:00", "11:00"]
    assert story.of("DescribeScheduledActions")["ScheduledUpdateGroupActions"] == []


def test_scheduled_actions_ignore_cooldowns(story: GroupStory) -> None:
    story.create(1, 9)
    put(story, StartTime=story.at + 5, DesiredCapacity=2)
    put(story, "b", StartTime=story.at + 10, DesiredCapacity=3)
    story.run(11)
    assert story.desired == 3


def test_suspended_actions_are_skipped(story: GroupStory) -> None:
    story.create(1, 9)
    put(story, StartTime=story.at + 60, DesiredCapacity=2)
    story.of("SuspendProcesses", ScalingProcesses=["ScheduledActions"])
    story.run(61)
    story.of("ResumeProcesses")
    story.run(600)
    assert story.desired == 1


@pytest.mark.parametrize(
    ("params", "message"),
    [
        pytest.param(
            {"Recurrence": "0 9 * * *"},
            "At least one of MinSize, MaxSize and DesiredCapacity must be specified.",
            id="nothing to set",
        ),
        pytest.param(
            {"Recurrence": "soon", "MinSize": 1},
            "Given recurrence string: soon is invalid",
            id="no recurrence",
        ),
        pytest.param(
            {"Recurrence": "0 9 * * *", "MinSize": 1, "TimeZone": "Mars/Olympus"},
            "Given time zone: Mars/Olympus is invalid",
            id="no time zone",
        ),
        pytest.param(
            {"StartTime": 1.0, "MinSize": 1}, "Given start time is in the past", id="too late"
        ),
        pytest.param(
            {"Recurrence": "0 9 * * *", "MinSize": 3, "MaxSize": 2},
            "Min size must be less than or equal to max size",
            id="bounds that cross",
        ),
    ],
)
def test_what_an_action_cannot_be(story: GroupStory, params: dict[str, Any], message: str) -> None:
    story.create(1, 9)
    with pytest.raises(Fault) as refused:
        put(story, **params)
    assert (refused.value.code, refused.value.message) == ("ValidationError", message)


def test_times_are_unique(story: GroupStory) -> None:
    story.create(1, 9)
    put(story, StartTime=story.at + 60, MinSize=1)
    with pytest.raises(Fault) as refused:
        put(story, "b", StartTime=story.at + 60, MinSize=1)
    assert refused.value.code == "AlreadyExists"
    put(story, StartTime=story.at + 60, MinSize=2)


def test_batches_tell_what_failed(story: GroupStory) -> None:
    story.create(1, 9)
    answer = story.of(
        "BatchPutScheduledUpdateGroupAction",
        ScheduledUpdateGroupActions=[
            {"ScheduledActionName": "a", "Recurrence": "0 9 * * *", "MinSize": 1},
            {"ScheduledActionName": "b", "Recurrence": "0 9 * *", "MinSize": 1},
        ],
    )
    (failed,) = answer["FailedScheduledUpdateGroupActions"]
    assert (failed["ScheduledActionName"], failed["ErrorCode"]) == ("b", "ValidationError")
    answer = story.of("BatchDeleteScheduledAction", ScheduledActionNames=["a", "b"])
    assert [each["ScheduledActionName"] for each in answer["FailedScheduledActions"]] == ["b"]
    with pytest.raises(Fault, match="Scheduled action name not found - a"):
        story.of("DeleteScheduledAction", ScheduledActionName="a")
