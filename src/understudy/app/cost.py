"""What a run has cost so far and costs a month at this rate, by resource."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from msgspec import Struct

from understudy.app.client import Client
from understudy.app.deployment import message_of
from understudy.app.prices import book_of, today
from understudy.app.state_folder import last_words
from understudy.base.arn import DEFAULT_REGION, last_name
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.control.capacity.usage import Part, Used, bills, on_demand, parts
from understudy.pricing.application import PLAN_FEE, RI_FEE, USAGE, micro_dollars
from understudy.pricing.meter import SECONDS_PER_HOUR
from understudy.pricing.offer import SPOT
from understudy.pricing.rates import BookRates
from understudy.pricing.vintage import vintage
from understudy.pricing.ways import MONTH_HOURS


class ResourceCost(Struct, frozen=True):
    """What one resource costs before commitments, in US dollars; None where a price is missing.

    ``running`` says what runs now and ``hours`` what was used so far, by product.
    """

    stack: str
    resource: str
    service: str
    running: dict[str, float]
    hours: dict[str, float]
    so_far: Decimal | None
    monthly: Decimal | None
    missing: tuple[str, ...] = ()


class Moved(Struct, frozen=True):
    """A scaling activity that moved the cost. ``at`` is ISO 8601, world time."""

    at: str
    resource: str
    description: str
    cause: str
    status: str


class CostReport(Struct, frozen=True):
    """The cost of the resources of a stack, or of all.

    The account's bill counts commitments and all regions, ``elsewhere`` those that were used beside
    this one: ``billed`` is all of it, ``fees`` what is paid for commitments whatever runs,
    ``unused`` the part of the fees that nothing used.
    """

    at: str
    region: str
    resources: tuple[ResourceCost, ...]
    so_far: Decimal | None
    monthly: Decimal | None
    billed: Decimal | None
    fees: Decimal
    unused: Decimal
    activities: tuple[Moved, ...]
    prices: str
    sources: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """A resource of a stack by what the meter calls it."""

    stack: str
    logical_id: str


def running_client(state: Path, endpoint: str, region: str = DEFAULT_REGION) -> Client:
    """A client of the engine that was named, or that runs on a state folder.

    Raises InvalidInput where none does.
    """
    if endpoint:
        return Client(endpoint, region)
    ready = last_words(state)
    if ready is None:
        action = f"start one with: understudy up --state {state}"
        raise InvalidInput((Diagnostic(f"No engine runs on {state}.", action=action),))
    return Client(ready.endpoint, region)


def owners_of(client: Client, stack: str) -> dict[str, str]:
    """Logical ids of a stack's resources by the last part of their names. Raises InvalidInput."""
    from botocore.exceptions import ClientError

    try:
        found = client.cloudformation.describe_stack_resources(StackName=stack)
    except ClientError as error:
        raise InvalidInput((Diagnostic(message_of(error)),)) from error
    return {
        last_name(each["PhysicalResourceId"]): each["LogicalResourceId"]
        for each in found["StackResources"]
        if each.get("PhysicalResourceId")
    }


def cost_report(client: Client, stack: str, state: Path) -> CostReport:
    """The cost of a stack, or of everything without one. Raises InvalidInput."""
    used = client.used()
    rates = BookRates(book_of(state))
    names = _names(client, stack)
    found = [
        _cost(part, names.get(owner_of(part)), rates)
        for part in parts(used)
        if not stack or owner_of(part) in names
    ]
    everywhere = client.used_everywhere()
    billed, fees, unused = _billed(everywhere, rates)
    return CostReport(
        at=_iso(used.at),
        region=used.region,
        resources=tuple(found),
        so_far=_total(each.so_far for each in found),
        monthly=_total(each.monthly for each in found),
        billed=billed,
        fees=fees,
        unused=unused,
        activities=tuple(
            _activities(
                client, {owner_of(part) for part in parts(used)} if not stack else set(names)
            )
        ),
        prices=vintage(rates.used).said(today()),
        sources=vintage(rates.used).sources,
        elsewhere=tuple(
            sorted(each.region for each in everywhere if each.region != used.region and parts(each))
        ),
    )


