"""An operation's output to the answer that its caller's protocol wants."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from understudy.api.http import Response
from understudy.api.wire.bodies import rest_bodies, rpc_bodies
from understudy.api.wire.models import Operation, operation_model, service_model
from understudy.api.wire.request import Protocol, WireCall
from understudy.api.wire.rest_write import rest_output
from understudy.api.wire.timestamps import iso8601, iso8601_milliseconds
from understudy.api.wire.xml_write import Write, XmlWriter, escape, xmlns

Headers = tuple[tuple[str, str], ...]
Encode = Callable[[Mapping[str, Any], str], Response]
XML_TYPE = "text/xml"
CBOR_HEADERS = (("smithy-protocol", "rpc-v2-cbor"), ("content-type", "application/cbor"))


def encode(call: WireCall, output: Mapping[str, Any], request_id: str) -> Response:
    """The answer that holds an output. Members that are None are left out.

    Raises TypeError where the output has a member that the model does not have: that is a bug.
    """
    written = _encoder(call.service, call.operation, call.protocol, call.json_version)
    return written(output, request_id)


def request_id_headers(service: str, request_id: str) -> Headers:
    """The headers that carry the id of a request; S3 has its own."""
    if service == "s3":
        return (("x-amz-request-id", request_id), ("x-amz-id-2", request_id))
    return (("x-amzn-requestid", request_id),)


@cache
def _encoder(service: str, operation: str, protocol: Protocol, version: str) -> Encode:
    model = operation_model(service, operation)
    match protocol:
        case Protocol.QUERY:
            return _query_encoder(service, operation, model)
        case Protocol.EC2:
            return _ec2_encoder(service, operation, model)
        case Protocol.JSON:
            headers = (("content-type", f"application/x-amz-json-{version}"),)
            return _rpc_encoder(service, model, protocol, headers)
        case Protocol.CBOR:
            return _rpc_encoder(service, model, protocol, CBOR_HEADERS)
        case _:
            return _rest_encoder(service, model, protocol)


def _query_encoder(service: str, name: str, model: Operation) -> Encode:
    """AWS: Smithy awsQuery: ``<XResponse><XResult>`` members, then ``<ResponseMetadata>``."""
    metadata = service_model(service).metadata
    result = (model.output and model.output.result_wrapper) or f"{name}Result"
    write = _members(service, model, Protocol.QUERY)
    opening = f"<{name}Response{xmlns(metadata.xml_namespace)}>"
    opening, closing = (f"{opening}<{result}>", f"</{result}>") if write else (opening, "")

    def encode_query(output: Mapping[str, Any], request_id: str) -> Response:
        out = [opening]
        if write is not None:
            write(output, out)
        out.append(f"{closing}<ResponseMetadata><RequestId>{escape(request_id)}</RequestId>")
        out.append(f"</ResponseMetadata></{name}Response>")
        return _xml(service, request_id, out)

    return encode_query


def _ec2_encoder(service: str, name: str, model: Operation) -> Encode:
    space = xmlns(service_model(service).metadata.xml_namespace)
    write = _members(service, model, Protocol.EC2)

    def encode_ec2(output: Mapping[str, Any], request_id: str) -> Response:
        out = [f"<{name}Response{space}><requestId>{escape(request_id)}</requestId>"]
        if write is not None:
            write(output, out)
        out.append(f"</{name}Response>")
        return _xml(service, request_id, out)

    return encode_ec2


def _members(service: str, model: Operation, protocol: Protocol) -> Write | None:
    return _xml_writer(service, protocol).members(model.output.shape) if model.output else None


def _xml(service: str, request_id: str, out: list[str]) -> Response:
    headers = (*request_id_headers(service, request_id), ("content-type", XML_TYPE))
    return Response(200, headers, "".join(out).encode())


def _rpc_encoder(service: str, model: Operation, protocol: Protocol, headers: Headers) -> Encode:
    bodies = rpc_bodies(service, protocol)
    write = bodies.write_members(model.output) if model.output else None

    def encode_rpc(output: Mapping[str, Any], request_id: str) -> Response:
        body = write(output) if write else bodies.empty
        return Response(200, (*request_id_headers(service, request_id), *headers), body)

    return encode_rpc


def _rest_encoder(service: str, model: Operation, protocol: Protocol) -> Encode:
    rules = rest_output(service_model(service), model, rest_bodies(service, protocol))

    def encode_rest(output: Mapping[str, Any], request_id: str) -> Response:
        answer = rules.write(output)
        headers = (*request_id_headers(service, request_id), *answer.headers)
        return Response(answer.status, headers, answer.body)

    return encode_rest


@cache
def _xml_writer(service: str, protocol: Protocol) -> XmlWriter:
    is_ec2 = protocol is Protocol.EC2
    return XmlWriter(service_model(service), iso8601_milliseconds if is_ec2 else iso8601)
