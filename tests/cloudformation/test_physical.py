"""Physical names that CloudFormation makes. AWS: Name type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.base.identity import MIXED, Ids
from understudy.cloudformation.physical import fit, generated


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
