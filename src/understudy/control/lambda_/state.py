"""What Lambda remembers."""

from msgspec import Struct, field

from understudy.base.arn import arn
from understudy.control.events import Params

LATEST = "$LATEST"


class Version(Struct, frozen=True):
    """A version of a function. ``settings`` are the members of its configuration, as given.

    ``code`` names the package by its SHA-256 (in base64, as AWS shows it), ``size`` is in bytes.
    """

    number: str
    settings: Params
    code: str
    size: int
    modified_at: float
    revision: str


class Alias(Struct, frozen=True):
    """A name for a version; ``weights`` send a part of the calls to others."""

    name: str
    version: str
    description: str
    weights: dict[str, float]
    revision: str


class Function(Struct):
    """A function. ``statements`` are those of its policy by their ids, ``published`` is a count."""

    name: str
    region: str
    latest: Version
    versions: dict[str, Version] = field(default_factory=dict[str, Version])
    aliases: dict[str, Alias] = field(default_factory=dict[str, Alias])
    statements: dict[str, Params] = field(default_factory=dict[str, Params])
    tags: dict[str, str] = field(default_factory=dict[str, str])
    published: int = 0

    @property
    def arn(self) -> str:
        """The function's ARN, without a qualifier."""
        return arn("lambda", self.region, f"function:{self.name}")


class Mapping(Struct):
    """An event source mapping; ``settings`` are the members that were given."""

    id: str
    function: str
    settings: Params
    modified_at: float


class LambdaState(Struct):
    """All functions of a region by name, all event source mappings by id."""

    functions: dict[str, Function] = field(default_factory=dict[str, Function])
    mappings: dict[str, Mapping] = field(default_factory=dict[str, Mapping])
