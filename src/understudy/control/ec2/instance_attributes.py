"""Attributes and tags of instances.

AWS: API_ModifyInstanceAttribute, API_DescribeInstanceAttribute, API_CreateTags, API_DeleteTags,
API_DescribeTags, API_ModifyInstanceMetadataOptions; Change the instance type.
"""

from msgspec import structs

from understudy.base.fault import Fault
from understudy.control.ec2.instance import Instance
from understudy.control.ec2.launch_templates import refuse_dry_run
from understudy.control.ec2.machines import decoded
from understudy.control.ec2.metadata_options import NAMES as METADATA
from understudy.control.ec2.metadata_options import options_of
from understudy.control.ec2.service import Ec2
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.pricing.instance import known_instances

STOPPED_ONLY = ("InstanceType", "UserData", "EbsOptimized")
"""What can be changed while an instance is stopped alone."""
NAMES = {
    "instanceType": "InstanceType",
    "userData": "UserData",
    "disableApiTermination": "DisableApiTermination",
    "disableApiStop": "DisableApiStop",
    "ebsOptimized": "EbsOptimized",
    "instanceInitiatedShutdownBehavior": "InstanceInitiatedShutdownBehavior",
    "sourceDestCheck": "SourceDestCheck",
}


def modify_instance_attribute(service: Ec2, params: Params, turn: Turn) -> Params:
    """ModifyInstanceAttribute: the type and the user data of a stopped instance, and others."""
    del turn
    refuse_dry_run(params)
    (instance,) = service.chosen([params["InstanceId"]])
    given = {name: _plain(params[name]) for name in NAMES.values() if name in params}
    if params.get("Attribute"):
        given[NAMES[params["Attribute"]]] = params.get("Value", "")
    if not given:
        raise Fault("InvalidParameterCombination", "No attributes specified.")
    for name in given:
        if name in STOPPED_ONLY and instance.state != "stopped":
            raise Fault(
                "IncorrectInstanceState",
                f"The instance '{instance.id}' is not in the 'stopped' state.",
            )
    for name, value in given.items():
        _set(instance, name, value)
    return {}


def _plain(value: object) -> object:
    """A value out of its ``{"Value": ...}``."""
    return value.get("Value", "") if isinstance(value, dict) else value  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def _set(instance: Instance, name: str, value: object) -> None:
    if name == "InstanceType":
        if value not in known_instances():
            raise Fault(
                "InvalidInstanceAttributeValue", f"Invalid value '{value}' for InstanceType."
            )
        instance.instance_type = str(value)
    elif name == "UserData":
        raw = value.decode() if isinstance(value, bytes) else str(value)
        instance.machine = structs.replace(instance.machine, user_data=decoded(raw))
    instance.params = {**instance.params, name: value}


def modify_instance_metadata_options(service: Ec2, params: Params, turn: Turn) -> Params:
    """ModifyInstanceMetadataOptions: of an instance of its own, in whatever state.

    AWS: API_ModifyInstanceMetadataOptions. A group's instances have those of their launch template.
    """
    del turn
    refuse_dry_run(params)
    identity: str = params["InstanceId"]
    (instance,) = service.chosen([identity])
    if not service.own([identity]):
        raise Fault(
            "UnsupportedOperation",
            f"The metadata options of {identity} are those of its Auto Scaling group's launch "
            "template here.",
        )
    given = {name: params[name] for name in METADATA if name in params}
    metadata = {**instance.machine.metadata, **given}
    instance.machine = structs.replace(instance.machine, metadata=metadata)
    return {"InstanceId": identity, "InstanceMetadataOptions": options_of(metadata)}


def describe_instance_attribute(service: Ec2, params: Params, turn: Turn) -> Params:
    """DescribeInstanceAttribute: one attribute of an instance."""
    del turn
    refuse_dry_run(params)
    (instance,) = service.chosen([params["InstanceId"]])
    asked: str = params["Attribute"]
    if asked not in NAMES:
        raise Fault("InvalidParameterValue", f"Value ({asked}) for parameter attribute is invalid.")
    name = NAMES[asked]
    defaults = {"InstanceInitiatedShutdownBehavior": "stop", "SourceDestCheck": True}
    value = instance.params.get(name, defaults.get(name, False))
    if name == "InstanceType":
        value = instance.instance_type
    shown: Params = {"InstanceId": instance.id, name: {"Value": value}}
    if name == "UserData":
        shown[name] = {"Value": instance.params["UserData"]} if value else {}
    return shown


def create_tags(service: Ec2, params: Params, turn: Turn) -> Params:
    """CreateTags: on instances; of a key there is one."""
    del turn
    refuse_dry_run(params)
    tags = {tag["Key"]: tag.get("Value", "") for tag in params["Tags"]}
    for instance in service.chosen(params["Resources"]):
        instance.tags.update(tags)
        instance.machine = structs.replace(instance.machine, tags=dict(instance.tags))
    return {}


def delete_tags(service: Ec2, params: Params, turn: Turn) -> Params:
    """DeleteTags: by key, or by key and value; all, where none is named."""
    del turn
    refuse_dry_run(params)
    for instance in service.chosen(params["Resources"]):
        if not params.get("Tags"):
            instance.tags.clear()
        for tag in params.get("Tags", ()):
            if tag.get("Value", instance.tags.get(tag["Key"])) == instance.tags.get(tag["Key"]):
                instance.tags.pop(tag["Key"], None)
        instance.machine = structs.replace(instance.machine, tags=dict(instance.tags))
    return {}


def describe_tags(service: Ec2, params: Params, turn: Turn) -> Params:
    """DescribeTags: of instances, by resource id, key or value."""
    del turn
    refuse_dry_run(params)
    filters = {each["Name"]: each.get("Values", []) for each in params.get("Filters") or ()}
    found = [
        {"ResourceId": instance.id, "ResourceType": "instance", "Key": key, "Value": value}
        for instance in service.everything().values()
        for key, value in sorted(instance.tags.items())
    ]
    members = {
        "resource-id": "ResourceId",
        "resource-type": "ResourceType",
        "key": "Key",
        "value": "Value",
    }
    return {
        "Tags": [
            each
            for each in found
            if all(
                each[members[name]] in values for name, values in filters.items() if name in members
            )
        ]
    }
