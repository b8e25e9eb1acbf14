"""Working on stacks from the command line, with a real engine."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from understudy.testing.engines import Command, RunningEngine, understudy_command

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("nobody_is_left_behind")]

TEMPLATE = """
Parameters:
  Size: {Type: Number, Default: 3}
Resources:
  Models:
    Type: AWS::S3::Bucket
    Properties: {Tags: [{Key: size, Value: !Ref Size}]}
  Role:
    Type: AWS::IAM::Role
    Properties:
      Description: !Sub "For ${Models}"
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {Service: sagemaker.amazonaws.com}, Action: sts:AssumeRole}
Outputs:
  Bucket: {Value: !Ref Models}
"""
NAMED = TEMPLATE.replace("Description: !Sub", "RoleName: fixed\n      Description: !Sub")

Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project folder, after which its stack is named."""
    made = tmp_path / "scoring"
    made.mkdir()
    (made / "template.yaml").write_text(TEMPLATE)
    return made


@pytest.fixture
def run(engine: RunningEngine, folder: Path) -> Run:
    """Runs a command in the project, at the module's engine."""

    def run(*arguments: str | Path) -> CompletedProcess[str]:
        return understudy_command(
            *arguments, cwd=folder, env={"AWS_ENDPOINT_URL": engine.endpoint, "COLUMNS": "200"}
        )

    return run


@pytest.fixture
def name(run: Run, request: pytest.FixtureRequest) -> str:
    """A stack of the template, under a name of its own."""
    name = request.node.name.split("[")[0].replace("_", "-")[:60]
    done = run("deploy", "--yes", "--stack-name", name)
    assert done.returncode == 0, done.stderr
    return name


def test_a_stack_is_planned_deployed_and_described(run: Run, engine: RunningEngine) -> None:
    done = run("deploy", "--yes", "-p", "Size=5", "--tag", "team=ml")
    assert done.returncode == 0, done.stderr
    assert "Change set for scoring (CREATE)" in done.stdout
    assert "2 to add" in done.stdout
    assert "scoring: CREATE_COMPLETE" in done.stdout
    (stack,) = engine.client("cloudformation").describe_stacks(StackName="scoring")["Stacks"]
    assert stack["Parameters"][0]["ParameterValue"] == "5"
    assert stack["Tags"] == [{"Key": "team", "Value": "ml"}]
    assert json.loads(run("outputs", "scoring", "--json").stdout) == {
        "Bucket": stack["Outputs"][0]["OutputValue"]
    }
    again = run("deploy", "--yes")
    assert again.returncode == 0
    assert "The submitted information didn't contain changes." in again.stdout
    assert run("diff", "--exit-code").returncode == 0
    (stack,) = engine.client("cloudformation").describe_stacks(StackName="scoring")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["Parameters"][0]["ParameterValue"] == "5"


def test_nobody_to_ask_is_no_yes(run: Run, engine: RunningEngine) -> None:
    done = run("deploy", "--stack-name", "unasked")
    assert done.returncode == 2
    assert "nobody is there to ask" in done.stderr
    names = engine.client("cloudformation").describe_stacks()["Stacks"]
    assert "unasked" not in [each["StackName"] for each in names]


def test_diff_shows_what_would_change_and_changes_nothing(
    run: Run, name: str, folder: Path, engine: RunningEngine
) -> None:
    (folder / "template.yaml").write_text(NAMED)
    done = run("diff", "--stack-name", name, "-p", "Size=9", "--exit-code")
    assert done.returncode == 4, done.stderr
    first, *_ = [line for line in done.stdout.splitlines() if "AWS::" in line]
    assert first.split()[:3] == ["±", "kept", "Role"]
    assert "RoleName: fixed (new), needs a replacement" in done.stdout
    assert "Tags/0/Value: 3 -> 9 (by Size)" in done.stdout
    assert "1 to change, 1 to replace" in done.stdout
    api = engine.client("cloudformation")
    assert api.list_change_sets(StackName=name)["Summaries"] == []
    assert "UPDATE" not in {e["ResourceStatus"][:6] for e in _events(engine, name)}


def _events(engine: RunningEngine, name: str) -> list[dict[str, str]]:
    return engine.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]


