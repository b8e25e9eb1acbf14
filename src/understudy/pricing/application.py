"""How commitments apply to the usage of one clock-hour, and the bill that results.

Source: AWS, How Reserved Instances are applied; Understanding how Savings Plans apply to your
usage; Capacity Reservation pricing and billing. The order is: zonal Reserved Instances, regional
ones, EC2 Instance plans, Compute plans, SageMaker plans; each time first in the account that owns
them, then in the organization.
"""

from collections.abc import Callable, Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import groupby

from msgspec import Struct

from understudy.pricing.commitments import (
    PLAN_ORDER,
    Commitments,
    ReservedInstance,
    SavingsPlan,
    reservable,
)
from understudy.pricing.instance import family, units
from understudy.pricing.meter import MICRO_DOLLAR, SECONDS_PER_HOUR, Item, UsageHour
from understudy.pricing.offer import SPOT, UNUSED_BOX
from understudy.pricing.rates import Rates

USAGE = "Usage"
DISCOUNTED_USAGE, RI_FEE = "DiscountedUsage", "RIFee"
COVERED_USAGE, PLAN_FEE = "SavingsPlanCoveredUsage", "SavingsPlanRecurringFee"
"""Line item types of AWS's Cost and Usage Report."""


class Line(Struct, frozen=True):
    """A line of the bill.

    ``quantity`` is unit-hours, of a plan's fee one hour; ``rate`` US dollars for each of them;
    ``amount`` the exact charge, None where no price is known. ``by`` names the commitment.
    ``unused`` is what a fee was paid for in vain: instance-hours, of a plan's fee US dollars.
    ``region`` is empty for a plan of all regions.
    """

    kind: str
    product: str
    quantity: Fraction
    rate: Decimal | None
    amount: Fraction | None
    by: str = ""
    account: str = ""
    zone: str = ""
    purchase: str = ""
    unused: Fraction = Fraction(0)
    region: str = ""


