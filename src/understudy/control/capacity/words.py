"""What AWS says where there is no capacity, or a quota is reached."""

from understudy.base.fault import Fault
from understudy.control.capacity.state import SPOT, Place

ML_SHORTAGE = (
    "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. "
    "Please retry using a different ML instance type or after some time."
)
RECLAIMED = "Server.SpotInstanceTermination: Spot Instance termination"
INSUFFICIENT = Fault("InsufficientInstanceCapacity", "Insufficient capacity.", 500)
"""What CreateCapacityReservation answers."""


def nothing_left(place: Place) -> str:
    """Why an instance is not launched whose pool is empty.

    An EC2 code stands alone: Auto Scaling words the rest, which names the zones of its group.
    """
    if place.service == "sagemaker":
        return ML_SHORTAGE
    return "UnfulfillableCapacity" if place.purchase == SPOT else "InsufficientInstanceCapacity"


def beyond_quota(kind: str, place: Place, limit: int) -> str:
    """Why an instance is not launched that a vCPU quota does not allow."""
    del kind
    if place.purchase == SPOT:
        return "MaxSpotInstanceCountExceeded - Max spot instance count exceeded"
    return (
        "VcpuLimitExceeded - You have requested more vCPU capacity than your current vCPU limit of "
        f"{limit} allows for the instance bucket that the specified instance type belongs to. "
        "Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to "
        "this limit."
    )


def too_many_endpoint_instances(kind: str, limit: int, used: int, more: int) -> Fault:
    """What SageMaker answers where an endpoint would exceed its quota of a type."""
    return Fault(
        "ResourceLimitExceeded",
        f"The account-level service limit '{kind} for endpoint usage' is {limit} Instances, with "
        f"current utilization of {used} Instances and a request delta of {more} Instances. Please "
        "use AWS Service Quotas to request an increase for this quota. If AWS Service Quotas is not"
        " available, contact AWS support to request an increase for this quota.",
    )
