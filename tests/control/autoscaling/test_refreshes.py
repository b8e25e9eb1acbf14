"""Instance refresh: batches, bounds, checkpoints, matching, baking, rollback, failure."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.testing.group_story import GroupStory

MINUTE = 60.0


def renew(story: GroupStory) -> None:
    """Another version of the template."""
    story.call(
        "CreateLaunchTemplateVersion",
        "ec2",
        LaunchTemplateName="web",
        SourceVersion="1",
        LaunchTemplateData={"ImageId": "ami-2"},
    )


def start(story: GroupStory, desired: dict[str, Any] | None = None, **preferences: Any) -> str:
    configuration = {} if desired is None else {"DesiredConfiguration": desired}
    answer = story.of("StartInstanceRefresh", Preferences=preferences, **configuration)
    return answer["InstanceRefreshId"]


def refresh(story: GroupStory) -> dict[str, Any]:
    return story.of("DescribeInstanceRefreshes")["InstanceRefreshes"][0]


def versions(story: GroupStory) -> list[str]:
    return sorted(each.launch_template["Version"] for each in story.instances("InService"))


def test_the_timeline_of_the_guide(story: GroupStory) -> None:
    # AWS: Add checkpoints: ten instances, checkpoints at 20 and 50 percent with 15 minutes between,
    # at least 80 percent healthy, ten minutes of warm-up.
    story.create(10, 10)
    story.run(3600)
    begun = story.at
    start(
        story,
        CheckpointPercentages=[20, 50],
        CheckpointDelay=900,
        MinHealthyPercentage=80,
        InstanceWarmup=600,
    )
    events: list[tuple[float, int]] = []
    reported: dict[int, float] = {}
    old = {each.id for each in story.instances()}
    left = len(old)
    for _ in range(90 * 6):
        now = len(old & {each.id for each in story.instances("InService")})
        if now < left:
            events.append(((story.at - begun) / MINUTE, left - now))
            left = now
        reported.setdefault(refresh(story)["PercentageComplete"], (story.at - begun) / MINUTE)
        story.run(10)
    assert [(round(at), count) for at, count in events] == [(0, 2), (25, 2), (35, 1)]
    assert round(reported[50]) == 45
    assert refresh(story)["Status"] == "Successful"


def test_everything_is_replaced_batch_by_batch(story: GroupStory) -> None:
    story.create(10, 12)
    renew(story)
    identity = start(story, MinHealthyPercentage=70, InstanceWarmup=60)
    assert refresh(story)["InstanceRefreshId"] == identity
    least = 10
    for _ in range(60):
        story.run(5)
        warm = [e for e in story.instances("InService") if story.at >= e.warm_at]
        least = min(least, len(warm))
    assert least == 7
    assert versions(story) == ["2"] * 10
    assert refresh(story)["Status"] == "Successful"
    assert refresh(story)["PercentageComplete"] == 100
    causes = {
        each["Cause"].split(" ", 2)[2] for each in story.activities() if "refresh" in each["Cause"]
    }
    assert any(
        each.startswith("an instance was launched in response to an instance refresh.")
        for each in causes
    )
    assert any("was selected for termination." in each for each in causes)


def test_above_a_hundred_percent_instances_are_launched_first(story: GroupStory) -> None:
    story.create(4, 10)
    renew(story)
    start(story, MinHealthyPercentage=100, MaxHealthyPercentage=150, InstanceWarmup=60)
    most, least = 0, 10
    for _ in range(60):
        story.run(5)
        most = max(most, len(story.instances()))
        warm = [e for e in story.instances("InService") if story.at >= e.warm_at]
        least = min(least, len(warm))
    assert (least, most) == (4, 6)
    assert versions(story) == ["2"] * 4


def test_the_maintenance_policy_of_the_group_holds_too(story: GroupStory) -> None:
    policy = {"MinHealthyPercentage": 100, "MaxHealthyPercentage": 200}
    story.create(3, 10, InstanceMaintenancePolicy=policy)
    start(story, InstanceWarmup=60)
    story.run(5)
    assert len(story.instances("InService")) == 6


def test_what_matches_is_skipped(story: GroupStory) -> None:
    story.create(2, 10)
    renew(story)
    story.of("SetDesiredCapacity", DesiredCapacity=4)
    story.run(1)
    new = {each.id for each in story.instances() if each.launch_template["Version"] == "2"}
    start(story, SkipMatching=True)
    assert refresh(story)["InstancesToUpdate"] == 2
    story.run(600)
    assert new < {each.id for each in story.instances()}
    assert versions(story) == ["2"] * 4


def test_a_desired_configuration_becomes_the_groups_own(story: GroupStory) -> None:
    story.create(2, 10)
    wanted = {"LaunchTemplate": {**story.template("other", ImageId="ami-9"), "Version": "1"}}
    start(story, wanted)
    (group,) = story.call("DescribeAutoScalingGroups")["AutoScalingGroups"]
    assert group["LaunchTemplate"]["LaunchTemplateName"] == "web"
    story.run(600)
    (group,) = story.call("DescribeAutoScalingGroups")["AutoScalingGroups"]
    assert group["LaunchTemplate"]["LaunchTemplateName"] == "other"
    assert {each.image_id for each in story.instances()} == {"ami-9"}


def test_baking_comes_before_success(story: GroupStory) -> None:
    story.create(1, 10)
    start(story, BakeTime=300)
    story.run(30)
    assert refresh(story)["Status"] == "Baking"
    story.run(299)
    assert refresh(story)["Status"] == "Successful"


def test_a_rollback_brings_the_old_configuration_back(story: GroupStory) -> None:
    story.create(4, 10)
    wanted = {"LaunchTemplate": {**story.template("other", ImageId="ami-9"), "Version": "1"}}
    start(story, wanted, InstanceWarmup=60, MinHealthyPercentage=50)
    story.run(65)
    assert {each.image_id for each in story.instances()} == {"ami-9"}
    story.of("RollbackInstanceRefresh")
    assert refresh(story)["Status"] == "RollbackInProgress"
    story.run(600)
    assert refresh(story)["Status"] == "RollbackSuccessful"
    assert refresh(story)["RollbackDetails"]["PercentageCompleteOnRollback"] == 50
    assert {each.image_id for each in story.instances()} == {"ami-1"}
    (group,) = story.call("DescribeAutoScalingGroups")["AutoScalingGroups"]
    assert group["LaunchTemplate"]["LaunchTemplateName"] == "web"


@pytest.mark.parametrize(
    ("auto", "status", "images"),
    [
        pytest.param(True, "RollbackSuccessful", {"ami-1"}, id="rolls back"),
        pytest.param(False, "Failed", {"ami-1", "ami-9"}, id="or only stops"),
    ],
)
def test_an_alarm_stops_a_refresh(
    story: GroupStory, auto: bool, status: str, images: set[str]
) -> None:
    story.create(4, 10)
    story.alarm("errors", [])
    wanted = {"LaunchTemplate": {**story.template("other", ImageId="ami-9"), "Version": "1"}}
    start(
        story,
        wanted,
        InstanceWarmup=300,
        AutoRollback=auto,
        AlarmSpecification={"Alarms": ["errors"]},
    )
    story.cpu = lambda each: 99.0 if each.image_id == "ami-9" else 60.0
    story.run(1800)
    found = refresh(story)
    assert found["Status"] == status
    reason = found["RollbackDetails"]["RollbackReason"] if auto else found["StatusReason"]
    assert reason == "Alarm errors is in ALARM state."
    assert {each.image_id for each in story.instances()} == images


def test_a_refresh_that_is_stuck_fails_after_an_hour(story: GroupStory) -> None:
    story.create(2, 10)
    story.of("SetInstanceProtection", InstanceIds=story.ids(1), ProtectedFromScaleIn=True)
    start(story)
    story.run(3500)
    assert refresh(story)["Status"] == "InProgress"
    story.run(400)
    assert refresh(story)["Status"] == "Failed"
    assert "within 1 hour" in refresh(story)["StatusReason"]


@pytest.mark.parametrize(
    ("how", "left"), [("Refresh", 0), ("Ignore", 1)], ids=["replaces it", "leaves it"]
)
def test_protected_instances(story: GroupStory, how: str, left: int) -> None:
    story.create(2, 10)
    protected = story.ids(1)
    story.of("SetInstanceProtection", InstanceIds=protected, ProtectedFromScaleIn=True)
    start(story, ScaleInProtectedInstances=how)
    story.run(60)
    assert refresh(story)["Status"] == "Successful"
    assert len([e for e in story.instances() if e.id in protected]) == left


@pytest.mark.parametrize(
    ("how", "left"), [("Terminate", 0), ("Ignore", 1)], ids=["replaces it", "leaves it"]
)
def test_standby_instances(story: GroupStory, how: str, left: int) -> None:
    story.create(1, 10, 2)
    story.of("EnterStandby", InstanceIds=story.ids(1), ShouldDecrementDesiredCapacity=True)
    start(story, StandbyInstances=how)
    story.run(60)
    assert refresh(story)["Status"] == "Successful"
    assert len(story.instances("Standby")) == left


def test_the_warm_pool_is_replaced_as_well(story: GroupStory) -> None:
    story.create(1, 3)
    story.of("PutWarmPool")
    story.run(5)
    renew(story)
    before = {each.id for each in story.instances()}
    start(story)
    story.run(60)
    assert not before & {each.id for each in story.instances()}
    assert {each.launch_template["Version"] for each in story.instances()} == {"2"}
    progress = refresh(story)["ProgressDetails"]
    assert progress["WarmPoolProgress"] == {"PercentageComplete": 100, "InstancesToUpdate": 0}


def test_a_root_volume_is_replaced_in_place(story: GroupStory) -> None:
    story.create(3, 3)
    renew(story)
    before = [each.id for each in story.instances()]
    story.of("StartInstanceRefresh", Strategy="ReplaceRootVolume", Preferences={})
    story.run(60)
    assert refresh(story)["Status"] == "Successful"
    assert sorted(each.id for each in story.instances("InService")) == sorted(before)
    assert {each.image_id for each in story.instances()} == {"ami-2"}


def test_a_refresh_can_be_cancelled(story: GroupStory) -> None:
    story.create(4, 10)
    renew(story)
    start(story, InstanceWarmup=300)
    story.run(5)
    story.of("CancelInstanceRefresh")
    story.run(5)
    assert refresh(story)["Status"] == "Cancelled"
    story.run(1200)
    assert versions(story) == ["1", "1", "1", "2"]


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("CancelInstanceRefresh", "ActiveInstanceRefreshNotFound"),
        ("RollbackInstanceRefresh", "ActiveInstanceRefreshNotFound"),
    ],
)
def test_without_a_refresh(story: GroupStory, operation: str, code: str) -> None:
    story.create(1, 2)
    with pytest.raises(Fault) as refused:
        story.of(operation)
    assert refused.value.code == code


def test_only_one_at_a_time(story: GroupStory) -> None:
    story.create(1, 2)
    start(story, InstanceWarmup=300)
    with pytest.raises(Fault) as refused:
        start(story)
    assert refused.value.code == "InstanceRefreshInProgress"
    with pytest.raises(Fault) as refused:
        story.of("RollbackInstanceRefresh")
    assert refused.value.code == "IrreversibleInstanceRefresh"


@pytest.mark.parametrize(
    "wrong",
    [
        {"MinHealthyPercentage": 101},
        {"MinHealthyPercentage": 0, "MaxHealthyPercentage": 150},
        {"CheckpointPercentages": [50, 20]},
        {"CheckpointDelay": 200_000},
        {"AutoRollback": True},
    ],
)
def test_what_preferences_cannot_be(story: GroupStory, wrong: dict[str, Any]) -> None:
    story.create(1, 2)
    with pytest.raises(Fault) as refused:
        start(story, **wrong)
    assert refused.value.code == "ValidationError"
