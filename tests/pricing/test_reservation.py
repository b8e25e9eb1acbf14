"""On-Demand Capacity Reservations; the examples of AWS: pricing and billing."""

from decimal import Decimal

from understudy.pricing.application import DISCOUNTED_USAGE, USAGE, apply
from understudy.pricing.commitments import (
    CapacityReservation,
    Commitments,
    ReservedInstance,
)
from understudy.pricing.meter import Usage, billable_seconds, by_hour
from understudy.pricing.offer import UNUSED_BOX
from understudy.pricing.reservation import unused
from understudy.testing.pricing import REGION, Rated

ZONE = "us-east-1a"
HOUR = 3600.0
RATES = Rated({"m5.large": Decimal("0.1")})


def reservation(count: int = 1, end: float | None = None) -> CapacityReservation:
    return CapacityReservation(
        id="cr-1",
        instance_type="m5.large",
        region=REGION,
        zone=ZONE,
        count=count,
        start=0.0,
        end=end,
    )


def test_a_reservation_is_billed_by_the_second():
    (idle,) = unused(reservation(), [], 24 * HOUR + 15 * 60)
    assert billable_seconds(idle) / HOUR == 24.25


def test_hours_unused_used_and_after_its_end():
    # Five hours reserved, used in hours 2 to 5, the instance runs on in hour 6.
    running = [Usage("m5.large", HOUR, 6 * HOUR, zone=ZONE)]
    idle = unused(reservation(end=5 * HOUR), running, 10 * HOUR)
    hours = by_hour([*running, *idle], REGION)
    bills = [apply(hour, Commitments(), RATES) for hour in hours.values()]
    assert [(bill.lines[0].purchase, bill.usd) for bill in bills] == [
        (UNUSED_BOX, Decimal("0.100000")),
        *[("OnDemand", Decimal("0.100000"))] * 5,
    ]


def test_only_matching_instances_use_it():
    running = [
        Usage("m5.large", 0.0, HOUR, zone="us-east-1b"),
        Usage("m5.xlarge", 0.0, HOUR, zone=ZONE),
        Usage("m5.large", 0.0, HOUR, zone=ZONE, platform="Windows"),
    ]
    assert sum(map(billable_seconds, unused(reservation(2), running, HOUR))) == 2 * HOUR


def test_more_instances_than_reserved_leave_nothing_idle():
    running = [Usage("m5.large", 0.0, HOUR / 2, zone=ZONE)] * 3
    idle = unused(reservation(2), running, HOUR)
    assert [(life.start, life.end) for life in idle] == [(HOUR / 2, HOUR)] * 2


def test_regional_discounts_apply_to_running_instances_before_idle_capacity():
    regional = ReservedInstance(
        id="ri", instance_type="m5.large", region=REGION, count=1, hourly=Decimal("0.06")
    )
    running = [Usage("m5.large", 0.0, HOUR / 2, zone=ZONE)]
    (hour,) = by_hour([*running, *unused(reservation(), running, HOUR)], REGION).values()
    bill = apply(hour, Commitments((regional,)), RATES)
    assert [line.purchase for line in bill.lines if line.kind == DISCOUNTED_USAGE] == [
        "OnDemand",
        UNUSED_BOX,
    ]
    assert not [line for line in bill.lines if line.kind == USAGE]
