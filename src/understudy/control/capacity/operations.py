"""The operations of capacity. They are Understudy's own: AWS does not offer them, reality does."""

from collections.abc import Callable, Mapping

import msgspec

from understudy.base.fault import validation_exception
from understudy.control.capacity.service import Capacity
from understudy.control.capacity.state import OWNER, Pool
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.pricing.quota import QUOTAS, Quota, key_of

SERVICE = "understudy"
EVERY_REGION = "EveryRegion"
"""With this parameter PutPools and PutLimits hold in every region, also in those used later."""


def put_pools(service: Capacity, params: Params, turn: Turn) -> Params:
    """Limit pools: Pools are of Pattern, Count, Zone, Purchase, Since (now) and For, in seconds."""
    pools: list[Pool] = []
    for each in params["Pools"]:
        if each["Count"] < 0:
            raise validation_exception(f"Count {each['Count']} of {each['Pattern']} is negative.")
        since = each.get("Since", turn.at)
        until = since + each["For"] if each.get("For") else None
        zone, purchase = each.get("Zone", ""), each.get("Purchase", "")
        pools.append(Pool(each["Pattern"], each["Count"], zone, purchase, since, until))
    service.limit(pools, turn)
    return {}


def delete_pools(service: Capacity, params: Params, turn: Turn) -> Params:
    """Lift limits: those of a Pattern, or all."""
    del turn
    pattern = params.get("Pattern")
    service.state.pools = [e for e in service.state.pools if pattern and e.pattern != pattern]
    return {}


def put_limits(service: Capacity, params: Params, turn: Turn) -> Params:
    """Set service quotas: Limits by key, code or SageMaker type."""
    del turn
    for name, limit in params["Limits"].items():
        key = key_of(name)
        if key is None:
            known = ", ".join(QUOTAS)
            raise validation_exception(f"{name} is no quota; there are {known}, and ml. types.")
        service.state.limits[key] = limit
    return {}


def interrupt(service: Capacity, params: Params, turn: Turn) -> Params:
    """Take spot instances of a Pattern (and Zone) back, Count of them or all, At a time or now."""
    count: int | None = params.get("Count")
    key = (params["Pattern"], params.get("Zone", ""), "" if count is None else str(count))
    turn.schedule(params.get("At", turn.at), OWNER, "interrupt", *key)
    return {}


def describe(service: Capacity, params: Params, turn: Turn) -> Params:
    """Limits of pools, quotas with their use, and how many instances run in each pool."""
    del params
    running: dict[tuple[str, str, str], int] = {}
    for life in service.state.held.values():
        key = (life.instance_type, life.place.zone, life.place.purchase)
        running[key] = running.get(key, 0) + 1
    return {
        "At": turn.at,
        "Pools": [msgspec.to_builtins(each) for each in service.state.pools],
        "Quotas": [
            {
                "Key": key,
                "Name": (QUOTAS.get(key) or Quota(key, f"{key} for endpoint usage")).name,
                "Limit": limit,
                "Used": service.in_use(key),
            }
            for key, limit in sorted(service.state.limits.items())
        ],
        "Running": [
            {
                "InstanceType": kind,
                "Zone": zone,
                "Purchase": purchase,
                "Count": count,
                "Room": service.room(kind, zone, purchase, turn.at),
            }
            for (kind, zone, purchase), count in sorted(running.items())
        ],
    }


OPERATIONS: Mapping[str, Callable[[Capacity, Params, Turn], Params]] = {
    "DeletePools": delete_pools,
    "DescribeCapacity": describe,
    "InterruptSpot": interrupt,
    "PutLimits": put_limits,
    "PutPools": put_pools,
}
