"""Requests to members: the forms that clients write, and what is not of any form."""

import gzip
import json
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

from understudy.api.wire import Protocol, WireCall, WireRequest, decode, identify, validate
from understudy.api.wire.decode import LARGEST_INFLATED
from understudy.api.wire.rest_read import split_header
from understudy.api.wire.scalars import Malformed
from understudy.api.wire.timestamps import parse_timestamp
from understudy.base.fault import Fault

FORM = "application/x-www-form-urlencoded; charset=utf-8"


def query(service: str, operation: str, form: bytes) -> dict[str, Any]:
    call = WireCall(service, operation, Protocol.EC2 if service == "ec2" else Protocol.QUERY)
    return decode(call, WireRequest("POST", "/", "", {"content-type": FORM}, form))


def json_call(service: str, operation: str, body: bytes) -> dict[str, Any]:
    call = WireCall(service, operation, Protocol.JSON)
    return decode(call, WireRequest("POST", "/", "", {}, body))


def cbor_call(body: bytes) -> dict[str, Any]:
    call = WireCall("cloudwatch", "PutMetricData", Protocol.CBOR)
    return decode(call, WireRequest("POST", "/", "", {}, body))


def s3(
    method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None, **kwargs: bool
) -> dict[str, Any]:
    path, _, parameters = url.partition("?")
    request = WireRequest(method, path, parameters, headers or {}, body)
    return decode(identify(request), request, **kwargs)


QUERIES = {
    "lists of structures are numbered members": (
        ("cloudformation", "CreateStack"),
        (
            b"StackName=web&Parameters.member.1.ParameterKey=Size&Parameters.member.1.ParameterValue=2"
            b"&Parameters.member.2.ParameterKey=Name&Parameters.member.2.ParameterValue=a%20b%2Bc"
        ),
        {
            "StackName": "web",
            "Parameters": [
                {"ParameterKey": "Size", "ParameterValue": "2"},
                {"ParameterKey": "Name", "ParameterValue": "a b+c"},
            ],
        },
    ),
    "an empty list is an empty text": (
        ("cloudformation", "CreateStack"),
        b"StackName=web&Parameters=&Capabilities=&Tags=",
        {"StackName": "web", "Parameters": [], "Capabilities": [], "Tags": []},
    ),
    "numbers order a list, and gaps close up": (
        ("cloudformation", "CreateStack"),
        b"Capabilities.member.10=c&Capabilities.member.2=b&Capabilities.member.1=a",
        {"Capabilities": ["a", "b", "c"]},
    ),
    "a huge number in a list costs nothing": (
        ("cloudformation", "CreateStack"),
        b"Capabilities.member.999999999=a&Capabilities.member.99999999999999999999=b",
        {"Capabilities": ["a"]},
    ),
    "members that are not known are passed over": (
        ("cloudformation", "CreateStack"),
        b"StackName=web&Novelty.member.1.Name=x&Capabilities.member.x=y&Signature=z",
        {"StackName": "web", "Capabilities": []},
    ),
    "of equal names the last one holds": (
        ("cloudformation", "CreateStack"),
        b"StackName=a&StackName=b&StackName.x=c",
        {"StackName": "b"},
    ),
    "truth values, numbers and times are what they are": (
        ("autoscaling", "PutScheduledUpdateGroupAction"),
        b"AutoScalingGroupName=g&StartTime=2026-01-02T03%3A04%3A05.5Z&MinSize=1&DesiredCapacity=-2",
        {
            "AutoScalingGroupName": "g",
            "StartTime": 1767323045.5,
            "MinSize": 1,
            "DesiredCapacity": -2,
        },
    ),
    "a plus is a space": (
        ("cloudformation", "CreateStack"),
        b"StackName=a+b&DisableRollback=TRUE",
        {"StackName": "a b", "DisableRollback": True},
    ),
    "maps are numbered entries": (
        ("sns", "CreateTopic"),
        b"Name=t&Attributes.entry.1.key=a&Attributes.entry.1.value=b&Attributes.entry.2.key=c",
        {"Name": "t", "Attributes": {"a": "b", "c": ""}},
    ),
    "EC2 lists have no member and its names are capitals": (
        ("ec2", "DescribeInstances"),
        b"InstanceId.1=i-1&InstanceId.2=i-2&Filter.1.Name=x&Filter.1.Value.1=y&MaxResults=5",
        {
            "InstanceIds": ["i-1", "i-2"],
            "Filters": [{"Name": "x", "Values": ["y"]}],
            "MaxResults": 5,
        },
    ),
}


