"""On-demand prices of Fargate and load balancers in us-east-1, in US dollars for each unit-hour."""

from understudy.pricing.source import Source

FARGATE_2026 = Source("https://www.wring.co/blog/aws-fargate-pricing-guide", "2026-03-10")
FARGATE_2021 = Source("https://www.vantage.sh/blog/fargate-pricing", "2021-04-22")
BALANCER = Source("https://cloud-horizons.com/blog/alb-the-line-item-nobody-watches/", "2026-05-08")

US_EAST_1: tuple[tuple[Source, dict[str, str]], ...] = (
    (FARGATE_2026, {"Fargate-vCPU-Hours:perCPU": "0.04048", "Fargate-GB-Hours": "0.004445"}),
    (
        FARGATE_2021,
        {
            "Fargate-ARM-vCPU-Hours:perCPU": "0.03238",
            "Fargate-ARM-GB-Hours": "0.00356",
        },
    ),
    (BALANCER, {"LoadBalancerUsage": "0.0225", "LCUUsage": "0.008"}),
)
"""By AWS's usage types, without the region that they begin with."""
