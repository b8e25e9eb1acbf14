"""Traffic of typical shapes, for when there is no recording.

Each pattern is a rate in requests per second over time. Counts are Poisson with the rate at the
middle of their period, so that with arrivals uniform in each period they are a Poisson process.
``duration`` and ``period`` are seconds. Equal arguments give equal traffic.
"""

import numpy as np
from numpy.typing import NDArray

from understudy.sim.traffic import Traffic

HOUR = 3600.0
DAY = 24 * HOUR


def _middles(duration: float, period: float) -> NDArray[np.float64]:
    return (np.arange(round(duration / period), dtype=np.float64) + 0.5) * period


def of_rate(name: str, rate: NDArray[np.float64], period: float, seed: int) -> Traffic:
    """Traffic with an expected rate for each period."""
    counts = np.random.default_rng(seed).poisson(rate * period)
    return Traffic(name, 0.0, period, counts.astype(np.int64))


def steady(rate: float, *, duration: float = HOUR, period: float = 60.0, seed: int = 0) -> Traffic:
    """The same rate all the time."""
    return of_rate("steady", np.full_like(_middles(duration, period), rate), period, seed)


def ramp(
    begin: float, end: float, *, duration: float = HOUR, period: float = 60.0, seed: int = 0
) -> Traffic:
    """A straight line from one rate to another."""
    rate = begin + (end - begin) * _middles(duration, period) / duration
    return of_rate("ramp", rate, period, seed)


def _day(time: NDArray[np.float64], peak_hour: float) -> NDArray[np.float64]:
    """0 at the trough, 1 at the peak twelve hours later; the power makes nights the longer half."""
    phase = 2 * np.pi * (time / DAY - peak_hour / 24)
    return ((1 + np.cos(phase)) / 2) ** 1.5


def diurnal(
    trough: float,
    peak: float,
    *,
    peak_hour: float = 14.0,
    duration: float = DAY,
    period: float = 60.0,
    seed: int = 0,
) -> Traffic:
    """Days from midnight on, with one peak and a trough twelve hours from it."""
    rate = trough + (peak - trough) * _day(_middles(duration, period), peak_hour)
    return of_rate("diurnal", rate, period, seed)


def weekly(
    trough: float,
    peak: float,
    *,
    weekend: float = 0.5,
    peak_hour: float = 14.0,
    duration: float = 7 * DAY,
    period: float = 60.0,
    seed: int = 0,
) -> Traffic:
    """Weeks from Monday midnight on, whose Saturdays and Sundays reach ``weekend`` of the peak."""
    time = _middles(duration, period)
    height = np.where(time % (7 * DAY) < 5 * DAY, 1.0, weekend)
    rate = trough + (peak - trough) * height * _day(time, peak_hour)
    return of_rate("weekly", rate, period, seed)


def flash_sale(
    base: float,
    peak: float,
    *,
    at: float = HOUR / 4,
    hold: float = HOUR / 6,
    half_life: float = HOUR / 12,
    duration: float = HOUR,
    period: float = 10.0,
    seed: int = 0,
) -> Traffic:
    """From base to peak in no time; after ``hold`` what is above base halves each half-life."""
    time = _middles(duration, period)
    fading = 0.5 ** (np.maximum(time - at - hold, 0) / half_life)
    rate = base + (peak - base) * np.where(time < at, 0.0, fading)
    return of_rate("flash_sale", rate, period, seed)


def launch(
    before: float,
    peak: float,
    after: float,
    *,
    at: float = HOUR / 4,
    rise: float = HOUR / 12,
    half_life: float = HOUR / 4,
    duration: float = 4 * HOUR,
    period: float = 60.0,
    seed: int = 0,
) -> Traffic:
    """A straight rise to the peak, then a slow fall to a level that stays: a product launch."""
    time = _middles(duration, period)
    rising = before + (peak - before) * np.clip((time - at) / rise, 0, 1)
    falling = after + (peak - after) * 0.5 ** (np.maximum(time - at - rise, 0) / half_life)
    return of_rate("launch", np.where(time < at + rise, rising, falling), period, seed)


def spikes(
    base: float,
    peak: float,
    *,
    each: float = HOUR / 4,
    width: float = 30.0,
    duration: float = HOUR,
    period: float = 10.0,
    seed: int = 0,
) -> Traffic:
    """Bursts of ``width`` seconds at random times, one in every ``each`` seconds on average."""
    draw = np.random.default_rng((seed, 1))
    begins = np.sort(draw.uniform(0, duration, draw.poisson(duration / each)))
    time = _middles(duration, period)
    latest = np.searchsorted(begins, time, side="right") - 1
    since = time - np.concatenate((begins, [-np.inf]))[latest]
    return of_rate("spikes", np.where(since < width, peak, base), period, seed)
