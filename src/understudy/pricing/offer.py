"""What one hour of one product costs, under which terms, and who says so."""

from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

ON_DEMAND = "OnDemand"
"""The term type of AWS's price list for capacity that is paid as it is used."""
RESERVED = "Reserved"
"""The term type of AWS's price list for Reserved Instances."""
SAVINGS_PLAN = "SavingsPlan"
"""A rate that usage has under a Savings Plan."""
SPOT = "Spot"
"""Spare capacity, here at its average price."""

UNUSED_BOX = "UnusedBox"
"""The purchase of capacity that is reserved and not used; AWS's usage type begins like that."""

STANDARD, CONVERTIBLE = "standard", "convertible"
COMPUTE, EC2_INSTANCE, SAGEMAKER = "Compute", "EC2Instance", "SageMaker"
NO_UPFRONT, PARTIAL_UPFRONT, ALL_UPFRONT = "No Upfront", "Partial Upfront", "All Upfront"
PAYMENTS = (NO_UPFRONT, PARTIAL_UPFRONT, ALL_UPFRONT)

LINUX = "Linux/UNIX"
"""AWS's product description of an instance without a licence to pay for."""

YEAR_SECONDS = 31_536_000
"""AWS counts 365 days in each year of a term: 1 year is 31,536,000 s, 3 years 94,608,000 s."""
YEAR_HOURS = YEAR_SECONDS // 3600


class Terms(Struct, frozen=True, order=True):
    """How capacity is bought.

    ``kind`` is the offering class of a Reserved Instance (standard, convertible) or the type of a
    Savings Plan (Compute, EC2Instance, SageMaker). ``years`` is 0 without a term.
    """

    purchase: str = ON_DEMAND
    kind: str = ""
    years: int = 0
    payment: str = ""

    def __str__(self) -> str:
        if not self.years:
            return {ON_DEMAND: "on demand", SPOT: "spot"}[self.purchase]
        what = "reserved" if self.purchase == RESERVED else "Savings Plan"
        term = "1 year" if self.years == 1 else f"{self.years} years"
        return f"{self.kind} {what}, {term}, {self.payment}"


class Offer(Struct, frozen=True, omit_defaults=True):
    """A price as somebody published it.

    ``instance_type`` is AWS's usage type, without its region, of what is no instance:
    ``Fargate-GB-Hours``. ``hourly`` is US dollars for each unit and hour, paid for every hour of
    the term, ``upfront`` is paid at its start. Where a source only says what both come to,
    ``upfront`` is None and ``hourly`` is the whole. ``as_of`` is the ISO date of the figure, empty
    where the source gives none; ``source`` names where it was read, so that anyone can check it.
    """

    instance_type: str
    region: str
    purchase: str
    hourly: Decimal
    as_of: str
    source: str
    kind: str = ""
    years: int = 0
    payment: str = ""
    upfront: Decimal | None = Decimal(0)
    platform: str = LINUX

    @property
    def terms(self) -> Terms:
        """How this is bought."""
        return Terms(self.purchase, self.kind, self.years, self.payment)

    @property
    def effective(self) -> Fraction:
        """US dollars for each unit and hour with the upfront payment spread over the term.

        >>> Offer("m5.large", "us-east-1", RESERVED, Decimal("0.03"), "", "", STANDARD, 1,
        ...       PARTIAL_UPFRONT, Decimal("262.8")).effective
        Fraction(3, 50)
        """
        return spread(self.hourly, self.upfront, self.years)


def spread(hourly: Decimal, upfront: Decimal | None, years: int) -> Fraction:
    """US dollars an hour with an upfront payment divided among the hours of a term."""
    paid = Fraction(upfront) / (years * YEAR_HOURS) if upfront else Fraction(0)
    return Fraction(hourly) + paid


def decimal(value: Fraction) -> Decimal:
    """A fraction as a decimal; a finite one exactly.

    >>> decimal(Fraction(7205, 1000))
    Decimal('7.205')
    """
    return Decimal(value.numerator) / Decimal(value.denominator)
