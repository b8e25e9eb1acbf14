"""AWS::IAM::Role, kept by moto."""

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.handler import Done, Handler, Identify, Invoke, Request, ResourceType, Steps
from understudy.deploy.history import json_text
from understudy.resources.tags import tag_list

NAME_LIMIT = 64
_KEPT = ("Description", "MaxSessionDuration", "PermissionsBoundary", "Path")


def create(request: Request) -> Handler:
    """Create a role with its policies."""
    properties = request.properties
    name = properties.get("RoleName") or request.name(NAME_LIMIT)
    params: Params = {
        "RoleName": name,
        "AssumeRolePolicyDocument": json_text(properties["AssumeRolePolicyDocument"]),
        "Tags": [tag for tag in tag_list(request) if not tag["Key"].startswith("aws:")],
        **{key: properties[key] for key in _KEPT if key in properties},
    }
    created = yield Invoke("iam", "CreateRole", params)
    yield Identify(name)
    yield from _attach(name, {}, properties)
    role = created["Role"]
    return Done(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})


def update(request: Request) -> Handler:
    """Change a role's trust policy and permissions in place."""
    name, properties = request.physical_id, request.properties
    trust = json_text(properties["AssumeRolePolicyDocument"])
    yield Invoke("iam", "UpdateAssumeRolePolicy", {"RoleName": name, "PolicyDocument": trust})
    yield from _attach(name, request.previous, properties)
    return Done(name, request.attributes)


def _attach(name: str, before: Params, after: Params) -> Steps[None]:
    """Bring inline and managed policies from what they were to what they shall be."""
    role = {"RoleName": name}
    old = {each["PolicyName"]: each["PolicyDocument"] for each in before.get("Policies", [])}
    new = {each["PolicyName"]: each["PolicyDocument"] for each in after.get("Policies", [])}
    for policy, document in new.items():
        if old.get(policy) != document:
            text = json_text(document)
            params = {**role, "PolicyName": policy, "PolicyDocument": text}
            yield Invoke("iam", "PutRolePolicy", params)
    for policy in old.keys() - new.keys():
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
    """Take everything off the role, then delete it."""
    name = request.physical_id
    try:
        yield from _attach(name, request.properties, {})
        yield Invoke("iam", "DeleteRole", {"RoleName": name})
    except Fault as fault:
        if fault.code != "NoSuchEntity":
            raise
    return Done(name)


ROLE = ResourceType("AWS::IAM::Role", "kept", create, delete, update)
