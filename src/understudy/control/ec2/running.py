"""RunInstances, and the instances' states as they change.

AWS: API_RunInstances, API_StartInstances, API_StopInstances, API_RebootInstances,
API_TerminateInstances.
"""

from understudy.base.fault import Fault
from understudy.control.ec2.instance import BY_USER, Instance, state_of
from understudy.control.ec2.launch_templates import refuse_dry_run
from understudy.control.ec2.machines import decoded, private_address
from understudy.control.ec2.service import OWNER, Ec2
from understudy.control.events import (
    Container,
    InstanceFailed,
    InstanceHealthy,
    InstanceStopped,
    Launch,
    Params,
    Stop,
)
from understudy.control.machine import Machine
from understudy.control.turn import Turn

REMEMBERED = 3600.0
"""Seconds for which a terminated instance is still shown. AWS: Instance lifecycle, terminated."""
DEFAULT_TYPE = "m1.small"
LETTERS = "abcdef"


def run_instances(service: Ec2, params: Params, turn: Turn) -> Params:
    """RunInstances: pending until the world runs them. A client token repeats the answer."""
    refuse_dry_run(params)
    token = params.get("ClientToken", "")
    known = [each for each in service.state.instances.values() if token and each.token == token]
    if known:
        return service.reservation(known)
    named = params.get("LaunchTemplate")
    resolved = service.resolve(named) if named else None
    merged = {**(resolved.data if resolved else {}), **params}
    if "ImageId" not in merged:
        raise Fault("MissingParameter", "The request must contain the parameter ImageId")
    low, high = params["MinCount"], params["MaxCount"]
    if not 1 <= low <= high:
        raise Fault(
            "InvalidParameterValue",
            f"Value ({low}) for parameter minCount is invalid. The minimum is at least 1, and at "
            "most maxCount.",
        )
    reservation = f"r-{turn.ids.hex(17)}"
    template = resolved.name if resolved else ""
    made = [_made(service, merged, reservation, index, template, turn) for index in range(high)]
    for instance in made:
        instance.token = token
        start(instance, turn)
    return service.reservation(made)


def _made(
    service: Ec2, params: Params, reservation: str, index: int, template: str, turn: Turn
) -> Instance:
    identity = f"i-{turn.ids.hex(17)}"
    zone = params.get("Placement", {}).get("AvailabilityZone") or f"{turn.region}a"
    profile: Params = params.get("IamInstanceProfile", {})
    name = profile.get("Name") or profile.get("Arn", "").rpartition("/")[2]
    tags = _tags(params)
    machine = Machine(
        params["ImageId"],
        template,
        "",
        zone,
        params.get("PrivateIpAddress") or private_address(identity),
        name,
        decoded(params.get("UserData", "")),
        tags,
        params.get("MetadataOptions", {}),
    )
    kind = params.get("InstanceType", DEFAULT_TYPE)
    instance = Instance(identity, reservation, index, kind, turn.at, machine, params, tags=tags)
    service.state.instances[identity] = instance
    return instance


def _tags(params: Params) -> dict[str, str]:
    return {
        tag["Key"]: tag.get("Value", "")
        for specification in params.get("TagSpecifications", ())
        if specification.get("ResourceType") == "instance"
        for tag in specification.get("Tags", ())
    }


def start(instance: Instance, turn: Turn) -> None:
    """Have the world run an instance."""
    turn.emit(
        Launch(
            turn.region,
            instance.id,
            instance.instance_type,
            Container(instance.machine.image),
            "",
            "",
            0.0,
            0.0,
            "machine",
            instance.machine,
        )
    )


def _change(instance: Instance, state: str) -> Params:
    """Another state, and how the operation that brought it is answered."""
    before, instance.state = instance.state, state
    instance.reason = BY_USER.get(state, instance.reason if before == state else ("", ""))
    return {
        "InstanceId": instance.id,
        "PreviousState": state_of(before),
        "CurrentState": state_of(state),
    }


def start_instances(service: Ec2, params: Params, turn: Turn) -> Params:
    """StartInstances: those that are stopped start; those that run go on."""
    refuse_dry_run(params)
    changed: list[Params] = []
    chosen = service.chosen(params["InstanceIds"])
    for each in chosen:
        if each.state in ("stopping", "shutting-down", "terminated"):
            raise _incorrect(each, "started")
    for each in chosen:
        if each.state == "stopped":
            each.launched_at = turn.at
            changed.append(_change(each, "pending"))
            start(each, turn)
        else:
            changed.append(_change(each, each.state))
    return {"StartingInstances": changed}


