"""Perturbed copies of traffic, on which a choice is judged so that it is not fitted to one week."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from understudy.sim.queueing import Floats
from understudy.sim.traffic import Traffic, whole

STRAIGHT = 0.9
"""The correlation with time from which on there is a trend."""
HOUR, STEP = 3600.0, 300.0
AMPLIFIED = 1.2
FACTORS = (0.8, 0.9, 1.1, 1.2)
"""Times as much traffic, of the copies on which candidates are tried while tuning: how close a rate
comes to what so many instances bear is chance, so several distances are tried."""
TREND = "grown by its trend"
TWICE = ("scaled by 0.8", "scaled by 1.2", TREND)
"""Copies so far from the traffic that twice as many requests may miss as an objective allows."""
BLOCKS = 8
"""Parts in time of the tuning part, from whose differences follows how sure its figures are."""
SHIFT = 2220.0
"""37 minutes: no divisor of an hour."""
CROWD = 3.0
CROWD_SECONDS = 600.0


def shifted(traffic: Traffic, seconds: float = SHIFT) -> Traffic:
    """The same 37 minutes later; what falls off the end comes first."""
    return replace(traffic, counts=np.roll(traffic.counts, round(seconds / traffic.period)))


def crowded(traffic: Traffic) -> Traffic:
    """A flash crowd in the middle: three times the mean rate more, for ten minutes."""
    counts = traffic.counts.astype(np.float64)
    middle = len(counts) // 2
    span = max(round(CROWD_SECONDS / traffic.period), 1)
    counts[middle : middle + span] += CROWD * traffic.total / len(counts)
    return replace(traffic, counts=whole(counts))


Copy = Callable[[Traffic], Traffic]
"""Makes a copy, when it is needed: copies of months of traffic would fill the memory."""


def scaled(traffic: Traffic, factor: float) -> Traffic:
    """So many times as much."""
    return traffic.scaled(factor)


def grown(traffic: Traffic) -> Traffic:
    """What it grows to by its trend."""
    return traffic.scaled(growth(traffic))


def growth(traffic: Traffic) -> float:
    """How many times its mean traffic will reach, by its straight trend, one length later.

    From half as much to twice as much; as much where the means of its parts in time do not follow a
    straight line, as they do not where days or weeks go up and down.
    """
    means = np.array([part.mean() for part in np.array_split(traffic.counts, BLOCKS) if part.size])
    if len(means) < BLOCKS or not means.any() or np.ptp(means) == 0:
        return 1.0
    place = np.arange(BLOCKS) - (BLOCKS - 1) / 2
    slope = float(place @ means) / float(place @ place)
    straight = float(np.corrcoef(place, means)[0, 1])
    if abs(straight) < STRAIGHT:
        return 1.0
    return min(max(1 + slope * BLOCKS / float(means.mean()), 0.5), 2.0)


def burstier(traffic: Traffic) -> Traffic:
    """With bursts as much higher as the highest of all parts in time is than that of most of them.

    A burst is what a period has above the running median of an hour. Bursts that are all alike stay
    so; where each part has its own record the next may have one too, up to twice as high.
    """
    counts = traffic.counts.astype(np.float64)
    above = np.maximum(counts - _usual(counts, traffic.period), 0.0)
    records = np.array([part.max(initial=0.0) for part in np.array_split(above, BLOCKS)])
    factor = float(np.clip(records.max() / max(float(np.median(records)), 1.0), 1.0, 2.0))
    return replace(traffic, counts=whole(counts + (factor - 1) * above))


def _usual(counts: Floats, period: float) -> Floats:
    """The running median of an hour, of steps of five minutes."""
    step = max(round(STEP / period), 1)
    span = max(round(HOUR / (step * period)) // 2, 1)
    means = np.pad(counts, (0, -len(counts) % step), mode="edge").reshape(-1, step).mean(axis=1)
    around = np.pad(means, span, mode="edge")
    medians = np.median(np.lib.stride_tricks.sliding_window_view(around, 2 * span + 1), axis=1)
    return np.repeat(medians, step)[: len(counts)]


TRIALS: Mapping[str, Copy] = {
    **{f"scaled by {factor:g}": partial(scaled, factor=factor) for factor in FACTORS},
    TREND: grown,
    "shifted": partial(shifted, seconds=-SHIFT / 2),
    "with higher bursts": burstier,
}
"""The copies of the tuning part on which the best candidates are tried, by their names."""
COPIES: Mapping[str, Copy] = {
    "amplified by 1.2": partial(scaled, factor=AMPLIFIED),
    "shifted by 37 min": shifted,
    "with a flash crowd": crowded,
}
"""The copies of the unseen part by their names."""
