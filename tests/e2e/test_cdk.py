"""CDK apps, deployed by ourselves and by the unmodified CDK CLI, on a real engine."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from understudy.testing.engines import RunningEngine, understudy_command

pytestmark = [
    pytest.mark.processes,
    pytest.mark.usefixtures("nobody_is_left_behind"),
    pytest.mark.skipif(
        shutil.which("node") is None or importlib.util.find_spec("aws_cdk") is None,
        reason="needs node and aws-cdk-lib",
    ),
]

APP = """
import aws_cdk as cdk
from aws_cdk import aws_s3_assets as assets
from aws_cdk import aws_sqs as sqs


class Work(cdk.Stack):
    def __init__(self, scope, name):
        super().__init__(scope, name)
        self.jobs = sqs.Queue(self, "Jobs")
        files = assets.Asset(self, "Files", path="files")
        cdk.CfnOutput(self, "Files", value=files.s3_object_url)


class Report(cdk.Stack):
    def __init__(self, scope, name, jobs):
        super().__init__(scope, name)
        name = self.node.try_get_context("copy")
        tags = [cdk.CfnTag(key="jobs", value=jobs.queue_arn)]
        sqs.CfnQueue(self, "Copy", queue_name=name, tags=tags)


app = cdk.App()
work = Work(app, "Work")
Report(app, "Report", work.jobs)
app.synth()
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An app of two stacks, of which the second imports from the first."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "app.py").write_text(APP.replace('CfnOutput(self, "Files"', 'CfnOutput(self, "Url"'))
    (folder / "files").mkdir()
    (folder / "files" / "hello.txt").write_text("hello")
    (folder / "cdk.json").write_text(json.dumps({"app": f"{sys.executable} app.py"}))
    return folder


@pytest.fixture(scope="module")
def deployed(app: Path, engine: RunningEngine) -> subprocess.CompletedProcess[str]:
    """The app deployed by ourselves."""
    return understudy_command(
        "deploy", "app.py", "--yes", "--endpoint-url", engine.endpoint, cwd=app
    )


def test_an_app_is_deployed_with_its_assets_and_without_the_cdk_cli(
    deployed: subprocess.CompletedProcess[str], engine: RunningEngine
) -> None:
    assert deployed.returncode == 0, deployed.stdout + deployed.stderr
    assert "made by Work/Jobs/Resource (app.py:10)" in deployed.stdout
    order = [line for line in deployed.stdout.splitlines() if line.endswith(": CREATE_COMPLETE")]
    assert order == ["Work: CREATE_COMPLETE", "Report: CREATE_COMPLETE"]
    api = engine.client("cloudformation")
    (work,) = api.describe_stacks(StackName="Work")["Stacks"]
    (url,) = [each["OutputValue"] for each in work["Outputs"] if each["OutputKey"] == "Url"]
    bucket, key = url.removeprefix("s3://").split("/")
    assert engine.client("s3").head_object(Bucket=bucket, Key=key)["ContentLength"] > 0


def test_an_export_that_is_still_imported_is_refused_with_the_two_steps(
    deployed: subprocess.CompletedProcess[str], app: Path, engine: RunningEngine
) -> None:
    assembly = app / "without-export"
    shutil.copytree(app / "cdk.out", assembly)
    template = assembly / "Work.template.json"
    data = json.loads(template.read_text())
    data["Outputs"] = {"Url": data["Outputs"]["Url"]}
    template.write_text(json.dumps(data))
    done = understudy_command(
        "diff", assembly, "--stack", "Work", "--endpoint-url", engine.endpoint, cwd=app
    )
    assert done.returncode == 2
    assert "Stack Work no longer exports Work:" in done.stderr
    assert "which Report still imports." in done.stderr
    assert "1. keep the export" in done.stderr


def test_a_mistake_names_the_construct_and_its_line(
    deployed: subprocess.CompletedProcess[str], app: Path
) -> None:
    assembly = app / "wrong"
    shutil.copytree(app / "cdk.out", assembly)
    template = assembly / "Report.template.json"
    data = json.loads(template.read_text())
    data["Resources"]["Copy"]["Properties"]["Colour"] = "red"
    template.write_text(json.dumps(data))
    done = understudy_command("validate", assembly, cwd=app)
    assert done.returncode == 2
    assert "extraneous key [Colour] is not permitted" in done.stderr
    assert "made by the construct Report/Copy (app.py:20)" in done.stderr


@pytest.fixture
def cdk(app: Path, engine: RunningEngine) -> Callable[..., str]:
    """The CDK CLI, where it is installed: by UNDERSTUDY_CDK, or on the path."""
    program = os.environ.get("UNDERSTUDY_CDK") or shutil.which("cdk")
    if program is None:
        pytest.skip("the CDK CLI is not installed")
    return lambda *arguments: engine.cdk(program, *arguments, cwd=app)


def test_the_cdk_cli_bootstraps_deploys_compares_and_destroys(
    deployed: subprocess.CompletedProcess[str],
    cdk: Callable[..., str],
    engine: RunningEngine,
) -> None:
    api = engine.client("cloudformation")
    cdk("bootstrap", "aws://000000000000/us-east-1", "--app", "cdk.out")
    (toolkit,) = api.describe_stacks(StackName="CDKToolkit")["Stacks"]
    assert toolkit["StackStatus"] == "UPDATE_COMPLETE"
    same = cdk("deploy", "--all", "--app", "cdk.out", "--require-approval", "never")
    assert same.count("(no changes)") == 2
    assert "QueueName" in cdk("diff", "Report", "-c", "copy=copy-by-name")
    cdk("deploy", "Report", "--app", "cdk.out", "--require-approval", "never")
    resources = api.describe_stack_resources(StackName="Report")["StackResources"]
    ids = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources}
    assert ids["Copy"].endswith("copy-by-name")
    cdk("destroy", "--all", "--force", "--app", "cdk.out")
    names = {each["StackName"] for each in api.describe_stacks()["Stacks"]}
    assert not {"Work", "Report"} & names
