"""AWS::IAM::Policy and ManagedPolicy, kept by moto."""

from collections.abc import Iterator

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.documents import document
from understudy.deploy.handler import Done, Handler, Identify, Invoke, Request, ResourceType, Steps
from understudy.deploy.history import json_text

NAME_LIMIT = 128
VERSIONS = 5
"""AWS: IAM quotas, versions of a managed policy."""
_KINDS = {"Roles": "Role", "Users": "User", "Groups": "Group"}


def _holders(properties: Params) -> Iterator[tuple[str, str]]:
    """Who has the policy: pairs of ``Role``, ``User`` or ``Group`` and a name."""
    for members, kind in _KINDS.items():
        for name in properties.get(members, []):
            yield kind, name


def _gone(fault: Fault) -> bool:
    return fault.code == "NoSuchEntity"


# AWS::IAM::Policy


def create(request: Request) -> Handler:
    """Write an inline policy into whoever shall have it."""
    yield from _write(request, {})
    return Done(request.name(NAME_LIMIT), {"Id": request.name(NAME_LIMIT)})


def update(request: Request) -> Handler:
    """Write the policy anew, and take it from who shall have it no more."""
    yield from _write(request, request.previous)
    return Done(request.physical_id, request.attributes)


def delete(request: Request) -> Handler:
    """Take the policy from everybody."""
    for kind, name in _holders(request.properties):
        yield from _take(kind, name, request.properties["PolicyName"])
    return Done(request.physical_id)


def read(request: Request) -> Handler:
    """The live policy, as the first who has it has it."""
    live: Params = {"PolicyName": request.properties["PolicyName"]}
    for kind, name in _holders(request.properties):
        params = {f"{kind}Name": name, "PolicyName": live["PolicyName"]}
        found = yield Invoke("iam", f"Get{kind}Policy", params)
        live["PolicyDocument"] = document(found["PolicyDocument"])
        live.setdefault(f"{kind}s", []).append(name)
    return Done(request.physical_id, request.attributes, live)


def _write(request: Request, before: Params) -> Steps[None]:
    after = request.properties
    policy, document = after["PolicyName"], json_text(after["PolicyDocument"])
    renamed = before.get("PolicyName") != policy
    old: list[tuple[str, str]] = [] if renamed else list(_holders(before))
    same = before.get("PolicyDocument") == after["PolicyDocument"]
    for kind, name in _holders(after):
        if not same or (kind, name) not in old:
            params = {f"{kind}Name": name, "PolicyName": policy, "PolicyDocument": document}
            yield Invoke("iam", f"Put{kind}Policy", params)
    kept: list[tuple[str, str]] = [] if renamed else list(_holders(after))
    for kind, name in _holders(before):
        if (kind, name) not in kept:
            yield from _take(kind, name, before["PolicyName"])


def _take(kind: str, name: str, policy: str) -> Steps[None]:
    try:
        params = {f"{kind}Name": name, "PolicyName": policy}
        yield Invoke("iam", f"Delete{kind}Policy", params)
    except Fault as fault:
        if not _gone(fault):
            raise


POLICY = ResourceType("AWS::IAM::Policy", "kept", create, delete, update, read)


# AWS::IAM::ManagedPolicy


def create_managed(request: Request) -> Handler:
    """Create a managed policy and attach it."""
    properties = request.properties
    params = {
        "PolicyName": properties.get("ManagedPolicyName") or request.name(NAME_LIMIT),
        "PolicyDocument": json_text(properties["PolicyDocument"]),
        **{key: properties[key] for key in ("Path", "Description") if key in properties},
    }
    answer = yield Invoke("iam", "CreatePolicy", params)
    policy = answer["Policy"]
    yield Identify(policy["Arn"])
    yield from _attach(policy["Arn"], {}, properties)
    attributes = {"PolicyArn": policy["Arn"], "PolicyId": policy["PolicyId"]}
    return Done(policy["Arn"], {**attributes, "DefaultVersionId": policy["DefaultVersionId"]})


def update_managed(request: Request) -> Handler:
    """Make the new document the policy's default version, and attach as is wanted now."""
    policy = {"PolicyArn": request.physical_id}
    attributes = dict(request.attributes)
    document = request.properties["PolicyDocument"]
    if document != request.previous.get("PolicyDocument"):
        listed = yield Invoke("iam", "ListPolicyVersions", policy)
        old = [each["VersionId"] for each in listed["Versions"] if not each["IsDefaultVersion"]]
        if len(listed["Versions"]) >= VERSIONS:
            oldest = min(old, key=lambda version: int(version.removeprefix("v")))
            yield Invoke("iam", "DeletePolicyVersion", {**policy, "VersionId": oldest})
        params = {**policy, "PolicyDocument": json_text(document), "SetAsDefault": True}
        answer = yield Invoke("iam", "CreatePolicyVersion", params)
        attributes["DefaultVersionId"] = answer["PolicyVersion"]["VersionId"]
    yield from _attach(request.physical_id, request.previous, request.properties)
    return Done(request.physical_id, attributes)


def delete_managed(request: Request) -> Handler:
    """Detach the policy, then delete it with its versions."""
    policy = {"PolicyArn": request.physical_id}
    try:
        yield from _attach(request.physical_id, request.properties, {})
        listed = yield Invoke("iam", "ListPolicyVersions", policy)
        for each in listed["Versions"]:
            if not each["IsDefaultVersion"]:
                version = {**policy, "VersionId": each["VersionId"]}
                yield Invoke("iam", "DeletePolicyVersion", version)
        yield Invoke("iam", "DeletePolicy", policy)
    except Fault as fault:
        if not _gone(fault):
            raise
    return Done(request.physical_id)


def read_managed(request: Request) -> Handler:
    """The live properties of a managed policy."""
    policy = {"PolicyArn": request.physical_id}
    answer = yield Invoke("iam", "GetPolicy", policy)
    found = answer["Policy"]
    version = {**policy, "VersionId": found["DefaultVersionId"]}
    written = yield Invoke("iam", "GetPolicyVersion", version)
    holders = yield Invoke("iam", "ListEntitiesForPolicy", policy)
    live: Params = {
        "ManagedPolicyName": found["PolicyName"],
        "Path": found["Path"],
        "Description": found.get("Description"),
        "PolicyDocument": document(written["PolicyVersion"]["Document"]),
        **{
            members: [each[f"{kind}Name"] for each in holders.get(f"Policy{members}", [])]
            for members, kind in _KINDS.items()
        },
    }
    attributes = {"PolicyArn": found["Arn"], "PolicyId": found["PolicyId"]}
    return Done(request.physical_id, attributes, live)


def _attach(policy: str, before: Params, after: Params) -> Steps[None]:
    """Bring the policy from who had it to who shall have it."""
    old, new = list(_holders(before)), list(_holders(after))
    for kind, name in new:
        if (kind, name) not in old:
            params = {f"{kind}Name": name, "PolicyArn": policy}
            yield Invoke("iam", f"Attach{kind}Policy", params)
    for kind, name in old:
        if (kind, name) not in new:
            params = {f"{kind}Name": name, "PolicyArn": policy}
            try:
                yield Invoke("iam", f"Detach{kind}Policy", params)
            except Fault as fault:
                if not _gone(fault):
                    raise


MANAGED_POLICY = ResourceType(
    "AWS::IAM::ManagedPolicy", "kept", create_managed, delete_managed, update_managed, read_managed
)
