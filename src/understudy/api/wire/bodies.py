"""The body readers and writers of a service, made once for each service and protocol."""

from functools import cache

from understudy.api.wire.json_body import CborBodies, JsonBodies
from understudy.api.wire.models import service_model
from understudy.api.wire.request import Protocol
from understudy.api.wire.xml_body import XmlBodies


@cache
def rest_bodies(service: str, protocol: Protocol) -> JsonBodies | XmlBodies:
    """The bodies of a REST service."""
    model = service_model(service)
    return XmlBodies(model) if protocol is Protocol.REST_XML else JsonBodies(model, is_rest=True)


@cache
def rpc_bodies(service: str, protocol: Protocol) -> JsonBodies | CborBodies:
    """The JSON or CBOR bodies of a service; in RPC protocols no member stands elsewhere."""
    model = service_model(service)
    if protocol is Protocol.CBOR:
        return CborBodies(model)
    return JsonBodies(model, is_rest=protocol is Protocol.REST_JSON)
