"""The cheapest mix of commitments: how fast, how certain, how good a year later.

    python benchmarks/commitments.py [hourly_normalized.csv.gz]

The argument is the hourly demand of Snowflake's virtual machines (Snowflake-Labs/shavedice-dataset,
CC BY 4.0; columns USAGE_HOUR, REGION_NUM, INSTANCE_TYPE, NORM_USAGE), of which region 1 is taken;
without it a demand of the same shape is made. Its twelve types are given the prices of twelve EC2
families. Rates of Savings Plans are not in the built-in book and are made: shares of the on-demand
price. Times are CPU seconds of one process; the peer is HiGHS's mixed-integer solver on the same
problem, within TIME_LIMIT.
"""

import csv
import gzip
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from understudy.pricing.assortment import market_of
from understudy.pricing.book import Book, Prices
from understudy.pricing.catalogue import BOOK
from understudy.pricing.commitments import Commitments
from understudy.pricing.coverage import exact_cost
from understudy.pricing.demand import Demand
from understudy.pricing.market import Limits, Market
from understudy.pricing.meter import Item
from understudy.pricing.newsvendor import cheapest_count
from understudy.pricing.offer import (
    COMPUTE,
    EC2_INSTANCE,
    NO_UPFRONT,
    SAVINGS_PLAN,
    Offer,
)
from understudy.pricing.optimise import cheapest

YEAR, REGION = 8760, "us-east-1"
TIME_LIMIT = 300.0
KINDS = dict(
    zip(
        "ABCDEFGHIJKL",
        (
            *("m5.large", "c5.xlarge", "r5.2xlarge", "g5.xlarge", "m6i.xlarge", "c6i.2xlarge"),
            *("r6i.large", "p3.2xlarge", "m7i.4xlarge", "c7g.4xlarge", "g4dn.xlarge", "t3.large"),
        ),
        strict=True,
    )
)
SHARES = (0.70, 0.66, 0.72, 0.69, 0.71, 0.67, 0.73, 0.78, 0.72, 0.68, 0.74, 0.70)
RESERVED_SHARE = 0.62


def real(path: Path) -> np.ndarray:
    """Instances by hour and type of region 1, from its first hour to its last."""
    table: dict[tuple[int, str], int] = {}
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            if row["REGION_NUM"] == "1":
                moment = datetime.fromisoformat(row["USAGE_HOUR"]).replace(tzinfo=UTC)
                hour = int(moment.timestamp()) // 3600
                table[hour, row["INSTANCE_TYPE"]] = int(float(row["NORM_USAGE"]))
    hours = [hour for hour, _ in table]
    first, columns = min(hours), list(KINDS)
    counts = np.zeros((max(hours) - first + 1, len(KINDS)), dtype=np.int64)
    for (hour, name), count in table.items():
        counts[hour - first, columns.index(name)] = count
    return counts


def made() -> np.ndarray:
    """Three years of the same shape: growth, days, weeks, noise, and types that come and go."""
    generator = np.random.default_rng(1)
    hour = np.arange(3 * YEAR)
    columns = []
    for number in range(len(KINDS)):
        base = generator.uniform(3, 200)
        day = 1 + generator.uniform(0, 0.4) * np.sin(
            (hour % 24 - generator.uniform(0, 24)) / 24 * 2 * np.pi
        )
        week = np.where(hour // 24 % 7 < 5, 1.0, generator.uniform(0.6, 1.0))
        growth = 1 + generator.uniform(-0.2, 0.5) * hour / YEAR
        noise = generator.normal(1, 0.05, len(hour))
        alive = (hour > 0) if number % 3 else (hour > generator.integers(0, YEAR))
        columns.append(np.maximum(base * day * week * growth * noise * alive, 0))
    return np.round(np.array(columns).T).astype(np.int64)


def book() -> Book:
    """On-demand prices of the built-in book, with made committed rates."""
    offers: list[Offer] = []
    for name, share in zip(KINDS.values(), SHARES, strict=True):
        paid = BOOK.find(name, REGION)
        assert paid is not None, name
        offers.append(paid)
        for kind, part in ((COMPUTE, share), (EC2_INSTANCE, share - 0.05)):
            hourly = (paid.hourly * Decimal(str(part))).quantize(Decimal("0.0001"))
            offers.append(replace_offer(paid, SAVINGS_PLAN, kind, hourly))
        reserved = (paid.hourly * Decimal(str(RESERVED_SHARE))).quantize(Decimal("0.0001"))
        offers.append(replace_offer(paid, "Reserved", "standard", reserved))
    return Book(Prices(lambda: offers))


def replace_offer(paid: Offer, purchase: str, kind: str, hourly: Decimal) -> Offer:
    return Offer(
        paid.instance_type, REGION, purchase, hourly, paid.as_of, "made", kind, 1, NO_UPFRONT
    )


def demand(counts: np.ndarray, names: list[str]) -> Demand:
    columns = [list(KINDS.values()).index(name) for name in names]
    items = tuple(Item(name, REGION) for name in names)
    return Demand(0, items, counts[:, columns] * 3600)


def cpu(work: Callable[[], object], least: int = 1) -> tuple[float, object]:
    """The least CPU seconds of several runs, and what came of the last."""
    best, result = np.inf, None
    for _ in range(least):
        begun = time.process_time()
        result = work()
        best = min(best, time.process_time() - begun)
    return best, result


def mixed_integer(market: Market) -> tuple[float, str, float]:
    """The optimum of HiGHS, its status, and its CPU seconds.

    Variables: reservations (whole), mills of plans (whole), and for each hour and pool the units
    that each plan covers and those on demand.
    """
    pools, hours = market.units.shape
    plans, options = len(market.plans), len(market.reservables)
    blocks = plans + 1
    size = options + plans + blocks * pools * hours
    cost = np.zeros(size)
    cost[:options] = [float(each.hourly) * hours for each in market.reservables]
    cost[options : options + plans] = 0.001 * hours
    cover = cost[options + plans :].reshape(blocks, pools, hours)
    cover[plans] = np.array([float(pool.rate) for pool in market.pools])[:, None]
    place = np.arange(blocks * pools * hours).reshape(blocks, pools, hours) + options + plans
    rows, columns, values = [], [], []

    def put(row: np.ndarray, column: np.ndarray, value: float | np.ndarray) -> None:
        rows.append(np.broadcast_to(row, np.broadcast(row, column).shape).ravel())
        columns.append(np.broadcast_to(column, np.broadcast(row, column).shape).ravel())
        values.append(np.broadcast_to(value, np.broadcast(row, column).shape).ravel())

    need = np.arange(pools * hours).reshape(pools, hours)  # units covered >= demand
    for block in range(blocks):
        put(need, place[block], 1.0)
    for number, each in enumerate(market.reservables):
        put(need[each.pool], np.array(number), float(each.units))
    spend = np.arange(plans * hours).reshape(plans, hours) + pools * hours  # plan money
    upper = np.full(size, np.inf)
    for number, plan in enumerate(market.plans):
        for pool, rate in enumerate(plan.rates):
            if rate is None:
                upper[place[number, pool]] = 0
            else:
                put(spend[number], place[number, pool], float(rate))
        put(spend[number], np.array(options + number), -0.001)
    matrix = sparse.csr_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
        shape=(pools * hours + plans * hours, size),
    )
    low = np.concatenate([market.units.ravel(), np.full(plans * hours, -np.inf)])
    high = np.concatenate([np.full(pools * hours, np.inf), np.zeros(plans * hours)])
    whole = np.zeros(size)
    whole[: options + plans] = 1
    begun = time.process_time()
    found = milp(
        cost,
        integrality=whole,
        bounds=Bounds(np.zeros(size), upper),
        constraints=LinearConstraint(matrix, low, high),
        options={"time_limit": TIME_LIMIT, "mip_rel_gap": 1e-9},
    )
    spent = time.process_time() - begun
    return (float(found.fun) if found.x is not None else np.inf), found.message[:60], spent


