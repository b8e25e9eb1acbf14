"""Macros whose Lambda functions really run."""

import json

import pytest

from understudy.testing.engines import WAIT, RunningEngine

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("nobody_is_left_behind")]

CODE = """
def handler(event, context):
    fragment = event["fragment"]
    bucket = fragment["Resources"]["Bucket"]
    copies = int(event["params"]["Times"])
    resources = {f"Bucket{n}": bucket for n in range(copies)}
    return {
        "requestId": event["requestId"],
        "status": "success",
        "fragment": {**fragment, "Resources": resources},
    }
"""
MACRO = {
    "Resources": {
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Runtime": "python3.12",
                "Handler": "index.handler",
                "Role": "arn:aws:iam::000000000000:role/macro",
                "Code": {"ZipFile": CODE},
            },
        },
        "Macro": {
            "Type": "AWS::CloudFormation::Macro",
            "Properties": {"Name": "Copies", "FunctionName": {"Fn::GetAtt": ["Function", "Arn"]}},
        },
    }
}
USER = {
    "Transform": [{"Name": "Copies", "Parameters": {"Times": {"Ref": "Times"}}}],
    "Parameters": {"Times": {"Type": "Number", "Default": 2}},
    "Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}},
}


def test_a_function_of_a_stack_makes_the_template_of_another(engine: RunningEngine) -> None:
    api = engine.client("cloudformation")
    for name, template in (("macro", MACRO), ("user", USER)):
        api.create_stack(
            StackName=name,
            TemplateBody=json.dumps(template),
            Capabilities=["CAPABILITY_AUTO_EXPAND"],
        )
        api.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=WAIT)
    resources = api.describe_stack_resources(StackName="user")["StackResources"]
    assert [each["LogicalResourceId"] for each in resources] == ["Bucket0", "Bucket1"]
    made = api.get_template(StackName="user", TemplateStage="Processed")["TemplateBody"]
    assert "Transform" not in made
