"""What one hour of one instance costs, under which terms, and who says so."""

from decimal import Decimal

from msgspec import Struct

ON_DEMAND = "OnDemand"
"""The term type of AWS's price list for capacity that is paid as it is used."""


class Offer(Struct, frozen=True):
    """A price as somebody published it.

    ``hourly`` is US dollars per instance-hour. ``as_of`` is the ISO date of the figure, empty where
    the source gives none; ``source`` names where it was read, so that anyone can check it.
    """

    instance_type: str
    region: str
    purchase: str
    hourly: Decimal
    as_of: str
    source: str
