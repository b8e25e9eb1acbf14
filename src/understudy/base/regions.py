"""Regions as AWS calls them in texts for people."""

import re

_CODE = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")

LOCATIONS = {
    "us-east-1": "US East (N. Virginia)",
    "us-east-2": "US East (Ohio)",
    "us-west-1": "US West (N. California)",
    "us-west-2": "US West (Oregon)",
    "ca-central-1": "Canada (Central)",
    "eu-central-1": "EU (Frankfurt)",
    "eu-north-1": "EU (Stockholm)",
    "eu-west-1": "EU (Ireland)",
    "eu-west-2": "EU (London)",
    "eu-west-3": "EU (Paris)",
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-2": "Asia Pacific (Seoul)",
    "ap-south-1": "Asia Pacific (Mumbai)",
    "ap-southeast-1": "Asia Pacific (Singapore)",
    "ap-southeast-2": "Asia Pacific (Sydney)",
    "sa-east-1": "South America (Sao Paulo)",
}
"""AWS's names of regions in price lists and messages; one that is not here has its code."""


def is_region(name: str) -> bool:
    """Whether a name has the form of a region's code.

    >>> is_region("eu-west-1"), is_region("us-gov-west-1"), is_region("Ireland")
    (True, True, False)
    """
    return _CODE.fullmatch(name) is not None
