"""What AWS refuses in a group.

AWS: API_CreateAutoScalingGroup, API_UpdateAutoScalingGroup.
"""

from typing import TYPE_CHECKING

from understudy.base.fault import Fault, validation_error
from understudy.control.autoscaling.launching import options_of
from understudy.control.autoscaling.termination import POLICIES
from understudy.control.events import Params

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

SOURCES = ("LaunchConfigurationName", "LaunchTemplate", "MixedInstancesPolicy")
HEALTH_CHECKS = ("EC2", "ELB", "VPC_LATTICE", "EBS", "NONE")
DAY = 86400


def check_sizes(minimum: int, maximum: int, desired: int | None) -> None:
    """Refuse bounds that cross, and a desired capacity outside of them. Raises Fault."""
    if minimum < 0 or maximum < 0:
        raise validation_error("Min bound and max bound cannot be negative")
    if minimum > maximum:
        raise validation_error(
            f"Max bound, {maximum}, must be greater than or equal to min bound, {minimum}"
        )
    if desired is not None and not minimum <= desired <= maximum:
        raise validation_error(
            f"Desired capacity:{desired} must be between the specified min size:{minimum} and max "
            f"size:{maximum}"
        )


def check_source(service: "AutoScaling", params: Params, *, needed: bool) -> None:
    """Refuse a group without exactly one existing thing to launch from. Raises Fault."""
    given = [member for member in SOURCES if member in params]
    if len(given) > 1 or (needed and not given):
        raise validation_error(
            "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, "
            "InstanceId or MixedInstancesPolicy parameter."
        )
    if not given:
        return
    name = params.get("LaunchConfigurationName")
    if name is not None and name not in service.state.configurations:
        raise validation_error(
            f"Launch configuration name not found - A launch configuration with the name: {name} "
            "does not exist"
        )
    for specification in _specifications(params):
        named = {"LaunchTemplateId", "LaunchTemplateName"} & specification.keys()
        if len(named) != 1:
            raise validation_error(
                "Valid requests must contain either launchTemplateId or LaunchTemplateName"
            )
    _check_mixed(params.get("MixedInstancesPolicy", {}))
    try:
        options_of(service, params)
    except Fault as fault:
        raise validation_error(
            "You must use a valid fully-formed launch template. " + fault.message
        ) from fault


def _specifications(params: Params) -> list[Params]:
    found: list[Params] = [params["LaunchTemplate"]] if "LaunchTemplate" in params else []
    template: Params = params.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
    if "LaunchTemplateSpecification" in template:
        found.append(template["LaunchTemplateSpecification"])
    overrides: list[Params] = template.get("Overrides") or []
    found += [
        o["LaunchTemplateSpecification"] for o in overrides if "LaunchTemplateSpecification" in o
    ]
    return found


def _check_mixed(policy: Params) -> None:
    if not policy:
        return
    template: Params = policy.get("LaunchTemplate", {})
    if "LaunchTemplateSpecification" not in template:
        raise validation_error("LaunchTemplateSpecification must be specified in a mixed policy.")
    overrides: list[Params] = template.get("Overrides") or []
    if any("InstanceRequirements" in override for override in overrides):
        raise validation_error(
            "InstanceRequirements are not offered here: name instance types in the overrides."
        )
    weighted = ["WeightedCapacity" in override for override in overrides]
    if any(weighted) and not all(weighted):
        raise validation_error("You must specify weights for all instance types, or for none.")
    for override in overrides:
        weight = override.get("WeightedCapacity", "1")
        if not weight.isdecimal() or not 1 <= int(weight) <= 999:
            raise validation_error("WeightedCapacity must be a number between 1 and 999.")
    wanted: Params = policy.get("InstancesDistribution", {})
    percent = wanted.get("OnDemandPercentageAboveBaseCapacity", 100)
    if not 0 <= percent <= 100 or wanted.get("OnDemandBaseCapacity", 0) < 0:
        raise validation_error("The instances distribution is not valid.")


def check_rest(params: Params) -> None:
    """Refuse values that no group can have. Raises Fault."""
    kinds: str = params.get("HealthCheckType", "EC2")
    unknown = [kind for kind in kinds.split(",") if kind.strip() not in HEALTH_CHECKS]
    if unknown:
        raise validation_error(f"The health check type {unknown[0]} is not valid.")
    lifetime = params.get("MaxInstanceLifetime") or 0
    if lifetime and lifetime < DAY:
        raise validation_error(
            "Maximum instance lifetime must be equal to 0 or between 86400 and 31536000 seconds "
            "(inclusive)."
        )
    policies: list[str] = params.get("TerminationPolicies") or []
    for policy in policies:
        if policy not in POLICIES and not policy.startswith("arn:"):
            raise validation_error(f"The termination policy {policy} is not valid.")
    if any(policy.startswith("arn:") for policy in policies[1:]):
        raise validation_error("A Lambda function must be the first termination policy.")
    if "Default" in policies[:-1]:
        raise validation_error("The Default termination policy must be the last one.")
    if params.get("DesiredCapacityType", "units") != "units":
        raise validation_error("DesiredCapacityType is offered as units only.")
    _check_maintenance(params.get("InstanceMaintenancePolicy", {}))


def _check_maintenance(policy: Params) -> None:
    least, most = policy.get("MinHealthyPercentage", -1), policy.get("MaxHealthyPercentage", -1)
    if least < 0 and most < 0:
        return
    if not 0 <= least <= 100 or not 100 <= most <= 200 or most - least > 100:
        raise validation_error(
            "MinHealthyPercentage must be between 0 and 100, MaxHealthyPercentage between 100 and "
            "200, and they may not differ by more than 100."
        )


def check_place(params: Params) -> None:
    """Refuse a group that has nowhere to be. Raises Fault."""
    if not params.get("AvailabilityZones") and not params.get("VPCZoneIdentifier"):
        raise validation_error("At least one Availability Zone or VPC Subnet is required.")
