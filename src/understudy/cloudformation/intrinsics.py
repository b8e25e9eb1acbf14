"""The intrinsic functions: their names, the shape of their arguments, and AWS's complaints.

AWS: Intrinsic function reference; Rule-specific intrinsic functions; AWS::LanguageExtensions.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from understudy.base.diagnostic import Path
from understudy.cloudformation.value import is_list, is_map, is_scalar, text

BOOLEAN = frozenset(("Fn::And", "Fn::Or", "Fn::Not", "Fn::Equals", "Condition"))
RULES_ONLY = frozenset(
    f"Fn::{name}"
    for name in (
        "Contains", "EachMemberEquals", "EachMemberIn", "RefAll", "ValueOf", "ValueOfAll",
    )
)  # fmt: skip
EXTENSIONS = frozenset(("Fn::Length", "Fn::ToJsonString"))
_SUPPORTED = (
    "Fn::Base64", "Fn::GetAtt", "Fn::GetAZs", "Fn::ImportValue", "Fn::Join", "Fn::Split",
    "Fn::FindInMap", "Fn::Select", "Ref", "Fn::Equals", "Fn::If", "Fn::Not", "Condition",
    "Fn::And", "Fn::Or", "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn",
    "Fn::ValueOf", "Fn::ValueOfAll", "Fn::RefAll", "Fn::Sub", "Fn::Cidr",
)  # fmt: skip
FUNCTIONS = frozenset((*_SUPPORTED, "Fn::GetStackOutput", "Fn::Transform")) - {"Condition"}
LOOP = "Fn::ForEach::"

REF = "Template error: All References must be of type string"
GET_ATT = (
    "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name "
    "and the resource attribute"
)
JOIN = (
    "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) "
    "a list of strings to be joined or a function that returns a list of strings (such as "
    "Fn::GetAZs) to be joined."
)
SPLIT = (
    "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and "
    "(2) a string to be split or a function that returns a string to be split."
)
SELECT = (
    "Template error: Fn::Select requires a list argument with two elements: an integer index and "
    "a list"
)
SUB = (
    "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. "
    "Specify a string as first argument, and an optional second argument to specify a mapping of "
    "values to replace in the string"
)
SUB_NAME = (
    "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, "
    "underscores, periods, and colons"
)
FIND_IN_MAP = (
    "Template error: every Fn::FindInMap object requires three parameters, the map name, map key "
    "and the attribute for return value"
)
EQUALS = "Template error: every Fn::Equals object requires a list of 2 string parameters."
NOT = "Template error: Fn::Not requires a list argument with one function token"
IF_CONDITION = (
    "Template error: Fn::If requires a list argument with the first element being a condition"
)
IF = "Template error: Fn::If requires a list argument with three elements"
CIDR = (
    "Template error: every Fn::Cidr object requires an IP block, a count from 1 to 256 and the "
    "number of subnet bits"
)
LENGTH = "Template error: every Fn::Length object requires a list or a function that returns one."
TO_JSON = "Template error: every Fn::ToJsonString object requires an object or a list."
STACK_OUTPUT = (
    "Template error: every Fn::GetStackOutput object requires a StackName and an OutputName, and "
    "may have a Region and a RoleArn"
)
IMPORT_DEPENDS = (
    "Template error: the attribute in Fn::ImportValue must not depend on any resources, imported "
    "values, or Fn::GetAZs"
)


CONDITION = (
    "Template format error: Conditions can only be boolean operations on parameters and other "
    "conditions"
)


def unresolved(names: Iterable[str], block: str = "Resources") -> str:
    """What AWS says of names that no resource or parameter has."""
    listed = ", ".join(dict.fromkeys(names))
    return (
        f"Template format error: Unresolved resource dependencies [{listed}] in the {block} block "
        "of the template"
    )


def only_parameters(names: Iterable[str], block: str) -> str:
    """What AWS says of resources, or of nothing, that conditions or rules refer to."""
    listed = ", ".join(dict.fromkeys(names))
    return (
        f"Template format error: Unresolved dependencies [{listed}]. Cannot reference resources "
        f"in the {block} block of the template"
    )


def undefined(resource: str) -> str:
    """What AWS says of an Fn::GetAtt of a resource that is not there."""
    return f"Template error: instance of Fn::GetAtt references undefined resource {resource}"


def no_condition(name: Any, used_in: str) -> str:
    """What AWS says of a condition that is not declared."""
    return f"Template error: unresolved condition dependency {name} in {used_in}"


def string_typed(function: str) -> str:
    """What AWS says of Fn::Base64 and Fn::GetAZs of something that is no text."""
    return f"Template error: every {function} object must have a String-typed value."


def and_or(function: str) -> str:
    """What AWS says of an Fn::And or Fn::Or that has not 2 to 10 arguments."""
    return (
        f"Template error: every {function} object requires a list of at least 2 and at most 10 "
        "boolean parameters."
    )


def unsupported(function: str) -> str:
    """What AWS says of a function that it does not know."""
    supported = ", ".join(_SUPPORTED)
    return (
        f"Template error: Encountered unsupported function: {function} "
        f"Supported functions are: [{supported}]"
    )


def called(value: Any) -> tuple[str, Any] | None:
    """The name and the argument of the function that a value is, if it is one.

    >>> called({"Ref": "Bucket"}), called({"Ref": "Bucket", "Other": 1}), called("Ref")
    (('Ref', 'Bucket'), None, None)
    """
    if value.__class__ is not dict or len(value) != 1:
        return None
    ((name, argument),) = value.items()
    if name == "Ref" or name.startswith("Fn::"):
        return name, argument
    return None


Call = tuple[Path, str, Any]
"""Where a function call stands, its name and its argument."""


def calls(value: Any, path: Path = ()) -> list[Call]:
    """Every function call in a value, outer ones first."""
    found: list[Call] = []
    if value.__class__ is dict or value.__class__ is list:
        _collect(value, path, found)
    return found


def _collect(value: Any, path: Path, found: list[Call]) -> None:
    if value.__class__ is dict:
        call = called(value)
        if call is not None:
            found.append((path, *call))
        members = value.items()
    else:
        members = enumerate(value)
    for step, child in members:
        if child.__class__ is dict or child.__class__ is list:
            _collect(child, (*path, step), found)


# Sub

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_VARIABLE = re.compile(r"\s*[A-Za-z0-9_.:]+\s*")


def sub_parts(argument: Any) -> tuple[str, dict[str, Any]]:
    """The text and the variables of an Fn::Sub that is well shaped."""
    if is_list(argument):
        return text(argument[0]), argument[1] if len(argument) > 1 else {}
    return text(argument), {}


def sub_names(source: str) -> list[str]:
    """The names in an Fn::Sub text; ``${!Literal}`` is none.

    >>> sub_names("${AWS::StackName}-${Bucket.Arn}-${!Keep}")
    ['AWS::StackName', 'Bucket.Arn']
    """
    found = _PLACEHOLDER.findall(source)
    return [name.strip() for name in found if not name.startswith("!")]


def sub_filled(source: str, value_of: Callable[[str], str]) -> str:
    """An Fn::Sub text with its names replaced.

    >>> sub_filled("${A}-${!B}", str.lower)
    'a-${B}'
    """

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        return f"${{{name[1:]}}}" if name.startswith("!") else value_of(name.strip())

    return _PLACEHOLDER.sub(fill, source)


# Shapes

Shape = Callable[[Any], str | None]


def malformed(name: str, argument: Any, *, extensions: bool = False) -> str | None:
    """What AWS says of a call whose argument has the wrong shape, or None if it is well shaped."""
    shape = (_EXTENDED if extensions else _SHAPES).get(name)
    return shape(argument) if shape else None


def get_att_parts(argument: Any) -> list[Any]:
    """The resource and the attribute of an Fn::GetAtt, whose long form may be dotted text."""
    return argument.split(".", 1) if isinstance(argument, str) else argument


def _is_function(value: Any) -> bool:
    return called(value) is not None


def _may_be_text(value: Any) -> bool:
    return is_scalar(value) or _is_function(value)


def _pair(argument: Any) -> tuple[Any, Any] | None:
    return (argument[0], argument[1]) if is_list(argument) and len(argument) == 2 else None


def _ref(argument: Any) -> str | None:
    return None if isinstance(argument, str) else REF


def _extended_ref(argument: Any) -> str | None:
    return None if isinstance(argument, str) or _is_function(argument) else REF


def _get_att(argument: Any) -> str | None:
    parts = get_att_parts(argument)
    literal = is_list(parts) and bool(parts) and isinstance(parts[0], str)
    return _extended_get_att(argument) if literal else GET_ATT


def _extended_get_att(argument: Any) -> str | None:
    parts = get_att_parts(argument)
    fine = is_list(parts) and len(parts) == 2 and all(part and _may_be_text(part) for part in parts)
    return None if fine else GET_ATT


def _join(argument: Any) -> str | None:
    pair = _pair(argument)
    if pair is None or not is_scalar(pair[0]):
        return JOIN
    members = pair[1]
    if is_list(members):
        return None if all(map(_may_be_text, members)) else JOIN
    return None if _is_function(members) else JOIN


def _split(argument: Any) -> str | None:
    pair = _pair(argument)
    return None if pair and is_scalar(pair[0]) and _may_be_text(pair[1]) else SPLIT


def _select(argument: Any) -> str | None:
    pair = _pair(argument)
    if pair is None or not (_is_function(pair[0]) or index_of(pair[0]) is not None):
        return SELECT
    return None if is_list(pair[1]) or _is_function(pair[1]) else SELECT


def index_of(value: Any) -> int | None:
    """The index that Fn::Select is given as a whole number or its text."""
    whole = is_scalar(value) and not isinstance(value, bool) and text(value).lstrip("-").isdecimal()
    return int(text(value)) if whole else None


def _sub(argument: Any) -> str | None:
    shaped = is_scalar(argument) or (
        is_list(argument) and len(argument) == 2 and is_scalar(argument[0]) and is_map(argument[1])
    )
    if not shaped:
        return SUB
    names = _PLACEHOLDER.findall(sub_parts(argument)[0])
    fine = all(name.startswith("!") or _VARIABLE.fullmatch(name) for name in names)
    return None if fine else SUB_NAME


def _find_in_map(argument: Any) -> str | None:
    fine = is_list(argument) and len(argument) == 3 and all(map(_may_be_key, argument))
    return None if fine else FIND_IN_MAP


def _extended_find_in_map(argument: Any) -> str | None:
    if not is_list(argument) or not all(map(_may_be_text, argument[:3])):
        return FIND_IN_MAP
    if len(argument) == 4:
        return None if is_map(argument[3]) and "DefaultValue" in argument[3] else FIND_IN_MAP
    return None if len(argument) == 3 else FIND_IN_MAP


def _may_be_key(value: Any) -> bool:
    call = called(value)
    return is_scalar(value) if call is None else call[0] in ("Ref", "Fn::FindInMap")


def _equals(argument: Any) -> str | None:
    return None if _pair(argument) and all(map(_may_be_text, argument)) else EQUALS


def _many(name: str) -> Shape:
    def shape(argument: Any) -> str | None:
        fine = is_list(argument) and 2 <= len(argument) <= 10 and all(map(is_boolean, argument))
        return None if fine else and_or(name)

    return shape


def is_boolean(value: Any) -> bool:
    """Whether a value is a condition function, or ``{Condition: name}``."""
    if not is_map(value) or len(value) != 1:
        return False
    (name,) = value
    return name in BOOLEAN or name in RULES_ONLY or name == "Fn::If"


def _not(argument: Any) -> str | None:
    fine = is_list(argument) and len(argument) == 1 and is_boolean(argument[0])
    return None if fine else NOT


def _if(argument: Any) -> str | None:
    if not is_list(argument) or not argument or not isinstance(argument[0], str):
        return IF_CONDITION
    return None if len(argument) == 3 else IF


def _textual(name: str) -> Shape:
    def shape(argument: Any) -> str | None:
        return None if _may_be_text(argument) else string_typed(name)

    return shape


def _cidr(argument: Any) -> str | None:
    fine = is_list(argument) and len(argument) in (2, 3) and all(map(_may_be_text, argument))
    return None if fine or _is_function(argument) else CIDR


def _import(argument: Any) -> str | None:
    late = ("Fn::ImportValue", "Fn::GetAZs", "Fn::GetAtt")
    if any(name in late for _, name, _ in calls(argument)):
        return IMPORT_DEPENDS
    return None if _may_be_text(argument) else string_typed("Fn::ImportValue")


def _stack_output(argument: Any) -> str | None:
    """The shape of Fn::GetStackOutput. AWS: Fn::GetStackOutput."""
    if not is_map(argument) or not {"StackName", "OutputName"} <= argument.keys():
        return STACK_OUTPUT
    known = argument.keys() <= {"StackName", "OutputName", "Region", "RoleArn"}
    return None if known and all(map(_may_be_text, argument.values())) else STACK_OUTPUT


def _length(argument: Any) -> str | None:
    return None if is_list(argument) or _is_function(argument) else LENGTH


def _to_json(argument: Any) -> str | None:
    return None if is_list(argument) or is_map(argument) else TO_JSON


def _transform(argument: Any) -> str | None:
    if is_map(argument) and isinstance(argument.get("Name"), str):
        return None
    return "Key Name of transform definition must be a string."


_SHAPES: dict[str, Shape] = {
    "Ref": _ref,
    "Fn::And": _many("Fn::And"),
    "Fn::Base64": _textual("Fn::Base64"),
    "Fn::Cidr": _cidr,
    "Fn::Equals": _equals,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAtt": _get_att,
    "Fn::GetAZs": _textual("Fn::GetAZs"),
    "Fn::GetStackOutput": _stack_output,
    "Fn::If": _if,
    "Fn::ImportValue": _import,
    "Fn::Join": _join,
    "Fn::Not": _not,
    "Fn::Or": _many("Fn::Or"),
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Fn::Transform": _transform,
}
_EXTENDED: dict[str, Shape] = {
    **_SHAPES,
    "Ref": _extended_ref,
    "Fn::FindInMap": _extended_find_in_map,
    "Fn::GetAtt": _extended_get_att,
    "Fn::Length": _length,
    "Fn::ToJsonString": _to_json,
}
