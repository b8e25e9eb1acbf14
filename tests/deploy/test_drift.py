"""Drift: the live resource is read and compared with what the template says."""

import json

import pytest

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.testing.outside import Services
from understudy.testing.stack_story import StackStory, thing


def queue(**more: object) -> Params:
    return {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 30, **more}}


def detect(stack: StackStory, **more: object) -> Params:
    identity = stack.call("DetectStackDrift", **more)["StackDriftDetectionId"]
    stack.run(60)
    found = stack.account.ask(
        "cloudformation", "DescribeStackDriftDetectionStatus", StackDriftDetectionId=identity
    )
    return {key: value for key, value in found.items() if value is not None}


def drifts(stack: StackStory, **more: object) -> dict[str, Params]:
    found = stack.ask("DescribeStackResourceDrifts", **more)["StackResourceDrifts"]
    return {each["LogicalResourceId"]: each for each in found}


def change(services: Services, stack: StackStory, name: str, value: str) -> None:
    services.ask(
        "sqs", "SetQueueAttributes", QueueUrl=stack.physical("Q"), Attributes={name: value}
    )


def test_a_stack_as_its_template_says_is_in_sync(real: StackStory) -> None:
    real.create({"Q": queue()})
    found = detect(real)
    assert found["DetectionStatus"] == "DETECTION_COMPLETE"
    assert found["StackDriftStatus"] == "IN_SYNC"
    assert found["DriftedStackResourceCount"] == 0
    assert real.described["DriftInformation"]["StackDriftStatus"] == "IN_SYNC"


def test_a_change_behind_the_stacks_back_is_found(real: StackStory, services: Services) -> None:
    real.create({"Q": queue(), "Other": queue()})
    change(services, real, "VisibilityTimeout", "60")
    found = detect(real)
    assert (found["StackDriftStatus"], found["DriftedStackResourceCount"]) == ("DRIFTED", 1)
    drift = drifts(real)["Q"]
    assert drift["StackResourceDriftStatus"] == "MODIFIED"
    assert drift["PropertyDifferences"] == [
        {
            "PropertyPath": "/VisibilityTimeout",
            "ExpectedValue": "30",
            "ActualValue": "60",
            "DifferenceType": "NOT_EQUAL",
        }
    ]
    assert json.loads(drift["ExpectedProperties"])["VisibilityTimeout"] in ("30", 30)
    assert json.loads(drift["ActualProperties"])["VisibilityTimeout"] in ("60", 60)
    only = drifts(real, StackResourceDriftStatusFilters=["IN_SYNC"])
    assert list(only) == ["Other"]


def test_what_the_template_does_not_say_is_no_drift(real: StackStory, services: Services) -> None:
    real.create({"Q": queue()})
    change(services, real, "DelaySeconds", "9")
    assert detect(real)["StackDriftStatus"] == "IN_SYNC"


def test_a_resource_that_is_gone_has_been_deleted(real: StackStory, services: Services) -> None:
    real.create({"Q": queue()})
    services.ask("sqs", "DeleteQueue", QueueUrl=real.physical("Q"))
    assert detect(real)["StackDriftStatus"] == "DRIFTED"
    drift = drifts(real)["Q"]
    assert drift["StackResourceDriftStatus"] == "DELETED"
    assert drift["ActualProperties"] is drift["ExpectedProperties"] is None


def test_one_resource_is_looked_at_at_once(real: StackStory, services: Services) -> None:
    real.create({"Q": queue()})
    change(services, real, "VisibilityTimeout", "60")
    found = real.call("DetectStackResourceDrift", LogicalResourceId="Q")["StackResourceDrift"]
    assert found["StackResourceDriftStatus"] == "MODIFIED"
    shown = real.ask("DescribeStackResource", LogicalResourceId="Q")["StackResourceDetail"]
    assert shown["DriftInformation"]["StackResourceDriftStatus"] == "MODIFIED"


def test_a_stack_that_is_being_changed_is_not_looked_at(real: StackStory) -> None:
    real.create({"A": thing(Seconds=100)}, run=5)
    with pytest.raises(Fault, match="Drift detection cannot be performed"):
        real.call("DetectStackDrift")


def test_a_template_that_brings_the_live_value_in_ends_the_drift(
    real: StackStory, services: Services
) -> None:
    real.create({"Q": queue()})
    change(services, real, "VisibilityTimeout", "60")
    detect(real)
    real.update({"Q": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 60}}})
    assert detect(real)["StackDriftStatus"] == "IN_SYNC"


def test_what_could_not_be_read_is_unknown(real: StackStory, services: Services) -> None:
    real.create({"Q": queue(), "Other": {"Type": "AWS::SNS::Topic", "Properties": {}}})
    services.refused.add("GetQueueAttributes")
    found = detect(real)
    assert (found["DetectionStatus"], found["StackDriftStatus"]) == ("DETECTION_FAILED", "UNKNOWN")
    assert found["DetectionStatusReason"].startswith("Failed to detect drift on resource(s) [Q].")
    drift = drifts(real)["Q"]
    assert drift["StackResourceDriftStatus"] == "UNKNOWN"
    assert "GetQueueAttributes is not answered" in drift["DriftStatusReason"]
    assert drifts(real)["Other"]["StackResourceDriftStatus"] == "IN_SYNC"


def test_a_resource_that_nobody_can_read_is_not_checked(real: StackStory) -> None:
    real.create({"Q": queue(), "A": thing()})
    assert detect(real)["DetectionStatus"] == "DETECTION_COMPLETE"
    assert list(drifts(real)) == ["Q"]
    shown = real.ask("DescribeStackResource", LogicalResourceId="A")["StackResourceDetail"]
    assert shown["DriftInformation"] == {"StackResourceDriftStatus": "NOT_CHECKED"}
