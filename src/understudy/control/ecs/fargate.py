"""The sizes that tasks on Fargate can have. AWS: Task definition parameters, Task size."""

import re

from understudy.base.fault import Fault

GIB = 1024
SIZES: dict[int, tuple[int, ...]] = {
    256: (512, GIB, 2 * GIB),
    512: tuple(range(GIB, 4 * GIB + 1, GIB)),
    1024: tuple(range(2 * GIB, 8 * GIB + 1, GIB)),
    2048: tuple(range(4 * GIB, 16 * GIB + 1, GIB)),
    4096: tuple(range(8 * GIB, 30 * GIB + 1, GIB)),
    8192: tuple(range(16 * GIB, 60 * GIB + 1, 4 * GIB)),
    16384: tuple(range(32 * GIB, 120 * GIB + 1, 8 * GIB)),
}
"""MiB of memory by CPU units."""


def cpu_units(text: str) -> int:
    """CPU units from a task size such as ``256``, ``.25 vCPU`` or ``1 vcpu``. Raises Fault."""
    return _amount(text, "vcpu", 1024, "cpu")


def memory_mib(text: str) -> int:
    """MiB from a task size such as ``512``, ``1GB`` or ``1 gb``. Raises Fault."""
    return _amount(text, "gb", GIB, "memory")


def _amount(text: str, unit: str, factor: int, name: str) -> int:
    found = re.fullmatch(rf"\s*(\d*\.?\d+)\s*({unit})?\s*", text, re.IGNORECASE)
    if not found:
        raise Fault("ClientException", f"Invalid '{name}' setting for task.")
    return int(float(found[1]) * (factor if found[2] else 1))


def check_size(cpu: int, memory: int) -> None:
    """Raises Fault (ClientException) for a size that Fargate does not have."""
    if memory not in SIZES.get(cpu, ()):
        raise Fault(
            "ClientException",
            f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory. See "
            "the Amazon ECS documentation for the valid values.",
        )
