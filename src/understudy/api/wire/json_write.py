"""Values to JSON and CBOR values, by shape.

A reader of this module's answers gets numbers for times in JSON and tag 1 in CBOR, base 64 for
blobs in JSON and byte strings in CBOR. Members that are None are left out; a member that the shape
does not have is a bug and raises.
"""

import math
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

from understudy.api.wire.models import Ref, ServiceModel
from understudy.api.wire.scalars import float_text
from understudy.api.wire.timestamps import iso8601, rfc822, unix_number

WriteValue = Callable[[Any], Any]
_TIMES: dict[str, WriteValue] = {"iso8601": iso8601, "rfc822": rfc822, "unixTimestamp": unix_number}


class JsonWriter:
    """Writers for the shapes of one service."""

    def __init__(self, model: ServiceModel, cbor_time: WriteValue | None = None) -> None:
        """``cbor_time`` writes times in CBOR; without it, JSON is written."""
        self._model = model
        self._cbor_time = cbor_time
        self._structures: dict[tuple[str, bool], WriteValue] = {}

    def value(self, ref: Ref) -> WriteValue | None:
        """The writer of a value of a shape, or None if the value is written as it is."""
        shape = self._model.shapes[ref.shape]
        match shape.type:
            case "structure":
                return None if shape.document else self.structure(ref.shape)
            case "list" if shape.member:
                return _list(self.value(shape.member))
            case "map" if shape.value:
                return _map(self.value(shape.value))
            case _:
                return self._scalar(ref)

    def structure(self, name: str, *, body: bool = False) -> WriteValue:
        """The writer of a structure as an object.

        ``body`` leaves out the members that stand in the HTTP headers or status.
        """
        if (name, body) in self._structures:
            return self._structures[name, body]
        members: dict[str, tuple[str, WriteValue | None] | None] = {}

        def write(value: Mapping[str, Any]) -> dict[str, Any]:
            out: dict[str, Any] = {}
            for member, found in value.items():
                if member not in members:
                    raise TypeError(f"{name} has no member {member}")
                rule = members[member]
                if found is not None and rule is not None:
                    out[rule[0]] = rule[1](found) if rule[1] else found
            return out

        self._structures[name, body] = write
        for member, ref in self._model.shapes[name].members.items():
            is_elsewhere = body and ref.location
            rule = None if is_elsewhere else (ref.location_name or member, self.value(ref))
            members[member] = rule
        return write

    def _scalar(self, ref: Ref) -> WriteValue | None:
        shape = self._model.shapes[ref.shape]
        match shape.type:
            case "integer" | "long":
                return _integer
            case "float" | "double":
                return float if self._cbor_time else _number
            case "timestamp":
                given = ref.timestamp_format or shape.timestamp_format
                return self._cbor_time or _TIMES[given or "unixTimestamp"]
            case "blob":
                return None if self._cbor_time else _base64
            case _:
                return None


def _list(item: WriteValue | None) -> WriteValue:
    if item is None:
        return list
    return lambda values: [None if value is None else item(value) for value in values]


def _map(item: WriteValue | None) -> WriteValue:
    if item is None:
        return dict
    return lambda values: {
        key: None if value is None else item(value) for key, value in values.items()
    }


def _integer(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is not an integer")
    return value


def _number(value: float) -> float | str:
    return value if math.isfinite(value) else float_text(value)


def _base64(value: bytes) -> str:
    return b64encode(value).decode()
