"""JSON and CBOR values to values, by shape.

The two differ in their leaves only: JSON has blobs in base 64 and times as numbers or texts, CBOR
has byte strings and times as tagged numbers. Null members are taken for missing ones.
AWS: Smithy, awsJson1_1, restJson1 and rpcv2Cbor.
"""

from collections.abc import Callable
from typing import Any

from understudy.api.wire.models import Ref, ServiceModel
from understudy.api.wire.scalars import SPECIAL, Malformed, blob, in_range
from understudy.api.wire.timestamps import epoch_seconds, parse_timestamp

ReadValue = Callable[[Any], Any]
_BEYOND_LONG = 1 << 63


class JsonReader:
    """Readers for the shapes of one service."""

    def __init__(self, model: ServiceModel, *, is_cbor: bool = False) -> None:
        self._model = model
        self._is_cbor = is_cbor
        self._structures: dict[tuple[str, bool], ReadValue] = {}

    def value(self, ref: Ref) -> ReadValue:
        """The reader of a value of a shape. Raises Malformed."""
        shape = self._model.shapes[ref.shape]
        match shape.type:
            case "structure":
                return _as_given if shape.document else self.structure(ref.shape)
            case "list" if shape.member:
                return _list(self.value(shape.member), sparse=shape.sparse)
            case "map" if shape.value:
                return _map(self.value(shape.value), sparse=shape.sparse)
            case _:
                return self._scalar(shape.type)

    def structure(self, name: str, *, body: bool = False) -> ReadValue:
        """The reader of an object whose keys are the members of a structure.

        ``body`` leaves out the members that stand in the path, the query or the HTTP headers.
        """
        if (name, body) in self._structures:
            return self._structures[name, body]
        members: dict[str, tuple[str, ReadValue]] = {}

        def read(value: Any) -> dict[str, Any]:
            if not _is(dict, value):
                raise _refused(value, "structure")
            values: dict[str, Any] = {}
            for key, found in value.items():
                known = members.get(key)
                if known is not None and found is not None:
                    values[known[0]] = known[1](found)
            return values

        self._structures[name, body] = read
        for member, ref in self._model.shapes[name].members.items():
            if not (body and ref.location):
                members[ref.location_name or member] = (member, self.value(ref))
        return read

    def _scalar(self, shape_type: str) -> ReadValue:
        match shape_type:
            case "boolean":
                return _boolean
            case "integer" | "long":
                return lambda value: _integer(value, shape_type)
            case "float" | "double":
                return _number
            case "timestamp":
                return _timestamp
            case "blob":
                return _bytes if self._is_cbor else _base64
            case _:
                return _string


def _is(kind: type, value: Any) -> bool:
    """Whether a value is of a type, without narrowing it to a container of unknown values."""
    return type(value) is kind


def _refused(value: Any, wanted: str) -> Malformed:
    """A value of the wrong kind, in the words of AWS's JSON services."""
    if isinstance(value, list | dict):
        start = "list" if isinstance(value, list) else "structure or map"
        return Malformed(f"Start of {start} found where not expected.")
    if wanted in {"list", "map", "structure"}:
        return Malformed(f"Expected {wanted} or null")
    kind = "STRING_VALUE" if isinstance(value, str) else "NUMBER_VALUE"
    if isinstance(value, bool):
        kind = "TRUE_VALUE" if value else "FALSE_VALUE"
    return Malformed(f"{kind} can not be converted to {wanted}")


def _as_given(value: Any) -> Any:
    return value


def _list(item: ReadValue, *, sparse: bool) -> ReadValue:
    def read(value: Any) -> list[Any]:
        if not _is(list, value):
            raise _refused(value, "list")
        if sparse:
            return [None if each is None else item(each) for each in value]
        return [item(each) for each in value if each is not None]

    return read


def _map(item: ReadValue, *, sparse: bool) -> ReadValue:
    def read(value: Any) -> dict[str, Any]:
        if not _is(dict, value):
            raise _refused(value, "map")
        if not all(type(key) is str for key in value):
            raise Malformed("The key of a map is not a string")
        return {
            key: None if each is None else item(each)
            for key, each in value.items()
            if sparse or each is not None
        }

    return read


def _string(value: Any) -> str:
    if type(value) is not str:
        raise _refused(value, "a String")
    return value


def _boolean(value: Any) -> bool:
    if type(value) is not bool:
        raise _refused(value, "a Boolean")
    return value


def _integer(value: Any, shape_type: str) -> int:
    if type(value) is int:
        return in_range(value, shape_type)
    if type(value) is float and abs(value) < _BEYOND_LONG:
        return in_range(int(value), shape_type)
    raise _refused(value, "an Integer" if shape_type == "integer" else "a Long")


def _number(value: Any) -> float:
    if type(value) is float:
        return value
    if type(value) is int and abs(value) < 1 << 1000:
        return float(value)
    if type(value) is str and value in SPECIAL:
        return SPECIAL[value]
    raise _refused(value, "a Double")


def _timestamp(value: Any) -> float:
    if type(value) is float or (type(value) is int and abs(value) < _BEYOND_LONG):
        return epoch_seconds(value)
    if type(value) is str and value[:1].isalnum():
        return parse_timestamp(value)
    raise _refused(value, "milliseconds since epoch")


def _base64(value: Any) -> bytes:
    return blob(_string(value))


def _bytes(value: Any) -> bytes:
    if type(value) is not bytes:
        raise _refused(value, "a Blob")
    return value
