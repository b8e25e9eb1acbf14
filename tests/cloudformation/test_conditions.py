"""Deciding conditions and asserting rules."""

import pytest

from understudy.cloudformation.conditions import decide
from understudy.cloudformation.resolve import EvaluationError, Scope
from understudy.cloudformation.rules import check_rules
from understudy.testing.stacks import revision_of

SCOPE = Scope(
    parameters={"Stage": "prod", "Zones": ["a", "b"]},
    pseudo={"AWS::Region": "us-east-1"},
    mappings={"M": {"us-east-1": {"Big": "true"}}},
)
PROD = {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}


def test_conditions_may_use_each_other_in_any_order():
    declared = {
        "Both": {"Fn::And": [{"Condition": "Prod"}, {"Condition": "Big"}]},
        "Neither": {"Fn::Not": [{"Fn::Or": [{"Condition": "Prod"}, {"Condition": "Big"}]}]},
        "Prod": PROD,
        "Big": {"Fn::Equals": [{"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "Big"]}, "true"]},
        "Chosen": {"Fn::If": ["Prod", PROD, {"Fn::Equals": ["a", "b"]}]},
    }
    assert decide(declared, SCOPE) == {
        "Both": True,
        "Neither": False,
        "Prod": True,
        "Big": True,
        "Chosen": True,
    }


@pytest.mark.parametrize(
    ("declared", "message", "path"),
    [
        pytest.param(
            {"A": {"Condition": "B"}, "B": {"Fn::Not": [{"Condition": "A"}]}},
            "Template error: Found circular condition dependency: A, B",
            ("Conditions", "B", "Fn::Not"),
            id="a circle",
        ),
        pytest.param(
            {"A": {"Fn::Not": [{"Condition": "X"}]}},
            "Template error: unresolved condition dependency X in Condition",
            ("Conditions", "A", "Fn::Not"),
            id="a condition that is not there",
        ),
        pytest.param(
            {"A": {"Fn::Equals": ["a"]}},
            "Template error: every Fn::Equals object requires a list of 2 string parameters.",
            ("Conditions", "A", "Fn::Equals"),
            id="row 27",
        ),
        pytest.param(
            {"A": {"Ref": "Stage"}},
            "Template format error: Conditions can only be boolean operations on parameters and "
            "other conditions",
            ("Conditions", "A"),
            id="no boolean",
        ),
    ],
)
def test_a_condition_that_cannot_be_decided_says_why_and_where(declared, message, path):
    with pytest.raises(EvaluationError) as caught:
        decide(declared, SCOPE)
    assert (caught.value.message, caught.value.path) == (message, path)


def rules(condition, *assertions, **parameters):
    rule = {"Assertions": [{"Assert": a, "AssertDescription": f"says {a}"} for a in assertions]}
    if condition:
        rule["RuleCondition"] = condition
    declared = {
        "Stage": {"Type": "String", "Default": "prod"},
        "Zones": {"Type": "CommaDelimitedList", "Default": "a,b"},
        "Vpc": {"Type": "AWS::EC2::VPC::Id", "Default": "vpc-1"},
        "Subnets": {"Type": "List<AWS::EC2::Subnet::Id>", "Default": "subnet-1,subnet-2"},
    }
    return revision_of(
        {
            "Parameters": declared,
            "Rules": {"R": rule},
            "Resources": {"A": {"Type": "AWS::SNS::Topic"}},
        },
        parameters,
    )


def found(revision, lookup=None):
    arguments = (lookup,) if lookup else ()
    return check_rules(revision.template, revision.scope, *arguments)


@pytest.mark.parametrize(
    ("assertion", "holds"),
    [
        ({"Fn::Contains": [["dev", "prod"], {"Ref": "Stage"}]}, True),
        ({"Fn::Contains": [["dev", "test"], {"Ref": "Stage"}]}, False),
        ({"Fn::Not": [{"Fn::Contains": [["1", "2"], {"Ref": "Stage"}]}]}, True),
        ({"Fn::EachMemberIn": [{"Ref": "Zones"}, ["a", "b", "c"]]}, True),
        ({"Fn::EachMemberIn": [{"Ref": "Zones"}, ["a"]]}, False),
        ({"Fn::EachMemberEquals": [{"Ref": "Zones"}, "a"]}, False),
        ({"Fn::Contains": [{"Fn::RefAll": "AWS::EC2::VPC::Id"}, "vpc-1"]}, True),
        ({"Fn::Contains": [{"Fn::RefAll": "AWS::EC2::Subnet::Id"}, "subnet-2"]}, True),
        ({"Fn::Equals": [{"Fn::ValueOf": ["Vpc", "Tags.Name"]}, "vpc-1/Tags.Name"]}, True),
        (
            {
                "Fn::EachMemberEquals": [
                    {"Fn::ValueOfAll": ["AWS::EC2::Subnet::Id", "VpcId"]},
                    "vpc-1",
                ]
            },
            False,
        ),
    ],
)
def test_a_rule_holds_or_its_description_says_why_not(assertion, holds):
    diagnostics = found(
        rules(None, assertion), lambda kind, value, attribute: f"{value}/{attribute}"
    )
    assert [d.summary for d in diagnostics] == ([] if holds else [f"says {assertion}"])
    assert all(d.path == ("Rules", "R", "Assertions", 0) for d in diagnostics)


def test_a_rule_counts_only_where_its_condition_holds():
    never = {"Fn::Equals": ["a", "b"]}
    assert found(rules(never, never)) == []
    assert len(found(rules({"Fn::Equals": ["a", "a"]}, never, never))) == 2


def test_the_rule_of_every_cdk_template_passes_a_current_bootstrap_version():
    assertion = {"Fn::Not": [{"Fn::Contains": [["1", "2", "3", "4", "5"], {"Ref": "Stage"}]}]}
    assert found(rules(None, assertion, Stage="32")) == []
    assert len(found(rules(None, assertion, Stage="5"))) == 1


def test_a_rule_that_cannot_be_evaluated_says_so():
    (diagnostic,) = found(rules(None, {"Fn::Contains": ["a"]}))
    assert "Fn::Contains" in diagnostic.summary
    (diagnostic,) = found(rules(None, {"Fn::Equals": [{"Fn::ValueOf": ["Nope", "X"]}, "a"]}))
    assert "names no parameter Nope" in diagnostic.summary
