"""What may be wrong with the shape of a template, in AWS's words and AWS's order.

AWS: Template anatomy; CloudFormation quotas. The sentences are those that AWS answers.
"""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from understudy.base.diagnostic import Diagnostic, Path, Severity
from understudy.cloudformation.intrinsics import CONDITION, LOOP
from understudy.cloudformation.value import is_list, is_map, is_scalar, text

LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"
SECTIONS = (
    "AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings",
    "Conditions", "Transform", "Hooks", "Resources", "Outputs",
)  # fmt: skip
RESOURCE_ATTRIBUTES = (
    "Type", "Properties", "DependsOn", "Condition", "Metadata", "DeletionPolicy",
    "UpdateReplacePolicy", "CreationPolicy", "UpdatePolicy",
)  # fmt: skip
PARAMETER_PROPERTIES = (
    "Type", "Default", "NoEcho", "AllowedValues", "AllowedPattern", "MaxLength", "MinLength",
    "MaxValue", "MinValue", "Description", "ConstraintDescription",
)  # fmt: skip
OUTPUT_PROPERTIES = ("Value", "Description", "Export", "Condition")
POLICIES = {
    "DeletionPolicy": ("Delete", "Retain", "RetainExceptOnCreate", "Snapshot"),
    "UpdateReplacePolicy": ("Delete", "Retain", "Snapshot"),
}

MAX_RESOURCES = 500
MAX_MEMBERS = 200
"""Of parameters, mappings, attributes of a mapping, and outputs. AWS: CloudFormation quotas."""
MAX_NAME = 255
MAX_DESCRIPTION_BYTES = 1024

_AWS_SPECIFIC = (
    "AWS::EC2::AvailabilityZone::Name", "AWS::EC2::Image::Id", "AWS::EC2::Instance::Id",
    "AWS::EC2::KeyPair::KeyName", "AWS::EC2::SecurityGroup::GroupName",
    "AWS::EC2::SecurityGroup::Id", "AWS::EC2::Subnet::Id", "AWS::EC2::Volume::Id",
    "AWS::EC2::VPC::Id", "AWS::Route53::HostedZone::Id",
)  # fmt: skip
_PLAIN_TYPES = ("String", "CommaDelimitedList", "List<String>", *_AWS_SPECIFIC)
PARAMETER_TYPES = frozenset(
    [
        *("Number", "List<Number>", "AWS::SSM::Parameter::Name"),
        *_PLAIN_TYPES,
        *(f"List<{name}>" for name in _AWS_SPECIFIC),
        *(f"AWS::SSM::Parameter::Value<{name}>" for name in _PLAIN_TYPES),
        *(f"AWS::SSM::Parameter::Value<List<{name}>>" for name in _AWS_SPECIFIC),
    ]
)
"""AWS: Supplied parameter types, and Systems Manager parameter types."""

_ALPHANUMERIC = re.compile(r"[A-Za-z0-9]+")
_MAPPING_KEY = re.compile(r"[A-Za-z0-9.-]+")
EXPORT_NAME = re.compile(r"[A-Za-z0-9:-]+")
MALFORMED_EXPORT = (
    "Template format error: Output {} is malformed. The Name field of every Export member must "
    "be specified and consist only of alphanumeric characters, colons, or hyphens."
)
_FORMAT = "Template format error: "

Found = Iterator[Diagnostic]


def diagnose(data: Any) -> list[Diagnostic]:
    """Everything that is wrong with the shape of a template, AWS's first complaint first."""
    if not is_map(data):
        return [Diagnostic(f"{_FORMAT}unsupported structure.")]
    checks = (
        _sections, _version, _description, _transforms, _parameters, _rules, _mappings,
        _conditions, _resources, _outputs,
    )  # fmt: skip
    return [diagnostic for check in checks for diagnostic in check(data)]


def diagnose_parameters(data: Any) -> list[Diagnostic]:
    """What is wrong with the sections that are read before macros run: Transform, Parameters."""
    return [*_transforms(data), *_parameters(data)] if is_map(data) else diagnose(data)


def is_expanded_later(key: str) -> bool:
    """Whether a member of a section is a loop or a macro, which makes other members."""
    return key.startswith(LOOP) or key == "Fn::Transform"


