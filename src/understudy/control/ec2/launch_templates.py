"""Launch templates: create, describe, delete.

AWS: API_CreateLaunchTemplate, API_ModifyLaunchTemplate, API_DescribeLaunchTemplates and
API_DeleteLaunchTemplate of Amazon EC2.
"""

import re

from understudy.base.arn import ACCOUNT
from understudy.base.fault import Fault
from understudy.control.ec2.service import Ec2, version_of
from understudy.control.ec2.state import LaunchTemplate, TemplateVersion
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.turn import Turn

NAME = re.compile(r"[a-zA-Z0-9().\-/_]{3,128}")
LARGEST_PAGE = 200
CREATOR = f"arn:aws:iam::{ACCOUNT}:root"


def create_launch_template(service: Ec2, params: Params, turn: Turn) -> Params:
    """CreateLaunchTemplate: a template with its first version."""
    refuse_dry_run(params)
    name = params["LaunchTemplateName"]
    if not NAME.fullmatch(name):
        raise Fault(
            "InvalidLaunchTemplateName.MalformedException",
            f"The launch template name {name} contains invalid characters.",
        )
    if any(template.name == name for template in service.state.templates.values()):
        raise Fault(
            "InvalidLaunchTemplateName.AlreadyExistsException",
            "Launch template name already in use.",
        )
    data, description = params["LaunchTemplateData"], params.get("VersionDescription", "")
    template = LaunchTemplate(
        f"lt-{turn.ids.hex(17)}",
        name,
        turn.at,
        {1: TemplateVersion(1, data, turn.at, description)},
        tags=_tags(params),
    )
    service.state.templates[template.id] = template
    return {"LaunchTemplate": shown(template)}


def _tags(params: Params) -> dict[str, str]:
    return {
        tag["Key"]: tag.get("Value", "")
        for specification in params.get("TagSpecifications", ())
        if specification.get("ResourceType") == "launch-template"
        for tag in specification.get("Tags", ())
    }


def refuse_dry_run(params: Params) -> None:
    """Answer a dry run as EC2 does: with a fault that says that it would have been done."""
    if params.get("DryRun"):
        message = "Request would have succeeded, but DryRun flag is set."
        raise Fault("DryRunOperation", message, 412)


def shown(template: LaunchTemplate) -> Params:
    """A template as EC2 describes it."""
    found: Params = {
        "LaunchTemplateId": template.id,
        "LaunchTemplateName": template.name,
        "CreateTime": template.created_at,
        "CreatedBy": CREATOR,
        "DefaultVersionNumber": template.default,
        "LatestVersionNumber": template.latest,
    }
    if template.tags:
        found["Tags"] = [{"Key": key, "Value": value} for key, value in template.tags.items()]
    return found


def modify_launch_template(service: Ec2, params: Params, turn: Turn) -> Params:
    """ModifyLaunchTemplate: another default version."""
    del turn
    refuse_dry_run(params)
    template = service.template(identity(params))
    if params.get("DefaultVersion"):
        template.default = version_of(template, params["DefaultVersion"]).number
    return {"LaunchTemplate": shown(template)}


def identity(params: Params) -> Params:
    """The members of a request that name its template."""
    members = ("LaunchTemplateId", "LaunchTemplateName")
    return {member: params[member] for member in members if params.get(member)}


def describe_launch_templates(service: Ec2, params: Params, turn: Turn) -> Params:
    """DescribeLaunchTemplates: by ids, names and filters. Raises Fault for what is not there."""
    del turn
    refuse_dry_run(params)
    named = [{"LaunchTemplateId": each} for each in params.get("LaunchTemplateIds", ())]
    named += [{"LaunchTemplateName": each} for each in params.get("LaunchTemplateNames", ())]
    chosen = [service.template(each) for each in named]
    found = [
        template
        for template in (chosen if named else service.state.templates.values())
        if all(_matches(template, each) for each in params.get("Filters", ()))
    ]
    found.sort(key=lambda template: template.name)
    return paged("LaunchTemplates", [shown(template) for template in found], params)


def _matches(template: LaunchTemplate, condition: Params) -> bool:
    name, values = condition["Name"], condition.get("Values", ())
    if name.startswith("tag:"):
        return template.tags.get(name.removeprefix("tag:")) in values
    if name == "tag-key":
        return any(key in values for key in template.tags)
    if name == "launch-template-name":
        return template.name in values
    raise Fault("InvalidParameterValue", f"The filter '{name}' is invalid")


def paged(member: str, items: list[Params], params: Params) -> Params:
    """One page of an answer under a member's name."""
    refused = Fault("InvalidNextToken", "The specified token is not valid.")
    size = params.get("MaxResults") or LARGEST_PAGE
    shown_items, token = page(items, params.get("NextToken"), size, refused)
    return {member: shown_items} | ({"NextToken": token} if token else {})


def delete_launch_template(service: Ec2, params: Params, turn: Turn) -> Params:
    """DeleteLaunchTemplate: the template with all its versions."""
    del turn
    refuse_dry_run(params)
    template = service.template(identity(params))
    del service.state.templates[template.id]
    return {"LaunchTemplate": shown(template)}
