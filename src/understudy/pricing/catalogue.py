"""The on-demand prices of SageMaker instances that are known here, each with its source and date.

A type or region that is not in the table has no price: it is reported as missing, never guessed
from a sibling size or another region.
"""

from dataclasses import dataclass
from decimal import Decimal

from understudy.pricing.offer import ON_DEMAND, Offer


@dataclass(frozen=True, slots=True)
class Source:
    """Where figures were read: a page at a commit, their region, their date if it has one."""

    region: str
    title: str
    date: str = ""
    note: str = ""

    def __str__(self) -> str:
        return f"{self.title} ({self.note})" if self.note else self.title


PRICE_LIST = Source(
    "us-east-1",
    "AWS Price List API, USE1-Host",
    "2026-09-28",
    "quoted in public text as read on 2026-06-27 and 2026-09-28",
)
FMBENCH = Source(
    "us-east-1",
    "github.com/aws-samples/foundation-model-benchmarking-tool"
    "/blob/00ef155d0f9c6b999d796f915159d3d622f8233d/src/fmbench/configs/pricing.yml",
    note="region not stated there; its EC2 prices are those of us-east-1",
)
FMBENCH_BEFORE_CUT = Source(
    FMBENCH.region, FMBENCH.title, note=f"{FMBENCH.note}; older than the price cuts of 2025"
)
STUDIO = Source(
    "us-east-1",
    "github.com/JHUAPL-DTC-TA2/wiki"
    "/blob/2b48144868afcfec7b2f51b3e7621a0a1d981073/docs/sagemaker_instances.md",
    note="prices of Studio apps; region not stated there, taken as us-east-1",
)
OHIO = Source(
    "us-east-2",
    "github.com/ZindiAfrica/AI-for-Equity-Challenges-Getting-Started-with-AWS-Resources"
    "/blob/0e4c3c0e040d41e91d5d80d5d1356f73f1ae9a5a/sagemaker_instance_pricing.md",
)

_FIGURES: tuple[tuple[str, str, tuple[Source, ...]], ...] = (
    ("ml.c5.xlarge", "0.204", (STUDIO,)),
    ("ml.c5.2xlarge", "0.408", (STUDIO,)),
    ("ml.c5.9xlarge", "1.836", (STUDIO,)),
    ("ml.g4dn.2xlarge", "0.94", (OHIO,)),
    ("ml.g4dn.4xlarge", "1.505", (STUDIO, OHIO)),
    ("ml.g4dn.8xlarge", "2.72", (STUDIO, OHIO)),
    ("ml.g4dn.12xlarge", "4.89", (FMBENCH, OHIO)),
    ("ml.g4dn.16xlarge", "5.44", (OHIO,)),
    ("ml.g5.xlarge", "1.4084", (FMBENCH,)),
    ("ml.g5.2xlarge", "1.515", (FMBENCH,)),
    ("ml.g5.4xlarge", "2.03", (STUDIO,)),
    ("ml.g5.12xlarge", "7.09", (FMBENCH,)),
    ("ml.g5.16xlarge", "5.12", (OHIO,)),
    ("ml.g5.24xlarge", "10.18", (FMBENCH,)),
    ("ml.g5.48xlarge", "20.36", (FMBENCH,)),
    ("ml.g6.2xlarge", "1.222", (FMBENCH,)),
    ("ml.g6.12xlarge", "5.752", (FMBENCH,)),
    ("ml.g6.16xlarge", "4.246", (FMBENCH,)),
    ("ml.g6.24xlarge", "8.344", (FMBENCH,)),
    ("ml.g6.48xlarge", "16.688", (FMBENCH,)),
    ("ml.inf2.xlarge", "0.99", (FMBENCH,)),
    ("ml.inf2.8xlarge", "2.36", (FMBENCH,)),
    ("ml.inf2.24xlarge", "7.79", (FMBENCH,)),
    ("ml.inf2.48xlarge", "15.58", (FMBENCH,)),
    ("ml.m5.large", "0.115", (STUDIO,)),
    ("ml.m5.xlarge", "0.23", (PRICE_LIST, FMBENCH)),
    ("ml.m5.2xlarge", "0.461", (STUDIO,)),
    ("ml.p3.2xlarge", "3.825", (FMBENCH, STUDIO, OHIO)),
    ("ml.p3.8xlarge", "14.688", (STUDIO, OHIO)),
    ("ml.p4d.24xlarge", "37.688", (FMBENCH_BEFORE_CUT,)),
    ("ml.p5.48xlarge", "113.068", (FMBENCH_BEFORE_CUT,)),
    ("ml.r5.2xlarge", "0.605", (OHIO,)),
    ("ml.r5.4xlarge", "1.21", (OHIO,)),
    ("ml.r5.8xlarge", "2.419", (STUDIO, OHIO)),
    ("ml.r5.16xlarge", "4.838", (STUDIO,)),
    ("ml.t3.medium", "0.05", (STUDIO, OHIO)),
    ("ml.t3.large", "0.1", (OHIO,)),
    ("ml.t3.xlarge", "0.2", (OHIO,)),
    ("ml.t3.2xlarge", "0.399", (OHIO,)),
    ("ml.trn1.32xlarge", "28.497", (FMBENCH,)),
)


def _offers(instance_type: str, hourly: str, sources: tuple[Source, ...]) -> list[Offer]:
    by_region: dict[str, list[Source]] = {}
    for source in sources:
        by_region.setdefault(source.region, []).append(source)
    return [
        Offer(
            instance_type=instance_type,
            region=region,
            purchase=ON_DEMAND,
            hourly=Decimal(hourly),
            as_of=max(source.date for source in said_by),
            source="; ".join(map(str, said_by)),
        )
        for region, said_by in by_region.items()
    ]


OFFERS: tuple[Offer, ...] = tuple(offer for figure in _FIGURES for offer in _offers(*figure))


def offers_in(region: str) -> dict[str, Offer]:
    """The on-demand offers of a region by instance type; empty where none is known."""
    return {offer.instance_type: offer for offer in OFFERS if offer.region == region}
