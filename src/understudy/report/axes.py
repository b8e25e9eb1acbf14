"""Scales and their ticks: where a value stands on a picture and how it is written there."""

from dataclasses import dataclass
from math import ceil, floor, log10

MINUTE, HOUR, DAY = 60, 3600, 86_400

_TIME_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(step * MINUTE for step in (1, 2, 5, 10, 15, 30)),
    *(step * HOUR for step in (1, 2, 3, 6, 12)),
    *(step * DAY for step in (1, 2, 7)),
)


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight map of values from low to high onto pixels from begin to end."""

    low: float
    high: float
    begin: float
    end: float

    def __call__(self, value: float) -> float:
        """The pixel of a value."""
        return self.begin + (value - self.low) * (self.end - self.begin) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class LogScale:
    """A logarithmic map; values below the lowest stand at it."""

    low: float
    high: float
    begin: float
    end: float

    def __call__(self, value: float) -> float:
        """The pixel of a value."""
        share = log10(max(value, self.low) / self.low) / log10(self.high / self.low)
        return self.begin + share * (self.end - self.begin)


AnyScale = Scale | LogScale


def nice_step(span: float, most: int) -> float:
    """The smallest of 1, 2, 5 times a power of ten that cuts a span into no more than so many.

    >>> nice_step(48.8, 4), nice_step(6, 4), nice_step(0.9, 4)
    (20.0, 2.0, 0.5)
    """
    power = 10.0 ** floor(log10(span / most))
    return next(power * step for step in (1, 2, 5, 10) if power * step * most >= span * (1 - 1e-9))


def ticks(high: float, most: int = 4, *, whole: bool = False) -> list[float]:
    """Round values from 0 to the first that is not below ``high``.

    >>> ticks(48.8), ticks(1, whole=True)
    ([0.0, 20.0, 40.0, 60.0], [0.0, 1.0])
    """
    step = nice_step(max(high, 1e-9), most)
    if whole:
        step = max(step, 1.0)
    return [step * index for index in range(max(ceil(high / step - 1e-9), 1) + 1)]


def decades(low: float, high: float) -> list[float]:
    """The powers of ten from one value to another.

    >>> decades(25, 17000)
    [100.0, 1000.0, 10000.0]
    """
    return [10.0**power for power in range(ceil(log10(low)), floor(log10(high)) + 1)]


def time_ticks(duration: float, most: int) -> list[float]:
    """Round times from 0 up to the duration, in seconds.

    >>> time_ticks(4800, 10)
    [0, 600, 1200, 1800, 2400, 3000, 3600, 4200, 4800]
    """
    days = ceil(duration / most / DAY) * DAY
    step = next((each for each in _TIME_STEPS if duration / each <= most), days)
    return [step * index for index in range(int(duration // step) + 1)]


def clock(seconds: float) -> str:
    """Time from the start as it stands under an axis: hours and minutes, days where there are any.

    >>> clock(4800), clock(90), clock(183600)
    ('1:20', '0:01:30', '2d 3:00')
    """
    whole = round(seconds)
    days, rest = divmod(whole, DAY)
    hours, minutes = divmod(rest // MINUTE, 60)
    text = f"{hours}:{minutes:02d}" + (f":{rest % 60:02d}" if rest % 60 else "")
    return f"{days}d {text}" if days else text


def milliseconds(value: float) -> str:
    """A latency with its unit, seconds from one second on.

    >>> milliseconds(41.54), milliseconds(14371), milliseconds(100000)
    ('41.5ms', '14.4s', '100s')
    """
    return f"{value / 1000:.3g}s" if value >= 999.5 else f"{value:.3g}ms"
