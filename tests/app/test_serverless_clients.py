"""Serverless and asynchronous endpoints on a running engine, as boto3 and the CLI see them."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from understudy.app.cost import running_client
from understudy.cli.cost import cost
from understudy.testing.engines import WAIT, RunningEngine
from understudy.testing.processes import wait_for

pytestmark = pytest.mark.processes

DEADLINE = 60.0
OWN = "endpoint/e/"
TEMPLATE = """
Resources:
  Model:
    Type: AWS::SageMaker::Model
    Properties:
      ExecutionRoleArn: arn:aws:iam::000000000000:role/r
      PrimaryContainer:
        Image: understudy/stand-in
        Environment: {UNDERSTUDY_STAND_IN: 30s}
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - VariantName: v
          ModelName: !GetAtt Model.ModelName
          InitialVariantWeight: 1
          ServerlessConfig: {MemorySizeInMB: 3072, MaxConcurrency: 2}
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointName: e, EndpointConfigName: !GetAtt Config.EndpointConfigName}
  Results: {Type: AWS::S3::Bucket, Properties: {BucketName: results}}
  QueueConfig:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      AsyncInferenceConfig:
        OutputConfig: {S3OutputPath: s3://results/out, S3FailurePath: s3://results/failed}
      ProductionVariants:
        - VariantName: v
          ModelName: !GetAtt Model.ModelName
          InstanceType: ml.m5.large
          InitialInstanceCount: 1
          InitialVariantWeight: 1
  Queue:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointName: q, EndpointConfigName: !GetAtt QueueConfig.EndpointConfigName}
"""


@pytest.fixture(scope="module")
def state(make_engine: Callable[..., RunningEngine]) -> Path:
    """The state folder of an engine with the stack."""
    engine = make_engine("--speed", "60")
    api = engine.client("cloudformation")
    api.create_stack(StackName="spiky", TemplateBody=TEMPLATE)
    api.get_waiter("stack_create_complete").wait(StackName="spiky", WaiterConfig=WAIT)
    return engine.state


def test_it_serves_throttles_scales_to_zero_and_is_metered(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = running_client(state, "")
    runtime = client.service("sagemaker-runtime")

    def invoke() -> str:
        try:
            answer = runtime.invoke_endpoint(EndpointName="e", Body=b"{}")
        except ClientError as error:
            return error.response["Error"]["Code"]
        return answer["InvokedProductionVariant"]

    def environments() -> int:
        return next(row.in_service for row in client.fleets() if row.resource.startswith(OWN))

    answers: list[str] = []

    def busy() -> bool:
        """Whether six at a time have been too many, and have brought a second environment."""
        with ThreadPoolExecutor(6) as pool:
            answers.extend(pool.map(lambda _: invoke(), range(6)))
        return {"v", "ThrottlingException"} <= set(answers) and environments() == 2

    wait_for(busy, DEADLINE, "two environments at work")
    sagemaker = client.service("sagemaker")
    (variant,) = sagemaker.describe_endpoint(EndpointName="e")["ProductionVariants"]
    assert variant["CurrentServerlessConfig"] == {"MemorySizeInMB": 3072, "MaxConcurrency": 2}

    served = answers.count("v")

    def used() -> dict[str, float]:
        assert cost("spiky", json=True, state=state) == 0
        told = json.loads(capsys.readouterr().out)["resources"]
        return next(each["hours"] for each in told if each["resource"] == "Endpoint")

    sent = pytest.approx(2 * served / 2**30)
    wait_for(lambda: used().get("Data-Bytes-In") == sent, DEADLINE, "all is metered")
    assert used()["ServerlessInf:Mem-3GB"] * 3600 >= 30 * served

    wait_for(lambda: environments() == 0, DEADLINE, "scaled to zero")
    assert invoke() == "v"


def test_an_asynchronous_inference_goes_from_s3_to_s3(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    client = running_client(state, "")
    client.s3.put_object(Bucket="results", Key="in.json", Body=b"[1, 2]")
    runtime = client.service("sagemaker-runtime")
    accepted = [
        runtime.invoke_endpoint_async(
            EndpointName="q", InputLocation="s3://results/in.json", ContentType="application/json"
        )
        for _ in range(3)
    ]
    assert accepted[0]["ResponseMetadata"]["HTTPStatusCode"] == 202
    keys = {each["OutputLocation"].removeprefix("s3://results/") for each in accepted}
    assert len(keys) == 3

    def written() -> set[str]:
        listed = client.s3.list_objects_v2(Bucket="results", Prefix="out/")
        return {each["Key"] for each in listed.get("Contents", [])}

    wait_for(lambda: written() == keys, DEADLINE, "three results")
    result = client.s3.get_object(Bucket="results", Key=min(keys))
    assert json.loads(result["Body"].read())

    runtime.invoke_endpoint_async(EndpointName="q", InputLocation="s3://results/none.json")
    assert cost("spiky", json=True, state=state) == 0
    told = json.loads(capsys.readouterr().out)["resources"]
    (queue,) = (each for each in told if each["resource"] == "Queue")
    assert queue["running"] == {"ml.m5.large": 1.0}
