"""Custom macros: the event that their function gets and the answers that it may give."""

import json
from decimal import Decimal

import pytest

from understudy.cloudformation.macro import (
    MacroFailure,
    fragment_of,
    full_name,
    macro_event,
    whole_template,
)

NAME = "111111111111::Unsuccessful"


def reply(**members):
    return json.dumps({"requestId": "r-1", "status": "success", **members})


def test_the_function_gets_the_fragment_its_parameters_and_those_of_the_template():
    event = macro_event(
        "Count",
        {"Ratio": Decimal("0.50"), "Names": ["a"]},
        params={"Times": 3},
        values={"Env": "prod"},
        account="111111111111",
        region="eu-west-1",
        request_id="r-1",
    )
    assert '"Ratio":0.50' in event
    assert json.loads(event) == {
        "region": "eu-west-1",
        "accountId": "111111111111",
        "fragment": {"Ratio": 0.5, "Names": ["a"]},
        "transformId": "111111111111::Count",
        "params": {"Times": 3},
        "requestId": "r-1",
        "templateParameterValues": {"Env": "prod"},
    }


def test_names_of_aws_and_of_other_accounts_stay():
    assert full_name("999::Count", "111") == "999::Count"


def test_the_fragment_is_what_the_function_gives_back_with_its_digits():
    answer = '{"requestId": "r-1", "status": "SUCCESS", "fragment": {"Cost": 1.10}}'
    assert fragment_of(NAME, "r-1", answer) == {"Cost": Decimal("1.10")}


# AWS's words, recorded on 2023-01-30.
REFUSALS = {
    "the function says why": (
        reply(status="failed", errorMessage="failed because it is a test"),
        f"Transform {NAME} failed with: failed because it is a test",
    ),
    "the function does not say why": (
        reply(status="failed"),
        f"Transform {NAME} failed without an error message.",
    ),
    "the answer is no JSON": ("oops", f"Received malformed response from transform {NAME}"),
    "the answer is another request's": (
        json.dumps({"requestId": "r-2", "status": "success", "fragment": {}}),
        f"Received malformed response from transform {NAME}",
    ),
    "there is no fragment": (reply(), f"Received malformed response from transform {NAME}"),
}


@pytest.mark.parametrize(("payload", "message"), REFUSALS.values(), ids=REFUSALS)
def test_an_answer_that_is_none_is_refused_in_the_words_of_aws(payload, message):
    with pytest.raises(MacroFailure) as caught:
        fragment_of(NAME, "r-1", payload)
    assert caught.value.message == message


def test_a_function_that_raises_has_not_answered():
    with pytest.raises(MacroFailure, match="Received malformed response"):
        fragment_of(NAME, "r-1", reply(fragment={}), raised=True)


def test_a_macro_of_the_transform_section_gives_a_template():
    assert whole_template({"Resources": {}}) == {"Resources": {}}
    with pytest.raises(MacroFailure, match=r"Template format error: unsupported structure\."):
        whole_template("oops")
