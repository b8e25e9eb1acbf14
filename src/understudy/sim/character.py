"""What kind of traffic it is: its season, its bursts, and which policies can follow it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from understudy.sim.traffic import Profile, Traffic, profile

Floats = NDArray[np.float64]

MINUTE, HOUR, DAY, WEEK = 60.0, 3600.0, 86_400.0, 604_800.0
ALARM_PERIODS = 3
"""One-minute datapoints that the high alarm of target tracking evaluates.

AWS: How target tracking scaling works.
"""
PUBLICATION = 30.0
"""Seconds until a minute's datapoint can be seen, as the simulator assumes; AWS states none."""
EVALUATION = 30.0
"""Seconds until the alarm is next evaluated, on average."""
BURST = 1.5
"""A burst is a run of minutes with more than so many times the usual rate."""
USUAL_MINUTES = 61
SEASONAL = 0.5
"""From this autocorrelation on, traffic follows its season."""


@dataclass(frozen=True, slots=True)
class Bursts:
    """Runs of minutes above one and a half times the median of the hour around them.

    ``length`` is their median length in seconds, ``height`` the median of their peaks in multiples
    of the usual rate; both 0 where there is none.
    """

    count: int
    length: float
    height: float


@dataclass(frozen=True, slots=True)
class Advice:
    """Whether a family of policies suits the traffic, and why."""

    family: str
    suits: bool
    why: str


@dataclass(frozen=True, slots=True)
class Character:
    """What traffic is like. The peak is that of minutes.

    ``daily`` and ``weekly`` are autocorrelations (-1 to 1), None where the traffic is too short to
    tell. ``trend`` is the last quarter over the first; ``reaction`` how many seconds a one-minute
    alarm takes to bring capacity.
    """

    profile: Profile
    daily: float | None
    weekly: float | None
    bursts: Bursts
    trend: float
    reaction: float


def character(traffic: Traffic, start_up: float) -> Character:
    """What traffic is like for instances that take ``start_up`` seconds to start."""
    minutes = traffic.every(MINUTE)
    rates = minutes.counts / minutes.period
    hourly = traffic.every(HOUR)
    levels = hourly.counts / hourly.period
    return Character(
        profile(minutes),
        _autocorrelation(levels, DAY / hourly.period),
        _autocorrelation(levels, WEEK / hourly.period),
        _bursts(rates, minutes.period),
        _trend(levels),
        reaction_time(start_up),
    )


def reaction_time(start_up: float) -> float:
    """Seconds from a rise of the load until an instance started for it serves.

    Three datapoints of a minute each, their publication, the next evaluation, and the start.

    >>> reaction_time(240.0)
    480.0
    """
    return ALARM_PERIODS * MINUTE + PUBLICATION + EVALUATION + start_up


def _autocorrelation(levels: Floats, lag: float) -> float | None:
    """How like itself a series is ``lag`` steps later; None where it is shorter than two lags."""
    steps = round(lag)
    if steps < 2 or len(levels) < 2 * steps:
        return None
    first, second = levels[:-steps], levels[steps:]
    if not first.std() or not second.std():
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])


def _trend(levels: Floats) -> float:
    """The last quarter's mean over the first quarter's."""
    quarter = max(len(levels) // 4, 1)
    first = float(levels[:quarter].mean())
    return float(levels[-quarter:].mean()) / first if first else 1.0


def _bursts(rates: Floats, period: float) -> Bursts:
    wide = min(USUAL_MINUTES, len(rates) | 1)
    padded = np.pad(rates, wide // 2, mode="reflect" if len(rates) > wide // 2 else "edge")
    usual = np.median(np.lib.stride_tricks.sliding_window_view(padded, wide), axis=1)
    floor = max(float(np.median(rates)) / 10, 1 / MINUTE)
    usual = np.maximum(usual[: len(rates)], floor)
    noise = 4 * np.sqrt(usual / period)
    above = (rates > BURST * usual) & (rates > usual + noise)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], above.view(np.int8), [0]))))
    begins, ends = edges[::2], edges[1::2]
    if not begins.size:
        return Bursts(0, 0.0, 0.0)
    peaks = [
        float((rates[begin:end] / usual[begin:end]).max())
        for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)
    ]
    return Bursts(begins.size, float(np.median(ends - begins)) * period, float(np.median(peaks)))


def advice(found: Character) -> tuple[Advice, ...]:
    """Which families of policies suit such traffic, and why."""
    return (
        _fixed(found),
        _tracking(found),
        _fast_tracking(found),
        _step(found),
        _scheduled(found),
        _predictive(found),
    )


def _fixed(found: Character) -> Advice:
    flat = found.profile.peak_to_mean < BURST
    why = f"the peak is {found.profile.peak_to_mean:.1f} times the mean"
    return Advice("fixed capacity", flat, why + (": little to gain by scaling" * flat))


def _tracking(found: Character) -> Advice:
    slow, bursts = _too_slow(found), found.bursts
    if not bursts.count:
        return Advice("target tracking", suits=True, why="the load rises without bursts")
    compared = "shorter" if slow else "longer"
    why = (
        f"bursts last {bursts.length / 60:.0f} min, {compared} than the {found.reaction / 60:.0f} "
        "min until a one-minute alarm has brought capacity"
    )
    return Advice("target tracking", not slow, why)


def _fast_tracking(found: Character) -> Advice:
    gained = (ALARM_PERIODS * MINUTE + PUBLICATION) - 40
    reaction = found.reaction - gained
    suits = bool(found.bursts.count) and found.bursts.length >= reaction and _too_slow(found)
    why = f"its 10-second alarm brings capacity in {reaction / 60:.0f} min"
    return Advice("target tracking on concurrency (10 s)", suits, why)


def _step(found: Character) -> Advice:
    high = found.bursts.height >= 2 * BURST
    why = (
        f"bursts reach {found.bursts.height:.1f} times the usual rate: one large step is faster "
        "than several proportional ones"
        if high
        else "the load does not jump"
    )
    return Advice("step scaling", high, why)


def _scheduled(found: Character) -> Advice:
    names = {"day": found.daily, "week": found.weekly}
    known = {name: value for name, value in names.items() if value is not None}
    if not known:
        return Advice(
            "scheduled actions", suits=False, why="shorter than two days: no season can be seen"
        )
    best = max(known, key=lambda name: known[name])
    suits = known[best] >= SEASONAL
    why = f"each {best} is {'' if suits else 'not '}like the one before (r = {known[best]:.2f})"
    return Advice("scheduled actions", suits, why)


def _predictive(found: Character) -> Advice:
    scheduled = _scheduled(found)
    why = f"{scheduled.why}; AWS offers it for ECS services and Auto Scaling groups only"
    return Advice("predictive scaling", scheduled.suits, why)


def _too_slow(found: Character) -> bool:
    return bool(found.bursts.count) and found.bursts.length < found.reaction
