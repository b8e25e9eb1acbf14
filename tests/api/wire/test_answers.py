"""Outputs and faults as the bytes that clients get."""

from typing import Any

import cbor2
import pytest

from understudy.api.http import Response
from understudy.api.wire import Protocol, WireCall, WireRequest, encode, encode_fault, identify
from understudy.api.wire.faults import not_offered
from understudy.base.fault import Fault

S3 = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
CFN = 'xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"'
EC2 = 'xmlns="http://ec2.amazonaws.com/doc/2016-11-15"'
XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
NOON = 1767268800.0


def call(service: str, operation: str, protocol: str, **more: Any) -> WireCall:
    return WireCall(service, operation, Protocol(protocol), **more)


ANSWERS: dict[str, tuple[WireCall, dict[str, Any], str]] = {
    "a query answer is wrapped twice": (
        call("cloudformation", "CreateStack", "query"),
        {"StackId": "a<b"},
        (
            f"<CreateStackResponse {CFN}><CreateStackResult><StackId>a&lt;b</StackId>"
            "</CreateStackResult><ResponseMetadata><RequestId>rid</RequestId></ResponseMetadata>"
            "</CreateStackResponse>"
        ),
    ),
    "a query answer without an output has no result": (
        call("cloudformation", "DeleteStack", "query"),
        {},
        (
            f"<DeleteStackResponse {CFN}><ResponseMetadata><RequestId>rid</RequestId>"
            "</ResponseMetadata></DeleteStackResponse>"
        ),
    ),
    "members that are None are left out, empty lists are not": (
        call("cloudformation", "DescribeStacks", "query"),
        {"Stacks": [], "NextToken": None},
        (
            f"<DescribeStacksResponse {CFN}><DescribeStacksResult><Stacks></Stacks>"
            "</DescribeStacksResult><ResponseMetadata><RequestId>rid</RequestId>"
            "</ResponseMetadata></DescribeStacksResponse>"
        ),
    ),
    "times in a query answer have milliseconds where there are any": (
        call("cloudformation", "DescribeStackEvents", "query"),
        {"StackEvents": [{"Timestamp": NOON}, {"Timestamp": NOON + 0.25}]},
        (
            f"<DescribeStackEventsResponse {CFN}><DescribeStackEventsResult><StackEvents>"
            "<member><Timestamp>2026-01-01T12:00:00Z</Timestamp></member>"
            "<member><Timestamp>2026-01-01T12:00:00.250Z</Timestamp></member>"
            "</StackEvents></DescribeStackEventsResult><ResponseMetadata>"
            "<RequestId>rid</RequestId></ResponseMetadata></DescribeStackEventsResponse>"
        ),
    ),
    "an EC2 answer has items and its id first": (
        call("ec2", "DescribeVolumes", "ec2"),
        {"Volumes": [{"VolumeId": "vol-1", "CreateTime": NOON, "Encrypted": False, "Size": 8}]},
        (
            f"<DescribeVolumesResponse {EC2}><requestId>rid</requestId><volumeSet><item>"
            "<volumeId>vol-1</volumeId><size>8</size><createTime>2026-01-01T12:00:00.000Z"
            "</createTime><encrypted>false</encrypted></item></volumeSet></DescribeVolumesResponse>"
        ),
    ),
    "a json answer has numbers for times": (
        call("sagemaker", "DescribeEndpoint", "json"),
        {"EndpointName": "ä", "CreationTime": NOON, "LastModifiedTime": NOON + 0.1234},
        '{"EndpointName":"ä","CreationTime":1767268800,"LastModifiedTime":1767268800.123}',
    ),
    "a json answer without an output is an empty object": (
        call("sagemaker", "DeleteModel", "json"),
        {},
        "{}",
    ),
    "what is no number is a text in json": (
        call("cloudwatch", "GetMetricData", "json"),
        {"MetricDataResults": [{"Values": [1.5, float("inf"), float("nan")]}]},
        '{"MetricDataResults":[{"Values":[1.5,"Infinity","NaN"]}]}',
    ),
    "an S3 answer has the root that AWS documents": (
        call("s3", "ListObjectsV2", "rest-xml"),
        {
            "Name": "b",
            "Contents": [{"Key": "a\r\x01", "LastModified": NOON, "Size": 2**40}],
            "CommonPrefixes": [{"Prefix": "c/"}, {"Prefix": "d/"}],
        },
        (
            f"{XML}<ListBucketResult {S3}><Contents><Key>a&#13;\ufffd</Key><LastModified>"
            "2026-01-01T12:00:00.000Z</LastModified><Size>1099511627776</Size></Contents>"
            "<Name>b</Name><CommonPrefixes><Prefix>c/</Prefix></CommonPrefixes>"
            "<CommonPrefixes><Prefix>d/</Prefix></CommonPrefixes></ListBucketResult>"
        ),
    ),
    "an attribute is an attribute": (
        call("s3", "GetBucketAcl", "rest-xml"),
        {"Grants": [{"Grantee": {"Type": "Group", "URI": "u"}, "Permission": "READ"}]},
        (
            f"{XML}<AccessControlPolicy {S3}><AccessControlList><Grant>"
            '<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group">'
            "<URI>u</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList>"
            "</AccessControlPolicy>"
        ),
    ),
    "the location of a bucket is the root's text": (
        call("s3", "GetBucketLocation", "rest-xml"),
        {"LocationConstraint": "eu-west-1"},
        f"{XML}<LocationConstraint {S3}>eu-west-1</LocationConstraint>",
    ),
    "a bucket of the first region has no location": (
        call("s3", "GetBucketLocation", "rest-xml"),
        {},
        f"{XML}<LocationConstraint {S3}></LocationConstraint>",
    ),
    "a payload is the root": (
        call("s3", "GetPublicAccessBlock", "rest-xml"),
        {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}},
        (
            f"{XML}<PublicAccessBlockConfiguration {S3}><BlockPublicAcls>true</BlockPublicAcls>"
            "</PublicAccessBlockConfiguration>"
        ),
    ),
    "a text payload is the body": (
        call("s3", "GetBucketPolicy", "rest-xml"),
        {"Policy": '{"Version": "2012-10-17"}'},
        '{"Version": "2012-10-17"}',
    ),
}


