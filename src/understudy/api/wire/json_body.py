"""The bodies of the JSON protocols and of RPC v2 CBOR: one object."""

from collections.abc import Callable, Mapping
from typing import Any

import cbor2
import msgspec

from understudy.api.wire.json_read import JsonReader
from understudy.api.wire.json_write import JsonWriter
from understudy.api.wire.models import Ref, ServiceModel
from understudy.api.wire.scalars import Malformed

_EPOCH_TAG = 1
_SHARED_TAGS = (28, 29)


def parse_json(body: bytes) -> Any:
    """The value of a JSON document; an empty body is an empty object. Raises Malformed."""
    if not body.strip():
        return {}
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"The body is not valid JSON: {str(error)[:200]}") from error


def parse_cbor(body: bytes) -> Any:
    """The value of a CBOR document; an empty body is an empty map. Raises Malformed.

    Times come as their numbers. Other tags, values shared by reference among them, are refused.
    """
    if not body:
        return {}
    try:
        return cbor2.loads(body, semantic_decoders=_TAGS, tag_hook=_refuse_tag)
    except (cbor2.CBORDecodeError, UnicodeDecodeError, RecursionError, MemoryError) as error:
        raise Malformed(f"The body is not valid CBOR: {str(error)[:200]}") from error


def _refuse_tag(*_: Any) -> Any:
    raise Malformed("A tag is not supported")


def _number_of_time(value: Any, _immutable: bool) -> Any:  # noqa: FBT001 - cbor2 calls it so
    return value


_TAGS = {_EPOCH_TAG: _number_of_time} | dict.fromkeys(_SHARED_TAGS, _refuse_tag)


def _cbor_time(value: float) -> cbor2.CBORTag:
    return cbor2.CBORTag(_EPOCH_TAG, round(float(value), 3))


class JsonBodies:
    """Readers and writers of the JSON bodies of one service."""

    content_type = "application/json"
    always = True
    empty = b"{}"

    def __init__(self, model: ServiceModel, *, is_rest: bool) -> None:
        """``is_rest`` says that members with a location stand there and not in the body."""
        self._reader = JsonReader(model)
        self._writer = JsonWriter(model)
        self._is_rest = is_rest

    def read_payload(self, ref: Ref) -> Callable[[bytes], Any]:
        """The reader of a body that is one member."""
        read = self._reader.value(ref)
        return lambda body: read(parse_json(body))

    def read_members(self, ref: Ref) -> Callable[[bytes], Any]:
        """The reader of a body that holds the members bound nowhere else."""
        read = self._reader.structure(ref.shape, body=self._is_rest)
        return lambda body: read(parse_json(body))

    def write_structure(self, name: str, value: Mapping[str, Any]) -> dict[str, Any]:
        """A structure as a JSON object, not yet a text."""
        return self._writer.structure(name, body=self._is_rest)(value)

    def write_payload(self, ref: Ref) -> Callable[[Any], bytes]:
        """The writer of a body that is one member."""
        write = self._writer.value(ref)
        if write is None:
            return msgspec.json.encode
        return lambda value: msgspec.json.encode(write(value))

    def write_members(self, ref: Ref) -> Callable[[Any], bytes]:
        """The writer of a body that holds the members bound nowhere else."""
        write = self._writer.structure(ref.shape, body=self._is_rest)
        return lambda value: msgspec.json.encode(write(value))


class CborBodies:
    """Readers and writers of the CBOR bodies of one service."""

    empty = b"\xa0"

    def __init__(self, model: ServiceModel) -> None:
        self._reader = JsonReader(model, is_cbor=True)
        self._writer = JsonWriter(model, _cbor_time)

    def read_members(self, ref: Ref) -> Callable[[bytes], Any]:
        """The reader of a body."""
        read = self._reader.structure(ref.shape)
        return lambda body: read(parse_cbor(body))

    def write_members(self, ref: Ref) -> Callable[[Mapping[str, Any]], bytes]:
        """The writer of a body."""
        write = self._writer.structure(ref.shape)
        return lambda value: cbor2.dumps(write(value))

    def write_structure(self, name: str, value: Mapping[str, Any]) -> dict[str, Any]:
        """A structure as a map of CBOR values, not yet bytes."""
        return self._writer.structure(name)(value)
