"""Evaluating the values of a template, with unknowns that flow through every function."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from understudy.cloudformation import functions
from understudy.cloudformation.functions import EvaluationError
from understudy.cloudformation.intrinsics import (
    CIDR,
    CONDITION,
    FIND_IN_MAP,
    REF,
    get_att_parts,
    malformed,
    no_condition,
    string_typed,
    sub_filled,
    sub_names,
    sub_parts,
    undefined,
    unresolved,
    unsupported,
)
from understudy.cloudformation.unknown import NO_VALUE, Unknown, is_known, sources, unknown
from understudy.cloudformation.value import is_list, is_map, is_scalar, text


def _undefined(logical_id: str) -> Any:
    raise EvaluationError(unresolved([logical_id]))


def _undefined_attribute(logical_id: str, attribute: str) -> Any:
    raise EvaluationError(undefined(logical_id))


def _no_zones(region: str) -> Sequence[str]:
    return ()


def _no_export(name: str) -> str | None:
    return None


NO_STRING = "Template error: variable {} in Fn::Sub expression does not resolve to a string"


@dataclass(frozen=True, slots=True)
class StackOutput:
    """What Fn::GetStackOutput asks for; an empty region is the own one, an empty role nobody's."""

    stack: str
    name: str
    region: str = ""
    role: str = ""