def closest(name: str, choices: tuple[str, ...] | list[str]) -> str:
    """A hint for a name that may be a slip: ``did you mean Properties?``, or nothing."""
    matches = get_close_matches(name, choices, n=1)
    return f"did you mean {matches[0]}?" if matches else ""


def _problem(summary: str, *path: str | int, action: str = "") -> Diagnostic:
    return Diagnostic(summary, path, action=action)


def _macros(data: Mapping[str, Any]) -> list[Any]:
    named = data.get("Transform", [])
    return named if is_list(named) else [named]


def _sections(data: Mapping[str, Any]) -> Found:
    known = (*SECTIONS, "Fn::Transform")
    if "AWS::Serverless-2016-10-31" in _macros(data):
        known = (*known, "Globals")
    unknown = [name for name in data if name not in known]
    if unknown:
        names = ", ".join(unknown)
        hint = closest(unknown[0], known)
        yield _problem(
            f"Invalid template property or properties [{names}]", unknown[0], action=hint
        )


def _version(data: Mapping[str, Any]) -> Found:
    version = data.get("AWSTemplateFormatVersion", "2010-09-09")
    if version != "2010-09-09":
        yield _problem(
            f"{_FORMAT}{version} is not a supported value for AWSTemplateFormatVersion",
            "AWSTemplateFormatVersion",
            action="write 2010-09-09, the only version there is",
        )


def _description(data: Mapping[str, Any]) -> Found:
    description = data.get("Description", "")
    if not is_scalar(description):
        yield _problem(f"{_FORMAT}every Description member must be a string.", "Description")
    elif len(text(description).encode()) > MAX_DESCRIPTION_BYTES:
        summary = f"{_FORMAT}'Description' length is greater than {MAX_DESCRIPTION_BYTES}."
        yield _problem(summary, "Description")


def _transforms(data: Mapping[str, Any]) -> Found:
    for macro in _macros(data):
        name: Any = macro.get("Name") if is_map(macro) else macro
        if not isinstance(name, str):
            yield _problem("Key Name of transform definition must be a string.", "Transform")


