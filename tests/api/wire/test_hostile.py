"""What is of no form at all: each is AWS's own error, whatever it is, and soon."""

import gzip
import math
import struct
import time
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.api.wire import (
    Protocol,
    WireCall,
    WireRequest,
    decode,
    encode_fault,
    identify,
    validate,
)
from understudy.api.wire.decode import LARGEST_INFLATED
from understudy.base.fault import Fault

FORM = "application/x-www-form-urlencoded; charset=utf-8"


def query(service: str, operation: str, form: bytes) -> dict[str, Any]:
    call = WireCall(service, operation, Protocol.QUERY)
    return decode(call, WireRequest("POST", "/", "", {"content-type": FORM}, form))


def json_call(service: str, operation: str, body: bytes) -> dict[str, Any]:
    call = WireCall(service, operation, Protocol.JSON)
    return decode(call, WireRequest("POST", "/", "", {}, body))


def cbor_call(body: bytes) -> dict[str, Any]:
    call = WireCall("cloudwatch", "PutMetricData", Protocol.CBOR)
    return decode(call, WireRequest("POST", "/", "", {}, body))


def s3(
    method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> dict[str, Any]:
    path, _, parameters = url.partition("?")
    request = WireRequest(method, path, parameters, headers or {}, body)
    return decode(identify(request), request)


DEEP_JSON = b'{"a":' * 200_000 + b"1" + b"}" * 200_000
BOMB = (
    b'<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "&%c;&%c;&%c;&%c;&%c;&%c;&%c;&%c;">' % ((98 + i,) + (97 + i,) * 8)
               for i in range(20))
    + b"]><Delete><Object><Key>&u;</Key></Object></Delete>"
)  # fmt: skip
FILES = b'<!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/passwd">]><Delete><Quiet>&a;</Quiet></Delete>'

HOSTILE_JSON = {
    "cut off": b'{"ModelName": "a',
    "no json": b"ModelName=a",
    "text after the end": b'{"ModelName": "a"} x',
    "a list": b"[]",
    "a number": b"1",
    "a number for a text": b'{"ModelName": 1}',
    "a text for a list": b'{"Tags": "a"}',
    "a text for a structure": b'{"PrimaryContainer": "a"}',
    "a list for a text": b'{"ModelName": []}',
    "a text for a truth value": b'{"EnableNetworkIsolation": "true"}',
    "invalid UTF-8": b'{"ModelName": "\xff\xfe"}',
    "half of a pair of surrogates": b'{"ModelName": "\\ud800"}',
    "200,000 levels": DEEP_JSON,
    "200,000 lists": b"[" * 200_000,
    "a number of 100,000 digits": b'{"ModelName": ' + b"9" * 100_000 + b"}",
    "a number out of all range": b'{"ModelName": 1e999}',
    "no number": b'{"ModelName": NaN}',
    "bytes that are zero": b"\0\0\0\0",
}


@pytest.mark.parametrize("body", HOSTILE_JSON.values(), ids=HOSTILE_JSON)
def test_a_json_body_of_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(Fault) as caught:
        json_call("sagemaker", "CreateModel", body)
    assert (caught.value.code, caught.value.status) == ("SerializationException", 400)
    assert len(caught.value.message) < 400


KINDS = {
    "NUMBER_VALUE can not be converted to a String": b'{"ModelName": 1}',
    "TRUE_VALUE can not be converted to a String": b'{"ModelName": true}',
    "STRING_VALUE can not be converted to a Boolean": b'{"EnableNetworkIsolation": "true"}',
    "Start of list found where not expected.": b'{"ModelName": []}',
    "Start of structure or map found where not expected.": b'{"Tags": {}}',
    "Expected list or null": b'{"Tags": "a"}',
}


@pytest.mark.parametrize(("message", "body"), KINDS.items(), ids=KINDS)
def test_a_value_of_another_kind_is_refused_in_AWSs_words(message: str, body: bytes) -> None:  # noqa: N802
    with pytest.raises(Fault) as caught:
        json_call("sagemaker", "CreateModel", body)
    assert caught.value.message == message


@pytest.mark.parametrize("value", ["2147483648", "-2147483649", "9" * 30, "1e400", '"1"', "1e30"])
def test_an_integer_out_of_range_is_refused(value: str) -> None:
    body = f'{{"MetricData": [{{"StorageResolution": {value}}}]}}'.encode()
    with pytest.raises(Fault, match="SerializationException"):
        json_call("cloudwatch", "PutMetricData", body)


