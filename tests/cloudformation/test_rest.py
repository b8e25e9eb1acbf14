"""Capabilities, dynamic references and physical names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.base.identity import MIXED, Ids
from understudy.cloudformation.capabilities import gate, required
from understudy.cloudformation.dynamic import DynamicReference, dynamic_references, substituted
from understudy.cloudformation.physical import fit, generated
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


@pytest.mark.parametrize(
    ("written", "reference"),
    [
        ("ssm:/a/b", DynamicReference("ssm", "", "/a/b")),
        ("ssm:/a/b:3", DynamicReference("ssm", "", "/a/b", "3")),
        ("ssm-secure:p:1", DynamicReference("ssm-secure", "", "p", "1")),
        ("secretsmanager:s", DynamicReference("secretsmanager", "", "s")),
        (
            "secretsmanager:s:SecretString:key:AWSPREVIOUS:v1",
            DynamicReference("secretsmanager", "", "s", "v1", "key", "AWSPREVIOUS"),
        ),
        (
            "secretsmanager:arn:aws:secretsmanager:us-east-1:000000000000:secret:s-ab:SecretString:k",
            DynamicReference(
                "secretsmanager",
                "",
                "arn:aws:secretsmanager:us-east-1:000000000000:secret:s-ab",
                json_key="k",
            ),
        ),
    ],
)
def test_a_dynamic_reference_is_read(written, reference):
    text = f"{{{{resolve:{written}}}}}"
    (found,) = dynamic_references({"a": ["x", f"before {text} after"]})
    assert found.text == text
    parts = ("service", "name", "version", "json_key", "stage")
    assert [getattr(found, p) for p in parts] == [getattr(reference, p) for p in parts]


def test_dynamic_references_are_replaced_wherever_they_stand():
    value = {"a": ["{{resolve:ssm:x}}-{{resolve:ssm:y:1}}", 1], "b": "{{resolve:other:z}}"}
    assert substituted(value, lambda reference: reference.name.upper()) == {
        "a": ["X-Y", 1],
        "b": "{{resolve:other:z}}",
    }


@pytest.mark.parametrize(
    ("stack", "logical", "limit", "lower", "name"),
    [
        ("my-test-stack", "Bucket", 63, True, "my-test-stack-bucket-abcdefghijkl"),
        ("stack", "Group", 255, False, "stack-Group-ABCDEFGHIJKL"),
        ("a-rather-long-stack-name", "TargetGroup", 32, False, "a-rathe-TargetGroup-ABCDEFGHIJKL"),
        ("stack", "AVeryLongLogicalIdIndeed", 32, False, "AVeryLongLogicalId-ABCDEFGHIJKL"),
        ("abc-defgh", "LogicalIdOf14c", 32, False, "abc-LogicalIdOf14c-ABCDEFGHIJKL"),
    ],
)
def test_a_physical_name_is_cut_from_its_stack_then_its_logical_id(
    stack, logical, limit, lower, name
):
    assert fit(stack, logical, "ABCDEFGHIJKL", limit, lower=lower) == name


@given(
    st.from_regex(r"[a-zA-Z][-a-zA-Z0-9]{0,127}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9]{1,255}", fullmatch=True),
    st.integers(16, 255),
)
def test_a_physical_name_fits_and_ends_with_all_of_its_random_part(stack, logical, limit):
    name = fit(stack, logical, generated(Ids(7)), limit)
    assert len(name) <= limit
    assert name.endswith(generated(Ids(7)))
    assert not name.startswith("-")


def test_generated_names_differ_from_each_other_and_repeat_with_their_seed():
    ids = Ids(1)
    first, second = generated(ids), generated(ids, MIXED)
    assert first != second
    assert generated(Ids(1)) == first
