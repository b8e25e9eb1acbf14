"""EC2 of one region: launch templates, found by id or name and version."""

from dataclasses import dataclass, field

from understudy.base.fault import Fault
from understudy.control.ec2.state import Ec2State, LaunchTemplate, TemplateVersion
from understudy.control.events import Params
from understudy.control.ports import ResolvedTemplate
from understudy.control.turn import Turn

LATEST, DEFAULT = "$Latest", "$Default"


@dataclass(slots=True)
class Ec2:
    """The service. Also the ``LaunchTemplates`` of Auto Scaling."""

    state: Ec2State = field(default_factory=Ec2State)

    def on_timer(self, key: tuple[str, ...], turn: Turn) -> None:
        """EC2 asks for no timers."""
        raise AssertionError(f"EC2 has no timer {key} at {turn.at}")

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
