"""LaunchInstances: instances that are asked for and launched, or refused, in one call.

AWS: Launch instances synchronously; API_LaunchInstances.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from understudy.base.fault import Fault, validation_error
from understudy.control.autoscaling import causes, entering
from understudy.control.autoscaling import group as machine
from understudy.control.autoscaling.launching import (
    ON_DEMAND,
    SPOT,
    Option,
    Placement,
    Plan,
    configuration_of,
    distribution,
    options_of,
    ordered,
    places_of,
    plan_of,
)
from understudy.control.autoscaling.state import Group, Instance
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.scaling.mixed import Pool

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

MOST = 100
"""Instances of one call."""
REMEMBERED = 100
"""Calls of a group whose token repeats the answer."""
MARKETS = {ON_DEMAND: "OnDemand", SPOT: "Spot"}
WHAT = "a user request launched instances synchronously"


@dataclass(slots=True)
class Outcome:
    """What a call has come to: the units that are missing yet, what is launched, what is not."""

    missing: int
    chosen: list[Placement] = field(default_factory=list)
    errors: list[Params] = field(default_factory=list)


def launch_instances(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """LaunchInstances: the desired capacity rises by what could be launched at once.

    What could not is in Errors; with the strategy ``retry-with-group-configuration`` the desired
    capacity rises by it too, and the group goes on trying. The token of a call repeats its answer.
    """
    group = service.group(params["AutoScalingGroupName"])
    token: str = params["ClientToken"]
    if token in group.calls:
        return _repeated(group, token, params)
    zone, subnet = _where(service, group, params)
    requested: int = params["RequestedCapacity"]
    if group.desired + requested > group.maximum:
        raise validation_error(
            f"AutoScalingGroup {group.name} has max-size={group.maximum} and desired-size="
            f"{group.desired}. To launch {requested} more, please update the AutoScalingGroup "
            "sizes appropriately."
        )
    outcome = _choose(service, group, zone, subnet, requested, turn)
    launched = _launch(service, group, outcome, turn)
    if outcome.missing > 0 and params.get("RetryStrategy") == "retry-with-group-configuration":
        machine.demand(service, group, group.desired + outcome.missing, WHAT, turn)
    machine.react(service, group, turn)
    answer: Params = {
        "AutoScalingGroupName": group.name,
        "ClientToken": token,
        "Instances": _together(launched),
        "Errors": outcome.errors,
    }
    group.calls[token] = (params, answer)
    for old in list(group.calls)[:-REMEMBERED]:
        del group.calls[old]
    return answer


def _repeated(group: Group, token: str, params: Params) -> Params:
    before, answer = group.calls[token]
    if before != params:
        raise Fault(
            "IdempotentParameterMismatch",
            f"The client token {token} was used before with other parameters.",
        )
    return answer


def _where(service: "AutoScaling", group: Group, params: Params) -> tuple[str, str]:
    """The zone and the subnet of a call. Raises Fault."""
    if "LaunchConfigurationName" in configuration_of(group):
        raise validation_error("LaunchInstances takes groups with a launch template only.")
    if "Launch" in group.suspended:
        raise validation_error("The Launch process of the group is suspended.")
    if params.get("AvailabilityZoneIds"):
        raise validation_error("AvailabilityZoneIds is not offered here: name AvailabilityZones.")
    named: list[str] = params.get("AvailabilityZones") or []
    subnets: list[str] = params.get("SubnetIds") or []
    found = [
        (zone, subnet)
        for zone, subnet in places_of(service, group)
        if (not named or zone in named) and (not subnets or subnet in subnets)
    ]
    if not found:
        raise validation_error("The zone or subnet is not one of the group's.")
    if len({zone for zone, _ in found}) > 1:
        raise validation_error("Name one of the group's Availability Zones or subnets.")
    return found[0]


def _purchase(group: Group, options: list[Option]) -> str:
    """The one purchase option of the group. Raises Fault where it mixes two."""
    if "MixedInstancesPolicy" not in configuration_of(group):
        return SPOT if options[0].spot else ON_DEMAND
    wanted = distribution(group)
    percent = wanted["OnDemandPercentageAboveBaseCapacity"]
    if percent == 100:
        return ON_DEMAND
    if percent == 0 and wanted["OnDemandBaseCapacity"] == 0:
        return SPOT
    raise validation_error("LaunchInstances takes groups of On-Demand or of Spot Instances only.")


def _choose(
    service: "AutoScaling", group: Group, zone: str, subnet: str, requested: int, turn: Turn
) -> Outcome:
    """What to launch: of the group's types in their order, as many as can be had of each."""
    options = options_of(service, configuration_of(group))
    purchase = _purchase(group, options)
    plan: Plan = plan_of(service, group)
    found = Outcome(requested)
    for pool, option in ordered(service, group, plan, options, zone, purchase):
        wanted = min(-(-found.missing // pool.weight), MOST - len(found.chosen))
        granted, why = service.grantable(pool.instance_type, zone, purchase, wanted, turn.at)
        found.chosen += [Placement(pool, subnet, purchase, option)] * granted
        found.missing -= granted * pool.weight
        if why:
            found.errors.append(_error(service, group, pool, subnet, purchase, why))
        if found.missing <= 0 or len(found.chosen) == MOST:
            break
    return found


def _error(
    service: "AutoScaling", group: Group, pool: Pool, subnet: str, purchase: str, why: str
) -> Params:
    code, text = entering.refusal(service, group, pool.instance_type, pool.zone, why)
    place = {"SubnetId": subnet} if subnet else {}
    return {
        "InstanceType": pool.instance_type,
        "MarketType": MARKETS[purchase],
        "AvailabilityZone": pool.zone,
        **place,
        "ErrorCode": code,
        "ErrorMessage": text,
    }


def _launch(
    service: "AutoScaling", group: Group, outcome: Outcome, turn: Turn
) -> list[tuple[Placement, Instance]]:
    before = group.desired
    group.desired += sum(each.pool.weight for each in outcome.chosen)
    cause = causes.joined(
        causes.at(turn.at, f"{WHAT} {causes.changing(before, group.desired)}"),
        causes.started(turn.at, before, group.desired),
    )
    warm_up = group.warm_up or 0.0
    return [
        (each, entering.launch(service, group, each, cause, turn, warm_up=warm_up))
        for each in outcome.chosen
    ]


def _together(launched: list[tuple[Placement, Instance]]) -> list[Params]:
    """What was launched by type: all of a call are in one place, and bought alike."""
    found: dict[str, Params] = {}
    for placement, instance in launched:
        one = found.setdefault(
            instance.instance_type,
            {
                "InstanceType": instance.instance_type,
                "MarketType": MARKETS[placement.purchase],
                "AvailabilityZone": instance.zone,
                **({"SubnetId": instance.subnet} if instance.subnet else {}),
                "InstanceIds": [],
            },
        )
        one["InstanceIds"].append(instance.id)
    return list(found.values())
