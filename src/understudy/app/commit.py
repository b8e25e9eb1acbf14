"""Advice on what to buy: a demand from a file, a report or a running stack, and the answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np

from understudy.app.capacity import Settings, read_settings
from understudy.app.demands import (
    DAYS,
    demand_of_file,
    demand_of_metric,
    demand_of_report,
    demand_of_stack,
)
from understudy.app.prices import book_of, today
from understudy.app.sources import Metric
from understudy.base.arn import DEFAULT_REGION
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.pricing.assortment import MissingPrices
from understudy.pricing.book import Book
from understudy.pricing.bootstrap import Spread, bootstrap
from understudy.pricing.commitments import Commitments, ReservedInstance, SavingsPlan
from understudy.pricing.demand import WEEK, Demand
from understudy.pricing.market import Limits, Market
from understudy.pricing.offer import RESERVED, Offer, Terms
from understudy.pricing.purchase import Purchase, purchases
from understudy.pricing.vintage import Vintage, stale, vintage
from understudy.pricing.ways import Answer, answer


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked: one source of demand, limits, and how the answer is to be found.

    ``cloudwatch`` is a namespace, a metric and dimensions whose average is instances of
    ``instance_type``. ``spot`` is the share of the work that may be interrupted, ``on_demand`` the
    share that no commitment may cover, ``upfront`` US dollars. ``samples`` are drawn with ``seed``.
    """

    state: Path
    demand: Path | None = None
    report: Path | None = None
    stack: str = ""
    cloudwatch: tuple[str, str, str] | None = None
    instance_type: str = ""
    endpoint: str = ""
    region: str = DEFAULT_REGION
    years: int = 1
    upfront: str = ""
    on_demand: str = "0"
    offering_class: str = "standard"
    spot: str = "0"
    samples: int = 200
    seed: int = 1
    settings: Path | None = None


@dataclass(frozen=True, slots=True)
class Advice:
    """The answer, with what has to be known to trust it."""

    source: str
    answer: Answer
    limits: Limits
    purchases: tuple[Purchase, ...]
    spread: Spread | None
    offers: tuple[Offer, ...]
    vintage: Vintage
    today: str
    notes: tuple[str, ...]
    warnings: tuple[Diagnostic, ...]


def advise(wish: Wish) -> Advice:
    """The cheapest purchase for a demand. Raises InvalidInput with all that is wrong."""
    limits, spot = _limits(wish)
    book = book_of(wish.state)
    owned = owned_of(read_settings(wish.settings), book)
    source, demand = _demand(wish, book)
    try:
        found = answer(demand, book, limits, owned, spot)
    except MissingPrices as missing:
        raise InvalidInput(
            tuple(
                Diagnostic(
                    f"No on-demand price is known of {name} in {region}.",
                    action="read newer prices with: understudy prices refresh",
                )
                for name, region in missing.products
            )
        ) from missing
    market, mix = found.best.market, found.best.mix
    spread = None
    if wish.samples:
        generator = np.random.default_rng(wish.seed)
        spread = bootstrap(market, mix, limits, wish.samples, generator)
    offers = used_offers(found)
    return Advice(
        source=source,
        answer=found,
        limits=limits,
        purchases=purchases(market, mix),
        spread=spread,
        offers=offers,
        vintage=vintage(offers),
        today=today(),
        notes=tuple(_notes(found, market, book)),
        warnings=stale(offers, today()),
    )


def used_offers(found: Answer) -> tuple[Offer, ...]:
    """The prices that an answer rests on: of everything used, and of what is bought."""
    market, mix = found.best.market, found.best.mix
    bought = {
        each.offer: None
        for count, each in zip(mix.counts, market.reservables, strict=True)
        if count
    }
    paid = {offer: None for offer in market.offers if offer.purchase != RESERVED}
    spot = dict.fromkeys(found.spot.offers) if found.spot else {}
    return tuple({**paid, **bought, **spot})


def _limits(wish: Wish) -> tuple[Limits, Fraction]:
    problems: list[Diagnostic] = []
    if wish.years not in (1, 3):
        problems.append(Diagnostic(f"--years {wish.years}: terms are of 1 or 3 years."))
    if wish.offering_class not in ("standard", "convertible"):
        action = "choose standard or convertible"
        problems.append(Diagnostic(f"--class {wish.offering_class} is no class.", action=action))
    upfront = _number("--upfront", wish.upfront, problems) if wish.upfront else None
    kept = _share("--keep-on-demand", wish.on_demand, problems)
    spot = _share("--spot", wish.spot, problems)
    if wish.samples < 0:
        problems.append(Diagnostic(f"--samples {wish.samples} is negative."))
    sources = (wish.demand, wish.report, wish.stack, wish.cloudwatch)
    if sum(map(bool, sources)) != 1:
        action = "give one of --demand FILE, --report DIR, --stack NAME and --cloudwatch"
        problems.append(Diagnostic("One source of demand is needed.", action=action))
    if problems:
        raise InvalidInput(tuple(problems))
    money = None if upfront is None else Decimal(upfront.numerator) / Decimal(upfront.denominator)
    return Limits(wish.years, money, kept, wish.offering_class), spot


