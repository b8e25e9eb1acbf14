"""The input of a REST operation: from the path, the query, the headers and the body.

AWS: Smithy HTTP binding traits. A rule for each bound member is compiled once for each operation.
"""

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from msgspec import DecodeError
from msgspec.json import decode as decode_json

from understudy.api.wire.models import Operation, Ref, ServiceModel, Shape
from understudy.api.wire.pairs import parse_pairs
from understudy.api.wire.request import WireCall, WireRequest
from understudy.api.wire.scalars import Malformed, MalformedParameter, boolean, integer, number
from understudy.api.wire.timestamps import parse_timestamp

FromText = Callable[[str], Any]
ReadBody = Callable[[bytes], Any]


class BodyReaders(Protocol):
    """How a REST protocol reads bodies."""

    def read_payload(self, ref: Ref) -> ReadBody:
        """The reader of a body that is one member."""
        ...

    def read_members(self, ref: Ref) -> ReadBody:
        """The reader of a body that holds the members bound nowhere else."""
        ...


@dataclass(frozen=True, slots=True)
class RestInput:
    """Where the members of an operation's input stand. Each rule has the name on the wire first."""

    labels: tuple[tuple[str, str, FromText], ...]
    queries: tuple[tuple[str, str, FromText, bool], ...]
    query_map: tuple[str, bool] | None
    query_names: frozenset[str]
    headers: tuple[tuple[str, str, FromText], ...]
    prefixes: tuple[tuple[str, str], ...]
    payload: str | None
    payload_required: bool
    streaming: bool
    body: ReadBody | None

    def read(self, call: WireCall, request: WireRequest, *, streaming: bool) -> dict[str, Any]:
        """The members that a request gives. Raises Malformed."""
        try:
            values = self._read_parameters(call, request)
        except Malformed as error:
            raise MalformedParameter(str(error)) from error
        if not (streaming and self.streaming):
            self._read_body(request.body, values)
        return values

    def _read_parameters(self, call: WireCall, request: WireRequest) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, member, convert in self.labels:
            values[member] = convert(call.labels[name])
        if self.queries or self.query_map:
            self._read_query(parse_pairs(request.query), values)
        for name, member, convert in self.headers:
            text = request.headers.get(name)
            if text is not None:
                values[member] = convert(text)
        for prefix, member in self.prefixes:
            found = _prefixed(prefix, request.headers)
            if found:
                values[member] = found
        return values

    def _read_query(self, query: list[tuple[str, str]], values: dict[str, Any]) -> None:
        for name, member, convert, is_list in self.queries:
            texts = [value for key, value in query if key == name]
            if is_list and texts:
                values[member] = [convert(text) for text in texts]
            elif texts:
                values[member] = convert(texts[0])
        if self.query_map is not None:
            member, is_list = self.query_map
            rest = [(key, value) for key, value in query if key not in self.query_names]
            values.update({member: _grouped(rest, is_list=is_list)} if rest else {})

    def _read_body(self, body: bytes, values: dict[str, Any]) -> None:
        if self.body is None or not (body or self.payload_required):
            return
        if self.payload is not None:
            values[self.payload] = self.body(body)
        else:
            values.update(self.body(body))


def _prefixed(prefix: str, headers: Mapping[str, str]) -> dict[str, str]:
    size = len(prefix)
    return {name[size:]: text for name, text in headers.items() if name.startswith(prefix)}


