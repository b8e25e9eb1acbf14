"""The service models of AWS, read from botocore's data folder: one when it is first asked for.

botocore itself is not imported: that takes 0.2 s, and its loader keeps every sentence of the
documentation. The files are the same ones; msgspec passes over what is not declared here. The
``sdk-extras`` beside them describe the SDK, not the service, and are left out.
"""

import gzip
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.json import Decoder

MODEL_FILE = "service-2.json.gz"


class Namespace(Struct, frozen=True):
    """The XML namespace of an element."""

    uri: str
    prefix: str = ""


class Ref(Struct, frozen=True, rename="camel"):
    """A use of a shape, with the traits that this use adds to the shape's own."""

    shape: str
    location: str | None = None
    location_name: str | None = None
    query_name: str | None = None
    flattened: bool = False
    timestamp_format: str | None = None
    xml_namespace: Namespace | str | None = None
    xml_attribute: bool = False
    jsonvalue: bool = False
    result_wrapper: str | None = None


class ErrorTrait(Struct, frozen=True, rename="camel"):
    """How an error shape looks on the wire."""

    code: str | None = None
    http_status_code: int | None = None


class Shape(Struct, frozen=True, rename="camel"):
    """A type: structure, list, map, or one of the scalar types."""

    type: str
    members: dict[str, Ref] = {}
    required: tuple[str, ...] = ()
    payload: str | None = None
    member: Ref | None = None
    key: Ref | None = None
    value: Ref | None = None
    enum: tuple[str, ...] = ()
    pattern: str | None = None
    min: int | float | None = None
    max: int | float | None = None
    flattened: bool = False
    sparse: bool = False
    location_name: str | None = None
    timestamp_format: str | None = None
    xml_namespace: Namespace | str | None = None
    error: ErrorTrait | None = None
    exception: bool = False
    fault: bool = False
    document: bool = False
    sensitive: bool = False
    eventstream: bool = False


class Http(Struct, frozen=True, rename="camel"):
    """The HTTP binding of an operation."""

    method: str = "POST"
    request_uri: str = "/"
    response_code: int = 200


class Operation(Struct, frozen=True, rename="camel"):
    """An operation. ``name`` is the name on the wire, which may carry a version."""

    name: str
    http: Http = Http()
    input: Ref | None = None
    output: Ref | None = None
    errors: tuple[Ref, ...] = ()
    deprecated: bool = False


class Metadata(Struct, frozen=True, rename="camel"):
    """What a service is called, and in which protocols it speaks."""

    api_version: str
    endpoint_prefix: str
    protocol: str
    service_id: str
    protocols: tuple[str, ...] = ()
    signing_name: str = ""
    target_prefix: str = ""
    json_version: str = "1.1"
    xml_namespace: Namespace | str | None = None
    aws_query_compatible: dict[str, Any] | None = None

    @property
    def spoken(self) -> tuple[str, ...]:
        """All protocols of the service, the one that older clients of it speak among them."""
        spoken = self.protocols or (self.protocol,)
        return spoken if self.aws_query_compatible is None else (*spoken, "query")

    @property
    def signed_as(self) -> str:
        """The service name in signatures."""
        return self.signing_name or self.endpoint_prefix


class ServiceModel(Struct, frozen=True):
    """All that is known about a service."""

    metadata: Metadata
    operations: dict[str, Operation]
    shapes: dict[str, Shape]

    def members(self, ref: Ref | None) -> dict[str, Ref]:
        """The members of a structure; none where there is no structure."""
        return self.shapes[ref.shape].members if ref else {}


@cache
def data_folder() -> Path:
    """The folder of botocore's models: ``<service>/<API version>/service-2.json.gz``."""
    spec = find_spec("botocore")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("botocore is not installed")
    return Path(spec.origin).parent / "data"


def model_file(service: str) -> Path | None:
    """The model of a service in its newest API version, or None if there is no such service."""
    return max((data_folder() / service).glob(f"*/{MODEL_FILE}"), default=None)


@cache
def service_model(service: str) -> ServiceModel:
    """The model of a service, by botocore's name. Raises LookupError if there is none."""
    file = model_file(service) if service.replace("-", "").isalnum() else None
    if file is None:
        raise LookupError(f"there is no service model named {service!r}")
    return Decoder(ServiceModel).decode(gzip.decompress(file.read_bytes()))


def operation_model(service: str, operation: str) -> Operation:
    """An operation of a service. Raises LookupError if there is none."""
    found = service_model(service).operations.get(operation)
    if found is None:
        raise LookupError(f"{service} has no operation {operation!r}")
    return found
