"""A fault to the error answer that its caller's protocol wants."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import cbor2
import msgspec

from understudy.api.http import Response
from understudy.api.wire.bodies import rpc_bodies
from understudy.api.wire.encode import CBOR_HEADERS, XML_TYPE, Headers, request_id_headers
from understudy.api.wire.errors import WireError, wire_error
from understudy.api.wire.models import service_model
from understudy.api.wire.request import Protocol, WireCall
from understudy.api.wire.rest_write import header_text
from understudy.api.wire.timestamps import iso8601
from understudy.api.wire.xml_body import DECLARATION, XmlBodies
from understudy.api.wire.xml_write import XmlWriter, escape, xmlns
from understudy.base.fault import Fault

_MESSAGES = ("message", "Message", "errorMessage")


def not_offered(service: str, operation: str) -> Fault:
    """The fault for an operation that AWS has and we do not.

    Its status is 400: no SDK tries a 400 again (but for throttling and skewed clocks, by code),
    while some take every 5xx, 501 too, for a passing failure.
    """
    text = f"Understudy does not offer {service}:{operation}."
    return Fault("UnsupportedOperation", text, 400)


def encode_fault(call: WireCall, fault: Fault, request_id: str, resource: str = "") -> Response:
    """The error answer. ``resource`` is the path that S3 names in its errors.

    The model's HTTP status and code on the wire go before the fault's own. A HEAD request is
    answered without a body, so its caller knows the status only.
    """
    error = wire_error(call.service, fault)
    headers = request_id_headers(call.service, request_id)
    if call.protocol in {Protocol.QUERY, Protocol.EC2, Protocol.REST_XML}:
        is_rest = call.protocol is Protocol.REST_XML
        headers = (*headers, ("content-type", XmlBodies.content_type if is_rest else XML_TYPE))
        body = _xml_body(call, error, request_id, resource)
    else:
        headers = (*headers, *_headers(call, error))
        body = _json_body(call, error)
    return Response(error.status, headers, b"" if _is_head(call) else body)


def _is_head(call: WireCall) -> bool:
    operations = service_model(call.service).operations if call.service else {}
    return call.operation in operations and operations[call.operation].http.method == "HEAD"


def _xml_body(call: WireCall, error: WireError, request_id: str, resource: str) -> bytes:
    is_s3 = call.protocol is Protocol.REST_XML and call.service in {"", "s3"}
    out = [f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"]
    if call.service and error.fields:
        _xml_writer(call.service).members(error.name)(error.fields, out)
    extra = {**error.extra, "Resource": resource} if resource and is_s3 else error.extra
    out.extend(f"<{name}>{escape(str(value))}</{name}>" for name, value in extra.items())
    return _xml_frame(call, error, "".join(out), escape(request_id), is_s3=is_s3).encode()


def _xml_frame(
    call: WireCall, error: WireError, inner: str, request_id: str, *, is_s3: bool
) -> str:
    if is_s3:
        ids = f"<RequestId>{request_id}</RequestId><HostId>{request_id}</HostId>"
        return f"{DECLARATION}<Error>{inner}{ids}</Error>"
    if call.protocol is Protocol.EC2:
        errors = f"<Errors><Error>{inner}</Error></Errors>"
        return f"{DECLARATION}<Response>{errors}<RequestID>{request_id}</RequestID></Response>"
    space = xmlns(service_model(call.service).metadata.xml_namespace) if call.service else ""
    inner = f"<Error><Type>{error.blame}</Type>{inner}</Error>"
    return f"<ErrorResponse{space}>{inner}<RequestId>{request_id}</RequestId></ErrorResponse>"


@cache
def _xml_writer(service: str) -> XmlWriter:
    return XmlWriter(service_model(service), iso8601)


def _headers(call: WireCall, error: WireError) -> Headers:
    headers: list[tuple[str, str]] = []
    if call.protocol is Protocol.CBOR:
        headers.extend(CBOR_HEADERS)
    elif call.protocol is Protocol.JSON:
        headers.append(("content-type", f"application/x-amz-json-{call.json_version}"))
    else:
        headers.extend((("content-type", "application/json"), ("x-amzn-errortype", error.name)))
        headers.extend(_bound_headers(call, error))
    if call.query_mode and service_model(call.service).metadata.aws_query_compatible is not None:
        headers.append(("x-amzn-query-error", f"{error.code};{error.blame}"))
    return tuple(headers)


def _bound_headers(call: WireCall, error: WireError) -> Headers:
    bound = {name: ref for name, ref in error.shape.members.items() if ref.location == "header"}
    return tuple(
        ((ref.location_name or name).lower(), header_text(service_model(call.service), ref)(value))
        for name, ref in bound.items()
        if (value := error.fields.get(name)) is not None
    )


def _json_body(call: WireCall, error: WireError) -> bytes:
    message = next((name for name in _MESSAGES if name in error.shape.members), "message")
    content: dict[str, Any] = {}
    if call.protocol is not Protocol.REST_JSON:
        content["__type"] = _type(call, error)
    content |= {message: error.message, **_members(call, error), **error.extra}
    return cbor2.dumps(content) if call.protocol is Protocol.CBOR else msgspec.json.encode(content)


def _members(call: WireCall, error: WireError) -> Mapping[str, Any]:
    if not call.service or not error.fields:
        return {}
    bodies = rpc_bodies(call.service, call.protocol)
    return bodies.write_structure(error.name, error.fields)


def _type(call: WireCall, error: WireError) -> str:
    """AWS: Smithy awsJson1_0 and rpcv2Cbor give the whole id of the error shape, 1.1 its name."""
    if call.protocol is Protocol.JSON and call.json_version == "1.1":
        return error.name
    if not call.service or not (error.shape.exception or error.shape.error):
        return f"com.amazon.coral.service#{error.name}"
    namespace = service_model(call.service).metadata.service_id.replace(" ", "").lower()
    return f"com.amazonaws.{namespace}#{error.name}"
