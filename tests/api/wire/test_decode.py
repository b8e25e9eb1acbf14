"""Requests to members: the forms that clients write, and what is not of any form."""

import gzip
import json
import struct
from typing import Any

import pytest

from understudy.api.wire import Protocol, WireCall, WireRequest, decode, identify
from understudy.api.wire.rest_read import split_header
from understudy.api.wire.scalars import Malformed
from understudy.api.wire.timestamps import parse_timestamp

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
