"""What EC2 remembers of launch templates and instances."""

from msgspec import Struct, field

from understudy.control.ec2.instance import Instance
from understudy.control.events import Params


class TemplateVersion(Struct, frozen=True):
    """One version of a launch template; ``data`` has the members of LaunchTemplateData."""

    number: int
    data: Params
    created_at: float
    description: str = ""


class LaunchTemplate(Struct):
    """A launch template. ``latest`` is the highest number ever given, deleted or not."""

    id: str
    name: str
    created_at: float
    versions: dict[int, TemplateVersion]
    default: int = 1
    latest: int = 1
    tags: dict[str, str] = field(default_factory=dict[str, str])


class Ec2State(Struct):
    """All launch templates and instances of a region by their ids, those of groups apart."""

    templates: dict[str, LaunchTemplate] = field(default_factory=dict[str, LaunchTemplate])
    instances: dict[str, Instance] = field(default_factory=dict[str, Instance])
