"""Replacing the root volume of an instance, which stays what it is otherwise.

    InService -> ReplacingRootVolume -> RootVolumeReplaced -> InService

AWS: Update instances by replacing root volumes (instance refresh strategy ReplaceRootVolume).
"""

from typing import TYPE_CHECKING

from understudy.control.autoscaling import activities, causes, entering, leaving
from understudy.control.autoscaling.launching import configuration_of, options_of
from understudy.control.autoscaling.state import Group, Instance
from understudy.control.events import Stop
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.autoscaling.service import AutoScaling


def renew(service: "AutoScaling", group: Group, instance: Instance, turn: Turn) -> None:
    """Take an instance off its load balancers and stop it, to be started with another volume."""
    entering.succeeded(service, group, instance, turn)
    leaving.deregister(service, group, instance, turn)
    cause = causes.taken_out(turn.at, causes.REPLACED["refresh"])
    description = "Replacing root volume of EC2 instance"
    activities.begin(group, instance, description, cause, "InProgress", turn)
    instance.lifecycle, instance.stopping_at = "ReplacingRootVolume", turn.at
    turn.emit(Stop(turn.region, instance.id, 0.0))


def stopped(service: "AutoScaling", group: Group, instance: Instance, turn: Turn) -> None:
    """The instance has stopped: start it again from what the group launches now."""
    options = options_of(service, configuration_of(group))
    same = [each for each in options if each.instance_type == instance.instance_type]
    if same:
        instance.image_id = same[0].image_id
        instance.launch_template = same[0].template
    instance.stopping_at = 0.0
    entering.start(service, group, instance, turn)
