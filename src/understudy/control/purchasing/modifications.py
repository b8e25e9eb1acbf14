"""Modifying Reserved Instances: other zones, scopes and sizes for the same footprint.

Source: AWS, Modify Reserved Instances; ModifyReservedInstances;
DescribeReservedInstancesModifications. AWS takes a while to process a request; here it is fulfilled
at once.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from msgspec.structs import replace

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.control.purchasing.reserved_instances import find_owned
from understudy.control.purchasing.service import Modification, Purchasing
from understudy.control.turn import Turn
from understudy.pricing.commitments import ReservedInstance
from understudy.pricing.exchange import effective_from, footprint, may_become
from understudy.pricing.instance import units
from understudy.pricing.offer import LINUX, decimal

ZONAL, REGIONAL = "Availability Zone", "Region"


def modify(service: Purchasing, params: Params, turn: Turn) -> Params:
    """Split, merge or move Reserved Instances from the begin of this hour on. Raises Fault."""
    token = params.get("ClientToken", "")
    for each in service.state.modifications.values():
        if token and each.token == token:
            return {"ReservedInstancesModificationId": each.id}
    old = find_owned(service, params["ReservedInstancesIds"])
    targets = [_target(each, old[0], turn) for each in params["TargetConfigurations"]]
    _check(old, targets, turn)
    _require_room(service, old, targets, turn)
    begin = effective_from(turn.at)
    made = [_made(each, old, begin, turn.ids.uuid()) for each in targets]
    for each in old:
        service.state.reserved[each.id] = replace(each, retired=begin)
    service.state.reserved |= {each.id: each for each in made}
    done = Modification(
        id=f"rimod-{turn.ids.uuid()}",
        token=token,
        reserved=tuple(each.id for each in old),
        made=tuple((one.id, target) for one, target in zip(made, targets, strict=True)),
        created=turn.at,
        effective=begin,
    )
    service.state.modifications[done.id] = done
    return {"ReservedInstancesModificationId": done.id}


def _refused(text: str) -> Fault:
    return Fault("InvalidParameterValue", text)


def _target(told: Params, old: ReservedInstance, turn: Turn) -> Params:
    """A configuration with what it leaves out. Raises Fault."""
    zone: str = told.get("AvailabilityZone", "")
    scope = told.get("Scope") or (ZONAL if zone else REGIONAL)
    if bool(zone) != (scope == ZONAL):
        text = f"The scope '{scope}' and the Availability Zone '{zone}' do not go together."
        raise Fault("InvalidParameterCombination", text)
    if zone and not zone.startswith(turn.region):
        raise _refused(f"Invalid availability zone: [{zone}]")
    count = told.get("InstanceCount", 0)
    if count < 1:
        raise _refused(f"Value ({count}) for parameter instanceCount is invalid.")
    kind = told.get("InstanceType") or old.instance_type
    place = {"AvailabilityZone": zone} if zone else {}
    return {"InstanceType": kind, "InstanceCount": count, "Scope": scope, **place}


def _check(old: Sequence[ReservedInstance], targets: Sequence[Params], turn: Turn) -> None:
    """AWS: Modify Reserved Instances, requirements and restrictions. Raises Fault."""
    if any(each.end <= turn.at or each.start > turn.at for each in old):
        raise _refused("The Reserved Instances to be modified must be active.")
    if len({_kept(each) for each in old}) > 1:
        raise _refused(
            "The Reserved Instances to be modified must be identical, except for Availability Zone,"
            " network platform, and instance type, and end in the same hour."
        )
    if len({tuple(sorted(_place(each).items())) for each in targets}) < len(targets):
        raise _refused("Each target configuration must be a unique combination of attributes.")
    sizes = [(str(each["InstanceType"]), int(each["InstanceCount"])) for each in targets]
    if _counts(sizes) == _counts([(each.instance_type, each.count) for each in old]):
        return
    if old[0].platform != LINUX:
        raise _refused(f"Instance sizes of {old[0].platform} cannot be modified.")
    whole = sum(footprint(each.instance_type, each.count) for each in old)
    quarter = units(old[0].instance_type) or 0
    count = whole // quarter if quarter and whole % quarter == 0 else 0
    if not may_become((old[0].instance_type, count), sizes):
        raise _refused(
            "The instance size footprint of the target configuration must match that of the "
            "Reserved Instances to be modified, in the same instance family."
        )


def _counts(sizes: Sequence[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, count in sizes:
        found[name] = found.get(name, 0) + count
    return found


def _kept(each: ReservedInstance) -> tuple[object, ...]:
    """What a modification cannot change."""
    terms = (each.offering_class, each.payment, each.years, each.tenancy, each.platform)
    return (*terms, each.end // 3600)


def _place(target: Params) -> Params:
    return {key: value for key, value in target.items() if key != "InstanceCount"}


def _require_room(
    service: Purchasing, old: Sequence[ReservedInstance], targets: Sequence[Params], turn: Turn
) -> None:
    """Zonal ones keep capacity, which has to be there. Raises Fault."""
    for target in targets:
        zone, kind = target.get("AvailabilityZone", ""), target["InstanceType"]
        own = sum(e.count for e in old if (e.zone, e.instance_type) == (zone, kind))
        room = service.room(kind, zone, "on-demand", turn.at) if zone else None
        if room is not None and target["InstanceCount"] > own + room:
            raise Fault("InsufficientInstanceCapacity", "Insufficient capacity.", 500)


def _made(
    target: Params, old: Sequence[ReservedInstance], begin: float, name: str
) -> ReservedInstance:
    """A new reservation: its share of what the old ones cost an hour, with no fixed price."""
    first, kind = old[0], str(target["InstanceType"])
    sized = {each.instance_type for each in old} != {kind}
    weights = [Fraction(units(each.instance_type) or 1) if sized else Fraction(1) for each in old]
    share = Fraction(units(kind) or 1) if sized else Fraction(1)
    share /= sum(weight * each.count for weight, each in zip(weights, old, strict=True))
    hourly = sum(each.count * Fraction(each.hourly) for each in old)
    spread = sum(each.count * each.effective for each in old) - hourly
    # What was bought within this hour has not been charged before it.
    fresh = sum(each.count * Fraction(each.upfront or 0) for each in old if each.start >= begin)
    return replace(
        first,
        id=name,
        instance_type=kind,
        count=target["InstanceCount"],
        zone=target.get("AvailabilityZone", ""),
        hourly=decimal(hourly * share),
        upfront=decimal(fresh * share) if fresh else Decimal(0),
        amortized=decimal(spread * share),
        start=begin,
        until=first.end,
    )


def _facts(each: Modification) -> dict[str, set[str]]:
    """What can be filtered by."""
    result = "modification-result."
    target = f"{result}target-configuration."
    targets = [told for _, told in each.made]
    return {
        "client-token": {each.token},
        f"{result}reserved-instances-id": {name for name, _ in each.made},
        f"{target}availability-zone": {told.get("AvailabilityZone", "") for told in targets},
        f"{target}instance-count": {str(told["InstanceCount"]) for told in targets},
        f"{target}instance-type": {told["InstanceType"] for told in targets},
        "reserved-instances-id": set(each.reserved),
        "reserved-instances-modification-id": {each.id},
        "status": {"fulfilled"},
    }


def describe(service: Purchasing, params: Params, turn: Turn) -> Params:
    """What became of requests to modify. Raises Fault."""
    del turn
    wanted = params.get("ReservedInstancesModificationIds", [])
    if unknown := set(wanted) - service.state.modifications.keys():
        text = f"The reserved instances modification ID '{min(unknown)}' does not exist"
        raise _refused(text)
    chosen = wanted or list(service.state.modifications)
    found = [service.state.modifications[name] for name in chosen]
    for wish in params.get("Filters", []):
        found = [each for each in found if _passes(each, wish)]
    return {"ReservedInstancesModifications": [_shown(each) for each in found]}


def _passes(each: Modification, wish: Params) -> bool:
    facts = _facts(each)
    if wish["Name"] not in facts:
        raise _refused(f"The filter '{wish['Name']}' is invalid")
    return bool(facts[wish["Name"]] & set(wish["Values"]))


def _shown(each: Modification) -> Params:
    token = {"ClientToken": each.token} if each.token else {}
    return {
        "ReservedInstancesModificationId": each.id,
        "ReservedInstancesIds": [{"ReservedInstancesId": name} for name in each.reserved],
        "ModificationResults": [
            {"ReservedInstancesId": name, "TargetConfiguration": target}
            for name, target in each.made
        ],
        "CreateDate": each.created,
        "UpdateDate": each.created,
        "EffectiveDate": each.effective,
        "Status": "fulfilled",
        **token,
    }
