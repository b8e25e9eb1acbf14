"""How the metadata service of an instance is to be asked.

AWS: API_InstanceMetadataOptionsResponse.
"""

from understudy.control.machine import Options

NAMES = (
    "HttpTokens",
    "HttpPutResponseHopLimit",
    "HttpEndpoint",
    "HttpProtocolIpv6",
    "InstanceMetadataTags",
)


def options_of(given: Options) -> Options:
    """All options, those that were not given as AWS has them by default.

    >>> options_of({"HttpTokens": "required"})["HttpPutResponseHopLimit"]
    1
    """
    return {
        "State": "applied",
        "HttpTokens": "optional",
        "HttpPutResponseHopLimit": 1,
        "HttpEndpoint": "enabled",
        "HttpProtocolIpv6": "disabled",
        "InstanceMetadataTags": "disabled",
        **{name: given[name] for name in NAMES if name in given},
    }
