"""Bins for seconds, cut from the binary form of a number: 256 to each doubling, none over 0.4 %.

Finding the bin of a number is a shift, where a logarithm would cost more than all the rest.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_FRACTION_BITS = 8
_SHIFT = 52 - _FRACTION_BITS
_LOWEST_POWER, _HIGHEST_POWER = -20, 17
_BASE = (1023 + _LOWEST_POWER) << _FRACTION_BITS

BINS = (_HIGHEST_POWER - _LOWEST_POWER) << _FRACTION_BITS
"""From a microsecond to a day and a half."""


def bin_of(bits: int) -> int:
    """The bin of a number of seconds that is not negative, given its binary form."""
    return min(max((bits >> _SHIFT) - _BASE, 0), BINS - 1)


def bits_of(seconds: float) -> int:
    """The binary form of a number."""
    return int(np.float64(seconds).view(np.int64))


def lower_edges(bins: Any) -> NDArray[np.float64]:
    """The seconds at which bins begin.

    >>> lower_edges(np.array([4608, 5120])).tolist()
    [0.25, 1.0]
    """
    return ((np.asarray(bins, dtype=np.int64) + _BASE) << _SHIFT).view(np.float64)


def middles(bins: Any) -> NDArray[np.float64]:
    """The seconds in the middle of bins.

    >>> middles(np.array([5120])).tolist()
    [1.001953125]
    """
    bins = np.asarray(bins, dtype=np.int64)
    return (lower_edges(bins) + lower_edges(bins + 1)) / 2
