"""AWS::SSM::Parameter, kept by moto."""

from understudy.base.arn import arn
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.handler import Done, Handler, Identify, Invoke, Request, ResourceType
from understudy.resources.tags import retag, tag_map, without


def create(request: Request) -> Handler:
    """Create a parameter.

    Recorded: one without a name of its own is called ``CFN-Parameter-gE4nEU6CQEj9``.
    """
    name = request.properties.get("Name") or f"CFN-{request.logical_id}-{request.generated}"
    tags = [{"Key": key, "Value": value} for key, value in tag_map(request).items()]
    yield Invoke("ssm", "PutParameter", {**_put(request, name), "Tags": tags})
    yield Identify(name)
    return Done(name, _attributes(request, name))


def update(request: Request) -> Handler:
    """Write a parameter anew."""
    name = request.physical_id
    if _put(request, name) != {**request.previous, "Name": name}:
        yield Invoke("ssm", "PutParameter", {**_put(request, name), "Overwrite": True})
    resource = {"ResourceType": "Parameter", "ResourceId": name}
    yield from retag(
        request,
        "ssm",
        resource,
        add="AddTagsToResource",
        remove="RemoveTagsFromResource",
        system=True,
    )
    return Done(name, _attributes(request, name))


def delete(request: Request) -> Handler:
    """Delete a parameter; one that is gone already counts as deleted."""
    try:
        yield Invoke("ssm", "DeleteParameter", {"Name": request.physical_id})
    except Fault as fault:
        if fault.code != "ParameterNotFound":
            raise
    return Done(request.physical_id)


def read(request: Request) -> Handler:
    """The live properties of a parameter; its tags as a map, as the template gives them."""
    name = request.physical_id
    answer = yield Invoke("ssm", "GetParameter", {"Name": name, "WithDecryption": True})
    found = answer["Parameter"]
    live = {key: found[key] for key in ("Name", "Type", "Value", "DataType") if key in found}
    resource = {"ResourceType": "Parameter", "ResourceId": name}
    tags = yield Invoke("ssm", "ListTagsForResource", resource)
    own = {each["Key"]: each["Value"] for each in tags["TagList"]}
    live["Tags"] = {key: value for key, value in own.items() if key not in request.tags}
    return Done(name, _attributes(request, name, found), live)


def _put(request: Request, name: str) -> Params:
    return {**without(request.properties, "Tags"), "Name": name}


def _attributes(request: Request, name: str, live: Params | None = None) -> Params:
    value = live or request.properties
    identity = arn("ssm", request.region, f"parameter/{name.removeprefix('/')}")
    return {"Arn": identity, "Type": value["Type"], "Value": value["Value"]}


PARAMETER = ResourceType("AWS::SSM::Parameter", "kept", create, delete, update, read)
