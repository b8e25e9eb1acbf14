"""What is wrong with a rehearsal is said at once, with its place, before anything is started."""

import tarfile
from pathlib import Path
from typing import Any

import pytest

from understudy.app.examples import example
from understudy.app.preflight import Options, prepare
from understudy.base.diagnostic import Diagnostic, InvalidInput

DIGITS = example("digits-endpoint/template.yaml")
RUSH = example("traffic/lunch-rush.csv")


def found(**options: Any) -> tuple[Diagnostic, ...]:
    """The diagnostics of options that are wrong."""
    with pytest.raises(InvalidInput) as caught:
        prepare(Options(**{"template": DIGITS, "traffic": RUSH} | options))
    return caught.value.diagnostics


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


ENDPOINT = """\
Parameters:
  Url: {Type: String, Default: ./model}
  Count: {Type: Number, Default: 1}
Resources:
  Model:
    Type: AWS::SageMaker::Model
    Properties:
      ExecutionRoleArn: arn:aws:iam::000000000000:role/r
      PrimaryContainer:
        Image: IMAGE
        ModelDataUrl: !Ref Url
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - VariantName: A
          ModelName: !GetAtt Model.ModelName
          InstanceType: ml.m5.large
          InitialInstanceCount: !Ref Count
          InitialVariantWeight: 1
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties:
      EndpointConfigName: !GetAtt Config.EndpointConfigName
"""
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template with one endpoint and a model folder beside it."""
    (tmp_path / "model").mkdir()
    return write(tmp_path / "template.yaml", ENDPOINT.replace("IMAGE", IMAGE))


def test_the_bundled_example_is_ready() -> None:
    prepared = prepare(Options(DIGITS, RUSH))
    assert prepared.stack_name == "digits-endpoint"
    assert [model.parameter for model in prepared.models] == ["ModelDataUrl"]
    assert prepared.content_type == "application/json"
    assert b"instances" in prepared.payload
    assert prepared.warnings == ()


FIVE = """\
Resources:
  Model:
    Type: AWS::SageMaker::Model
    Properties:
      ExecutionRoleArn: !GetAtt Rolle.Arn
      PrimaryContainer: {Image: IMAGE, ModelDataUrl: s3://b/k, Bogus: 1}
  Config:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
        - {VariantName: A, ModelName: !Ref Model, InitialInstanceCount: many}
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {}
  Queue:
    Type: AWS::SQS::Queueue
"""


def test_five_mistakes_in_a_template_are_all_named_with_their_places(tmp_path: Path) -> None:
    path = write(tmp_path / "t.yaml", FIVE.replace("IMAGE", IMAGE))
    places = {(each.mark.line, each.mark.column) for each in found(template=path) if each.mark}
    lines = {line for line, _ in places}
    assert {5, 6, 11, 14, 16} <= lines
    assert all(each.mark and each.mark.file == str(path) for each in found(template=path))


def test_mistakes_of_all_kinds_are_said_together(template: Path, tmp_path: Path) -> None:
    traffic = write(tmp_path / "traffic.csv", "time,count\n0:00,1\n0:01,lots\nnoon,3\n")
    problems = found(
        template=template,
        traffic=traffic,
        parameters=("Url=./elsewhere", "Count=zero", "Bogus=1", "NoValue"),
        speed=-1.0,
        slo="p99=fast",
        window="soon",
        load="heavy",
        scale=0.0,
        payload=tmp_path / "none.json",
        stack_name="1 stack",
        seed=-1,
        startup_delay=-1.0,
    )
    text = "\n".join(map(str, problems))
    for part in (
        "--speed -1 is out of range",
        "--startup-delay -1 is out of range",
        "--load heavy is not a load",
        "--scale 0 is out of range",
        "--seed -1 is negative",
        "--stack-name 1 stack is no name",
        "--parameter NoValue has no value",
        "--window soon: 'soon' is not a duration",
        "--slo: 'p99=fast' is not an objective",
        f"{tmp_path / 'none.json'}: No such file or directory",
        f"{traffic}:3:",
        f"{traffic}:4:",
        "Parameter",
    ):
        assert part in text, part


def test_all_mistakes_in_parameters_are_named(template: Path) -> None:
    problems = found(template=template, parameters=("Count=zero", "Bogus=1"))
    text = "\n".join(map(str, problems))
    assert "Bogus" in text
    assert "Count" in text


def test_a_missing_archive_is_named_where_it_stands(template: Path) -> None:
    (problem,) = found(template=template, parameters=("Url=./elsewhere.tar.gz",))
    assert str(problem.mark) == f"{template}:11:9"
    assert problem.summary == "The model archive ./elsewhere.tar.gz does not exist."
    assert str(template.parent / "elsewhere.tar.gz") in problem.detail
    assert "it comes from parameter Url" in problem.action


def test_an_archive_that_is_none_is_named(template: Path) -> None:
    write(template.parent / "model.tar.gz", "no archive")
    (problem,) = found(template=template, parameters=("Url=./model.tar.gz",))
    assert "is no .tar.gz archive" in problem.summary


def test_an_archive_without_a_parameter_cannot_be_replaced_by_its_url(template: Path) -> None:
    write(template, template.read_text().replace("!Ref Url", "./model"))
    (problem,) = found(template=template)
    assert problem.summary == "The local model archive ./model must come through a parameter."


def test_an_image_that_cannot_run_here_is_named_where_it_stands(template: Path) -> None:
    write(template, template.read_text().replace(IMAGE, "nginx:latest"))
    (problem,) = found(template=template)
    assert str(problem.mark) == f"{template}:10:9"
    assert problem.summary.startswith('The image "nginx:latest" cannot run here')
    assert "UNDERSTUDY_STAND_IN" in problem.summary


@pytest.mark.parametrize(
    ("condition", "count"), [("!Equals [a, a]", 2), ("!Equals [a, b]", 1)], ids=["made", "not made"]
)
def test_an_endpoint_counts_if_it_will_be_made(template: Path, condition: str, count: int) -> None:
    second = ENDPOINT[ENDPOINT.index("  Endpoint:") :].replace("  Endpoint:", "  Second:", 1)
    second = second.replace("    Properties", "    Condition: Both\n    Properties")
    text = template.read_text() + second + f"Conditions:\n  Both: {condition}\n"
    write(template, text)
    if count == 1:
        assert prepare(Options(template, RUSH)).stack_name
    else:
        (problem,) = found(template=template)
        assert problem.summary.endswith("has 2.")
        assert problem.mark


def test_a_template_that_is_not_there_and_traffic_that_is_not_are_both_named(
    tmp_path: Path,
) -> None:
    problems = found(template=tmp_path / "a.yaml", traffic=tmp_path / "b.csv")
    assert [each.summary for each in problems] == [
        f"{tmp_path / 'a.yaml'}: No such file or directory.",
        f"{tmp_path / 'b.csv'}: No such file or directory.",
    ]


@pytest.mark.parametrize(
    ("window", "summary"),
    [
        ("10m", "--window 10m: '' is not a duration"),
        ("9h-10h", "--window 9h-10h has no requests"),
        ("40m-10m", "--window 40m-10m has no requests"),
    ],
)
def test_a_window_without_traffic_is_refused(window: str, summary: str) -> None:
    (problem,) = found(window=window)
    assert problem.summary.startswith(summary)


def test_a_window_is_the_part_of_the_traffic_that_is_used() -> None:
    prepared = prepare(Options(DIGITS, RUSH, window="10m-40m"))
    assert prepared.traffic.duration == 1800


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("my_model", "my-model"),
        ("2024", "rehearsal-2024"),
        ("--", "rehearsal"),
        ("a" * 200, "a" * 100),
    ],
    ids=["an underscore", "a digit first", "nothing left", "too long"],
)
def test_the_stack_is_named_after_the_folder_as_aws_allows(
    tmp_path: Path, folder: str, name: str
) -> None:
    (tmp_path / folder / "model").mkdir(parents=True)
    template = write(tmp_path / folder / "t.yaml", ENDPOINT.replace("IMAGE", IMAGE))
    assert prepare(Options(template, RUSH)).stack_name == name


def test_an_archive_of_a_folder_is_always_alike(template: Path, tmp_path: Path) -> None:
    code = template.parent / "model/code"
    (code / "__pycache__").mkdir(parents=True)
    write(code / "inference.py", "pass")
    write(code / "__pycache__/inference.pyc", "compiled")
    (model,) = prepare(Options(template, RUSH)).models
    first, second = tmp_path / "first.tar.gz", tmp_path / "second.tar.gz"
    model.write(first)
    write(code / "inference.py", "pass")
    model.write(second)
    assert first.read_bytes() == second.read_bytes()
    with tarfile.open(first) as archive:
        assert archive.getnames() == ["code", "code/inference.py"]


STAND_IN = example("stand-in-endpoint/template.yaml")


@pytest.mark.parametrize(
    ("options", "said", "action"),
    [
        (
            {"template": STAND_IN, "speed": 120.0},
            "The traffic's peak of 20 requests/s would be 2,400 requests in each real second",
            "use --speed 100, --load sampled, or --scale 0.83",
        ),
        (
            {"template": DIGITS, "load": "dilated", "speed": 120.0},
            "The traffic's peak of 20 requests/s would be 2,400 requests in each real second",
            "use --speed 100, --load sampled, or --scale 0.83",
        ),
        (
            {"scale": 150.0},
            "The traffic's peak of 3,000 requests/s would be 3,000 requests in each real second",
            "use --scale 100.00",
        ),
    ],
    ids=["a stand-in is dilated", "dilated on demand", "sampled, and too much even so"],
)
def test_a_peak_that_this_machine_could_not_send_is_refused(
    tmp_path: Path, options: dict[str, Any], said: str, action: str
) -> None:
    traffic = write(tmp_path / "traffic.csv", "time,count\n0:00,1200\n0:01,60\n")
    (problem,) = found(traffic=traffic, **options)
    assert problem.summary.startswith(said)
    assert problem.action == action


def test_a_peak_that_is_sampled_is_not_multiplied(tmp_path: Path) -> None:
    traffic = write(tmp_path / "traffic.csv", "time,count\n0:00,1200\n0:01,60\n")
    assert prepare(Options(STAND_IN, traffic, load="sampled", speed=600.0)).traffic.total == 1260


def test_a_serverless_variant_cannot_be_simulated(template: Path) -> None:
    instances = "InstanceType: ml.m5.large\n          InitialInstanceCount: !Ref Count\n"
    config = "ServerlessConfig: {MemorySizeInMB: 2048, MaxConcurrency: 2}\n"
    text = template.read_text().replace("  Count: {Type: Number, Default: 1}\n", "")
    write(template, text.replace(instances, config))
    (problem,) = found(template=template)
    assert problem.summary == "There is no model of serverless variants to simulate them by."
