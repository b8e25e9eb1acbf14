"""Step scaling to a table of capacities by the total load."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from understudy.control.events import Params
from understudy.recommend.bound import STEP
from understudy.recommend.policies import Room, alarm, rounded, step
from understudy.sim.candidate import MOST_STEPS, Policy
from understudy.sim.queueing import Floats


def to_exact_capacity(price: float, spare: int, minutes: int, cooldown: int, room: Room) -> Policy:
    """A table of capacities for the total of all requests, by the highest of the last minutes.

    Its alarm always stands, so each minute the capacity is what the table has, and so many more.
    AWS: Step scaling policies, "ExactCapacity".
    """
    assert room.worth is not None
    terms = room.terms
    always = alarm(0.0, minutes, terms, above=True) | {
        "MetricName": terms.total,
        "Dimensions": [{"Name": each, "Value": each} for each in terms.total_dimensions],
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    }
    counts = np.minimum(room.worth.capacities(price, room.least) + spare, room.most)
    kind, rows = "ExactCapacity", _rows(room.worth.rates * STEP, counts)
    return step("table", always, rows, cooldown, terms, kind, "Maximum")


def _rows(loads: Floats, counts: NDArray[np.int64]) -> list[Params]:
    """Steps from loads and the capacity at each, the larger of two where not all fit in."""
    changes = np.flatnonzero(np.diff(counts)) + 1
    kept = changes[_spread(len(changes), MOST_STEPS - 1)]
    ends: Sequence[float | None] = [*(rounded(float(loads[each])) for each in kept), None]
    sizes = [*(int(counts[each - 1]) for each in kept), int(counts[-1])]
    rows: list[Params] = []
    lower = 0.0
    for end, size in zip(ends, sizes, strict=True):
        upper = {} if end is None else {"MetricIntervalUpperBound": end}
        rows.append({"MetricIntervalLowerBound": lower, **upper, "ScalingAdjustment": size})
        lower = end or lower
    return rows


def _spread(count: int, most: int) -> list[int]:
    """The places of at most so many of a row, dense at its begin: all of the first, then fewer.

    >>> _spread(3, 5), _spread(30, 8)
    ([0, 1, 2], [0, 1, 2, 3, 6, 10, 17, 29])
    """
    if count <= most:
        return list(range(count))
    places = np.geomspace(1, count, most).round().astype(int) - 1
    for index in range(1, most):
        places[index] = max(places[index], places[index - 1] + 1)
    return places.tolist()
