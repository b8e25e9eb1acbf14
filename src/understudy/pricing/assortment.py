"""From a demand and a price book to a market: what can be bought and is worth a thought."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

import numpy as np

from understudy.pricing.book import Book
from understudy.pricing.commitments import (
    PLAN_ORDER,
    Commitments,
    ReservedInstance,
    SavingsPlan,
    reservable,
)
from understudy.pricing.demand import Demand
from understudy.pricing.instance import family, size_flexible, units
from understudy.pricing.market import (
    Integers,
    Limits,
    Market,
    PlanOption,
    Pool,
    Reservable,
)
from understudy.pricing.meter import Item
from understudy.pricing.offer import (
    EC2_INSTANCE,
    LINUX,
    ON_DEMAND,
    RESERVED,
    SAVINGS_PLAN,
    Offer,
    Terms,
)


class MissingPrices(Exception):  # noqa: N818 - it reports what is not known
    """There is no on-demand price of some products."""

    def __init__(self, products: Iterable[tuple[str, str]]) -> None:
        self.products = tuple(sorted(set(products)))
        super().__init__(", ".join(f"{name} in {region}" for name, region in self.products))


def market_of(demand: Demand, book: Book, limits: Limits, owned: Commitments) -> Market:
    """Prices for a demand, and what may be bought for it. Raises MissingPrices."""
    used: dict[Offer, None] = {}
    pools, seconds = _pools(demand, book, used)
    reservables = [
        option
        for index, pool in enumerate(pools)
        for option in _reservables(index, pool, book, limits)
    ]
    plans = [*_owned_plans(pools, owned.plans, book), *_plans(pools, book, limits)]
    plans.sort(key=_rank)
    used |= dict.fromkeys(option.offer for option in reservables)
    fees = [each.count * each.effective for each in owned.reserved]
    return Market(
        pools=pools,
        seconds=seconds,
        reservables=tuple(reservables),
        plans=tuple(plans),
        owned=tuple(_owned_units(pool, owned.reserved) for pool in pools),
        owned_hourly=sum(fees, Fraction(0)),
        offers=tuple(used),
    )


def _pools(
    demand: Demand, book: Book, used: dict[Offer, None]
) -> tuple[tuple[Pool, ...], Integers]:
    members: dict[tuple[str, str, str, str], list[int]] = {}
    for column, item in enumerate(demand.items):
        if demand.seconds[:, column].any():
            members.setdefault(_pool_key(item), []).append(column)
    prices = {
        column: _on_demand(demand.items[column], book)
        for group in members.values()
        for column in group
    }
    missing = [demand.items[column] for column, offer in prices.items() if offer is None]
    if missing:
        raise MissingPrices((item.product, item.region) for item in missing)
    used |= dict.fromkeys(offer for offer in prices.values() if offer)
    pools: list[Pool] = []
    rows: list[Integers] = []
    for key, columns in members.items():
        items = tuple(demand.items[column] for column in columns)
        weights = tuple(_weight(item) for item in items)
        amounts = [int(demand.seconds[:, column].sum()) for column in columns]
        rates = [offer.effective for offer in map(prices.__getitem__, columns) if offer]
        rate, uniform = _mean(rates, amounts, weights)
        pools.append(Pool(key[0], key[1], items, weights, rate, uniform))
        rows.append(demand.seconds[:, columns] @ np.array(weights, dtype=np.int64))
    return tuple(pools), np.array(rows, dtype=np.int64).reshape(len(rows), demand.hours)


def _pool_key(item: Item) -> tuple[str, str, str, str]:
    name = family(item.product) if _flexible(item) else item.product
    return name, item.region, item.platform, item.tenancy


def _flexible(item: Item) -> bool:
    plain = item.platform == LINUX and item.tenancy == "default"
    return plain and reservable(item.product) and size_flexible(item.product)


def _weight(item: Item) -> int:
    return (units(item.product) or 1) if _flexible(item) else 1


def _on_demand(item: Item, book: Book) -> Offer | None:
    return book.find(item.product, item.region, Terms(ON_DEMAND), item.platform)


def _mean(
    rates: Sequence[Fraction], amounts: Sequence[int], weights: Sequence[int]
) -> tuple[Fraction, bool]:
    """The rate of a unit, the mean by usage, and whether all are the same."""
    each = {rate / weight for rate, weight in zip(rates, weights, strict=True)}
    money = sum((rate * amount for rate, amount in zip(rates, amounts, strict=True)), Fraction(0))
    total = sum(amount * weight for amount, weight in zip(amounts, weights, strict=True))
    return money / total, len(each) == 1


# What can be bought.


def _reservables(index: int, pool: Pool, book: Book, limits: Limits) -> list[Reservable]:
    """Reserved Instances worth a thought: of each payment option the cheapest and the smallest.

    Without a limit on upfront payments only the cheapest way to pay is one.
    """
    names = _sizes(pool, book)
    found: dict[Terms, list[Reservable]] = {}
    platform = pool.items[0].platform
    for name in names:
        for terms, offer in book.offers(name, pool.region, platform).items():
            if _allowed(terms, limits) and _payable(offer, limits):
                size = _weight(Item(name, pool.region, platform=platform))
                found.setdefault(terms, []).append(Reservable(index, size, offer))
    chosen: dict[Reservable, None] = {}
    for options in found.values():
        chosen[min(options, key=lambda each: (each.hourly / each.units, each.units))] = None
        chosen[min(options, key=lambda each: (each.units, each.hourly))] = None
    return _undominated(list(chosen), pool, limits)


def _sizes(pool: Pool, book: Book) -> list[str]:
    if not _flexible(pool.items[0]) or not reservable(pool.items[0].product):
        return [item.product for item in pool.items if reservable(item.product)]
    return [name for name in book.products(pool.region) if family(name) == pool.name]


def _allowed(terms: Terms, limits: Limits) -> bool:
    kind = terms.purchase == RESERVED and terms.kind == limits.offering_class
    return kind and terms.years <= limits.years


def _payable(offer: Offer, limits: Limits) -> bool:
    """With a limit on upfront payments their amount has to be known."""
    return limits.upfront is None or offer.upfront is not None


def _undominated(options: list[Reservable], pool: Pool, limits: Limits) -> list[Reservable]:
    """Drop what is never better than another: as fine or finer, and cheaper for each unit."""
    worth = [each for each in options if each.hourly / each.units < pool.rate]

    def better(one: Reservable, other: Reservable) -> bool:
        cheaper = one.hourly / one.units < other.hourly / other.units
        same_cash = (
            limits.upfront is None
            or (one.offer.upfront or 0) * other.units <= (other.offer.upfront or 0) * one.units
        )
        return cheaper and one.units <= other.units and same_cash

    return [each for each in worth if not any(better(other, each) for other in worth)]


def _plans(pools: Sequence[Pool], book: Book, limits: Limits) -> list[PlanOption]:
    found: dict[tuple[str, str, str], list[PlanOption]] = {}
    for scope in _scopes(pools, book):
        terms, region, name = scope
        if terms.years <= limits.years:
            option = _priced(pools, book, terms, region, name)
            if option is not None:
                found.setdefault((terms.kind, region, name), []).append(option)
    if limits.upfront is not None:
        return [option for options in found.values() for option in options]
    return [min(options, key=_discount) for options in found.values()]


def _scopes(pools: Sequence[Pool], book: Book) -> list[tuple[Terms, str, str]]:
    """Every plan that has a rate for something in the demand, with the family it is bound to."""
    scopes: dict[tuple[Terms, str, str], None] = {}
    for pool in pools:
        for item in pool.items:
            for terms in book.offers(item.product, item.region, item.platform):
                if terms.purchase == SAVINGS_PLAN:
                    bound = terms.kind == EC2_INSTANCE
                    where = (item.region, family(item.product)) if bound else ("", "")
                    scopes[terms, *where] = None
    return sorted(scopes)


def _priced(
    pools: Sequence[Pool], book: Book, terms: Terms, region: str, name: str
) -> PlanOption | None:
    plan = SavingsPlan(
        id="",
        kind=terms.kind,
        commitment=Decimal(0),
        years=terms.years,
        payment=terms.payment,
        region=region,
        family=name,
    )
    rates = tuple(_plan_rate(pool, plan, terms, book) for pool in pools)
    return PlanOption(terms, rates, region, name) if any(rates) else None


def _plan_rate(pool: Pool, plan: SavingsPlan, terms: Terms, book: Book) -> Fraction | None:
    """The rate of a pool's unit, None where the plan does not cover it or a rate is missing."""
    found: set[Fraction] = set()
    for item, weight in zip(pool.items, pool.weights, strict=True):
        offer = book.find(item.product, item.region, terms, item.platform)
        if offer is None or not plan.covers(item):
            return None
        found.add(offer.effective / weight)
    rate = sum(found, Fraction(0)) / len(found)
    return rate if rate <= pool.rate else None


