"""The live fleets of a region: what `understudy top` shows of each."""

from collections.abc import Iterator, Mapping

from understudy.control.events import Params
from understudy.control.plane import Plane
from understudy.control.subjects import observed
from understudy.control.turn import Turn
from understudy.control.views import FleetRow
from understudy.pricing.catalogue import offers_in
from understudy.pricing.fargate import size_offers
from understudy.pricing.meter import Usage

MINUTE = 60
REQUESTS, LATENCY, BUSY = "requests", "latency", "cpu"
Metric = tuple[str, str, str, Mapping[str, str]]
"""Namespace, name, statistic and dimensions."""


def fleets(plane: Plane, region: str, turn: Turn) -> tuple[FleetRow, ...]:
    """Every endpoint variant, service and group of a region, by name."""
    return tuple(_row(plane, region, resource, turn) for resource in sorted(_resources(plane)))


def _resources(plane: Plane) -> Iterator[str]:
    for endpoint in plane.sagemaker.state.endpoints.values():
        for variant in endpoint.fleets[endpoint.live].variants:
            yield f"endpoint/{endpoint.name}/variant/{variant}"
    for service in plane.ecs.state.services.values():
        if service.status == "ACTIVE" and service.deployments:
            yield f"service/{service.key}"
    for group in plane.groups.state.groups.values():
        yield f"autoScalingGroup/{group.name}"


def _row(plane: Plane, region: str, resource: str, turn: Turn) -> FleetRow:
    seen = observed(plane, resource, turn.at, turn.at)
    last = seen.capacity[-1] if seen.capacity else None
    values = {
        name: _value(plane, metric, turn) for name, metric in _metrics(plane, resource).items()
    }
    sums, latency = values.get(REQUESTS), values.get(LATENCY)
    per_ms = 1 / 1000 if resource.startswith("endpoint/") else 1000.0
    return FleetRow(
        resource,
        seen.instance_type,
        last.desired if last else 0,
        last.in_service if last else 0,
        last.pending if last else 0,
        last.terminating if last else 0,
        seen.minimum,
        seen.maximum,
        None if sums is None else sums / MINUTE,
        None if latency is None else latency * per_ms,
        values.get(BUSY),
        _hourly([each for each in seen.usage if each.end >= turn.at], region),
    )


def _metrics(plane: Plane, resource: str) -> dict[str, Metric]:
    """Where CloudWatch has what is shown of a fleet."""
    kind, _, name = resource.partition("/")
    if kind == "endpoint":
        endpoint, _, variant = name.split("/")
        own = {"EndpointName": endpoint, "VariantName": variant}
        return {
            REQUESTS: ("AWS/SageMaker", "Invocations", "Sum", own),
            LATENCY: ("AWS/SageMaker", "ModelLatency", "Average", own),
            BUSY: ("/aws/sagemaker/Endpoints", "CPUUtilization", "Average", own),
        }
    if kind == "service":
        service = plane.ecs.state.services[name]
        groups = service.revisions[service.primary.revision].groups
        own = {"ClusterName": service.cluster, "ServiceName": service.name}
        busy = ("AWS/ECS", "CPUUtilization", "Average", own)
    else:
        groups = tuple(plane.groups.state.groups[name].sources)
        busy = ("AWS/EC2", "CPUUtilization", "Average", {"AutoScalingGroupName": name})
    return {BUSY: busy, **_of_target_group(plane, groups[0] if groups else "")}


def _of_target_group(plane: Plane, group: str) -> dict[str, Metric]:
    balancers = plane.elbv2.balancers_of(group)
    if not balancers:
        return {}
    both = {
        "LoadBalancer": balancers[0].partition(":loadbalancer/")[2],
        "TargetGroup": group.rpartition(":")[2],
    }
    namespace = "AWS/ApplicationELB"
    return {
        REQUESTS: (namespace, "RequestCount", "Sum", both),
        LATENCY: (namespace, "TargetResponseTime", "Average", both),
    }


def _value(plane: Plane, metric: Metric, turn: Turn) -> float | None:
    """A statistic of the last whole minute that has a datapoint, of the last three."""
    namespace, name, statistic, dimensions = metric
    end = turn.at // MINUTE * MINUTE
    params: Params = {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
        "Statistics": [statistic],
        "Period": MINUTE,
        "StartTime": end - 3 * MINUTE,
        "EndTime": end,
    }
    points = plane.call("cloudwatch", "GetMetricStatistics", params, turn)["Datapoints"]
    return max(points, key=lambda each: each["Timestamp"])[statistic] if points else None


def _hourly(lives: list[Usage], region: str) -> float | None:
    """What members cost in an hour on demand; None as soon as one has no known price."""
    known = offers_in(region)
    offers = known | size_offers({each.instance_type for each in lives}, known)
    prices = [offers.get(each.instance_type) for each in lives]
    found = [float(each.hourly) for each in prices if each is not None]
    return sum(found) if len(found) == len(prices) else None