@pytest.mark.parametrize(("given", "output", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_an_output_is_written(given: WireCall, output: dict[str, Any], expected: str) -> None:
    response = encode(given, output, "rid")
    assert response.status == 200
    assert isinstance(response.body, bytes)
    assert response.body.decode() == expected


def test_a_time_in_cbor_is_tagged() -> None:
    given = call("cloudwatch", "GetMetricData", "smithy-rpc-v2-cbor")
    output = {"MetricDataResults": [{"Timestamps": [NOON + 0.25], "Values": [1.0]}]}
    response = encode(given, output, "rid")
    assert response.body == cbor2.dumps(
        {"MetricDataResults": [{"Timestamps": [cbor2.CBORTag(1, NOON + 0.25)], "Values": [1.0]}]}
    )
    assert dict(response.headers) == {
        "x-amzn-requestid": "rid",
        "smithy-protocol": "rpc-v2-cbor",
        "content-type": "application/cbor",
    }


def test_headers_carry_members_and_prefixed_maps() -> None:
    output = {
        "ContentType": "text/csv",
        "ContentLength": 4,
        "LastModified": NOON + 0.9,
        "DeleteMarker": False,
        "Metadata": {"colour": "red\r\nx: y"},
        "Body": b"data",
    }
    response = encode(call("s3", "GetObject", "rest-xml"), output, "rid")
    assert response.body == b"data"
    assert dict(response.headers) == {
        "x-amz-request-id": "rid",
        "x-amz-id-2": "rid",
        "content-type": "text/csv",
        "content-length": "4",
        "last-modified": "Thu, 01 Jan 2026 12:00:00 GMT",
        "x-amz-delete-marker": "false",
        "x-amz-meta-colour": "red  x: y",
    }


def test_a_body_may_be_an_iterator() -> None:
    async def chunks() -> Any:
        yield b"data"

    stream = chunks()
    response = encode(call("s3", "GetObject", "rest-xml"), {"Body": stream}, "rid")
    assert response.body is stream


def test_a_member_may_be_the_status() -> None:
    given = call("lambda", "Invoke", "rest-json")
    response = encode(given, {"StatusCode": 202, "FunctionError": "Unhandled"}, "rid")
    assert (response.status, response.body) == (202, b"")
    assert ("x-amz-function-error", "Unhandled") in response.headers


def test_an_operation_may_answer_without_content() -> None:
    response = encode(call("s3", "DeleteBucket", "rest-xml"), {}, "rid")
    assert (response.status, response.body) == (204, b"")


UNMODELLED = {
    "in xml": call("cloudformation", "CreateStack", "query"),
    "in a rest answer": call("s3", "ListParts", "rest-xml"),
    "in json": call("sagemaker", "CreateModel", "json"),
}


@pytest.mark.parametrize("given", UNMODELLED.values(), ids=UNMODELLED)
def test_a_member_that_is_not_modelled_is_a_bug(given: WireCall) -> None:
    with pytest.raises(TypeError, match="has no member Novelty"):
        encode(given, {"Novelty": 1}, "rid")


def test_a_float_is_no_integer() -> None:
    with pytest.raises(TypeError, match=r"1\.5 is not an integer"):
        encode(
            call("cloudwatch", "DescribeAlarms", "json"), {"MetricAlarms": [{"Period": 1.5}]}, ""
        )
    with pytest.raises(ValueError, match="format code 'd'"):
        encode(call("ec2", "DescribeVolumes", "ec2"), {"Volumes": [{"Size": 1.5}]}, "rid")


# Faults


NO_STACK = Fault("ValidationError", "Stack with id web does not exist")
MISSING = Fault("NoSuchKey", "The specified key does not exist.", fields={"Key": "a&b"})
IN_USE = Fault("ResourceInUse", "Cannot delete endpoint.")

FAULTS: dict[str, tuple[WireCall, Fault, int, str]] = {
    "query": (
        call("cloudformation", "DescribeStacks", "query"),
        NO_STACK,
        400,
        (
            f"<ErrorResponse {CFN}><Error><Type>Sender</Type><Code>ValidationError</Code>"
            "<Message>Stack with id web does not exist</Message></Error>"
            "<RequestId>rid</RequestId></ErrorResponse>"
        ),
    ),
    "query, whose code is not the name of the shape": (
        call("cloudformation", "DescribeChangeSet", "query"),
        Fault("ChangeSetNotFoundException", "ChangeSet [c] does not exist"),
        404,
        (
            f"<ErrorResponse {CFN}><Error><Type>Sender</Type><Code>ChangeSetNotFound</Code>"
            "<Message>ChangeSet [c] does not exist</Message></Error>"
            "<RequestId>rid</RequestId></ErrorResponse>"
        ),
    ),
    "query, our own": (
        call("cloudformation", "DescribeStacks", "query"),
        Fault("InternalFailure", "It broke.", 500),
        500,
        (
            f"<ErrorResponse {CFN}><Error><Type>Receiver</Type><Code>InternalFailure</Code>"
            "<Message>It broke.</Message></Error><RequestId>rid</RequestId></ErrorResponse>"
        ),
    ),
    "EC2": (
        call("ec2", "DescribeVolumes", "ec2"),
        Fault("InvalidVolume.NotFound", "The volume 'vol-1' does not exist."),
        400,
        (
            f"{XML}<Response><Errors><Error><Code>InvalidVolume.NotFound</Code><Message>"
            "The volume 'vol-1' does not exist.</Message></Error></Errors>"
            "<RequestID>rid</RequestID></Response>"
        ),
    ),
    "S3": (
        call("s3", "GetObject", "rest-xml"),
        MISSING,
        404,
        (
            f"{XML}<Error><Code>NoSuchKey</Code><Message>The specified key does not exist."
            "</Message><Key>a&amp;b</Key><Resource>/b/a</Resource><RequestId>rid</RequestId>"
            "<HostId>rid</HostId></Error>"
        ),
    ),
    "S3, for a HEAD": (call("s3", "HeadObject", "rest-xml"), MISSING, 404, ""),
    "another XML service": (
        call("route53", "GetHostedZone", "rest-xml"),
        Fault("NoSuchHostedZone", "No hosted zone found."),
        404,
        (
            "<ErrorResponse><Error><Type>Sender</Type><Code>NoSuchHostedZone</Code>"
            "<Message>No hosted zone found.</Message></Error>"
            "<RequestId>rid</RequestId></ErrorResponse>"
        ),
    ),
    "json 1.1": (
        call("sagemaker", "DeleteEndpoint", "json"),
        IN_USE,
        400,
        '{"__type":"ResourceInUse","Message":"Cannot delete endpoint."}',
    ),
    "json 1.0": (
        call("sqs", "GetQueueUrl", "json", json_version="1.0"),
        Fault("QueueDoesNotExist", "The specified queue does not exist."),
        400,
        (
            '{"__type":"com.amazonaws.sqs#QueueDoesNotExist",'
            '"message":"The specified queue does not exist."}'
        ),
    ),
    "json 1.0, of a code that the service does not model": (
        call("sqs", "GetQueueUrl", "json", json_version="1.0"),
        Fault("MissingParameter", "m"),
        400,
        '{"__type":"com.amazon.coral.service#MissingParameter","message":"m"}',
    ),
    "rest json, with its fields": (
        call("sagemaker-runtime", "InvokeEndpoint", "rest-json"),
        Fault("ModelError", "m", fields={"OriginalStatusCode": 500, "OriginalMessage": "o"}),
        424,
        '{"Message":"m","OriginalStatusCode":500,"OriginalMessage":"o"}',
    ),
}


@pytest.mark.parametrize(("given", "fault", "status", "expected"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_written(given: WireCall, fault: Fault, status: int, expected: str) -> None:
    response = encode_fault(given, fault, "rid", "/b/a")
    assert isinstance(response.body, bytes)
    assert (response.status, response.body.decode()) == (status, expected)


def header(response: Response, name: str) -> str | None:
    return dict(response.headers).get(name)


def test_a_rest_fault_has_its_type_and_its_bound_members_in_headers() -> None:
    fault = Fault("TooManyRequestsException", "Slow down.", fields={"retryAfterSeconds": "3"})
    response = encode_fault(call("lambda", "Invoke", "rest-json"), fault, "rid")
    assert response.status == 429
    assert header(response, "x-amzn-errortype") == "TooManyRequestsException"
    assert header(response, "retry-after") == "3"
    assert b"3" not in response.body


def test_a_fault_in_cbor_names_the_shape() -> None:
    given = call("cloudwatch", "DescribeAlarms", "smithy-rpc-v2-cbor")
    response = encode_fault(given, Fault("InvalidNextToken", "No such token."), "rid")
    assert cbor2.loads(response.body) == {
        "__type": "com.amazonaws.cloudwatch#InvalidNextToken",
        "message": "No such token.",
    }


def test_a_client_that_spoke_query_hears_the_code_that_it_knows() -> None:
    fault = Fault("InvalidParameterValueException", "m")
    given = call("cloudwatch", "PutMetricData", "json", query_mode=True)
    response = encode_fault(given, fault, "rid")
    assert header(response, "x-amzn-query-error") == "InvalidParameterValue;Sender"
    assert b'"__type":"InvalidParameterValueException"' in response.body
    quiet = encode_fault(call("cloudwatch", "PutMetricData", "json"), fault, "rid")
    assert header(quiet, "x-amzn-query-error") is None
    other = encode_fault(call("sagemaker", "ListModels", "json", query_mode=True), fault, "rid")
    assert header(other, "x-amzn-query-error") is None


def test_what_is_not_known_is_answered_too() -> None:
    request = WireRequest("POST", "/", "", {"x-amz-target": "Magic.Do"})
    given = identify(request)
    assert given.fault is not None
    response = encode_fault(given, given.fault, "rid")
    assert response.status == 400
    assert response.body == (
        b'{"__type":"UnknownOperationException","message":"The operation Magic.Do is not known."}'
    )


def test_what_is_not_offered_says_so_and_is_not_tried_again() -> None:
    fault = not_offered("sagemaker", "CreateTrainingJob")
    assert (fault.code, fault.status) == ("UnsupportedOperation", 400)
    assert fault.message == "Understudy does not offer sagemaker:CreateTrainingJob."