def test_a_reviewed_plan_is_executed_once_and_only_if_nothing_has_changed(
    run: Run, name: str, folder: Path
) -> None:
    plan = run("plan", "-o", "plan.json", "--stack-name", name, "-p", "Size=7")
    assert plan.returncode == 0, plan.stderr
    assert "To execute it: understudy deploy plan.json" in plan.stdout
    assert run("deploy", "plan.json").returncode == 0
    again = run("deploy", "plan.json")
    assert again.returncode == 2
    assert f"{name}: the stack has changed since" in again.stderr


def test_history_goes_back_through_a_change_set(run: Run, name: str, folder: Path) -> None:
    (folder / "template.yaml").write_text(NAMED)
    assert run("deploy", "--yes", "--stack-name", name, "-p", "Size=8").returncode == 0
    back = run("rollback", name, "--to", "1", "--yes")
    assert back.returncode == 0, back.stderr
    assert f"Going back to version 1 of {name}." in back.stdout
    assert "RoleName: fixed (removed), needs a replacement" in back.stdout
    lines = [json.loads(line) for line in run("history", name, "--json").stdout.splitlines()]
    assert [(each["number"], each["parameters"]) for each in lines] == [
        (1, {"Size": "3"}),
        (2, {"Size": "8"}),
        (3, {"Size": "3"}),
    ]
    assert [each["current"] for each in lines] == [False, False, True]
    assert lines[2]["template"] == TEMPLATE
    missing = run("rollback", name, "--to", "9", "--yes")
    assert missing.returncode == 2
    assert f"Stack {name} has no version 9" in missing.stderr


def test_events_tell_the_story_of_the_stack(run: Run, name: str) -> None:
    lines = [json.loads(line) for line in run("events", name, "--json").stdout.splitlines()]
    assert lines[0]["schema"] == "understudy.events/1"
    # Begun, made, configured, stable.
    assert [each["status"] for each in lines if each["logical_id"] == "Models"] == [
        "CREATE_IN_PROGRESS",
        "CREATE_IN_PROGRESS",
        "CREATE_IN_PROGRESS",
        "CREATE_COMPLETE",
    ]
    followed = run("events", name, "--follow")
    assert followed.returncode == 0, followed.stderr
    assert "Resource creation Initiated" in followed.stdout


def test_a_tree_shows_what_each_resource_needs(run: Run, name: str, folder: Path) -> None:
    local = run("tree").stdout
    assert [line.split()[-2:] for line in local.splitlines()[1:]] == [
        ["Role", "AWS::IAM::Role"],
        ["Models", "AWS::S3::Bucket"],
    ]
    assert "Models  AWS::S3::Bucket  CREATE_COMPLETE" in run("tree", name).stdout
    assert run("tree", "--svg", "tree.svg").returncode == 0
    assert (folder / "tree.svg").read_text().startswith("<svg")


def test_drift_is_found_and_told(run: Run, name: str, engine: RunningEngine) -> None:
    role = engine.client("cloudformation").describe_stack_resource(
        StackName=name, LogicalResourceId="Role"
    )["StackResourceDetail"]["PhysicalResourceId"]
    engine.client("iam").delete_role(RoleName=role)
    done = run("drift", name)
    assert done.returncode == 4, done.stderr
    assert f"{name}  DRIFTED" in done.stdout


def test_destroy_says_what_goes_and_deletes_it(run: Run, name: str, engine: RunningEngine) -> None:
    assert run("destroy", name).returncode == 2
    done = run("destroy", name, "--yes")
    assert done.returncode == 0, done.stderr
    assert "goes, with its objects" in done.stdout
    assert f"{name}: DELETE_COMPLETE" in done.stdout
    gone = run("destroy", name, "--yes")
    assert gone.returncode == 2
    assert f"There is no stack {name}" in gone.stderr


def test_a_failure_tells_its_first_cause_and_the_next_deployment_clears_the_way(
    run: Run, engine: RunningEngine, folder: Path
) -> None:
    engine.client("ssm").put_parameter(Name="/taken", Type="String", Value="mine")
    taken = (
        "  Taken: {Type: AWS::SSM::Parameter, Properties: {Name: /taken, Type: String, Value: v}}"
    )
    (folder / "template.yaml").write_text(TEMPLATE.replace("Outputs:", f"{taken}\nOutputs:"))
    done = run("deploy", "--yes", "--stack-name", "failing")
    assert done.returncode == 1
    first, second, *_ = done.stderr.splitlines()
    assert first == "Stack failing: ROLLBACK_COMPLETE"
    assert second.startswith("Taken: ")
    assert "The parameter already exists." in second
    (folder / "template.yaml").write_text(TEMPLATE)
    again = run("deploy", "--yes", "--stack-name", "failing")
    assert again.returncode == 0, again.stderr
    assert "is in ROLLBACK_COMPLETE state: deleting it first" in again.stdout


