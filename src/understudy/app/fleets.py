"""What of a template costs money while it runs: fleets with their least and most capacity.

Read from the properties as far as they are known before anything is deployed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from understudy.app.templates import CheckedTemplate
from understudy.base.arn import DEFAULT_REGION
from understudy.cloudformation.graph import dependencies
from understudy.pricing import balancer, fargate, serverless
from understudy.pricing.meter import Item
from understudy.pricing.offer import ON_DEMAND, SPOT

PER_INSTANCE = ("SageMakerVariantInvocationsPerInstance", "ALBRequestCountPerTarget")
"""Metrics of target tracking that say how many requests a minute one instance takes."""
CPU_UNITS = MEGABYTES = 1024


@dataclass(frozen=True, slots=True)
class Fleet:
    """Capacity that scales together: ``items`` are what one unit of it uses, in units an hour.

    ``target`` is requests a minute that scaling aims at for each unit, 0 where it aims at
    something else and None where nothing scales it. ``doubles`` says that an update runs a second
    fleet beside the first.
    """

    logical_id: str
    what: str
    items: Mapping[Item, float]
    minimum: int
    maximum: int
    target: float | None = None
    doubles: bool = False


class _Plan:
    """A template's resources with their properties as far as they are known."""

    def __init__(self, template: CheckedTemplate, region: str) -> None:
        self.region = region
        self.written = {name: str(each.properties) for name, each in template.resources.items()}
        self.kinds = {name: each.type for name, each in template.resources.items()}
        self._template = template
        self._needs = dependencies(template.template)

    def properties(self, name: str) -> dict[str, Any]:
        """The properties of a resource."""
        return _table(self._template.evaluated(self._template.resources[name].properties))

    def of(self, kind: str) -> list[str]:
        """The resources of a type."""
        return [name for name, each in self.kinds.items() if each == kind]

    def needed(self, name: str, kind: str) -> str | None:
        """The resource of a type that a resource needs, if it needs one."""
        return next((each for each in self._needs[name] if self.kinds.get(each) == kind), None)

    def needing(self, name: str, kind: str) -> list[str]:
        """The resources of a type that need a resource."""
        return [each for each in self.of(kind) if name in self._needs[each]]


def fleets(template: CheckedTemplate, region: str = DEFAULT_REGION) -> tuple[Fleet, ...]:
    """The fleets of a template, in its order."""
    plan = _Plan(template, region)
    readers = {
        "AWS::SageMaker::Endpoint": _endpoint,
        "AWS::AutoScaling::AutoScalingGroup": _group,
        "AWS::ECS::Service": _service,
        "AWS::ElasticLoadBalancingV2::LoadBalancer": _balancer,
        "AWS::EC2::Instance": _instance,
        "AWS::EC2::CapacityReservation": _reservation,
    }
    found: list[Fleet] = []
    for name, kind in plan.kinds.items():
        if kind in readers:
            found += readers[kind](plan, name)
    return tuple(found)


def _table(value: Any) -> dict[str, Any]:
    """A property that is an object, nothing where it is not one or not known."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _rows(value: Any) -> list[dict[str, Any]]:
    return [_table(each) for each in cast("list[Any]", value)] if isinstance(value, list) else []


def whole(value: Any, default: int) -> int:
    """A whole number as templates write it, or the default where it is not known."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return default


def _endpoint(plan: _Plan, name: str) -> Iterator[Fleet]:
    config = plan.needed(name, "AWS::SageMaker::EndpointConfig")
    variants = _rows(plan.properties(config).get("ProductionVariants")) if config else []
    rolling = "RollingUpdatePolicy" in _table(plan.properties(name).get("DeploymentConfig"))
    for variant in variants:
        if told := _table(variant.get("ServerlessConfig")):
            yield from _serverless(plan, name, told, variant.get("VariantName"))
        kind = variant.get("InstanceType")
        if not isinstance(kind, str):
            continue
        initial = whole(variant.get("InitialInstanceCount"), 1)
        least, most, target = _scaled(plan, name, initial, variant.get("VariantName"))
        items = {Item(kind, plan.region): 1.0}
        yield Fleet(name, kind, items, least, most, target, doubles=not rolling)


def _serverless(
    plan: _Plan, name: str, told: Mapping[str, Any], variant: object
) -> Iterator[Fleet]:
    """Environments that work, none when idle, and those that are provisioned."""
    memory, most = whole(told.get("MemorySizeInMB"), 0), whole(told.get("MaxConcurrency"), 0)
    work = {Item(serverless.on_demand(memory), plan.region): 1.0}
    yield Fleet(name, f"serverless, {memory} MB", work, 0, most, 0.0)
    least, highest, _ = _scaled(plan, name, whole(told.get("ProvisionedConcurrency"), 0), variant)
    if highest:
        warm = {Item(serverless.kept_warm(memory), plan.region): 1.0}
        aim = None if least == highest else 0.0
        yield Fleet(name, "provisioned concurrency", warm, least, highest, aim)


def _scaled(
    plan: _Plan, name: str, initial: int, variant: object = None
) -> tuple[int, int, float | None]:
    """The bounds that Application Auto Scaling keeps, and what its target tracking aims at."""
    for target in plan.needing(name, "AWS::ApplicationAutoScaling::ScalableTarget"):
        properties = plan.properties(target)
        if isinstance(variant, str) and f"variant/{variant}" not in plan.written[target]:
            continue
        policies = plan.needing(target, "AWS::ApplicationAutoScaling::ScalingPolicy")
        key = "TargetTrackingScalingPolicyConfiguration"
        aims = [_aim(plan.properties(each).get(key)) for each in policies]
        least = whole(properties.get("MinCapacity"), initial)
        return least, whole(properties.get("MaxCapacity"), initial), _least(aims)
    return initial, initial, None


