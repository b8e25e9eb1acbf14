"""The counts that scaling has given to what runs, read from the services themselves."""

from collections.abc import Callable, Mapping
from typing import Any

from understudy.app.client import Client
from understudy.app.stacks.resets import ENDPOINT, GROUP, SERVICE, Counted
from understudy.base.arn import last_name
from understudy.base.fault import Fault

Ask = Callable[[str, str, dict[str, Any]], Mapping[str, Any]]
"""Calls a service: its name, an operation in AWS's spelling, its parameters."""


def asking(client: Client) -> Ask:
    """What calls services as a client."""
    from botocore import xform_name

    def ask(service: str, operation: str, params: dict[str, Any]) -> Mapping[str, Any]:
        return getattr(client.service(service), xform_name(operation))(**params)

    return ask


def living_counts(ask: Ask, each: Counted) -> Mapping[str, int] | None:
    """The present counts of a service, a group or an endpoint; None where they cannot be read."""
    from botocore.exceptions import BotoCoreError, ClientError

    read = _READ.get(each.resource_type)
    if read is None or not each.physical_id:
        return None
    try:
        return read(ask, each.physical_id)
    except (ClientError, BotoCoreError, Fault, LookupError):
        return None


def _service(ask: Ask, arn: str) -> Mapping[str, int]:
    """An ECS service's ARN names its cluster: ``.../service/CLUSTER/NAME``."""
    cluster = arn.split("/")[-2] if arn.count("/") > 1 else "default"
    found = ask("ecs", "DescribeServices", {"cluster": cluster, "services": [arn]})
    return {"": found["services"][0]["desiredCount"]}


def _group(ask: Ask, name: str) -> Mapping[str, int]:
    params = {"AutoScalingGroupNames": [name]}
    found = ask("autoscaling", "DescribeAutoScalingGroups", params)
    return {"": found["AutoScalingGroups"][0]["DesiredCapacity"]}


def _endpoint(ask: Ask, arn: str) -> Mapping[str, int]:
    found = ask("sagemaker", "DescribeEndpoint", {"EndpointName": last_name(arn)})
    return {
        each["VariantName"]: each["DesiredInstanceCount"]
        for each in found["ProductionVariants"]
        if "DesiredInstanceCount" in each
    }


_READ: Mapping[str, Callable[[Ask, str], Mapping[str, int]]] = {
    SERVICE: _service,
    GROUP: _group,
    ENDPOINT: _endpoint,
}
