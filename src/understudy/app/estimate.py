"""Before a template is deployed: three costs a month, and the quotas that it needs at once.

Idle is the least capacity, pinned the most. On traffic it is what target tracking on requests for
each instance holds minute by minute, without its delays; a policy on another metric is not told
before it is simulated.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil
from pathlib import Path

import numpy as np

from understudy.app.capacity import read_settings
from understudy.app.examples import example
from understudy.app.fleets import Fleet, fleets
from understudy.app.prices import book_of
from understudy.app.prices import today as this_day
from understudy.app.templates import CheckedTemplate, checked_data
from understudy.base.arn import DEFAULT_REGION
from understudy.base.diagnostic import Severity
from understudy.base.quantity import format_usd
from understudy.cloudformation.parse import parse
from understudy.pricing.application import micro_dollars
from understudy.pricing.book import Book
from understudy.pricing.catalogue import BOOK
from understudy.pricing.fargate import VCPUS
from understudy.pricing.meter import Item
from understudy.pricing.offer import SPOT
from understudy.pricing.quota import FARGATE, QUOTAS, Quota, counted, key_of, quota_of
from understudy.pricing.rates import BookRates
from understudy.pricing.vintage import vintage
from understudy.pricing.ways import MONTH_HOURS
from understudy.sim.traffic import Traffic, read

MINUTE = 60.0
DEFAULT_TRAFFIC = "traffic/day.csv"


@dataclass(frozen=True, slots=True)
class FleetCost:
    """US dollars a month of one fleet; None where it is not known."""

    logical_id: str
    what: str
    minimum: int
    maximum: int
    idle: Decimal | None
    traffic: Decimal | None
    pinned: Decimal | None


@dataclass(frozen=True, slots=True)
class Need:
    """How much of a quota a stack uses at its least, at its most, and while it is updated then."""

    quota: Quota
    least: int
    most: int
    update: int
    limit: int | None

    @property
    def exceeded(self) -> bool:
        """Whether it may come to more than the limit."""
        return self.limit is not None and max(self.most, self.update) > self.limit


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a template would cost and need. ``missing`` are products without a price."""

    fleets: tuple[FleetCost, ...]
    needs: tuple[Need, ...]
    traffic: str
    prices: str
    missing: tuple[str, ...]

    @property
    def idle(self) -> Decimal | None:
        """US dollars a month at the least capacity."""
        return _sum(each.idle for each in self.fleets)

    @property
    def on_traffic(self) -> Decimal | None:
        """US dollars a month on the traffic."""
        return _sum(each.traffic for each in self.fleets)

    @property
    def pinned(self) -> Decimal | None:
        """US dollars a month pinned at the most capacity."""
        return _sum(each.pinned for each in self.fleets)

    def lines(self) -> list[str]:
        """The estimate in a few lines; none for a template that has nothing to pay by the hour."""
        if not self.fleets:
            return []
        cost = (
            f"Cost a month: {_said(self.idle)} idle, {_said(self.on_traffic)} on {self.traffic}, "
            f"{_said(self.pinned)} pinned at maximum ({self.prices})."
        )
        found = [cost]
        if self.missing:
            found.append(f"No price is known of {', '.join(self.missing)}.")
        return found + [_need_said(each) for each in self.needs]


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = list(amounts)
    return None if None in known else sum((each for each in known if each), Decimal(0))


def _said(amount: Decimal | None) -> str:
    return "not known" if amount is None else format_usd(amount)


def _need_said(need: Need) -> str:
    unit = need.quota.unit
    text = f"Quota {need.quota.name}: {need.least} {unit} idle, {need.most} at maximum"
    if need.update > need.most:
        text += f", {need.update} while an update runs both fleets"
    if need.limit is None:
        return f"{text}; no limit is set."
    verdict = "EXCEEDS" if need.exceeded else "within"
    return f"{text}; {verdict} the limit of {need.limit}."


def default_traffic() -> Traffic:
    """A day of ordinary traffic, for what names none."""
    path = example(DEFAULT_TRAFFIC)
    return read(path.read_bytes(), path.name)


