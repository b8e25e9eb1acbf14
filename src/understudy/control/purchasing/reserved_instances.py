"""Reserved Instances through the EC2 API: what is offered, bought and owned.

Source: AWS, DescribeReservedInstancesOfferings, PurchaseReservedInstancesOffering,
DescribeReservedInstances. Offerings whose payment cannot be divided for want of a figure are not
shown.
"""

from collections.abc import Iterator

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.control.paging import page
from understudy.control.purchasing.service import Purchasing, number, offering_id
from understudy.control.turn import Turn
from understudy.pricing.commitments import ReservedInstance, reservable
from understudy.pricing.offer import RESERVED, YEAR_SECONDS, Offer

MOST = 1000


def describe_offerings(service: Purchasing, params: Params, turn: Turn) -> Params:
    """The offerings that fit a request, in pages."""
    found = [
        _offering(offer, zone)
        for offer, zone in _offers(service, turn.region, params.get("AvailabilityZone", ""))
    ]
    wanted = set(params.get("ReservedInstancesOfferingIds", []))
    fitting = [
        each
        for each in found
        if (not wanted or each["ReservedInstancesOfferingId"] in wanted) and _fits(each, params)
    ]
    refused = Fault("InvalidParameterValue", "Value for parameter NextToken is invalid.")
    size = params.get("MaxResults") or MOST
    shown, token = page(fitting, params.get("NextToken"), size, refused)
    return {"ReservedInstancesOfferings": shown, **({"NextToken": token} if token else {})}


def _offers(service: Purchasing, region: str, zone: str) -> Iterator[tuple[Offer, str]]:
    for product in service.book.products(region):
        if reservable(product):
            for offer in service.book.offers(product, region).values():
                if offer.purchase == RESERVED and offer.upfront is not None:
                    yield offer, zone


def _id(offer: Offer, zone: str) -> str:
    return offering_id("ri", offer.instance_type, offer.region, zone, offer.platform, offer.terms)


def _offering(offer: Offer, zone: str) -> Params:
    place = (
        {"Scope": "Availability Zone", "AvailabilityZone": zone} if zone else {"Scope": "Region"}
    )
    return {
        "ReservedInstancesOfferingId": _id(offer, zone),
        "InstanceType": offer.instance_type,
        "Duration": offer.years * YEAR_SECONDS,
        "FixedPrice": number(offer.upfront or offer.hourly * 0),
        "UsagePrice": 0.0,
        "RecurringCharges": [{"Frequency": "Hourly", "Amount": number(offer.hourly)}],
        "ProductDescription": offer.platform,
        "InstanceTenancy": "default",
        "CurrencyCode": "USD",
        "OfferingClass": offer.kind,
        "OfferingType": offer.payment,
        "Marketplace": False,
        "PricingDetails": [],
        **place,
    }


_EQUAL = {
    "InstanceType": "InstanceType",
    "ProductDescription": "ProductDescription",
    "OfferingClass": "OfferingClass",
    "OfferingType": "OfferingType",
    "InstanceTenancy": "InstanceTenancy",
}
_FILTERS = {
    "instance-type": "InstanceType",
    "product-description": "ProductDescription",
    "scope": "Scope",
    "duration": "Duration",
    "availability-zone": "AvailabilityZone",
    "state": "State",
    "reserved-instances-id": "ReservedInstancesId",
    "reserved-instances-offering-id": "ReservedInstancesOfferingId",
    "fixed-price": "FixedPrice",
    "marketplace": "Marketplace",
}


def _fits(offering: Params, params: Params) -> bool:
    equal = all(params.get(name, offering[key]) == offering[key] for name, key in _EQUAL.items())
    least, most = params.get("MinDuration", 0), params.get("MaxDuration", float("inf"))
    return equal and least <= offering["Duration"] <= most and _filtered(offering, params)


