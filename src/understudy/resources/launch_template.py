"""AWS::EC2::LaunchTemplate."""

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.handler import Done, Handler, Invoke, Request, ResourceType
from understudy.resources.forgiving import gone, remove

SERVICE = "ec2"
TYPE = "AWS::EC2::LaunchTemplate"
NAME_LIMIT = 128
_VERSION = ("LaunchTemplateData", "VersionDescription")


def create(request: Request) -> Handler:
    """Create a launch template with its first version."""
    wanted = request.properties
    name = wanted.get("LaunchTemplateName") or request.name(NAME_LIMIT)
    answer = yield Invoke(SERVICE, "CreateLaunchTemplate", {**wanted, "LaunchTemplateName": name})
    return _done(answer["LaunchTemplate"])


def update(request: Request) -> Handler:
    """Add a version. The default version stays what it was."""
    wanted = request.properties
    identity = {"LaunchTemplateId": request.physical_id}
    if any(wanted.get(each) != request.previous.get(each) for each in _VERSION):
        version = {each: wanted[each] for each in _VERSION if each in wanted}
        yield Invoke(SERVICE, "CreateLaunchTemplateVersion", {**version, **identity})
    answer = yield Invoke(
        SERVICE, "DescribeLaunchTemplates", {"LaunchTemplateIds": [request.physical_id]}
    )
    return _done(answer["LaunchTemplates"][0])


def delete(request: Request) -> Handler:
    """Delete a launch template with all its versions."""
    identity = {"LaunchTemplateId": request.physical_id}
    yield from remove(SERVICE, "DeleteLaunchTemplate", identity, _is_missing)
    return Done(request.physical_id)


def read(request: Request) -> Handler:
    """The live properties of a launch template."""
    try:
        answer = yield Invoke(
            SERVICE, "DescribeLaunchTemplates", {"LaunchTemplateIds": [request.physical_id]}
        )
    except Fault as fault:
        if _is_missing(fault):
            raise gone(TYPE, request.physical_id) from fault
        raise
    found = answer["LaunchTemplates"][0]
    done = _done(found)
    return Done(
        done.physical_id, done.attributes, {"LaunchTemplateName": found["LaunchTemplateName"]}
    )


def _done(template: Params) -> Done:
    attributes = {
        "LaunchTemplateId": template["LaunchTemplateId"],
        "DefaultVersionNumber": str(template["DefaultVersionNumber"]),
        "LatestVersionNumber": str(template["LatestVersionNumber"]),
    }
    return Done(template["LaunchTemplateId"], attributes)


def _is_missing(fault: Fault) -> bool:
    return "NotFound" in fault.code or "does not exist" in fault.message


LAUNCH_TEMPLATE = ResourceType(TYPE, "runs", create, delete, update, read)
