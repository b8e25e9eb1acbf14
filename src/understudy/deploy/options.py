"""The options of a call that brings a stack somewhere, beside its template. Refused as AWS does."""

from fnmatch import fnmatchcase
from typing import Any

from msgspec.structs import replace

from understudy.base.arn import ACCOUNT, PARTITION
from understudy.base.fault import Fault, validation_error
from understudy.cloudformation.template import Template
from understudy.control.events import Params
from understudy.deploy import monitoring
from understudy.deploy.location import text_at
from understudy.deploy.permissions import policies_of
from understudy.deploy.policy import checked
from understudy.deploy.stack import Target
from understudy.deploy.trust import trusted, trusts_us


def target_options(params: Params, previous: Target | None) -> dict[str, Any]:
    """The options of a `Target` that a call gives; what it leaves out stays as it was.

    Raises ValidationError.
    """
    before = previous or Target("")
    tags = {each["Key"]: each["Value"] for each in params["Tags"]} if "Tags" in params else None
    rollback = params.get("RollbackConfiguration")
    given = rollback is not None
    role = params.get("RoleARN") or before.role_arn
    if role and not trusts_us(params, role):
        raise _not_assumable(role)
    return {
        "tags": before.tags if tags is None else tags,
        "capabilities": tuple(params.get("Capabilities", ())),
        "role_arn": role,
        "role_policies": policies_of(params, role) if role else (),
        "notification_arns": tuple(params.get("NotificationARNs", before.notification_arns)),
        "triggers": monitoring.configured(params) if given else before.triggers,
        "monitoring_minutes": (
            rollback.get("MonitoringTimeInMinutes") if given else before.monitoring_minutes
        ),
        "express": params.get("DeploymentConfig", {}).get("Mode") == "EXPRESS",
    }


def disables_rollback(params: Params) -> bool:
    """Whether a call asks that what succeeds is kept though something fails."""
    return bool(
        params.get("DisableRollback") or params.get("DeploymentConfig", {}).get("DisableRollback")
    )


def with_express(target: Target, *, express: bool) -> Target:
    """The same target, deployed in EXPRESS mode or not."""
    return target if target.express == express else replace(target, express=express)


def policy_of(params: Params, name: str = "StackPolicy") -> str:
    """The stack policy that a call brings as text or by URL. Raises ValidationError."""
    if f"{name}URL" in params:
        if f"{name}Body" in params:
            raise validation_error(f"You cannot specify both {name}URL and {name}Body")
        return checked(text_at(params[f"{name}URL"], params))
    return checked(params.get(f"{name}Body"))


def check_types(template: Template, params: Params) -> None:
    """Refuse resources of types that the caller does not allow. Recorded."""
    allowed: list[str] = params.get("ResourceTypes", [])
    if not allowed:
        return
    for resource in template.resources.values():
        if not any(fnmatchcase(resource.type, pattern) for pattern in allowed):
            raise validation_error(
                f"Resource type {resource.type} is not allowed by parameter ResourceTypes "
                f"[{', '.join(allowed)}]"
            )


def check_output_role(params: Params, arn: str, executor: str) -> None:
    """Refuse a role of Fn::GetStackOutput that the stack's own role cannot assume.

    ``executor`` is the ARN of that role; without one it is the caller, who is of the account.
    AWS: Fn::GetStackOutput, RoleArn.
    """
    own = {"*", ACCOUNT, f"arn:{PARTITION}:iam::{ACCOUNT}:root", executor}
    if own.isdisjoint(trusted(params, arn, "AWS")):
        raise _not_assumable(arn)


def _not_assumable(arn: str) -> Fault:
    return validation_error(f"Role {arn} is invalid or cannot be assumed")


def tag_list(tags: dict[str, str]) -> list[Params]:
    """Tags as AWS shows them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
