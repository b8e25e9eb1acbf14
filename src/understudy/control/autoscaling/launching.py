"""Where and what a group launches: zones, purchase options, types, and pools that have nothing.

AWS: Auto Scaling groups with multiple instance types; Instance distribution in zones;
API_AvailabilityZoneDistribution.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from understudy.control.autoscaling.capacity import counted, in_zones
from understudy.control.autoscaling.state import Group, Instance
from understudy.control.events import Params
from understudy.scaling.mixed import Pool, Prices, preferred, split

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

ON_DEMAND, SPOT = "on-demand", "spot"


@dataclass(frozen=True, slots=True)
class Option:
    """One way to launch: a type with its weight, and where the rest of its definition is.

    ``template`` is the LaunchTemplateSpecification with the version's number, empty for a launch
    configuration.
    """

    instance_type: str
    weight: int
    rank: int
    image_id: str
    template: Params
    configuration: str = ""
    weighted: bool = False
    spot: bool = False


@dataclass(frozen=True, slots=True)
class Placement:
    """What is launched next, and where."""

    pool: Pool
    subnet: str
    purchase: str
    option: Option


@dataclass(slots=True)
class Plan:
    """What a group has, counted once and kept up to date while it launches several at a time."""

    zones: dict[str, int]
    pools: dict[tuple[str, Pool], int] = field(default_factory=dict)
    purchased: dict[str, int] = field(default_factory=dict)

    def add(self, pool: Pool, purchase: str, count: int = 1) -> None:
        """Count more instances."""
        self.zones[pool.zone] = self.zones.get(pool.zone, 0) + count
        self.pools[purchase, pool] = self.pools.get((purchase, pool), 0) + count
        self.purchased[purchase] = self.purchased.get(purchase, 0) + pool.weight * count

    def add_all(self, instances: Iterable[Instance]) -> None:
        """Count instances that are there."""
        places = [
            (each.purchase, each.instance_type, each.zone, each.weight, each.rank)
            for each in instances
        ]
        for (purchase, kind, zone, weight, rank), count in Counter(places).items():
            self.add(Pool(kind, zone, weight, rank), purchase, count)


def plan_of(service: "AutoScaling", group: Group) -> Plan:
    """What a group has now."""
    plan = Plan(dict.fromkeys(zones_of(service, group), 0))
    plan.add_all(counted(group))
    return plan


def subnets_of(group: Group) -> list[str]:
    """The subnets in VPCZoneIdentifier."""
    text: str = group.params.get("VPCZoneIdentifier", "")
    return [each.strip() for each in text.split(",") if each.strip()]


def places_of(service: "AutoScaling", group: Group) -> list[tuple[str, str]]:
    """The zone of each subnet of a group with it; of one without subnets, its zones.

    A subnet whose zone is not known is taken to be in the zone at its place: of those that the
    group names, else of the region's a, b, c and so on.
    """
    named: list[str] = group.params.get("AvailabilityZones") or []
    subnets = subnets_of(group)
    if not subnets:
        return [(zone, "") for zone in named]
    letters = named or [f"{service.region}{letter}" for letter in "abcdef"]
    return [
        (service.zone_of(subnet) or letters[place % len(letters)], subnet)
        for place, subnet in enumerate(subnets)
    ]


def zones_of(service: "AutoScaling", group: Group) -> dict[str, str]:
    """The zones of a group, each with its first subnet (empty without one)."""
    found: dict[str, str] = {}
    for zone, subnet in places_of(service, group):
        found.setdefault(zone, subnet)
    return found


def options_of(service: "AutoScaling", configuration: Params) -> list[Option]:
    """What a group's launch template, configuration or mixed instances policy allows, in order.

    Raises Fault where a template or version is gone.
    """
    if "MixedInstancesPolicy" in configuration:
        return _mixed(service, configuration["MixedInstancesPolicy"])
    name: str = configuration.get("LaunchConfigurationName", "")
    if name:
        params = service.state.configurations[name].params
        spot = "SpotPrice" in params
        image = params.get("ImageId", "")
        return [Option(params.get("InstanceType", ""), 1, 0, image, {}, name, spot=spot)]
    resolved = service.templates.resolve(configuration["LaunchTemplate"])
    data = resolved.data
    return [
        Option(
            data.get("InstanceType", "m1.small"),
            1,
            0,
            data.get("ImageId", ""),
            _specification(resolved.id, resolved.name, resolved.version),
            spot=data.get("InstanceMarketOptions", {}).get("MarketType") == SPOT,
        )
    ]


def _specification(identity: str, name: str, version: int) -> Params:
    return {
        "LaunchTemplateId": identity,
        "LaunchTemplateName": name,
        "Version": str(version),
    }


def _mixed(service: "AutoScaling", policy: Params) -> list[Option]:
    shared: Params = policy["LaunchTemplate"]["LaunchTemplateSpecification"]
    overrides: list[Params] = policy["LaunchTemplate"].get("Overrides") or [{}]
    found: list[Option] = []
    for rank, override in enumerate(overrides):
        resolved = service.templates.resolve(override.get("LaunchTemplateSpecification", shared))
        weight = override.get("WeightedCapacity")
        found.append(
            Option(
                override.get("InstanceType") or resolved.data.get("InstanceType", "m1.small"),
                int(weight or 1),
                rank,
                override.get("ImageId") or resolved.data.get("ImageId", ""),
                _specification(resolved.id, resolved.name, resolved.version),
                weighted=weight is not None,
            )
        )
    return found


def configuration_of(group: Group) -> Params:
    """What the group launches: its own members, or those that an instance refresh brings."""
    refresh = group.refresh
    return (refresh.back or refresh.desired or group.params) if refresh else group.params


def distribution(group: Group) -> Params:
    """InstancesDistribution with AWS's defaults."""
    policy: Params = configuration_of(group).get("MixedInstancesPolicy", {})
    return {
        "OnDemandAllocationStrategy": "prioritized",
        "OnDemandBaseCapacity": 0,
        "OnDemandPercentageAboveBaseCapacity": 100,
        "SpotAllocationStrategy": "lowest-price",
        "SpotInstancePools": 2,
        **policy.get("InstancesDistribution", {}),
    }


