"""Prices in us-east-1 beside the only dated public rate of a Savings Plan that was found.

The columns are on demand, a Compute Savings Plan of one year, and standard reserved for one and
three years, all with No Upfront.
"""

from understudy.pricing.source import Source

SOURCE = Source(
    "https://instances-api.vantage.sh/api/v1/instances/ec2/families/m6a/global",
    "2026-10-01",
    "as quoted in public text",
)

US_EAST_1 = """
m6a xlarge=0.1728/0.13965/0.11431/0.07838 2xlarge=0.3456/-/0.22861/0.15676
"""
