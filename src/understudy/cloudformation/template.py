"""A template as values: its sections, read from plain data. `structure` says what may be wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from understudy.base.diagnostic import Diagnostic, Severity
from understudy.cloudformation.structure import (
    LANGUAGE_EXTENSIONS,
    diagnose,
    diagnose_parameters,
    is_expanded_later,
)
from understudy.cloudformation.value import is_list, text


@dataclass(frozen=True, slots=True)
class Parameter:
    """A declared parameter. ``default`` and ``allowed_values`` are text, as AWS keeps them."""

    type: str
    default: str | None = None
    no_echo: bool = False
    description: str = ""
    allowed_values: tuple[str, ...] = ()
    allowed_pattern: str | None = None
    constraint_description: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_value: str | None = None
    max_value: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Assertions on parameters, which hold if ``condition`` is absent or true."""

    assertions: tuple[tuple[Any, str], ...]
    condition: Any = None


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as written: values may hold intrinsic functions."""

    type: str
    properties: dict[str, Any] = field(default_factory=dict[str, Any])
    depends_on: tuple[str, ...] = ()
    condition: str | None = None
    metadata: Any = None
    deletion_policy: Any = None
    update_replace_policy: Any = None
    creation_policy: Any = None
    update_policy: Any = None


@dataclass(frozen=True, slots=True)
class Output:
    """A named value that a stack shows, and exports if ``export`` is given."""

    value: Any
    description: str = ""
    export: Any = None
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """A template that is well formed. Mappings keep their order of declaration."""

    resources: Mapping[str, Resource]
    parameters: Mapping[str, Parameter] = field(default_factory=dict[str, Parameter])
    rules: Mapping[str, Rule] = field(default_factory=dict[str, Rule])
    mappings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    conditions: Mapping[str, Any] = field(default_factory=dict[str, Any])
    outputs: Mapping[str, Output] = field(default_factory=dict[str, Output])
    transforms: tuple[Any, ...] = ()
    description: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def language_extensions(self) -> bool:
        """Whether the functions of ``AWS::LanguageExtensions`` may be used."""
        return LANGUAGE_EXTENSIONS in self.transforms


def read(data: Any) -> tuple[Template | None, list[Diagnostic]]:
    """The template in plain data, or None and all that is wrong with its structure.

    The diagnostics come in the order in which AWS would meet them; a warning does not stop the
    template. Loops (``Fn::ForEach``) and macros inside sections are left out here, for they are
    expanded before the template is read for good.
    """
    diagnostics = diagnose(data)
    if any(d.severity is Severity.ERROR for d in diagnostics):
        return None, diagnostics
    return _template(data), diagnostics


def read_parameters(data: Any) -> tuple[dict[str, Parameter] | None, list[Diagnostic]]:
    """The parameters alone, which macros need: the rest of the template may still be expanded."""
    diagnostics = diagnose_parameters(data)
    if diagnostics:
        return None, diagnostics
    return {name: _parameter(raw) for name, raw in _members(data, "Parameters")}, []


def transforms(data: Mapping[str, Any]) -> tuple[Any, ...]:
    """The macros that a template names at its top level, in the order in which they run."""
    named = data.get("Transform", ())
    return tuple(named) if is_list(named) else (named,) if named else ()


def _template(data: Mapping[str, Any]) -> Template:
    return Template(
        parameters={name: _parameter(raw) for name, raw in _members(data, "Parameters")},
        rules={name: _rule(raw) for name, raw in _members(data, "Rules")},
        mappings=dict(_members(data, "Mappings")),
        conditions=dict(_members(data, "Conditions")),
        resources={name: _resource(raw) for name, raw in _members(data, "Resources")},
        outputs={name: _output(raw) for name, raw in _members(data, "Outputs")},
        transforms=transforms(data),
        description=str(data.get("Description", "")),
        metadata=data.get("Metadata", {}),
    )


def _members(data: Mapping[str, Any], section: str) -> list[tuple[str, Any]]:
    return [(k, v) for k, v in data.get(section, {}).items() if not is_expanded_later(k)]


def _parameter(raw: Mapping[str, Any]) -> Parameter:
    def whole(name: str) -> int | None:
        return int(raw[name]) if name in raw else None

    def written(name: str) -> str | None:
        return text(raw[name]) if name in raw else None

    return Parameter(
        type=raw["Type"],
        default=written("Default"),
        no_echo=text(raw.get("NoEcho", False)).lower() == "true",
        description=text(raw.get("Description", "")),
        allowed_values=tuple(map(text, raw.get("AllowedValues", ()))),
        allowed_pattern=written("AllowedPattern"),
        constraint_description=written("ConstraintDescription"),
        min_length=whole("MinLength"),
        max_length=whole("MaxLength"),
        min_value=written("MinValue"),
        max_value=written("MaxValue"),
    )


def _rule(raw: Mapping[str, Any]) -> Rule:
    assertions = [
        (entry.get("Assert"), text(entry.get("AssertDescription", "")))
        for entry in raw.get("Assertions", ())
    ]
    return Rule(tuple(assertions), raw.get("RuleCondition"))


def _resource(raw: Mapping[str, Any]) -> Resource:
    depends_on = raw.get("DependsOn", ())
    return Resource(
        type=raw["Type"],
        properties=raw.get("Properties", {}),
        depends_on=(depends_on,) if isinstance(depends_on, str) else tuple(depends_on),
        condition=raw.get("Condition"),
        metadata=raw.get("Metadata"),
        deletion_policy=raw.get("DeletionPolicy"),
        update_replace_policy=raw.get("UpdateReplacePolicy"),
        creation_policy=raw.get("CreationPolicy"),
        update_policy=raw.get("UpdatePolicy"),
    )


def _output(raw: Mapping[str, Any]) -> Output:
    return Output(
        value=raw["Value"],
        description=text(raw.get("Description", "")),
        export=raw.get("Export", {}).get("Name"),
        condition=raw.get("Condition"),
    )
