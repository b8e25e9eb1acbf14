"""What the instances of a group are launched as: image, user data, profile, tags."""

from typing import TYPE_CHECKING

from understudy.base.fault import Fault
from understudy.control.autoscaling.state import Group, Instance
from understudy.control.ec2.machines import decoded, private_address
from understudy.control.events import Params
from understudy.control.machine import Machine

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling


def machine_of(service: "AutoScaling", group: Group, instance: Instance) -> Machine:
    """An instance of a group as the world is told of it."""
    data = _launch_data(service, instance)
    profile = data.get("IamInstanceProfile", "")
    name = profile if isinstance(profile, str) else profile.get("Name") or profile.get("Arn", "")
    return Machine(
        instance.image_id,
        instance.launch_configuration or instance.launch_template.get("LaunchTemplateName", ""),
        group.name,
        instance.zone,
        private_address(instance.id),
        name.rpartition("/")[2],
        decoded(data.get("UserData", "")),
        {**_tags(data), **{key: value for key, (value, spread) in group.tags.items() if spread}},
        data.get("MetadataOptions", {}),
    )


def _launch_data(service: "AutoScaling", instance: Instance) -> Params:
    """What an instance was launched with, as far as it is still known."""
    configuration = service.state.configurations.get(instance.launch_configuration)
    if configuration is not None:
        return configuration.params
    named = {
        key: instance.launch_template[key]
        for key in ("LaunchTemplateId", "Version")
        if key in instance.launch_template
    }
    try:
        return service.templates.resolve(named).data if named else {}
    except Fault:  # The template, or its version, has been deleted since.
        return {}


def _tags(data: Params) -> dict[str, str]:
    return {
        tag["Key"]: tag["Value"]
        for specification in data.get("TagSpecifications", ())
        if specification.get("ResourceType") == "instance"
        for tag in specification.get("Tags", ())
    }
