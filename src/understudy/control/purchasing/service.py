"""What an account has committed to, in one region, and the book it buys from."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b

from msgspec import Struct
from msgspec import field as struct_field

from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.pricing.book import Book
from understudy.pricing.commitments import (
    CapacityReservation,
    Commitments,
    ReservedInstance,
    SavingsPlan,
)

EC2, SAVINGS_PLANS = "ec2", "savingsplans"


class OwnedPlan(Struct):
    """A Savings Plan with what only its API shows."""

    plan: SavingsPlan
    offering: str
    tags: dict[str, str]


class OwnedReservation(Struct):
    """A Capacity Reservation with what only its API shows; ``cancelled`` is when, if it was."""

    reservation: CapacityReservation
    ends: str
    cancelled: float | None = None
    tags: dict[str, str] = struct_field(default_factory=dict[str, str])


class Modification(Struct, frozen=True):
    """A request to modify Reserved Instances; ``made`` are what it made, as AWS configures them.

    Times are seconds since the epoch.
    """

    id: str
    token: str
    reserved: tuple[str, ...]
    made: tuple[tuple[str, Params], ...]
    created: float
    effective: float


class PurchasingState(Struct):
    """Everything that was bought, by id."""

    reserved: dict[str, ReservedInstance] = struct_field(
        default_factory=dict[str, ReservedInstance]
    )
    plans: dict[str, OwnedPlan] = struct_field(default_factory=dict[str, OwnedPlan])
    reservations: dict[str, OwnedReservation] = struct_field(
        default_factory=dict[str, OwnedReservation]
    )
    modifications: dict[str, Modification] = struct_field(default_factory=dict[str, Modification])


def _none(reservation: str) -> int:
    del reservation
    return 0


def _endless(instance_type: str, zone: str, purchase: str, at: float) -> int | None:
    del instance_type, zone, purchase, at
    return None


@dataclass(slots=True)
class Purchasing:
    """The service: its state and the price book.

    ``used`` and ``room`` are told by the region's capacity: how many instances run in a
    reservation, and how many more a pool has (None without end).
    """

    book: Book
    state: PurchasingState = field(default_factory=PurchasingState)
    used: Callable[[str], int] = _none
    room: Callable[[str, str, str, float], int | None] = _endless

    def commitments(self, at: float) -> Commitments:
        """What applies to the bill of the clock-hour of a time."""
        owned = Commitments(
            tuple(self.state.reserved.values()),
            tuple(each.plan for each in self.state.plans.values()),
        )
        return owned.during(at)

    def reservations(self, at: float) -> tuple[CapacityReservation, ...]:
        """The Capacity Reservations that keep capacity free at a time."""
        return tuple(
            each.reservation
            for each in self.state.reservations.values()
            if state_of(each, at) == "active"
        )

    def guarantees(self, at: float) -> tuple[CapacityReservation, ...]:
        """What keeps capacity free: Capacity Reservations, then zonal Reserved Instances."""
        zonal = (
            CapacityReservation(
                id=each.id,
                instance_type=each.instance_type,
                region=each.region,
                zone=each.zone,
                count=each.count,
                start=each.start,
                platform=each.platform,
            )
            for each in self.state.reserved.values()
            if each.zone and each.start <= at < each.end
        )
        return (*self.reservations(at), *zonal)

    def on_timer(self, key: tuple[str, ...], turn: Turn) -> None:
        """It asks for no timers: what is over is told by its dates."""
        raise AssertionError(key)


def state_of(owned: OwnedReservation, at: float) -> str:
    """The state of a Capacity Reservation at a time."""
    if owned.cancelled is not None:
        return "cancelled"
    end = owned.reservation.end
    return "expired" if end is not None and at >= end else "active"


def offering_id(*parts: object) -> str:
    """The id of an offering: a UUID made from what is offered, so that it stays the same."""
    digits = blake2b("/".join(map(str, parts)).encode(), digest_size=16).hexdigest()
    return "-".join(
        (digits[:8], digits[8:12], f"4{digits[13:16]}", f"8{digits[17:20]}", digits[20:])
    )


def iso(at: float) -> str:
    """A time as Savings Plans have it.

    >>> iso(1772452800.0)
    '2026-03-02T12:00:00.000Z'
    """
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def number(value: Decimal) -> float:
    """An amount as the EC2 API has it: it speaks in floating point."""
    return float(value)
