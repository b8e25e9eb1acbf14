"""The instances of Auto Scaling groups, as EC2 shows them and takes orders for them."""

from collections.abc import Iterator

from understudy.control.autoscaling import events as group_events
from understudy.control.autoscaling.machines import machine_of
from understudy.control.autoscaling.service import AutoScaling
from understudy.control.autoscaling.state import Group
from understudy.control.autoscaling.state import Instance as Member
from understudy.control.ec2.instance import Instance
from understudy.control.events import InstanceFailed
from understudy.control.turn import Turn

LOST = "Client.UserInitiatedShutdown: User initiated shutdown"
STATES = {
    "Pending": "pending",
    "Warmed:Pending": "pending",
    "Warmed:Stopped": "stopped",
    "Warmed:Hibernated": "stopped",
    "Terminated": "terminated",
}


class GroupMembers:
    """The ``Members`` of a region's groups."""

    def __init__(self, groups: AutoScaling) -> None:
        self._groups = groups

    def instances(self) -> Iterator[Instance]:
        """All instances of all groups."""
        for group in self._groups.state.groups.values():
            for member in group.instances.values():
                yield self._shown(group, member)

    def find(self, instance_id: str) -> Instance | None:
        """An instance of a group, None if there is no such one."""
        found = self._groups.find(instance_id)
        return None if found is None else self._shown(*found)

    def _shown(self, group: Group, member: Member) -> Instance:
        machine = machine_of(self._groups, group, member)
        tags = {**machine.tags, "aws:autoscaling:groupName": group.name}
        if template := member.launch_template:
            tags["aws:ec2launchtemplate:id"] = template["LaunchTemplateId"]
            tags["aws:ec2launchtemplate:version"] = template["Version"]
        market = {"InstanceMarketOptions": {"MarketType": "spot"}}
        return Instance(
            member.id,
            f"r-{member.id[2:]}",
            0,
            member.instance_type,
            member.launched_at,
            machine,
            {"SubnetId": member.subnet, **(market if member.purchase == "spot" else {})},
            _state(member),
            runs=member.runs,
            tags=tags,
        )

    def lose(self, instance_id: str, turn: Turn) -> bool:
        """Somebody stops or terminates an instance: its group finds it unhealthy at once."""
        if self._groups.find(instance_id) is None:
            return False
        event = InstanceFailed(turn.at, turn.region, instance_id, LOST)
        group_events.on_failed(self._groups, event, turn)
        return True

    def reboot(self, instance_id: str, turn: Turn) -> bool:
        """Somebody reboots an instance: its group keeps it."""
        found = self._groups.find(instance_id)
        if found is not None:
            group_events.reboot(found[1], turn)
        return found is not None


def _state(member: Member) -> str:
    """The state that EC2 shows of an instance in a lifecycle state of its group."""
    if "Terminating" in member.lifecycle:
        return "shutting-down"
    return STATES.get(member.lifecycle, "running")
