"""What botocore serialises is decoded to the same values, and what is encoded it parses back.

Values are drawn from botocore's own reading of the models, with a seed for each operation, so a
failure names the service, the operation and the values, and comes back on the next run.
"""

import datetime as dt
import random
import zlib
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import AWSRequest, HeadersDict, prepare_request_dict
from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from understudy.api.http import Response
from understudy.api.wire import WireRequest, decode, encode, encode_fault, identify
from understudy.api.wire.request import Protocol, WireCall
from understudy.base.fault import Fault

SERVICES = [
    ("application-autoscaling", "json"),
    ("autoscaling", "query"),
    ("cloudformation", "query"),
    ("cloudwatch", "json"),
    ("cloudwatch", "query"),
    ("cloudwatch", "smithy-rpc-v2-cbor"),
    ("ec2", "ec2"),
    ("ecs", "json"),
    ("elbv2", "query"),
    ("iam", "query"),
    ("lambda", "rest-json"),
    ("logs", "json"),
    ("s3", "rest-xml"),
    ("sagemaker", "json"),
    ("sagemaker-runtime", "rest-json"),
    ("sns", "query"),
    ("sqs", "json"),
    ("ssm", "json"),
    ("sts", "query"),
    # Beyond what Understudy offers: the oddities of these models keep the codec general.
    ("apigateway", "rest-json"),
    ("cloudfront", "rest-xml"),
    ("route53", "rest-xml"),
    ("s3control", "rest-xml"),
    ("sdb", "query"),
    ("ses", "query"),
    ("sesv2", "rest-json"),
]
IDS = [f"{service} in {protocol}" for service, protocol in SERVICES]
EVERY = pytest.mark.parametrize(("service", "protocol"), SERVICES, ids=IDS)

SAME_ROUTE = {
    "GetBucketLifecycle": "GetBucketLifecycleConfiguration",
    "GetBucketNotification": "GetBucketNotificationConfiguration",
    "PutBucketLifecycle": "PutBucketLifecycleConfiguration",
    "PutBucketNotification": "PutBucketNotificationConfiguration",
    "ListDirectoryBuckets": "ListBuckets",
}
"""S3's operations that have the method and path of another, which goes first."""

INDISTINCT = {("s3control", "CreateBucket")}
"""S3 on Outposts: at another host, this is a request for an object."""

LETTERS = "abcXYZ019 -_./:=+@&<>\"'%#?éß漢𝄞~*()[]{}|\\^`,;$!"
TOKEN_LETTERS = "abcXYZ019-_.~"
DEEPEST = 3


@cache
def botocore_model(service: str) -> ServiceModel:
    loader = Loader(include_default_extras=False)
    return ServiceModel(loader.load_service_model(service, "service-2"), service)


def operations(service: str) -> Iterator[OperationModel]:
    model = botocore_model(service)
    for name in model.operation_names:
        yield model.operation_model(name)


