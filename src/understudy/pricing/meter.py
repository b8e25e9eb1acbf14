"""From the lives of instances to billable seconds and their price on demand."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import groupby
from math import ceil, floor
from operator import attrgetter

from msgspec import Struct
from msgspec.structs import replace

from understudy.pricing.instance import HOSTING
from understudy.pricing.offer import LINUX, ON_DEMAND, UNUSED_BOX, Offer

MICRO_DOLLAR = Decimal("0.000001")
SECONDS_PER_HOUR = 3600

SAGEMAKER_MINIMUM = 0
"""SageMaker is "billed by the second, with no minimum fees" (AWS: Big Data Analytics Options on
AWS, Amazon Machine Learning, cost model)."""
EC2_MINIMUM = 60
"""EC2 is billed per second with a minimum of 60 seconds at every start (AWS: Amazon EC2 instance
state changes)."""
HOURLY_PLATFORMS = frozenset({"Red Hat Enterprise Linux", "SUSE Linux"})
"""Billed by the begun hour (AWS: Amazon EC2 instance state changes, as of 2023)."""


class Usage(Struct, frozen=True):
    """One instance from provisioned to released, in seconds since the epoch of world time.

    AWS bills an endpoint's instances for all of that time, not only while they are in service
    (AWS: Amazon SageMaker AI, Blue/Green Deployments). ``purchase`` is OnDemand or Spot.
    """

    instance_type: str
    start: float
    end: float
    purchase: str = ON_DEMAND
    zone: str = ""
    platform: str = LINUX


class Item(Struct, frozen=True, order=True):
    """What usage is of, as far as its price depends on it.

    ``product`` is an instance type, or AWS's usage type without its region.
    """

    product: str
    region: str
    account: str = ""
    zone: str = ""
    platform: str = LINUX
    tenancy: str = "default"
    purchase: str = ON_DEMAND


UsageHour = Mapping[Item, Fraction]
"""What ran in one clock-hour: instance-seconds by item, or vCPU- and GB-seconds."""


class Charge(Struct, frozen=True):
    """What the instances of one type cost. ``usd`` and ``offer`` are None where no price is known.

    ``starts`` counts the instances that were billed, ``seconds`` is their billable time together.
    """

    instance_type: str
    starts: int
    seconds: int
    usd: Decimal | None
    offer: Offer | None


class Cost(Struct, frozen=True):
    """What capacity costs on demand in a region, in US dollars.

    ``usd`` is None as soon as one type has no price: a part would look like the whole.
    """

    region: str
    charges: tuple[Charge, ...]

    @property
    def usd(self) -> Decimal | None:
        """The sum of the charges."""
        known = [charge.usd for charge in self.charges if charge.usd is not None]
        return sum(known, Decimal(0)) if len(known) == len(self.charges) else None

    @property
    def instance_hours(self) -> float:
        """Billable hours of all instances together."""
        return sum(charge.seconds for charge in self.charges) / SECONDS_PER_HOUR

    @property
    def missing(self) -> tuple[str, ...]:
        """The instance types whose price is not known in the region."""
        return tuple(charge.instance_type for charge in self.charges if charge.offer is None)


def billable_seconds(usage: Usage) -> int:
    """The clock seconds that an instance's life touches, but no fewer than AWS's minimum.

    Counting begun clock seconds makes the parts of a life that is cut at full seconds (an hour
    boundary) add up to the whole. A life of no length costs nothing.

    >>> billable_seconds(Usage("ml.m5.large", 10.2, 70.1))
    61
    >>> billable_seconds(Usage("m5.large", 0, 9))
    60
    >>> billable_seconds(Usage("m5.large", 0, 3700, platform="SUSE Linux"))
    7200
    """
    if usage.end <= usage.start:
        return 0
    seconds = ceil(usage.end) - floor(usage.start)
    if usage.instance_type.startswith(HOSTING):
        return max(seconds, SAGEMAKER_MINIMUM)
    if usage.purchase == UNUSED_BOX:  # It never starts.
        return seconds
    if usage.platform in HOURLY_PLATFORMS:
        return -(-seconds // SECONDS_PER_HOUR) * SECONDS_PER_HOUR
    return max(seconds, EC2_MINIMUM)


def by_hour(usage: Iterable[Usage], region: str, account: str = "") -> dict[int, UsageHour]:
    """Billable instance-seconds by clock-hour, keyed by the hours since the epoch.

    A minimum runs on from its start: nine seconds at the end of an hour are nine seconds there and
    51 in the next.
    """
    found: dict[int, dict[Item, Fraction]] = {}
    for life in usage:
        item = Item(
            life.instance_type, region, account, life.zone, life.platform, purchase=life.purchase
        )
        for hour, seconds in _hours(floor(life.start), billable_seconds(life)):
            inside = found.setdefault(hour, {})
            inside[item] = inside.get(item, Fraction(0)) + seconds
    return dict(sorted(found.items()))


def _hours(start: int, seconds: int) -> Iterator[tuple[int, int]]:
    """The clock-hours that a span touches, and its seconds in each."""
    while seconds > 0:
        hour, offset = divmod(start, SECONDS_PER_HOUR)
        inside = min(seconds, SECONDS_PER_HOUR - offset)
        yield hour, inside
        start, seconds = start + inside, seconds - inside


def price(seconds: int, hourly: Decimal) -> Decimal:
    """US dollars for so many seconds, rounded to a millionth.

    >>> price(5400, Decimal("0.115"))
    Decimal('0.172500')
    """
    return (hourly * seconds / SECONDS_PER_HOUR).quantize(MICRO_DOLLAR, ROUND_HALF_UP)


def bill(usage: Iterable[Usage], region: str, offers: Mapping[str, Offer]) -> Cost:
    """What the lives of instances cost together, one charge for each type, ordered by name.

    ``offers`` are the prices of the region by instance type, see ``catalogue.offers_in``.
    """
    by_type = groupby(sorted(usage, key=attrgetter("instance_type")), attrgetter("instance_type"))
    return Cost(region, tuple(_charge(name, tuple(lives), offers) for name, lives in by_type))


def _charge(name: str, lives: tuple[Usage, ...], offers: Mapping[str, Offer]) -> Charge:
    seconds = [billable_seconds(life) for life in lives]
    offer = offers.get(name)
    return Charge(
        instance_type=name,
        starts=sum(second > 0 for second in seconds),
        seconds=sum(seconds),
        usd=None if offer is None else price(sum(seconds), offer.hourly),
        offer=offer,
    )


def during(usage: Iterable[Usage], begin: float, end: float) -> tuple[Usage, ...]:
    """The parts of lives that fall into a span of time, to compare like with like."""
    cut = (replace(u, start=max(u.start, begin), end=min(u.end, end)) for u in usage)
    return tuple(part for part in cut if part.start < part.end)


def standing(instance_type: str, count: int, start: float, end: float) -> tuple[Usage, ...]:
    """The lives of a fixed number of instances: the minimum capacity of an idle endpoint."""
    return (Usage(instance_type, start, end),) * count
