"""Launch configurations: create, describe, delete.

AWS: API_CreateLaunchConfiguration, API_DescribeLaunchConfigurations,
API_DeleteLaunchConfiguration.
"""

from typing import TYPE_CHECKING

from understudy.base.fault import Fault, validation_error
from understudy.control.autoscaling.requests import paged
from understudy.control.autoscaling.state import LaunchConfiguration
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling

MOST = 200


def create_launch_configuration(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """CreateLaunchConfiguration. It never changes afterwards."""
    name: str = params["LaunchConfigurationName"]
    known = service.state.configurations
    if name in known:
        raise Fault(
            "AlreadyExists",
            "Launch Configuration by this name already exists - A launch configuration already "
            f"exists with the name {name}",
        )
    if len(known) >= MOST:
        raise Fault("LimitExceeded", f"You have reached the limit of {MOST} launch configurations.")
    for member in ("ImageId", "InstanceType"):
        if member not in params:
            raise validation_error(
                "Valid requests must contain either the InstanceID parameter or both the ImageId "
                "and InstanceType parameters."
            )
    resource = f"launchConfiguration:{turn.ids.uuid()}:launchConfigurationName/{name}"
    arn = turn.arn("autoscaling", resource)
    kept = {member: value for member, value in params.items() if member != "InstanceId"}
    known[name] = LaunchConfiguration(name, arn, turn.at, kept)
    return {}


def describe_launch_configurations(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DescribeLaunchConfigurations: by names, sorted."""
    del turn
    names: list[str] = params.get("LaunchConfigurationNames") or []
    found = [
        _shown(configuration)
        for name, configuration in sorted(service.state.configurations.items())
        if not names or name in names
    ]
    return paged("LaunchConfigurations", found, params)


def _shown(configuration: LaunchConfiguration) -> Params:
    return {
        "KeyName": "",
        "SecurityGroups": [],
        "ClassicLinkVPCSecurityGroups": [],
        "UserData": "",
        "KernelId": "",
        "RamdiskId": "",
        "BlockDeviceMappings": [],
        "InstanceMonitoring": {"Enabled": True},
        "EbsOptimized": False,
        **configuration.params,
        "LaunchConfigurationARN": configuration.arn,
        "CreatedTime": configuration.created_at,
    }


def delete_launch_configuration(service: "AutoScaling", params: Params, turn: Turn) -> Params:
    """DeleteLaunchConfiguration: one that no group uses."""
    del turn
    name: str = params["LaunchConfigurationName"]
    if name not in service.state.configurations:
        raise validation_error(
            f"Launch configuration name not found - Launch configuration {name} not found"
        )
    for group in service.state.groups.values():
        if group.params.get("LaunchConfigurationName") == name:
            raise Fault(
                "ResourceInUse",
                f"Cannot delete launch configuration {name} because it is attached to "
                f"AutoScalingGroup {group.name}",
            )
    del service.state.configurations[name]
    return {}
