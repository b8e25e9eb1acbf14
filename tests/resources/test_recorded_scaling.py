"""Contributor Insights rules and scaling plans in templates: recorded, updated, replaced, gone."""

import json
from typing import Any

import pytest

from understudy.testing.region import Region

ARN = "arn:aws:cloudwatch:us-east-1:000000000000:insight-rule"
RULE = {
    "RuleName": "top",
    "RuleState": "ENABLED",
    "RuleBody": json.dumps({"Schema": {"Name": "CloudWatchLogRule", "Version": 1}}),
}
INSTRUCTION = {
    "ResourceId": "autoScalingGroup/web",
    "ServiceNamespace": "autoscaling",
    "ScalableDimension": "autoscaling:autoScalingGroup:DesiredCapacity",
    "MinCapacity": 1,
    "MaxCapacity": 4,
    "TargetTrackingConfigurations": [
        {
            "TargetValue": 50,
            "PredefinedScalingMetricSpecification": {
                "PredefinedScalingMetricType": "ASGAverageCPUUtilization"
            },
        }
    ],
}
PLAN: dict[str, Any] = {
    "ApplicationSource": {"CloudFormationStackARN": {"Ref": "AWS::StackId"}},
    "ScalingInstructions": [INSTRUCTION],
}


def template(rule: dict[str, Any], plan: dict[str, Any]) -> str:
    return json.dumps(
        {
            "Resources": {
                "Rule": {"Type": "AWS::CloudWatch::InsightRule", "Properties": rule},
                "Plan": {"Type": "AWS::AutoScalingPlans::ScalingPlan", "Properties": plan},
            },
            "Outputs": {
                "Rule": {"Value": {"Ref": "Rule"}},
                "RuleArn": {"Value": {"Fn::GetAtt": ["Rule", "Arn"]}},
                "RuleName": {"Value": {"Fn::GetAtt": ["Rule", "RuleName"]}},
                "Plan": {"Value": {"Ref": "Plan"}},
            },
        }
    )


def put(region: Region, operation: str, rule: dict[str, Any], plan: dict[str, Any]) -> str:
    """The status of the stack once it was created or updated."""
    body = template(rule, plan)
    region.call("cloudformation", operation, StackName="app", TemplateBody=body)
    region.advance(60.0)
    return stack(region)["StackStatus"]


def stack(region: Region) -> dict[str, Any]:
    return region.call("cloudformation", "DescribeStacks", StackName="app")["Stacks"][0]


def outputs(region: Region) -> dict[str, str]:
    return {each["OutputKey"]: each["OutputValue"] for each in stack(region)["Outputs"]}


@pytest.fixture
def region() -> Region:
    made = Region()
    assert put(made, "CreateStack", RULE, PLAN) == "CREATE_COMPLETE"
    return made


def test_a_rule_is_known_by_its_own_name(region: Region) -> None:
    found = outputs(region)
    assert (found["Rule"], found["RuleArn"]) == (f"{ARN}/top", f"{ARN}/top")
    assert found["RuleName"] == "top"


def test_a_rule_and_a_plan_are_updated_in_place(region: Region) -> None:
    before = outputs(region)
    wider = {**PLAN, "ScalingInstructions": [{**INSTRUCTION, "MaxCapacity": 9}]}
    disabled = {**RULE, "RuleState": "DISABLED"}
    assert put(region, "UpdateStack", disabled, wider) == "UPDATE_COMPLETE"
    assert outputs(region) == before


def test_another_name_makes_another_rule(region: Region) -> None:
    before = outputs(region)
    assert put(region, "UpdateStack", {**RULE, "RuleName": "next"}, PLAN) == "UPDATE_COMPLETE"
    assert outputs(region) == {
        **before,
        "Rule": f"{ARN}/next",
        "RuleArn": f"{ARN}/next",
        "RuleName": "next",
    }


@pytest.mark.parametrize(
    ("rule", "plan", "reason"),
    [
        pytest.param(
            {key: RULE[key] for key in ("RuleName", "RuleState")},
            PLAN,
            "#: required key [RuleBody] not found",
            id="a rule without a body",
        ),
        pytest.param(
            RULE,
            {"ApplicationSource": PLAN["ApplicationSource"]},
            "#: required key [ScalingInstructions] not found",
            id="a plan without instructions",
        ),
    ],
)
def test_what_the_schema_requires_is_required(
    region: Region, rule: dict[str, Any], plan: dict[str, Any], reason: str
) -> None:
    before = outputs(region)
    assert put(region, "UpdateStack", rule, plan) == "UPDATE_ROLLBACK_COMPLETE"
    events = region.call("cloudformation", "DescribeEvents", StackName="app")["OperationEvents"]
    assert reason in [each.get("ValidationStatusReason") for each in events]
    assert outputs(region) == before


def test_both_go_with_their_stack(region: Region) -> None:
    region.call("cloudformation", "DeleteStack", StackName="app")
    region.advance(60.0)
    stacks = region.call("cloudformation", "ListStacks")["StackSummaries"]
    assert [each["StackStatus"] for each in stacks] == ["DELETE_COMPLETE"]
