"""The arithmetic of the policies means the same when it is compiled."""

from math import inf
from types import FunctionType
from typing import Any, cast

import numba
import pytest

from understudy.scaling.cooldown import scale_out_base
from understudy.scaling.step import in_step, percent_delta
from understudy.scaling.target_tracking import desired_capacity, scale_in_step

CASES: list[tuple[Any, list[tuple[Any, ...]]]] = [
    (
        desired_capacity,
        [
            (10, 150.0, 100.0),
            (10, 70.0, 70.0),
            (10, 85.0, 100.0),
            (3, 0.1 + 0.2, 0.3),
            (7, 1e300, 1e-9),
            (5, 0.0, 50.0),
        ],
    ),
    (scale_in_step, [(1,), (9,), (57,)]),
    (percent_delta, [(4, 25, 2), (29, -2, 1), (127, 10, 1), (0, 10, 3)]),
    (scale_out_base, [(12, 2, 7, 100.0, 99.0), (12, 2, 7, 100.0, 100.0)]),
]


@pytest.mark.parametrize(
    ("function", "cases"), CASES, ids=lambda case: getattr(case, "__name__", "")
)
def test_compiled_equals_plain(function: Any, cases: list[tuple[Any, ...]]) -> None:
    compiled = numba.njit(function)
    for case in cases:
        assert compiled(*case) == function(*case)


@pytest.mark.parametrize("above", [True, False])
def test_steps_compile_too(above: bool) -> None:
    compiled = numba.njit(cast("FunctionType", in_step))
    for difference in (-20.0, -10.0, 0.0, 5.0, 10.0):
        for lower, upper in ((-inf, -10.0), (-10.0, 0.0), (0.0, 10.0), (10.0, inf)):
            plain = in_step(difference, lower, upper, above=above)
            assert compiled(difference, lower, upper, above=above) == plain
