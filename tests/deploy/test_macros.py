"""Macros of an account: their functions get fragments and give back what takes their place."""

import json

import pytest

from understudy.base.fault import Fault
from understudy.control.events import Call, Params
from understudy.testing.account import Account
from understudy.testing.stack_story import StackStory, template, thing
from understudy.testing.things import Things

EXPAND = {"Capabilities": ["CAPABILITY_AUTO_EXPAND"]}


class Functions(Things):
    """Things, and Lambda functions that are written in Python here. ``asked`` are their events."""

    def __init__(self) -> None:
        super().__init__()
        self.functions: dict[str, object] = {}
        self.asked: list[Params] = []

    def answer(self, call: Call) -> Params:
        if call.operation != "Invoke":
            return super().answer(call)
        event = json.loads(call.params["Payload"])
        self.asked.append(event)
        function = self.functions[call.params["FunctionName"]]
        try:
            reply = function(event)
        except ValueError as error:
            return {
                "FunctionError": "Unhandled",
                "Payload": json.dumps({"errorMessage": str(error)}),
            }
        whole = {"requestId": event["requestId"], "status": "success", **reply}
        return {"StatusCode": 200, "Payload": json.dumps(whole)}


@pytest.fixture
def things() -> Functions:
    return Functions()


@pytest.fixture
def define(account: Account, things: Functions):
    """Defines a macro by a function in a stack of its own."""

    def define(name: str, function) -> None:
        things.functions[f"arn:{name}"] = function
        macro = {
            "Type": "AWS::CloudFormation::Macro",
            "Properties": {"Name": name, "FunctionName": f"arn:{name}"},
        }
        StackStory(account, f"macro-{name}").create({"Macro": macro})

    return define


def test_a_macro_of_the_transform_section_makes_the_template(stack, define, things):
    def add(event: Params) -> Params:
        resources = event["fragment"]["Resources"]
        return {"fragment": {**event["fragment"], "Resources": {**resources, "B": resources["A"]}}}

    define("Twice", add)
    sections = {
        "Transform": [{"Name": "Twice", "Parameters": {"Env": {"Ref": "Env"}}}],
        "Parameters": {"Env": {"Type": "String", "Default": "prod"}},
    }
    stack.create({"A": thing(Size=1)}, sections=sections, **EXPAND)
    assert stack.status == "CREATE_COMPLETE"
    assert set(stack.resources) == {"A", "B"}
    (event,) = things.asked
    assert event["params"] == event["templateParameterValues"] == {"Env": "prod"}
    assert event["transformId"] == "000000000000::Twice"
    assert set(event["fragment"]) == {"Parameters", "Resources"}
    made = stack.ask("GetTemplate", TemplateStage="Processed")["TemplateBody"]
    assert set(json.loads(made)) == {"Parameters", "Resources"}


def test_a_macro_within_a_resource_sees_its_siblings_and_the_deepest_runs_first(stack, define):
    define("Grow", lambda event: {"fragment": {**event["fragment"], "Size": 7}})
    define("Show", lambda event: {"fragment": {"Needs": json.dumps(event["fragment"])}})
    needs = {"Fn::Transform": {"Name": "Grow"}, "Kind": "k"}
    properties = {"Size": 1, "Needs": needs, "Fn::Transform": {"Name": "Show"}}
    stack.create({"A": {"Type": "Test::Unit::Thing", "Properties": properties}}, **EXPAND)
    made = json.loads(stack.ask("GetTemplate", TemplateStage="Processed")["TemplateBody"])
    seen = json.loads(made["Resources"]["A"]["Properties"]["Needs"])
    assert seen == {"Size": 1, "Needs": {"Kind": "k", "Size": 7}}


def raised(event: Params) -> Params:
    raise ValueError("oops")


# AWS's words, recorded on 2023-01-30; the doubled full stop is AWS's.
FAILURES = {
    "it says why": (
        lambda event: {"status": "failed", "errorMessage": "failed because it is a test"},
        (
            "Transform 000000000000::Odd failed with: failed because it is a test. "
            "Rollback requested by user."
        ),
    ),
    "it does not say why": (
        lambda event: {"status": "failed"},
        "Transform 000000000000::Odd failed without an error message.. Rollback requested by user.",
    ),
    "it raises": (
        raised,
        "Received malformed response from transform 000000000000::Odd. Rollback requested by user.",
    ),
    "it makes no template": (
        lambda event: {"fragment": "invalid"},
        "Template format error: unsupported structure.. Rollback requested by user.",
    ),
}


@pytest.mark.parametrize(("function", "sentence"), FAILURES.values(), ids=FAILURES)
def test_a_stack_whose_macro_fails_rolls_back_in_the_words_of_aws(
    stack, define, function, sentence
):
    define("Odd", function)
    stack.create({"A": thing()}, sections={"Transform": "Odd"}, **EXPAND)
    assert stack.status == "ROLLBACK_COMPLETE"
    events = stack.ask("DescribeStackEvents")["StackEvents"]
    assert sentence in [each.get("ResourceStatusReason") for each in events]


def test_a_macro_that_nobody_defines_is_refused_by_name(stack):
    stack.create({"A": thing()}, sections={"Transform": "Absent"}, **EXPAND)
    events = stack.ask("DescribeStackEvents")["StackEvents"]
    reasons = [str(each.get("ResourceStatusReason")) for each in events]
    assert any("No transform named 000000000000::Absent found." in each for each in reasons)


