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

_HOURLY: dict[Source, dict[str, str]] = {
    PRICE_LIST: {
        "ml.m5.xlarge": "0.23",
    },
    FMBENCH: {
        "ml.g4dn.12xlarge": "4.89",
        "ml.g5.xlarge": "1.4084",
        "ml.g5.2xlarge": "1.515",
        "ml.g5.12xlarge": "7.09",
        "ml.g5.24xlarge": "10.18",
        "ml.g5.48xlarge": "20.36",
        "ml.g6.2xlarge": "1.222",
        "ml.g6.12xlarge": "5.752",
        "ml.g6.16xlarge": "4.246",
        "ml.g6.24xlarge": "8.344",
        "ml.g6.48xlarge": "16.688",
        "ml.inf2.xlarge": "0.99",
        "ml.inf2.8xlarge": "2.36",
        "ml.inf2.24xlarge": "7.79",
        "ml.inf2.48xlarge": "15.58",
        "ml.p3.2xlarge": "3.825",
        "ml.trn1.32xlarge": "28.497",
    },
    FMBENCH_BEFORE_CUT: {
        "ml.p4d.24xlarge": "37.688",
        "ml.p5.48xlarge": "113.068",
    },
    STUDIO: {
        "ml.c5.xlarge": "0.204",
        "ml.c5.2xlarge": "0.408",
        "ml.c5.9xlarge": "1.836",
        "ml.g4dn.4xlarge": "1.505",
        "ml.g4dn.8xlarge": "2.72",
        "ml.g5.4xlarge": "2.03",
        "ml.m5.large": "0.115",
        "ml.m5.2xlarge": "0.461",
        "ml.p3.8xlarge": "14.688",
        "ml.r5.8xlarge": "2.419",
        "ml.r5.16xlarge": "4.838",
        "ml.t3.medium": "0.05",
    },
    OHIO: {
        "ml.g4dn.2xlarge": "0.94",
        "ml.g4dn.4xlarge": "1.505",
        "ml.g4dn.8xlarge": "2.72",
        "ml.g4dn.12xlarge": "4.89",
        "ml.g4dn.16xlarge": "5.44",
        "ml.g5.16xlarge": "5.12",
        "ml.p3.2xlarge": "3.825",
        "ml.p3.8xlarge": "14.688",
        "ml.r5.2xlarge": "0.605",
        "ml.r5.4xlarge": "1.21",
        "ml.r5.8xlarge": "2.419",
        "ml.t3.medium": "0.05",
        "ml.t3.large": "0.1",
        "ml.t3.xlarge": "0.2",
        "ml.t3.2xlarge": "0.399",
    },
}

OFFERS: tuple[Offer, ...] = tuple(
    Offer(
        instance_type=instance_type,
        region=source.region,
        purchase=ON_DEMAND,
        hourly=Decimal(hourly),
        as_of=source.date,
        source=str(source),
    )
    for source, figures in _HOURLY.items()
    for instance_type, hourly in figures.items()
)


def offers_in(region: str) -> dict[str, Offer]:
    """The on-demand offers of a region by instance type; empty where none is known."""
    return {offer.instance_type: offer for offer in OFFERS if offer.region == region}
