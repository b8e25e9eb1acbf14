"""Rates and usage for tests of bills."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from understudy.pricing.commitments import SavingsPlan
from understudy.pricing.meter import SECONDS_PER_HOUR, Item, UsageHour
from understudy.pricing.offer import SPOT

REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Rated:
    """Rates typed in: on demand by product, on spot, and of plans by their type and product."""

    on_demand: Mapping[str, Decimal]
    plans: Mapping[tuple[str, str], Decimal] = field(default_factory=dict[tuple[str, str], Decimal])
    spot: Mapping[str, Decimal] = field(default_factory=dict[str, Decimal])

    def paid(self, item: Item) -> Decimal | None:
        """What usage costs that no commitment covers."""
        return (self.spot if item.purchase == SPOT else self.on_demand).get(item.product)

    def under(self, item: Item, plan: SavingsPlan) -> Decimal | None:
        """What usage costs of a plan's commitment."""
        return self.plans.get((plan.kind, item.product))


def instance_hours(
    products: Iterable[str], *, account: str = "", zone: str = "", region: str = REGION
) -> UsageHour:
    """One hour of each of some instances, or of other products."""
    found: dict[Item, Fraction] = {}
    for product in products:
        item = Item(product, region, account, zone)
        found[item] = found.get(item, Fraction(0)) + SECONDS_PER_HOUR
    return found
