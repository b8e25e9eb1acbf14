"""boto3, unmodified, talks to a server that answers through the codec."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from understudy.api.http import Response
from understudy.api.wire import (
    WireRequest,
    decode,
    encode,
    encode_fault,
    identify,
    not_offered,
    validate,
)
from understudy.base.fault import Fault

NOON = 1767268800.0


class Stage:
    """A server that keeps what it is called with and answers what a test has put on."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, str, dict[str, Any]]] = []
        self.answers: dict[str, dict[str, Any] | Fault] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    def answer(self, request: WireRequest) -> Response:
        call = identify(request)
        if call.fault is not None:
            return encode_fault(call, call.fault, "rid")
        try:
            params = decode(call, request)
            self.calls.append((call.service, call.operation, call.protocol, params))
            if call.service != "s3":
                validate(call, params)
            answer = self.answers.get(call.operation, not_offered(call.service, call.operation))
            if isinstance(answer, Fault):
                raise answer
            return encode(call, answer, "rid")
        except Fault as fault:
            return encode_fault(call, fault, "rid", request.path)

    def _handler(stage) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler has a self too
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                self.raw_requestline = self.rfile.readline()
                if not self.raw_requestline or not self.parse_request():
                    self.close_connection = True
                    return
                path, _, query = self.path.partition("?")
                headers = {name.lower(): value for name, value in self.headers.items()}
                body = self.rfile.read(int(headers.get("content-length", 0)))
                response = stage.answer(WireRequest(self.command, path, query, headers, body))
                assert isinstance(response.body, bytes)
                self.send_response(response.status)
                for name, value in response.headers:
                    self.send_header(name, value)
                self.send_header("content-length", str(len(response.body)))
                self.end_headers()
                self.wfile.write(response.body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        return Handler


@pytest.fixture(scope="module")
def running() -> Iterator[Stage]:
    stage = Stage()
    thread = threading.Thread(target=stage.server.serve_forever, args=(0.01,))
    thread.start()
    yield stage
    stage.server.shutdown()
    stage.server.server_close()
    thread.join()


@pytest.fixture
def stage(running: Stage) -> Stage:
    running.calls.clear()
    running.answers.clear()
    return running


@pytest.fixture
def client(stage: Stage) -> Iterator[Any]:
    made: list[Any] = []

    def make(service: str) -> Any:
        made.append(
            boto3.client(
                service,
                region_name="eu-west-1",
                endpoint_url=f"http://127.0.0.1:{stage.server.server_port}",
                aws_access_key_id="AKID",
                aws_secret_access_key="secret",
                config=Config(retries={"mode": "standard"}),
            )
        )
        return made[-1]

    yield make
    for each in made:
        each.close()


def test_stacks_are_described(stage: Stage, client: Any) -> None:
    stage.answers["DescribeStacks"] = {
        "Stacks": [
            {
                "StackName": "web",
                "CreationTime": NOON + 0.25,
                "StackStatus": "CREATE_COMPLETE",
                "Outputs": [{"OutputKey": "Url", "OutputValue": "http://x/?a&b"}],
            }
        ]
    }
    stack = client("cloudformation").describe_stacks(StackName="web")["Stacks"][0]
    assert stack["CreationTime"] == datetime.fromtimestamp(NOON + 0.25, UTC)
    assert stack["Outputs"] == [{"OutputKey": "Url", "OutputValue": "http://x/?a&b"}]
    assert stage.calls == [("cloudformation", "DescribeStacks", "query", {"StackName": "web"})]


def test_an_empty_list_arrives_as_one(stage: Stage, client: Any) -> None:
    stage.answers["CreateStack"] = {"StackId": "id"}
    client("cloudformation").create_stack(StackName="web", TemplateBody="{}", Parameters=[])
    assert stage.calls[0][3] == {"StackName": "web", "TemplateBody": "{}", "Parameters": []}


def test_metrics_are_put_compressed(stage: Stage, client: Any) -> None:
    stage.answers["PutMetricData"] = {}
    data = [
        {"MetricName": f"m{i}", "Value": i / 2, "Timestamp": datetime.fromtimestamp(NOON, UTC)}
        for i in range(500)
    ]
    client("cloudwatch").put_metric_data(Namespace="n", MetricData=data)
    (call,) = stage.calls
    assert call[3] == {
        "Namespace": "n",
        "MetricData": [
            {"MetricName": f"m{i}", "Value": i / 2, "Timestamp": NOON} for i in range(500)
        ],
    }


def test_a_fault_is_raised_as_its_exception(stage: Stage, client: Any) -> None:
    stage.answers["DescribeEndpoint"] = Fault("ValidationException", 'Could not find endpoint "e".')
    with pytest.raises(ClientError) as caught:
        client("sagemaker").describe_endpoint(EndpointName="e")
    error = caught.value.response
    assert error["Error"]["Code"] == "ValidationException"
    assert error["Error"]["Message"] == 'Could not find endpoint "e".'
    assert error["ResponseMetadata"]["RequestId"] == "rid"


def test_a_modelled_fault_is_raised_as_its_class(stage: Stage, client: Any) -> None:
    scaling = client("application-autoscaling")
    stage.answers["DeleteScalingPolicy"] = Fault("ObjectNotFoundException", "No policy found.")
    with pytest.raises(scaling.exceptions.ObjectNotFoundException, match="No policy found"):
        scaling.delete_scaling_policy(
            PolicyName="p",
            ServiceNamespace="sagemaker",
            ResourceId="r",
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        )
    metrics = client("cloudwatch")
    stage.answers["PutMetricAlarm"] = Fault("LimitExceededFault", "Too many.")
    with pytest.raises(metrics.exceptions.LimitExceededFault, match="Too many"):
        metrics.put_metric_alarm(
            AlarmName="a", ComparisonOperator="GreaterThanThreshold", EvaluationPeriods=1
        )
    queues = client("sqs")
    stage.answers["GetQueueUrl"] = Fault("QueueDoesNotExist", "No queue.")
    with pytest.raises(queues.exceptions.QueueDoesNotExist) as caught:
        queues.get_queue_url(QueueName="q")
    assert caught.value.response["Error"]["Type"] == "Sender"


def test_what_is_wrong_is_refused_before_it_is_answered(stage: Stage, client: Any) -> None:
    stage.answers["CreateModel"] = {"ModelArn": "arn"}
    with pytest.raises(ClientError, match="1 validation error detected: Value 'a_b' at "):
        client("sagemaker").create_model(ModelName="a_b")


def test_what_is_not_offered_is_tried_once(stage: Stage, client: Any) -> None:
    with pytest.raises(ClientError, match="Understudy does not offer sagemaker:ListApps"):
        client("sagemaker").list_apps()
    assert len(stage.calls) == 1


def test_an_endpoint_is_invoked(stage: Stage, client: Any) -> None:
    stage.answers["InvokeEndpoint"] = {
        "Body": b"\x00\xff",
        "ContentType": "application/octet-stream",
        "InvokedProductionVariant": "v",
    }
    answer = client("sagemaker-runtime").invoke_endpoint(
        EndpointName="digits", Body=b"1,2", ContentType="text/csv", CustomAttributes="c=1"
    )
    assert answer["Body"].read() == b"\x00\xff"
    assert answer["InvokedProductionVariant"] == "v"
    assert stage.calls[0][3] == {
        "EndpointName": "digits",
        "Body": b"1,2",
        "ContentType": "text/csv",
        "CustomAttributes": "c=1",
    }


def test_objects_are_listed(stage: Stage, client: Any) -> None:
    stage.answers["ListObjectsV2"] = {
        "Name": "models",
        "KeyCount": 1,
        "Contents": [{"Key": "a%20b", "LastModified": NOON, "Size": 3}],
        "EncodingType": "url",
    }
    listed = client("s3").list_objects_v2(Bucket="models", Prefix="a/ä")
    assert listed["Contents"][0]["Key"] == "a b"
    assert stage.calls[0][3] == {"Bucket": "models", "Prefix": "a/ä", "EncodingType": "url"}


def test_what_has_no_object_is_not_found(stage: Stage, client: Any) -> None:
    s3 = client("s3")
    stage.answers["GetObject"] = stage.answers["HeadObject"] = Fault("NoSuchKey", "No such key.")
    with pytest.raises(s3.exceptions.NoSuchKey, match="No such key"):
        s3.get_object(Bucket="b", Key="k")
    with pytest.raises(ClientError) as caught:
        s3.head_object(Bucket="b", Key="k")
    assert caught.value.response["Error"]["Code"] == "404"


def test_instances_are_described(stage: Stage, client: Any) -> None:
    stage.answers["DescribeInstances"] = {
        "Reservations": [{"Instances": [{"InstanceId": "i-1", "LaunchTime": NOON}]}]
    }
    found = client("ec2").describe_instances(Filters=[{"Name": "vpc-id", "Values": ["v1", "v2"]}])
    instance = found["Reservations"][0]["Instances"][0]
    assert instance["LaunchTime"] == datetime.fromtimestamp(NOON, UTC)
    assert stage.calls[0][3] == {"Filters": [{"Name": "vpc-id", "Values": ["v1", "v2"]}]}