class HourBill(Struct, frozen=True):
    """What one clock-hour costs. Commitments count with their upfront payment spread."""

    lines: tuple[Line, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The products without a price."""
        return tuple(sorted({line.product for line in self.lines if line.amount is None}))

    @property
    def total(self) -> Fraction:
        """Exact US dollars of the lines that have a price."""
        return self.sum(lambda _: True)

    @property
    def usd(self) -> Decimal | None:
        """US dollars to the millionth, None as soon as one product has no price."""
        return None if self.missing else micro_dollars(self.total)

    def sum(self, wanted: Callable[[Line], bool]) -> Fraction:
        """Exact US dollars of some of the lines."""
        amounts = (line.amount for line in self.lines if wanted(line))
        return sum((amount for amount in amounts if amount is not None), Fraction(0))


def micro_dollars(amount: Fraction) -> Decimal:
    """US dollars rounded to the millionth.

    >>> micro_dollars(Fraction(1, 3))
    Decimal('0.333333')
    """
    exact = Decimal(amount.numerator) / Decimal(amount.denominator)
    return exact.quantize(MICRO_DOLLAR, ROUND_HALF_UP)


def apply(usage: UsageHour, owned: Commitments, rates: Rates) -> HourBill:
    """The bill of one clock-hour. The order in which usage is told does not matter."""
    left = {item: Fraction(seconds) for item, seconds in sorted(usage.items()) if seconds}
    lines = [
        *_reserved(left, owned.reserved),
        *_planned(left, owned.plans, rates),
        *(_used(item, seconds, rates) for item, seconds in left.items() if seconds),
    ]
    return HourBill(tuple(lines))


def _used(item: Item, seconds: Fraction, rates: Rates) -> Line:
    rate = rates.paid(item)
    quantity = seconds / SECONDS_PER_HOUR
    amount = None if rate is None else quantity * Fraction(rate)
    return _line(USAGE, item, quantity, rate, amount)


def _line(
    kind: str,
    item: Item,
    quantity: Fraction,
    rate: Decimal | None,
    amount: Fraction | None,
    by: str = "",
) -> Line:
    place = (item.account, item.zone, item.purchase)
    return Line(kind, item.product, quantity, rate, amount, by, *place, region=item.region)


# Reserved Instances.

Left = dict[Item, Fraction]
"""Instance-seconds that nothing covers yet."""


def _reserved(left: Left, reserved: Iterable[ReservedInstance]) -> Iterator[Line]:
    owned = sorted(reserved, key=lambda each: (each.account, each.id))
    room = {each.id: _capacity(each) for each in owned}
    zonal = [each for each in owned if each.zone]
    regional = [each for each in owned if not each.zone]
    for group in (zonal, regional):
        for own in (True, False):
            for each in group:
                yield from _cover(left, each, room, own=own)
    for each in owned:
        yield _reserved_fee(each, room[each.id])


def _capacity(reserved: ReservedInstance) -> Fraction:
    """Instance-seconds of an hour, of a size-flexible one in units of the smallest size."""
    return Fraction(reserved.count * SECONDS_PER_HOUR * _weight(reserved, reserved.instance_type))


def _weight(reserved: ReservedInstance, instance_type: str) -> int:
    return (units(instance_type) or 1) if reserved.flexible else 1


def _cover(
    left: Left, reserved: ReservedInstance, room: dict[str, Fraction], *, own: bool
) -> Iterator[Line]:
    """Cover usage from the smallest size to the largest, running instances before reserved ones."""
    fitting = [
        item
        for item in left
        if (item.account == reserved.account) is own and _matches(reserved, item)
    ]
    fitting.sort(key=lambda item: (item.purchase == UNUSED_BOX, _weight(reserved, item.product)))
    for item in fitting:
        weight = _weight(reserved, item.product)
        covered = min(left[item], room[reserved.id] / weight)
        if covered:
            left[item] -= covered
            room[reserved.id] -= covered * weight
            quantity = covered / SECONDS_PER_HOUR
            zero = Fraction(0)
            yield _line(DISCOUNTED_USAGE, item, quantity, Decimal(0), zero, reserved.id)


def _matches(reserved: ReservedInstance, item: Item) -> bool:
    """Whether usage has the attributes of a reservation.

    Zonal ones do not apply to capacity that is reserved and not used.
    """
    if not reservable(item.product) or item.purchase == SPOT or item.region != reserved.region:
        return False
    if (item.platform, item.tenancy) != (reserved.platform, reserved.tenancy):
        return False
    if reserved.zone:
        same = item.product == reserved.instance_type and item.zone == reserved.zone
        return same and item.purchase != UNUSED_BOX
    if reserved.flexible:
        return family(item.product) == family(reserved.instance_type)
    return item.product == reserved.instance_type


def _reserved_fee(reserved: ReservedInstance, room: Fraction) -> Line:
    rate = reserved.effective
    weight = _weight(reserved, reserved.instance_type)
    return Line(
        RI_FEE,
        reserved.instance_type,
        Fraction(reserved.count),
        micro_dollars(rate),
        reserved.count * rate,
        reserved.id,
        reserved.account,
        reserved.zone,
        unused=room / weight / SECONDS_PER_HOUR,
        region=reserved.region,
    )


# Savings Plans.


def _planned(left: Left, plans: Iterable[SavingsPlan], rates: Rates) -> Iterator[Line]:
    """All plans of a type are applied together, whatever their payment option."""
    owned = sorted(plans, key=lambda plan: (PLAN_ORDER.index(plan.kind), plan.id))
    money = {plan.id: Fraction(plan.commitment) for plan in owned}
    for _, same in groupby(owned, key=lambda plan: plan.kind):
        together = list(same)
        for own in (True, False):
            for item, plan, rate in _ranked(left, together, rates, own=own):
                seconds = min(left[item], money[plan.id] / rate * SECONDS_PER_HOUR)
                if seconds:
                    quantity = seconds / SECONDS_PER_HOUR
                    left[item] -= seconds
                    money[plan.id] -= quantity * rate
                    price = Decimal(rate.numerator) / Decimal(rate.denominator)
                    yield _line(COVERED_USAGE, item, quantity, price, Fraction(0), plan.id)
    for plan in owned:
        yield _plan_fee(plan, money[plan.id])


def _ranked(
    left: Left, plans: list[SavingsPlan], rates: Rates, *, own: bool
) -> list[tuple[Item, SavingsPlan, Fraction]]:
    """What plans can cover: the highest savings percentage first, then the lowest rate."""
    found: list[tuple[bool, Fraction, Fraction, Item, int]] = []
    for number, plan in enumerate(plans):
        for item in left:
            if (item.account == plan.account) is not own or not _plannable(plan, item):
                continue
            paid, rate = rates.paid(item), rates.under(item, plan)
            if paid and rate and rate <= paid:
                discounted = Fraction(rate) / Fraction(paid)
                unused = item.purchase == UNUSED_BOX
                found.append((unused, discounted, Fraction(rate), item, number))
    return [(item, plans[number], rate) for _, _, rate, item, number in sorted(found)]


def _plannable(plan: SavingsPlan, item: Item) -> bool:
    return item.purchase != SPOT and plan.covers(item)


def _plan_fee(plan: SavingsPlan, unused: Fraction) -> Line:
    return Line(
        PLAN_FEE,
        f"{plan.kind} Savings Plan",
        Fraction(1),
        plan.commitment,
        Fraction(plan.commitment),
        plan.id,
        plan.account,
        unused=unused,
        region=plan.region,
    )