@pytest.mark.parametrize(("called", "form", "expected"), QUERIES.values(), ids=QUERIES)
def test_a_form_is_read(called: tuple[str, str], form: bytes, expected: dict[str, Any]) -> None:
    assert query(*called, form) == expected


JSON = {
    "an empty body is an empty input": (b"", {}),
    "null members are left out": (b'{"ModelName": null, "Tags": null}', {}),
    "members that are not known are passed over": (b'{"ModelName": "m", "New": {"a": [1]}}', {
        "ModelName": "m"
    }),
    "of equal keys the last one holds": (b'{"ModelName": "a", "ModelName": "b"}', {
        "ModelName": "b"
    }),
    "null items are left out": (b'{"Tags": [null, {"Key": "k", "Value": "v"}]}', {
        "Tags": [{"Key": "k", "Value": "v"}]
    }),
    "null values of maps are left out": (
        b'{"PrimaryContainer": {"Environment": {"A": null, "B": "b"}}}',
        {"PrimaryContainer": {"Environment": {"B": "b"}}},
    ),
    "keys of maps are free": (b'{"PrimaryContainer": {"Environment": {"A B": "\\u00e4"}}}', {
        "PrimaryContainer": {"Environment": {"A B": "ä"}}
    }),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), JSON.values(), ids=JSON)
def test_a_json_body_is_read(body: bytes, expected: dict[str, Any]) -> None:
    assert json_call("sagemaker", "CreateModel", body) == expected


def test_nulls_are_kept_where_the_model_says_so() -> None:
    body = b'{"parameters": [{"value": {"arrayValue": {"longValues": [1, null]}}}]}'
    call = WireCall("rds-data", "ExecuteStatement", Protocol.REST_JSON)
    read = decode(call, WireRequest("POST", "/Execute", "", {}, body))
    assert read == {"parameters": [{"value": {"arrayValue": {"longValues": [1, None]}}}]}


def test_a_number_may_be_whole_or_not() -> None:
    body = b'{"Namespace": "n", "MetricData": [{"Value": 3, "StorageResolution": 60.0}]}'
    datum = json_call("cloudwatch", "PutMetricData", body)["MetricData"][0]
    assert datum == {"Value": 3.0, "StorageResolution": 60}
    assert (type(datum["Value"]), type(datum["StorageResolution"])) == (float, int)


@pytest.mark.parametrize("value", [1767323045.25, "2026-01-02T03:04:05.25Z"], ids=["epoch", "text"])
def test_a_json_time_is_a_number_or_a_text(value: object) -> None:
    body = json.dumps({"MetricData": [{"Timestamp": value}]}).encode()
    read = json_call("cloudwatch", "PutMetricData", body)
    assert read == {"MetricData": [{"Timestamp": 1767323045.25}]}


def test_a_cbor_time_is_a_tagged_number_of_any_width() -> None:
    half = b"\xc1" + b"\xf9" + struct.pack(">e", 1024.0)
    single = b"\xc1" + b"\xfa" + struct.pack(">f", 1024.5)
    for encoded, expected in ((half, 1024.0), (single, 1024.5), (b"\xc1\x19\x04\x00", 1024.0)):
        body = b"\xa1jMetricData\x81\xa1iTimestamp" + encoded
        assert cbor_call(body) == {"MetricData": [{"Timestamp": expected}]}


def test_cbor_strings_lists_and_maps_may_be_of_indefinite_length() -> None:
    body = b"\xbfiNamespace\x7faaab\xffjMetricData\x9f\xbfeValue\x01\xff\xff\xff"
    assert cbor_call(body) == {"Namespace": "ab", "MetricData": [{"Value": 1.0}]}


def test_a_compressed_body_is_inflated() -> None:
    form = b"Namespace=n&MetricData.member.1.MetricName=m"
    headers = {"content-type": FORM, "content-encoding": "gzip"}
    call = WireCall("cloudwatch", "PutMetricData", Protocol.QUERY)
    read = decode(call, WireRequest("POST", "/", "", headers, gzip.compress(form)))
    assert read == {"Namespace": "n", "MetricData": [{"MetricName": "m"}]}


def test_a_compressed_object_is_left_as_it_is() -> None:
    body = gzip.compress(b"data")
    read = s3("PUT", "/b/k", body, {"content-encoding": "gzip"})
    assert (read["Body"], read["ContentEncoding"]) == (body, "gzip")


