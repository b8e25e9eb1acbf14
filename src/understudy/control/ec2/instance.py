"""An EC2 instance and its states.

    pending --> running --> stopping --> stopped --> pending ...
                   |                        |
                   +--> shutting-down --> terminated <--+

AWS: Instance lifecycle; API_InstanceState, API_StateReason.
"""

from msgspec import Struct, field

from understudy.base.arn import ACCOUNT
from understudy.control.ec2.metadata_options import options_of
from understudy.control.events import Params
from understudy.control.machine import Machine

CODES = {
    "pending": 0,
    "running": 16,
    "shutting-down": 32,
    "terminated": 48,
    "stopping": 64,
    "stopped": 80,
}
RUNS = "understudy:runs"
"""The tag that says what runs as an instance: container, command, user-data or stand-in."""
BY_USER = {
    "stopping": ("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated"),
    "shutting-down": (
        "Client.UserInitiatedShutdown",
        "Client.UserInitiatedShutdown: User initiated shutdown",
    ),
}


class Instance(Struct):
    """An instance. ``params`` are those of RunInstances, its launch template's beneath them.

    ``runs`` is what runs as the instance here, ``rebooting`` that it is to be started again.
    """

    id: str
    reservation: str
    index: int
    instance_type: str
    launched_at: float
    machine: Machine
    params: Params
    state: str = "pending"
    reason: tuple[str, str] = ("", "")
    host: str = ""
    port: int = 0
    runs: str = ""
    rebooting: bool = False
    token: str = ""
    terminated_at: float = 0.0
    tags: dict[str, str] = field(default_factory=dict[str, str])


def state_of(name: str) -> Params:
    """A state as EC2 shows it.

    >>> state_of("running")
    {'Code': 16, 'Name': 'running'}
    """
    return {"Code": CODES[name], "Name": name}


def shown(instance: Instance, region: str) -> Params:
    """An instance as DescribeInstances shows it."""
    running = instance.state in ("pending", "running", "stopping", "stopped")
    address = instance.machine.address
    described: Params = {
        "AmiLaunchIndex": instance.index,
        "ImageId": instance.machine.image,
        "InstanceId": instance.id,
        "InstanceType": instance.instance_type,
        "LaunchTime": instance.launched_at,
        "Monitoring": {"State": "enabled" if _detailed(instance) else "disabled"},
        "Placement": {
            "AvailabilityZone": instance.machine.zone,
            "GroupName": "",
            "Tenancy": "default",
        },
        "PrivateDnsName": _dns(address, region) if running else "",
        "PublicDnsName": "",
        "State": state_of(instance.state),
        "StateTransitionReason": "",
        "Architecture": "x86_64",
        "EbsOptimized": bool(instance.params.get("EbsOptimized")),
        "EnaSupport": True,
        "Hypervisor": "xen",
        "RootDeviceName": "/dev/xvda",
        "RootDeviceType": "ebs",
        "VirtualizationType": "hvm",
        "SecurityGroups": [
            {"GroupId": each, "GroupName": each}
            for each in instance.params.get("SecurityGroupIds", ())
        ],
        "BlockDeviceMappings": [],
        "MetadataOptions": options_of(instance.machine.metadata),
        "NetworkInterfaces": [],
        "ProductCodes": [],
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(_tags(instance).items())],
    }
    if running:
        described["PrivateIpAddress"] = address
    return described | _optional(instance)


def _tags(instance: Instance) -> dict[str, str]:
    """The tags of an instance, and what runs as it here, for all to see."""
    return {**instance.tags, **({RUNS: instance.runs} if instance.runs else {})}


def _optional(instance: Instance) -> Params:
    params = instance.params
    found: Params = {}
    for name in ("KeyName", "SubnetId"):
        if params.get(name):
            found[name] = params[name]
    if instance.machine.profile:
        arn = f"arn:aws:iam::{ACCOUNT}:instance-profile/{instance.machine.profile}"
        found["IamInstanceProfile"] = {"Arn": arn, "Id": f"AIPA{instance.id[2:].upper()}"[:21]}
    if params.get("InstanceMarketOptions", {}).get("MarketType") == "spot":
        found["InstanceLifecycle"] = "spot"
    code, message = instance.reason
    if code:
        found["StateReason"] = {"Code": code, "Message": message}
    return found


def _detailed(instance: Instance) -> bool:
    return bool(instance.params.get("Monitoring", {}).get("Enabled"))


def _dns(address: str, region: str) -> str:
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    return f"ip-{address.replace('.', '-')}.{domain}"
