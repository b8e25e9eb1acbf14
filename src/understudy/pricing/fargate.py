"""What Fargate tasks are billed for: vCPU and memory by the second.

Source: AWS Fargate Pricing: from the start of the image's download until the task ends, rounded up
to the second, with a minimum of one minute, five on Windows.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from msgspec import Struct
from msgspec.structs import replace

from understudy.pricing.meter import Item
from understudy.pricing.offer import Offer

MINIMUM, WINDOWS_MINIMUM = 60, 300
CPU_UNITS, MEGABYTES = 1024, 1024
"""A vCPU has 1,024 CPU units, a GB of task memory 1,024 MiB (AWS: task definition parameters)."""

VCPUS = "Fargate-vCPU-Hours:perCPU"
"""What vCPUs of tasks are billed as."""
_PRODUCTS = {
    "X86_64": (VCPUS, "Fargate-GB-Hours"),
    "ARM64": ("Fargate-ARM-vCPU-Hours:perCPU", "Fargate-ARM-GB-Hours"),
    "WINDOWS": ("Fargate-Windows-vCPU-Hours:perCPU", "Fargate-Windows-GB-Hours"),
}


class Task(Struct, frozen=True):
    """One task: ``cpu`` in CPU units and ``memory`` in MiB as its definition has them.

    ``architecture`` is X86_64, ARM64 or WINDOWS. Times are seconds since the epoch.
    """

    cpu: int
    memory: int
    start: float
    end: float
    architecture: str = "X86_64"


def task_seconds(task: Task) -> int:
    """Billable seconds of a task.

    >>> task_seconds(Task(256, 512, 10.0, 12.5))
    60
    """
    if task.end <= task.start:
        return 0
    minimum = WINDOWS_MINIMUM if task.architecture == "WINDOWS" else MINIMUM
    return max(ceil(task.end) - floor(task.start), minimum)


def metered(tasks: Iterable[Task], region: str, account: str = "") -> dict[Item, Fraction]:
    """vCPU-seconds and GB-seconds of tasks.

    >>> [(item.product, seconds) for item, seconds in
    ...  metered([Task(256, 512, 0, 3600)], "us-east-1").items()]
    [('Fargate-vCPU-Hours:perCPU', Fraction(900, 1)), ('Fargate-GB-Hours', Fraction(1800, 1))]
    """
    found: dict[Item, Fraction] = {}
    for task in tasks:
        cpu, memory = _PRODUCTS[task.architecture]
        for product, share in (
            (cpu, Fraction(task.cpu, CPU_UNITS)),
            (memory, Fraction(task.memory, MEGABYTES)),
        ):
            item = Item(product, region, account)
            found[item] = found.get(item, Fraction(0)) + share * task_seconds(task)
    return found


def size_name(cpu: int, memory: int) -> str:
    """What a task of a size is called where instance types are listed.

    >>> size_name(512, 1024)
    'Fargate 0.5 vCPU 1 GB'
    """
    return f"{_PREFIX}{cpu / CPU_UNITS:g} vCPU {memory / MEGABYTES:g} GB"


_PREFIX = "Fargate "


def size_of(name: str) -> tuple[int, int] | None:
    """The CPU units and MiB of a task by what its size is called; None if it is no such name.

    >>> size_of("Fargate 0.5 vCPU 1 GB"), size_of("t3.small")
    ((512, 1024), None)
    """
    if not name.startswith(_PREFIX):
        return None
    vcpus, _, gigabytes, _ = name.removeprefix(_PREFIX).split()
    return round(float(vcpus) * CPU_UNITS), round(float(gigabytes) * MEGABYTES)


def size_offers(names: Iterable[str], offers: Mapping[str, Offer]) -> dict[str, Offer]:
    """The hourly prices of task sizes by their names, as far as the region's prices are known.

    Half a vCPU at $0.04048 and 1 GB at $0.004445 cost $0.024685 an hour.
    """
    cpu, memory = (offers.get(product) for product in _PRODUCTS["X86_64"])
    if cpu is None or memory is None:
        return {}
    found: dict[str, Offer] = {}
    for name in names:
        if name.startswith(_PREFIX):
            vcpus, _, gigabytes, _ = name.removeprefix(_PREFIX).split()
            hourly = cpu.hourly * Decimal(vcpus) + memory.hourly * Decimal(gigabytes)
            found[name] = replace(cpu, instance_type=name, hourly=hourly)
    return found
