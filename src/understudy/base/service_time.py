"""How long a model takes to answer, written in one line and drawn from a seeded generator.

The grammar of a service time; spaces do not matter, settings come in any order::

    service time = distribution { ";" setting }
    distribution = duration                                     200ms
                 | "lognormal(p50=" duration ", p99=" duration ")"
                 | "gamma(mean=" duration ", cv=" number ")"
    setting      = "concurrency=" integer                       requests served at once, or 1
                 | "failures=" percentage                       share of requests answered with 500
                 | "startup=" duration                          launch to first healthy ping

All durations are world time.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import log
from statistics import NormalDist
from typing import Protocol, TypeVar

from understudy.base.quantity import parse_duration

STAND_IN_VARIABLE = "UNDERSTUDY_STAND_IN"
"""The container environment variable that asks, in the open, for a stand-in of the model; its
value is a service time."""

ACCEPTED = (
    "write a duration (200ms), lognormal(p50=120ms, p99=900ms) or gamma(mean=200ms, cv=0.5), "
    "followed if wanted by ; concurrency=4 ; failures=0.1% ; startup=30s"
)

_CALL = re.compile(r"(\w+)\((.*)\)")
Value = TypeVar("Value")

_Z99 = NormalDist().inv_cdf(0.99)


class Generator(Protocol):
    """A seeded source of randomness; ``random.Random`` is one."""

    def lognormvariate(self, mu: float, sigma: float) -> float:
        """A draw whose logarithm is normal with mean ``mu`` and deviation ``sigma``."""
        ...

    def gammavariate(self, alpha: float, beta: float) -> float:
        """A gamma draw with shape ``alpha`` and scale ``beta``."""
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    """Every request takes the same time."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Lognormal:
    """The logarithm of the seconds is normal: a long tail of slow requests."""

    mu: float
    sigma: float


@dataclass(frozen=True, slots=True)
class Gamma:
    """Between constant (large shape) and exponential (shape 1). ``scale`` is in seconds."""

    shape: float
    scale: float


Distribution = Constant | Lognormal | Gamma


@dataclass(frozen=True, slots=True)
class ServiceTime:
    """How a model serves: how long, how many at once, how often in vain, how soon after launch.

    ``failures`` is a share from 0 to 1, ``startup`` is seconds of world time.
    """

    distribution: Distribution
    concurrency: int = 1
    failures: float = 0.0
    startup: float = 0.0


def lognormal(p50: float, p99: float) -> Lognormal:
    """The lognormal distribution with this median and 99th percentile, in seconds.

    ``mu = ln p50`` and ``sigma = ln(p99 / p50) / z`` with z = 2.3263, the 99 % point of the normal.

    >>> lognormal(p50=0.12, p99=0.9)
    Lognormal(mu=-2.120263536200091, sigma=0.8661228370125059)
    """
    if not 0 < p50 <= p99:
        raise ValueError(f"p50 must be above 0 and at most p99; {ACCEPTED}")
    return Lognormal(log(p50), log(p99 / p50) / _Z99)


def gamma(mean: float, cv: float) -> Gamma:
    """The gamma distribution with this mean (seconds) and coefficient of variation.

    ``cv`` is the standard deviation over the mean: ``shape = 1 / cv**2``, ``scale = mean * cv**2``.

    >>> gamma(mean=0.2, cv=0.5)
    Gamma(shape=4.0, scale=0.05)
    """
    if mean <= 0 or cv <= 0:
        raise ValueError(f"mean and cv must be above 0; {ACCEPTED}")
    return Gamma(1 / cv**2, mean * cv**2)


def sample(service_time: ServiceTime, generator: Generator) -> float:
    """The seconds that the next request takes."""
    match service_time.distribution:
        case Constant(seconds):
            return seconds
        case Lognormal(mu, sigma):
            return generator.lognormvariate(mu, sigma)
        case Gamma(shape, scale):
            return generator.gammavariate(shape, scale)


def parse_service_time(text: str) -> ServiceTime:
    """The service time that a line says.

    Raises ValueError, saying what is accepted.

    >>> parse_service_time("200ms; concurrency=4")
    ServiceTime(distribution=Constant(seconds=0.2), concurrency=4, failures=0.0, startup=0.0)
    """
    first, *rest = (part.strip() for part in text.split(";"))
    settings = _assignments(rest, {"concurrency", "failures", "startup"})
    return ServiceTime(
        _distribution(first),
        concurrency=_read(_positive_integer, settings.get("concurrency", "1")),
        failures=_read(_percentage, settings.get("failures", "0%")),
        startup=_read(parse_duration, settings.get("startup", "0s")),
    )


def _distribution(text: str) -> Distribution:
    call = _CALL.fullmatch(text)
    if call is None:
        return Constant(_read(parse_duration, text))
    name, arguments = call[1], call[2].split(",")
    if name == "lognormal":
        given = _assignments(arguments, {"p50", "p99"}, every=True)
        return lognormal(_read(parse_duration, given["p50"]), _read(parse_duration, given["p99"]))
    if name == "gamma":
        given = _assignments(arguments, {"mean", "cv"}, every=True)
        return gamma(_read(parse_duration, given["mean"]), _read(float, given["cv"]))
    raise ValueError(f"{text!r} is not a service time; {ACCEPTED}")


def _assignments(parts: Iterable[str], names: set[str], *, every: bool = False) -> dict[str, str]:
    """The values of ``name=value`` parts, each of these names at most once, or exactly once."""
    given: dict[str, str] = {}
    for part in parts:
        name, equals, value = (word.strip() for word in part.partition("="))
        if not equals or name not in names or name in given:
            raise ValueError(f"{part.strip()!r} does not belong in a service time; {ACCEPTED}")
        given[name] = value
    if every and (missing := names - given.keys()):
        raise ValueError(f"{', '.join(sorted(missing))} is missing; {ACCEPTED}")
    return given


def _read(reader: Callable[[str], Value], text: str) -> Value:
    try:
        return reader(text)
    except ValueError as error:
        raise ValueError(f"{text!r} cannot be read; {ACCEPTED}") from error


def _positive_integer(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError(text)
    return number


def _percentage(text: str) -> float:
    share = float(text.removesuffix("%")) / 100
    if not text.endswith("%") or not 0 <= share <= 1:
        raise ValueError(text)
    return share
