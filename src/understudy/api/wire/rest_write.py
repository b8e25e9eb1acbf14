"""The answer of a REST operation: its status, headers and body.

AWS: Smithy HTTP binding traits. A rule for each bound member is compiled once for each operation.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from msgspec.json import encode as encode_json

from understudy.api.http import Response
from understudy.api.wire.models import Operation, Ref, ServiceModel, Shape
from understudy.api.wire.scalars import float_text
from understudy.api.wire.timestamps import TEXT, rfc822

ToText = Callable[[Any], str]
WriteBody = Callable[[Any], Any]

_EVENT_STREAM = "application/vnd.amazon.eventstream"
_LINE_BREAK = re.compile(r"[\r\n\0]")
_BODILESS = frozenset({204, 304})


class BodyWriters(Protocol):
    """How a REST protocol writes bodies."""

    content_type: str
    always: bool
    """Whether an output without members has a body all the same (``{}``)."""

    def write_payload(self, ref: Ref) -> WriteBody:
        """The writer of a body that is one member."""
        ...

    def write_members(self, ref: Ref) -> WriteBody:
        """The writer of a body that holds the members bound nowhere else."""
        ...


@dataclass(frozen=True, slots=True)
class RestOutput:
    """Where the members of an operation's output go. Each rule has the name on the wire first."""

    shape: str
    members: frozenset[str]
    status: int
    status_member: str | None
    headers: tuple[tuple[str, str, ToText], ...]
    prefixes: tuple[tuple[str, str], ...]
    payload: str | None
    body: WriteBody | None
    content_type: str
    """Empty where a member of the output says it."""

    def write(self, values: Mapping[str, Any]) -> Response:
        """The answer that holds an output. Raises TypeError for a member that is not modelled."""
        if not values.keys() <= self.members:
            raise TypeError(f"{self.shape} has no member {min(values.keys() - self.members)}")
        headers = [
            (name, _LINE_BREAK.sub(" ", convert(values[member])))
            for name, member, convert in self.headers
            if values.get(member) is not None
        ]
        for prefix, member in self.prefixes:
            found: Mapping[str, str] = values.get(member) or {}
            headers.extend((prefix + key, _LINE_BREAK.sub(" ", found[key])) for key in found)
        status = self._status(values)
        body = b"" if status in _BODILESS else self._write_body(values)
        if body and self.content_type:
            headers.append(("content-type", self.content_type))
        return Response(status, tuple(headers), body)

    def _status(self, values: Mapping[str, Any]) -> int:
        given = values.get(self.status_member) if self.status_member else None
        return self.status if given is None else given

    def _write_body(self, values: Mapping[str, Any]) -> Any:
        if self.body is None:
            return b""
        if self.payload is None:
            return self.body(values)
        value = values.get(self.payload)
        return b"" if value is None else self.body(value)


def rest_output(model: ServiceModel, operation: Operation, bodies: BodyWriters) -> RestOutput:
    """The rules of an operation."""
    shape = model.shapes[operation.output.shape] if operation.output else Shape("structure")
    members = [(ref.location_name or name, name, ref) for name, ref in shape.members.items()]
    statuses = [name for _, name, ref in members if ref.location == "statusCode"]
    body, content_type = _body(model, operation, shape, bodies)
    if any(wire.lower() == "content-type" for wire, _, ref in members if ref.location == "header"):
        content_type = ""
    return RestOutput(
        shape=operation.output.shape if operation.output else operation.name,
        members=frozenset(shape.members),
        status=operation.http.response_code,
        status_member=statuses[0] if statuses else None,
        headers=tuple(
            (wire.lower(), name, header_text(model, ref))
            for wire, name, ref in members
            if ref.location == "header"
        ),
        prefixes=tuple(
            (wire.lower(), name) for wire, name, ref in members if ref.location == "headers"
        ),
        payload=shape.payload,
        body=body,
        content_type=content_type,
    )


def _body(
    model: ServiceModel, operation: Operation, shape: Shape, bodies: BodyWriters
) -> tuple[WriteBody | None, str]:
    if shape.payload is None:
        unbound = any(ref.location is None for ref in shape.members.values())
        if operation.output is None or not (unbound or bodies.always):
            return None, ""
        return bodies.write_members(operation.output), bodies.content_type
    ref = shape.members[shape.payload]
    payload = model.shapes[ref.shape]
    if payload.eventstream:
        return _as_given, _EVENT_STREAM
    if payload.type == "blob":
        return _as_given, "application/octet-stream"
    if payload.type == "string":
        return str.encode, "text/plain"
    return bodies.write_payload(ref), bodies.content_type


def _as_given(value: Any) -> Any:
    """Bytes, or the iterator of chunks that the HTTP layer will send."""
    return value


def header_text(model: ServiceModel, ref: Ref) -> ToText:
    """How to write a member as a header."""
    shape = model.shapes[ref.shape]
    if ref.jsonvalue:
        return lambda value: b64encode(encode_json(value)).decode()
    match shape.type:
        case "boolean":
            return lambda value: "true" if value else "false"
        case "integer" | "long":
            return lambda value: f"{value:d}"
        case "float" | "double":
            return float_text
        case "timestamp":
            given = ref.timestamp_format or shape.timestamp_format
            return TEXT[given] if given else rfc822
        case "list" if shape.member:
            item = header_text(model, shape.member)
            return lambda values: ", ".join(_quoted(item(value)) for value in values)
        case _:
            return str


def _quoted(item: str) -> str:
    if "," not in item and '"' not in item:
        return item
    escaped = item.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
