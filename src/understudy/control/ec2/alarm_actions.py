"""What an alarm does to the instance that it watches.

AWS: Stop, terminate, reboot, or recover an EC2 instance.
"""

import re

from understudy.control.events import Params

_ACTION = re.compile(
    r"arn:[^:]+:(?:automate:[^:]*:ec2:([a-z]+)"
    r"|swf:[^:]*:[^:]*:action/actions/AWS_EC2\.InstanceId\.([A-Z][a-z]+)/1\.0)"
)
_OPERATIONS = {
    "stop": "StopInstances",
    "terminate": "TerminateInstances",
    "reboot": "RebootInstances",
    "recover": "RebootInstances",
}
"""Recovery reboots an instance on other hardware, under the same id; one machine has no other."""


def operation_of(action: str) -> str | None:
    """The operation that an action asks of EC2, None if it asks nothing of EC2.

    >>> operation_of("arn:aws:automate:us-east-1:ec2:stop")
    'StopInstances'
    >>> operation_of("arn:aws:swf:us-east-1:0:action/actions/AWS_EC2.InstanceId.Reboot/1.0")
    'RebootInstances'
    """
    found = _ACTION.fullmatch(action)
    return _OPERATIONS.get((found[1] or found[2]).lower()) if found else None


def instance_of(alarm: Params) -> str | None:
    """The id of the instance that an alarm watches, from the dimensions of its metric."""
    dimensions: list[Params] = alarm.get("Dimensions") or []
    return next((each["Value"] for each in dimensions if each["Name"] == "InstanceId"), None)