def _aim(configuration: Any) -> float:
    """Requests a minute for each instance, 0 where the policy aims at something else."""
    told = _table(configuration)
    metric = _table(told.get("PredefinedMetricSpecification")).get("PredefinedMetricType")
    return float(told.get("TargetValue", 0)) if metric in PER_INSTANCE else 0.0


def _least(aims: Iterable[float]) -> float | None:
    """Of several policies the one that wants most capacity wins."""
    known = list(aims)
    if not known:
        return None
    return min((aim for aim in known if aim), default=0.0) if all(known) else 0.0


def _group(plan: _Plan, name: str) -> Iterator[Fleet]:
    properties = plan.properties(name)
    kind = _type_of_group(plan, name, properties)
    if kind is None:
        return
    least = whole(properties.get("MinSize"), 0)
    most = whole(properties.get("MaxSize"), least)
    policies = plan.needing(name, "AWS::AutoScaling::ScalingPolicy")
    aims = [_aim(plan.properties(each).get("TargetTrackingConfiguration")) for each in policies]
    base, percent = _distribution(properties)
    target = _least(aims)
    if percent == 100:
        yield Fleet(name, kind, {Item(kind, plan.region): 1.0}, least, most, target)
        return
    spot = Item(kind, plan.region, purchase=SPOT)
    shares = {Item(kind, plan.region, purchase=ON_DEMAND): percent / 100, spot: 1 - percent / 100}
    mixed = {item: share for item, share in shares.items() if share}
    if base:
        paid = {Item(kind, plan.region): 1.0}
        yield Fleet(name, f"{kind}, base", paid, min(base, least), min(base, most))
    what = f"{kind}, {100 - percent}% spot"
    yield Fleet(name, what, mixed, max(least - base, 0), max(most - base, 0), target)


def _distribution(properties: Mapping[str, Any]) -> tuple[int, int]:
    """The on-demand base, and the on-demand percentage above it."""
    told = _table(_table(properties.get("MixedInstancesPolicy")).get("InstancesDistribution"))
    return (
        whole(told.get("OnDemandBaseCapacity"), 0),
        whole(told.get("OnDemandPercentageAboveBaseCapacity"), 100),
    )


def _type_of_group(plan: _Plan, name: str, properties: Mapping[str, Any]) -> str | None:
    """The instance type of a group: the first override, its template's or configuration's."""
    mixed = _table(_table(properties.get("MixedInstancesPolicy")).get("LaunchTemplate"))
    for override in _rows(mixed.get("Overrides")):
        if isinstance(override.get("InstanceType"), str):
            return str(override["InstanceType"])
    template = plan.needed(name, "AWS::EC2::LaunchTemplate")
    if template is not None:
        kind = _table(plan.properties(template).get("LaunchTemplateData")).get("InstanceType")
        return kind if isinstance(kind, str) else None
    configuration = plan.needed(name, "AWS::AutoScaling::LaunchConfiguration")
    kind = plan.properties(configuration).get("InstanceType") if configuration else None
    return kind if isinstance(kind, str) else None


def _service(plan: _Plan, name: str) -> Iterator[Fleet]:
    """A service on Fargate; tasks on instances cost what their instances do."""
    definition = plan.needed(name, "AWS::ECS::TaskDefinition")
    properties = plan.properties(name)
    if definition is None or properties.get("LaunchType") != "FARGATE":
        return
    task = plan.properties(definition)
    cpu, memory = whole(task.get("Cpu"), 0), whole(task.get("Memory"), 0)
    items = {
        Item(fargate.VCPUS, plan.region): cpu / CPU_UNITS,
        Item("Fargate-GB-Hours", plan.region): memory / MEGABYTES,
    }
    initial = whole(properties.get("DesiredCount"), 1)
    least, most, target = _scaled(plan, name, initial)
    percent = _table(properties.get("DeploymentConfiguration")).get("MaximumPercent")
    kind = f"Fargate {cpu / CPU_UNITS:g} vCPU"
    doubles = whole(percent, 200) >= 200  # a second set of tasks beside the first
    yield Fleet(name, kind, items, least, most, target, doubles=doubles)


def _balancer(plan: _Plan, name: str) -> Iterator[Fleet]:
    items = {Item(balancer.HOURS, plan.region): 1.0}
    yield Fleet(name, "load balancer, without its LCUs", items, 1, 1)


def _instance(plan: _Plan, name: str) -> Iterator[Fleet]:
    kind = plan.properties(name).get("InstanceType", "t3.micro")
    if isinstance(kind, str):
        yield Fleet(name, kind, {Item(kind, plan.region): 1.0}, 1, 1)


def _reservation(plan: _Plan, name: str) -> Iterator[Fleet]:
    """Reserved capacity is paid whether it is used or not; what runs in it is paid once."""
    properties = plan.properties(name)
    kind, count = properties.get("InstanceType"), whole(properties.get("InstanceCount"), 1)
    if isinstance(kind, str):
        items = {Item(kind, plan.region): 1.0}
        yield Fleet(name, f"{kind} reserved, as if unused", items, count, count)
