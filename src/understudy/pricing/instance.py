"""What an instance type is: its family and size, its normalization factor, what it has."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from understudy.pricing.figures.instances import INSTANCES

HOSTING = "ml."
"""How the instance types of SageMaker begin."""

_SMALL = {"nano": 1, "micro": 2, "small": 4, "medium": 8, "large": 16, "xlarge": 32}
_XLARGE = re.compile(r"(?:metal-)?(\d+)xl(?:arge)?")
_METAL = {
    "i3": 16,
    **dict.fromkeys(("a1",), 4),
    **dict.fromkeys(("z1d",), 12),
    **dict.fromkeys(("c6g", "c6gd", "m6g", "m6gd", "r6g", "r6gd", "c7g", "m7g", "r7g"), 16),
    **dict.fromkeys(("c5n",), 18),
    **dict.fromkeys(("c5", "c5d", "m5", "m5d", "m5n", "m5dn", "r5", "r5b", "r5d", "r5n"), 24),
    **dict.fromkeys(("r5dn", "i3en"), 24),
    **dict.fromkeys(("c6i", "c6id", "m6i", "m6id", "r6i", "r6id"), 32),
}
"""Bare metal counts as the largest virtual size of its family, here in xlarge."""

FIXED_SIZE = frozenset({"g4ad", "g4dn", "g5", "g5g", "inf1"})
"""Families whose Reserved Instances cover one size only (AWS: How Reserved Instances are applied,
normalization factor)."""


@dataclass(frozen=True, slots=True)
class Instance:
    """The hardware of an instance type."""

    vcpus: int
    memory_gib: float
    accelerators: int = 0
    accelerator: str = ""


def family(instance_type: str) -> str:
    """The family of an instance type.

    >>> family("m5.large"), family("ml.g5.2xlarge")
    ('m5', 'ml.g5')
    """
    return instance_type.rpartition(".")[0]


def size(instance_type: str) -> str:
    """The size of an instance type: ``large``."""
    return instance_type.rpartition(".")[2]


def units(instance_type: str) -> int | None:
    """The normalization factor in quarters, so that the smallest size, nano, is 1.

    None where a size is not known. Source: AWS, How Reserved Instances are applied.

    >>> units("t3.nano"), units("m5.large"), units("i3.8xlarge"), units("i3.metal")
    (1, 16, 256, 512)
    """
    name = size(instance_type)
    if name in _SMALL:
        return _SMALL[name]
    if name == "metal":
        large = _METAL.get(family(instance_type))
        return None if large is None else 32 * large
    match = _XLARGE.fullmatch(name)
    return 32 * int(match[1]) if match else None


def size_flexible(instance_type: str) -> bool:
    """Whether a regional Reserved Instance of this type covers other sizes of its family."""
    return family(instance_type) not in FIXED_SIZE and units(instance_type) is not None


def hardware(instance_type: str) -> Instance | None:
    """What an instance type has; a SageMaker type has what its EC2 twin has. None if not known.

    >>> hardware("ml.g5.12xlarge")
    Instance(vcpus=48, memory_gib=192.0, accelerators=4, accelerator='a10g')
    """
    return known_instances().get(instance_type.removeprefix(HOSTING))


@cache
def known_instances() -> dict[str, Instance]:
    """The hardware of all known EC2 types."""
    found: dict[str, Instance] = {}
    for line in INSTANCES.split("\n"):
        if line:
            name, accelerator, *sizes = line.split()
            for each in sizes:
                label, _, facts = each.partition("=")
                found[f"{name}.{label}"] = _instance(facts.split("/"), accelerator.strip("-"))
    return found


def _instance(facts: Sequence[str], accelerator: str) -> Instance:
    count = int(facts[2]) if len(facts) > 2 else 0
    return Instance(int(facts[0]), float(facts[1]), count, accelerator if count else "")
