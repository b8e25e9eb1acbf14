"""A request to the members of an operation's input, under AWS's names.

Times are float seconds since the epoch, blobs are bytes. Members that the model does not have are
passed over, as AWS does: clients may be newer than we are.
"""

import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

from understudy.api.wire.bodies import rest_bodies, rpc_bodies
from understudy.api.wire.form_read import FormReader, form_tree
from understudy.api.wire.models import operation_model, service_model
from understudy.api.wire.pairs import parse_pairs
from understudy.api.wire.request import Protocol, WireCall, WireRequest
from understudy.api.wire.rest_read import RestInput, rest_input
from understudy.api.wire.scalars import Malformed, MalformedParameter
from understudy.base.fault import Fault

Params = dict[str, Any]
Decode = Callable[[WireCall, WireRequest], Params]

LARGEST_INFLATED = 64 << 20
"""Bytes that a compressed body may inflate to."""

_GZIP = 31
_S3_TEXT = (
    "The XML you provided was not well-formed or did not validate against our published schema"
)


def decode(call: WireCall, request: WireRequest, *, streaming: bool = False) -> Params:
    """The input of a call. Raises the fault that AWS answers a malformed request with.

    ``streaming`` leaves out a payload that is a blob or a text, whose body need not be read then.
    """
    if call.fault is not None:
        raise call.fault
    try:
        if call.protocol in {Protocol.REST_JSON, Protocol.REST_XML}:
            rules = _rest(call.service, call.operation, call.protocol)
            request = request if rules.streaming else _inflated(request)
            return rules.read(call, request, streaming=streaming)
        return _rpc(call.service, call.operation, call.protocol)(_inflated(request))
    except (Malformed, RecursionError) as error:
        is_parameter = isinstance(error, MalformedParameter)
        raise malformed(call, str(error), is_parameter=is_parameter) from error


def malformed(call: WireCall, message: str, *, is_parameter: bool = False) -> Fault:
    """The fault for a request that is not of its operation's shape."""
    if is_parameter and call.protocol is Protocol.REST_XML:
        return Fault("InvalidArgument", message)
    if call.service == "s3":
        return Fault("MalformedXML", _S3_TEXT)
    if call.protocol in {Protocol.QUERY, Protocol.EC2, Protocol.REST_XML}:
        return Fault("MalformedInput", message)
    return Fault("SerializationException", message)


def _inflated(request: WireRequest) -> WireRequest:
    if request.headers.get("content-encoding", "").strip().lower() != "gzip":
        return request
    inflater = zlib.decompressobj(_GZIP)
    try:
        body = inflater.decompress(request.body, LARGEST_INFLATED)
    except zlib.error as error:
        raise Malformed("The body is not valid gzip") from error
    if not inflater.eof:
        raise Malformed("The compressed body is cut off or too large")
    return WireRequest(request.method, request.path, request.query, request.headers, body)


@cache
def _rest(service: str, operation: str, protocol: Protocol) -> RestInput:
    operation_input = operation_model(service, operation)
    return rest_input(service_model(service), operation_input, rest_bodies(service, protocol))


@cache
def _rpc(service: str, operation: str, protocol: Protocol) -> Callable[[WireRequest], Params]:
    ref = operation_model(service, operation).input
    if ref is None:
        return lambda _: {}
    if protocol in {Protocol.QUERY, Protocol.EC2}:
        read = _form_reader(service, protocol).structure(ref.shape)
        return lambda request: read(form_tree(_form_pairs(request)))
    read_body = rpc_bodies(service, protocol).read_members(ref)
    return lambda request: read_body(request.body)


def _form_pairs(request: WireRequest) -> list[tuple[str, str]]:
    try:
        body = request.body.decode()
    except UnicodeDecodeError as error:
        raise Malformed("The form is not UTF-8") from error
    return parse_pairs(f"{request.query}&{body}")


@cache
def _form_reader(service: str, protocol: Protocol) -> FormReader:
    return FormReader(service_model(service), is_ec2=protocol is Protocol.EC2)
