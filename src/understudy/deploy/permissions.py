"""What the role of a stack may do, as far as its own policies say.

AWS: CloudFormation service role; Policy evaluation logic. The policies are those that the role had
when the operation was called. An action is refused only where AWS's schema names it among those
that a handler of the type needs: then the role lacks it for certain. Which resources and conditions
a statement names is not looked at, but that a statement which denies counts only if it names all.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from understudy.base.arn import ACCOUNT, PARTITION, last_name
from understudy.cloudformation.schema import Schema
from understudy.cloudformation.value import is_list
from understudy.control.events import Params
from understudy.deploy.documents import document
from understudy.deploy.handler import Invoke
from understudy.deploy.outside import lookup
from understudy.deploy.stack import Statement, Target

_PREFIXES = {
    "elbv2": "elasticloadbalancing",
    "elb": "elasticloadbalancing",
    "stepfunctions": "states",
}
"""IAM's names of services that boto3 calls otherwise."""
DENIED = "AccessDenied"


def policies_of(params: Params, role_arn: str) -> tuple[Statement, ...]:
    """The statements of a role's inline and attached policies. Raises Missing, and Fault."""
    name = {"RoleName": last_name(role_arn)}
    found: list[Statement] = []
    for inline in lookup(params, Invoke("iam", "ListRolePolicies", name))["PolicyNames"]:
        answer = lookup(params, Invoke("iam", "GetRolePolicy", {**name, "PolicyName": inline}))
        found += _statements(document(answer["PolicyDocument"]))
    attached = lookup(params, Invoke("iam", "ListAttachedRolePolicies", name))
    for policy in attached["AttachedPolicies"]:
        arn = {"PolicyArn": policy["PolicyArn"]}
        version = lookup(params, Invoke("iam", "GetPolicy", arn))["Policy"]["DefaultVersionId"]
        answer = lookup(params, Invoke("iam", "GetPolicyVersion", {**arn, "VersionId": version}))
        found += _statements(document(answer["PolicyVersion"]["Document"]))
    return tuple(found)


def _statements(policy: Params) -> Iterator[Statement]:
    written = policy.get("Statement", [])
    for each in written if is_list(written) else [written]:
        allows = each.get("Effect") == "Allow"
        whole = each.get("Resource") in ("*", ["*"]) and "Condition" not in each
        if allows or whole:
            others = "NotAction" in each
            actions = each.get("NotAction" if others else "Action", [])
            patterns = tuple(actions if is_list(actions) else [actions])
            yield Statement(allows, patterns, others)


def refusal(target: Target, schema: Schema | None, invoke: Invoke) -> str:
    """Why a stack's role may not make a call for a resource, in AWS's words, or an empty text."""
    action = f"{_PREFIXES.get(invoke.service, invoke.service)}:{invoke.operation}"
    if schema is None or action.lower() not in schema.permissions:
        return ""
    found = [each.allows for each in target.role_policies if _covers(each, action)]
    if found and all(found):
        return ""
    why = (
        "with an explicit deny in an identity-based policy"
        if found
        else f"because no identity-based policy allows the {action} action"
    )
    role = last_name(target.role_arn)
    session = f"arn:{PARTITION}:sts::{ACCOUNT}:assumed-role/{role}/AWSCloudFormation"
    return f"User: {session} is not authorized to perform: {action} {why}"


def _covers(statement: Statement, action: str) -> bool:
    """Whether a statement is about an action, whose case counts for nothing."""
    found = any(fnmatchcase(action.lower(), each.lower()) for each in statement.patterns)
    return found != statement.others
