"""Service quotas: how many vCPUs, or instances of SageMaker, may run at once.

Source: AWS, Amazon EC2 instance type quotas; AWS Fargate service quotas; Amazon SageMaker endpoints
and quotas. EC2 counts the vCPUs of running instances by group of families, on demand and spot
apart, Fargate those of running tasks; SageMaker counts the instances of each type that endpoints
use.
"""

import re

from msgspec import Struct

from understudy.pricing.instance import HOSTING, family, hardware

_LETTERS = re.compile(r"[a-z]+")


class Quota(Struct, frozen=True, order=True):
    """A quota by a short key; ``name`` and ``code`` are AWS's, the code empty where it varies."""

    key: str
    name: str
    code: str = ""

    @property
    def unit(self) -> str:
        """What it counts."""
        return "instances" if self.key.startswith(HOSTING) else "vCPUs"


_TABLE = """
standard L-1216C47A Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances
dl L-6E869C2A Running On-Demand DL instances
f L-74FC7D96 Running On-Demand F instances
g L-DB2E81BA Running On-Demand G and VT instances
high-memory L-43DA4232 Running On-Demand High Memory instances
hpc L-F7808C92 Running On-Demand HPC instances
inf L-1945791B Running On-Demand Inf instances
p L-417A185B Running On-Demand P instances
trn L-2C3B7624 Running On-Demand Trn instances
x L-7295265B Running On-Demand X instances
spot-standard L-34B43A08 All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests
spot-dl L-85EED4F7 All DL Spot Instance Requests
spot-f L-88CF9481 All F Spot Instance Requests
spot-g L-3819A6DF All G and VT Spot Instance Requests
spot-inf L-B5D1601B All Inf Spot Instance Requests
spot-p L-7212CCBC All P4, P3 and P2 Spot Instance Requests
spot-p5 L-C4BD4855 All P5 Spot Instance Requests
spot-trn L-6B0D517C All Trn Spot Instance Requests
spot-x L-E3A00192 All X Spot Instance Requests
fargate L-3032A538 Fargate On-Demand vCPU resource count
fargate-spot L-36FBB829 Fargate Spot vCPU resource count
"""
"""Key, AWS's code, AWS's name."""


FARGATE, FARGATE_SPOT = "fargate", "fargate-spot"
"""The keys of Fargate's quotas."""


def _quota(row: str) -> Quota:
    key, code, name = row.split(maxsplit=2)
    return Quota(key, name, code)


QUOTAS = {each.key: each for each in map(_quota, _TABLE.strip().splitlines())}
_GROUPS = {"vt": "g", "u": "high-memory"}
_STANDARD = frozenset("acdhimrtz")


def quota_of(instance_type: str, *, spot: bool = False) -> Quota | None:
    """The quota that an instance counts against, None where the family is in no known group.

    >>> quota_of("m5.large").code, quota_of("g5.xlarge", spot=True).key
    ('L-1216C47A', 'spot-g')
    >>> quota_of("ml.g5.xlarge").name
    'ml.g5.xlarge for endpoint usage'
    """
    if instance_type.startswith(HOSTING):
        return Quota(instance_type, f"{instance_type} for endpoint usage")
    name = family(instance_type)
    letters = _LETTERS.match(name)
    word = letters[0] if letters else ""
    group = _GROUPS.get(word, word)
    if group not in QUOTAS:
        group = "standard" if word[:1] in _STANDARD else group
    if spot:
        group = "spot-p5" if name.startswith("p5") else f"spot-{group}"
    return QUOTAS.get(group)


def counted(instance_type: str) -> int | None:
    """How much one instance counts: its vCPUs, one for SageMaker; None where that is not known.

    >>> counted("g5.12xlarge"), counted("ml.g5.12xlarge")
    (48, 1)
    """
    if instance_type.startswith(HOSTING):
        return 1
    known = hardware(instance_type)
    return known.vcpus if known else None


def key_of(name: str) -> str | None:
    """The key of a quota that is named by its key, its code or a SageMaker type; else None.

    >>> key_of("L-DB2E81BA"), key_of("ml.m5.large"), key_of("gpu")
    ('g', 'ml.m5.large', None)
    """
    if name in QUOTAS or name.startswith(HOSTING):
        return name
    return next((each.key for each in QUOTAS.values() if each.code == name), None)
