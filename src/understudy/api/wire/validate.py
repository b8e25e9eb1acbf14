"""An operation's input held against the constraints of its model, in AWS's own words.

AWS: Common errors; the sentences are those of its services: ``1 validation error detected: Value
'0x' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern:
...``. A check is compiled once for each shape.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, cast

from msgspec.structs import replace

from understudy.api.wire.constraints import (
    NOT_NULL,
    Constraint,
    all_hold,
    bracketed,
    lengths,
    scalar_constraints,
)
from understudy.api.wire.decode import malformed
from understudy.api.wire.models import Ref, ServiceModel, Shape, operation_model, service_model
from understudy.api.wire.request import Protocol, WireCall
from understudy.base.fault import Fault

Holds = Callable[[Any], bool]
Check = Callable[[Any, str, list[str]], None]
"""Appends what is wrong with a value at a path to a list of sentences."""

MOST = 100
"""How many sentences are enough; a hostile request could make any number of them."""

_CODES = {
    Protocol.QUERY: "ValidationError",
    Protocol.EC2: "InvalidParameterValue",
    Protocol.JSON: "ValidationException",
    Protocol.REST_JSON: "ValidationException",
    Protocol.CBOR: "ValidationException",
    Protocol.REST_XML: "InvalidArgument",
}
_CODES_OF_SERVICES = {
    "cloudwatch": "ValidationError",
    "cognito-idp": "InvalidParameterException",
    "ecr": "InvalidParameterException",
    "ecs": "InvalidParameterException",
    "logs": "InvalidParameterException",
    "route53": "InvalidInput",
    "sqs": "InvalidParameterValue",
}
_CONTAINERS = frozenset({"structure", "list", "map"})
_NAMING_PARAMETERS = frozenset({"ec2", "sqs"})
"""Services that answer MissingParameter, naming it as the request would have."""

_STACK_NAME = "[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*"
_LEFT_OUT: dict[tuple[str, str], dict[str, Any]] = {
    ("cloudformation", "StackName"): {"pattern": _STACK_NAME, "min": 1},
    ("cloudformation", "TemplateBody"): {"max": 51200},
}
"""Constraints that AWS enforces though its published models do not have them."""


def validate(call: WireCall, params: Mapping[str, Any]) -> None:
    """Raises the fault that AWS refuses an input with; all that is wrong is in its text."""
    try:
        found = violations(call.service, call.operation, params)
    except RecursionError as error:
        raise malformed(call, "The request is nested too deeply") from error
    if not found:
        return
    if call.service in _NAMING_PARAMETERS:
        raise _naming_parameter(call, params, found)
    code = _CODES_OF_SERVICES.get(call.service) or _CODES[call.protocol]
    raise Fault(code, _detected(found))


def violations(service: str, operation: str, params: Mapping[str, Any]) -> list[str]:
    """What is wrong with an input: a sentence for each constraint that a value does not satisfy."""
    errors: list[str] = []
    check = _check(service, operation)
    if check is not None:
        check(params, "", errors)
    return errors[:MOST]


def _detected(found: list[str]) -> str:
    errors = "error" if len(found) == 1 else "errors"
    return f"{len(found)} validation {errors} detected: {'; '.join(found)}"


def _naming_parameter(call: WireCall, params: Mapping[str, Any], found: list[str]) -> Fault:
    ref = operation_model(call.service, call.operation).input
    required = service_model(call.service).shapes[ref.shape].required if ref else ()
    missing = next((name for name in required if params.get(name) is None), None)
    if missing is None:
        return Fault("InvalidParameterValue", _detected(found))
    end = "." if call.service == "sqs" else ""
    return Fault("MissingParameter", f"The request must contain the parameter {missing}{end}")


@cache
def _check(service: str, operation: str) -> Check | None:
    ref = operation_model(service, operation).input
    return _checks(service).structure(ref.shape) if ref else None


@cache
def _checks(service: str) -> "Checks":
    return Checks(service, service_model(service))


class Checks:
    """Checks for the shapes of one service."""

    def __init__(self, service: str, model: ServiceModel) -> None:
        self._service = service
        self._model = model
        self._structures: dict[str, Check] = {}

    def structure(self, name: str) -> Check:
        """The check of a structure: its required members, and each member's own constraints."""
        if name in self._structures:
            return self._structures[name]
        members: list[tuple[str, str, str, Holds | None, Check | None]] = []

        def check(value: Mapping[str, Any], path: str, errors: list[str]) -> None:
            if len(errors) >= MOST:
                return
            dot = "." if path else ""
            for member, key, null, holds, check_member in members:
                found = value.get(member)
                if found is None:
                    if null:
                        errors.append(_failed(null, f"{path}{dot}{key}", NOT_NULL))
                elif check_member is not None and not (holds and holds(found)):
                    check_member(found, f"{path}{dot}{key}", errors)

        self._structures[name] = check
        required = self._model.shapes[name].required
        for member, ref in self._model.shapes[name].members.items():
            null = "" if member not in required else self._null(ref)
            check_member = self._value(ref)
            if null or check_member is not None:
                key = member[0].lower() + member[1:]
                members.append((member, key, null, self._holds(ref), check_member))
        return check

    def _holds(self, ref: Ref) -> Holds | None:
        """Whether a scalar passes its check, found out without naming where it stands."""
        shape = self._shape(ref)
        constraints = () if shape.type in _CONTAINERS else scalar_constraints(shape)
        return all_hold(constraints) if constraints else None

    def _shape(self, ref: Ref) -> Shape:
        shape = self._model.shapes[ref.shape]
        left_out = _LEFT_OUT.get((self._service, ref.shape))
        return replace(shape, **left_out) if left_out else shape

    def _null(self, ref: Ref) -> str:
        return "Value" if self._model.shapes[ref.shape].sensitive else "Value null"

    def _value(self, ref: Ref) -> Check | None:
        shape = self._shape(ref)
        match shape.type:
            case "structure":
                return None if shape.document else self.structure(ref.shape)
            case "list" if shape.member:
                return self._several(shape, self._items(shape, shape.member))
            case "map" if shape.value and shape.key:
                return self._several(shape, self._entries(shape, shape.key, shape.value))
            case _:
                return _scalar(scalar_constraints(shape), shape)

    def _several(self, shape: Shape, check_contents: Check | None) -> Check | None:
        check_length = _scalar(lengths(shape), shape)
        if check_length is None or check_contents is None:
            return check_length or check_contents

        def check(value: Any, path: str, errors: list[str]) -> None:
            check_length(value, path, errors)
            check_contents(value, path, errors)

        return check

    def _items(self, shape: Shape, member: Ref) -> Check | None:
        item = self._shape(member)
        if item.type not in _CONTAINERS:
            constraints = scalar_constraints(item)
            return _all(constraints, "Member must satisfy constraint: ", shape, iter)
        check_item = self._value(member)
        if check_item is None:
            return None

        def check(value: list[Any], path: str, errors: list[str]) -> None:
            for index, each in enumerate(value, 1):
                check_item(each, f"{path}.{index}.member", errors)

        return check

    def _entries(self, shape: Shape, key: Ref, value: Ref) -> Check | None:
        keys = scalar_constraints(self._shape(key))
        check_keys = _all(keys, "Map keys must satisfy constraint: ", shape, iter)
        held = self._shape(value)
        if held.type not in _CONTAINERS:
            values = scalar_constraints(held)
            check_values = _all(values, "Map value must satisfy constraint: ", shape, _values)
        else:
            check_values = _each(self._value(value))

        def check(entries: dict[str, Any], path: str, errors: list[str]) -> None:
            if check_keys is not None:
                check_keys(entries, path, errors)
            if check_values is not None:
                check_values(entries, path, errors)

        return check if check_keys or check_values else None


