"""Whether a function's policy lets another service call it.

AWS: Using resource-based policies for Lambda; Granting function access to AWS services.
"""

from fnmatch import fnmatchcase

from understudy.base.arn import ACCOUNT
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.control.lambda_.state import Function

CALLER = "understudy:Caller"
"""The member of a call that says who calls: the Service's principal and the ARN of the Source."""
ACTION = "lambda:InvokeFunction"
BALANCING = "elasticloadbalancing.amazonaws.com"


def permit(function: Function, qualifier: str, caller: Params) -> None:
    """Let a service call a function, or one version or alias of it. Raises Fault."""
    if permits(function, qualifier, caller):
        return
    called = _called(function, qualifier)
    raise Fault(
        "AccessDeniedException",
        f"User: {caller['Service']} is not authorized to perform: {ACTION} on resource: {called} "
        f"because no resource-based policy allows the {ACTION} action",
        403,
    )


def permits(function: Function, qualifier: str, caller: Params) -> bool:
    """Whether a service may call a function, or one version or alias of it."""
    called = _called(function, qualifier)
    return any(_allows(each, called, caller) for each in function.statements.values())


def _called(function: Function, qualifier: str) -> str:
    return f"{function.arn}:{qualifier}" if qualifier else function.arn


def of_balancer(group: str) -> Params:
    """The caller that a load balancer is for a function in a target group."""
    return {"Service": BALANCING, "Source": group}


def _allows(statement: Params, called: str, caller: Params) -> bool:
    principal = statement["Principal"]
    known = principal == "*" or principal.get("Service") == caller["Service"]
    conditions: Params = statement.get("Condition", {})
    source = conditions.get("ArnLike", {}).get("AWS:SourceArn", "*")
    account = conditions.get("StringEquals", {}).get("AWS:SourceAccount", ACCOUNT)
    return (
        known
        and statement["Resource"] == called
        and fnmatchcase(ACTION.lower(), statement["Action"].lower())
        and fnmatchcase(caller["Source"], source)
        and account == ACCOUNT
    )