def estimate(
    template: CheckedTemplate,
    book: Book,
    today: str,
    traffic: Traffic | None = None,
    limits: Mapping[str, int] | None = None,
    region: str = DEFAULT_REGION,
) -> Estimate:
    """What a template would cost a month and need of quotas. ``today`` is an ISO date.

    Without ``traffic`` an ordinary day is taken. ``limits`` are quotas by key, code or type.
    """
    found = fleets(template, region)
    load = traffic or default_traffic()
    rates = BookRates(book)
    costs = tuple(_cost(each, load, rates) for each in found)
    missing = {item.product for each in found for item in each.items if rates.paid(item) is None}
    return Estimate(
        fleets=costs,
        needs=_needs(found, limits or {}),
        traffic=load.name.rpartition("/")[2] + ("" if traffic else ", the default"),
        prices=vintage(rates.used).said(today),
        missing=tuple(sorted(missing)),
    )


def estimated_lines(
    text: str, path: Path, parameters: Mapping[str, str], state: Path | None, region: str
) -> list[str]:
    """The lines of an estimate of a template's text, on an ordinary day, for `plan` and `deploy`.

    Prices are those of a state folder if there is one, limits those of ``understudy.toml`` here.
    Of a template that cannot be read before its macros have run there are none.
    """
    data, problems = parse(text.encode(), str(path))
    if any(each.severity is Severity.ERROR for each in problems):
        return []
    template, _ = checked_data(data, text, path, parameters, region)
    if template is None:
        return []
    limits = read_settings().quotas
    book = BOOK if state is None else book_of(state)
    return estimate(template, book, this_day(), None, limits, region).lines()


def _cost(fleet: Fleet, traffic: Traffic, rates: BookRates) -> FleetCost:
    mean = mean_units(fleet, traffic)
    return FleetCost(
        fleet.logical_id,
        fleet.what,
        fleet.minimum,
        fleet.maximum,
        _monthly(fleet, fleet.minimum, rates),
        None if mean is None else _monthly(fleet, mean, rates),
        _monthly(fleet, fleet.maximum, rates),
    )


def _monthly(fleet: Fleet, units: float, rates: BookRates) -> Decimal | None:
    if not units:
        return Decimal(0)
    total = Fraction(0)
    for item, each in fleet.items.items():
        rate = rates.paid(item)
        if rate is None:
            return None
        total += Fraction(rate) * Fraction(each) * Fraction(units)
    return micro_dollars(total * MONTH_HOURS)


def mean_units(fleet: Fleet, traffic: Traffic) -> float | None:
    """Units on average that target tracking would hold under traffic, None where it is not told.

    A target of 600 requests a minute under 900 holds two, three under 1,500.
    """
    if fleet.minimum == fleet.maximum or fleet.target is None:
        return float(fleet.minimum)
    if not fleet.target:
        return None
    seconds = traffic.period
    group = max(round(MINUTE / seconds), 1)
    edges = np.arange(0, len(traffic.counts), group)
    requests = np.add.reduceat(traffic.counts, edges)
    widths = np.diff(np.append(edges, len(traffic.counts))) * seconds / MINUTE
    wanted = np.ceil(requests / widths / fleet.target)
    held = np.clip(wanted, fleet.minimum, fleet.maximum)
    return float((held * widths).sum() / widths.sum())


def _counts(item: Item) -> tuple[Quota, int] | None:
    """The quota that a unit of an item counts against, and how much; None where there is none."""
    if item.product == VCPUS:
        return QUOTAS[FARGATE], 1
    quota = quota_of(item.product, spot=item.purchase == SPOT)
    each = counted(item.product) if "." in item.product else None
    return None if quota is None or each is None else (quota, each)


def _needs(found: tuple[Fleet, ...], limits: Mapping[str, int]) -> tuple[Need, ...]:
    told = {key_of(name) or name: limit for name, limit in limits.items()}
    sums: dict[Quota, list[int]] = {}
    for fleet in found:
        for item, share in fleet.items.items():
            counts = _counts(item)
            if counts is None:
                continue
            quota, each = counts
            amounts = sums.setdefault(quota, [0, 0, 0])
            most = ceil(fleet.maximum * share * each)
            amounts[0] += ceil(fleet.minimum * share * each)
            amounts[1] += most
            amounts[2] += most * (2 if fleet.doubles else 1)
    return tuple(
        Need(quota, amounts[0], amounts[1], amounts[2], told.get(quota.key))
        for quota, amounts in sorted(sums.items())
    )
