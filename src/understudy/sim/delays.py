"""How long AWS takes to start an instance of an endpoint, phase by phase.

AWS states none of these times. The totals are those of published deployment logs (see `SOURCES`);
how they divide into phases is our estimate, and every phase can be given instead. What is measured
here with `understudy calibrate` replaces the last two.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from understudy.base.quantity import parse_duration
from understudy.base.service_time import Distribution, lognormal, parse_service_time
from understudy.sim.start_up import PHASES, StartUp, at_once

CPU, GPU = "cpu", "gpu"
_ACCELERATED = ("g", "p", "inf", "trn", "dl")


@dataclass(frozen=True, slots=True)
class Source:
    """A published figure, in seconds: the least and the most that were told."""

    what: str
    least: float
    most: float
    told_by: str


SOURCES = (
    Source("endpoint created, small tabular model, CPU", 180, 300, "a deployment log, ap-south-1"),
    Source("endpoint created in a pipeline", 300, 480, "a deployment log"),
    Source("further instance in service", 480, 900, "a deployment log, GPU"),
    Source("endpoint created, vLLM with weights from the Hub, GPU", 300, 900, "a deployment guide"),
    Source("variant scaled out to 48 instances", 426, 426, "an activity record, 2025-03-26"),
    Source("launch failed, InsufficientInstanceCapacity", 1860, 1860, "six records, ml.g6"),
)

MEDIANS: Mapping[str, tuple[float, ...]] = {
    CPU: (120.0, 45.0, 15.0, 25.0, 10.0),
    GPU: (180.0, 150.0, 75.0, 60.0, 10.0),
}
"""Median seconds of each of `PHASES`: 3.6 min together without, 7.9 min with an accelerator."""
SPREAD = 2.0
"""The 99th percentile over the median of each phase."""


def family(instance_type: str) -> str:
    """Whether instances of a type have an accelerator.

    >>> family("ml.g5.xlarge"), family("ml.m5.large"), family("ml.inf2.xlarge")
    ('gpu', 'cpu', 'gpu')
    """
    series = re.match(r"(?:ml\.)?([a-z]+)", instance_type)
    return GPU if series and series[1] in _ACCELERATED else CPU


def usual(instance_type: str) -> tuple[Distribution, ...]:
    """How long each phase takes on AWS for instances of a type."""
    medians = MEDIANS[family(instance_type)]
    return tuple(lognormal(median, SPREAD * median) for median in medians)


def start_up(
    given: str, instance_type: str, seed: int, measured: Mapping[str, Distribution] | None = None
) -> StartUp:
    """How instances start.

    ``given`` is empty for what is usual, a duration for all phases together, or phases such as
    ``image=90s, model=lognormal(p50=20s, p99=60s)`` of which the others stay usual. ``measured``
    are phases that were measured here. Raises ValueError saying what is accepted.
    """
    text = given.strip()
    if text and "=" not in text.split("(")[0]:
        return at_once(parse_duration(text), seed)
    phases = dict(zip(PHASES, usual(instance_type), strict=True)) | dict(measured or {})
    for part in _parts(text):
        name, _, value = (word.strip() for word in part.partition("="))
        if name not in PHASES:
            raise ValueError(f"{name!r} is no phase; name {', '.join(PHASES)}")
        phases[name] = parse_service_time(value).distribution
    return StartUp(tuple(phases[name] for name in PHASES), seed=seed)


def _parts(text: str) -> list[str]:
    """What commas outside of brackets divide."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part for part in parts if part.strip()]
