"""From a call to an operation on a StackSet: its id, its targets, its preferences."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from understudy.base.fault import Fault, validation_error
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy.outside import FOUND
from understudy.deploy.stack_sets import running
from understudy.deploy.stack_sets.preferences import checked, region_order
from understudy.deploy.stack_sets.state import Definition, Result, Roles, SetOperation, StackSet

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}")
_ACCOUNT = re.compile(r"\d{12}")
Place = tuple[str, str]
"""An account and a region."""


class Latest(NamedTuple):
    """What a StackSet is, or will be when what is queued has begun."""

    definition: Definition
    roles: Roles


def begun(stack_set: StackSet, params: Params) -> str:
    """The id of the operation that this very call has begun before, or an empty text.

    Raises OperationIdAlreadyExistsException where another call has.
    """
    known = stack_set.operations.get(params.get("OperationId", ""))
    if known is None:
        return ""
    if known.request == _request(params):
        return known.id
    raise Fault(
        "OperationIdAlreadyExistsException",
        f"Operation {known.id} already exists",
        409,
    )


def _request(params: Params) -> Params:
    return {name: value for name, value in params.items() if name != FOUND}


def latest_of(stack_set: StackSet) -> Latest:
    """What the next operation on a StackSet starts from."""
    latest = Latest(stack_set.definition, stack_set.roles)
    for operation in stack_set.open_operations:
        latest = Latest(operation.definition or latest.definition, operation.roles or latest.roles)
    return latest


def targets(params: Params) -> list[Place]:
    """The accounts and regions of a call. Raises ValidationError."""
    wanted: Params = params.get("DeploymentTargets", {})
    if set(wanted) - {"Accounts", "AccountFilterType"}:
        raise validation_error(
            "OrganizationalUnitIds and AccountsUrl need SERVICE_MANAGED permissions; name Accounts"
        )
    if "Accounts" in params and "DeploymentTargets" in params:
        raise validation_error("Cannot specify both Accounts and DeploymentTargets")
    accounts: list[str] = params.get("Accounts", wanted.get("Accounts", []))
    regions: list[str] = params.get("Regions", [])
    if not accounts:
        raise validation_error("At least one account must be specified")
    if not regions:
        raise validation_error("At least one region must be specified")
    for name, pattern, kind in [
        *((each, _ACCOUNT, "account") for each in accounts),
        *((each, _REGION, "region") for each in regions),
    ]:
        if not pattern.fullmatch(name):
            raise validation_error(f"Invalid {kind}: {name}")
    return [(account, region) for region in regions for account in dict.fromkeys(accounts)]


def operation_of(
    stack_set: StackSet, verb: str, params: Params, places: Sequence[Place], turn: Turn
) -> SetOperation:
    """The operation that a call asks for. Raises OperationInProgressException, ValidationError."""
    if stack_set.open_operations and not stack_set.managed:
        raise running.in_progress(stack_set, turn)
    regions = list(dict.fromkeys(region for _, region in places))
    preferences = checked(params.get("OperationPreferences", {}), params.get("Regions"))
    order = region_order(preferences, regions)
    return SetOperation(
        params.get("OperationId") or turn.ids.uuid(),
        verb,
        turn.at,
        _request(params),
        preferences={**preferences, "RegionOrder": order} if order else preferences,
        retain=bool(params.get("RetainStacks")),
        results=[
            Result(*each) for each in sorted(dict.fromkeys(places), key=lambda p: order.index(p[1]))
        ],
    )
