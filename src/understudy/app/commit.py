"""Advice on what to buy: a demand from a file, a report or a running stack, and the answer."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from understudy.app.capacity import Settings, read_settings
from understudy.app.prices import book_of, today
from understudy.base.arn import DEFAULT_REGION
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.control.capacity.usage import Used, billed
from understudy.control.outcome import CapacityPoint
from understudy.pricing.assortment import MissingPrices
from understudy.pricing.book import Book
from understudy.pricing.bootstrap import Spread, bootstrap
from understudy.pricing.commitments import Commitments, ReservedInstance, SavingsPlan
from understudy.pricing.demand import WEEK, Demand, demand_of
from understudy.pricing.demand_rows import read_demand
from understudy.pricing.market import Limits, Market
from understudy.pricing.meter import SECONDS_PER_HOUR, Usage, by_hour
from understudy.pricing.offer import RESERVED, Offer, Terms
from understudy.pricing.purchase import Purchase, purchases
from understudy.pricing.vintage import Vintage, stale, vintage
from understudy.pricing.ways import Answer, answer


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked: one source of demand, limits, and how the answer is to be found.

    ``spot`` is the share of the work that may be interrupted, ``on_demand`` the share that no
    commitment may cover, ``upfront`` US dollars. ``samples`` are drawn with ``seed``.
    """

    state: Path
    demand: Path | None = None
    report: Path | None = None
    stack: str = ""
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
    owned = owned_of(read_settings(wish.settings), wish.region, book)
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
    sources = [bool(wish.demand), bool(wish.report), bool(wish.stack)]
    if sum(sources) != 1:
        action = "give one of --demand FILE, --report DIR and --stack NAME"
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


# Where demand comes from.


def _demand(wish: Wish, book: Book) -> tuple[str, Demand]:
    if wish.demand is not None:
        products = {region: set(book.products(region)) for region in book.regions()}
        text = _text(wish.demand)
        return str(wish.demand), read_demand(text, str(wish.demand), wish.region, products)
    if wish.report is not None:
        return str(wish.report), demand_of_report(wish.report)
    return f"stack {wish.stack}", demand_of_stack(wish)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise InvalidInput((Diagnostic(f"{path}: {error.strerror}."),)) from error
    except UnicodeDecodeError as error:
        raise InvalidInput((Diagnostic(f"{path} is no text: {error}."),)) from error


def demand_of_report(folder: Path) -> Demand:
    """The instances of a rehearsal or a simulation, hour by hour from its start."""
    path = folder / "report.json" if folder.is_dir() else folder
    try:
        report: dict[str, Any] = json.loads(_text(path))
        points = [
            CapacityPoint(
                each["seconds"],
                each["desired"],
                each["in_service"],
                each["pending"],
                each["terminating"],
            )
            for each in report["capacity"]
        ]
        kind, duration = report["instance_type"], float(report["duration_seconds"])
        region = str(report["region"])
    except (ValueError, KeyError, TypeError) as error:
        action = "give the folder that `understudy rehearse --report` wrote"
        text = f"{path} is no report of a rehearsal: {error!r}."
        raise InvalidInput((Diagnostic(text, action=action),)) from error
    ends = [*(point.at for point in points[1:]), duration]
    lives = [
        Usage(kind, max(point.at, 0.0), end)
        for point, end in zip(points, ends, strict=True)
        for _ in range(point.in_service + point.pending + point.terminating)
        if end > point.at
    ]
    return _from_start(lives, region, duration, str(path))


def demand_of_stack(wish: Wish) -> Demand:
    """What the instances of a stack did since the first of them was launched."""
    from understudy.app.cost import owners_of, running_client

    client = running_client(wish.state, wish.endpoint, wish.region)
    used = client.used()
    owners = owners_of(client, wish.stack)
    return demand_of_lives(used, owners, f"stack {wish.stack}")


def demand_of_lives(used: Used, owners: Iterable[str], name: str) -> Demand:
    """The instances of some owners, hour by hour from the first launch."""
    wanted = set(owners)
    lives = [
        life
        for each in used.lives
        if each.place.owner.partition("/")[0] in wanted
        if (life := billed(each, used.at)) is not None
    ]
    if not lives:
        raise InvalidInput((Diagnostic(f"No instance has run of {name}."),))
    start = min(life.start for life in lives)
    moved = [
        msgspec.structs.replace(life, start=life.start - start, end=life.end - start, zone="")
        for life in lives
    ]
    return _from_start(moved, used.region, used.at - start, name)


def _from_start(lives: list[Usage], region: str, duration: float, name: str) -> Demand:
    """Demand by hours from the start; an hour that was not over is taken to go on as it began."""
    hours = by_hour(lives, region)
    if not hours:
        raise InvalidInput((Diagnostic(f"No instance has run in {name}."),))
    whole, rest = divmod(duration, SECONDS_PER_HOUR)
    last = int(whole)
    kept = {hour: usage for hour, usage in hours.items() if hour < last}
    if rest and last in hours and (not kept or rest >= SECONDS_PER_HOUR / 2):
        factor = Fraction(SECONDS_PER_HOUR) / Fraction(rest)
        kept[last] = {item: amount * factor for item, amount in hours[last].items()}
    return demand_of(kept)


# What is owned, and what has to be said.


def owned_of(settings: Settings, region: str, book: Book) -> Commitments:
    """The commitments that are declared, at the prices of the book. Raises InvalidInput."""
    problems: list[Diagnostic] = []
    reserved: list[ReservedInstance] = []
    for number, each in enumerate(settings.reserved):
        terms = Terms(RESERVED, each.offering_class, each.years, each.payment)
        offer = book.find(each.type, region, terms)
        if offer is None:
            problems.append(Diagnostic(f"No price is known of {each.type} in {region}, {terms}."))
            continue
        reserved.append(
            ReservedInstance(
                id=f"declared-{number}",
                instance_type=each.type,
                region=region,
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
