"""Which targets get requests: AWS's own example of target group health, and fail open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.balancing.routing import ROUND_ROBIN
from understudy.balancing.target_group import (
    HealthRules,
    Seen,
    Threshold,
    candidates,
    enters_slow_start,
    in_dns,
)

A, B = "us-east-1a", "us-east-1b"


def zone(name: str, healthy: int, total: int) -> list[Seen]:
    return [Seen(name, index < healthy) for index in range(total)]


# AWS: Target group health, Example: two zones with ten targets each, six of zone B fail; both
# thresholds are 50 %.
HALF = Threshold(percent=50)
SIX_FAILED = zone(A, 10, 10) + zone(B, 4, 10)


def test_without_cross_zone_a_zone_below_its_threshold_fails_open_and_leaves_dns() -> None:
    rules = HealthRules(cross_zone=False, routing=HALF, dns=HALF)
    assert candidates(SIX_FAILED, A, rules) == (tuple(range(10)), False)
    assert candidates(SIX_FAILED, B, rules) == (tuple(range(10, 20)), True)
    assert in_dns(SIX_FAILED, (A, B), rules) == (A,)


def test_with_cross_zone_all_zones_are_counted_together() -> None:
    rules = HealthRules(routing=HALF, dns=HALF)
    healthy = (*range(10), *range(10, 14))
    for each in (A, B):
        assert candidates(SIX_FAILED, each, rules) == (healthy, False)
    assert in_dns(SIX_FAILED, (A, B), rules) == (A, B)


@pytest.mark.parametrize(
    ("targets", "threshold", "expected"),
    [
        pytest.param(zone(A, 1, 2), Threshold(), ((0,), False), id="one healthy target is enough"),
        pytest.param(zone(A, 0, 2), Threshold(), ((0, 1), True), id="none healthy: to all"),
        pytest.param(
            [], Threshold(), ((), False), id="no targets: to nobody, which is no failover"
        ),
        pytest.param(zone(A, 2, 4), Threshold(3), ((0, 1, 2, 3), True), id="the count is missed"),
        pytest.param(
            zone(A, 3, 10), Threshold(3, 40), (tuple(range(10)), True), id="either one trips"
        ),
        pytest.param(zone(A, 4, 10), Threshold(1, 40), ((0, 1, 2, 3), False), id="40 % is 40 %"),
    ],
)
def test_failing_open(
    targets: list[Seen], threshold: Threshold, expected: tuple[tuple[int, ...], bool]
) -> None:
    assert candidates(targets, A, HealthRules(routing=threshold)) == expected


def test_if_every_zone_is_unhealthy_all_are_in_dns() -> None:
    rules = HealthRules(cross_zone=False)
    assert in_dns(zone(A, 0, 1) + zone(B, 0, 1), (A, B), rules) == (A, B)


def test_a_target_of_all_zones_is_reached_from_each() -> None:
    assert candidates([Seen("all", healthy=True)], A, HealthRules(cross_zone=False)) == (
        (0,),
        False,
    )


@pytest.mark.parametrize(
    ("others", "slow"),
    [
        pytest.param([], False, id="the first target starts at full speed"),
        pytest.param([(True, True)], False, id="beside targets that start slowly themselves"),
        pytest.param([(False, False)], False, id="beside unhealthy targets"),
        pytest.param([(True, True), (True, False)], True, id="beside one at full speed"),
    ],
)
def test_who_starts_slowly(others: list[tuple[bool, bool]], slow: bool) -> None:
    assert enters_slow_start(ROUND_ROBIN, 30.0, others) is slow


targets = st.lists(st.builds(Seen, st.sampled_from([A, B]), st.booleans()), max_size=12)
rules = st.builds(
    HealthRules,
    st.booleans(),
    st.builds(Threshold, st.integers(1, 5), st.integers(0, 100)),
)


@given(targets, st.sampled_from([A, B]), rules)
def test_requests_go_to_healthy_targets_or_to_all_in_reach(
    targets: list[Seen], zone: str, rules: HealthRules
) -> None:
    chosen, failed_open = candidates(targets, zone, rules)
    reach = [n for n, each in enumerate(targets) if rules.cross_zone or each.zone == zone]
    healthy = [n for n in reach if targets[n].healthy]
    assert list(chosen) == (reach if failed_open else healthy if chosen else [])
    if reach:
        assert chosen
