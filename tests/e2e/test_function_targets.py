"""A load balancer whose target is a Lambda function, deployed as a template, asked by HTTP."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from understudy.testing.engines import WAIT, RunningEngine
from understudy.testing.processes import wait_for

pytestmark = pytest.mark.processes

CODE = """
def handler(event, context):
    path = event["path"]
    if path == "/raise":
        raise ValueError("no")
    if path == "/malformed":
        return "hello"
    if path == "/bytes":
        body = {"isBase64Encoded": True, "body": "AAECAw=="}
        return {"statusCode": 201, "headers": {"X-Kind": "bytes"}, **body}
    import json
    return {
        "statusCode": 200,
        "statusDescription": "200 OK",
        "headers": {"Content-Type": "application/json"},
        "multiValueHeaders": {"Content-Type": ["application/json"], "X-Two": ["1", "2"]},
        "body": json.dumps(event),
    }
"""
TEMPLATE = """
Parameters:
  Many: {Type: String, Default: "false"}
  Health: {Type: String, Default: "false"}
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: web
      Runtime: python3.12
      Handler: index.handler
      Timeout: 30
      Role: arn:aws:iam::000000000000:role/function
      Code: {ZipFile: %s}
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !GetAtt Function.Arn
      Action: lambda:InvokeFunction
      Principal: elasticloadbalancing.amazonaws.com
  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties: {Subnets: [subnet-0a0a0a0a, subnet-0b0b0b0b]}
  Targets:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    DependsOn: Permission
    Properties:
      TargetType: lambda
      Targets: [{Id: !GetAtt Function.Arn}]
      HealthCheckEnabled: !Ref Health
      TargetGroupAttributes:
        - {Key: lambda.multi_value_headers.enabled, Value: !Ref Many}
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref Balancer
      Protocol: HTTP
      Port: 80
      DefaultActions: [{Type: forward, TargetGroupArn: !Ref Targets}]
Outputs:
  Name: {Value: !GetAtt Balancer.DNSName}
  Targets: {Value: !Ref Targets}
"""


@pytest.fixture(scope="module")
def outputs(engine: RunningEngine) -> dict[str, str]:
    """The stack's outputs."""
    return deployed(engine, "create")


def deployed(engine: RunningEngine, operation: str, **values: str) -> dict[str, str]:
    api = engine.client("cloudformation")
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
    template = TEMPLATE % json.dumps(CODE)
    getattr(api, f"{operation}_stack")(
        StackName="functions", TemplateBody=template, Parameters=given
    )
    waiter = api.get_waiter(f"stack_{operation}_complete")
    waiter.wait(StackName="functions", WaiterConfig=WAIT)
    (stack,) = api.describe_stacks(StackName="functions")["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


def asked(
    engine: RunningEngine, name: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, Any, bytes]:
    """The status, the headers and the body of an answer."""
    request = urllib.request.Request(
        f"{engine.endpoint}{path}", data=body, headers={"Host": name, **headers}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def test_a_request_is_an_event_and_what_the_function_returns_its_answer(
    engine: RunningEngine, outputs: dict[str, str]
) -> None:
    status, headers, body = asked(
        engine, outputs["Name"], "/a?b=1&b=%32", b"hi", **{"Content-Type": "text/plain", "X-A": "1"}
    )
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert headers["X-Two"] is None
    event = json.loads(body)
    assert event["requestContext"] == {"elb": {"targetGroupArn": outputs["Targets"]}}
    assert (event["httpMethod"], event["path"]) == ("POST", "/a")
    assert event["queryStringParameters"] == {"b": "%32"}
    assert (event["body"], event["isBase64Encoded"]) == ("hi", False)
    seen = event["headers"]
    assert (seen["host"], seen["x-a"], seen["x-forwarded-proto"]) == (outputs["Name"], "1", "http")
    assert seen["x-amzn-trace-id"].startswith("Root=1-")
    binary = asked(engine, outputs["Name"], "/bytes")
    assert (binary[0], binary[1]["X-Kind"], binary[2]) == (201, "bytes", b"\0\1\2\3")
    assert binary[1]["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        pytest.param("/malformed", None, 502, id="an answer that is none"),
        pytest.param("/raise", None, 502, id="a function that fails"),
        pytest.param("/", b"x" * (1024 * 1024 + 1), 413, id="more than a megabyte"),
    ],
)
def test_what_comes_to_nothing_is_an_error_of_the_load_balancer(
    engine: RunningEngine, outputs: dict[str, str], path: str, body: bytes | None, status: int
) -> None:
    said, headers, _ = asked(engine, outputs["Name"], path, body)
    assert (said, headers["Server"]) == (status, "awselb/2.0")

    def errors() -> float:
        metrics = engine.client("cloudwatch").list_metrics(MetricName="LambdaUserError")["Metrics"]
        return len(metrics)

    wait_for(errors, seconds=30, what="no LambdaUserError was published")


def test_health_checks_and_multi_value_headers_are_switched_on_by_an_update(
    engine: RunningEngine, outputs: dict[str, str]
) -> None:
    elb = engine.client("elbv2")

    def health() -> dict[str, str]:
        found = elb.describe_target_health(TargetGroupArn=outputs["Targets"])
        (target,) = found["TargetHealthDescriptions"]
        assert target["Target"]["AvailabilityZone"] == "all"
        return target["TargetHealth"]

    assert health()["Reason"] == "Target.HealthCheckDisabled"
    deployed(engine, "update", Many="true", Health="true")
    wait_for(lambda: health()["State"] == "healthy", seconds=60, what="never healthy")
    _, headers, body = asked(engine, outputs["Name"], "/a?b=1&b=2")
    assert headers.get_all("X-Two") == ["1", "2"]
    event = json.loads(body)
    assert event["multiValueQueryStringParameters"] == {"b": ["1", "2"]}
    assert event["multiValueHeaders"]["host"] == [outputs["Name"]]
    assert "headers" not in event


def test_a_function_that_no_longer_permits_the_balancer_is_a_bad_gateway(
    engine: RunningEngine, outputs: dict[str, str]
) -> None:
    api = engine.client("lambda")
    policy = json.loads(api.get_policy(FunctionName="web")["Policy"])
    (statement,) = policy["Statement"]
    api.remove_permission(FunctionName="web", StatementId=statement["Sid"])
    assert asked(engine, outputs["Name"], "/")[0] == 502
