"""AWS::IAM::Role, kept by moto."""

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.documents import document
from understudy.deploy.handler import Done, Handler, Identify, Invoke, Request, ResourceType, Steps
from understudy.deploy.history import json_text
from understudy.resources.tags import own_tags, retag

NAME_LIMIT = 64
SESSION = 3600
"""Seconds. AWS: a role's maximum session duration where none is given."""
_KEPT = ("Description", "MaxSessionDuration", "PermissionsBoundary", "Path")


def create(request: Request) -> Handler:
    """Create a role with its policies."""
    properties = request.properties
    name = properties.get("RoleName") or request.name(NAME_LIMIT)
    params: Params = {
        "RoleName": name,
        "AssumeRolePolicyDocument": json_text(properties["AssumeRolePolicyDocument"]),
        **{key: properties[key] for key in _KEPT if key in properties},
    }
    if tags := own_tags(request):
        params["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    created = yield Invoke("iam", "CreateRole", params)
    yield Identify(name)
    yield from _attach(name, {}, properties)
    return Done(name, _attributes(created["Role"]))


def update(request: Request) -> Handler:
    """Change a role's trust policy, permissions and settings in place."""
    role = {"RoleName": request.physical_id}
    before, after = request.previous, request.properties
    if before.get("AssumeRolePolicyDocument") != after["AssumeRolePolicyDocument"]:
        trust = json_text(after["AssumeRolePolicyDocument"])
        yield Invoke("iam", "UpdateAssumeRolePolicy", {**role, "PolicyDocument": trust})
    yield from _set(role, before, after)
    yield from _attach(request.physical_id, before, after)
    yield from retag(request, "iam", role, add="TagRole", remove="UntagRole")
    return Done(request.physical_id, request.attributes)


def _set(role: Params, before: Params, after: Params) -> Steps[None]:
    names = ("Description", "MaxSessionDuration")
    if any(before.get(name) != after.get(name) for name in names):
        description = after.get("Description", "")
        session = after.get("MaxSessionDuration", SESSION)
        params = {**role, "Description": description, "MaxSessionDuration": session}
        yield Invoke("iam", "UpdateRole", params)
    boundary = after.get("PermissionsBoundary")
    if boundary == before.get("PermissionsBoundary"):
        return
    if boundary is None:
        yield Invoke("iam", "DeleteRolePermissionsBoundary", role)
    else:
        params = {**role, "PermissionsBoundary": boundary}
        yield Invoke("iam", "PutRolePermissionsBoundary", params)


def _attach(name: str, before: Params, after: Params) -> Steps[None]:
    """Bring inline and managed policies from what they were to what they shall be."""
    role = {"RoleName": name}
    old = {each["PolicyName"]: each["PolicyDocument"] for each in before.get("Policies", [])}
    new = {each["PolicyName"]: each["PolicyDocument"] for each in after.get("Policies", [])}
    for policy, wish in new.items():
        if old.get(policy) != wish:
            text = json_text(wish)
            params = {**role, "PolicyName": policy, "PolicyDocument": text}
            yield Invoke("iam", "PutRolePolicy", params)
    for policy in (name for name in old if name not in new):
        yield Invoke("iam", "DeleteRolePolicy", {**role, "PolicyName": policy})
    attached = before.get("ManagedPolicyArns", [])
    wanted = after.get("ManagedPolicyArns", [])
    for arn in wanted:
        if arn not in attached:
            yield Invoke("iam", "AttachRolePolicy", {**role, "PolicyArn": arn})
    for arn in attached:
        if arn not in wanted:
            yield Invoke("iam", "DetachRolePolicy", {**role, "PolicyArn": arn})


def delete(request: Request) -> Handler:
    """Take everything off the role, then delete it; what is gone already counts as deleted."""
    name = request.physical_id
    try:
        yield from _attach(name, request.properties, {})
        yield Invoke("iam", "DeleteRole", {"RoleName": name})
    except Fault as fault:
        if fault.code != "NoSuchEntity":
            raise
    return Done(name)


def read(request: Request) -> Handler:
    """The live properties of a role."""
    role = {"RoleName": request.physical_id}
    answer = yield Invoke("iam", "GetRole", role)
    found: Params = answer["Role"]
    live: Params = {key: found[key] for key in _KEPT if key in found}
    if boundary := found.get("PermissionsBoundary"):
        live["PermissionsBoundary"] = boundary["PermissionsBoundaryArn"]
    attached = yield Invoke("iam", "ListAttachedRolePolicies", role)
    names = yield Invoke("iam", "ListRolePolicies", role)
    policies: list[Params] = []
    for name in names["PolicyNames"]:
        policy = yield Invoke("iam", "GetRolePolicy", {**role, "PolicyName": name})
        policies.append({"PolicyName": name, "PolicyDocument": document(policy["PolicyDocument"])})
    tags = yield Invoke("iam", "ListRoleTags", role)
    live |= {
        "RoleName": request.physical_id,
        "AssumeRolePolicyDocument": document(found["AssumeRolePolicyDocument"]),
        "ManagedPolicyArns": [each["PolicyArn"] for each in attached["AttachedPolicies"]],
        "Policies": policies,
        "Tags": tags["Tags"],
    }
    return Done(request.physical_id, _attributes(found), live)


def _attributes(role: Params) -> Params:
    return {"Arn": role["Arn"], "RoleId": role["RoleId"]}


ROLE = ResourceType("AWS::IAM::Role", "kept", create, delete, update, read)
