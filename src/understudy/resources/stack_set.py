"""AWS::CloudFormation::StackSet: a StackSet and its stack instances, of a stack.

AWS: AWS::CloudFormation::StackSet.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.handler import (
    Await,
    Done,
    Handler,
    HandlerFailure,
    Identify,
    Invoke,
    Request,
    ResourceType,
    Steps,
)
from understudy.deploy.services import OWNER
from understudy.resources.looking_up import looked_up
from understudy.resources.tags import own_tags, without

Place = tuple[str, str]
_FAILED = "Stack set operation [{}] was unexpectedly stopped or failed. status reason(s): [{}]"
_APART = ("StackInstancesGroup", "OperationPreferences", "Tags", "TemplateBody", "TemplateURL")
_UPDATED = ("StackSetId", "StackSetName", "PermissionModel", *_APART)


def create(request: Request) -> Handler:
    """Create the StackSet, then the stack instances of each group."""
    wish = {**without(request.properties, *_APART), **_template(request), "Tags": _tags(request)}
    answer = yield Invoke(OWNER, "CreateStackSet", (yield from looked_up("CreateStackSet", wish)))
    identity: str = answer["StackSetId"]
    yield Identify(identity, {"StackSetId": identity})
    for group in _groups(request.properties):
        yield from _perform(request, identity, "CreateStackInstances", group)
    return Done(identity, {"StackSetId": identity})


def update(request: Request) -> Handler:
    """Delete the stack instances that are no longer wanted, update the set, and make the others."""
    identity = request.physical_id
    before, after = _places(request.previous), _places(request.properties)
    yield from _delete_all(request, identity, [each for each in before if each not in after])
    apart = ("StackInstancesGroup", "OperationPreferences")
    changed = without(request.properties, *apart) != without(request.previous, *apart)
    if changed or request.tags != request.old_tags:
        wish = {**without(request.properties, *_UPDATED), **_template(request)}
        yield from _perform(request, identity, "UpdateStackSet", {**wish, "Tags": _tags(request)})
    for group in _groups(request.properties):
        yield from _bring(request, identity, group, before)
    return Done(identity, {"StackSetId": identity})


def _bring(
    request: Request, identity: str, group: Params, before: Mapping[Place, object]
) -> Steps[None]:
    """Create the stack instances of a group that are new, and update those with other overrides."""
    overrides: list[Params] = group.get("ParameterOverrides", [])
    new = [each for each in _places_of(group) if each not in before]
    changed = [each for each in _places_of(group) if before.get(each, overrides) != overrides]
    for operation, places in (("CreateStackInstances", new), ("UpdateStackInstances", changed)):
        for accounts, regions in _rectangles(places):
            wish = {"DeploymentTargets": {"Accounts": accounts}, "Regions": regions}
            given = {**wish, "ParameterOverrides": overrides}
            yield from _perform(request, identity, operation, given)


def delete(request: Request) -> Handler:
    """Delete the stack instances with their stacks, then the StackSet."""
    identity = request.physical_id
    try:
        answer = yield Invoke(OWNER, "ListStackInstances", {"StackSetName": identity})
    except Fault as fault:
        if fault.code == "StackSetNotFoundException":
            return Done(identity)
        raise
    places = [(each["Account"], each["Region"]) for each in answer["Summaries"]]
    yield from _delete_all(request, identity, places)
    yield Invoke(OWNER, "DeleteStackSet", {"StackSetName": identity})
    return Done(identity)


def read(request: Request) -> Handler:
    """The StackSet as it is. Which stack instances it has is not told."""
    answer = yield Invoke(OWNER, "DescribeStackSet", {"StackSetName": request.physical_id})
    found: Params = answer["StackSet"]
    names = ("StackSetName", "Description", "PermissionModel", "Capabilities", "ManagedExecution")
    roles = ("AdministrationRoleARN", "ExecutionRoleName", "Parameters")
    live = {name: found[name] for name in (*names, *roles) if name in request.properties}
    return Done(request.physical_id, {"StackSetId": found["StackSetId"]}, live)


def _perform(request: Request, identity: str, operation: str, wish: Params) -> Steps[None]:
    """Begin an operation on the set and wait until it has worked."""
    preferences: Params = dict(request.properties.get("OperationPreferences", {}))
    if "Regions" in wish:
        order = [each for each in preferences.pop("RegionOrder", []) if each in wish["Regions"]]
        preferences |= {"RegionOrder": order} if len(order) == len(wish["Regions"]) else {}
    call = {**wish, "StackSetName": identity, "OperationPreferences": preferences}
    answer = yield Invoke(OWNER, operation, (yield from looked_up(operation, call)))
    known = {"StackSetName": identity, "OperationId": answer["OperationId"]}
    while True:
        found = yield Invoke(OWNER, "DescribeStackSetOperation", known)
        status: str = found["StackSetOperation"]["Status"]
        if status == "SUCCEEDED":
            return
        if status in ("FAILED", "STOPPED"):
            results = yield Invoke(OWNER, "ListStackSetOperationResults", known)
            reasons = _reasons(results["Summaries"])
            raise HandlerFailure(_FAILED.format(known["OperationId"], reasons), "NotStabilized")
        yield Await(f"operation/{known['OperationId']}")


def _reasons(results: Sequence[Params]) -> str:
    failed = [each["StatusReason"] for each in results if each["Status"] == "FAILED"]
    return ", ".join(dict.fromkeys(failed)) or "No reason for failure"


def _delete_all(request: Request, identity: str, places: Iterable[Place]) -> Steps[None]:
    for accounts, regions in _rectangles(places):
        wish: Params = {"DeploymentTargets": {"Accounts": accounts}, "Regions": regions}
        wish["RetainStacks"] = False
        yield from _perform(request, identity, "DeleteStackInstances", wish)


def _rectangles(places: Iterable[Place]) -> list[tuple[list[str], list[str]]]:
    """Places as accounts and regions: one operation for all accounts that are in the same ones.

    >>> _rectangles([("1", "a"), ("1", "b"), ("2", "a"), ("2", "b"), ("3", "a")])
    [(['1', '2'], ['a', 'b']), (['3'], ['a'])]
    """
    regions: dict[str, list[str]] = {}
    for account, region in places:
        regions.setdefault(account, []).append(region)
    accounts: dict[tuple[str, ...], list[str]] = {}
    for account, names in regions.items():
        accounts.setdefault(tuple(names), []).append(account)
    return [(members, list(names)) for names, members in accounts.items()]


def _groups(properties: Params) -> list[Params]:
    return properties.get("StackInstancesGroup", [])


def _places_of(group: Params) -> list[Place]:
    accounts: list[str] = group["DeploymentTargets"].get("Accounts", [])
    return [(account, region) for account in accounts for region in group["Regions"]]


def _places(properties: Params) -> dict[Place, list[Params]]:
    """The overrides of every stack instance that a template wants."""
    return {
        place: group.get("ParameterOverrides", [])
        for group in _groups(properties)
        for place in _places_of(group)
    }


def _template(request: Request) -> dict[str, Any]:
    names = ("TemplateBody", "TemplateURL")
    return {name: request.properties[name] for name in names if name in request.properties}


def _tags(request: Request) -> list[Params]:
    return [{"Key": key, "Value": value} for key, value in own_tags(request).items()]


STACK_SET = ResourceType("AWS::CloudFormation::StackSet", "runs", create, delete, update, read)
