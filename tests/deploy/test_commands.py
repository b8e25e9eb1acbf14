"""Every command of ``aws cloudformation`` that is offered, on the stacks of one engine."""

import json
import shlex
from collections.abc import Callable
from typing import Any

import pytest
from botocore import xform_name

from understudy.deploy.operations import OPERATIONS
from understudy.testing.engines import WAIT, RunningEngine

pytestmark = pytest.mark.processes

PARAMETER = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "one"}}
WRONG = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "No", "Value": "v"}}
HANDLE = {"Type": "AWS::CloudFormation::WaitConditionHandle"}
NEVER = {
    "Type": "AWS::CloudFormation::WaitCondition",
    "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "43200"},
}
POLICY = json.dumps(
    {"Statement": [{"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}]}
)


def body(**resources: Any) -> str:
    outputs = {"P": {"Value": {"Ref": "P"}, "Export": {"Name": "shared"}}}
    return json.dumps({"Resources": {"P": PARAMETER, **resources}, "Outputs": outputs})


def changed(**resources: Any) -> str:
    other = {**PARAMETER, "Properties": {"Type": "String", "Value": "two"}}
    return body(P=other, **resources)


ELSEWHERE = ("StackSet", "StackInstance", "Refactor")
"""Words of operations that have tests with clients of their own."""


class Session:
    """Commands on one stack. ``used`` are those that were called, by their names."""

    def __init__(self, engine: RunningEngine) -> None:
        self.engine = engine
        self.api: Any = engine.client("cloudformation")
        self.used: set[str] = set()

    def run(self, *commands: str, code: int = 0) -> list[Any]:
        """Run commands, which end with a code; what each says."""
        split = [shlex.split(each) for each in commands]
        self.used |= {each[0] for each in split}
        done = self.engine.aws_session(*(["cloudformation", *each] for each in split))
        for command, (ended, said) in zip(commands, done, strict=True):
            assert ended == code, (command, said)
        return [_read(said) for _, said in done]

    def wait(self, waiter: str, name: str = "cmd") -> None:
        """Wait as the CLI would, but look more often."""
        self.api.get_waiter(waiter).wait(StackName=name, WaiterConfig=WAIT)


def _read(said: str) -> Any:
    try:
        return json.loads(said)
    except ValueError:
        return said


@pytest.fixture(scope="module")
def session(make_engine: Callable[..., RunningEngine]) -> Session:
    return Session(make_engine("--speed", "60"))


def quoted(text: str) -> str:
    return shlex.quote(text)


def test_every_command_that_is_offered_works(session: Session) -> None:
    run, stack = session.run, "--stack-name cmd"
    (made,) = run(f"create-stack {stack} --template-body {quoted(body())}")
    session.wait("stack_create_complete")
    reading(session, stack, made["StackId"])
    change_sets(session, stack)
    operations(session, stack)
    imports(session)
    run(f"delete-stack {stack}")
    session.wait("stack_delete_complete")
    others = {name for name in OPERATIONS if any(word in name for word in ELSEWHERE)}
    offered = {xform_name(name, "-") for name in OPERATIONS.keys() - others}
    assert offered - session.used == set()


def reading(session: Session, stack: str, arn: str) -> None:
    found = session.run(
        f"describe-stacks {stack}",
        "list-stacks",
        f"describe-stack-events {stack}",
        f"describe-events {stack}",
        f"describe-stack-resources {stack}",
        f"describe-stack-resource {stack} --logical-resource-id P",
        f"list-stack-resources {stack}",
        f"get-template {stack}",
        f"get-template-summary {stack}",
        "list-exports",
        "describe-account-limits",
        "describe-organizations-access",
        "describe-type --type RESOURCE --type-name AWS::SNS::Topic",
        "list-types --visibility PUBLIC",
        f"validate-template --template-body {quoted(body())}",
        f"estimate-template-cost --template-body {quoted(body())}",
        f"set-stack-policy {stack} --stack-policy-body {quoted(POLICY)}",
        f"get-stack-policy {stack}",
        f"update-termination-protection --no-enable-termination-protection {stack}",
        f"detect-stack-resource-drift {stack} --logical-resource-id P",
        f"detect-stack-drift {stack}",
        f"describe-stack-resource-drifts {stack}",
    )
    assert found[0]["Stacks"][0]["StackId"] == arn
    assert json.loads(found[17]["StackPolicyBody"]) == json.loads(POLICY)
    detection = found[20]["StackDriftDetectionId"]
    session.run(
        f"describe-stack-drift-detection-status --stack-drift-detection-id {detection}",
        f"wait stack-exists {stack}",
        f"wait stack-create-complete {stack}",
    )
    refused = session.run("list-imports --export-name shared", "get-hook-result", code=255)
    assert "is not imported by any stack" in refused[0]
    assert "HookResultNotFound" in refused[1]


def change_sets(session: Session, stack: str) -> None:
    one, two = (f"{stack} --change-set-name {name}" for name in ("one", "two"))
    session.run(
        f"create-change-set {one} --template-body {quoted(changed())}",
        f"create-change-set {two} --template-body {quoted(changed())}",
        f"wait change-set-create-complete {one}",
        f"describe-change-set {one} --include-property-values",
        f"describe-change-set-hooks {one}",
        "list-hook-results",
        f"list-change-sets {stack}",
        f"delete-change-set {one}",
        f"execute-change-set {two}",
    )
    session.wait("stack_update_complete")
    session.run(f"wait stack-update-complete {stack}")


def operations(session: Session, stack: str) -> None:
    """What is updated for ever is cancelled; what has failed and was kept is rolled back."""
    waiting = changed(Handle=HANDLE, Never=NEVER)
    session.run(f"update-stack {stack} --template-body {quoted(waiting)}")
    resource = "--logical-resource-id P --unique-id u --status SUCCESS"
    refused = session.run(
        f"signal-resource {stack} {resource}", f"continue-update-rollback {stack}", code=255
    )
    assert all("ValidationError" in each for each in refused)
    session.run(f"cancel-update-stack {stack}")
    session.wait("stack_rollback_complete")
    failing = f"{stack} --template-body {quoted(changed(Wrong=WRONG))} --disable-rollback"
    session.run(f"wait stack-rollback-complete {stack}", f"update-stack {failing}")
    with pytest.raises(Exception, match="Waiter StackUpdateComplete failed"):
        session.wait("stack_update_complete")
    session.run(f"rollback-stack {stack}")
    session.wait("stack_rollback_complete")


def imports(session: Session) -> None:
    session.engine.client("ssm").put_parameter(Name="/here", Value="one", Type="String")
    properties = {**PARAMETER["Properties"], "Name": "/here"}
    kept = {**PARAMETER, "Properties": properties, "DeletionPolicy": "Retain"}
    template = json.dumps({"Resources": {"P": kept}})
    wanted = [
        {
            "ResourceType": "AWS::SSM::Parameter",
            "LogicalResourceId": "P",
            "ResourceIdentifier": {"Name": "/here"},
        }
    ]
    change = "--stack-name taken --change-set-name i"
    session.run(
        f"create-change-set {change} --change-set-type IMPORT --template-body {quoted(template)}"
        f" --resources-to-import {quoted(json.dumps(wanted))}",
        f"execute-change-set {change}",
    )
    session.wait("stack_import_complete", "taken")
    session.run("wait stack-import-complete --stack-name taken")
