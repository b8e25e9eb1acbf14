"""Dynamic references in texts. AWS: Dynamic references."""

import pytest

from understudy.cloudformation.dynamic import DynamicReference, dynamic_references, substituted


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
