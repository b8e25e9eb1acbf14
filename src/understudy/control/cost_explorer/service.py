"""The bills of all regions, hour by hour, as Cost Explorer reads them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from understudy.base.fault import Fault
from understudy.control.capacity.usage import Used, bills, owned_in
from understudy.control.cost_explorer.periods import Span
from understudy.control.turn import Turn
from understudy.pricing.application import (
    COVERED_USAGE,
    DISCOUNTED_USAGE,
    PLAN_FEE,
    RI_FEE,
    HourBill,
    Line,
)
from understudy.pricing.book import Book
from understudy.pricing.commitments import Commitments, ReservedInstance, SavingsPlan
from understudy.pricing.instance import HOSTING, units
from understudy.pricing.meter import SECONDS_PER_HOUR, Item
from understudy.pricing.offer import SPOT, YEAR_HOURS
from understudy.pricing.rates import BookRates

SERVICES = (
    (HOSTING, "Amazon SageMaker"),
    ("ServerlessInf", "Amazon SageMaker"),
    ("ProvisionedConcurrency", "Amazon SageMaker"),
    ("Data-Bytes", "Amazon SageMaker"),
    ("Fargate", "Amazon Elastic Container Service"),
    ("LoadBalancer", "Amazon Elastic Load Balancing"),
    ("LCU", "Amazon Elastic Load Balancing"),
)
NOWHERE = "global"
"""The region of what is paid for all of them."""
EC2 = "Amazon Elastic Compute Cloud - Compute"
PLANS = {
    "Compute": "Savings Plans for AWS Compute usage",
    "EC2Instance": "Savings Plans for AWS Compute usage",
    "SageMaker": "Savings Plans for AWS Machine Learning",
}
PURCHASES = {
    DISCOUNTED_USAGE: "Standard Reserved Instances",
    RI_FEE: "Standard Reserved Instances",
    COVERED_USAGE: "Savings Plans",
    PLAN_FEE: "Savings Plans",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a bill with its hour and region.

    ``unblended`` is US dollars on the day they are charged, upfront payments when they are made;
    ``amortized`` has all fees of commitments on the usage that they cover, and what nothing used on
    the fee (AWS: reservation/EffectiveCost, savingsPlan/SavingsPlanEffectiveCost of the Cost and
    Usage Report). ``on_demand`` is what the same usage costs on demand.
    """

    hour: int
    region: str
    line: Line
    unblended: Fraction
    amortized: Fraction
    on_demand: Fraction

    def dimension(self, key: str) -> str:
        """The value of a dimension of Cost Explorer. Raises Fault for one that it cannot tell."""
        line = self.line
        values = {
            "AZ": line.zone or "NoAZ",
            "INSTANCE_TYPE": line.product if "." in line.product else "NoInstanceType",
            "LINKED_ACCOUNT": line.account or "000000000000",
            "PURCHASE_TYPE": _purchase(line),
            "RECORD_TYPE": line.kind,
            "REGION": self.region,
            "SERVICE": _service(line),
            "USAGE_TYPE": _usage_type(line),
        }
        if key not in values:
            raise Fault("ValidationException", f"Understudy does not keep the dimension {key}.")
        return values[key]


def _purchase(line: Line) -> str:
    if line.purchase == SPOT:
        return "Spot Instances"
    return PURCHASES.get(line.kind, "On Demand Instances")


def _service(line: Line) -> str:
    if line.kind == PLAN_FEE:
        return PLANS[line.product.partition(" ")[0]]
    return next((name for prefix, name in SERVICES if line.product.startswith(prefix)), EC2)


def _usage_type(line: Line) -> str:
    if "." not in line.product or line.kind == PLAN_FEE:
        return line.product
    if line.product.startswith(HOSTING):
        return f"Host:{line.product}"
    box = {"Spot": "SpotUsage", "UnusedBox": "UnusedBox"}.get(line.purchase, "BoxUsage")
    return f"{box}:{line.product}"


def _nowhere(at: float) -> list[Used]:
    del at
    return []


@dataclass(slots=True)
class CostExplorer:
    """The service. ``everywhere`` tells what all regions have used until a time."""

    book: Book
    everywhere: Callable[[float], list[Used]] = field(default=_nowhere)

    def entries(self, span: Span, turn: Turn) -> Iterator[Entry]:
        """The lines of the bills of a span of time."""
        regions, rates = self.everywhere(turn.at), BookRates(self.book)
        owned = owned_in(regions)
        for hour, bill in bills(regions, rates).items():
            if span.begin <= hour * SECONDS_PER_HOUR < span.end:
                yield from _entries(hour, bill, owned, rates)

    def on_timer(self, key: tuple[str, ...], turn: Turn) -> None:
        """It asks for no timers."""
        raise AssertionError(key, turn)


def _entries(hour: int, bill: HourBill, owned: Commitments, rates: BookRates) -> Iterator[Entry]:
    reserved = {each.id: each for each in owned.reserved}
    plans = {each.id: each for each in owned.plans}
    for line in bill.lines:
        charged = spread = line.amount or Fraction(0)
        if line.kind in (RI_FEE, DISCOUNTED_USAGE):
            one = reserved[line.by]
            charged = _of_reserved(one, hour) if line.kind == RI_FEE else Fraction(0)
            spread = _effective(line, one)
        elif line.kind == PLAN_FEE:
            charged, spread = _of_plan(plans[line.by], hour), line.unused
        elif line.kind == COVERED_USAGE:
            spread = line.quantity * Fraction(line.rate or 0)
        region = line.region or NOWHERE
        yield Entry(hour, region, line, charged, spread, _on_demand(line, region, rates))


def _effective(line: Line, owned: ReservedInstance) -> Fraction:
    """What a reservation costs for the usage that it covers, or for what nothing used."""
    if line.kind == RI_FEE:
        return line.unused * owned.effective
    share = Fraction(units(line.product) or 1, units(owned.instance_type) or 1)
    return line.quantity * owned.effective * (share if owned.flexible else 1)


def _on_demand(line: Line, region: str, rates: BookRates) -> Fraction:
    if line.kind in (RI_FEE, PLAN_FEE) or line.purchase == SPOT:
        return Fraction(0)
    rate = rates.paid(Item(line.product, region))
    return Fraction(rate) * line.quantity if rate is not None else Fraction(0)


def _starts(start: float, hour: int) -> bool:
    return int(start) // SECONDS_PER_HOUR == hour


def _of_reserved(each: ReservedInstance, hour: int) -> Fraction:
    upfront = Fraction(each.upfront or 0) if _starts(each.start, hour) else Fraction(0)
    return each.count * (Fraction(each.hourly) + upfront)


def _of_plan(each: SavingsPlan, hour: int) -> Fraction:
    share = Fraction(each.upfront)
    committed = Fraction(each.commitment)
    paid = share * committed * each.years * YEAR_HOURS if _starts(each.start, hour) else 0
    return (1 - share) * committed + paid