class Values:
    """Random values of shapes, none of which the wire could not hold."""

    def __init__(self, seed: str, *, sparse: bool) -> None:
        self.random = random.Random(zlib.crc32(seed.encode()))
        self.sparse = sparse

    def structure(self, shape: Shape, depth: int = 0) -> dict[str, Any]:
        members: dict[str, Shape] = shape.members
        names = list(members)
        if getattr(shape, "is_tagged_union", False):
            names = [self.random.choice(names)]
        elif self.sparse and len(names) > 1:
            names = self.random.sample(names, self.random.randint(1, len(names)))
        required = [] if getattr(shape, "is_tagged_union", False) else shape.required_members
        chosen = [name for name in members if name in names or name in required]
        found = {name: self.value(members[name], depth + 1) for name in chosen}
        return {name: value for name, value in found.items() if value is not None}

    def value(self, shape: Shape, depth: int) -> Any:
        if shape.serialization.get("eventstream"):
            return None
        if depth > DEEPEST and shape.type_name in {"structure", "list", "map"}:
            return self.shallow(shape, depth)
        match shape.type_name:
            case "structure":
                if shape.is_document_type:
                    return {"a": [1, "b", None, {"c": 1.5}]}
                return self.structure(shape, depth) or None
            case "list":
                return self.several(lambda: self.value(shape.member, depth + 1))
            case "map":
                values = self.several(lambda: self.value(shape.value, depth + 1))
                keys = [self.key(shape.key) for _ in values or []]
                if shape.serialization.get("location") == "headers":
                    keys = [key.lower() for key in keys]  # header names have no case
                return values and dict(zip(keys, values, strict=True))
            case _:
                return self.scalar(shape)

    def shallow(self, shape: Shape, depth: int) -> Any:
        if shape.type_name == "structure" and shape.required_members and depth < 2 * DEEPEST:
            members = {name: shape.members[name] for name in shape.required_members}
            found = {name: self.value(member, depth + 1) for name, member in members.items()}
            return None if None in found.values() else found
        return None

    def several(self, draw: Any) -> list[Any] | None:
        values = [draw() for _ in range(self.random.randint(1, 3))]
        return None if None in values else values

    def key(self, shape: Shape) -> str:
        enum = shape.metadata.get("enum")
        return self.random.choice(enum) if enum else self.text(TOKEN_LETTERS)

    def text(self, letters: str) -> str:
        drawn = "".join(self.random.choices(letters, k=self.random.randint(1, 12)))
        return drawn.strip() or "x"

    def scalar(self, shape: Shape) -> Any:
        location = shape.serialization.get("location")
        match shape.type_name:
            case "boolean":
                return self.random.random() < 0.5
            case "integer":
                if location == "statusCode":
                    return 202
                return self.random.choice([0, 1, -1, 2**31 - 1, self.random.randint(0, 999)])
            case "long":
                return self.random.choice([0, -(2**63), 2**63 - 1, self.random.randint(0, 10**12)])
            case "float" | "double":
                return self.random.choice([0.0, -0.25, 1e9, self.random.randint(0, 9999) / 8])
            case "timestamp":
                is_whole = location in {"header", "querystring"} or (
                    shape.serialization.get("timestampFormat") == "rfc822"
                )
                moment = self.random.randint(0, 2**32)
                return float(moment) if is_whole else moment + self.random.randint(0, 999) / 1000
            case "blob":
                return self.random.randbytes(self.random.randint(1, 20))
            case _:
                enum = shape.metadata.get("enum")
                is_name = shape.serialization.get("hostLabel") or location == "header"
                return (
                    self.random.choice(enum) if enum else self.text("aZ-9" if is_name else LETTERS)
                )


def for_botocore(value: Any, shape: Shape) -> Any:
    """A value as a boto3 user writes it: times are datetimes."""
    if value is None or getattr(shape, "is_document_type", False):
        return value
    match shape.type_name:
        case "structure":
            return {name: for_botocore(each, shape.members[name]) for name, each in value.items()}
        case "list":
            return [for_botocore(each, shape.member) for each in value]
        case "map":
            return {key: for_botocore(each, shape.value) for key, each in value.items()}
        case "timestamp":
            return dt.datetime.fromtimestamp(value, dt.UTC)
        case _:
            return value


def from_botocore(value: Any) -> Any:
    """A parsed answer with times as floats."""
    if isinstance(value, dict):
        return {key: from_botocore(each) for key, each in value.items()}
    if isinstance(value, list):
        return [from_botocore(each) for each in value]
    return value.timestamp() if isinstance(value, dt.datetime) else value


def wire_request(operation: OperationModel, protocol: str, params: dict[str, Any]) -> WireRequest:
    """The request that botocore makes, with a credential scope as its signer writes it."""
    serializer = create_serializer(protocol, include_validation=False)
    request = serializer.serialize_to_request(params, operation)
    prepare_request_dict(request, "http://127.0.0.1:4566", user_agent="botocore")
    prepared = AWSRequest(
        method=request["method"],
        url=request["url"],
        data=request["body"],
        headers=request["headers"],
    ).prepare()
    url = urlsplit(prepared.url)
    headers = {name.lower(): _text(value) for name, value in prepared.headers.items()}
    signing_name = operation.service_model.signing_name
    headers["host"] = "127.0.0.1:4566"
    if "ContentLength" not in params:
        headers.pop("content-length", None)
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/{signing_name}/aws4_request, "
        "SignedHeaders=host, Signature=0"
    )
    body = prepared.body or b""
    body = body.encode() if isinstance(body, str) else bytes(body)
    return WireRequest(prepared.method, url.path, url.query, headers, body)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def parsed(response: Response, protocol: str, shape: Shape | None) -> dict[str, Any]:
    headers = HeadersDict(response.headers)
    answer = {"status_code": response.status, "headers": headers, "body": response.body}
    return create_parser(protocol).parse(answer, shape)


