"""How many stack instances an operation works on at a time, and how many of them may fail.

AWS: StackSets concepts, StackSet operation options; StackSetOperationPreferences.
"""

from collections.abc import Collection, Sequence

from understudy.base.fault import validation_error
from understudy.control.events import Params

_PAIRS = (
    ("FailureToleranceCount", "FailureTolerancePercentage"),
    ("MaxConcurrentCount", "MaxConcurrentPercentage"),
)


def checked(preferences: Params, regions: Collection[str] | None) -> Params:
    """The preferences of a call, which may name its regions.

    Raises ValidationError where they contradict it or themselves.
    """
    for pair in _PAIRS:
        if all(name in preferences for name in pair):
            raise validation_error(f"Cannot specify both {pair[0]} and {pair[1]}")
    strict = preferences.get("ConcurrencyMode") != "SOFT_FAILURE_TOLERANCE"
    wanted, tolerated = preferences.get("MaxConcurrentCount"), "FailureToleranceCount"
    if strict and wanted is not None and tolerated in preferences:
        limit: int = preferences[tolerated] + 1
        if wanted > limit:
            raise validation_error(
                "MaxConcurrentCount must be at most one more than the FailureToleranceCount"
            )
    order: list[str] = preferences.get("RegionOrder", [])
    if order and regions is not None and sorted(order) != sorted(set(regions)):
        raise validation_error("Region order should contain all and only the regions specified")
    return preferences


def tolerance(preferences: Params, accounts: int) -> int:
    """How many of a region's accounts may fail; a percentage is rounded down.

    >>> tolerance({"FailureTolerancePercentage": 50}, 3)
    1
    """
    if "FailureTolerancePercentage" in preferences:
        return preferences["FailureTolerancePercentage"] * accounts // 100
    return preferences.get("FailureToleranceCount", 0)


def concurrency(preferences: Params, accounts: int, failed: int) -> int:
    """How many of a region's accounts are worked on at a time; a percentage is at least one.

    A strict tolerance allows one more than may still fail.

    >>> concurrency({"MaxConcurrentCount": 3, "FailureToleranceCount": 2}, 10, 1)
    2
    """
    wanted: int = preferences.get("MaxConcurrentCount", 1)
    if "MaxConcurrentPercentage" in preferences:
        wanted = max(1, preferences["MaxConcurrentPercentage"] * accounts // 100)
    if preferences.get("ConcurrencyMode") == "SOFT_FAILURE_TOLERANCE":
        return wanted
    return max(1, min(wanted, tolerance(preferences, accounts) + 1 - failed))


def region_order(preferences: Params, regions: Sequence[str]) -> list[str]:
    """The regions in the order in which they are worked on; without a wish as they were named.

    >>> region_order({"RegionOrder": ["b", "x"]}, ["a", "b"])
    ['b', 'a']
    """
    order: list[str] = preferences.get("RegionOrder", [])
    return list(dict.fromkeys([*(each for each in order if each in regions), *regions]))