def purchase_for(group: Group, plan: Plan, options: list[Option]) -> str:
    """The purchase option of the next launch."""
    if "MixedInstancesPolicy" not in configuration_of(group):
        return SPOT if options[0].spot else ON_DEMAND
    wanted = distribution(group)
    base: int = wanted["OnDemandBaseCapacity"]
    percent: int = wanted["OnDemandPercentageAboveBaseCapacity"]
    target = split(group.desired, base, percent)
    return ON_DEMAND if plan.purchased.get(ON_DEMAND, 0) < target.on_demand else SPOT


def next_placement(
    service: "AutoScaling", group: Group, plan: Plan, options: list[Option], at: float
) -> Placement | None:
    """Where the next instance goes; None while no pool has capacity.

    Zones with the fewest instances come first; a ``balanced-only`` group takes no others.
    """
    purchase = purchase_for(group, plan, options)
    subnets = zones_of(service, group)
    zones = sorted(subnets, key=lambda zone: (plan.zones.get(zone, 0), zone))
    spread: Params = group.params.get("AvailabilityZoneDistribution", {})
    if spread.get("CapacityDistributionStrategy") == "balanced-only":
        fewest = plan.zones.get(zones[0], 0)
        zones = [zone for zone in zones if plan.zones.get(zone, 0) == fewest]
    for zone in zones:
        for pool, option in ordered(service, group, plan, options, zone, purchase):
            if group.shortages.get(shortage_key(pool, purchase), 0.0) <= at:
                return Placement(pool, subnets[zone], purchase, option)
    return None


def shortage_key(pool: Pool, purchase: str) -> str:
    """What a shortage is kept under."""
    return f"{pool.instance_type}|{pool.zone}|{purchase}"


def ordered(
    service: "AutoScaling",
    group: Group,
    plan: Plan,
    options: list[Option],
    zone: str,
    purchase: str,
) -> list[tuple[Pool, Option]]:
    """The pools of a zone in the order in which they are tried, each with how to launch there."""
    pools = {Pool(each.instance_type, zone, each.weight, each.rank): each for each in options}
    if len(pools) == 1:
        return list(pools.items())
    prices = _prices(service, pools, purchase)
    wanted = distribution(group)
    if purchase == ON_DEMAND:
        strategy, breadth = wanted["OnDemandAllocationStrategy"], 1
    else:
        strategy, breadth = wanted["SpotAllocationStrategy"], wanted["SpotInstancePools"]
        pools = _affordable(service, pools, prices, wanted)
    used = {pool: plan.pools.get((purchase, pool), 0) for pool in pools}
    return [(pool, pools[pool]) for pool in preferred(list(pools), strategy, prices, used, breadth)]


def _prices(service: "AutoScaling", pools: Mapping[Pool, Option], purchase: str) -> Prices:
    found = {pool: service.price(pool.instance_type, pool.zone, purchase) for pool in pools}
    return {pool: price for pool, price in found.items() if price is not None}


def _affordable(
    service: "AutoScaling", pools: Mapping[Pool, Option], prices: Prices, wanted: Params
) -> dict[Pool, Option]:
    """The spot pools that cost no more than SpotMaxPrice, which is the on-demand price by default.

    A pool whose price is not known is taken to be one of them.
    """
    limit = float(wanted["SpotMaxPrice"]) if wanted.get("SpotMaxPrice") else None
    usual = _prices(service, pools, ON_DEMAND)

    def affordable(pool: Pool) -> bool:
        price = prices.get(pool)
        return price is None or price <= (usual.get(pool, price) if limit is None else limit)

    return {pool: option for pool, option in pools.items() if affordable(pool)}


def is_current(service: "AutoScaling", configuration: Params, instance: Instance) -> bool:
    """Whether an instance is what a configuration would launch today."""
    return any(
        (each.instance_type, each.configuration, each.template)
        == (instance.instance_type, instance.launch_configuration, instance.launch_template)
        for each in options_of(service, configuration)
    )


def zone_counts(service: "AutoScaling", group: Group) -> dict[str, int]:
    """How many instances each zone of a group has."""
    return in_zones(group, zones_of(service, group))