def seeds(service: str, operation: str, what: str) -> list[Values]:
    full = Values(f"{service} {operation} {what} full", sparse=False)
    return [full, *(Values(f"{service} {operation} {what} {i}", sparse=True) for i in range(2))]


@EVERY
def test_what_botocore_sends_is_identified_and_decoded(service: str, protocol: str) -> None:
    for operation in operations(service):
        shape = operation.input_shape
        for values in seeds(service, operation.name, "input"):
            params = values.structure(shape) if shape else {}
            request = wire_request(
                operation, protocol, for_botocore(params, shape) if shape else {}
            )
            call = identify(request)
            if (service, operation.name) in INDISTINCT:
                continue
            assert (call.service, call.protocol, call.region) == (service, protocol, "eu-west-1")
            assert call.fault is None
            if service == "s3" and operation.name in SAME_ROUTE:
                assert call.operation == SAME_ROUTE[operation.name]
                continue
            assert call.operation == operation.name
            assert decode(call, request) == params, operation.name


@EVERY
def test_botocore_parses_what_is_encoded(service: str, protocol: str) -> None:
    for operation in operations(service):
        shape = operation.output_shape
        call = WireCall(service, operation.name, Protocol(protocol))
        if operation.has_event_stream_output or (service == "s3" and operation.name in SAME_ROUTE):
            continue
        for values in seeds(service, operation.name, "output"):
            output = values.structure(shape) if shape else {}
            output = with_text_payload(output, shape)
            response = encode(call, output, "the-request-id")
            if (service, operation.name) == ("s3", "GetBucketLocation"):
                assert (
                    f">{output['LocationConstraint']}</LocationConstraint>".encode()
                    in response.body
                )
                continue
            answer = parsed(response, protocol, shape)
            metadata = answer.pop("ResponseMetadata")
            assert metadata.get("RequestId") == "the-request-id" or shape is None
            assert from_botocore(answer) == as_parsed(output, shape), operation.name


def with_text_payload(output: dict[str, Any], shape: Shape | None) -> dict[str, Any]:
    """An output whose payload is text: botocore's bare parser decodes what a client streams."""
    payload = shape.serialization.get("payload") if shape else None
    if payload is None or shape.members[payload].type_name != "blob":
        return output
    return {**output, payload: b"text"}


def as_parsed(output: dict[str, Any], shape: Shape | None) -> dict[str, Any]:
    """An output as botocore's bare parser gives it: no payload is an empty one, bytes are text."""
    members = shape.members if shape else {}
    prefixed = [
        n for n, member in members.items() if member.serialization.get("location") == "headers"
    ]
    output = {**{name: {} for name in prefixed}, **output}
    payload = shape.serialization.get("payload") if shape else None
    if payload is None:
        return output
    value = output.get(payload, {} if shape.members[payload].type_name == "structure" else "")
    return {**output, payload: value.decode() if isinstance(value, bytes) else value}


@EVERY
def test_botocore_parses_every_modelled_error(service: str, protocol: str) -> None:
    model = botocore_model(service)
    for shape in model.error_shapes:
        values = Values(f"{service} {shape.name} error", sparse=False)
        fields = without_message(values.structure(shape), shape)
        fault = Fault(shape.error_code, "Something is wrong: <ä> & more", 418, fields)
        response = encode_fault(call_of(service, protocol), fault, "the-request-id", "/place")
        code = shape.error_code if not protocol.endswith("json") else shape.name
        is_query_compatible = model.is_query_compatible
        answer = parsed(response, protocol, None)
        assert answer["Error"]["Code"] == (shape.error_code if is_query_compatible else code)
        assert answer["Error"]["Message"] == fault.message
        assert answer["ResponseMetadata"]["RequestId"] == "the-request-id"
        assert response.status == shape.metadata.get("error", {}).get("httpStatusCode", 418)
        modelled = from_botocore(parsed(response, protocol, shape))
        assert without_message(modelled, shape) == as_parsed(fields, shape), shape.name


def call_of(service: str, protocol: str) -> WireCall:
    """A call of any operation with a body; only its service and protocol matter to a fault."""
    first = next(each for each in operations(service) if each.http["method"] != "HEAD")
    return WireCall(service, first.name, Protocol(protocol), query_mode=True)


def without_message(fields: dict[str, Any], shape: Shape) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name.lower() not in MESSAGES}


MESSAGES = {"message", "code", "errormessage", "type"}
"""Members that every error has, whether they are modelled or not."""
