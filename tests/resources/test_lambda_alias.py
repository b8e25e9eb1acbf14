"""Aliases whose traffic goes over bit by bit. AWS: UpdatePolicy, CodeDeployLambdaAliasUpdate."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from understudy.app.schemas import resource_types, schemas_of
from understudy.control.events import Params
from understudy.control.plane import PlaneConfig
from understudy.engine.engine import World
from understudy.sim.answers import Answers
from understudy.testing.account import Account
from understudy.testing.stack_story import StackStory

CANARY = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
POLICY = {
    "CodeDeployLambdaAliasUpdate": {
        "ApplicationName": {"Ref": "Application"},
        "DeploymentGroupName": {"Ref": "Group"},
    }
}
ALARM = {
    "Type": "AWS::CloudWatch::Alarm",
    "Properties": {
        "AlarmName": "errors",
        "Namespace": "N",
        "MetricName": "M",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
    },
}


def resources(*versions: str, configuration: Any = CANARY, **group: Any) -> Params:
    """A function, versions of it, and an alias of the last one that a deployment group shifts."""
    function = {
        "FunctionName": "score",
        "Runtime": "python3.12",
        "Handler": "index.handler",
        "Role": "arn:aws:iam::000000000000:role/r",
        "Code": {"ZipFile": f"def handler(event, context): return {versions[-1]!r}"},
    }
    version = {"FunctionName": {"Ref": "Function"}}
    alias = {
        "FunctionName": {"Ref": "Function"},
        "Name": "live",
        "FunctionVersion": {"Fn::GetAtt": [versions[-1], "Version"]},
    }
    deployment = {
        "ApplicationName": {"Ref": "Application"},
        "ServiceRoleArn": "arn:aws:iam::000000000000:role/deploy",
        "DeploymentConfigName": configuration,
        **group,
    }
    return {
        "Function": {"Type": "AWS::Lambda::Function", "Properties": function},
        **{each: {"Type": "AWS::Lambda::Version", "Properties": version} for each in versions},
        "Application": {
            "Type": "AWS::CodeDeploy::Application",
            "Properties": {"ComputePlatform": "Lambda"},
        },
        "Group": {"Type": "AWS::CodeDeploy::DeploymentGroup", "Properties": deployment},
        "Alias": {"Type": "AWS::Lambda::Alias", "Properties": alias, "UpdatePolicy": POLICY},
        "Alarm": ALARM,
    }


@pytest.fixture
def stack() -> StackStory:
    world = World(PlaneConfig(ZoneInfo), resource_types(), schemas_of)
    return StackStory(Account(world, Answers()))


def live(stack: StackStory) -> tuple[str, dict[str, float]]:
    """The version that the alias names, and the parts of others."""
    found = stack.account.ask("lambda", "GetAlias", FunctionName="score", Name="live")
    return found["FunctionVersion"], (found["RoutingConfig"] or {}).get(
        "AdditionalVersionWeights", {}
    )


def test_a_tenth_of_the_traffic_goes_first(stack: StackStory) -> None:
    assert stack.create(resources("One")) == "CREATE_COMPLETE"
    assert live(stack) == ("1", {})
    assert stack.update(resources("One", "Two"), run=100) == "UPDATE_IN_PROGRESS"
    assert live(stack) == ("1", {"2": 0.1})
    assert stack.run(150) == "UPDATE_IN_PROGRESS"
    assert stack.run(100) == "UPDATE_COMPLETE"
    assert live(stack) == ("2", {})


def test_a_restart_in_the_middle_goes_on(stack: StackStory) -> None:
    stack.create(resources("One"))
    stack.update(resources("One", "Two"), run=100)
    stack.account.restart()
    assert live(stack) == ("1", {"2": 0.1})
    assert stack.run(400) == "UPDATE_COMPLETE"
    assert live(stack) == ("2", {})


def test_a_linear_deployment_goes_on_in_equal_steps(stack: StackStory) -> None:
    linear = "CodeDeployDefault.LambdaLinear50PercentEvery1Minute"
    stack.create(resources("One", configuration=linear))
    stack.update(resources("One", "Two", configuration=linear), run=30)
    assert live(stack) == ("1", {"2": 0.5})
    assert stack.run(60) == "UPDATE_COMPLETE"


def test_a_configuration_of_ones_own_says_how_fast(stack: StackStory) -> None:
    canary = {"CanaryPercentage": 25, "CanaryInterval": 2}
    routing = {"Type": "TimeBasedCanary", "TimeBasedCanary": canary}
    properties = {"ComputePlatform": "Lambda", "TrafficRoutingConfig": routing}
    own = {"Slow": {"Type": "AWS::CodeDeploy::DeploymentConfig", "Properties": properties}}
    stack.create({**resources("One", configuration={"Ref": "Slow"}), **own})
    stack.update({**resources("One", "Two", configuration={"Ref": "Slow"}), **own}, run=60)
    assert live(stack) == ("1", {"2": 0.25})
    assert stack.run(100) == "UPDATE_COMPLETE"


def test_an_alarm_takes_the_traffic_back_and_fails_the_update(stack: StackStory) -> None:
    watched = {"AlarmConfiguration": {"Enabled": True, "Alarms": [{"Name": "errors"}]}}
    stack.create(resources("One", **watched))
    stack.update(resources("One", "Two", **watched), run=100)
    assert live(stack) == ("1", {"2": 0.1})
    state = {"AlarmName": "errors", "StateValue": "ALARM", "StateReason": "test"}
    stack.account.call("cloudwatch", "SetAlarmState", **state)
    assert stack.run(1000) == "UPDATE_ROLLBACK_COMPLETE"
    assert live(stack) == ("1", {})
    failed = next(line for line in stack.events() if "Alias UPDATE_FAILED" in line)
    assert "One or more alarms have been activated" in failed


def test_a_group_that_nobody_has_fails_the_alias(stack: StackStory) -> None:
    stack.create(resources("One"))
    changed = resources("One", "Two")
    changed["Alias"]["UpdatePolicy"] = {
        "CodeDeployLambdaAliasUpdate": {"ApplicationName": "a", "DeploymentGroupName": "nobody"}
    }
    assert stack.update(changed) == "UPDATE_ROLLBACK_COMPLETE"
    assert any("No Deployment Group found for name: nobody" in each for each in stack.events())