def _filtered(described: Params, params: Params) -> bool:
    """Whether a description passes the filters of a request. Raises Fault for an unknown one."""
    for wish in params.get("Filters", []):
        if wish["Name"] not in _FILTERS:
            raise Fault("InvalidParameterValue", f"The filter '{wish['Name']}' is invalid")
        value = described.get(_FILTERS[wish["Name"]], "")
        if str(value) not in wish["Values"]:
            return False
    return True


def purchase_offering(service: Purchasing, params: Params, turn: Turn) -> Params:
    """Buy an offering: it counts from now on, and is paid every hour."""
    count = params["InstanceCount"]
    offer, zone = find_offering(service, params["ReservedInstancesOfferingId"], turn.region)
    _check(params, count)
    bought = ReservedInstance(
        id=turn.ids.uuid(),
        instance_type=offer.instance_type,
        region=offer.region,
        count=count,
        hourly=offer.hourly,
        upfront=offer.upfront,
        years=offer.years,
        payment=offer.payment,
        offering_class=offer.kind,
        zone=zone,
        platform=offer.platform,
        start=turn.at,
    )
    service.state.reserved[bought.id] = bought
    return {"ReservedInstancesId": bought.id}


def find_offering(service: Purchasing, wanted: str, region: str) -> tuple[Offer, str]:
    """An offering and its zone, empty for a regional one. Raises Fault."""
    zones = [f"{region}{letter}" for letter in "abcdef"]
    for zone in ("", *zones):
        for offer, _ in _offers(service, region, zone):
            if _id(offer, zone) == wanted:
                return offer, zone
    raise Fault(
        "InvalidReservedInstancesOfferingId",
        f"The reserved instances offering ID '{wanted}' does not exist",
    )


def find_owned(service: Purchasing, wanted: list[str]) -> list[ReservedInstance]:
    """Reserved Instances by their ids, each once. Raises Fault."""
    if unknown := set(wanted) - service.state.reserved.keys():
        text = f"The reserved instances ID '{min(unknown)}' does not exist"
        raise Fault("InvalidReservedInstancesId", text)
    return [service.state.reserved[each] for each in dict.fromkeys(wanted)]


def refuse_dry_run(params: Params) -> None:
    """What a request answers that is only tried. Raises Fault."""
    if params.get("DryRun"):
        text = "Request would have succeeded, but DryRun flag is set."
        raise Fault("DryRunOperation", text, 412)


def _check(params: Params, count: int) -> None:
    refuse_dry_run(params)
    if count < 1:
        text = f"Value ({count}) for parameter instanceCount is invalid. It must be at least 1."
        raise Fault("InvalidParameterValue", text)


def describe_owned(service: Purchasing, params: Params, turn: Turn) -> Params:
    """The Reserved Instances of the account, those that have expired among them."""
    wanted = params.get("ReservedInstancesIds", [])
    described = [
        _owned(each, turn.at)
        for each in find_owned(service, wanted or list(service.state.reserved))
        if params.get("OfferingClass", each.offering_class) == each.offering_class
        and params.get("OfferingType", each.payment) == each.payment
    ]
    return {"ReservedInstances": [each for each in described if _filtered(each, params)]}


def _owned(each: ReservedInstance, at: float) -> Params:
    place = {"Scope": "Availability Zone", "AvailabilityZone": each.zone}
    return {
        "ReservedInstancesId": each.id,
        "InstanceType": each.instance_type,
        "InstanceCount": each.count,
        "Start": each.start,
        "End": each.end,
        "Duration": each.years * YEAR_SECONDS,
        "State": "active" if at < each.end else "retired",
        "FixedPrice": number(each.upfront or each.hourly * 0),
        "UsagePrice": 0.0,
        "RecurringCharges": [{"Frequency": "Hourly", "Amount": number(each.hourly)}],
        "ProductDescription": each.platform,
        "InstanceTenancy": each.tenancy,
        "CurrencyCode": "USD",
        "OfferingClass": each.offering_class,
        "OfferingType": each.payment,
        **(place if each.zone else {"Scope": "Region"}),
    }