STAMP = b"\xa1jMetricData\x81\xa1iTimestamp\xc1\xfb"
HOSTILE_CBOR = {
    "cut off": b"\xa1jMetricData",
    "no cbor": b"\xff\xff",
    "a list": b"\x80",
    "a length beyond the body": b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
    "a text beyond the body": b"\x7b\x00\x00\x00\xff\xff\xff\xff\xff",
    "100,000 levels": b"\x81" * 100_000,
    "a value that holds itself": b"\xa1jMetricData\xd8\x1c\x81\xd8\x1d\x00",
    "a value shared by reference": b"\xa1iNamespace\xd8\x1c\x61a",
    "an unknown tag": b"\xa1iNamespace\xd9\x03\xe8\x61a",
    "a regular expression": b"\xa1iNamespace\xd8\x23\x63(a+",
    "a huge integer": b"\xa1jMetricData\x81\xa1eValue\xc2\x58\xff" + b"\xff" * 255,
    "a date beyond all time": STAMP + struct.pack(">d", 1e300),
    "no number as a date": STAMP + struct.pack(">d", math.nan),
    "invalid UTF-8": b"\xa1iNamespace\x62\xff\xfe",
    "bytes for a text": b"\xa1iNamespace\x41a",
    "a simple value": b"\xa1iNamespace\xf8\x20",
}  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE_CBOR.values(), ids=HOSTILE_CBOR)
def test_a_cbor_body_of_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(Fault) as caught:
        cbor_call(body)
    assert (caught.value.code, caught.value.status) == ("SerializationException", 400)


HOSTILE_XML = {
    "no xml": b"{}",
    "cut off": b"<Delete><Object>",
    "another root": b"<Remove/>",
    "a bomb of entities": BOMB,
    "a file as an entity": FILES,
    "an undefined entity": b"<Delete><Quiet>&a;</Quiet></Delete>",
    "a document type alone": b"<!DOCTYPE Delete><Delete/>",
    "invalid UTF-8": b"<Delete><Quiet>\xff</Quiet></Delete>",
    "another encoding that is declared": b'<?xml version="1.0" encoding="latin-1"?><D\xe9/>',
    "a truth value that is none": b"<Delete><Quiet>perhaps</Quiet></Delete>",
    "100,000 levels of another root": b"<a>" * 100_000 + b"</a>" * 100_000,
    "a character that is none": b"<Delete><Quiet>&#0;</Quiet></Delete>",
}


@pytest.mark.parametrize("body", HOSTILE_XML.values(), ids=HOSTILE_XML)
def test_an_xml_body_of_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(Fault) as caught:
        s3("POST", "/b?delete", body)
    assert (caught.value.code, caught.value.status) == ("MalformedXML", 400)


def test_elements_100_000_levels_deep_are_passed_over() -> None:
    body = b"<Delete>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</Delete>"
    assert s3("POST", "/b?delete", body)["Delete"] == {}


def test_other_xml_services_call_it_malformed_input() -> None:
    call = WireCall("route53", "CreateHostedZone", Protocol.REST_XML)
    with pytest.raises(Fault, match="MalformedInput: The XML is not well-formed"):
        decode(call, WireRequest("POST", "/2013-04-01/hostedzone", "", {}, b"<"))


HOSTILE_FORMS = {
    "a text where a structure belongs": b"Tags.member.1=a",
    "a text where a list belongs": b"Tags=a",
    "a structure where a text belongs": b"StackName.member.1=a",
    "a truth value that is none": b"DisableRollback=perhaps",
    "a number that is none": b"TimeoutInMinutes=soon",
    "a number with underscores": b"TimeoutInMinutes=1_0",
    "a number in other digits": "TimeoutInMinutes=١٠".encode(),
    "a number of 100,000 digits": b"TimeoutInMinutes=" + b"9" * 100_000,
    "a number out of range": b"TimeoutInMinutes=2147483648",
    "invalid UTF-8": b"StackName=%ff%fe",
    "raw invalid UTF-8": b"StackName=\xff\xfe",
}


@pytest.mark.parametrize("form", HOSTILE_FORMS.values(), ids=HOSTILE_FORMS)
def test_a_form_of_another_form_is_refused(form: bytes) -> None:
    with pytest.raises(Fault) as caught:
        query("cloudformation", "CreateStack", form)
    assert (caught.value.code, caught.value.status) == ("MalformedInput", 400)
    assert len(caught.value.message) < 400


def test_a_map_without_a_key_is_refused() -> None:
    with pytest.raises(Fault, match="MalformedInput"):
        query("sns", "CreateTopic", b"Attributes.entry.1.value=b")


def test_a_name_of_a_million_dots_takes_no_time() -> None:
    start = time.perf_counter()
    assert query("cloudformation", "CreateStack", b"Tags" + b".member" * 1_000_000 + b"=a") == {
        "Tags": []
    }
    assert time.perf_counter() - start < 2


HOSTILE_GZIP = {
    "no gzip": b"Namespace=n",
    "cut off": gzip.compress(b"Namespace=n" * 100)[:-12],
    "a bomb": gzip.compress(bytes(LARGEST_INFLATED + 1), compresslevel=9),
}


@pytest.mark.parametrize("body", HOSTILE_GZIP.values(), ids=HOSTILE_GZIP)
def test_a_compressed_body_that_does_not_inflate_is_refused(body: bytes) -> None:
    headers = {"content-type": FORM, "content-encoding": "gzip"}
    call = WireCall("cloudwatch", "PutMetricData", Protocol.QUERY)
    with pytest.raises(Fault, match="MalformedInput"):
        decode(call, WireRequest("POST", "/", "", headers, body))


