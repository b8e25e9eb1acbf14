"""AWS::EC2::CapacityReservation."""

from datetime import UTC, datetime
from typing import Any

from understudy.base.arn import arn
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.handler import Done, Handler, Invoke, Request, ResourceType
from understudy.resources.tags import tag_list, without

CREATED = (
    "AvailabilityZone",
    "EbsOptimized",
    "EndDateType",
    "EphemeralStorage",
    "InstanceCount",
    "InstanceMatchCriteria",
    "InstancePlatform",
    "InstanceType",
    "Tenancy",
)
MODIFIED = ("EndDateType", "InstanceCount", "InstanceMatchCriteria")
GONE = ("InvalidCapacityReservationId.NotFound", "InvalidCapacityReservationState")


def create(request: Request) -> Handler:
    """Reserve capacity in a zone."""
    specified: list[dict[str, Any]] = request.properties.get("TagSpecifications", [])
    own = [tag for each in specified for tag in each.get("Tags", [])]
    keys = {tag["Key"] for tag in own}
    tags = [*own, *(tag for tag in tag_list(request) if tag["Key"] not in keys)]
    params: Params = {
        **_chosen(request, CREATED),
        "ClientToken": request.generated,
        "TagSpecifications": [{"ResourceType": "capacity-reservation", "Tags": tags}],
    }
    answer = yield Invoke("ec2", "CreateCapacityReservation", params)
    return _done(answer["CapacityReservation"], request)


def _chosen(request: Request, names: tuple[str, ...]) -> Params:
    """The parameters of an operation; an end is told as a time."""
    properties = request.properties
    chosen = {name: properties[name] for name in names if name in properties}
    if properties.get("EndDate"):
        moment = datetime.fromisoformat(properties["EndDate"])
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        chosen["EndDate"] = aware.timestamp()
    return chosen


def _done(described: Params, request: Request) -> Done:
    name: str = described["CapacityReservationId"]
    attributes = {
        "Id": name,
        "CapacityReservationArn": arn("ec2", request.region, f"capacity-reservation/{name}"),
        **{
            each: described[each]
            for each in (
                "AvailabilityZone",
                "AvailableInstanceCount",
                "InstanceType",
                "OwnerId",
                "State",
                "Tenancy",
                "TotalInstanceCount",
            )
        },
    }
    live = {**without(described, "Tags"), "InstanceCount": described["TotalInstanceCount"]}
    return Done(name, attributes, live)


def update(request: Request) -> Handler:
    """Change how much is reserved, for whom and until when."""
    params = {"CapacityReservationId": request.physical_id, **_chosen(request, MODIFIED)}
    yield Invoke("ec2", "ModifyCapacityReservation", params)
    return (yield from read(request))


def read(request: Request) -> Handler:
    """The reservation as it is."""
    params = {"CapacityReservationIds": [request.physical_id]}
    answer = yield Invoke("ec2", "DescribeCapacityReservations", params)
    return _done(answer["CapacityReservations"][0], request)


def delete(request: Request) -> Handler:
    """Let the capacity go; what is gone already counts as deleted."""
    params = {"CapacityReservationId": request.physical_id}
    try:
        yield Invoke("ec2", "CancelCapacityReservation", params)
    except Fault as fault:
        if fault.code not in GONE:
            raise
    return Done(request.physical_id)


CAPACITY_RESERVATION = ResourceType(
    "AWS::EC2::CapacityReservation", "runs", create, delete, update, read
)
