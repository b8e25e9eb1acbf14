"""Which service and operation a request is for, in which region, and in which protocol to answer.

Every protocol says it in its own place (AWS: Smithy, AWS protocols): a header, a path, a form
parameter, or the method and path of a REST service. Where several services share a signing name
(sagemaker and sagemaker-runtime), that place decides between them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import unquote_plus

from understudy.api.wire.catalogue import catalogue
from understudy.api.wire.credentials import Scope, scope_of
from understudy.api.wire.models import service_model
from understudy.api.wire.pairs import parse_pairs
from understudy.api.wire.request import Protocol, WireCall, WireRequest
from understudy.api.wire.routes import Match, match
from understudy.api.wire.scalars import Malformed
from understudy.base.arn import DEFAULT_REGION
from understudy.base.fault import Fault
from understudy.base.hosts import Host, host_of

_ACTION = re.compile(rb"(?:^|&)Action=([^&]*)")
_VERSION = re.compile(rb"(?:^|&)Version=([^&]*)")
_RPC_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)/?$")
_QUERY = (Protocol.QUERY, Protocol.EC2)
_REST = (Protocol.REST_XML, Protocol.REST_JSON)


@dataclass(frozen=True, slots=True)
class _Hints:
    """What a request says of itself outside of the place where its protocol names the operation."""

    scope: Scope
    host: Host
    services: tuple[str, ...]

    @property
    def region(self) -> str:
        return self.scope.region or self.host.region or DEFAULT_REGION

    @property
    def may_speak_query(self) -> bool:
        """Whether ``Action`` in a form or query can name an operation, not be a parameter."""
        return not self.services or bool(_speaking(self.services, *_QUERY))


def identify(request: WireRequest) -> WireCall:
    """The call that a request makes. Never raises: what is not known is the call's ``fault``.

    A request without any hint of a service is taken for S3, whose objects may be public.
    """
    hints = _hints(request)
    target = request.headers.get("x-amz-target")
    if target is not None:
        return _json_call(request, hints, target)
    rpc = _RPC_PATH.search(request.path)
    if rpc is not None and "smithy-protocol" in request.headers:
        return _cbor_call(request, hints, rpc[1], rpc[2])
    action, version = _action(request)
    if action and (version or _is_form(request)) and hints.may_speak_query:
        return _query_call(hints, action, version)
    return _rest_call(request, hints)


def _hints(request: WireRequest) -> _Hints:
    scope, host = scope_of(request), host_of(request.headers.get("host", ""))
    known = catalogue()
    services = known.by_signing_name.get(scope.service, ())
    if not scope.service and host.endpoint_prefix:
        services = known.by_endpoint_prefix.get(host.endpoint_prefix, ())
    return _Hints(scope, host, services)


def _call(
    hints: _Hints,
    protocol: Protocol,
    service: str,
    operation: str,
    *,
    version: str = "1.1",
    query_mode: bool = False,
    fault: Fault | None = None,
) -> WireCall:
    return WireCall(
        service=service,
        operation=operation,
        protocol=protocol,
        region=hints.region,
        access_key=hints.scope.access_key,
        json_version=version,
        query_mode=query_mode,
        fault=fault,
    )


def _json_call(request: WireRequest, hints: _Hints, target: str) -> WireCall:
    prefix, _, operation = target.rpartition(".")
    candidates = catalogue().by_target_prefix.get(prefix, ())
    service = _offering(candidates, operation) or next(iter(candidates), "")
    content_type = request.headers.get("content-type", "")
    return _call(
        hints,
        Protocol.JSON,
        service,
        operation,
        version="1.0" if "json-1.0" in content_type else "1.1",
        query_mode=_query_mode(request),
        fault=_unknown_target(service, prefix, operation),
    )


def _cbor_call(request: WireRequest, hints: _Hints, name: str, operation: str) -> WireCall:
    named = catalogue().by_target_prefix.get(name, ())
    candidates = named or _speaking(hints.services, Protocol.CBOR)
    service = _offering(candidates, operation) or next(iter(candidates), "")
    fault = _unknown_target(service, name, operation)
    spoken = request.headers["smithy-protocol"]
    if spoken != "rpc-v2-cbor":
        fault = Fault("UnknownOperationException", f"The protocol {spoken} is not supported.", 404)
    return _call(
        hints, Protocol.CBOR, service, operation, query_mode=_query_mode(request), fault=fault
    )


def _unknown_target(service: str, prefix: str, operation: str) -> Fault | None:
    if service and operation in service_model(service).operations:
        return None
    named = f"{prefix}.{operation}" if prefix else operation
    return Fault("UnknownOperationException", f"The operation {named} is not known.", 400)


def _query_mode(request: WireRequest) -> bool:
    return request.headers.get("x-amzn-query-mode", "") == "true"


def _query_call(hints: _Hints, action: str, version: str) -> WireCall:
    known = catalogue()
    candidates = _speaking(hints.services, *_QUERY)
    versioned = [n for n in candidates if known.metadata[n].api_version == version]
    candidates = versioned or candidates or known.by_version.get(version, ())
    service = _offering(candidates, action) or next(iter(candidates), "")
    is_ec2 = service and Protocol.EC2 in known.metadata[service].spoken
    protocol = Protocol.EC2 if is_ec2 else Protocol.QUERY
    fault = None
    if not service or action not in service_model(service).operations:
        fault = Fault("InvalidAction", f"Could not find operation {action} for version {version}")
    return _call(hints, protocol, service, action, fault=fault)


def _rest_call(request: WireRequest, hints: _Hints) -> WireCall:
    candidates = _speaking(hints.services, *_REST)
    if not hints.services and not hints.scope.service:
        candidates = ("s3",)
    if candidates[:1] == ("s3",):
        # Any path is an object's, so what tells S3 Control's requests apart is their header.
        candidates = ("s3control", "s3") if "x-amz-account-id" in request.headers else ("s3",)
    try:
        service, found = _routed(request, hints, candidates)
    except (UnicodeDecodeError, Malformed):
        service = next(iter(candidates), "")
        fault = Fault("InvalidURI", "Couldn't parse the specified URI.")
        return _call(hints, _rest_protocol(request, service), service, "", fault=fault)
    protocol = _rest_protocol(request, service)
    if found is None:
        return _call(hints, protocol, service, "", fault=_unroutable(request, hints, protocol))
    return replace(_call(hints, protocol, service, found.operation), labels=found.labels)


def _routed(
    request: WireRequest, hints: _Hints, candidates: Iterable[str]
) -> tuple[str, Match | None]:
    """The first service with a complete match, else the first with any."""
    query = dict(parse_pairs(request.query))
    best: tuple[str, Match | None] = (next(iter(candidates), ""), None)
    for service in candidates:
        path = hints.host.bucket_path(request.path) if service == "s3" else request.path
        found = match(service, request.method, path, query, request.headers)
        if found is not None and found.complete:
            return service, found
        if found is not None and best[1] is None:
            best = service, found
    return best


def _rest_protocol(request: WireRequest, service: str) -> Protocol:
    if service:
        spoken = catalogue().metadata[service].spoken
        return Protocol.REST_XML if Protocol.REST_XML in spoken else Protocol.REST_JSON
    is_json = "json" in request.headers.get("content-type", "")
    return Protocol.REST_JSON if is_json else Protocol.REST_XML


def _unroutable(request: WireRequest, hints: _Hints, protocol: Protocol) -> Fault:
    what = f"{request.method} {request.path}"
    if hints.scope.service and not hints.services:
        what = f"{what} of the service {hints.scope.service}"
    if protocol is Protocol.REST_JSON or not hints.services:
        return Fault("UnknownOperationException", f"The operation {what} is not known.", 404)
    message = f"The specified method is not allowed against this resource: {what}"
    return Fault("MethodNotAllowed", message, 405)


def _speaking(services: Iterable[str], *protocols: Protocol) -> tuple[str, ...]:
    known = catalogue().metadata
    return tuple(n for n in services if not set(protocols).isdisjoint(known[n].spoken))


def _offering(services: Iterable[str], operation: str) -> str:
    """The first of some services that has an operation, or nothing."""
    return next((n for n in services if operation in service_model(n).operations), "")


def _is_form(request: WireRequest) -> bool:
    return "x-www-form-urlencoded" in request.headers.get("content-type", "")


def _action(request: WireRequest) -> tuple[str, str]:
    """The Action and Version of a form, or of the query string; empty where there is none."""
    is_posted = request.method == "POST" and _is_form(request) and request.body
    form = request.body if is_posted else request.query.encode(errors="replace")
    return _first(_ACTION, form), _first(_VERSION, form)


def _first(pattern: re.Pattern[bytes], form: bytes) -> str:
    found = pattern.search(form)
    return unquote_plus(found[1].decode("ascii", "replace")) if found else ""
