"""A model that cannot be served: the cause is said first, and the traceback is kept."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from botocore.exceptions import ClientError

from understudy.testing.engines import Command, RunningEngine
from understudy.testing.processes import wait_for

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("nobody_is_left_behind")]

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
TEMPLATE = f"""\
Parameters:
  Url: {{Type: String, Default: ./model}}
Resources:
  Model:
    Type: AWS::SageMaker::Model
    Properties:
      ExecutionRoleArn: arn:aws:iam::000000000000:role/r
      PrimaryContainer: {{Image: "{IMAGE}", ModelDataUrl: !Ref Url}}
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - VariantName: A
          ModelName: !GetAtt Model.ModelName
          InstanceType: ml.m5.large
          InitialInstanceCount: 1
          InitialVariantWeight: 1
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties:
      EndpointName: broken
      EndpointConfigName: !GetAtt Config.EndpointConfigName
"""

BROKEN = {
    "a syntax error": ("def model_fn(model_dir:\n    pass\n", "SyntaxError: '(' was never closed"),
    "a model_fn that raises": (
        """
        def model_fn(model_dir):
            print("looking for weights")
            raise FileNotFoundError("no weights here")
        """,
        "FileNotFoundError: no weights here",
    ),
}


@pytest.fixture(scope="module")
def engine(make_engine: Callable[..., RunningEngine]) -> RunningEngine:
    return make_engine("--speed", "60")


@pytest.mark.parametrize(("code", "error"), BROKEN.values(), ids=BROKEN)
def test_a_rehearsal_says_what_is_wrong_with_the_model(
    engine: RunningEngine, tmp_path: Path, code: str, error: str
) -> None:
    (tmp_path / "model/code").mkdir(parents=True)
    (tmp_path / "model/code/inference.py").write_text(dedent(code))
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "traffic.csv").write_text("time,count\n0:00,60\n0:01,60\n")
    command = Command(
        "rehearse", "template.yaml", "--traffic", "traffic.csv", "--report", "report",
        "--stack-name", "broken", "--endpoint-url", engine.endpoint, folder=tmp_path,
    )  # fmt: skip
    assert command.ended(60) == 1, command.said
    lines = command.said.splitlines()
    headline = lines.index("Stack broken: ROLLBACK_COMPLETE")
    assert lines[headline + 1].startswith("Endpoint: Resource handler returned message: ")
    assert "did not pass the ping health check" in lines[headline + 1]
    assert error in lines[headline + 1]
    (log,) = (tmp_path / "report/logs").iterdir()
    assert lines[headline + 2] == f"The log of its instance, report/logs/{log.name}, ends:"
    assert error in "\n".join(lines[headline + 3 :])
    assert "Traceback (most recent call last)" in log.read_text()
    assert "inference.py" in log.read_text()
    assert "Stack broken: DELETE_COMPLETE." in lines
    assert engine.client("sagemaker").list_endpoints()["Endpoints"] == []
    assert list(command.temporary.iterdir()) == []


def failure_reason(engine: RunningEngine, name: str, container: dict[str, object]) -> str:
    """Create an endpoint that fails; why it did."""
    api = engine.client("sagemaker")
    api.create_model(
        ModelName=name,
        ExecutionRoleArn="arn:aws:iam::000000000000:role/r",
        PrimaryContainer=container,
    )
    api.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": "A",
                "ModelName": name,
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": 1,
            }
        ],
    )
    api.create_endpoint(EndpointName=name, EndpointConfigName=name)
    wait_for(lambda: api.describe_endpoint(EndpointName=name)["EndpointStatus"] == "Failed")
    reason = api.describe_endpoint(EndpointName=name)["FailureReason"]
    with pytest.raises(ClientError, match="not found"):
        engine.invoke(name)
    api.delete_endpoint(EndpointName=name)
    return reason


def archive(code: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        entry = tarfile.TarInfo("code/inference.py")
        entry.size = len(code.encode())
        tar.addfile(entry, io.BytesIO(code.encode()))
    return buffer.getvalue()


def test_describe_endpoint_says_why_it_failed(engine: RunningEngine) -> None:
    s3 = engine.client("s3")
    s3.create_bucket(Bucket="models")
    s3.put_object(Bucket="models", Key="m.tar.gz", Body=archive("1 / 0"))
    s3.put_object(Bucket="models", Key="none.tar.gz", Body=b"no archive")
    url = "s3://models/{}".format
    assert failure_reason(engine, "raises", {"Image": IMAGE, "ModelDataUrl": url("m.tar.gz")}) == (
        "The primary container for production variant A did not pass the ping health check. "
        "Please check CloudWatch logs for this endpoint. (ZeroDivisionError: division by zero)"
    )
    missing = failure_reason(engine, "missing", {"Image": IMAGE, "ModelDataUrl": url("gone")})
    assert missing.startswith("Could not find model data at s3://models/gone.")
    bad = failure_reason(engine, "bad", {"Image": IMAGE, "ModelDataUrl": url("none.tar.gz")})
    assert bad.startswith("Failed to extract model data archive")
    image = failure_reason(engine, "image", {"Image": "nginx:latest"})
    assert image.startswith('The image "nginx:latest" cannot run here')
