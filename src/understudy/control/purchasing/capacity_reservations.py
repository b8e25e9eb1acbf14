"""On-Demand Capacity Reservations through the EC2 API.

Source: AWS, CreateCapacityReservation, ModifyCapacityReservation, CancelCapacityReservation,
DescribeCapacityReservations.
"""

from msgspec.structs import replace

from understudy.base.arn import ACCOUNT
from understudy.base.fault import Fault
from understudy.control.capacity.state import ON_DEMAND
from understudy.control.capacity.words import INSUFFICIENT
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.purchasing.service import OwnedReservation, Purchasing, state_of
from understudy.control.turn import Turn
from understudy.pricing.commitments import CapacityReservation

MOST = 1000
UNLIMITED, LIMITED = "unlimited", "limited"


def create(service: Purchasing, params: Params, turn: Turn) -> Params:
    """Reserve capacity in a zone from now on."""
    zone: str = params.get("AvailabilityZone", "")
    if not zone.startswith(turn.region):
        raise Fault("InvalidParameterValue", f"Invalid availability zone: [{zone}]")
    ends, end = _end(params, turn.at)
    count = _count(params["InstanceCount"])
    _require(service, params["InstanceType"], zone, count, turn)
    reservation = CapacityReservation(
        id=f"cr-{turn.ids.hex(17)}",
        instance_type=params["InstanceType"],
        region=turn.region,
        zone=zone,
        count=count,
        start=turn.at,
        end=end,
        open=params.get("InstanceMatchCriteria", "open") == "open",
        platform=params["InstancePlatform"],
        tenancy=params.get("Tenancy", "default"),
    )
    specified: list[Params] = params.get("TagSpecifications", [])
    tags = {tag["Key"]: tag["Value"] for each in specified for tag in each.get("Tags", [])}
    owned = OwnedReservation(reservation, ends, tags=tags)
    service.state.reservations[reservation.id] = owned
    return {"CapacityReservation": _described(service, owned, turn)}


def _count(count: int) -> int:
    if count < 1:
        raise Fault("InvalidParameterValue", f"Invalid value '{count}' for InstanceCount.")
    return count


def _require(service: Purchasing, kind: str, zone: str, more: int, turn: Turn) -> None:
    """Refuse what the pool does not have. Raises Fault."""
    room = service.room(kind, zone, ON_DEMAND, turn.at)
    if room is not None and more > room:
        raise INSUFFICIENT


def _end(params: Params, at: float) -> tuple[str, float | None]:
    """How a reservation ends: an end date comes with the type ``limited``, and with no other."""
    end: float | None = params.get("EndDate")
    ends: str = params.get("EndDateType", UNLIMITED if end is None else LIMITED)
    if (ends == LIMITED) != (end is not None):
        text = f"EndDateType '{ends}' and EndDate do not go together."
        raise Fault("InvalidParameterCombination", text)
    if end is not None and end <= at:
        raise Fault("InvalidParameterValue", "EndDate is in the past.")
    return ends, end


def _find(service: Purchasing, name: str) -> OwnedReservation:
    if name not in service.state.reservations:
        raise Fault(
            "InvalidCapacityReservationId.NotFound",
            f"The capacity reservation ID '{name}' does not exist",
        )
    return service.state.reservations[name]


def _active(service: Purchasing, name: str, at: float) -> OwnedReservation:
    owned = _find(service, name)
    state = state_of(owned, at)
    if state != "active":
        text = f"The capacity reservation '{name}' is {state}."
        raise Fault("InvalidCapacityReservationState", text)
    return owned


def modify(service: Purchasing, params: Params, turn: Turn) -> Params:
    """Change how much is reserved and until when."""
    owned = _active(service, params["CapacityReservationId"], turn.at)
    changed = owned.reservation
    if "EndDate" in params or "EndDateType" in params:
        owned.ends, end = _end(params, turn.at)
        changed = replace(changed, end=end)
    if "InstanceCount" in params:
        count = _count(params["InstanceCount"])
        _require(service, changed.instance_type, changed.zone, count - changed.count, turn)
        changed = replace(changed, count=count)
    if "InstanceMatchCriteria" in params:
        changed = replace(changed, open=params["InstanceMatchCriteria"] == "open")
    owned.reservation = changed
    return {"Return": True}


def cancel(service: Purchasing, params: Params, turn: Turn) -> Params:
    """Let the capacity go; it is billed up to now."""
    owned = _active(service, params["CapacityReservationId"], turn.at)
    owned.cancelled = turn.at
    owned.reservation = replace(owned.reservation, end=turn.at)
    return {"Return": True}


_FILTERS = {
    "instance-type": "InstanceType",
    "availability-zone": "AvailabilityZone",
    "state": "State",
    "instance-platform": "InstancePlatform",
    "tenancy": "Tenancy",
    "end-date-type": "EndDateType",
    "instance-match-criteria": "InstanceMatchCriteria",
}


def describe(service: Purchasing, params: Params, turn: Turn) -> Params:
    """The reservations of the account, those that are over among them."""
    ids: list[str] = params.get("CapacityReservationIds", [])
    chosen = [_find(service, name) for name in ids] or list(service.state.reservations.values())
    described = [_described(service, each, turn) for each in chosen]
    for wish in params.get("Filters", []):
        if wish["Name"] not in _FILTERS:
            raise Fault("InvalidParameterValue", f"The filter '{wish['Name']}' is invalid")
        key = _FILTERS[wish["Name"]]
        described = [each for each in described if each[key] in wish["Values"]]
    refused = Fault("InvalidParameterValue", "Value for parameter NextToken is invalid.")
    size = params.get("MaxResults") or MOST
    shown, token = page(described, params.get("NextToken"), size, refused)
    return {"CapacityReservations": shown, **({"NextToken": token} if token else {})}


def _described(service: Purchasing, owned: OwnedReservation, turn: Turn) -> Params:
    """A reservation, with how much of it is free."""
    each, state = owned.reservation, state_of(owned, turn.at)
    count = each.count if state == "active" else 0
    end = {} if each.end is None else {"EndDate": each.end}
    return {
        "CapacityReservationId": each.id,
        "OwnerId": ACCOUNT,
        "CapacityReservationArn": turn.arn("ec2", f"capacity-reservation/{each.id}"),
        "InstanceType": each.instance_type,
        "InstancePlatform": each.platform,
        "AvailabilityZone": each.zone,
        "Tenancy": each.tenancy,
        "TotalInstanceCount": count,
        "AvailableInstanceCount": max(count - service.used(each.id), 0),
        "EbsOptimized": False,
        "EphemeralStorage": False,
        "State": state,
        "StartDate": each.start,
        "CreateDate": each.start,
        "EndDateType": owned.ends,
        "InstanceMatchCriteria": "open" if each.open else "targeted",
        "ReservationType": "default",
        "Tags": [{"Key": key, "Value": value} for key, value in owned.tags.items()],
        **end,
    }
