"""Commitments that are declared to be owned, at the prices of the book.

Declared again, the new ones take the place of the old.
"""

from decimal import Decimal, InvalidOperation

from understudy.base.arn import DEFAULT_REGION
from understudy.base.fault import validation_exception
from understudy.control.events import Params
from understudy.control.purchasing.service import OwnedPlan, OwnedReservation, Purchasing
from understudy.control.turn import Turn
from understudy.pricing.commitments import (
    PLAN_ORDER,
    CapacityReservation,
    ReservedInstance,
    SavingsPlan,
)
from understudy.pricing.offer import RESERVED, Terms

PREFIX = "declared-"


def put_commitments(service: Purchasing, params: Params, turn: Turn) -> Params:
    """Own Reserved, Plans and Reservations from now on, those of the region among them.

    A plan that names no region is kept in the default one: it is the account's. Raises Fault where
    a price is missing.
    """
    reserved = [
        _reserved(service, n, each, turn) for n, each in _numbered(params, "Reserved", turn)
    ]
    plans = [_plan(n, each, turn) for n, each in _numbered(params, "Plans", turn)]
    kept = [_reservation(n, each, turn) for n, each in _numbered(params, "Reservations", turn)]
    state = service.state
    for owned in (state.reserved, state.plans, state.reservations):
        for name in [each for each in owned if each.startswith(PREFIX)]:
            del owned[name]
    state.reserved |= {each.id: each for each in reserved}
    state.plans |= {each.id: OwnedPlan(each, "", {}) for each in plans}
    state.reservations |= {each.id: OwnedReservation(each, "unlimited") for each in kept}
    return {}


def _numbered(params: Params, kind: str, turn: Turn) -> list[tuple[str, Params]]:
    rows = [each for each in params.get(kind, []) if _region(each) == turn.region]
    name = f"{PREFIX}{turn.region}-{kind.lower()}"
    return [(f"{name}-{number}", row) for number, row in enumerate(rows, 1)]


def _region(row: Params) -> str:
    return row.get("region") or DEFAULT_REGION


def regions_of(params: Params) -> set[str]:
    """The regions in which something is declared to be owned."""
    return {
        _region(row)
        for kind in ("Reserved", "Plans", "Reservations")
        for row in params.get(kind, [])
    }


def _reserved(service: Purchasing, name: str, row: Params, turn: Turn) -> ReservedInstance:
    terms = Terms(RESERVED, row["offering-class"], row["years"], row["payment"])
    offer = service.book.find(row["type"], turn.region, terms)
    if offer is None:
        raise validation_exception(f"No price is known of {row['type']} in {turn.region}, {terms}.")
    return ReservedInstance(
        id=name,
        instance_type=row["type"],
        region=turn.region,
        count=row["count"],
        hourly=offer.hourly,
        upfront=offer.upfront,
        years=row["years"],
        payment=row["payment"],
        offering_class=row["offering-class"],
        zone=row["zone"],
        start=turn.at,
    )


def _plan(name: str, row: Params, turn: Turn) -> SavingsPlan:
    try:
        commitment = Decimal(row["hourly"])
    except InvalidOperation as error:
        raise validation_exception(f"{row['hourly']} is no amount of US dollars.") from error
    if row["kind"] not in PLAN_ORDER:
        kinds = ", ".join(PLAN_ORDER)
        raise validation_exception(f"There is no {row['kind']} Savings Plan; there are {kinds}.")
    return SavingsPlan(
        id=name,
        kind=row["kind"],
        commitment=commitment,
        years=row["years"],
        payment=row["payment"],
        region=row["region"],
        family=row["family"],
        start=turn.at,
    )


def _reservation(name: str, row: Params, turn: Turn) -> CapacityReservation:
    return CapacityReservation(
        id=name,
        instance_type=row["type"],
        region=turn.region,
        zone=row["zone"],
        count=row["count"],
        start=turn.at,
    )
