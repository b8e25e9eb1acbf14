"""Security policies: which protocols and ciphers a secure listener negotiates.

AWS: Security policies for your Application Load Balancer; DescribeSSLPolicies. Of many policies the
usual ones are listed.
"""

from typing import TYPE_CHECKING

from understudy.base.fault import Fault
from understudy.control.elbv2.pages import marked
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.elbv2.service import ElasticLoadBalancing

KINDS = ["application", "network"]
TLS13 = ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256")
GCM_128 = ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256")
GCM_256 = ("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384")
CBC_128 = ("ECDHE-ECDSA-AES128-SHA256", "ECDHE-RSA-AES128-SHA256")
CBC_256 = ("ECDHE-ECDSA-AES256-SHA384", "ECDHE-RSA-AES256-SHA384")
SHA_128 = ("ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA")
SHA_256 = ("ECDHE-RSA-AES256-SHA", "ECDHE-ECDSA-AES256-SHA")
RSA = (
    "AES128-GCM-SHA256",
    "AES128-SHA256",
    "AES128-SHA",
    "AES256-GCM-SHA384",
    "AES256-SHA256",
    "AES256-SHA",
)
FORWARD = (*GCM_128, *CBC_128, *GCM_256, *CBC_256)
BROAD = (*GCM_128, *CBC_128, *SHA_128, *GCM_256, *CBC_256, *SHA_256, *RSA)

POLICIES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ELBSecurityPolicy-2016-08": (("TLSv1", "TLSv1.1", "TLSv1.2"), BROAD),
    "ELBSecurityPolicy-TLS13-1-2-2021-06": (("TLSv1.2", "TLSv1.3"), (*TLS13, *FORWARD)),
    "ELBSecurityPolicy-TLS13-1-2-Res-2021-06": (
        ("TLSv1.2", "TLSv1.3"),
        (*TLS13, *GCM_128, *GCM_256),
    ),
    "ELBSecurityPolicy-TLS13-1-3-2021-06": (("TLSv1.3",), TLS13),
    "ELBSecurityPolicy-TLS13-1-0-2021-06": (
        ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"),
        (*TLS13, *BROAD),
    ),
    "ELBSecurityPolicy-FS-1-2-Res-2020-10": (("TLSv1.2",), (*GCM_128, *GCM_256)),
    "ELBSecurityPolicy-FS-1-2-Res-2019-08": (("TLSv1.2",), FORWARD),
    "ELBSecurityPolicy-TLS-1-2-2017-01": (
        ("TLSv1.2",),
        (*FORWARD, "AES128-GCM-SHA256", "AES128-SHA256", "AES256-GCM-SHA384", "AES256-SHA256"),
    ),
}
"""Protocols and ciphers by the name of the policy."""


def describe_ssl_policies(service: "ElasticLoadBalancing", params: Params, turn: Turn) -> Params:
    """DescribeSSLPolicies: all that are listed here, or some by name."""
    del service, turn
    names: list[str] = params.get("Names") or list(POLICIES)
    for name in names:
        if name not in POLICIES:
            raise Fault("SSLPolicyNotFound", f"SSL policy '{name}' not found")
    shown, more = marked(names, params)
    return {"SslPolicies": [_described(name) for name in shown], **more}


def _described(name: str) -> Params:
    protocols, ciphers = POLICIES[name]
    return {
        "Name": name,
        "SslProtocols": list(protocols),
        "Ciphers": [
            {"Name": cipher, "Priority": place} for place, cipher in enumerate(ciphers, start=1)
        ],
        "SupportedLoadBalancerTypes": KINDS,
    }
