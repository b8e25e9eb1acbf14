"""What serverless inference is billed for: milliseconds of work, provisioned concurrency, data.

Source: AWS, Amazon SageMaker AI Pricing, Serverless Inference; the usage types are those of AWS's
price list. A product's price is that of an environment of its memory, so memory is not multiplied.
"""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil

from understudy.pricing.meter import SECONDS_PER_HOUR, Item

MEGABYTES = 1024
BYTES_PER_GB = 2**30
MICROSECONDS = 10**6
DATA_IN, DATA_OUT = "Data-Bytes-In", "Data-Bytes-Out"
"""Priced by the GB: a GB counts as a unit for an hour."""

Counts = dict[str, int]
"""What was used by product: unit-microseconds, or bytes of data."""


def on_demand(memory: int) -> str:
    """The product of work in environments that came with the requests.

    >>> on_demand(2048), kept_warm(2048), on_provisioned(2048)
    ('ServerlessInf:Mem-2GB', 'ProvisionedConcurrency:Usage-2GB', 'ProvisionedConcurrency:Mem-2GB')
    """
    return f"ServerlessInf:Mem-{memory // MEGABYTES}GB"


def kept_warm(memory: int) -> str:
    """The product of provisioned concurrency, whether it works or not."""
    return f"ProvisionedConcurrency:Usage-{memory // MEGABYTES}GB"


def on_provisioned(memory: int) -> str:
    """The product of work in provisioned environments."""
    return f"ProvisionedConcurrency:Mem-{memory // MEGABYTES}GB"


def worked(memory: int, microseconds: float, peak: int, provisioned: int) -> Counts:
    """What requests count that worked so long together, at most ``peak`` at a time.

    Milliseconds are rounded up for all of them together. Provisioned environments are the first to
    work: with 2 of them, half the work of 4 at a time is theirs.

    >>> worked(2048, 1_500_200, 4, 2)
    {'ProvisionedConcurrency:Mem-2GB': 750500, 'ServerlessInf:Mem-2GB': 750500}
    """
    whole = ceil(microseconds / 1000) * 1000
    within = whole * min(peak, provisioned) // peak if peak else 0
    counts = {on_provisioned(memory): within, on_demand(memory): whole - within}
    return {product: count for product, count in counts.items() if count}


def metered(counts: Mapping[str, int], region: str) -> dict[Item, Fraction]:
    """Unit-seconds of what was used.

    >>> list(metered({DATA_OUT: 2**29, on_demand(1024): 250_000}, "us-east-1").values())
    [Fraction(1800, 1), Fraction(1, 4)]
    """
    return {
        Item(product, region): (
            Fraction(count * SECONDS_PER_HOUR, BYTES_PER_GB)
            if product in (DATA_IN, DATA_OUT)
            else Fraction(count, MICROSECONDS)
        )
        for product, count in counts.items()
    }
