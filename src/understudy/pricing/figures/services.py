"""On-demand prices of Fargate, load balancers and serverless inference: dollars a unit-hour.

Serverless inference is priced by the second, so 3 GB at $0.00006 are $0.216 here; data by the GB.
"""

from understudy.pricing.source import Source

FARGATE_2026 = Source("https://www.wring.co/blog/aws-fargate-pricing-guide", "2026-03-10")
FARGATE_2021 = Source("https://www.vantage.sh/blog/fargate-pricing", "2021-04-22")
BALANCER = Source("https://cloud-horizons.com/blog/alb-the-line-item-nobody-watches/", "2026-05-08")

SERVERLESS = Source(
    "AWS Price List API, SKU PUE6HBQ8KFHBUN5T", note="as quoted in public text, read a September 9"
)
HOSTED_DATA = Source(
    "https://github.com/aws-samples/sagemaker-ssh-helper/blob/main/Sample_Costs.md", "2023-12-31"
)

SERVICES: tuple[tuple[Source, str, dict[str, str]], ...] = (
    (
        FARGATE_2026,
        "us-east-1",
        {"Fargate-vCPU-Hours:perCPU": "0.04048", "Fargate-GB-Hours": "0.004445"},
    ),
    (
        FARGATE_2021,
        "us-east-1",
        {
            "Fargate-ARM-vCPU-Hours:perCPU": "0.03238",
            "Fargate-ARM-GB-Hours": "0.00356",
        },
    ),
    (BALANCER, "us-east-1", {"LoadBalancerUsage": "0.0225", "LCUUsage": "0.008"}),
    (SERVERLESS, "us-east-1", {"ServerlessInf:Mem-3GB": "0.216"}),
    (HOSTED_DATA, "eu-west-1", {"Data-Bytes-In": "0.016", "Data-Bytes-Out": "0.016"}),
)
"""By AWS's usage types, without the region that they begin with."""
