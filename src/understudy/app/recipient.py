"""What gets the traffic of a live rehearsal: an endpoint, or a load balancer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from understudy.app.client import Client
from understudy.app.deployment import StackDeployment
from understudy.app.failures import Failed
from understudy.app.preflight import BALANCER, ENDPOINT
from understudy.base.arn import last_name


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where requests go, and the ``resource`` that scales with them, as its observation names it.

    ``headers`` make the front door pass requests on.
    """

    name: str
    resource: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def recipient_of(client: Client, stack: StackDeployment) -> Recipient:
    """The endpoint of a stack, or its load balancer. Raises Failed where nothing is behind it."""
    endpoints = stack.physical_ids(ENDPOINT)
    if endpoints:
        name = last_name(endpoints[0])
        described = client.service("sagemaker").describe_endpoint(EndpointName=name)
        variant = described["ProductionVariants"][0]["VariantName"]
        path = f"/endpoints/{name}/invocations"
        return Recipient(name, f"endpoint/{name}/variant/{variant}", path)
    (arn, *_) = stack.physical_ids(BALANCER)
    found = client.service("elbv2").describe_load_balancers(LoadBalancerArns=[arn])
    balancer = found["LoadBalancers"][0]
    told = json.loads(client.own("behind", region=client.region, balancer=arn))
    if not told["resource"]:
        raise Failed("There is nothing to scale", [f"No service or group is behind {arn}."])
    host = {"host": balancer["DNSName"]}
    return Recipient(balancer["LoadBalancerName"], told["resource"], "/", host)
