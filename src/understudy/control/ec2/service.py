"""EC2 of one region: launch templates and instances, with those of groups among them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from understudy.base.arn import ACCOUNT
from understudy.base.fault import Fault
from understudy.control.ec2.instance import Instance, shown, state_of
from understudy.control.ec2.state import Ec2State, LaunchTemplate, TemplateVersion
from understudy.control.events import Params
from understudy.control.ports import Located, ResolvedTemplate
from understudy.control.turn import Turn

LATEST, DEFAULT = "$Latest", "$Default"
OWNER = "ec2"
"""The owner of the timers of this service."""
IDENTITY = re.compile(r"i-(?:[0-9a-f]{8}|[0-9a-f]{17})")


class Members(Protocol):
    """The instances of groups, as EC2 shows them and takes orders for them."""

    def instances(self) -> Iterable[Instance]:
        """All of them."""
        ...

    def find(self, instance_id: str) -> Instance | None:
        """One of them, None if there is no such one."""
        ...

    def lose(self, instance_id: str, turn: Turn) -> bool:
        """Somebody stops or terminates one; its group replaces it. Whether there is such a one."""
        ...

    def reboot(self, instance_id: str, turn: Turn) -> bool:
        """Somebody reboots one; its group keeps it. Whether there is such a one."""
        ...


class NoMembers:
    """A region without groups."""

    def instances(self) -> Iterable[Instance]:
        """None."""
        return ()

    def find(self, instance_id: str) -> Instance | None:
        """There is no such instance."""
        del instance_id

    def lose(self, instance_id: str, turn: Turn) -> bool:
        """There is no such instance."""
        del instance_id, turn
        return False

    def reboot(self, instance_id: str, turn: Turn) -> bool:
        """There is no such instance."""
        del instance_id, turn
        return False


def _nobody(instance_id: str) -> None:
    del instance_id


@dataclass(slots=True)
class Ec2:
    """The service. Also the ``LaunchTemplates`` of Auto Scaling.

    ``moved`` is told of an instance that listens elsewhere now, or nowhere.
    """

    state: Ec2State = field(default_factory=Ec2State)
    region: str = ""
    members: Members = field(default_factory=NoMembers)
    moved: Callable[[str], None] = _nobody

    def on_timer(self, key: tuple[str, ...], turn: Turn) -> None:
        """A terminated instance has been shown for long enough."""
        del turn
        self.state.instances.pop(key[1], None)

    def locate(self, target_id: str, port: int) -> Located | None:
        """Where an instance of its own really listens, None if there is no such instance."""
        instance = self.state.instances.get(target_id)
        if instance is None:
            return None
        return Located(instance.host, instance.port or port, instance.machine.zone)

    def state_of(self, instance_id: str) -> str:
        """The state of an instance of its own, empty where there is no such instance."""
        instance = self.state.instances.get(instance_id)
        return instance.state if instance else ""

    def find(self, instance_id: str) -> Instance | None:
        """An instance, also one of a group; None if there is no such one."""
        return self.state.instances.get(instance_id) or self.members.find(instance_id)

    def everything(self) -> dict[str, Instance]:
        """All instances by id, those of groups among them."""
        groups = {each.id: each for each in self.members.instances()}
        return {**self.state.instances, **groups}

    def refuse_unknown(self, wanted: Sequence[str], known: Mapping[str, object]) -> None:
        """Raises Fault where an id is malformed, or that of no instance."""
        for each in wanted:
            if not IDENTITY.fullmatch(each):
                raise Fault("InvalidInstanceID.Malformed", f'Invalid id: "{each}"')
        missing = [each for each in wanted if each not in known]
        if len(missing) == 1:
            raise Fault(
                "InvalidInstanceID.NotFound", f"The instance ID '{missing[0]}' does not exist"
            )
        if missing:
            named = ", ".join(missing)
            raise Fault("InvalidInstanceID.NotFound", f"The instance IDs '{named}' do not exist")

    def chosen(self, wanted: Sequence[str]) -> list[Instance]:
        """Instances by id. Raises Fault."""
        every = self.everything()
        self.refuse_unknown(wanted, every)
        return [every[each] for each in wanted]

    def own(self, wanted: Sequence[str]) -> list[str]:
        """Those of some ids that no group has."""
        groups = {each.id for each in self.members.instances()}
        return [each for each in wanted if each not in groups]

    def leave_to_groups(self, wanted: Sequence[str], turn: Turn) -> list[Params]:
        """Let groups lose those of some instances that are theirs, and how that is answered."""
        every = self.everything()
        self.refuse_unknown(wanted, every)
        return [
            {
                "InstanceId": each,
                "PreviousState": state_of(every[each].state),
                "CurrentState": state_of("shutting-down"),
            }
            for each in wanted
            if self.members.lose(each, turn)
        ]

    def reservation(self, instances: Sequence[Instance]) -> Params:
        """Instances that were launched together, as EC2 shows them."""
        return {
            "ReservationId": instances[0].reservation,
            "OwnerId": ACCOUNT,
            "Groups": [],
            "Instances": [shown(each, self.region) for each in instances],
        }

    def template(self, params: Params) -> LaunchTemplate:
        """The template that a request names by id or by name. Raises Fault."""
        identity, name = params.get("LaunchTemplateId"), params.get("LaunchTemplateName")
        if (identity is None) == (name is None):
            raise Fault(
                "MissingParameter" if identity is None else "InvalidParameterCombination",
                "Either the launch template ID or the launch template name must be specified, "
                "but not both.",
            )
        if name is not None:
            return self.by_name(name)
        found = self.state.templates.get(identity or "")
        if found is None:
            raise Fault(
                "InvalidLaunchTemplateId.NotFound",
                f"The specified launch template, with template ID {identity}, does not exist.",
            )
        return found

    def by_name(self, name: str) -> LaunchTemplate:
        """The template of a name. Raises Fault."""
        for template in self.state.templates.values():
            if template.name == name:
                return template
        raise Fault(
            "InvalidLaunchTemplateName.NotFoundException",
            f"The specified launch template, with template name {name}, does not exist.",
        )

    def resolve(self, specification: Params) -> ResolvedTemplate:
        """The version of a template that LaunchTemplateSpecification names. Raises Fault."""
        named = {key: each for key, each in specification.items() if key != "Version"}
        template = self.template(named)
        version = version_of(template, specification.get("Version") or DEFAULT)
        return ResolvedTemplate(template.id, template.name, version.number, version.data)


def version_of(template: LaunchTemplate, wanted: str) -> TemplateVersion:
    """A version by its number, ``$Latest`` or ``$Default``. Raises Fault."""
    if wanted == LATEST:
        return template.versions[max(template.versions)]
    number = template.default if wanted == DEFAULT else int(wanted) if wanted.isdecimal() else 0
    if number not in template.versions:
        raise Fault(
            "InvalidLaunchTemplateId.VersionNotFound",
            f"Could not find the specified version {wanted} for the launch template with ID "
            f"{template.id}.",
        )
    return template.versions[number]
