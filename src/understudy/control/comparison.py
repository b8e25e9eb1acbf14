"""How far the capacity of two runs differs."""

from collections.abc import Callable
from difflib import SequenceMatcher
from operator import attrgetter

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from understudy.control.outcome import ActivityRecord, CapacityPoint, Outcome


class CurveDifference(Struct, frozen=True):
    """How far two step curves differ.

    ``mean`` is the absolute difference in instances, weighted by time, ``largest`` the largest one,
    ``equal`` the share of the time without any.
    """

    mean: float
    largest: int
    equal: float


Count = Callable[[CapacityPoint], int]
DESIRED: Count = attrgetter("desired")
IN_SERVICE: Count = attrgetter("in_service")

_NAMES = {
    "from_count": "from",
    "to_count": "to",
    "first": "first_seconds",
    "second": "second_seconds",
}


class ActivityOffset(Struct, frozen=True, rename=_NAMES):
    """A change of capacity in both runs, or in one of them: seconds from the start of each."""

    from_count: int
    to_count: int
    first: float | None
    second: float | None

    @property
    def offset(self) -> float | None:
        """How many seconds later it came in the second run; None if only one run has it."""
        if self.first is None or self.second is None:
            return None
        return self.second - self.first


class CapacityDifference(Struct, frozen=True):
    """The difference of two runs over the ``seconds`` from the start that both have."""

    seconds: float
    desired: CurveDifference
    in_service: CurveDifference
    activities: tuple[ActivityOffset, ...]


def capacity_difference(first: Outcome, second: Outcome) -> CapacityDifference:
    """How far the capacity of two runs differs, each on its own time from its start.

    Activities are matched in order by their counts: 1 to 4 in one run with 1 to 4 in the other.
    Capacity 1, at 600 s 4, at 1,200 s 1 until 1,800 s against the same 60 s later differs by
    (60 x 3 + 60 x 3) / 1,800 = 0.2 instances on average, by 3 at most, and is equal for 93.3 % of
    the time; both activities are offset by 60 s.
    """
    seconds = min(first.duration, second.duration)
    return CapacityDifference(
        seconds=seconds,
        desired=_curves(first, second, DESIRED),
        in_service=_curves(first, second, IN_SERVICE),
        activities=_matched(_changes(first, seconds), _changes(second, seconds)),
    )


def apart(
    first: Outcome, second: Outcome, count: Count
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The first count minus the second: edges in seconds from the start, and values between them.

    There is one edge more than values; the last is where the shorter run ends.
    """
    seconds = min(first.duration, second.duration)
    cuts = np.array(
        [point.at - run.started_at for run in (first, second) for point in run.capacity]
    )
    edges = np.unique(np.concatenate(([0.0, seconds], cuts[(cuts > 0) & (cuts < seconds)])))
    begins = edges[:-1]
    return edges, _values(first, begins, count) - _values(second, begins, count)


def _curves(first: Outcome, second: Outcome, count: Count) -> CurveDifference:
    edges, signed = apart(first, second, count)
    if not len(signed):
        return CurveDifference(0.0, 0, 1.0)
    lengths, distance = np.diff(edges), np.abs(signed)
    return CurveDifference(
        mean=float(np.average(distance, weights=lengths)),
        largest=int(distance.max()),
        equal=float(np.average(distance == 0, weights=lengths)),
    )


def _values(run: Outcome, times: NDArray[np.float64], count: Count) -> NDArray[np.int64]:
    """The counts at times from the start; before the first point the run has that point's."""
    begins = [point.at - run.started_at for point in run.capacity]
    counts = np.array([count(point) for point in run.capacity] or [0], dtype=np.int64)
    return counts[np.maximum(np.searchsorted(begins, times, side="right") - 1, 0)]


def _changes(run: Outcome, seconds: float) -> list[tuple[ActivityRecord, float]]:
    timed = [(each, each.at - run.started_at) for each in run.activities]
    return [(each, at) for each, at in timed if each.from_count != each.to_count and at <= seconds]


def _matched(
    first: list[tuple[ActivityRecord, float]], second: list[tuple[ActivityRecord, float]]
) -> tuple[ActivityOffset, ...]:
    keys = [[(each.from_count, each.to_count) for each, _ in run] for run in (first, second)]
    matcher = SequenceMatcher(None, *keys, autojunk=False)
    offsets: list[ActivityOffset] = []
    for tag, a, a_end, b, b_end in matcher.get_opcodes():
        if tag == "equal":
            pairs = zip(first[a:a_end], second[b:b_end], strict=True)
            offsets += [_offset(one[0], one[1], other[1]) for one, other in pairs]
        else:
            offsets += [_offset(each, at, None) for each, at in first[a:a_end]]
            offsets += [_offset(each, None, at) for each, at in second[b:b_end]]
    return tuple(offsets)


def _offset(each: ActivityRecord, first: float | None, second: float | None) -> ActivityOffset:
    return ActivityOffset(each.from_count, each.to_count, first, second)
