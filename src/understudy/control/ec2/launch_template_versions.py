"""Versions of launch templates: create, describe, delete.

AWS: API_CreateLaunchTemplateVersion, API_DescribeLaunchTemplateVersions and
API_DeleteLaunchTemplateVersions of Amazon EC2.
"""

from understudy.base.fault import Fault
from understudy.control.ec2.launch_templates import CREATOR, identity, paged, refuse_dry_run
from understudy.control.ec2.service import DEFAULT, LATEST, Ec2, version_of
from understudy.control.ec2.state import LaunchTemplate, TemplateVersion
from understudy.control.events import Params
from understudy.control.turn import Turn


def create_launch_template_version(service: Ec2, params: Params, turn: Turn) -> Params:
    """CreateLaunchTemplateVersion: what a version, the source, says stays unless it is given."""
    refuse_dry_run(params)
    template = service.template(identity(params))
    source = params.get("SourceVersion")
    base = version_of(template, source).data if source else {}
    template.latest += 1
    version = TemplateVersion(
        template.latest,
        base | params["LaunchTemplateData"],
        turn.at,
        params.get("VersionDescription", ""),
    )
    template.versions[version.number] = version
    return {"LaunchTemplateVersion": _shown(template, version)}


def _shown(template: LaunchTemplate, version: TemplateVersion) -> Params:
    found: Params = {
        "LaunchTemplateId": template.id,
        "LaunchTemplateName": template.name,
        "VersionNumber": version.number,
        "CreateTime": version.created_at,
        "CreatedBy": CREATOR,
        "DefaultVersion": version.number == template.default,
        "LaunchTemplateData": version.data,
    }
    return found | ({"VersionDescription": version.description} if version.description else {})


def describe_launch_template_versions(service: Ec2, params: Params, turn: Turn) -> Params:
    """DescribeLaunchTemplateVersions: of one template, or the named versions of all."""
    del turn
    refuse_dry_run(params)
    wanted: list[str] = params.get("Versions") or []
    named = identity(params)
    if not named and not (wanted and {LATEST, DEFAULT}.issuperset(wanted)):
        raise Fault(
            "MissingParameter",
            "Either the launch template ID, the launch template name, or the versions $Latest or "
            "$Default must be specified.",
        )
    templates = [service.template(named)] if named else service.state.templates.values()
    found = [
        _shown(template, version)
        for template in templates
        for version in _versions(template, wanted, params)
    ]
    return paged("LaunchTemplateVersions", found, params)


def _versions(template: LaunchTemplate, wanted: list[str], params: Params) -> list[TemplateVersion]:
    """The versions that a request asks for, newest first."""
    if wanted:
        return [version_of(template, each) for each in wanted]
    low = int(params.get("MinVersion") or 1)
    high = int(params.get("MaxVersion") or template.latest)
    numbers = sorted(template.versions, reverse=True)
    return [template.versions[number] for number in numbers if low <= number <= high]


def delete_launch_template_versions(service: Ec2, params: Params, turn: Turn) -> Params:
    """DeleteLaunchTemplateVersions: the default version stays, and what is not there is told."""
    del turn
    refuse_dry_run(params)
    template = service.template(identity(params))
    deleted: list[Params] = []
    refused: list[Params] = []
    for wanted in params["Versions"]:
        number = int(wanted) if wanted.isdecimal() else 0
        about: Params = {
            "LaunchTemplateId": template.id,
            "LaunchTemplateName": template.name,
            "VersionNumber": number,
        }
        problem = _problem(template, number)
        if problem:
            code, message = problem
            refused.append({**about, "ResponseError": {"Code": code, "Message": message}})
        else:
            del template.versions[number]
            deleted.append(about)
    return {
        "SuccessfullyDeletedLaunchTemplateVersions": deleted,
        "UnsuccessfullyDeletedLaunchTemplateVersions": refused,
    }


def _problem(template: LaunchTemplate, number: int) -> tuple[str, str] | None:
    """Why a version cannot be deleted: an error code and a text."""
    if number not in template.versions:
        text = f"The specified launch template version {number} does not exist."
        return "launchTemplateVersionDoesNotExist", text
    if number == template.default:
        return "unexpectedError", "Cannot delete the default launch template version."
    return None
