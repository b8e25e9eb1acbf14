"""How many stack instances are worked on at a time, and how many may fail: AWS's own examples.

AWS: StackSets concepts, StackSet operation options; StackSetOperationPreferences.
"""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.deploy.stack_sets.preferences import (
    checked,
    concurrency,
    region_order,
    tolerance,
)

SOFT = {"ConcurrencyMode": "SOFT_FAILURE_TOLERANCE"}


@pytest.mark.parametrize(
    ("preferences", "accounts", "allowed"),
    [
        ({}, 10, 0),
        ({"FailureToleranceCount": 3}, 10, 3),
        ({"FailureTolerancePercentage": 50}, 3, 1),
        ({"FailureTolerancePercentage": 20}, 10, 2),
        ({"FailureTolerancePercentage": 99}, 1, 0),
    ],
    ids=[
        "none may fail unless it is said",
        "a count is taken as it is",
        "a percentage is rounded down",
        "a percentage that is whole",
        "less than one is none",
    ],
)
def test_failure_tolerance(preferences: dict[str, Any], accounts: int, allowed: int) -> None:
    assert tolerance(preferences, accounts) == allowed


@pytest.mark.parametrize(
    ("preferences", "failed", "at_a_time"),
    [
        ({}, 0, 1),
        ({"MaxConcurrentCount": 4, "FailureToleranceCount": 3}, 0, 4),
        ({"MaxConcurrentCount": 4, "FailureToleranceCount": 3}, 2, 2),
        ({"MaxConcurrentPercentage": 50, "FailureTolerancePercentage": 20}, 0, 3),
        ({"MaxConcurrentPercentage": 50, "FailureToleranceCount": 2, **SOFT}, 2, 5),
        ({"MaxConcurrentPercentage": 1, "FailureToleranceCount": 2}, 0, 1),
    ],
    ids=[
        "one unless it is said",
        "one more than may fail",
        "each failure lowers it",
        "a strict tolerance limits a percentage",
        "a soft tolerance does not",
        "a percentage is at least one",
    ],
)
def test_concurrency_of_ten_accounts(
    preferences: dict[str, Any], failed: int, at_a_time: int
) -> None:
    assert concurrency(preferences, 10, failed) == at_a_time


@pytest.mark.parametrize(
    "preferences",
    [
        {"FailureToleranceCount": 1, "FailureTolerancePercentage": 10},
        {"MaxConcurrentCount": 1, "MaxConcurrentPercentage": 10},
        {"MaxConcurrentCount": 3, "FailureToleranceCount": 1},
        {"RegionOrder": ["eu-west-1"]},
        {"RegionOrder": ["eu-west-1", "us-east-1", "us-east-1"]},
    ],
    ids=[
        "a tolerance is a count or a percentage",
        "a concurrency is a count or a percentage",
        "a strict concurrency is at most one more than may fail",
        "the order names every region",
        "the order names each region once",
    ],
)
def test_preferences_that_contradict_themselves_are_refused(preferences: dict[str, Any]) -> None:
    with pytest.raises(Fault, match="ValidationError"):
        checked(preferences, ["us-east-1", "eu-west-1"])
    soft = {"MaxConcurrentCount": 3, "FailureToleranceCount": 1, **SOFT}
    assert checked(soft, ["us-east-1"]) == soft


def test_regions_without_an_order_follow_those_with_one() -> None:
    assert region_order({"RegionOrder": ["c", "a"]}, ["a", "b", "c"]) == ["c", "a", "b"]
