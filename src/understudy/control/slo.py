"""Service level objectives: how they are written and what meets them."""

import re

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from understudy.base.quantity import parse_duration
from understudy.control.outcome import Attainment

_LATENCY = re.compile(r"p(\d+(?:\.\d+)?)<(\d.*)")
_FAILED = re.compile(r"failed<(\d+(?:\.\d+)?)%")
_ACCEPTED = "write p99<500ms for latency or failed<0.1% for failures"


class LatencySlo(Struct, frozen=True):
    """So many percent of all requests succeed within less than a limit."""

    percentile: float
    limit_ms: float

    def __str__(self) -> str:
        return f"p{self.percentile:g}<{self.limit_ms:g}ms"

    def attained(self, latency_ms: NDArray[np.float64], ok: NDArray[np.bool_]) -> Attainment:
        """The share of all requests that succeeded in time; a failed one did not."""
        return self.attainment(int((ok & (latency_ms < self.limit_ms)).sum()), len(ok))

    def attainment(self, good: int, sent: int) -> Attainment:
        """How far it was met if so many of the requests that were sent succeeded in time."""
        met = sent > 0 and 100 * good >= self.percentile * sent * (1 - 1e-12)
        return Attainment(str(self), self.percentile / 100, good / sent if sent else None, met)

    def share_attainment(self, share: float | None) -> Attainment:
        """How far it was met if such a share of all requests succeeded in time."""
        met = share is not None and 100 * share >= self.percentile * (1 - 1e-12)
        return Attainment(str(self), self.percentile / 100, share, met)


class FailureSlo(Struct, frozen=True):
    """Less than so many percent of all requests fail."""

    limit_percent: float

    def __str__(self) -> str:
        return f"failed<{self.limit_percent:g}%"

    def attained(self, latency_ms: NDArray[np.float64], ok: NDArray[np.bool_]) -> Attainment:
        """The share of all requests that succeeded, however long they took."""
        return self.attainment(int(ok.sum()), len(latency_ms))

    def attainment(self, good: int, sent: int) -> Attainment:
        """How far it was met if so many of the requests that were sent succeeded."""
        met = sent > 0 and 100 * (sent - good) < self.limit_percent * sent
        objective = 1 - self.limit_percent / 100
        return Attainment(str(self), objective, good / sent if sent else None, met)

    def share_attainment(self, share: float | None) -> Attainment:
        """How far it was met if such a share of all requests succeeded."""
        met = share is not None and 100 * (1 - share) < self.limit_percent
        return Attainment(str(self), 1 - self.limit_percent / 100, share, met)


Slo = LatencySlo | FailureSlo


def parse_slo(text: str) -> Slo:
    """An objective such as ``p99<500ms`` or ``failed<0.1%``; raises ValueError saying so.

    >>> parse_slo("p99.9 < 1.5s")
    LatencySlo(percentile=99.9, limit_ms=1500.0)
    """
    plain = text.replace(" ", "")
    latency, failed = _LATENCY.fullmatch(plain), _FAILED.fullmatch(plain)
    if latency:
        percentile, limit_ms = float(latency[1]), round(1000 * parse_duration(latency[2]), 6)
        if 0 < percentile <= 100 and limit_ms > 0:
            return LatencySlo(percentile, limit_ms)
    elif failed and 0 < float(failed[1]) <= 100:
        return FailureSlo(float(failed[1]))
    raise ValueError(f"{text!r} is not an objective; {_ACCEPTED}")


def parse_slos(text: str) -> tuple[Slo, ...]:
    """Objectives separated by commas, as in ``p99<500ms,failed<0.1%``; an empty text has none."""
    return tuple(parse_slo(part) for part in text.split(",") if part.strip())
