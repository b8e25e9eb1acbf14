"""Which operation a request calls, and in which protocol it must be answered."""

import boto3
import pytest
from botocore.config import Config

from understudy.api.wire import Protocol, WireCall, WireRequest, identify
from understudy.base.hosts import Host, host_of

FORM = "application/x-www-form-urlencoded; charset=utf-8"


def signed(service: str, region: str = "eu-west-1") -> dict[str, str]:
    scope = f"AKID/20260101/{region}/{service}/aws4_request"
    header = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    return {"authorization": header, "host": "127.0.0.1:4566"}


def request(
    target: str = "POST /",
    service: str = "",
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> WireRequest:
    method, _, url = target.partition(" ")
    path, _, query = url.partition("?")
    given = (signed(service) if service else {"host": "127.0.0.1:4566"}) | (headers or {})
    return WireRequest(method, path, query, given, body)


def form(body: bytes, service: str = "") -> WireRequest:
    return request("POST /", service, body, {"content-type": FORM})


JSON = {"content-type": "application/x-amz-json-1.1"}
CBOR = {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor"}
RPC = "POST /service/GraniteServiceVersion20100801/operation/"

FOUND = {
    "a target names a json operation": (
        request(service="sagemaker", headers=JSON | {"x-amz-target": "SageMaker.ListModels"}),
        ("sagemaker", "ListModels", Protocol.JSON),
    ),
    "a target suffices where nothing is signed": (
        request(headers=JSON | {"x-amz-target": "AnyScaleFrontendService.PutScalingPolicy"}),
        ("application-autoscaling", "PutScalingPolicy", Protocol.JSON),
    ),
    "a prefix of two services is decided by the operation": (
        request(headers=JSON | {"x-amz-target": "Timestream_20181101.WriteRecords"}),
        ("timestream-write", "WriteRecords", Protocol.JSON),
    ),
    "a path and a header name an rpc operation": (
        request(RPC + "PutMetricData", "monitoring", headers=CBOR),
        ("cloudwatch", "PutMetricData", Protocol.CBOR),
    ),
    "a target names an operation of a service that also speaks cbor": (
        request(
            service="monitoring",
            headers=JSON | {"x-amz-target": "GraniteServiceVersion20100801.PutMetricData"},
        ),
        ("cloudwatch", "PutMetricData", Protocol.JSON),
    ),
    "an action in a form names a query operation": (
        form(b"Action=DescribeStacks&Version=2010-05-15", "cloudformation"),
        ("cloudformation", "DescribeStacks", Protocol.QUERY),
    ),
    "an action of a service that prefers cbor is still a query": (
        form(b"Action=PutMetricData&Version=2010-08-01", "monitoring"),
        ("cloudwatch", "PutMetricData", Protocol.QUERY),
    ),
    "an action of EC2 has EC2's protocol": (
        form(b"Action=DescribeVpcs&Version=2016-11-15", "ec2"),
        ("ec2", "DescribeVpcs", Protocol.EC2),
    ),
    "an older version of EC2's API is understood": (
        form(b"Action=DescribeVpcs&Version=2014-10-01", "ec2"),
        ("ec2", "DescribeVpcs", Protocol.EC2),
    ),
    "the version tells the two load balancing services apart": (
        form(b"Version=2015-12-01&Action=DescribeLoadBalancers", "elasticloadbalancing"),
        ("elbv2", "DescribeLoadBalancers", Protocol.QUERY),
    ),
    "the older version is the classic load balancer": (
        form(b"Version=2012-06-01&Action=DescribeLoadBalancers", "elasticloadbalancing"),
        ("elb", "DescribeLoadBalancers", Protocol.QUERY),
    ),
    "the action decides where the version is of neither": (
        form(b"Version=2020-01-01&Action=DescribeTargetGroups", "elasticloadbalancing"),
        ("elbv2", "DescribeTargetGroups", Protocol.QUERY),
    ),
    "of services with the same action, the one of the signing name goes first": (
        form(b"Version=2014-10-31&Action=DescribeDBClusters", "rds"),
        ("rds", "DescribeDBClusters", Protocol.QUERY),
    ),
    "a service that has left the query protocol still knows its older clients": (
        form(b"Version=2012-11-05&Action=ListQueues", "sqs"),
        ("sqs", "ListQueues", Protocol.QUERY),
    ),
    "an unsigned action is found by its version": (
        form(b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15"),
        ("sts", "AssumeRoleWithWebIdentity", Protocol.QUERY),
    ),
    "an action may stand in the query string": (
        request("GET /?Action=GetCallerIdentity&Version=2011-06-15", "sts"),
        ("sts", "GetCallerIdentity", Protocol.QUERY),
    ),
    "a path of the runtime is not SageMaker's own": (
        request("POST /endpoints/digits/invocations", "sagemaker"),
        ("sagemaker-runtime", "InvokeEndpoint", Protocol.REST_JSON),
    ),
    "a form sent to a model is not a query": (
        request(
            "POST /endpoints/digits/invocations", "sagemaker", b"Action=a", {"content-type": FORM}
        ),
        ("sagemaker-runtime", "InvokeEndpoint", Protocol.REST_JSON),
    ),
    "a more literal path wins over a label": (
        request("GET /2015-03-31/functions/f/versions", "lambda"),
        ("lambda", "ListVersionsByFunction", Protocol.REST_JSON),
    ),
    "the two mail services share a signing name": (
        request("GET /v2/email/account", "ses"),
        ("sesv2", "GetAccount", Protocol.REST_JSON),
    ),
    "the older mail service is a query": (
        form(b"Action=ListIdentities&Version=2010-12-01", "ses"),
        ("ses", "ListIdentities", Protocol.QUERY),
    ),
    "nothing at all is S3": (request("GET /"), ("s3", "ListBuckets", Protocol.REST_XML)),
    "a trailing slash is a bucket still": (
        request("GET /bucket/", "s3"),
        ("s3", "ListObjects", Protocol.REST_XML),
    ),
    "a literal in the query names another operation": (
        request("GET /bucket?list-type=2&prefix=a", "s3"),
        ("s3", "ListObjectsV2", Protocol.REST_XML),
    ),
    "a literal without its value does not": (
        request("GET /bucket?list-type=1", "s3"),
        ("s3", "ListObjects", Protocol.REST_XML),
    ),
    "a key may be anything": (
        request("PUT /bucket/a//b/../%2F", "s3"),
        ("s3", "PutObject", Protocol.REST_XML),
    ),
    "a header makes a copy of a put": (
        request("PUT /bucket/key", "s3", headers={"x-amz-copy-source": "/a/b"}),
        ("s3", "CopyObject", Protocol.REST_XML),
    ),
    "parameters make a part of a put": (
        request("PUT /bucket/key?partNumber=1&uploadId=u", "s3"),
        ("s3", "UploadPart", Protocol.REST_XML),
    ),
    "both make a part that is copied": (
        request("PUT /b/k?partNumber=1&uploadId=u", "s3", headers={"x-amz-copy-source": "/a/b"}),
        ("s3", "UploadPartCopy", Protocol.REST_XML),
    ),
    "an upload id lists parts": (
        request("GET /bucket/key?uploadId=u", "s3"),
        ("s3", "ListParts", Protocol.REST_XML),
    ),
    "without the id that it needs, deleting a configuration never deletes the bucket": (
        request("DELETE /bucket?analytics", "s3"),
        ("s3", "DeleteBucketAnalyticsConfiguration", Protocol.REST_XML),
    ),
    "without an id, configurations are listed": (
        request("GET /bucket?analytics", "s3"),
        ("s3", "ListBucketAnalyticsConfigurations", Protocol.REST_XML),
    ),
    "an action in the query of an object is the object's": (
        request("GET /bucket/key?Action=a&Version=b", "s3"),
        ("s3", "GetObject", Protocol.REST_XML),
    ),
    "an account id in the headers is S3 Control's": (
        request("GET /v20180820/jobs/1", "s3", headers={"x-amz-account-id": "000000000000"}),
        ("s3control", "DescribeJob", Protocol.REST_XML),
    ),
}


@pytest.mark.parametrize(("given", "expected"), FOUND.values(), ids=FOUND)
def test_a_call_is_found(given: WireRequest, expected: tuple[str, str, Protocol]) -> None:
    call = identify(given)
    assert call.fault is None
    assert (call.service, call.operation, call.protocol) == expected


UNKNOWN = {
    "an unknown json operation": (
        request(headers=JSON | {"x-amz-target": "SageMaker.CreateMagic"}),
        (Protocol.JSON, "UnknownOperationException", 400),
        "SageMaker.CreateMagic",
    ),
    "an unknown target": (
        request(headers=JSON | {"x-amz-target": "Magic_20260101.Do"}),
        (Protocol.JSON, "UnknownOperationException", 400),
        "Magic_20260101.Do",
    ),
    "a target without a prefix": (
        request(headers=JSON | {"x-amz-target": "CreateModel"}),
        (Protocol.JSON, "UnknownOperationException", 400),
        "CreateModel",
    ),
    "an unknown action": (
        form(b"Action=CreateMagic&Version=2010-05-15", "cloudformation"),
        (Protocol.QUERY, "InvalidAction", 400),
        "Could not find operation CreateMagic for version 2010-05-15",
    ),
    "an action of an unknown version": (
        form(b"Action=CreateMagic&Version=1999-01-01"),
        (Protocol.QUERY, "InvalidAction", 400),
        "CreateMagic",
    ),
    "an unknown rpc operation": (
        request(RPC + "PutMagic", "monitoring", headers=CBOR),
        (Protocol.CBOR, "UnknownOperationException", 400),
        "PutMagic",
    ),
    "another rpc protocol": (
        request(RPC + "PutMetricData", "monitoring", headers={"smithy-protocol": "rpc-v2-json"}),
        (Protocol.CBOR, "UnknownOperationException", 404),
        "rpc-v2-json",
    ),
    "an unknown path of a rest service": (
        request("GET /2015-03-31/magic", "lambda"),
        (Protocol.REST_JSON, "UnknownOperationException", 404),
        "GET /2015-03-31/magic",
    ),
    "a method that S3 has not": (
        request("PATCH /bucket/key", "s3"),
        (Protocol.REST_XML, "MethodNotAllowed", 405),
        "PATCH /bucket/key",
    ),
    "an unknown service": (
        request("GET /magic", "magic"),
        (Protocol.REST_XML, "UnknownOperationException", 404),
        "GET /magic of the service magic",
    ),
    "a label that is not UTF-8": (
        request("GET /bucket/%ff", "s3"),
        (Protocol.REST_XML, "InvalidURI", 400),
        "Couldn't parse the specified URI.",
    ),
    "a query that is not UTF-8": (
        request("GET /bucket/key?versionId=%ff", "s3"),
        (Protocol.REST_XML, "InvalidURI", 400),
        "Couldn't parse the specified URI.",
    ),
}


@pytest.mark.parametrize(("given", "expected", "named"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_known_is_a_fault_that_names_it(
    given: WireRequest, expected: tuple[Protocol, str, int], named: str
) -> None:
    call = identify(given)
    assert call.fault is not None
    assert (call.protocol, call.fault.code, call.fault.status) == expected
    assert named in call.fault.message


def test_the_region_and_the_key_are_those_of_the_signature() -> None:
    call = identify(form(b"Action=ListTopics&Version=2010-03-31", "sns"))
    assert (call.region, call.access_key) == ("eu-west-1", "AKID")


def test_an_asymmetric_signature_has_its_region_in_a_header() -> None:
    scope = "AKID/20260101/s3/aws4_request"
    given = {
        "authorization": f"AWS4-ECDSA-P256-SHA256 Credential={scope}, SignedHeaders=a, Signature=0",
        "x-amz-region-set": "ap-south-1,eu-west-1",
    }
    call = identify(WireRequest("GET", "/bucket/key", "", given))
    assert (call.service, call.region, call.access_key) == ("s3", "ap-south-1", "AKID")


def test_a_signature_of_version_2_is_S3s() -> None:  # noqa: N802
    call = identify(WireRequest("GET", "/bucket/key", "", {"authorization": "AWS AKID:c2ln"}))
    assert (call.service, call.operation, call.access_key) == ("s3", "GetObject", "AKID")


def test_a_presigned_url_is_identified() -> None:
    client = boto3.client(
        "s3",
        region_name="eu-central-1",
        endpoint_url="http://127.0.0.1:4566",
        aws_access_key_id="AKID",
        aws_secret_access_key="secret",
        config=Config(signature_version="s3v4"),
    )
    url = client.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "a key/ä+b"})
    path, _, query = url.removeprefix("http://127.0.0.1:4566").partition("?")
    call = identify(WireRequest("GET", path, query, {"host": "127.0.0.1:4566"}))
    assert (call.operation, call.region, call.access_key) == ("GetObject", "eu-central-1", "AKID")
    assert call.labels == {"Bucket": "b", "Key": "a key/ä+b"}


def test_labels_are_decoded_once() -> None:
    call = identify(request("GET /bucket/a%252Fb+c%20d", "s3"))
    assert call.labels == {"Bucket": "bucket", "Key": "a%2Fb+c d"}


def test_the_bucket_may_be_in_the_host() -> None:
    given = signed("s3") | {"host": "models.localhost:4566"}
    call = identify(WireRequest("GET", "/key", "", given))
    assert (call.operation, call.labels) == ("GetObject", {"Bucket": "models", "Key": "key"})
    call = identify(WireRequest("GET", "/", "list-type=2", given))
    assert (call.operation, call.labels) == ("ListObjectsV2", {"Bucket": "models"})


def test_a_client_tells_its_json_version_and_its_wish_for_query_codes() -> None:
    given = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "AmazonSQS.ListQueues"}
    call = identify(request(headers=given | {"x-amzn-query-mode": "true"}))
    assert call == WireCall("sqs", "ListQueues", Protocol.JSON, json_version="1.0", query_mode=True)


HOSTS = {
    "sagemaker.eu-west-1.amazonaws.com": Host("sagemaker", "eu-west-1"),
    "runtime.sagemaker.eu-west-1.amazonaws.com": Host("runtime.sagemaker", "eu-west-1"),
    "iam.amazonaws.com": Host("iam"),
    "ec2.us-gov-west-1.api.aws": Host("ec2", "us-gov-west-1"),
    "s3.amazonaws.com": Host("s3"),
    "s3.dualstack.us-west-2.amazonaws.com": Host("s3", "us-west-2"),
    "models.s3.us-west-2.amazonaws.com": Host("s3", "us-west-2", "models"),
    "my.models.s3.amazonaws.com": Host("s3", "", "my.models"),
    "models.s3.localhost:4566": Host("s3", "", "models"),
    "models.localhost": Host("s3", "", "models"),
    "s3.localhost:4566": Host(),
    "localhost:4566": Host(),
    "127.0.0.1:4566": Host(),
    "[::1]:4566": Host(),
    "": Host(),
}


@pytest.mark.parametrize(("header", "expected"), HOSTS.items(), ids=[f"host {h}" for h in HOSTS])
def test_what_a_host_says(header: str, expected: Host) -> None:
    assert host_of(header) == expected


def test_an_unsigned_request_is_for_the_service_of_its_host() -> None:
    host = {"host": "lambda.eu-west-1.amazonaws.com"}
    call = identify(WireRequest("GET", "/2015-03-31/functions", "", host))
    assert (call.service, call.operation, call.region) == ("lambda", "ListFunctions", "eu-west-1")