def stop_instances(service: Ec2, params: Params, turn: Turn) -> Params:
    """StopInstances: what they have written is there when they start again."""
    refuse_dry_run(params)
    changed: list[Params] = []
    service.leave_to_groups(params["InstanceIds"], turn)
    chosen = service.chosen(service.own(params["InstanceIds"]))
    for each in chosen:
        if each.state in ("shutting-down", "terminated"):
            raise _incorrect(each, "stopped")
        if each.params.get("InstanceMarketOptions", {}).get("MarketType") == "spot":
            raise Fault(
                "UnsupportedOperation",
                f"You can't stop the Spot Instance '{each.id}' because it is associated with a "
                "one-time Spot Instance request. You can only stop Spot Instances associated with "
                "persistent Spot Instance requests.",
            )
    for each in chosen:
        if each.state in ("stopped", "stopping"):
            changed.append(_change(each, each.state))
        else:
            changed.append(_change(each, "stopping"))
            turn.emit(Stop(turn.region, each.id, 0.0, keep=True))
    return {"StoppingInstances": changed}


def reboot_instances(service: Ec2, params: Params, turn: Turn) -> Params:
    """RebootInstances: they stay in state running, and lose nothing that they have written."""
    refuse_dry_run(params)
    for each in service.chosen(params["InstanceIds"]):
        if service.members.reboot(each.id, turn):
            continue
        if each.state == "running" and not each.rebooting:
            each.rebooting = True
            turn.emit(Stop(turn.region, each.id, 0.0, keep=True))
    return {}


def terminate_instances(service: Ec2, params: Params, turn: Turn) -> Params:
    """TerminateInstances: unless one of them is protected. A group replaces one of its own."""
    refuse_dry_run(params)
    groups = service.leave_to_groups(params["InstanceIds"], turn)
    chosen = service.chosen(service.own(params["InstanceIds"]))
    for each in chosen:
        if each.params.get("DisableApiTermination") and each.state != "terminated":
            raise Fault(
                "OperationNotPermitted",
                f"The instance '{each.id}' may not be terminated. Modify its "
                "'disableApiTermination' instance attribute and try again.",
            )
    return {"TerminatingInstances": [*groups, *(terminate(each, turn) for each in chosen)]}


def terminate(instance: Instance, turn: Turn) -> Params:
    """Begin to end an instance for good; one that is stopped has ended at once."""
    if instance.state in ("shutting-down", "terminated"):
        return _change(instance, instance.state)
    running = instance.state != "stopped"
    changed = _change(instance, "shutting-down")
    turn.emit(Stop(turn.region, instance.id, 0.0))
    if not running:
        _terminated(instance, turn)
        changed["CurrentState"] = state_of("terminated")
    return changed


def _terminated(instance: Instance, turn: Turn) -> None:
    instance.state, instance.terminated_at = "terminated", turn.at
    instance.host, instance.rebooting = "", False
    turn.schedule(turn.at + REMEMBERED, OWNER, "forget", instance.id)


def _incorrect(instance: Instance, wanted: str) -> Fault:
    return Fault(
        "IncorrectInstanceState",
        f"The instance '{instance.id}' is not in a state from which it can be {wanted}.",
    )


def on_healthy(service: Ec2, event: InstanceHealthy, turn: Turn) -> None:
    """The world runs an instance."""
    instance = service.state.instances.get(event.instance_id)
    if instance is None:
        return
    instance.host, instance.port, instance.runs = event.host, event.port, event.runs
    if instance.state == "pending":
        instance.state, instance.reason = "running", ("", "")
    service.moved(instance.id)
    del turn


def on_stopped(service: Ec2, event: InstanceStopped, turn: Turn) -> None:
    """The world has ended an instance that it was told to end."""
    instance = service.state.instances.get(event.instance_id)
    if instance is None:
        return
    instance.host = ""
    if instance.state == "stopping":
        instance.state = "stopped"
    elif instance.state == "shutting-down":
        _terminated(instance, turn)
    elif instance.rebooting:
        instance.rebooting = False
        start(instance, turn)
    service.moved(instance.id)


def on_failed(service: Ec2, event: InstanceFailed, turn: Turn) -> None:
    """An instance has ended by itself: it stops, or terminates, as its launch says."""
    instance = service.state.instances.get(event.instance_id)
    if instance is None or instance.state in ("stopped", "terminated"):
        return
    instance.host = ""
    code = event.reason.partition(":")[0]
    ends = instance.params.get("InstanceInitiatedShutdownBehavior") == "terminate"
    if instance.state == "pending" or ends:
        _terminated(instance, turn)
    else:
        instance.state = "stopped"
    instance.reason = (code, event.reason)
    service.moved(instance.id)


def on_restart(service: Ec2, turn: Turn) -> None:
    """The world may have lost what it ran: ask for it again."""
    for instance in service.state.instances.values():
        if instance.state in ("pending", "running"):
            start(instance, turn)
        elif instance.state in ("stopping", "shutting-down"):
            turn.emit(Stop(turn.region, instance.id, 0.0, keep=instance.state == "stopping"))