def _discount(option: PlanOption) -> Fraction:
    return min(rate for rate in option.rates if rate is not None)


def _rank(option: PlanOption) -> tuple[int, str, str, bool, Fraction]:
    """EC2 Instance plans first, then Compute, then SageMaker; of each the lower rates first."""
    kind = PLAN_ORDER.index(option.terms.kind)
    return kind, option.region, option.family, option.owned is None, _discount(option)


# What is owned.


def _owned_units(pool: Pool, reserved: Sequence[ReservedInstance]) -> int:
    """The units of a pool that owned reservations cover, zonal ones as if it were in the zone."""
    total = 0
    for each in reserved:
        for item, weight in zip(pool.items, pool.weights, strict=True):
            same = each.region == item.region and each.platform == item.platform
            exact = each.instance_type == item.product
            fits = family(each.instance_type) == pool.name if each.flexible else exact
            if same and fits:
                own = _weight(Item(each.instance_type, each.region)) if each.flexible else weight
                total += each.count * own
                break
    return total


def _owned_plans(
    pools: Sequence[Pool], owned: Sequence[SavingsPlan], book: Book
) -> list[PlanOption]:
    found: list[PlanOption] = []
    for plan in owned:
        terms = Terms(SAVINGS_PLAN, plan.kind, plan.years, plan.payment)
        option = _priced(pools, book, terms, plan.region, plan.family)
        rates = option.rates if option else (None,) * len(pools)
        commitment = Fraction(plan.commitment)
        found.append(PlanOption(terms, rates, plan.region, plan.family, commitment))
    return found