def _number(option: str, text: str, problems: list[Diagnostic]) -> Fraction:
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        value = Fraction(-1)
    if value < 0:
        problems.append(Diagnostic(f"{option} {text} is no number, 0 or more."))
    return value


def _share(option: str, text: str, problems: list[Diagnostic]) -> Fraction:
    value = _number(option, text, problems)
    if value > 1:
        problems.append(Diagnostic(f"{option} {text} is no share.", action="write 0.25 for 25%"))
    return value


def _demand(wish: Wish, book: Book) -> tuple[str, Demand]:
    if wish.demand is not None:
        return str(wish.demand), demand_of_file(wish.demand, wish.region, book)
    if wish.report is not None:
        return str(wish.report), demand_of_report(wish.report)
    if wish.cloudwatch is not None:
        metric = Metric(*wish.cloudwatch, DAYS, wish.endpoint, wish.region)
        return f"{metric.namespace} {metric.name}", demand_of_metric(metric, wish.instance_type)
    return f"stack {wish.stack}", demand_of_stack(
        wish.stack, wish.state, wish.endpoint, wish.region
    )


# What is owned, and what has to be said.


def owned_of(settings: Settings, book: Book) -> Commitments:
    """The commitments that are declared, at the prices of the book. Raises InvalidInput."""
    problems: list[Diagnostic] = []
    reserved: list[ReservedInstance] = []
    for number, each in enumerate(settings.reserved):
        terms = Terms(RESERVED, each.offering_class, each.years, each.payment)
        offer = book.find(each.type, each.region, terms)
        if offer is None:
            missing = f"No price is known of {each.type} in {each.region}, {terms}."
            problems.append(Diagnostic(missing))
            continue
        reserved.append(
            ReservedInstance(
                id=f"declared-{number}",
                instance_type=each.type,
                region=each.region,
                count=each.count,
                hourly=offer.hourly,
                upfront=offer.upfront,
                years=each.years,
                payment=each.payment,
                offering_class=each.offering_class,
                zone=each.zone,
            )
        )
    plans = tuple(
        SavingsPlan(
            id=f"declared-plan-{number}",
            kind=each.kind,
            commitment=Decimal(each.hourly),
            years=each.years,
            payment=each.payment,
            region=each.region,
            family=each.family,
        )
        for number, each in enumerate(settings.plans)
    )
    if problems:
        raise InvalidInput(tuple(problems))
    return Commitments(tuple(reserved), plans)


def _notes(found: Answer, market: Market, book: Book) -> Iterable[str]:
    hours = found.demand.hours
    if hours < WEEK:
        yield f"The demand is of {hours} hours, taken as typical of every hour of the term."
    bare = [
        pool.name
        for index, pool in enumerate(market.pools)
        if not any(each.pool == index for each in market.reservables)
        and not any(plan.rates[index] for plan in market.plans)
    ]
    if bare:
        yield (
            f"Nothing can be committed to for {', '.join(bare)}: no price below the on-demand one "
            "is known of a Reserved Instance or a Savings Plan that covers it."
        )
    hosting = sorted({pool.name for pool in market.pools if pool.name.startswith("ml.")})
    if hosting:
        yield (
            f"For {', '.join(hosting)} there are SageMaker Savings Plans only: Reserved Instances "
            "and Compute or EC2 Instance plans do not cover SageMaker."
        )
    if any(found.best.mix.counts):
        yield (
            "Reserved Instances are priced as regional ones, which keep no capacity. Bought for a "
            "zone they do, at the same price, for one type and without size flexibility."
        )
    yield from _drifts(found, market, book)
    if found.spot and found.spot.without:
        names = ", ".join(sorted(set(found.spot.without)))
        yield f"No spot price below the on-demand one is known of {names}: it stays as it was."


def _drifts(found: Answer, market: Market, book: Book) -> Iterable[str]:
    """Committed prices that are older than a change of the on-demand price."""
    for count, each in zip(found.best.mix.counts, market.reservables, strict=True):
        then = book.beside(each.offer)
        now = book.find(each.offer.instance_type, each.offer.region)
        if count and then and now and then.hourly != now.hourly:
            yield (
                f"The reserved price of {each.offer.instance_type} is of {each.offer.as_of}, when "
                f"on demand was ${then.hourly}; now it is ${now.hourly}."
            )
