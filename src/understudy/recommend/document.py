"""The parts of a template that a patch is made of: YAML with its comments and order, or JSON."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq, TaggedScalar
from ruamel.yaml.tag import Tag

from understudy.cloudformation.value import is_list, is_map
from understudy.control.events import Params


class NotPatchable(ValueError):  # noqa: N818 - it says what the template lacks
    """The template has no place for a policy, in words."""


@dataclass(frozen=True, slots=True)
class Document:
    """The resources of a template, by logical id, and how references are written in it."""

    resources: Any
    is_json: bool

    def only(self, kind: str) -> str:
        """The logical id of the one resource of a type. Raises NotPatchable."""
        found = self.all(kind)
        if len(found) != 1:
            raise NotPatchable(f"the template has {len(found)} resources of {kind}, not one")
        return found[0]

    def all(self, kind: str) -> list[str]:
        """The logical ids of all resources of a type."""
        return [name for name, each in self.resources.items() if each.get("Type") == kind]

    def properties(self, name: str) -> Any:
        """The properties of a resource."""
        return self.resources[name]["Properties"]

    def add(self, name: str, kind: str, properties: Params) -> str:
        """Put in a resource; its logical id, which is the name or the name with a number."""
        found, number = name, 2
        while found in self.resources:
            found, number = f"{name}{number}", number + 1
        values = {"Type": kind, "Properties": _commented(properties)}
        self.resources[found] = CommentedMap(values)
        return found

    def reference(self, name: str) -> Any:
        """A reference to a resource."""
        return {"Ref": name} if self.is_json else _tagged("!Ref", name)

    def attribute(self, name: str, attribute: str) -> Any:
        """An attribute of a resource."""
        if self.is_json:
            return {"Fn::GetAtt": [name, attribute]}
        return _tagged("!GetAtt", f"{name}.{attribute}")

    def substituted(self, text: str) -> Any:
        """A text with references in it."""
        return {"Fn::Sub": text} if self.is_json else _tagged("!Sub", text)

    def drop(self, gone: set[str], kept: set[str]) -> None:
        """Take away policies, and what of alarms only invokes them; but not the alarms kept."""
        for name in self.all(ALARM):
            actions = self.properties(name).get("AlarmActions", [])
            for each in [each for each in actions if name_of(each) in gone]:
                actions.remove(each)
                if not actions and name not in kept:
                    gone.add(name)
        for name in gone:
            del self.resources[name]


ALARM = "AWS::CloudWatch::Alarm"


def indent_like(yaml: YAML, text: str) -> None:
    """Indent lists as the text does: either under their key or as deep as it."""
    lines = text.splitlines()
    for line, after in pairwise(lines):
        if line.rstrip().endswith(":") and after.lstrip().startswith("- "):
            inner = len(after) - len(after.lstrip()) - (len(line) - len(line.lstrip()))
            if inner > 0:
                yaml.indent(mapping=2, sequence=4, offset=2)
            return


def put(mapping: Any, key: str, value: Any) -> None:
    """Set a value, with its comment kept; one that says the same already stays as it is."""
    if key in mapping and not isinstance(mapping[key], TaggedScalar) and mapping[key] == value:
        return
    mapping[key] = value


def update(mapping: Any, values: Params) -> None:
    """Set values in a mapping and in those within it; what they do not name stays."""
    for key, value in values.items():
        if is_map(value) and key in mapping:
            update(mapping[key], value)
        else:
            put(mapping, key, plain(value))


def plain(value: Any) -> Any:
    """Whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if is_map(value):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if is_list(value) else value


def _commented(value: Any) -> Any:
    if isinstance(value, TaggedScalar):
        return value
    if is_map(value):
        return CommentedMap({key: _commented(each) for key, each in value.items()})
    return CommentedSeq([_commented(each) for each in value]) if is_list(value) else value


def _tagged(tag: str, value: str) -> TaggedScalar:
    made: Any = TaggedScalar(value=value)
    made.yaml_set_ctag(Tag(suffix=tag))
    return made


def camel(name: str) -> str:
    """A logical id from a policy's name.

    >>> camel("invocations-per-instance")
    'InvocationsPerInstance'
    """
    return "".join(part.capitalize() for part in name.replace("_", "-").split("-"))


def name_of(value: Any) -> str:
    """The logical id that a Ref names, in either notation."""
    if isinstance(value, TaggedScalar):
        return str(getattr(value, "value", ""))
    return str(value.get("Ref", "")) if is_map(value) else str(value)