def owner_of(part: Part) -> str:
    """What a stack calls the owner of a part: an endpoint, a group, a service, a balancer's id."""
    if part.service == "sagemaker":
        return part.owner.partition("/")[0]
    return last_name(part.owner)


def _names(client: Client, stack: str) -> dict[str, Named]:
    stacks = (
        [stack]
        if stack
        else [
            each["StackName"]
            for each in client.cloudformation.describe_stacks()["Stacks"]
            if each["StackStatus"] != "DELETE_COMPLETE"
        ]
    )
    return {
        name: Named(each, logical)
        for each in stacks
        for name, logical in owners_of(client, each).items()
    }


def _cost(part: Part, named: Named | None, rates: BookRates) -> ResourceCost:
    bill = on_demand(part.hours, rates)
    hours: dict[str, Fraction] = {}
    for usage in part.hours.values():
        for item, amount in usage.items():
            name = f"{item.product} on spot" if item.purchase == SPOT else item.product
            hours[name] = hours.get(name, Fraction(0)) + amount / SECONDS_PER_HOUR
    paid = [(rates.paid(item), units) for item, units in part.now.items()]
    monthly = sum((Fraction(rate) * units for rate, units in paid if rate is not None), Fraction(0))
    return ResourceCost(
        stack=named.stack if named else "",
        resource=named.logical_id if named else part.owner,
        service=part.service,
        running={item.product: float(units) for item, units in part.now.items()},
        hours={name: float(amount) for name, amount in hours.items()},
        so_far=bill.usd,
        monthly=micro_dollars(monthly * MONTH_HOURS)
        if all(r is not None for r, _ in paid)
        else None,
        missing=bill.missing,
    )


def _total(amounts: Any) -> Decimal | None:
    known = list(amounts)
    return None if None in known else sum(known, Decimal(0))


def _billed(
    everywhere: Iterable[Used], rates: BookRates
) -> tuple[Decimal | None, Decimal, Decimal]:
    """The account's bill in all regions, with commitments."""
    hours = bills(everywhere, rates).values()
    fees = sum(
        (hour.sum(lambda line: line.kind in (RI_FEE, PLAN_FEE)) for hour in hours), Fraction(0)
    )
    wasted = sum(
        (
            line.unused
            if line.kind == PLAN_FEE
            else line.unused * (line.amount or 0) / line.quantity
            for hour in hours
            for line in hour.lines
            if line.kind != USAGE and line.unused
        ),
        Fraction(0),
    )
    missing = any(hour.missing for hour in hours)
    total = None if missing else micro_dollars(sum((hour.total for hour in hours), Fraction(0)))
    return total, micro_dollars(fees), micro_dollars(wasted)


def _activities(client: Client, owners: set[str]) -> list[Moved]:
    """What scaled endpoints, services and groups, oldest first."""
    found: list[Moved] = []
    for namespace in ("sagemaker", "ecs"):
        api = client.service("application-autoscaling")
        pages = api.get_paginator("describe_scaling_activities")
        for page in pages.paginate(ServiceNamespace=namespace):
            for each in page["ScalingActivities"]:
                parts_ = each["ResourceId"].split("/")
                name = parts_[1] if namespace == "sagemaker" else parts_[-1]
                if name in owners:
                    found.append(_moved(each, each["ResourceId"]))
    pages = client.service("autoscaling").get_paginator("describe_scaling_activities")
    for page in pages.paginate():
        found += [
            _moved(each, each["AutoScalingGroupName"])
            for each in page["Activities"]
            if each["AutoScalingGroupName"] in owners
        ]
    return sorted(found, key=lambda each: each.at)


def _moved(activity: Mapping[str, Any], resource: str) -> Moved:
    began: datetime = activity["StartTime"]
    return Moved(
        began.strftime("%Y-%m-%dT%H:%M:%SZ"),
        resource,
        activity["Description"],
        activity["Cause"],
        activity["StatusCode"],
    )


def _iso(at: float) -> str:
    from understudy.deploy.history import iso

    return iso(at)