def _no_output(wanted: StackOutput) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Scope:
    """All that the values of a template may refer to.

    ``parameters`` are the bound values (text, or lists of text), ``pseudo`` the ``AWS::`` ones.
    ``ref`` and ``attribute`` look a resource up; both may answer with an `Unknown`, or raise
    `EvaluationError`. ``zones`` gives the Availability Zones of a region, ``exports`` the value of
    an export or None, ``outputs`` that of an output of another stack. ``extensions`` allows the
    functions of AWS::LanguageExtensions; ``more`` are further functions, such as those of Rules.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict[str, Any])
    pseudo: Mapping[str, Any] = field(default_factory=dict[str, Any])
    mappings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    conditions: Mapping[str, Any] = field(default_factory=dict[str, Any])
    ref: Callable[[str], Any] = _undefined
    attribute: Callable[[str, str], Any] = _undefined_attribute
    zones: Callable[[str], Sequence[str]] = _no_zones
    exports: Callable[[str], str | None] = _no_export
    outputs: Callable[[StackOutput], str | None] = _no_output
    extensions: bool = False
    more: Mapping[str, Callable[[Any, "Scope"], Any]] = field(default_factory=dict[str, Any])


def evaluate(value: Any, scope: Scope) -> Any:
    """The value with its functions evaluated.

    What depends on an unknown is an `Unknown`; everything else is known. Members that are
    ``AWS::NoValue`` are left out; a value that itself is gives `NO_VALUE`. ``Fn::Transform`` stays
    as it is. Raises `EvaluationError` with AWS's sentence, and nothing else.
    """
    kind = value.__class__
    if kind is dict:
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name == "Ref" or name.startswith("Fn::"):
                return _call(name, argument, scope)
        return _map(value, scope)
    return _list(value, scope) if kind is list else value


def _map(value: dict[str, Any], scope: Scope) -> dict[str, Any]:
    result: dict[str, Any] = {}
    key = ""
    try:
        for key, child in value.items():
            kind = child.__class__
            evaluated = evaluate(child, scope) if kind is dict or kind is list else child
            if evaluated is not NO_VALUE:
                result[key] = evaluated
    except EvaluationError as error:
        error.path = (key, *error.path)
        raise
    return result


def _list(value: list[Any], scope: Scope) -> list[Any]:
    result: list[Any] = []
    index = 0
    try:
        for index, child in enumerate(value):  # noqa: B007 - where an error stands
            kind = child.__class__
            evaluated = evaluate(child, scope) if kind is dict or kind is list else child
            if evaluated is not NO_VALUE:
                result.append(evaluated)
    except EvaluationError as error:
        error.path = (index, *error.path)
        raise
    return result


def _call(name: str, argument: Any, scope: Scope) -> Any:
    function = _FUNCTIONS.get(name) or scope.more.get(name)
    if function is None and scope.extensions:
        function = _EXTENDED.get(name)
    if function is None:
        raise EvaluationError(unsupported(name), (name,))
    complaint = malformed(name, argument, extensions=scope.extensions)
    if complaint:
        raise EvaluationError(complaint, (name,))
    try:
        return function(argument, scope)
    except EvaluationError as error:
        error.path = (name, *error.path)
        raise


# References


def _ref(argument: Any, scope: Scope) -> Any:
    name = argument if argument.__class__ is str else evaluate(argument, scope)
    if isinstance(name, Unknown):
        return name
    if not isinstance(name, str):
        raise EvaluationError(REF)
    return _reference(name, scope)


def _reference(name: str, scope: Scope) -> Any:
    if name == NO_VALUE.value:
        return NO_VALUE
    if name in scope.pseudo:
        return scope.pseudo[name]
    return scope.parameters[name] if name in scope.parameters else scope.ref(name)


def _get_att(argument: Any, scope: Scope) -> Any:
    parts = [evaluate(part, scope) for part in get_att_parts(argument)]
    if not is_known(parts):
        return unknown(sources(parts))
    return scope.attribute(text(parts[0]), text(parts[1]))


def _sub(argument: Any, scope: Scope) -> Any:
    source, given = sub_parts(argument)
    variables = _map(given, scope)
    values = {name: _variable(name, variables, scope) for name in sub_names(source)}
    if not is_known(values):
        return unknown(sources(values))
    return sub_filled(source, lambda name: text(values[name]))


def _variable(name: str, variables: Mapping[str, Any], scope: Scope) -> Any:
    value = variables[name] if name in variables else _named(name, scope)
    if value is NO_VALUE:
        return ""
    if isinstance(value, Unknown) or is_scalar(value):
        return value
    raise EvaluationError(NO_STRING.format(name))


def _named(name: str, scope: Scope) -> Any:
    if "." in name:
        return scope.attribute(*name.split(".", 1))
    return _reference(name, scope)


def _import_value(argument: Any, scope: Scope) -> Any:
    name = evaluate(argument, scope)
    if isinstance(name, Unknown):
        return name
    if not is_scalar(name):
        raise EvaluationError(string_typed("Fn::ImportValue"))
    value = scope.exports(text(name))
    if value is None:
        raise EvaluationError(f"No export named {text(name)} found.")
    return value


def _get_stack_output(argument: Any, scope: Scope) -> Any:
    """An output of another stack of the account. AWS: Fn::GetStackOutput."""
    found = {name: evaluate(value, scope) for name, value in argument.items()}
    if not is_known(found):
        return unknown(sources(found))
    members = ("StackName", "OutputName", "Region", "RoleArn")
    wanted = StackOutput(*(text(found.get(name, "")) for name in members))
    value = scope.outputs(wanted)
    if value is None:
        raise EvaluationError(f"No output named {wanted.name} found in stack {wanted.stack}.")
    return value


def _get_azs(argument: Any, scope: Scope) -> Any:
    region = evaluate(argument, scope)
    if isinstance(region, Unknown):
        return region
    if not is_scalar(region):
        raise EvaluationError(string_typed("Fn::GetAZs"))
    return sorted(scope.zones(text(region) or text(scope.pseudo.get("AWS::Region", ""))))


# Functions of values


def _of_known(function: Callable[[Any], Any]) -> Callable[[Any, Scope], Any]:
    """A function of one value, which is unknown if a part of the value is."""

    def call(argument: Any, scope: Scope) -> Any:
        value = evaluate(argument, scope)
        return function(value) if is_known(value) else unknown(sources(value))

    return call


def _join(argument: Any, scope: Scope) -> Any:
    members = evaluate(argument[1], scope)
    if not is_known(members):
        return unknown(sources(members))
    return functions.join(text(argument[0]), members)


def _split(argument: Any, scope: Scope) -> Any:
    source = evaluate(argument[1], scope)
    if not is_known(source):
        return unknown(sources(source))
    return functions.split(text(argument[0]), source)


def _select(argument: Any, scope: Scope) -> Any:
    """One member; it may be known though another one is not."""
    index, members = evaluate(argument[0], scope), evaluate(argument[1], scope)
    if isinstance(index, Unknown) or isinstance(members, Unknown):
        return unknown(sources([index, members]))
    return functions.select(index, members)


def _find_in_map(argument: Any, scope: Scope) -> Any:
    keys = [evaluate(key, scope) for key in argument[:3]]
    if not is_known(keys):
        return unknown(sources(keys))
    if not all(map(is_scalar, keys)):
        raise EvaluationError(FIND_IN_MAP)
    if len(argument) == 3:
        return functions.find_in_map(scope.mappings, keys)
    found = functions.find_in_map(scope.mappings, keys, NO_VALUE)
    return evaluate(argument[3]["DefaultValue"], scope) if found is NO_VALUE else found


def _cidr(argument: Any, scope: Scope) -> Any:
    arguments = evaluate(argument, scope)
    if not is_known(arguments):
        return unknown(sources(arguments))
    if not is_list(arguments) or len(arguments) not in (2, 3) or not all(map(is_scalar, arguments)):
        raise EvaluationError(CIDR)
    return functions.cidr(*arguments)


def _transform(argument: Any, scope: Scope) -> Any:
    return {"Fn::Transform": argument}


# Conditions


def truth(expression: Any, scope: Scope) -> bool | Unknown:
    """The value of a condition: a condition function, or ``{Condition: name}``."""
    if is_map(expression) and len(expression) == 1 and "Condition" in expression:
        return condition(expression["Condition"], scope, "Condition")
    value = evaluate(expression, scope)
    if isinstance(value, (bool, Unknown)):
        return value
    if value in ("true", "false"):
        return value == "true"
    raise EvaluationError(CONDITION)


def condition(name: Any, scope: Scope, used_in: str) -> bool | Unknown:
    """The value of a named condition. Raises EvaluationError if there is none."""
    if not isinstance(name, str) or name not in scope.conditions:
        raise EvaluationError(no_condition(name, used_in))
    return scope.conditions[name]


def _if(argument: Any, scope: Scope) -> Any:
    holds = condition(argument[0], scope, "Fn::If")
    if isinstance(holds, Unknown):
        return holds
    branch = 1 if holds else 2
    try:
        return evaluate(argument[branch], scope)
    except EvaluationError as error:
        error.path = (branch, *error.path)
        raise


def _and(argument: Any, scope: Scope) -> bool | Unknown:
    return _all([truth(expression, scope) for expression in argument])


def _or(argument: Any, scope: Scope) -> bool | Unknown:
    return _negated(_all([_negated(truth(expression, scope)) for expression in argument]))


def _not(argument: Any, scope: Scope) -> bool | Unknown:
    return _negated(truth(argument[0], scope))


def _all(values: list[bool | Unknown]) -> bool | Unknown:
    if any(value is False for value in values):
        return False
    return True if is_known(values) else unknown(sources(values))


def _negated(value: bool | Unknown) -> bool | Unknown:  # noqa: FBT001 - a truth value
    return value if isinstance(value, Unknown) else not value


def _equals(argument: Any, scope: Scope) -> bool | Unknown:
    left, right = (evaluate(side, scope) for side in argument)
    if not is_known([left, right]):
        return unknown(sources([left, right]))
    return functions.equals(left, right)


Function = Callable[[Any, Scope], Any]

_FUNCTIONS: dict[str, Function] = {
    "Ref": _ref,
    "Fn::And": _and,
    "Fn::Base64": _of_known(functions.to_base64),
    "Fn::Cidr": _cidr,
    "Fn::Equals": _equals,
    "Fn::FindInMap": _find_in_map,
    "Fn::GetAtt": _get_att,
    "Fn::GetAZs": _get_azs,
    "Fn::GetStackOutput": _get_stack_output,
    "Fn::If": _if,
    "Fn::ImportValue": _import_value,
    "Fn::Join": _join,
    "Fn::Not": _not,
    "Fn::Or": _or,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::Sub": _sub,
    "Fn::Transform": _transform,
}
_EXTENDED: dict[str, Function] = {
    "Fn::Length": _of_known(functions.length),
    "Fn::ToJsonString": _of_known(functions.to_json),
}
