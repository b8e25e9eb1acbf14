"""What a function reports of a batch, and which messages a mapping's filters let through."""

import json
from typing import Any

import pytest

from understudy.live.event_sources import is_wanted, reported

EVERY = {"a", "b"}


@pytest.mark.parametrize(
    ("said", "failed"),
    [
        pytest.param(None, set(), id="nothing is success"),
        pytest.param({}, set(), id="no list is success"),
        pytest.param({"batchItemFailures": []}, set(), id="an empty list is success"),
        pytest.param({"batchItemFailures": None}, set(), id="a list that is null is success"),
        pytest.param({"batchItemFailures": [{"itemIdentifier": "b"}]}, {"b"}, id="one of two"),
        pytest.param({"batchItemFailures": [{"itemIdentifier": "c"}]}, EVERY, id="an unknown one"),
        pytest.param({"batchItemFailures": [{"itemIdentifier": ""}]}, EVERY, id="an empty one"),
        pytest.param({"batchItemFailures": [{"id": "a"}]}, EVERY, id="another key"),
        pytest.param("fine", EVERY, id="a text"),
    ],
)
def test_a_report_names_what_failed(said: Any, failed: set[str]) -> None:
    # AWS: Handling errors for an SQS event source, Success and failure conditions.
    assert reported(json.dumps(said), EVERY) == failed


@pytest.mark.parametrize(
    ("patterns", "body", "wanted"),
    [
        pytest.param([], "x", True, id="no filter"),
        pytest.param([{"body": {"kind": ["a"]}}], '{"kind": "a"}', True, id="a member of a body"),
        pytest.param([{"body": {"kind": ["a"]}}], '{"kind": "b"}', False, id="another value"),
        pytest.param([{"body": ["x"]}, {"body": ["y"]}], "y", True, id="the second of two"),
        pytest.param([{"body": {"kind": ["a"]}}], "text", False, id="a text that is no object"),
    ],
)
def test_filters_look_into_bodies(patterns: list[Any], body: str, wanted: bool) -> None:
    filters = [{"Pattern": json.dumps(each)} for each in patterns]
    mapping = {"FilterCriteria": {"Filters": filters}}
    assert is_wanted({"body": body}, mapping) is wanted