HOSTILE_REST = {
    "a number in the query": ("/b/k?partNumber=one", {}),
    "a date in a header": ("/b/k", {"if-modified-since": "yesterday"}),
}


@pytest.mark.parametrize(("url", "headers"), HOSTILE_REST.values(), ids=HOSTILE_REST)
def test_a_parameter_of_another_form_is_an_invalid_argument(
    url: str, headers: dict[str, str]
) -> None:
    with pytest.raises(Fault) as caught:
        s3("GET", url, b"", headers)
    assert (caught.value.code, caught.value.status) == ("InvalidArgument", 400)


def test_a_header_that_should_hold_json_is_refused() -> None:
    call = WireCall(
        "lex-runtime", "PostContent", Protocol.REST_JSON,
        labels={"botName": "b", "botAlias": "a", "userId": "u"},
    )  # fmt: skip
    good = {"x-amz-lex-session-attributes": b64encode(b'{"a": [1]}').decode()}
    assert decode(call, WireRequest("POST", "/", "", good))["sessionAttributes"] == {"a": [1]}
    bad = {"x-amz-lex-session-attributes": "{}"}
    with pytest.raises(Fault, match="SerializationException"):
        decode(call, WireRequest("POST", "/", "", bad))


def refusal(read: Callable[[], Any]) -> str:
    """The code of the fault that reading raises, or nothing. Anything else that is raised fails."""
    try:
        read()
    except Fault as fault:
        return fault.code
    return ""


READERS: dict[str, tuple[str, Callable[[bytes], Any]]] = {
    "cbor": ("SerializationException", cbor_call),
    "json": ("SerializationException", lambda body: json_call("sagemaker", "CreateModel", body)),
    "query": ("MalformedInput", lambda body: query("cloudformation", "CreateStack", body)),
    "xml": ("MalformedXML", lambda body: s3("POST", "/b?delete", body)),
}


@pytest.mark.parametrize(("code", "read"), READERS.values(), ids=[f"{n} bodies" for n in READERS])
@given(body=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(
    code: str, read: Callable[[bytes], Any], body: bytes
) -> None:
    assert refusal(lambda: read(body)) in {"", code}


KEYS = ["MetricData", "Namespace", "Value", "Timestamp", "Dimensions", "Name", "Counts", "x"]
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text("aZ0:-é", max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["MetricData", "Namespace"]), JSON_VALUES))
def test_any_value_is_read_and_validated_or_refused(value: dict[str, Any]) -> None:
    call = WireCall("cloudwatch", "PutMetricData", Protocol.CBOR)
    code = refusal(lambda: validate(call, cbor_call(cbor2.dumps(value))))
    assert code in {"", "SerializationException", "ValidationError"}


@pytest.mark.parametrize("depth", range(50, 1000, 50), ids=lambda depth: f"{depth} levels")
def test_a_value_nested_deeper_than_the_checks_go_is_refused(depth: int) -> None:
    call = WireCall("ssm", "GetInventory", Protocol.JSON)
    body = b'{"Aggregators": [' * depth + b"]}" * depth
    request = WireRequest("POST", "/", "", {}, body)
    code = refusal(lambda: validate(call, decode(call, request)))
    assert code in {"SerializationException", "ValidationException"}


HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "authorization",
            "host",
            "x-amz-target",
            "smithy-protocol",
            "content-type",
            "content-encoding",
        ]
    ),
    st.text(max_size=40)
    | st.sampled_from(
        [
            "AWS4-HMAC-SHA256 Credential=a/20260101/r/application-autoscaling/aws4_request",
            "AWS4-HMAC-SHA256 Credential=a/20260101/r/lambda/aws4_request",
            "AWS4-HMAC-SHA256 Credential=/aws4_request",
            "rpc-v2-cbor",
            "SageMaker.CreateModel",
            FORM,
            "gzip",
        ]
    ),
)
PATHS = st.text(max_size=30) | st.sampled_from(
    ["/", "/b/%ff", "/service/GraniteServiceVersion20100801/operation/PutMetricData", "/%zz//"]
)
QUERIES = st.text(max_size=30) | st.sampled_from(["a=%ff", "Action=%ff&Version", "&&=&", "delete"])


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "HEAD", "", "MAGIC"]),
    path=PATHS,
    parameters=QUERIES,
    headers=HEADERS,
    body=st.binary(max_size=50),
)
def test_whatever_comes_there_is_an_answer(
    method: str, path: str, parameters: str, headers: dict[str, str], body: bytes
) -> None:
    request = WireRequest(method, path, parameters, headers, body)
    call = identify(request)
    try:
        validate(call, decode(call, request))
    except Fault as fault:
        response = encode_fault(call, fault, "rid", path)
        assert 400 <= response.status < 500
