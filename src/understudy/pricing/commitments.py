"""What can be owned: Reserved Instances, Savings Plans, On-Demand Capacity Reservations."""

from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

from understudy.pricing.instance import HOSTING, family, size_flexible
from understudy.pricing.meter import Item
from understudy.pricing.offer import (
    COMPUTE,
    EC2_INSTANCE,
    LINUX,
    SAGEMAKER,
    STANDARD,
    YEAR_SECONDS,
    spread,
)

PLAN_ORDER = (EC2_INSTANCE, COMPUTE, SAGEMAKER)
"""EC2 Instance plans apply before Compute plans (AWS: How Savings Plans apply to your usage).
SageMaker plans have usage of their own."""


class ReservedInstance(Struct, frozen=True, kw_only=True):
    """Reserved Instances bought together. With a ``zone`` they are zonal, else regional.

    ``hourly`` and ``upfront`` are US dollars for each instance; where how much is paid at the start
    is not known, ``upfront`` is None and ``hourly`` is the whole. ``start`` is seconds since the
    epoch.

    One that came of another by modification or exchange lasts ``until`` that one would have, and
    has ``amortized`` US dollars an hour of upfront payments on each instance; the other is
    ``retired``. These are 0 and None elsewhere.
    """

    id: str
    instance_type: str
    region: str
    count: int
    hourly: Decimal
    upfront: Decimal | None = Decimal(0)
    years: int = 1
    payment: str = ""
    offering_class: str = STANDARD
    zone: str = ""
    account: str = ""
    platform: str = LINUX
    tenancy: str = "default"
    start: float = 0.0
    until: float = 0.0
    retired: float = 0.0
    amortized: Decimal | None = None

    @property
    def end(self) -> float:
        """When it expires, or was retired."""
        return self.retired or self.until or self.start + self.years * YEAR_SECONDS

    @property
    def effective(self) -> Fraction:
        """US dollars for each instance and hour with the upfront payment spread over the term."""
        if self.amortized is not None:
            return Fraction(self.hourly) + Fraction(self.amortized)
        return spread(self.hourly, self.upfront, self.years)

    @property
    def flexible(self) -> bool:
        """Whether it covers other sizes of its family.

        Regional ones on Linux with default tenancy do (AWS: How Reserved Instances are applied).
        """
        plain = self.platform == LINUX and self.tenancy == "default" and not self.zone
        return plain and size_flexible(self.instance_type)


class SavingsPlan(Struct, frozen=True, kw_only=True):
    """A commitment to spend so many US dollars an hour at the plan's rates.

    ``region`` and ``family`` are those of an EC2 Instance plan. ``upfront`` is the part of all that
    is committed that was paid at the start, 0 to 1.
    """

    id: str
    kind: str
    commitment: Decimal
    years: int = 1
    payment: str = ""
    region: str = ""
    family: str = ""
    account: str = ""
    upfront: Decimal = Decimal(0)
    start: float = 0.0

    @property
    def end(self) -> float:
        """When it expires."""
        return self.start + self.years * YEAR_SECONDS

    def covers(self, item: Item) -> bool:
        """Whether the plan applies to usage of an item.

        >>> plan = SavingsPlan(id="p", kind=COMPUTE, commitment=Decimal(1))
        >>> [plan.covers(Item(name, "eu-west-1")) for name in ("m5.large", "ml.m5.large")]
        [True, False]
        """
        if self.kind == EC2_INSTANCE:
            return family(item.product) == self.family and item.region == self.region
        return plan_covers(self.kind, item.product)


class CapacityReservation(Struct, frozen=True, kw_only=True):
    """Capacity kept free in a zone, at the on-demand price whether it is used or not.

    ``open`` ones are used by any matching instance, others by those that name them. ``end`` is None
    while it is open-ended; times are seconds since the epoch.
    """

    id: str
    instance_type: str
    region: str
    zone: str
    count: int
    start: float
    end: float | None = None
    open: bool = True
    account: str = ""
    platform: str = LINUX
    tenancy: str = "default"


class Commitments(Struct, frozen=True):
    """Everything that is owned in a clock-hour."""

    reserved: tuple[ReservedInstance, ...] = ()
    plans: tuple[SavingsPlan, ...] = ()

    def during(self, at: float) -> "Commitments":
        """What is in force at a time; what was bought within an hour counts from its start."""
        hour_end = at // 3600 * 3600 + 3600
        return Commitments(
            tuple(each for each in self.reserved if each.start < hour_end and at < each.end),
            tuple(each for each in self.plans if each.start < hour_end and at < each.end),
        )


def plan_covers(kind: str, product: str) -> bool:
    """Whether a type of Savings Plan can cover a product at all.

    AWS: What are Savings Plans: Compute plans cover EC2, Fargate and Lambda; EC2 Instance plans
    one EC2 family in a region; SageMaker plans the instances of SageMaker, and nothing else does.

    >>> plan_covers(COMPUTE, "Fargate-GB-Hours"), plan_covers(EC2_INSTANCE, "Fargate-GB-Hours")
    (True, False)
    >>> plan_covers(COMPUTE, "LoadBalancerUsage"), plan_covers(SAGEMAKER, "ml.g5.xlarge")
    (False, True)
    """
    hosting = product.startswith(HOSTING)
    if kind == SAGEMAKER:
        return hosting
    instance = "." in product and not hosting
    return instance or (kind == COMPUTE and product.startswith("Fargate"))


def reservable(product: str) -> bool:
    """Whether there are Reserved Instances for a product: EC2 instances only."""
    return "." in product and not product.startswith(HOSTING)
