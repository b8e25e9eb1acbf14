"""The counts that scaling has given to what runs, read from the services themselves."""

from collections.abc import Callable, Mapping

from understudy.app.client import Client
from understudy.app.stacks.resets import ENDPOINT, GROUP, SERVICE, Counted
from understudy.base.arn import last_name


def living_counts(client: Client, each: Counted) -> Mapping[str, int] | None:
    """The present counts of a service, a group or an endpoint; None where they cannot be read."""
    from botocore.exceptions import BotoCoreError, ClientError

    read = _READ.get(each.resource_type)
    if read is None or not each.physical_id:
        return None
    try:
        return read(client, each.physical_id)
    except (ClientError, BotoCoreError, LookupError):
        return None


def _service(client: Client, arn: str) -> Mapping[str, int]:
    """An ECS service's ARN names its cluster: ``.../service/CLUSTER/NAME``."""
    cluster = arn.split("/")[-2] if arn.count("/") > 1 else "default"
    found = client.service("ecs").describe_services(cluster=cluster, services=[arn])
    return {"": found["services"][0]["desiredCount"]}


def _group(client: Client, name: str) -> Mapping[str, int]:
    api = client.service("autoscaling")
    found = api.describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    return {"": found["AutoScalingGroups"][0]["DesiredCapacity"]}


def _endpoint(client: Client, arn: str) -> Mapping[str, int]:
    found = client.service("sagemaker").describe_endpoint(EndpointName=last_name(arn))
    return {
        each["VariantName"]: each["DesiredInstanceCount"]
        for each in found["ProductionVariants"]
        if "DesiredInstanceCount" in each
    }


_READ: Mapping[str, Callable[[Client, str], Mapping[str, int]]] = {
    SERVICE: _service,
    GROUP: _group,
    ENDPOINT: _endpoint,
}
