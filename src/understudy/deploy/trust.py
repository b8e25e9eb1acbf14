"""Whom the trust policy of a role lets assume it."""

from collections.abc import Iterator
from typing import Any

from understudy.base.arn import ACCOUNT, last_name
from understudy.base.fault import Fault
from understudy.cloudformation.value import is_list
from understudy.control.events import Params
from understudy.deploy.documents import document
from understudy.deploy.handler import Invoke
from understudy.deploy.outside import lookup

SERVICE = "cloudformation.amazonaws.com"
_ASSUMES = ("sts:AssumeRole", "sts:*", "*")


def trusts_us(params: Params, role: str) -> bool:
    """Whether a role is there and CloudFormation may assume it. Raises Missing."""
    return any(each in ("*", SERVICE) for each in trusted(params, role, "Service"))


def trusted(params: Params, role: str, kind: str) -> Iterator[str]:
    """The principals of a kind that may assume a role, by its name or ARN. Raises Missing.

    None where there is no such role: there is one account, and nobody of another trusts it.
    """
    if role.startswith("arn:") and f":{ACCOUNT}:" not in role:
        return
    try:
        found = lookup(params, Invoke("iam", "GetRole", {"RoleName": last_name(role)}))["Role"]
    except Fault:
        return
    trust = document(found.get("AssumeRolePolicyDocument", {}))
    for statement in _listed(trust.get("Statement", [])):
        allows = statement.get("Effect") == "Allow"
        if allows and any(each in _ASSUMES for each in _listed(statement.get("Action", []))):
            principal = statement.get("Principal", {})
            yield from ["*"] if principal == "*" else _listed(principal.get(kind, []))


def _listed(value: Any) -> list[Any]:
    return value if is_list(value) else [value]
