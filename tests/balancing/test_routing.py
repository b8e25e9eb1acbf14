"""The choice of a variant and of a target."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.balancing.routing import (
    NOBODY,
    choose_variant,
    least_outstanding,
    round_robin,
    slow_start,
)

shares = st.floats(0, 1, exclude_max=True)


@pytest.mark.parametrize(
    ("weights", "u", "chosen"),
    [
        pytest.param((3.0, 1.0), 0.0, 0, id="the first share starts at zero"),
        pytest.param((3.0, 1.0), 0.7, 0, id="0.7 of four lies in the first three"),
        pytest.param((3.0, 1.0), 0.75, 1, id="a boundary belongs to the next variant"),
        pytest.param((3.0, 1.0), 0.8, 1, id="0.8 of four lies in the last one"),
        pytest.param((1.0,), 0.999, 0, id="a single variant takes all"),
        pytest.param((0.0, 2.0, 0.0), 0.0, 1, id="no weight, no traffic, in front"),
        pytest.param((0.0, 2.0, 0.0), 0.999, 1, id="no weight, no traffic, behind"),
        pytest.param((0.0, 0.0), 0.5, NOBODY, id="nobody has a weight"),
        pytest.param((), 0.5, NOBODY, id="there is no variant"),
    ],
)
def test_a_variant_gets_its_weight_over_the_sum(
    weights: tuple[float, ...], u: float, chosen: int
) -> None:
    assert choose_variant(weights, u) == chosen


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=10), shares)
def test_a_variant_without_weight_is_never_chosen(weights: list[float], u: float) -> None:
    chosen = choose_variant(weights, u)
    assert (chosen == NOBODY) == (sum(weights) == 0)
    assert chosen == NOBODY or weights[chosen] > 0


def test_weights_are_honoured_in_the_long_run() -> None:
    random = Random(7)
    counts = Counter(choose_variant((90.0, 9.0, 1.0), random.random()) for _ in range(20_000))
    # Four standard deviations of a binomial count.
    assert abs(counts[0] - 18_000) < 4 * (20_000 * 0.9 * 0.1) ** 0.5
    assert abs(counts[1] - 1_800) < 4 * (20_000 * 0.09 * 0.91) ** 0.5
    assert abs(counts[2] - 200) < 4 * (20_000 * 0.01 * 0.99) ** 0.5


@pytest.mark.parametrize(
    ("outstanding", "u", "chosen"),
    [
        pytest.param((2, 1, 1), 0.4, 1, id="the first of two ties"),
        pytest.param((2, 1, 1), 0.5, 2, id="the second of two ties"),
        pytest.param((5, 4, 3), 0.9, 2, id="no tie, no choice"),
        pytest.param((0, 0, 7, 0), 0.99, 3, id="ties need not be neighbours"),
        pytest.param((), 0.3, NOBODY, id="there is no target"),
    ],
)
def test_the_least_loaded_target_is_chosen(
    outstanding: tuple[int, ...], u: float, chosen: int
) -> None:
    assert least_outstanding(outstanding, u) == chosen


@given(st.lists(st.integers(0, 50), min_size=1, max_size=20), shares)
def test_no_target_is_less_loaded_than_the_chosen_one(outstanding: list[int], u: float) -> None:
    assert outstanding[least_outstanding(outstanding, u)] == min(outstanding)


def test_ties_are_shared_evenly() -> None:
    random = Random(7)
    counts = Counter(least_outstanding((0, 3, 0, 0), random.random()) for _ in range(9_000))
    assert set(counts) == {0, 2, 3}
    assert all(abs(count - 3_000) < 4 * (9_000 * 2 / 9) ** 0.5 for count in counts.values())


def turns(weights: list[float], count: int) -> list[int]:
    memory = [0.0] * len(weights)
    return [round_robin(memory, weights) for _ in range(count)]


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        pytest.param([1.0, 1.0, 1.0], [0, 1, 2, 0, 1, 2], id="everyone in turn"),
        pytest.param([2.0, 1.0], [0, 1, 0, 0, 1, 0], id="a double weight has two turns of three"),
        pytest.param([1.0], [0, 0, 0], id="alone"),
        pytest.param([], [NOBODY, NOBODY], id="nobody"),
    ],
)
def test_round_robin_gives_turns(weights: list[float], expected: list[int]):
    assert turns(weights, len(expected)) == expected


@given(st.lists(st.integers(1, 9).map(float), min_size=1, max_size=6))
def test_in_a_whole_round_everybody_has_as_many_turns_as_weight(weights: list[float]):
    taken = Counter(turns(weights, int(sum(weights))))
    assert [taken[index] for index in range(len(weights))] == weights


@pytest.mark.parametrize(
    ("elapsed", "duration", "weight"),
    [
        pytest.param(0.0, 30.0, 0.0, id="nothing at first"),
        pytest.param(3.0, 30.0, 0.1, id="a tenth after a tenth of the time"),
        pytest.param(30.0, 30.0, 1.0, id="its full share in the end"),
        pytest.param(0.0, 0.0, 1.0, id="slow start is off"),
    ],
)
def test_slow_start_is_a_line(elapsed: float, duration: float, weight: float):
    assert slow_start(elapsed, duration) == pytest.approx(weight)
