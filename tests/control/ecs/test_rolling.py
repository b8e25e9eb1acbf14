"""How many tasks may be stopped and started at a time, and after how many failures it ends."""

import pytest

from understudy.control.ecs.circuit_breaker import pause, threshold
from understudy.control.ecs.rolling import Bounds, Counts, Moves, bounds, moves


@pytest.mark.parametrize(
    ("desired", "minimum", "maximum", "stop", "start"),
    [
        pytest.param(4, 50, 100, 2, 0, id="half of four: two stop before two start"),
        pytest.param(2, 75, 100, 0, 0, id="75 percent of two are two: nothing may stop"),
        pytest.param(4, 100, 200, 0, 4, id="twice four: four start before four stop"),
        pytest.param(3, 100, 125, 0, 0, id="125 percent of three are three: nothing may start"),
    ],
)
def test_the_minimum_is_rounded_up_and_the_maximum_down(
    desired: int, minimum: int, maximum: int, stop: int, start: int
) -> None:
    # AWS: Rolling update, minimumHealthyPercent and maximumPercent.
    found = bounds(desired, minimum, maximum)
    assert (desired - found.lower, found.upper - desired) == (stop, start)
    first = moves(desired, found, Counts(), Counts(healthy=desired))
    assert (first.stop_old, first.start) == (stop, start)
    assert first.stuck is (not stop and not start)


def test_what_is_not_healthy_goes_at_once() -> None:
    found = moves(2, Bounds(2, 4), Counts(), Counts(starting=1, healthy=1))
    assert found == Moves(start=2, stop_old=1)


@pytest.mark.parametrize(
    ("desired", "failures"),
    [
        pytest.param(25, 13, id="half of 25, rounded up"),
        pytest.param(400, 200, id="half of 400"),
        pytest.param(800, 200, id="never more than 200"),
        pytest.param(1, 3, id="never less than 3"),
    ],
)
def test_how_many_failed_tasks_fail_a_deployment(desired: int, failures: int) -> None:
    # AWS: How the Amazon ECS deployment circuit breaker detects failures.
    assert threshold(desired) == failures


@pytest.mark.parametrize(
    ("kind", "value", "failures"),
    [("COUNT", 7, 7), ("BOUNDED_PERCENT", 10, 10), ("UNBOUNDED_PERCENT", 1, 1)],
)
def test_a_threshold_of_ones_own(kind: str, value: int, failures: int) -> None:
    assert threshold(100, {"type": kind, "value": value}) == failures


def test_attempts_are_spaced_out_up_to_a_quarter_of_an_hour() -> None:
    # AWS: Amazon ECS service throttle logic.
    assert [pause(failures) for failures in (0, 3, 4, 5, 30)] == [0.0, 0.0, 10.0, 20.0, 900.0]
