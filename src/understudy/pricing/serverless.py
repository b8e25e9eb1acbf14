"""What a serverless SageMaker endpoint is billed for: milliseconds of work at a memory size.

Source: AWS, Deploy models with Amazon SageMaker Serverless Inference: compute is billed by the
millisecond, provisioned concurrency by the second for as long as it is on. An asynchronous endpoint
runs on instances and is billed like any other; scaled to none it costs nothing.
"""

from fractions import Fraction

from msgspec import Struct

from understudy.pricing.meter import Item

MEMORY_SIZES = (1024, 2048, 3072, 4096, 5120, 6144)
"""MiB that a serverless endpoint can have."""


class ServerlessUsage(Struct, frozen=True):
    """What an endpoint did: milliseconds of work, and seconds of provisioned concurrency.

    ``provisioned_seconds`` counts each provisioned unit; ``provisioned_ms`` is the work that they
    did, which has a rate of its own.
    """

    memory: int
    worked_ms: int
    provisioned_seconds: int = 0
    provisioned_ms: int = 0


def metered(usage: ServerlessUsage, region: str, account: str = "") -> dict[Item, Fraction]:
    """Unit-seconds by AWS's usage types, which name the memory size.

    >>> metered(ServerlessUsage(2048, 1500), "us-east-1")
    {Item(product='ServerlessInf:Mem-2GB', region='us-east-1', account='', zone='', \
platform='Linux/UNIX', tenancy='default', purchase='OnDemand'): Fraction(3, 2)}
    """
    size = f"Mem-{usage.memory // 1024}GB"
    found = {
        f"ServerlessInf:{size}": Fraction(usage.worked_ms, 1000),
        f"ServerlessInf:ProvisionedConcurrency:{size}": Fraction(usage.provisioned_seconds),
        f"ServerlessInf:ProvisionedConcurrencyDuration:{size}": Fraction(
            usage.provisioned_ms, 1000
        ),
    }
    return {Item(name, region, account): amount for name, amount in found.items() if amount}
