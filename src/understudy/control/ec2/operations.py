"""The operations of EC2 that the engine answers itself, under AWS's names."""

from collections.abc import Callable, Mapping

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
from understudy.control.ec2.service import Ec2
from understudy.control.events import Params
from understudy.control.turn import Turn

OPERATIONS: Mapping[str, Callable[[Ec2, Params, Turn], Params]] = {
    "CreateLaunchTemplate": create_launch_template,
    "CreateLaunchTemplateVersion": create_launch_template_version,
    "DeleteLaunchTemplate": delete_launch_template,
    "DeleteLaunchTemplateVersions": delete_launch_template_versions,
    "DescribeLaunchTemplateVersions": describe_launch_template_versions,
    "DescribeLaunchTemplates": describe_launch_templates,
    "ModifyLaunchTemplate": modify_launch_template,
}