def _each(check_value: Check | None) -> Check | None:
    if check_value is None:
        return None

    def check(entries: dict[str, Any], path: str, errors: list[str]) -> None:
        for key, each in entries.items():
            check_value(each, f"{path}.{key}.member", errors)

    return check


def _values(entries: dict[str, Any]) -> Any:
    return entries.values()


def _scalar(constraints: tuple[Constraint, ...], shape: Shape) -> Check | None:
    if not constraints:
        return None

    def check(value: Any, path: str, errors: list[str]) -> None:
        failed = [constraint for constraint in constraints if not constraint.holds(value)]
        errors.extend(_failed(_shown(value, shape), path, each.text) for each in failed)

    return check


def _all(
    constraints: tuple[Constraint, ...], text: str, shape: Shape, items: Callable[[Any], Any]
) -> Check | None:
    """One sentence for all the items of a list or map, which AWS does not tell apart."""
    if not constraints:
        return None
    sentence, holds = text + bracketed(constraints), all_hold(constraints)

    def check(value: Any, path: str, errors: list[str]) -> None:
        for item in items(value):
            if item is not None and not holds(item):
                errors.append(_failed(_shown(value, shape), path, sentence))
                return

    return check


def _failed(value: str, path: str, constraint: str) -> str:
    return f"{value} at '{path}' failed to satisfy constraint: {constraint}"


def _shown(value: Any, shape: Shape) -> str:
    """How AWS names a value: in quotes, or not at all where it is sensitive."""
    return "Value" if shape.sensitive else f"Value '{_java(value)}'"


def _java(value: Any) -> str:
    """A value as Java prints it: ``true``, ``[a, b]``, ``{k=v}``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(_java, cast('list[Any]', value)))}]"
    if isinstance(value, dict):
        entries = cast("dict[str, Any]", value).items()
        return f"{{{', '.join(f'{key}={_java(each)}' for key, each in entries)}}}"
    if isinstance(value, bytes):
        return f"java.nio.HeapByteBuffer[pos=0 lim={len(value)} cap={len(value)}]"
    return str(value)
