"""What users felt of an update, from a stack's events and the load over time."""

from typing import Any

from understudy.control.felt import Operation, felt, operations
from understudy.control.outcome import (
    CapacityPoint,
    ChangedResource,
    LoadPoint,
    PlannedChange,
)
from understudy.pricing.catalogue import offers_in
from understudy.pricing.meter import Usage, bill

STACK = "arn:aws:cloudformation:us-east-1:000000000000:stack/web/1"


def event(at: float, status: str, reason: str = "", resource: str = "") -> dict[str, Any]:
    return {
        "Timestamp": at,
        "StackId": STACK,
        "PhysicalResourceId": "" if resource else STACK,
        "LogicalResourceId": resource or "web",
        "ResourceType": "AWS::ECS::Service" if resource else "AWS::CloudFormation::Stack",
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


EVENTS = [
    event(10, "CREATE_IN_PROGRESS", "User Initiated"),
    event(20, "CREATE_COMPLETE"),
    event(100, "UPDATE_IN_PROGRESS", "User Initiated"),
    event(130, "UPDATE_FAILED", "no", "Service"),
    event(130, "UPDATE_FAILED", "Resource update cancelled", "Other"),
    event(131, "UPDATE_ROLLBACK_IN_PROGRESS"),
    event(160, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"),
    event(165, "UPDATE_ROLLBACK_COMPLETE"),
]


def test_an_update_is_told_from_its_events() -> None:
    assert operations(EVENTS[::-1], 50) == (
        Operation(100, 165, "UPDATE_ROLLBACK_COMPLETE", ("Service: no",)),
    )
    assert operations(EVENTS, 101) == ()


def test_an_update_that_goes_on_has_no_end() -> None:
    assert operations(EVENTS[:4], 50) == (
        Operation(100, None, "UPDATE_IN_PROGRESS", ("Service: no",)),
    )


def test_what_was_lost_and_late_in_an_update_and_after_it_is_counted() -> None:
    load = (
        LoadPoint(0, 90, 90, 9, 50.0, 60.0, 70.0, 8),
        LoadPoint(90, 90, 90, 5, 50.0, 60.0, 900.0, 7),
        LoadPoint(180, 600, 600, 1, 50.0, 60.0, 80.0, 2),
        LoadPoint(780, 90, 90, 90, None, None, None, 0),
    )
    capacity = (
        CapacityPoint(0, 4, 4),
        CapacityPoint(120, 1, 4, 1),
        CapacityPoint(150, 1, 1, 0, 4),
        CapacityPoint(160, 1, 1),
        CapacityPoint(900, 1, 0),
    )
    used = [Usage("ml.m5.large", 100, 165), Usage("ml.m5.xlarge", 120, 165)]
    cost = bill(used, "us-east-1", offers_in("us-east-1"))
    found = felt(Operation(100, 165, "UPDATE_COMPLETE"), load, capacity, 870, cost)
    assert (found.requests, found.lost, found.late) == (690, 6, 9)
    assert (found.p99_before_ms, found.p99_ms) == (70.0, 900.0)
    assert (found.least_in_service, found.most_running) == (1, 5)
    assert [name for name, _ in found.usd_by_type] == ["ml.m5.large", "ml.m5.xlarge"]
    assert found.usd == sum(usd for _, usd in found.usd_by_type if usd is not None)


def test_an_update_has_the_change_set_that_was_executed_for_it() -> None:
    first = PlannedChange((ChangedResource("Modify", "Service", "AWS::ECS::Service", "False", ()),))
    second = [event(200, "UPDATE_IN_PROGRESS", "User Initiated"), event(210, "UPDATE_COMPLETE")]
    found = operations([*EVENTS, *second], 50, [first])
    assert [each.planned for each in found] == [first, PlannedChange()]
