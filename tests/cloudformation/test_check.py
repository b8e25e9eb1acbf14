"""Static checks: unresolved names, functions, conditions, cycles, types, attributes."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.cloudformation.check import check
from understudy.cloudformation.locate import marked
from understudy.cloudformation.parse import parse
from understudy.cloudformation.template import read
from understudy.testing.stacks import template_of

TEMPLATES = Path(__file__).parent / "templates"
PREFIX = "Template format error: Unresolved resource dependencies"


def topic(**properties):
    return {"Type": "AWS::SNS::Topic", "Properties": properties}


def resources(**members):
    return {"Resources": members}


@pytest.mark.parametrize("name", ["endpoint.yaml", "web.json"])
@pytest.mark.parametrize("conditions", [None, {"IsProd": True}, {"IsProd": False}])
def test_a_good_template_has_nothing_wrong(schemas, name, conditions):
    data, _ = parse((TEMPLATES / name).read_text())
    assert check(template_of(data), schemas, conditions) == []


def test_five_mistakes_are_five_diagnostics_with_line_and_column(schemas):
    source = (TEMPLATES / "five-mistakes.yaml").read_text()
    data, _ = parse(source)
    found = marked(source, check(template_of(data), schemas), "t.yaml")
    assert [(d.mark.line, d.mark.column, d.summary.split(":")[0], d.action) for d in found] == [
        (14, 18, "Template error", ""),
        (10, 23, "Template error", "did you mean Prod?"),
        (9, 20, "Template format error", "did you mean Bucket?"),
        (5, 5, "Template format error", "did you mean AWS::S3::Bucket?"),
        (17, 12, "[Error] /Outputs/Name/Value/Fn", "did you mean Arn?"),
    ]


@pytest.mark.parametrize(
    ("data", "summaries"),
    [
        pytest.param(
            resources(A=topic(TopicName={"Ref": "InvalidRef"})),
            [f"{PREFIX} [InvalidRef] in the Resources block of the template"],
            id="row 12, Ref",
        ),
        pytest.param(
            resources(A=topic() | {"DependsOn": "NonExistingResource"}),
            [f"{PREFIX} [NonExistingResource] in the Resources block of the template"],
            id="row 12, DependsOn",
        ),
        pytest.param(
            resources(A=topic(TopicName={"Fn::Sub": "${X}-${AWS::Region}"})),
            [f"{PREFIX} [X] in the Resources block of the template"],
            id="row 12, Sub",
        ),
        pytest.param(
            resources(A=topic(TopicName={"Ref": "X"}, DisplayName={"Ref": "Y"})),
            [f"{PREFIX} [X, Y] in the Resources block of the template"] * 2,
            id="row 12, two names in one sentence, each at its place",
        ),
        pytest.param(
            resources(A=topic()) | {"Outputs": {"O": {"Value": {"Ref": "X"}}}},
            [f"{PREFIX} [X] in the Outputs block of the template"],
            id="row 12, outputs",
        ),
        pytest.param(
            resources(A=topic()) | {"Conditions": {"C": {"Fn::Equals": [{"Ref": "A"}, "a"]}}},
            [
                (
                    "Template format error: Unresolved dependencies [A]. Cannot "
                    "reference resources "
                    "in the Conditions block of the template"
                )
            ],
            id="row 13",
        ),
        pytest.param(
            resources(A=topic(TopicName={"Fn::If": ["MissingCondition", "a", "b"]})),
            ["Template error: unresolved condition dependency MissingCondition in Fn::If"],
            id="row 14",
        ),
        pytest.param(
            resources(A=topic() | {"Condition": "X"}),
            [
                (
                    "Template format error: Unresolved condition dependency X "
                    "in the Resources block "
                    "of the template"
                )
            ],
            id="row 15",
        ),
        pytest.param(
            resources(A=topic()) | {"Outputs": {"O": {"Value": "v", "Condition": "X"}}},
            [
                (
                    "Template format error: Unresolved condition dependency X in the Outputs block "
                    "of the template"
                )
            ],
            id="row 15, outputs",
        ),
        pytest.param(
            resources(A=topic()) | {"Conditions": {"C": {"Fn::Not": [{"Condition": "X"}]}}},
            [
                (
                    "Template format error: Unresolved condition dependencies "
                    "[X] in the Conditions "
                    "block of the template"
                )
            ],
            id="a condition of a condition that is not there",
        ),
        pytest.param(
            resources(A=topic(TopicName={"Ref": "B"}), B=topic(TopicName={"Ref": "A"})),
            ["Circular dependency between resources: [A, B]"],
            id="row 16",
        ),
        pytest.param(
            resources(A=topic(TopicName={"Fn::GetAtt": ["X", "Arn"]})),
            ["Template error: instance of Fn::GetAtt references undefined resource X"],
            id="row 17",
        ),
        pytest.param(
            resources(A=topic(TopicName={"Fn::GetAtt": ["A"]})),
            [
                (
                    "Template error: every Fn::GetAtt object requires two "
                    "non-empty parameters, the "
                    "resource name and the resource attribute"
                )
            ],
            id="row 18",
        ),
        pytest.param(
            resources(P={"Type": "AWS::SSM::Parameter"})
            | {"Outputs": {"InvalidOutput": {"Value": {"Fn::GetAtt": ["P", "Invalid"]}}}},
            [
                (
                    "[Error] /Outputs/InvalidOutput/Value/Fn::GetAtt: Resource type "
                    "AWS::SSM::Parameter does not support attribute {Invalid}."
                )
            ],
            id="row 19",
        ),
        pytest.param(
            resources(A=topic(TopicName={"Fn::Sub": "${X.Arn}"})),
            ["Template error: instance of Fn::Sub references invalid resource attribute X.Arn"],
            id="row 20",
        ),
        pytest.param(
            resources(A={"Type": "AWS::A::B"}, C={"Type": "X::Y::Z"}),
            ["Template format error: Unrecognized resource types: [AWS::A::B, X::Y::Z]"] * 2,
            id="row 11",
        ),
        pytest.param(
            resources(A=topic(TopicName={"Fn::FindInMap": ["M", "C", "Suffix"]}))
            | {"Mappings": {"M": {"A": {"Suffix": "a"}}}},
            ["Template error: Unable to get mapping for M::C::Suffix"],
            id="row 21, literal keys",
        ),
        pytest.param(
            resources(A=topic(TopicName={"Fn::Select": [2, ["a", "b"]]})),
            ["Template error: Fn::Select cannot select nonexistent value at index 2"],
            id="row 26, a literal list",
        ),
        pytest.param(
            resources(A=topic(TopicName={"Fn::ImportValue": {"Ref": "B"}}), B=topic()),
            [
                (
                    "Template error: the attribute in Fn::ImportValue must not depend on any "
                    "resources, imported values, or Fn::GetAZs"
                )
            ],
            id="ImportValue of a resource",
        ),
        pytest.param(
            resources(A=topic())
            | {"Rules": {"R": {"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "A"}, "a"]}}]}}},
            [
                (
                    "Template format error: Unresolved dependencies [A]. Cannot "
                    "reference resources "
                    "in the Rules block of the template"
                )
            ],
            id="a rule about a resource",
        ),
    ],
)
def test_a_mistake_is_named_in_the_words_of_aws(schemas, data, summaries):
    assert [d.summary for d in check(template_of(data), schemas)] == summaries


def test_functions_of_rules_and_extensions_stand_only_where_they_may(schemas):
    contains = {"Fn::Contains": [["a"], "a"]}
    rule = {"Rules": {"R": {"Assertions": [{"Assert": contains}]}}}
    assert check(template_of(resources(A=topic()) | rule), schemas) == []
    found = check(template_of(resources(A=topic(TopicName=contains))), schemas)
    assert found[0].summary.startswith("Template error: Encountered unsupported function: Fn::Con")
    length = resources(A=topic(TopicName={"Fn::Length": ["a"]}))
    assert len(check(template_of(length), schemas)) == 1
    assert check(template_of(length | {"Transform": "AWS::LanguageExtensions"}), schemas) == []


def conditional(**members):
    return {
        "Conditions": {"C": {"Fn::Equals": ["a", "a"]}},
        "Resources": {"MyTopic": topic() | {"Condition": "C"}} | members,
    }


@pytest.mark.parametrize(
    ("data", "summary"),
    [
        pytest.param(
            conditional(A=topic(TopicName={"Ref": "MyTopic"})),
            f"{PREFIX} [MyTopic] in the Resources block of the template",
            id="Ref",
        ),
        pytest.param(
            conditional(A=topic() | {"DependsOn": "MyTopic"}),
            f"{PREFIX} [MyTopic] in the Resources block of the template",
            id="DependsOn",
        ),
        pytest.param(
            conditional(A=topic()) | {"Outputs": {"O": {"Value": {"Ref": "MyTopic"}}}},
            "Unresolved resource dependencies [MyTopic] in the Outputs block of the template",
            id="an output, without the prefix",
        ),
    ],
)
def test_what_needs_a_resource_whose_condition_is_false_is_unresolved(schemas, data, summary):
    assert [d.summary for d in check(template_of(data), schemas, {"C": False})] == [summary]
    assert check(template_of(data), schemas, {"C": True}) == []
    assert check(template_of(data), schemas) == []


def test_a_branch_that_is_not_taken_may_name_a_disabled_resource_but_not_a_missing_one(schemas):
    choice = {"Fn::If": ["C", {"Ref": "MyTopic"}, "none"]}
    data = conditional(A=topic(TopicName=choice))
    assert check(template_of(data), schemas, {"C": False}) == []
    choice["Fn::If"][1] = {"Ref": "Missing"}
    assert len(check(template_of(data), schemas, {"C": False})) == 1


def test_a_disabled_resource_may_name_a_disabled_resource(schemas):
    data = conditional(A=topic(TopicName={"Ref": "MyTopic"}) | {"Condition": "C"})
    data["Outputs"] = {"O": {"Value": {"Ref": "MyTopic"}, "Condition": "C"}}
    assert check(template_of(data), schemas, {"C": False}) == []


def test_attributes_that_only_a_stack_or_a_custom_resource_knows_are_let_pass(schemas):
    data = resources(
        S={"Type": "AWS::CloudFormation::Stack"},
        C={"Type": "Custom::Thing"},
        A=topic(
            TopicName={"Fn::GetAtt": ["S", "Outputs.X"]}, DisplayName={"Fn::GetAtt": ["C", "Any"]}
        ),
    )
    assert check(template_of(data), schemas) == []


SECURE = "{{resolve:ssm-secure:password:1}}"
SECRET = "{{resolve:secretsmanager:db:SecretString:password}}"
PLACES = {
    "a secure string where AWS takes none": (
        {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": SECURE}},
        ["SSM Secure reference is not supported in: [AWS::SNS::Topic/Properties/TopicName]"],
    ),
    "a secure string inside a function": (
        {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Fn::Join": ["", ["a", SECURE]]}}},
        ["SSM Secure reference is not supported in: [AWS::SNS::Topic/Properties/TopicName]"],
    ),
    "a secure string where AWS takes one": (
        {
            "Type": "AWS::IAM::User",
            "Properties": {"LoginProfile": {"Password": SECURE}},
        },
        [],
    ),
    "a secret for a custom resource": (
        {"Type": "Custom::Seed", "Properties": {"ServiceToken": "arn", "Password": SECRET}},
        ["Secrets Manager reference is not supported in: [Custom::Seed/Properties/Password]"],
    ),
    "a secret": ({"Type": "AWS::SNS::Topic", "Properties": {"TopicName": SECRET}}, []),
}


@pytest.mark.parametrize(("resource", "said"), PLACES.values(), ids=PLACES)
def test_a_secret_stands_only_where_aws_takes_one(schemas, resource, said):
    template, _ = read({"Resources": {"A": resource}})
    assert [each.summary for each in check(template, schemas)] == said


def test_too_many_dynamic_references_are_refused(schemas):
    secret = "{{resolve:secretsmanager:s:SecretString:k}}"
    tags = [{"Key": str(n), "Value": secret} for n in range(61)]
    (found,) = check(template_of(resources(A=topic(Tags=tags))), schemas)
    assert "Number of dynamic references, 61" in found.summary
    assert check(template_of(resources(A=topic(Tags=tags[1:]))), schemas) == []


ODD = st.sampled_from(
    ["", "x", 5, True, [], {}, ["a"], {"Ref": "X"}, {"Ref": 1}, {"Fn::If": []}, {"Fn::Sub": {}},
     {"Fn::GetAtt": "A"}, {"Fn::Join": "x"}, {"Condition": "C"}, {"Fn::ForEach::L": []}]
)  # fmt: skip


@settings(max_examples=200)
@given(st.data())
def test_no_odd_value_anywhere_breaks_reading_or_checking(schemas, data):
    tree, _ = parse((TEMPLATES / "endpoint.yaml").read_text())
    node = tree
    while isinstance(node, (dict, list)) and node:
        steps = list(node) if isinstance(node, dict) else list(range(len(node)))
        step = data.draw(st.sampled_from(steps))
        if not isinstance(node[step], (dict, list)) or data.draw(st.integers(0, 4)) == 0:
            node[step] = data.draw(ODD)
            break
        node = node[step]
    template, diagnostics = read(tree)
    if template is None:
        assert diagnostics
    else:
        check(template, schemas, {"IsProd": True})
        check(template, schemas)
