"""AWS::EC2::Instance: an instance of its own, without a group."""

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.handler import (
    Done,
    Handler,
    HandlerFailure,
    Identify,
    Invoke,
    Request,
    ResourceType,
    Stabilize,
    Steps,
    Wait,
)
from understudy.resources.tags import tag_list

LOOK_SECONDS = 1.0
SAME = (
    "BlockDeviceMappings", "CpuOptions", "CreditSpecification", "DisableApiTermination",
    "EbsOptimized", "EnclaveOptions", "HibernationOptions", "ImageId",
    "InstanceInitiatedShutdownBehavior", "InstanceType", "KeyName", "LaunchTemplate",
    "MetadataOptions", "NetworkInterfaces", "PrivateIpAddress", "SecurityGroupIds",
    "SecurityGroups", "SubnetId", "UserData",
)  # fmt: skip
"""Properties that are parameters of RunInstances."""
WHILE_STOPPED = ("EbsOptimized", "InstanceType", "UserData")
"""What is changed while the instance is stopped. AWS: AWS::EC2::Instance, some interruptions."""
ANY_TIME = ("DisableApiTermination", "InstanceInitiatedShutdownBehavior", "SourceDestCheck")
GONE = "InvalidInstanceID.NotFound"


def create(request: Request) -> Handler:
    """Run an instance and wait until it does."""
    properties = request.properties
    params: Params = {key: properties[key] for key in SAME if key in properties}
    if "AvailabilityZone" in properties:
        params["Placement"] = {"AvailabilityZone": properties["AvailabilityZone"]}
    if "IamInstanceProfile" in properties:
        params["IamInstanceProfile"] = {"Name": properties["IamInstanceProfile"]}
    if "Monitoring" in properties:
        params["Monitoring"] = {"Enabled": properties["Monitoring"]}
    tags = [{"ResourceType": "instance", "Tags": tag_list(request)}]
    answer = yield Invoke(
        "ec2",
        "RunInstances",
        {
            **params,
            "MinCount": 1,
            "MaxCount": 1,
            "TagSpecifications": tags,
            "ClientToken": request.generated,
        },
    )
    made: Params = answer["Instances"][0]
    identity: str = made["InstanceId"]
    yield Identify(identity, _attributes(made))
    return (yield from _until(identity, "running", Stabilize(LOOK_SECONDS)))


def _until(identity: str, wanted: str, pause: Wait | Stabilize) -> Steps[Done]:
    """Wait until an instance is in a state; it fails if that cannot be any more."""
    while True:
        found = yield from _found(identity)
        state = found["State"]["Name"]
        if state == wanted:
            return Done(identity, _attributes(found))
        if state == "terminated" or (wanted == "running" and state == "stopped"):
            reason = found.get("StateReason", {}).get("Message", f"it is {state}")
            raise HandlerFailure(
                f"Instance {identity} did not stabilize: {reason}", "NotStabilized"
            )
        yield pause


def _found(identity: str) -> Steps[Params]:
    answer = yield Invoke("ec2", "DescribeInstances", {"InstanceIds": [identity]})
    return answer["Reservations"][0]["Instances"][0]


def _attributes(found: Params) -> Params:
    return {
        "InstanceId": found["InstanceId"],
        "AvailabilityZone": found["Placement"]["AvailabilityZone"],
        "PrivateDnsName": found["PrivateDnsName"],
        "PrivateIp": found.get("PrivateIpAddress", ""),
        "PublicDnsName": found["PublicDnsName"],
        "PublicIp": found.get("PublicIpAddress", ""),
        "VpcId": found.get("VpcId", ""),
        "State": found["State"],
    }


def update(request: Request) -> Handler:
    """Change an instance; for another type or other user data it is stopped and started."""
    identity = request.physical_id
    changed = {
        key: value
        for key, value in request.properties.items()
        if value != request.previous.get(key)
    }
    for key in ANY_TIME:
        if key in changed:
            yield from _modify(identity, key, changed[key])
    yield from _retag(request)
    if not any(key in changed for key in WHILE_STOPPED):
        return Done(identity, request.attributes)
    yield Invoke("ec2", "StopInstances", {"InstanceIds": [identity]})
    yield from _until(identity, "stopped", Wait(LOOK_SECONDS))
    for key in WHILE_STOPPED:
        if key in changed:
            yield from _modify(identity, key, changed[key])
    yield Invoke("ec2", "StartInstances", {"InstanceIds": [identity]})
    return (yield from _until(identity, "running", Stabilize(LOOK_SECONDS)))


def _modify(identity: str, name: str, value: object) -> Steps[None]:
    params = {"InstanceId": identity, name: {"Value": value}}
    yield Invoke("ec2", "ModifyInstanceAttribute", params)


def _retag(request: Request) -> Steps[None]:
    old = {each["Key"] for each in request.previous.get("Tags", [])} | set(request.old_tags)
    tags = tag_list(request)
    resources = {"Resources": [request.physical_id]}
    gone = old - {each["Key"] for each in tags}
    if gone:
        named = [{"Key": key} for key in sorted(gone)]
        yield Invoke("ec2", "DeleteTags", {**resources, "Tags": named})
    if tags:
        yield Invoke("ec2", "CreateTags", {**resources, "Tags": tags})


def delete(request: Request) -> Handler:
    """Terminate the instance and wait until it has ended."""
    identity = request.physical_id
    try:
        yield Invoke("ec2", "TerminateInstances", {"InstanceIds": [identity]})
        yield from _until_terminated(identity)
    except Fault as fault:
        if fault.code != GONE:
            raise
    return Done(identity)


def _until_terminated(identity: str) -> Steps[None]:
    while (yield from _found(identity))["State"]["Name"] != "terminated":
        yield Stabilize(LOOK_SECONDS)


def read(request: Request) -> Handler:
    """The instance as it is. Raises Fault where it is gone."""
    found = yield from _found(request.physical_id)
    if found["State"]["Name"] == "terminated":
        raise Fault(GONE, f"The instance ID '{request.physical_id}' does not exist")
    own = {key: found[key] for key in SAME if key in found}
    tags = [each for each in found["Tags"] if not each["Key"].startswith(("aws:", "understudy:"))]
    own |= {"Tags": tags, "AvailabilityZone": found["Placement"]["AvailabilityZone"]}
    return Done(request.physical_id, _attributes(found), own)


INSTANCE = ResourceType("AWS::EC2::Instance", "runs", create, delete, update, read)