def _section(data: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The members of a section that stand in it now; an odd section has none."""
    section = data.get(name, {})
    if not is_map(section):
        return {}
    return {k: v for k, v in section.items() if not is_expanded_later(k)}


def _members(data: Mapping[str, Any], name: str, limit: int = MAX_MEMBERS) -> Found:
    """What is wrong with a section as a whole: it is no object, it is too large."""
    if not is_map(data.get(name, {})):
        yield _problem(f"{_FORMAT}[/{name}] must be an object.", name)
    count = len(_section(data, name))
    if count > limit:
        noun = name.lower()
        summary = f"{_FORMAT}Number of {noun}, {count}, is greater than maximum allowed, {limit}"
        yield _problem(summary, name)


def _name(noun: str, section: str, name: str) -> Found:
    if not _ALPHANUMERIC.fullmatch(name):
        yield _problem(
            f"{_FORMAT}{noun} name {name} is non alphanumeric.",
            section,
            name,
            action="use letters and digits only",
        )
    elif len(name) > MAX_NAME:
        yield _problem(f"{_FORMAT}{noun} name {name} is longer than {MAX_NAME}.", section, name)


# Parameters


def _parameters(data: Mapping[str, Any]) -> Found:
    yield from _members(data, "Parameters")
    for name, raw in _section(data, "Parameters").items():
        yield from _name("Parameter", "Parameters", name)
        if is_map(raw):
            yield from _parameter(("Parameters", name), raw)
        else:
            summary = f"{_FORMAT}Any Parameters member must be an object."
            yield _problem(summary, "Parameters", name)


def _parameter(path: Path, raw: Mapping[str, Any]) -> Found:
    for key in raw:
        if key not in PARAMETER_PROPERTIES:
            summary = f"Invalid template parameter property '{key}'"
            yield _problem(summary, *path, key, action=closest(key, PARAMETER_PROPERTIES))
    kind = raw.get("Type")
    if kind is None:
        yield _problem(f"{_FORMAT}Every Parameters object must contain a Type member.", *path)
    elif text(kind) not in PARAMETER_TYPES:
        summary = f"{_FORMAT}Unrecognized parameter type: {kind}"
        yield _problem(summary, *path, "Type", action=closest(str(kind), sorted(PARAMETER_TYPES)))
    yield from _parameter_values(path, raw)


def _parameter_values(path: Path, raw: Mapping[str, Any]) -> Found:
    strings = ("Default", "Description", "AllowedPattern", "ConstraintDescription", "NoEcho")
    for key in strings:
        if not is_scalar(raw.get(key, "")):
            yield _problem(f"{_FORMAT}Every {key} member must be a string.", *path, key)
    for key in ("MinLength", "MaxLength"):
        if not text(raw.get(key, 0)).isdecimal():
            yield _problem(f"{_FORMAT}Every {key} member must be a number.", *path, key)
    for key in ("MinValue", "MaxValue"):
        if not is_number(raw.get(key, 0)):
            yield _problem(f"{_FORMAT}Every {key} member must be a number.", *path, key)
    allowed = raw.get("AllowedValues", [])
    if not is_list(allowed) or not all(map(is_scalar, allowed)):
        summary = f"{_FORMAT}Every AllowedValues value must be a string."
        yield _problem(summary, *path, "AllowedValues")


_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def is_number(value: Any) -> bool:
    """Whether a scalar is, or is the text of, a finite number."""
    return not isinstance(value, bool) and _NUMBER.fullmatch(text(value)) is not None


def _rules(data: Mapping[str, Any]) -> Found:
    yield from _members(data, "Rules")
    for name, raw in _section(data, "Rules").items():
        path = ("Rules", name)
        assertions = raw.get("Assertions") if is_map(raw) else None
        if not is_list(assertions):
            yield _problem(f"{_FORMAT}Every Rules object must contain Assertions.", *path)
            continue
        for index, entry in enumerate(assertions):
            if not is_map(entry) or "Assert" not in entry:
                summary = f"{_FORMAT}Every Assertions member must contain an Assert."
                yield _problem(summary, *path, "Assertions", index)


# Mappings


def _mappings(data: Mapping[str, Any]) -> Found:
    yield from _members(data, "Mappings")
    for name, mapping in _section(data, "Mappings").items():
        yield from _map_name("element", name, ("Mappings", name), _MAPPING_KEY)
        if not is_map(mapping):
            yield _not_a_map(name, "Mappings", name)
            continue
        for key, attributes in mapping.items():
            path = ("Mappings", name, key)
            if is_expanded_later(key):
                continue
            if is_map(attributes):
                yield from _attributes(path, attributes)
            else:
                yield _not_a_map(key, *path)


def _not_a_map(name: str, *path: str | int) -> Diagnostic:
    return _problem(f"{_FORMAT}Every Mappings member {name} must be a map", *path)


def _map_name(kind: str, name: str, path: Path, pattern: re.Pattern[str]) -> Found:
    if not pattern.fullmatch(name):
        allowed = (
            "only alphanumeric characters."
            if pattern is _ALPHANUMERIC
            else "only alphanumerics, '-' or '.'"
        )
        yield _problem(f"{_FORMAT}Mappings {kind} name '{name}' must contain {allowed}", *path)


def _attributes(path: Path, attributes: Mapping[str, Any]) -> Found:
    if len(attributes) > MAX_MEMBERS:
        yield _problem(
            f"{_FORMAT}Number of attributes, {len(attributes)}, is greater than maximum allowed, "
            f"{MAX_MEMBERS}",
            *path,
        )
    for name, value in attributes.items():
        if is_expanded_later(name):
            continue
        yield from _map_name("attribute", name, (*path, name), _ALPHANUMERIC)
        if not (is_scalar(value) or _is_literal_list(value)):
            summary = f"{_FORMAT}Every Mappings attribute must be a String or a List."
            yield _problem(summary, *path, name, action="mappings hold literal values only")


def _is_literal_list(value: Any) -> bool:
    return is_list(value) and all(is_scalar(item) for item in value)


def _conditions(data: Mapping[str, Any]) -> Found:
    if not is_map(data.get("Conditions", {})):
        yield _problem(f"{_FORMAT}[/Conditions] must be an object.", "Conditions")
    for name, raw in _section(data, "Conditions").items():
        if not is_map(raw):
            yield _problem(CONDITION, "Conditions", name)


# Resources


def _resources(data: Mapping[str, Any]) -> Found:
    section = data.get("Resources")
    if not section:
        yield _problem(f"{_FORMAT}At least one Resources member must be defined.", "Resources")
        return
    yield from _members(data, "Resources", MAX_RESOURCES)
    yield from _undeclared_loops(data)
    for name, raw in _section(data, "Resources").items():
        yield from _name("Resource", "Resources", name)
        if is_map(raw):
            yield from _resource(("Resources", name), raw)
        else:
            summary = f"{_FORMAT}Any Resources member must be an object."
            yield _problem(summary, "Resources", name)


def _undeclared_loops(data: Mapping[str, Any]) -> Found:
    section = data["Resources"]
    if LANGUAGE_EXTENSIONS in _macros(data) or not is_map(section):
        return
    for key in section:
        if key.startswith(LOOP):
            yield _problem(
                f"{_FORMAT}[/Resources/{key}] resource definition is malformed",
                "Resources",
                key,
                action=f"loops need Transform: {LANGUAGE_EXTENSIONS}",
            )


def _resource(path: Path, raw: Mapping[str, Any]) -> Found:
    kind = raw.get("Type")
    if not isinstance(kind, str) or not kind:
        what = "Every Resources object must contain a Type member."
        summary = f"{_FORMAT}[/Resources/{path[-1]}] {what}"
        yield _problem(summary, *path)
    for key in raw:
        if key not in RESOURCE_ATTRIBUTES:
            hint = closest(key, RESOURCE_ATTRIBUTES)
            yield _problem(f"Invalid template resource property '{key}'", *path, key, action=hint)
    for key in ("Properties", "CreationPolicy", "UpdatePolicy"):
        if not is_map(raw.get(key, {})):
            yield _problem(
                f"{_FORMAT}[/{'/'.join(map(str, path))}/{key}] must be an object.", *path, key
            )
    yield from _resource_links(path, raw)


def _resource_links(path: Path, raw: Mapping[str, Any]) -> Found:
    depends_on = raw.get("DependsOn", [])
    names: Any = [depends_on] if isinstance(depends_on, str) else depends_on
    if not is_list(names) or not all(isinstance(n, str) for n in names):
        yield _problem(f"{_FORMAT}Every DependsOn value must be a string.", *path, "DependsOn")
    if not isinstance(raw.get("Condition", ""), str):
        yield _problem(f"{_FORMAT}Every Condition member must be a string.", *path, "Condition")
    for key, allowed in POLICIES.items():
        policy = raw.get(key, "Delete")
        if isinstance(policy, str) and policy not in allowed:
            summary = f"{_FORMAT}Unrecognized {key} {policy} for resource {path[-1]}"
            yield _problem(summary, *path, key, action=f"one of {', '.join(allowed)}")


# Outputs


def _outputs(data: Mapping[str, Any]) -> Found:
    yield from _members(data, "Outputs")
    for name, raw in _section(data, "Outputs").items():
        if not _ALPHANUMERIC.fullmatch(name):
            summary = f"{_FORMAT}Outputs name '{name}' is non alphanumeric."
            yield _problem(summary, "Outputs", name, action="use letters and digits only")
        if not is_map(raw) or "Value" not in raw:
            summary = f"{_FORMAT}Every Outputs member must contain a Value object"
            yield _problem(summary, "Outputs", name)
        else:
            yield from _output(("Outputs", name), raw)


def _output(path: Path, raw: Mapping[str, Any]) -> Found:
    for key in raw:
        if key not in OUTPUT_PROPERTIES:
            yield Diagnostic(
                f"Output {path[-1]} has a member that CloudFormation does not use: {key}",
                (*path, key),
                action=closest(key, OUTPUT_PROPERTIES),
                severity=Severity.WARNING,
            )
    if not isinstance(raw.get("Condition", ""), str):
        yield _problem(f"{_FORMAT}Every Condition member must be a string.", *path, "Condition")
    export = raw.get("Export", {"Name": "x"})
    name: Any = export.get("Name") if is_map(export) else None
    literal = isinstance(name, str)
    if not name or (literal and not EXPORT_NAME.fullmatch(name)):
        yield _problem(MALFORMED_EXPORT.format(path[-1]), *path, "Export")
