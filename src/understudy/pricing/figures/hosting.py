"""On-demand prices of SageMaker instances for hosting, in US dollars an hour."""

from understudy.pricing.source import Source

PRICE_LIST = Source(
    "AWS Price List API, USE1-Host",
    "2026-09-28",
    "quoted in public text as read on 2026-06-27 and 2026-09-28",
)
FMBENCH = Source(
    "github.com/aws-samples/foundation-model-benchmarking-tool"
    "/blob/00ef155d0f9c6b999d796f915159d3d622f8233d/src/fmbench/configs/pricing.yml",
    note="region not stated there; its EC2 prices are those of us-east-1",
)
FMBENCH_BEFORE_CUT = Source(
    FMBENCH.title, note=f"{FMBENCH.note}; older than the price cuts of 2025"
)
STUDIO = Source(
    "github.com/JHUAPL-DTC-TA2/wiki"
    "/blob/2b48144868afcfec7b2f51b3e7621a0a1d981073/docs/sagemaker_instances.md",
    note="prices of Studio apps; region not stated there, taken as us-east-1",
)
OHIO = Source(
    "github.com/ZindiAfrica/AI-for-Equity-Challenges-Getting-Started-with-AWS-Resources"
    "/blob/0e4c3c0e040d41e91d5d80d5d1356f73f1ae9a5a/sagemaker_instance_pricing.md",
)

HOSTING: tuple[tuple[Source, str, str], ...] = (
    (PRICE_LIST, "us-east-1", "ml.m5 xlarge=0.23"),
    (
        FMBENCH,
        "us-east-1",
        """
        ml.g4dn 12xlarge=4.89
        ml.g5 xlarge=1.4084 2xlarge=1.515 12xlarge=7.09 24xlarge=10.18 48xlarge=20.36
        ml.g6 2xlarge=1.222 12xlarge=5.752 16xlarge=4.246 24xlarge=8.344 48xlarge=16.688
        ml.inf2 xlarge=0.99 8xlarge=2.36 24xlarge=7.79 48xlarge=15.58
        ml.p3 2xlarge=3.825
        ml.trn1 32xlarge=28.497
        """,
    ),
    (FMBENCH_BEFORE_CUT, "us-east-1", "ml.p4d 24xlarge=37.688\nml.p5 48xlarge=113.068"),
    (
        STUDIO,
        "us-east-1",
        """
        ml.c5 xlarge=0.204 2xlarge=0.408 9xlarge=1.836
        ml.g4dn 4xlarge=1.505 8xlarge=2.72
        ml.g5 4xlarge=2.03
        ml.m5 large=0.115 2xlarge=0.461
        ml.p3 8xlarge=14.688
        ml.r5 8xlarge=2.419 16xlarge=4.838
        ml.t3 medium=0.05
        """,
    ),
    (
        OHIO,
        "us-east-2",
        """
        ml.g4dn 2xlarge=0.94 4xlarge=1.505 8xlarge=2.72 12xlarge=4.89 16xlarge=5.44
        ml.g5 16xlarge=5.12
        ml.p3 2xlarge=3.825 8xlarge=14.688
        ml.r5 2xlarge=0.605 4xlarge=1.21 8xlarge=2.419
        ml.t3 medium=0.05 large=0.1 xlarge=0.2 2xlarge=0.399
        """,
    ),
)
"""Source, region; family, then for each size the price."""
