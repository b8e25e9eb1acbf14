"""DescribeInstances and DescribeInstanceStatus, with the instances of groups among the others.

AWS: API_DescribeInstances, API_Instance, API_DescribeInstanceStatus.
"""

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase

from understudy.base.fault import Fault
from understudy.control.ec2.instance import Instance, state_of
from understudy.control.ec2.launch_templates import refuse_dry_run
from understudy.control.ec2.service import Ec2
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.turn import Turn

LARGEST_PAGE = 1000

Value = Callable[[Instance], str]
FILTERS: Mapping[str, Value] = {
    "availability-zone": lambda each: each.machine.zone,
    "image-id": lambda each: each.machine.image,
    "instance-id": lambda each: each.id,
    "instance-state-code": lambda each: str(state_of(each.state)["Code"]),
    "instance-state-name": lambda each: each.state,
    "instance-type": lambda each: each.instance_type,
    "private-ip-address": lambda each: each.machine.address,
    "reservation-id": lambda each: each.reservation,
    "subnet-id": lambda each: each.params.get("SubnetId", ""),
}


def describe_instances(service: Ec2, params: Params, turn: Turn) -> Params:
    """DescribeInstances: by id or filter, each reservation with its instances."""
    del turn
    refuse_dry_run(params)
    found = _selected(service, params)
    reservations: dict[str, list[Instance]] = {}
    for each in found:
        reservations.setdefault(each.reservation, []).append(each)
    size = min(int(params.get("MaxResults") or LARGEST_PAGE), LARGEST_PAGE)
    refused = Fault("InvalidParameterValue", "Unable to parse pagination token")
    shown, token = page(list(reservations.values()), params.get("NextToken"), size, refused)
    answer: Params = {"Reservations": [service.reservation(each) for each in shown]}
    return {**answer, "NextToken": token} if token else answer


def _selected(service: Ec2, params: Params) -> list[Instance]:
    wanted: list[str] = params.get("InstanceIds") or []
    every = service.everything()
    if wanted:
        service.refuse_unknown(wanted, every)
    filters: list[Params] = params.get("Filters") or []
    return [
        each
        for each in every.values()
        if (not wanted or each.id in wanted) and all(_meets(each, one) for one in filters)
    ]


def _meets(instance: Instance, criterion: Params) -> bool:
    """Whether an instance has one of a filter's values, which may have wildcards."""
    name: str = criterion["Name"]
    values: Sequence[str] = criterion.get("Values", ())
    if name.startswith("tag:"):
        own = instance.tags.get(name.removeprefix("tag:"))
        return own is not None and _any(own, values)
    if name == "tag-key":
        return any(_any(key, values) for key in instance.tags)
    if name not in FILTERS:
        raise Fault("InvalidParameterValue", f"The filter '{name}' is invalid")
    return _any(FILTERS[name](instance), values)


def _any(own: str, values: Sequence[str]) -> bool:
    return any(fnmatchcase(own, value) for value in values)


def describe_instance_status(service: Ec2, params: Params, turn: Turn) -> Params:
    """DescribeInstanceStatus: of those that run, or of all if that is asked for."""
    refuse_dry_run(params)
    found = _selected(service, params)
    every = bool(params.get("IncludeAllInstances"))
    size = min(int(params.get("MaxResults") or LARGEST_PAGE), LARGEST_PAGE)
    refused = Fault("InvalidParameterValue", "Unable to parse pagination token")
    chosen = [each for each in found if every or each.state == "running"]
    page_, token = page(chosen, params.get("NextToken"), size, refused)
    answer: Params = {"InstanceStatuses": [_status(each, turn.at) for each in page_]}
    return {**answer, "NextToken": token} if token else answer


def _status(instance: Instance, at: float) -> Params:
    summary = _checks(instance, at)
    return {
        "AvailabilityZone": instance.machine.zone,
        "InstanceId": instance.id,
        "InstanceState": state_of(instance.state),
        "InstanceStatus": summary,
        "SystemStatus": summary,
    }


INITIALIZING = 60.0
"""Seconds (our choice; AWS takes a few minutes) until the status checks of a new instance pass."""


def _checks(instance: Instance, at: float) -> Params:
    """The status checks: they pass as soon as there was time for them, while it runs."""
    if instance.state != "running":
        return {"Status": "not-applicable"}
    if at - instance.launched_at < INITIALIZING:
        return _summary("initializing", "initializing")
    return _summary("ok", "passed")


def _summary(status: str, detail: str) -> Params:
    return {"Status": status, "Details": [{"Name": "reachability", "Status": detail}]}