def test_a_streamed_body_is_left_out() -> None:
    read = s3("PUT", "/b/k", b"data", {"x-amz-meta-colour": "red"}, streaming=True)
    assert read == {"Bucket": "b", "Key": "k", "Metadata": {"colour": "red"}}
    assert s3("PUT", "/b?tagging", TAGGING, streaming=True)["Tagging"] == {"TagSet": []}


TAGGING = b'<Tagging xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><TagSet/></Tagging>'


def test_a_required_body_may_be_empty_but_is_there() -> None:
    call = WireCall(
        "sagemaker-runtime", "InvokeEndpoint", Protocol.REST_JSON, labels={"EndpointName": "e"}
    )
    read = decode(call, WireRequest("POST", "/endpoints/e/invocations", "", {}, b""))
    assert read == {"EndpointName": "e", "Body": b""}


def test_xml_needs_no_namespace_and_may_have_comments() -> None:
    body = (
        b"<Delete><!-- two --><Object><Key>a</Key></Object><Object><Key> b</Key></Object></Delete>"
    )
    assert s3("POST", "/b?delete", body)["Delete"] == {"Objects": [{"Key": "a"}, {"Key": " b"}]}


def test_an_attribute_is_a_member() -> None:
    body = (
        b'<AccessControlPolicy><AccessControlList><Grant><Grantee xsi:type="Group"'
        b' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><URI>u</URI></Grantee>'
        b"</Grant></AccessControlList></AccessControlPolicy>"
    )
    policy = s3("PUT", "/b?acl", body)["AccessControlPolicy"]
    assert policy == {"Grants": [{"Grantee": {"Type": "Group", "URI": "u"}}]}


def test_headers_and_queries_have_their_types() -> None:
    headers = {
        "x-amz-expected-bucket-owner": "o",
        "if-modified-since": "Tue, 29 Apr 2014 18:30:38 GMT",
    }
    read = s3("GET", "/b/k?partNumber=3&response-expires=2014-04-29T18%3A30%3A38Z", b"", headers)
    assert read["PartNumber"] == 3
    assert read["IfModifiedSince"] == 1398796238.0
    assert read["ResponseExpires"] == 1398796238.0


HEADER_LISTS = {
    "plain": ("a, b,c", ["a", "b", "c"]),
    "quoted": ('"a, b", c', ["a, b", "c"]),
    "escaped": (r'"say \"a\"",b', ['say "a"', "b"]),
    "empty": ("", []),
}


@pytest.mark.parametrize(("text", "expected"), HEADER_LISTS.values(), ids=HEADER_LISTS)
def test_a_header_that_is_a_list_is_split(text: str, expected: list[str]) -> None:
    assert split_header(text) == expected


def test_a_header_of_dates_is_split_at_every_other_comma() -> None:
    dates = "Mon, 16 Dec 2019 23:48:18 GMT, Tue, 17 Dec 2019 23:48:18 GMT"
    assert split_header(dates, dates=True) == [dates[:29], dates[31:]]


TIMES = {
    "2014-04-29T18:30:38Z": 1398796238.0,
    "2014-04-29T18:30:38.123456789Z": 1398796238.123456,
    "2014-04-29T20:30:38+02:00": 1398796238.0,
    "2014-04-29T18:30:38": 1398796238.0,
    "2014-04-29": 1398729600.0,
    "20140429T183038Z": 1398796238.0,
    "Tue, 29 Apr 2014 18:30:38 GMT": 1398796238.0,
    "Tue, 29 Apr 2014 18:30:38.25 GMT": 1398796238.25,
    "29 Apr 2014 18:30:38 +0000": 1398796238.0,
    "Tuesday, 29-Apr-2014 18:30:38 GMT": 1398796238.0,
    "1398796238": 1398796238.0,
    "1.398796238E9": 1398796238.0,
    "-1.5": -1.5,
    "1398796238.25": 1398796238.25,
}


@pytest.mark.parametrize(("text", "expected"), TIMES.items(), ids=[f"time {t}" for t in TIMES])
def test_a_time_is_read_in_every_format(text: str, expected: float) -> None:
    assert parse_timestamp(text) == expected


@pytest.mark.parametrize(
    "text", ["", "now", "1e300", "2014-13-01T00:00:00Z", "99999999999999", "1.2.3", "NaN", "١٢٣"]
)
def test_what_is_no_time_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse_timestamp(text)


# What is not of any form: each is AWS's error, whatever it is, and soon.

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