def main() -> None:
    """Run and print everything."""
    counts = real(Path(sys.argv[1])) if len(sys.argv) > 1 else made()
    print(f"{len(counts):,} hours, {counts.shape[1]} types, {counts.sum():,} instance-hours")
    prices, names = book(), list(KINDS.values())
    years = [counts[number * YEAR : (number + 1) * YEAR] for number in range(3)]

    one = years[1][:, 1]
    seconds, _ = cpu(lambda: cheapest_count(one, 1, 61, 96), 20)
    print(f"one family, {len(one):,} hours, percentile rule: {seconds * 1e3:.2f} ms")

    for label, rows in (
        ("4 weeks", years[1][:672]),
        ("13 weeks", years[1][:2184]),
        ("a year", years[1]),
    ):
        market = market_of(demand(rows, names), prices, Limits(), Commitments())
        seconds, mix = cpu(lambda market=market: cheapest(market, Limits()), 2)
        print(
            f"12 families, both instruments, {label}: {seconds:.2f} s, gap {mix.gap:.1e}, "
            f"{mix.branches} branches, {mix.cuts} cuts, saves "
            f"{100 * float(1 - mix.cost / market.all_on_demand):.1f}%"
        )
        best, status, peer = mixed_integer(market)
        apart = (best - float(mix.cost)) / float(mix.cost)
        print(
            f"  HiGHS: {peer:.1f} s ({status}), ratio {peer / seconds:.0f}x, "
            f"its cost less ours {apart:+.1e}"
        )

    for before, after in ((0, 1), (1, 2)):
        bought = market_of(demand(years[before], names), prices, Limits(), Commitments())
        mix = cheapest(bought, Limits())
        later = market_of(demand(years[after], names), prices, Limits(), Commitments())
        kept = priced_later(bought, later, mix.counts, mix.commitments)
        best = cheapest(later, Limits()).cost
        paid = later.all_on_demand
        print(
            f"bought on year {before + 1}, used in year {after + 1}: saves "
            f"{100 * float(1 - kept / paid):.1f}% (the best for that year "
            f"{100 * float(1 - best / paid):.1f}%), regret {100 * float(kept / best - 1):.1f}%"
        )


def priced_later(
    bought: Market, later: Market, counts: tuple[int, ...], money: tuple[Fraction, ...]
) -> Fraction:
    """What a purchase for one demand comes to on another: by the offers, which are the same."""
    owned = {each.offer: count for count, each in zip(counts, bought.reservables, strict=True)}
    plans = {
        (plan.terms, plan.family): amount for amount, plan in zip(money, bought.plans, strict=True)
    }
    known = {each.offer for each in later.reservables}
    lost = [(offer, count) for offer, count in owned.items() if count and offer not in known]
    fees = sum((offer.effective * count for offer, count in lost), Fraction(0))
    here = {(plan.terms, plan.family) for plan in later.plans}
    fees += sum((amount for key, amount in plans.items() if key not in here), Fraction(0))
    cost = exact_cost(
        later,
        [owned.get(each.offer, 0) for each in later.reservables],
        [plans.get((plan.terms, plan.family), Fraction(0)) for plan in later.plans],
    )
    return cost + fees * later.hours


if __name__ == "__main__":
    main()
