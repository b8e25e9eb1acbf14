"""AWS Identity and Access Management: who may do what. Nothing here enforces it."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.explain import code_of
from understudy.deploy.handler import Invoke, Steps
from understudy.deploy.history import json_text
from understudy.resources.kept.table import Call, Kept
from understudy.resources.kept.values import Here, as_list, document, name, own, part, prop, stale


def _permissions(kind: str) -> Callable[[Here], Steps[None]]:
    """Bring the inline and managed policies of a principal to what they shall be."""

    def steps(here: Here) -> Steps[None]:
        yield from _permit(kind, here.id, here.before, here.properties)

    return steps


def _unpermit(kind: str) -> Callable[[Here], Steps[None]]:
    def steps(here: Here) -> Steps[None]:
        yield from _permit(kind, here.id, here.properties, {})

    return steps


def _permit(kind: str, principal: str, before: Any, after: Any) -> Steps[None]:
    whose = {f"{kind}Name": principal}
    old, new = _inline(before), _inline(after)
    for policy, text in new.items():
        if old.get(policy) != text:
            params = {**whose, "PolicyName": policy, "PolicyDocument": text}
            yield Invoke("iam", f"Put{kind}Policy", params)
    for policy in (each for each in old if each not in new):
        yield from _gone_is_fine(f"Delete{kind}Policy", {**whose, "PolicyName": policy})
    attached, wanted = before.get("ManagedPolicyArns", []), after.get("ManagedPolicyArns", [])
    for arn in (each for each in wanted if each not in attached):
        yield Invoke("iam", f"Attach{kind}Policy", {**whose, "PolicyArn": arn})
    for arn in (each for each in attached if each not in wanted):
        yield from _gone_is_fine(f"Detach{kind}Policy", {**whose, "PolicyArn": arn})


def _inline(properties: Any) -> dict[str, str]:
    policies: list[Params] = properties.get("Policies", [])
    return {each["PolicyName"]: json_text(each["PolicyDocument"]) for each in policies}


def _gone_is_fine(operation: str, params: Params) -> Steps[None]:
    try:
        yield Invoke("iam", operation, params)
    except Fault as fault:
        if code_of(fault) != "NotFound":
            raise


# Membership


def _join_groups(here: Here) -> Steps[None]:
    old, new = here.before.get("Groups", []), here.properties.get("Groups", [])
    for group in (each for each in new if each not in old):
        yield Invoke("iam", "AddUserToGroup", {"UserName": here.id, "GroupName": group})
    for group in (each for each in old if each not in new):
        params = {"UserName": here.id, "GroupName": group}
        yield from _gone_is_fine("RemoveUserFromGroup", params)


def _leave_groups(here: Here) -> Steps[None]:
    for group in here.properties.get("Groups", []):
        params = {"UserName": here.id, "GroupName": group}
        yield from _gone_is_fine("RemoveUserFromGroup", params)


def _add_users(here: Here) -> Steps[None]:
    group, old = here.properties["GroupName"], here.before.get("Users", [])
    for user in (each for each in here.properties["Users"] if each not in old):
        yield Invoke("iam", "AddUserToGroup", {"UserName": user, "GroupName": group})
    for user in (each for each in old if each not in here.properties["Users"]):
        params = {"UserName": user, "GroupName": group}
        yield from _gone_is_fine("RemoveUserFromGroup", params)


def _remove_users(here: Here) -> Steps[None]:
    for user in here.properties["Users"]:
        params = {"UserName": user, "GroupName": here.properties["GroupName"]}
        yield from _gone_is_fine("RemoveUserFromGroup", params)


def _hold_roles(here: Here) -> Steps[None]:
    old, new = here.before.get("Roles", []), here.properties.get("Roles", [])
    for role in (each for each in old if each not in new):
        params = {"InstanceProfileName": here.id, "RoleName": role}
        yield from _gone_is_fine("RemoveRoleFromInstanceProfile", params)
    for role in (each for each in new if each not in old):
        params = {"InstanceProfileName": here.id, "RoleName": role}
        yield Invoke("iam", "AddRoleToInstanceProfile", params)


def _drop_roles(here: Here) -> Steps[None]:
    for role in here.properties.get("Roles", []):
        params = {"InstanceProfileName": here.id, "RoleName": role}
        yield from _gone_is_fine("RemoveRoleFromInstanceProfile", params)


def _set_password(here: Here) -> Steps[None]:
    profile = here.properties.get("LoginProfile")
    if profile and here.before.get("LoginProfile") != profile:
        had = "LoginProfile" in here.before
        operation = "UpdateLoginProfile" if had else "CreateLoginProfile"
        yield Invoke("iam", operation, {"UserName": here.id, **profile})


def _delete_password(here: Here) -> Steps[None]:
    if "LoginProfile" in here.properties:
        yield from _gone_is_fine("DeleteLoginProfile", {"UserName": here.id})


def _readable(record: Params) -> Params:
    """A record with its documents, which IAM gives percent-encoded, as values."""

    def decoded(value: Any) -> Any:
        return json.loads(unquote(value)) if isinstance(value, str) else value

    documents = ("AssumeRolePolicyDocument", "PolicyDocument")
    return {k: decoded(v) if k in documents else v for k, v in record.items()}


_TAGS = as_list()


def _tagging(kind: str, key: str) -> tuple[Call, Call]:
    """The calls that bring the tags of a principal up to date."""
    return (
        Call(f"Tag{kind}", when="Tags", needs="Tags", Tags=_TAGS).having({key: own}),
        Call(f"Untag{kind}", when="Tags", needs="TagKeys", TagKeys=stale).having({key: own}),
    )


USER = Kept(
    "AWS::IAM::User",
    "iam",
    create=Call(
        "CreateUser", "Path PermissionsBoundary", UserName=name("UserName", 64), Tags=_TAGS
    ),
    id="User.UserName",
    made="User",
    then=(_permissions("User"), _join_groups, _set_password),
    update=_tagging("User", "UserName"),
    read=Call("GetUser", UserName=own),
    record="User",
    attributes="Arn",
    live="Path UserName Tags",
    delete=(_unpermit("User"), _leave_groups, _delete_password, Call("DeleteUser", UserName=own)),
)

GROUP = Kept(
    "AWS::IAM::Group",
    "iam",
    create=Call("CreateGroup", "Path", GroupName=name("GroupName", 128)),
    id="Group.GroupName",
    made="Group",
    then=(_permissions("Group"),),
    read=Call("GetGroup", GroupName=own),
    record="Group",
    attributes="Arn",
    live="Path GroupName",
    delete=(_unpermit("Group"), Call("DeleteGroup", GroupName=own)),
)

INSTANCE_PROFILE = Kept(
    "AWS::IAM::InstanceProfile",
    "iam",
    create=Call(
        "CreateInstanceProfile", "Path", InstanceProfileName=name("InstanceProfileName", 128)
    ),
    id="InstanceProfile.InstanceProfileName",
    then=(_hold_roles,),
    read=Call("GetInstanceProfile", InstanceProfileName=own),
    record="InstanceProfile",
    translate=lambda record: {**record, "Roles": [each["RoleName"] for each in record["Roles"]]},
    attributes="Arn",
    live="Path Roles InstanceProfileName",
    delete=(_drop_roles, Call("DeleteInstanceProfile", InstanceProfileName=own)),
)

ACCESS_KEY = Kept(
    "AWS::IAM::AccessKey",
    "iam",
    create=Call("CreateAccessKey", "UserName"),
    id="AccessKey.AccessKeyId",
    made="AccessKey",
    then=(Call("UpdateAccessKey", "UserName Status", when="Status", AccessKeyId=own),),
    attributes="SecretAccessKey Id>AccessKeyId",
    delete=(Call("DeleteAccessKey", "UserName", AccessKeyId=own),),
)

SERVICE_LINKED_ROLE = Kept(
    "AWS::IAM::ServiceLinkedRole",
    "iam",
    create=Call("CreateServiceLinkedRole", "AWSServiceName CustomSuffix Description"),
    id="Role.RoleName",
    made="Role",
    attributes="RoleName",
    read=Call("GetRole", RoleName=own),
    record="Role",
    delete=(Call("DeleteServiceLinkedRole", RoleName=own),),
)

USERS_IN_GROUP = Kept(
    "AWS::IAM::UserToGroupAddition",
    "iam",
    create=_add_users,
    id=lambda here: here.request.name(128),
    update=(_add_users,),
    delete=(_remove_users,),
)


def _inline_of(kind: str) -> Kept:
    """AWS::IAM::RolePolicy, UserPolicy and GroupPolicy: one inline policy of one principal."""
    put = Call(
        f"Put{kind}Policy",
        f"PolicyName {kind}Name",
        PolicyDocument=document("PolicyDocument"),
    )
    whose = {"PolicyName": part(0), f"{kind}Name": part(1)}
    return Kept(
        f"AWS::IAM::{kind}Policy",
        "iam",
        create=put,
        id=lambda here: f"{here.properties['PolicyName']}|{here.properties[f'{kind}Name']}",
        update=(put,),
        read=Call(f"Get{kind}Policy").having(whose),
        translate=_readable,
        live="PolicyDocument",
        delete=(Call(f"Delete{kind}Policy").having(whose),),
    )


OIDC_PROVIDER = Kept(
    "AWS::IAM::OIDCProvider",
    "iam",
    create=Call(
        "CreateOpenIDConnectProvider",
        "Url ClientIdList>ClientIDList",
        ThumbprintList=prop("ThumbprintList", []),
    ),
    id="OpenIDConnectProviderArn",
    read=Call("GetOpenIDConnectProvider", OpenIDConnectProviderArn=own),
    live="ClientIdList>ClientIDList ThumbprintList",
    update=(
        Call(
            "UpdateOpenIDConnectProviderThumbprint",
            "ThumbprintList",
            when="ThumbprintList",
            OpenIDConnectProviderArn=own,
        ),
    ),
    delete=(Call("DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=own),),
)

TYPES = (
    USER,
    GROUP,
    INSTANCE_PROFILE,
    ACCESS_KEY,
    SERVICE_LINKED_ROLE,
    USERS_IN_GROUP,
    _inline_of("Role"),
    _inline_of("User"),
    _inline_of("Group"),
    OIDC_PROVIDER,
)
