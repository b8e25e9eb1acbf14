"""What is bought, as commitments that apply to a bill and as rows that can be read."""

from decimal import Decimal

from msgspec import Struct

from understudy.pricing.commitments import Commitments, ReservedInstance, SavingsPlan
from understudy.pricing.market import Market
from understudy.pricing.offer import YEAR_HOURS, Terms, decimal
from understudy.pricing.optimise import Mix


class Purchase(Struct, frozen=True):
    """One thing to buy. ``count`` is of reservations, 0 for a plan.

    ``hourly`` is US dollars an hour with the upfront payment spread; ``upfront`` what is paid at
    the start, None where the source does not say how a payment is divided.
    """

    what: str
    terms: Terms
    count: int
    hourly: Decimal
    upfront: Decimal | None
    as_of: str = ""


def purchases(market: Market, mix: Mix) -> tuple[Purchase, ...]:
    """What a mix buys, the dearest first; what is owned is not bought."""
    found: list[Purchase] = []
    for each, count in zip(market.reservables, mix.counts, strict=True):
        if count:
            offer = each.offer
            upfront = None if offer.upfront is None else offer.upfront * count
            hourly = decimal(offer.effective * count)
            name = f"{offer.instance_type} in {offer.region}"
            found.append(Purchase(name, offer.terms, count, hourly, upfront, offer.as_of))
    for plan, commitment in zip(market.plans, mix.commitments, strict=True):
        if commitment and plan.owned is None:
            money = decimal(commitment)
            where = f" of {plan.family} in {plan.region}" if plan.family else ""
            upfront = decimal(commitment * plan.upfront)
            found.append(Purchase(f"{plan.terms.kind} plan{where}", plan.terms, 0, money, upfront))
    return tuple(sorted(found, key=lambda each: -each.hourly))


def commitments(market: Market, mix: Mix, start: float = 0.0) -> Commitments:
    """What a mix buys as commitments from a time on; what is owned is not among them."""
    reserved = tuple(
        ReservedInstance(
            id=f"reserved-{number}",
            instance_type=each.offer.instance_type,
            region=each.offer.region,
            count=count,
            hourly=each.offer.hourly,
            upfront=each.offer.upfront,
            years=each.offer.years,
            payment=each.offer.payment,
            offering_class=each.offer.kind,
            platform=each.offer.platform,
            start=start,
        )
        for number, (each, count) in enumerate(zip(market.reservables, mix.counts, strict=True))
        if count
    )
    plans = tuple(
        SavingsPlan(
            id=f"plan-{number}",
            kind=plan.terms.kind,
            commitment=decimal(commitment),
            years=plan.terms.years,
            payment=plan.terms.payment,
            region=plan.region,
            family=plan.family,
            upfront=decimal(plan.upfront / (plan.terms.years * YEAR_HOURS)),
            start=start,
        )
        for number, (plan, commitment) in enumerate(zip(market.plans, mix.commitments, strict=True))
        if commitment and plan.owned is None
    )
    return Commitments(reserved, plans)
