"""Exchanging convertible Reserved Instances for another convertible one.

Source: AWS, Exchange Convertible Reserved Instances; GetReservedInstancesExchangeQuote;
AcceptReservedInstancesExchangeQuote. The new reservation counts from the begin of the hour, when
the old ones are retired.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from msgspec.structs import replace

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.control.purchasing.reserved_instances import (
    find_offering,
    find_owned,
    refuse_dry_run,
)
from understudy.control.purchasing.service import Purchasing
from understudy.control.turn import Turn
from understudy.pricing.application import micro_dollars
from understudy.pricing.commitments import ReservedInstance
from understudy.pricing.exchange import effective_from, exchanged_count, list_value, true_up
from understudy.pricing.offer import CONVERTIBLE, NO_UPFRONT, YEAR_HOURS, Offer, decimal

HOUR = 3600
LEAST_SECONDS = 24 * HOUR
"""A reservation that is exchanged has at least a day left."""
LONGEST = 3


@dataclass(frozen=True, slots=True)
class Value:
    """What is left of a reservation: US dollars upfront and an hour, for all its instances."""

    upfront: Decimal
    hourly: Decimal
    hours: int

    @property
    def total(self) -> Decimal:
        """The upfront value with the hourly charges to come."""
        return list_value(self.upfront, self.hourly, self.hours)

    def shown(self) -> Params:
        """As a ReservationValue."""
        return {
            "HourlyPrice": _money(self.hourly),
            "RemainingTotalValue": _money(self.total),
            "RemainingUpfrontValue": _money(self.upfront),
        }


@dataclass(frozen=True, slots=True)
class Quote:
    """An exchange: what is given, what one new instance is worth, and how many there will be.

    ``reason`` says why it cannot be done, empty where it can.
    """

    old: tuple[ReservedInstance, ...]
    offer: Offer
    zone: str
    at: float
    until: float
    given: tuple[Value, ...]
    one: Value
    reason: str

    @property
    def count(self) -> int:
        """So many that neither value is lost nor anything paid back."""
        by_value = exchanged_count(_total(self.given).total, self.one.total)
        if not self.one.upfront:
            return by_value
        return max(by_value, exchanged_count(_total(self.given).upfront, self.one.upfront))

    @property
    def taken(self) -> Value:
        """The value of the new instances together."""
        return Value(self.one.upfront * self.count, self.one.hourly * self.count, self.one.hours)

    @property
    def due(self) -> Decimal:
        """US dollars to pay at the exchange."""
        return true_up(self.taken.upfront, _total(self.given).upfront)


def _money(amount: Decimal) -> str:
    return str(micro_dollars(Fraction(amount)))


def _total(values: Sequence[Value]) -> Value:
    return Value(
        sum((each.upfront for each in values), Decimal(0)),
        sum((each.hourly for each in values), Decimal(0)),
        max((each.hours for each in values), default=0),
    )


def _worth(each: ReservedInstance, at: float) -> Value:
    hours = max(int((each.end - at) // HOUR), 0)
    spread = each.effective - Fraction(each.hourly)
    return Value(decimal(spread * each.count * hours), each.hourly * each.count, hours)


def _quote(service: Purchasing, params: Params, turn: Turn) -> Quote:
    """The exchange that a request asks for. Raises Fault for what is not there."""
    refuse_dry_run(params)
    old = tuple(find_owned(service, params["ReservedInstanceIds"]))
    targets: list[Params] = params.get("TargetConfigurations", [])
    if len(targets) != 1:
        text = "Exchange Convertible Reserved Instances for one Convertible Reserved Instance."
        raise Fault("InvalidParameterValue", text)
    offer, zone = find_offering(service, targets[0]["OfferingId"], turn.region)
    until, at = max(each.end for each in old), effective_from(turn.at)
    hours = max(int((until - at) // HOUR), 0)
    upfront = Fraction(offer.upfront or 0) * hours / (offer.years * YEAR_HOURS)
    return Quote(
        old=old,
        offer=offer,
        zone=zone,
        at=at,
        until=until,
        given=tuple(_worth(each, at) for each in old),
        one=Value(decimal(upfront), offer.hourly, hours),
        reason=_reason(old, offer, turn.at),
    )


def _reason(old: Sequence[ReservedInstance], offer: Offer, at: float) -> str:
    """AWS: Exchange Convertible Reserved Instances, requirements and rules."""
    terms, paid = {each.years for each in old}, {each.payment for each in old}
    wanted = terms if len(terms) == 1 else {LONGEST}
    dearest = max(each.hourly for each in old)
    rules = (
        (
            all(each.offering_class == CONVERTIBLE for each in old) and offer.kind == CONVERTIBLE,
            "Only Convertible Reserved Instances can be exchanged, for Convertible ones.",
        ),
        (
            all(each.start <= at < each.end for each in old),
            "The Reserved Instances to be exchanged must be active.",
        ),
        (
            all(each.end - at >= LEAST_SECONDS for each in old),
            "The Reserved Instances to be exchanged must have at least 24 hours remaining.",
        ),
        (
            offer.years in wanted,
            f"The new Reserved Instance must have a term of {max(wanted)} years.",
        ),
        (
            offer.payment != NO_UPFRONT or paid == {NO_UPFRONT},
            "All Upfront and Partial Upfront cannot be exchanged for No Upfront.",
        ),
        (
            offer.payment != NO_UPFRONT or offer.hourly >= dearest,
            "The new hourly price must be the same as the exchanged one's or higher.",
        ),
    )
    return next((text for holds, text in rules if not holds), "")


def quote(service: Purchasing, params: Params, turn: Turn) -> Params:
    """What an exchange would cost and give, or why it cannot be done. Raises Fault."""
    found = _quote(service, params, turn)
    if found.reason:
        return {"IsValidExchange": False, "ValidationFailureReason": found.reason}
    target = {"OfferingId": params["TargetConfigurations"][0]["OfferingId"]}
    return {
        "CurrencyCode": "USD",
        "IsValidExchange": True,
        "OutputReservedInstancesWillExpireAt": found.until,
        "PaymentDue": _money(found.due),
        "ReservedInstanceValueRollup": _total(found.given).shown(),
        "ReservedInstanceValueSet": [
            {"ReservedInstanceId": each.id, "ReservationValue": value.shown()}
            for each, value in zip(found.old, found.given, strict=True)
        ],
        "TargetConfigurationValueRollup": found.taken.shown(),
        "TargetConfigurationValueSet": [
            {
                "ReservationValue": found.taken.shown(),
                "TargetConfiguration": {**target, "InstanceCount": found.count},
            }
        ],
    }


def accept(service: Purchasing, params: Params, turn: Turn) -> Params:
    """Exchange them. Raises Fault where that cannot be done."""
    found = _quote(service, params, turn)
    if found.reason:
        raise Fault("InvalidParameterValue", found.reason)
    offer, count = found.offer, found.count
    paid = Fraction(found.due) + Fraction(_total(found.given).upfront)
    # What was bought within this hour has not been charged before it.
    fresh = sum(each.count * (each.upfront or 0) for each in found.old if each.start >= found.at)
    new = ReservedInstance(
        id=turn.ids.uuid(),
        instance_type=offer.instance_type,
        region=offer.region,
        count=count,
        hourly=offer.hourly,
        upfront=(found.due + fresh) / count,
        years=offer.years,
        payment=offer.payment,
        offering_class=offer.kind,
        zone=found.zone,
        platform=offer.platform,
        start=found.at,
        until=found.until,
        amortized=decimal(paid / count / found.one.hours),
    )
    for each in found.old:
        service.state.reserved[each.id] = replace(each, retired=found.at)
    service.state.reserved[new.id] = new
    return {"ExchangeId": f"riex-{turn.ids.uuid()}"}
