"""The operations of EC2 that the engine answers itself, under AWS's names."""

from collections.abc import Callable, Mapping

from understudy.control.ec2.describing import describe_instance_status, describe_instances
from understudy.control.ec2.instance_attributes import (
    create_tags,
    delete_tags,
    describe_instance_attribute,
    describe_tags,
    modify_instance_attribute,
    modify_instance_metadata_options,
)
from understudy.control.ec2.launch_template_versions import (
    create_launch_template_version,
    delete_launch_template_versions,
    describe_launch_template_versions,
)
from understudy.control.ec2.launch_templates import (
    create_launch_template,
    delete_launch_template,
    describe_launch_templates,
    modify_launch_template,
)
from understudy.control.ec2.running import (
    reboot_instances,
    run_instances,
    start_instances,
    stop_instances,
    terminate_instances,
)
from understudy.control.ec2.service import Ec2
from understudy.control.events import Params
from understudy.control.turn import Turn


def are_ours(operation: str, params: Params) -> bool:
    """Whether an operation is about instances, and not about what is kept elsewhere.

    Resources of any kind are given tags by the same operations; tags are looked up elsewhere where
    a filter asks for those of other resources alone.

    >>> are_ours("CreateTags", {"Resources": ["i-0123456789abcdef0"]})
    True
    >>> are_ours("CreateTags", {"Resources": ["vpc-0123456789abcdef0"]})
    False
    >>> are_ours("DescribeTags", {"Filters": [{"Name": "resource-type", "Values": ["vpc"]}]})
    False
    """
    if operation in ("CreateTags", "DeleteTags"):
        return any(each.startswith("i-") for each in params.get("Resources", ()))
    if operation == "DescribeTags":
        wanted = {each.get("Name"): each.get("Values", []) for each in params.get("Filters", ())}
        ids, kinds = wanted.get("resource-id", ["i-"]), wanted.get("resource-type", ["instance"])
        return "instance" in kinds and any(each.startswith("i-") for each in ids)
    return True


OPERATIONS: Mapping[str, Callable[[Ec2, Params, Turn], Params]] = {
    "CreateLaunchTemplate": create_launch_template,
    "CreateLaunchTemplateVersion": create_launch_template_version,
    "CreateTags": create_tags,
    "DeleteLaunchTemplate": delete_launch_template,
    "DeleteLaunchTemplateVersions": delete_launch_template_versions,
    "DeleteTags": delete_tags,
    "DescribeInstanceAttribute": describe_instance_attribute,
    "DescribeInstanceStatus": describe_instance_status,
    "DescribeInstances": describe_instances,
    "DescribeLaunchTemplateVersions": describe_launch_template_versions,
    "DescribeLaunchTemplates": describe_launch_templates,
    "DescribeTags": describe_tags,
    "ModifyInstanceAttribute": modify_instance_attribute,
    "ModifyInstanceMetadataOptions": modify_instance_metadata_options,
    "ModifyLaunchTemplate": modify_launch_template,
    "RebootInstances": reboot_instances,
    "RunInstances": run_instances,
    "StartInstances": start_instances,
    "StopInstances": stop_instances,
    "TerminateInstances": terminate_instances,
}