def test_a_bucket_that_somebody_else_has_is_told_before_anything_is_made(
    run: Run, engine: RunningEngine, folder: Path
) -> None:
    engine.client("s3").create_bucket(Bucket="taken-already")
    broken = TEMPLATE.replace("Properties: {Tags", "Properties: {BucketName: taken-already, Tags")
    (folder / "template.yaml").write_text(broken)
    done = run("deploy", "--yes", "--stack-name", "conflict")
    assert done.returncode == 2
    assert "Resource of type 'AWS::S3::Bucket' with identifier 'taken-already' already exists." in (
        done.stderr
    )
    (folder / "template.yaml").write_text(TEMPLATE)


def test_machines_get_lines_of_json(run: Run) -> None:
    done = run("deploy", "--yes", "--json", "--stack-name", "machine")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    kinds = [each["type"] for each in lines]
    assert kinds[-2:] == ["result", "outputs"]
    assert {"plan", "event"} <= set(kinds)
    (plan,) = [each for each in lines if each["type"] == "plan"]
    assert plan["changes"][0]["logical_id"] == "Models"
    assert lines[-2]["status"] == "CREATE_COMPLETE"
    wrong = run("deploy", "--json", "--stack-name", "machine", "-p", "Size=x", "--yes")
    assert wrong.returncode == 2
    (said,) = [json.loads(line) for line in wrong.stdout.splitlines()][-1:]
    assert said["type"] == "diagnostic"
    assert "must be a number" in said["summary"]


def test_an_environment_replicates_the_stack_under_its_own_name(
    run: Run, folder: Path, engine: RunningEngine
) -> None:
    (folder / "understudy.toml").write_text(
        'stack-name = "replica"\ntags = {team = "ml"}\n'
        "[environments.test]\nparameters = {Size = 21}\n"
    )
    assert run("deploy", "--env", "test", "--yes").returncode == 0
    (stack,) = engine.client("cloudformation").describe_stacks(StackName="replica-test")["Stacks"]
    assert stack["Parameters"][0]["ParameterValue"] == "21"
    assert stack["Tags"] == [{"Key": "team", "Value": "ml"}]


def test_everything_that_is_wrong_is_said_with_its_line_before_anything_is_made(
    run: Run, folder: Path
) -> None:
    wrong = TEMPLATE.replace("!Ref Size", "!Ref Siz").replace("!Sub", "!GetAtt Nothing.Arn #")
    (folder / "template.yaml").write_text(wrong)
    for command in (("validate",), ("deploy", "--yes", "--stack-name", "wrong")):
        done = run(*command)
        assert done.returncode == 2
        assert "template.yaml:7:" in done.stderr
        assert "did you mean Size?" in done.stderr
        assert "references undefined resource Nothing" in done.stderr
    (folder / "template.yaml").write_text(TEMPLATE)
    done = run("validate")
    assert (done.returncode, done.stdout) == (
        0,
        "template.yaml: nothing wrong was found, 2 resources.\n",
    )


def test_watch_deploys_what_is_saved(folder: Path, engine: RunningEngine) -> None:
    command = Command(
        *("watch", "--stack-name", "watched", "--endpoint-url", engine.endpoint), folder=folder
    )
    try:
        command.until("Watching")
        (folder / "template.yaml").write_text(TEMPLATE.replace("Default: 3", "Default: 4"))
        command.until("was saved")
        command.until("Watching")
        (folder / "template.yaml").write_text(TEMPLATE.replace("size", "count"))
        command.until("watched: UPDATE_COMPLETE")
    finally:
        command.close()


def test_what_answers_nowhere_is_said(folder: Path, tmp_path: Path) -> None:
    nobody = understudy_command("outputs", "x", "--endpoint-url", "http://127.0.0.1:9")
    assert nobody.returncode == 2
    assert "Nobody answers at http://127.0.0.1:9." in nobody.stderr
    none = understudy_command("outputs", "x", "--state", tmp_path / "none")
    assert none.returncode == 2
    assert "No engine runs on" in none.stderr
    both = understudy_command("outputs", "x", "--aws", "--endpoint-url", "http://127.0.0.1:9")
    assert both.returncode == 2
    assert "--aws and --endpoint-url name two places." in both.stderr
