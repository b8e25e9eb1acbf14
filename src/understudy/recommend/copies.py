"""Perturbed copies of traffic, on which a choice is judged so that it is not fitted to one week."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from understudy.sim.traffic import Traffic, whole

AMPLIFIED = 1.2
FACTORS = (0.8, 0.9, 1.1, 1.2)
"""Times as much traffic, of the copies on which candidates are tried while tuning: how close a rate
comes to what so many instances bear is chance, so several distances are tried."""
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


def copies(traffic: Traffic) -> Mapping[str, Traffic]:
    """The copies by their names."""
    return {
        "amplified by 1.2": traffic.scaled(AMPLIFIED),
        "shifted by 37 min": shifted(traffic),
        "with a flash crowd": crowded(traffic),
    }


def trials_of(traffic: Traffic) -> Mapping[str, Traffic]:
    """The copies of the tuning part on which the best candidates are tried, by their names."""
    scaled = {f"scaled by {factor:g}": traffic.scaled(factor) for factor in FACTORS}
    return {**scaled, "shifted": shifted(traffic, -SHIFT / 2)}