@pytest.mark.parametrize(
    ("transform", "sentence"),
    [
        ("AWS::CodeDeployBlueGreen", "deploys so by itself with the strategy BLUE_GREEN"),
        ("AWS::ServiceCatalog", "products of Service Catalog are not offered"),
        ("AWS::SecretsManager-2024-09-16", "Give [A] a RotationLambdaARN instead"),
    ],
)
def test_a_transform_of_aws_that_is_not_offered_says_what_to_do(stack, transform, sentence):
    hosted = thing(HostedRotationLambda={"RotationType": "MySQLSingleUser"})
    stack.create({"A": hosted}, sections={"Transform": transform}, **EXPAND)
    assert stack.status == "ROLLBACK_COMPLETE"
    assert any(f"Transform {transform} failed with" in line for line in stack.events())
    assert any(sentence in str(each["ResourceStatusReason"]) for each in stack.all_events())


def test_secrets_that_are_rotated_by_a_function_of_ones_own_need_nothing_of_the_transform(stack):
    sections = {"Transform": "AWS::SecretsManager-2020-07-23"}
    assert stack.create({"A": thing(Size=1)}, sections=sections, **EXPAND) == "CREATE_COMPLETE"


def test_a_transform_for_whole_templates_does_nothing_within_one(stack):
    properties = {"Fn::Transform": {"Name": "AWS::SecretsManager-2020-07-23"}}
    stack.create({"A": {"Type": "Test::Unit::Thing", "Properties": properties}}, **EXPAND)
    assert any("No transform named" in line for line in stack.events())


def test_a_macro_has_to_be_acknowledged(stack, define):
    define("Same", lambda event: {"fragment": event["fragment"]})
    with pytest.raises(Fault, match="CAPABILITY_AUTO_EXPAND") as caught:
        stack.call("CreateStack", TemplateBody=template({"A": thing()}, Transform="Same"))
    assert caught.value.message == "Requires capabilities : [CAPABILITY_AUTO_EXPAND]"


def test_a_serverless_template_is_planned_as_what_it_becomes(stack):
    function = {
        "Type": "AWS::Serverless::Function",
        "Properties": {"InlineCode": "pass", "Handler": "i.h", "Runtime": "python3.12"},
    }
    body = template({"F": function}, Transform="AWS::Serverless-2016-10-31")
    stack.call(
        "CreateChangeSet",
        ChangeSetName="c",
        ChangeSetType="CREATE",
        TemplateBody=body,
        Capabilities=["CAPABILITY_AUTO_EXPAND", "CAPABILITY_IAM"],
    )
    described = stack.ask("DescribeChangeSet", ChangeSetName="c")
    changes = [each["ResourceChange"]["LogicalResourceId"] for each in described["Changes"]]
    assert changes == ["F", "FRole"], described.get("StatusReason")


MISSING = "Parameter validation failed: parameter value {} for parameter name P does not exist"
TYPES = {
    "a VPC": ("AWS::EC2::VPC::Id", "vpc-1", {"Vpcs": [{"VpcId": "vpc-1"}]}),
    "subnets": (
        "List<AWS::EC2::Subnet::Id>",
        "subnet-1, subnet-2",
        {"Subnets": [{"SubnetId": "subnet-1"}, {"SubnetId": "subnet-2"}]},
    ),
    "a key pair": ("AWS::EC2::KeyPair::KeyName", "me", {"KeyPairs": [{"KeyName": "me"}]}),
    "a hosted zone": (
        "AWS::Route53::HostedZone::Id",
        "Z1",
        {"HostedZones": [{"Id": "/hostedzone/Z1"}]},
    ),
}


@pytest.mark.parametrize(("kind", "value", "answer"), TYPES.values(), ids=TYPES)
def test_a_value_of_an_aws_type_has_to_exist(stack, things, kind, value, answer):
    parameter = {"P": {"Type": kind, "Default": value}}
    body = template({"A": thing()}, Parameters=parameter)
    things._performed = lambda operation, params: {}
    with pytest.raises(Fault) as caught:
        stack.call("CreateStack", TemplateBody=body)
    assert caught.value.message == MISSING.format(value.split(",")[0])
    things._performed = lambda operation, params: answer
    assert stack.call("CreateStack", TemplateBody=body)["StackId"]


def test_a_zone_has_to_be_one_of_the_region_and_an_image_to_have_the_id_of_one(stack):
    def body(kind: str, value: str) -> str:
        return template({"A": thing()}, Parameters={"P": {"Type": kind, "Default": value}})

    zone = "AWS::EC2::AvailabilityZone::Name"
    with pytest.raises(Fault) as caught:
        stack.call("CreateStack", TemplateBody=body(zone, "eu-west-1a"))
    assert caught.value.message == MISSING.format("eu-west-1a")
    stack.call("ValidateTemplate", TemplateBody=body(zone, "us-east-1a"))
    image = "AWS::EC2::Image::Id"
    with pytest.raises(Fault) as caught:
        stack.call("CreateStack", TemplateBody=body(f"List<{image}>", "ami-1234abcd,ubuntu"))
    assert caught.value.message == MISSING.format("ubuntu")
    stack.call("CreateStack", TemplateBody=body(image, "ami-0123456789abcdef0"))
