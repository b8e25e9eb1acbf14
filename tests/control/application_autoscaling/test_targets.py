"""AWS: API_RegisterScalableTarget, API_DescribeScalableTargets, API_DeregisterScalableTarget."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.application_autoscaling.dimensions import DIMENSIONS
from understudy.control.signals import ScalableRemoved
from understudy.testing.scaling_story import ScalingStory

ROLE = (
    "arn:aws:iam::000000000000:role/aws-service-role/sagemaker.application-autoscaling.amazonaws"
    ".com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
)


def described(story: ScalingStory) -> dict[str, Any]:
    answer = story.call("DescribeScalableTargets", ResourceIds=[story.identity["ResourceId"]])
    (target,) = answer["ScalableTargets"]
    return target


def refused(story: ScalingStory, operation: str, **members: Any) -> tuple[str, str]:
    with pytest.raises(Fault) as caught:
        story.call(operation, **members)
    return caught.value.code, caught.value.message


def test_the_api_has_24_dimensions_and_each_has_a_policy_type() -> None:
    assert len(DIMENSIONS) == 24
    assert all(dimension.policies for dimension in DIMENSIONS.values())
    three_hundred = {d.name for d in DIMENSIONS.values() if d.cooldown == 300}
    assert "sagemaker:variant:DesiredInstanceCount" in three_hundred
    assert "dynamodb:table:ReadCapacityUnits" not in three_hundred


def test_a_new_target_is_described_with_its_defaults() -> None:
    story = ScalingStory()
    answer = story.call("RegisterScalableTarget", MinCapacity=1, MaxCapacity=3)
    assert described(story) == {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/digits/variant/blue",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
        "MinCapacity": 1,
        "MaxCapacity": 3,
        "RoleARN": ROLE,
        "CreationTime": story.at,
        "SuspendedState": {
            "DynamicScalingInSuspended": False,
            "DynamicScalingOutSuspended": False,
            "ScheduledScalingSuspended": False,
        },
        "ScalableTargetARN": answer["ScalableTargetARN"],
    }
    prefix = "arn:aws:application-autoscaling:us-east-1:000000000000:scalable-target/"
    assert answer["ScalableTargetARN"].startswith(prefix)


def test_an_update_keeps_what_it_omits(story: ScalingStory) -> None:
    before = described(story)
    story.run(60)
    story.call("RegisterScalableTarget", MaxCapacity=5)
    suspended = {"ScheduledScalingSuspended": True}
    story.call("RegisterScalableTarget", SuspendedState=suspended)
    after = described(story)
    assert after == before | {
        "MaxCapacity": 5,
        "SuspendedState": before["SuspendedState"] | suspended,
    }


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"MaxCapacity": 3}, "Minimum capacity must be specified"),
        ({"MinCapacity": 3}, "Maximum capacity must be specified"),
        ({"MinCapacity": -1, "MaxCapacity": 3}, "Minimum capacity cannot be less than 0"),
        (
            {"MinCapacity": 4, "MaxCapacity": 3},
            "Maximum capacity cannot be less than minimum capacity",
        ),
        (
            {"MinCapacity": 1, "MaxCapacity": 3, "ResourceId": "endpoint/none/variant/blue"},
            "SageMaker endpoint variant doesn't exist: endpoint/none/variant/blue",
        ),
        (
            {"MinCapacity": 1, "MaxCapacity": 3, "ResourceId": "digits"},
            "Unsupported service namespace, resource type or scalable dimension",
        ),
        (
            {"MinCapacity": 1, "MaxCapacity": 3, "ServiceNamespace": "ecs"},
            "Unsupported service namespace, resource type or scalable dimension",
        ),
        (
            {"MinCapacity": 1, "MaxCapacity": 3, "Tags": {"aws:x": "y"}},
            "Tag keys cannot start with aws:",
        ),
        (
            {"MinCapacity": 1, "MaxCapacity": 3, "Tags": {f"k{n}": "" for n in range(51)}},
            "A scalable target can have at most 50 tags",
        ),
    ],
)
def test_registrations_that_are_refused(members: dict[str, Any], message: str) -> None:
    story = ScalingStory()
    assert refused(story, "RegisterScalableTarget", **members) == ("ValidationException", message)
    assert not story.service.state.targets


@pytest.mark.parametrize(
    ("namespace", "dimension", "resource_id"),
    [
        ("ecs", "ecs:service:DesiredCount", "service/default/web"),
        ("dynamodb", "dynamodb:table:ReadCapacityUnits", "table/t"),
        ("custom-resource", "custom-resource:ResourceType:Property", "https://example.com/x"),
    ],
)
def test_dimensions_without_a_service_here_are_refused_by_name(
    namespace: str, dimension: str, resource_id: str
) -> None:
    code, message = refused(
        ScalingStory(),
        "RegisterScalableTarget",
        ServiceNamespace=namespace,
        ScalableDimension=dimension,
        ResourceId=resource_id,
        MinCapacity=1,
        MaxCapacity=2,
    )
    assert code == "ValidationException"
    assert message == (
        f"Scalable dimension {dimension} is not offered here. "
        "Offered: sagemaker:variant:DesiredInstanceCount"
    )


def test_throughput_has_a_minimum_of_one() -> None:
    story = ScalingStory("dynamodb:table:ReadCapacityUnits", "table/t", 5)
    assert refused(story, "RegisterScalableTarget", MinCapacity=0, MaxCapacity=3) == (
        "ValidationException",
        "Minimum capacity cannot be less than 1",
    )


def test_emr_has_no_service_linked_role() -> None:
    story = ScalingStory("elasticmapreduce:instancegroup:InstanceCount", "instancegroup/j/ig", 2)
    bounds = {"MinCapacity": 1, "MaxCapacity": 3}
    assert refused(story, "RegisterScalableTarget", **bounds) == (
        "ValidationException",
        "Role ARN must be specified",
    )
    role = "arn:aws:iam::000000000000:role/EMR_AutoScaling_DefaultRole"
    story.call("RegisterScalableTarget", RoleARN=role, **bounds)
    assert described(story)["RoleARN"] == role


@pytest.mark.parametrize(
    ("bounds", "expected", "cause"),
    [
        ((3, 8), 3, "minimum capacity was set to 3"),
        ((0, 1), 1, "maximum capacity was set to 1"),
    ],
)
def test_registering_brings_the_capacity_inside_the_bounds(
    bounds: tuple[int, int], expected: int, cause: str
) -> None:
    story = ScalingStory(units=2)
    story.register(*bounds)
    assert story.desired == expected
    story.run(60)
    (activity,) = story.activities()
    assert activity["Cause"] == cause
    assert activity["Description"] == f"Setting desired instance count to {expected}."
    assert activity["StatusCode"] == "Successful"


def test_an_update_enforces_the_bounds_even_if_it_names_none(story: ScalingStory) -> None:
    # AWS: "even if you don't include the MinCapacity or MaxCapacity request parameters"
    story.fleet.put("endpoint/digits/variant/blue", 12)
    story.run(3600)
    assert story.desired == 12
    story.call("RegisterScalableTarget")
    assert story.desired == 8


def test_deregistering_takes_policies_alarms_and_actions_along(story: ScalingStory) -> None:
    story.track(100.0, "SageMakerVariantInvocationsPerInstance")
    story.step("out", (0, None, 1))
    story.call(
        "PutScheduledAction",
        ScheduledActionName="night",
        Schedule="rate(1 hour)",
        ScalableTargetAction={"MaxCapacity": 2},
    )
    assert len(story.book.alarms) == 2
    story.call("DeregisterScalableTarget")
    assert not story.book.alarms
    assert not story.service.state.owners
    assert story.call("DescribeScalingPolicies")["ScalingPolicies"] == []
    assert story.call("DescribeScheduledActions")["ScheduledActions"] == []
    story.run(7200)
    assert story.changes() == []
    assert refused(story, "DeregisterScalableTarget") == (
        "ObjectNotFoundException",
        (
            "No scalable target registered for service namespace: sagemaker, resource ID: "
            "endpoint/digits/variant/blue, scalable dimension: "
            "sagemaker:variant:DesiredInstanceCount"
        ),
    )


def test_activities_outlive_their_target(story: ScalingStory) -> None:
    story.register(3, 8)
    story.run(60)
    story.call("DeregisterScalableTarget")
    assert len(story.activities()) == 1


def test_a_target_goes_with_its_resource(story: ScalingStory) -> None:
    story.track(100.0, "SageMakerVariantInvocationsPerInstance")
    gone = ScalableRemoved("sagemaker:variant:DesiredInstanceCount", "endpoint/digits/variant/blue")
    for _ in range(2):
        with story.stage.turn() as turn:
            story.service.on_removed(gone, turn)
        assert not story.service.state.targets
        assert not story.book.alarms


def test_describe_filters_and_pages() -> None:
    story = ScalingStory()
    for name in ("a", "b", "c"):
        story.fleet.put(f"endpoint/{name}/variant/v", 1)
        resource = f"endpoint/{name}/variant/v"
        story.call("RegisterScalableTarget", ResourceId=resource, MinCapacity=1, MaxCapacity=2)
    everything = {"ServiceNamespace": "sagemaker"}
    story.identity = everything
    first = story.call("DescribeScalableTargets", MaxResults=2)
    second = story.call("DescribeScalableTargets", MaxResults=2, NextToken=first["NextToken"])
    names = [target["ResourceId"] for page in (first, second) for target in page["ScalableTargets"]]
    assert names == [f"endpoint/{name}/variant/v" for name in ("a", "b", "c")]
    assert "NextToken" not in second
    assert story.call("DescribeScalableTargets", ServiceNamespace="ecs") == {"ScalableTargets": []}
    one = story.call("DescribeScalableTargets", ResourceIds=["endpoint/b/variant/v"])
    assert [target["ResourceId"] for target in one["ScalableTargets"]] == ["endpoint/b/variant/v"]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"MaxResults": -1}, "ValidationException"),
        ({"NextToken": "x"}, "InvalidNextTokenException"),
        ({"NextToken": "9"}, "InvalidNextTokenException"),
        (
            {"ScalableDimension": "sagemaker:variant:DesiredInstanceCount", "ResourceIds": []},
            "ValidationException",
        ),
    ],
)
def test_describe_requests_that_are_refused(
    story: ScalingStory, members: dict[str, Any], code: str
) -> None:
    story.identity = {"ServiceNamespace": "sagemaker"}
    assert refused(story, "DescribeScalableTargets", **members)[0] == code


def test_tags(story: ScalingStory) -> None:
    known = described(story)["ScalableTargetARN"]
    story.call("TagResource", ResourceARN=known, Tags={"team": "vision", "stage": "test"})
    story.call("TagResource", ResourceARN=known, Tags={"stage": "live"})
    story.call("UntagResource", ResourceARN=known, TagKeys=["team", "none"])
    assert story.call("ListTagsForResource", ResourceARN=known) == {"Tags": {"stage": "live"}}
    many = {f"key{number}": "" for number in range(50)}
    assert refused(story, "TagResource", ResourceARN=known, Tags=many)[0] == "TooManyTagsException"
    assert story.call("ListTagsForResource", ResourceARN=known) == {"Tags": {"stage": "live"}}
    unknown = known[:-1] + "x"
    for operation in ("TagResource", "UntagResource", "ListTagsForResource"):
        code, _ = refused(story, operation, ResourceARN=unknown, Tags={}, TagKeys=[])
        assert code == "ResourceNotFoundException"
    assert refused(story, "RegisterScalableTarget", Tags={"a": "b"})[1].startswith(
        "The scalable target that you tried to tag already exists."
    )
