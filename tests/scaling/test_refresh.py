"""Tables from AWS: instance refresh, checkpoints, warm pools."""

import pytest

from understudy.scaling.refresh import before, bounds, goal, launches_first, reached, together
from understudy.scaling.warm_pool import warm_pool_size


@pytest.mark.parametrize(
    ("desired", "minimum", "maximum", "expected"),
    [
        pytest.param(10, 90, 100, (9, 10), id="ninety percent of ten"),
        pytest.param(10, 80, 120, (8, 12), id="with room above"),
        pytest.param(3, 90, 100, (3, 3), id="the minimum is rounded up"),
        pytest.param(3, 0, 150, (0, 4), id="the maximum is rounded down"),
    ],
)
def test_bounds(desired: int, minimum: int, maximum: int, expected: tuple[int, int]) -> None:
    found = bounds(desired, minimum, maximum)
    assert (found.healthy, found.most) == expected


@pytest.mark.parametrize(
    ("desired", "healthy", "minimum", "room"),
    [
        pytest.param(10, 10, 90, 1, id="a minimum of ninety percent replaces ten"),
        pytest.param(100, 100, 90, 10, id="ten of a hundred"),
        pytest.param(100, 95, 90, 5, id="less while others are not healthy"),
        pytest.param(1, 1, 90, 1, id="the only one"),
        pytest.param(1, 0, 90, 0, id="but not twice"),
        pytest.param(4, 4, 100, 1, id="never none"),
    ],
)
def test_how_many_go_together(desired: int, healthy: int, minimum: int, room: int) -> None:
    assert together(desired, healthy, minimum) == room


@pytest.mark.parametrize(
    ("desired", "present", "maximum", "room"),
    [(10, 10, 110, 1), (10, 11, 110, 0), (10, 10, 200, 10), (2, 2, 100, 1), (2, 3, 100, 0)],
)
def test_how_many_come_before(desired: int, present: int, maximum: int, room: int) -> None:
    assert before(desired, present, maximum) == room


@pytest.mark.parametrize(
    ("desired", "minimum", "maximum", "first"),
    [
        pytest.param(10, 90, None, False, id="without a maximum both at once"),
        pytest.param(10, 90, 100, False, id="a maximum of 100 leaves nine"),
        pytest.param(1, 90, 100, True, id="of one instance none could go first"),
        pytest.param(10, 100, 110, True, id="above 100"),
    ],
)
def test_what_comes_first(desired: int, minimum: int, maximum: int | None, first: bool) -> None:
    assert launches_first(desired, minimum, maximum) is first


def test_of_several_checkpoints_at_once_the_last_counts() -> None:
    # AWS: two instances, checkpoints at 10, 40 and 100 percent: one replaced is 50 percent.
    assert reached([10, 40, 100], 0, replaced=1, total=2) == 2
    assert reached([10, 40, 100], 2, replaced=2, total=2) == 3


@pytest.mark.parametrize(("passed", "expected"), [(0, 2), (1, 5), (2, 10)])
def test_a_batch_ends_at_the_next_checkpoint(passed: int, expected: int) -> None:
    assert goal([20, 50], passed, 10) == expected


@pytest.mark.parametrize(
    ("maximum", "desired", "prepared", "least", "size"),
    [
        pytest.param(10, 6, None, 0, 4, id="AWS: up to the maximum of the group"),
        pytest.param(10, 6, 8, 0, 2, id="AWS: up to the prepared capacity"),
        pytest.param(10, 9, 8, 0, 0, id="never negative"),
        pytest.param(10, 9, 8, 3, 3, id="at least its own minimum"),
    ],
)
def test_the_size_of_a_warm_pool(
    maximum: int, desired: int, prepared: int | None, least: int, size: int
) -> None:
    assert warm_pool_size(maximum, desired, prepared, least) == size
