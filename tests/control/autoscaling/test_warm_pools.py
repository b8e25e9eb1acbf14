"""Warm pools: how large, in which state, in and out."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.autoscaling.service import GroupConfig
from understudy.testing.group_story import GroupStory

LAUNCHING = "autoscaling:EC2_INSTANCE_LAUNCHING"


def pool(story: GroupStory, **params: Any) -> None:
    story.of("PutWarmPool", **params)
    story.run(1)


@pytest.mark.parametrize(
    ("params", "size"),
    [
        pytest.param({}, 4, id="up to the maximum of the group"),
        pytest.param({"MaxGroupPreparedCapacity": 8}, 2, id="up to the prepared capacity"),
        pytest.param({"MaxGroupPreparedCapacity": 3, "MinSize": 1}, 1, id="at least its minimum"),
    ],
)
def test_its_size(story: GroupStory, params: dict[str, int], size: int) -> None:
    story.create(0, 10, 6)
    pool(story, **params)
    assert len(story.instances("Warmed:Stopped")) == size
    assert len(story.instances("InService")) == 6
    (group,) = story.call("DescribeAutoScalingGroups")["AutoScalingGroups"]
    assert group["WarmPoolSize"] == size


@pytest.mark.parametrize("state", ["Stopped", "Running", "Hibernated"])
def test_its_state(story: GroupStory, state: str) -> None:
    story.create(0, 3, 1)
    pool(story, PoolState=state)
    assert story.states() == ["InService", f"Warmed:{state}", f"Warmed:{state}"]
    descriptions = {each["Description"].rsplit(":", 1)[0] for each in story.activities()[:2]}
    assert descriptions == {"Launching a new EC2 instance into warm pool"}


@pytest.mark.parametrize("state", ["Stopped", "Running"])
def test_scale_out_takes_from_the_pool_first(story: GroupStory, state: str) -> None:
    story.create(0, 4, 1)
    pool(story, PoolState=state, MaxGroupPreparedCapacity=3)
    warm = {each.id for each in story.instances() if each.lifecycle.startswith("Warmed")}
    story.of("SetDesiredCapacity", DesiredCapacity=4)
    story.run(1)
    assert warm < {each.id for each in story.instances("InService")}
    descriptions = [each["Description"].rsplit(":", 1)[0] for each in story.activities()]
    assert descriptions.count("Launching a new EC2 instance from warm pool") == 2
    assert story.states() == ["InService"] * 4


def test_the_pool_is_filled_again(story: GroupStory) -> None:
    story.create(0, 9, 1)
    pool(story, MinSize=2, MaxGroupPreparedCapacity=0)
    story.of("SetDesiredCapacity", DesiredCapacity=2)
    story.run(1)
    assert story.states() == ["InService", "InService", "Warmed:Stopped", "Warmed:Stopped"]


def test_launch_hooks_run_twice(story: GroupStory) -> None:
    story.create(0, 2, 0)
    story.of("PutLifecycleHook", LifecycleHookName="h", LifecycleTransition=LAUNCHING)
    pool(story, MinSize=1, MaxGroupPreparedCapacity=0)

    def go_on() -> None:
        (waiting,) = [each for each in story.instances() if each.actions]
        story.of(
            "CompleteLifecycleAction",
            LifecycleHookName="h",
            LifecycleActionResult="CONTINUE",
            InstanceId=waiting.id,
        )
        story.run(1)

    assert story.states() == ["Warmed:Pending:Wait"]
    go_on()
    assert story.states() == ["Warmed:Stopped"]
    story.of("SuspendProcesses", ScalingProcesses=["Launch"])
    story.of("SetDesiredCapacity", DesiredCapacity=1)
    story.run(1)
    assert story.states() == ["Warmed:Stopped"]
    story.of("PutWarmPool", MaxGroupPreparedCapacity=0)
    story.of("ResumeProcesses")
    story.run(1)
    assert story.states() == ["Pending:Wait"]
    go_on()
    assert story.states() == ["InService"]


@pytest.mark.parametrize("reuse", [True, False])
def test_scale_in_may_return_instances_to_the_pool(story: GroupStory, reuse: bool) -> None:
    story.create(0, 4, 4)
    first = {each.id for each in story.instances()}
    pool(story, InstanceReusePolicy={"ReuseOnScaleIn": reuse})
    story.of("SetDesiredCapacity", DesiredCapacity=2)
    story.run(5)
    assert story.states() == ["InService", "InService", "Warmed:Stopped", "Warmed:Stopped"]
    assert (first == {each.id for each in story.instances()}) == reuse


def test_a_deleted_pool_is_emptied() -> None:
    story = GroupStory(config=GroupConfig(termination_delay=10.0))
    story.create(0, 4, 1)
    pool(story)
    story.of("DeleteWarmPool")
    assert story.of("DescribeWarmPool")["WarmPoolConfiguration"]["Status"] == "PendingDelete"
    story.run(11)
    assert story.states() == ["InService"]
    assert "WarmPoolConfiguration" not in story.of("DescribeWarmPool")
    with pytest.raises(Fault, match="No warm pool found"):
        story.of("DeleteWarmPool")


def test_a_mixed_group_has_none(story: GroupStory) -> None:
    mixed = {
        "LaunchTemplate": {
            "LaunchTemplateSpecification": story.template(),
            "Overrides": [{"InstanceType": "m5.large"}],
        }
    }
    story.create(0, 4, 1, MixedInstancesPolicy=mixed)
    with pytest.raises(Fault, match="mixed instances policy"):
        story.of("PutWarmPool")