def _grouped(pairs: list[tuple[str, str]], *, is_list: bool) -> dict[str, Any]:
    if not is_list:
        return dict(pairs)
    groups: dict[str, Any] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def rest_input(model: ServiceModel, operation: Operation, bodies: BodyReaders) -> RestInput:
    """The rules of an operation."""
    shape = model.shapes[operation.input.shape] if operation.input else Shape("structure")
    members = [
        (ref.location_name or model.shapes[ref.shape].location_name or name, name, ref)
        for name, ref in shape.members.items()
    ]
    at = {place: [m for m in members if m[2].location == place] for place in _PLACES}
    scalar_queries = [m for m in at["querystring"] if model.shapes[m[2].shape].type != "map"]
    maps = [m for m in at["querystring"] if model.shapes[m[2].shape].type == "map"]
    payload, body = _body(model, operation, shape, bodies)
    is_streaming = payload is not None and _is_stream(model, shape.members[payload])
    return RestInput(
        labels=tuple((wire, name, _from_text(model, ref)) for wire, name, ref in at["uri"]),
        queries=tuple(_query_rule(model, *each) for each in scalar_queries),
        query_map=(maps[0][1], _holds_lists(model, maps[0][2])) if maps else None,
        query_names=frozenset(_literals(operation)) | {wire for wire, *_ in scalar_queries},
        headers=tuple((w.lower(), n, _from_header(model, ref)) for w, n, ref in at["header"]),
        prefixes=tuple((ref.location_name or "", name) for _, name, ref in at["headers"]),
        payload=payload,
        payload_required=is_streaming and payload in shape.required,
        streaming=is_streaming,
        body=body,
    )


def _is_stream(model: ServiceModel, ref: Ref) -> bool:
    return model.shapes[ref.shape].type in {"blob", "string"}


def _literals(operation: Operation) -> dict[str, str]:
    return dict(parse_pairs(operation.http.request_uri.partition("?")[2]))


_PLACES = ("uri", "querystring", "header", "headers")
_QUOTED = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)')
_PLAIN = re.compile(r"([^,]*)(?:,|$)")
_ESCAPED = re.compile(r"\\(.)")


def _body(
    model: ServiceModel, operation: Operation, shape: Shape, bodies: BodyReaders
) -> tuple[str | None, ReadBody | None]:
    if shape.payload is None:
        unbound = any(ref.location is None for ref in shape.members.values())
        return None, bodies.read_members(operation.input) if operation.input and unbound else None
    ref = shape.members[shape.payload]
    payload = model.shapes[ref.shape]
    if payload.eventstream:
        return None, None
    if payload.type == "blob":
        return shape.payload, bytes
    if payload.type == "string":
        return shape.payload, _utf8
    return shape.payload, bodies.read_payload(ref)


def _utf8(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Malformed("The body is not UTF-8") from error


def _holds_lists(model: ServiceModel, ref: Ref) -> bool:
    value = model.shapes[ref.shape].value
    return value is not None and model.shapes[value.shape].type == "list"


def _query_rule(
    model: ServiceModel, wire: str, name: str, ref: Ref
) -> tuple[str, str, FromText, bool]:
    shape = model.shapes[ref.shape]
    item = shape.member if shape.type == "list" else None
    return wire, name, _from_text(model, item or ref), item is not None


def _from_text(model: ServiceModel, ref: Ref) -> FromText:
    shape_type = model.shapes[ref.shape].type
    match shape_type:
        case "boolean":
            return boolean
        case "integer" | "long":
            return lambda text: integer(text, shape_type)
        case "float" | "double":
            return number
        case "timestamp":
            return parse_timestamp
        case _:
            return str


def _from_header(model: ServiceModel, ref: Ref) -> FromText:
    shape = model.shapes[ref.shape]
    if ref.jsonvalue:
        return _json_header
    if shape.type == "list" and shape.member:
        is_dates = model.shapes[shape.member.shape].type == "timestamp"
        convert = _from_text(model, shape.member)
        return lambda text: [convert(item) for item in split_header(text, dates=is_dates)]
    return _from_text(model, ref)


def _json_header(text: str) -> Any:
    try:
        return decode_json(b64decode(text, validate=True))
    except (ValueError, DecodeError, RecursionError) as error:
        raise Malformed("A header does not hold JSON in base 64") from error


def split_header(text: str, *, dates: bool = False) -> list[str]:
    r"""The items of a header that is a list; dates have a comma of their own, strings quotes.

    >>> split_header('a, "b, c", "d \\"e\\""')
    ['a', 'b, c', 'd "e"']
    """
    if dates:
        parts = text.split(",")
        return [",".join(parts[i : i + 2]).strip() for i in range(0, len(parts), 2)]
    items: list[str] = []
    at = 0
    while at < len(text):
        found = _QUOTED.match(text, at) or _PLAIN.match(text, at)
        if found is None:
            break
        items.append(_ESCAPED.sub(r"\1", found[1]) if found.re is _QUOTED else found[1].strip())
        at = found.end()
    return items
