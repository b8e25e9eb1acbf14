"""Rates under Savings Plans, in US dollars an hour: the only dated public figure that was found."""

from understudy.pricing.source import Source

SOURCE = Source(
    "https://instances-api.vantage.sh/api/v1/instances/ec2/families/m6a/global",
    "2026-10-01",
    "as quoted in public text",
)

COMPUTE_ONE_YEAR: dict[str, str] = {"m6a.xlarge": "0.13965"}
"""In us-east-1, Compute Savings Plan, No Upfront."""
