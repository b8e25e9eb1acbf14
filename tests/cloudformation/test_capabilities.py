"""What a caller has to acknowledge. AWS: CreateStack, Capabilities."""

import pytest

from understudy.cloudformation.capabilities import gate, required
from understudy.testing.stacks import template_of


def needs(kind, macros=(), **properties):
    resources = {"R": {"Type": kind, "Properties": properties}}
    return required(template_of({"Resources": resources}), macros)


@pytest.mark.parametrize(
    ("found", "given_ones", "message"),
    [
        pytest.param(needs("AWS::SNS::Topic"), [], None, id="nothing to acknowledge"),
        pytest.param(needs("AWS::IAM::Role"), [], "[CAPABILITY_IAM]", id="IAM"),
        pytest.param(needs("AWS::IAM::Role"), ["CAPABILITY_IAM"], None, id="IAM given"),
        pytest.param(needs("AWS::IAM::Role"), ["CAPABILITY_NAMED_IAM"], None, id="named covers"),
        pytest.param(
            needs("AWS::IAM::Role", RoleName="x"),
            ["CAPABILITY_IAM"],
            "[CAPABILITY_NAMED_IAM]",
            id="named",
        ),
        pytest.param(
            needs("AWS::IAM::Policy", PolicyName="x"), [], "[CAPABILITY_IAM]", id="a policy's name"
        ),
        pytest.param(
            needs("AWS::SNS::Topic", ["AWS::LanguageExtensions"]),
            [],
            "[CAPABILITY_AUTO_EXPAND]",
            id="row 38, macros",
        ),
        pytest.param(
            needs("AWS::IAM::User", ["Mine"]),
            [],
            "[CAPABILITY_IAM, CAPABILITY_AUTO_EXPAND]",
            id="two at once",
        ),
    ],
)
def test_the_capability_gate(found, given_ones, message):
    refusal = gate(found, given_ones)
    assert (refusal and refusal.summary) == (message and f"Requires capabilities : {message}")
