"""What is to be deployed: one template, or the stacks of a CDK app."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from understudy.app.stacks.environments import Environment
from understudy.base.diagnostic import Diagnostic, InvalidInput

TEMPLATES = ("template.yaml", "template.yml", "template.json")


@dataclass(frozen=True, slots=True)
class Asset:
    """A file or a folder that a stack needs in a bucket; a folder is zipped."""

    path: Path
    bucket: str
    key: str
    zipped: bool = False


@dataclass(frozen=True, slots=True)
class Origin:
    """The construct that made a resource: its path in the app, and where the app made it."""

    construct: str
    line: str = ""

    def __str__(self) -> str:
        return f"{self.construct} ({self.line})" if self.line else self.construct


@dataclass(frozen=True, slots=True)
class StackSource:
    """A stack to be deployed. ``needs`` are stacks of the same app that come first.

    ``origins`` tell by logical id which construct made a resource; a template has none.
    """

    stack_name: str
    text: str
    path: Path
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    tags: Mapping[str, str] = field(default_factory=dict[str, str])
    needs: tuple[str, ...] = ()
    assets: tuple[Asset, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict[str, Origin])
    bootstrap: str = ""
    """The parameter-store name of the version of the CDK's bootstrap stack, if it is needed."""


def template_in(folder: Path, environment: Environment) -> Path:
    """The file that is meant where none was named. Raises InvalidInput where there is none."""
    if environment.template:
        return environment.folder / environment.template
    for name in ("cdk.json", *TEMPLATES):
        if (folder / name).exists():
            return folder / name
    names = ", ".join(("cdk.json", *TEMPLATES))
    nothing = Diagnostic(f"There is nothing to deploy in {folder}: no {names}.")
    raise InvalidInput((nothing,))


def stack_name_of(path: Path) -> str:
    """A name for the stack of a template file: the file's, or its folder's if that says more.

    >>> stack_name_of(Path("/srv/scoring/template.yaml")), stack_name_of(Path("my_api.json"))
    ('scoring', 'my-api')
    """
    stem = path.resolve().parent.name if path.name in TEMPLATES else path.stem
    name = re.sub(r"[^A-Za-z0-9-]+", "-", stem).strip("-")[:128]
    return name if name[:1].isalpha() else f"stack-{name}".rstrip("-")


def from_template(path: Path, environment: Environment, stack_name: str) -> StackSource:
    """A template file as a stack. Raises InvalidInput where it cannot be read."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise InvalidInput((Diagnostic(f"{path}: {why}.", action="name a template"),)) from error
    name = stack_name or environment.stack_name or _named(path, environment)
    return StackSource(name, text, path, environment.parameters, environment.tags)


def _named(path: Path, environment: Environment) -> str:
    name = stack_name_of(path)
    return f"{name}-{environment.name}" if environment.name else name
