"""What an Application Load Balancer is billed for: hours begun and load balancer capacity units.

Source: AWS, Elastic Load Balancing pricing; the first ten rules are free of evaluations.
"""

from collections.abc import Iterable
from fractions import Fraction
from math import ceil, floor

from msgspec import Struct

from understudy.pricing.meter import SECONDS_PER_HOUR, Item

HOURS, CAPACITY_UNITS = "LoadBalancerUsage", "LCUUsage"
FREE_RULES = 10

_NEW_CONNECTIONS = 25
_ACTIVE_CONNECTIONS = 3000
_BYTES = 10**9
_LAMBDA_BYTES = 4 * 10**8
_RULE_EVALUATIONS = 1000


class Traffic(Struct, frozen=True):
    """What a balancer did in one clock-hour.

    ``new_connections`` are of the whole hour, ``active_connections`` the average of a minute,
    ``rules`` those of the listener that were processed for each of ``requests``.
    """

    new_connections: int = 0
    active_connections: int = 0
    processed_bytes: int = 0
    lambda_bytes: int = 0
    requests: int = 0
    rules: int = 0


def capacity_units(traffic: Traffic) -> Fraction:
    """LCUs of an hour: the dimension that is used most.

    One LCU is 25 new connections a second, 3,000 active connections a minute, 1 GB an hour (0.4 GB
    for Lambda targets) or 1,000 rule evaluations a second.

    >>> capacity_units(Traffic(new_connections=3600, active_connections=120,
    ...     processed_bytes=1_080_000_000, requests=18_000, rules=60))
    Fraction(27, 25)
    """
    evaluations = traffic.requests * max(traffic.rules - FREE_RULES, 0)
    return max(
        Fraction(traffic.new_connections, _NEW_CONNECTIONS * SECONDS_PER_HOUR),
        Fraction(traffic.active_connections, _ACTIVE_CONNECTIONS),
        Fraction(traffic.processed_bytes, _BYTES) + Fraction(traffic.lambda_bytes, _LAMBDA_BYTES),
        Fraction(evaluations, _RULE_EVALUATIONS * SECONDS_PER_HOUR),
    )


def metered(
    start: float, end: float, hours: Iterable[Traffic], region: str, account: str = ""
) -> dict[Item, Fraction]:
    """Unit-seconds of one balancer: every hour begun is a whole one, and the LCUs of its hours."""
    begun = ceil(end / SECONDS_PER_HOUR) - floor(start / SECONDS_PER_HOUR) if end > start else 0
    units = sum((capacity_units(traffic) for traffic in hours), Fraction(0))
    return {
        Item(HOURS, region, account): Fraction(begun * SECONDS_PER_HOUR),
        Item(CAPACITY_UNITS, region, account): units * SECONDS_PER_HOUR,
    }
