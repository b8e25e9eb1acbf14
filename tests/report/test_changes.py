"""A change set as people review it."""

import pytest
from syrupy.assertion import SnapshotAssertion

from understudy.app.views import ChangeSetView, Reset, ResourceChange
from understudy.report.changes import change_set, shown, symbol_of
from understudy.testing import progress as made
from understudy.testing.terminal import text_of


def test_a_change_set(snapshot: SnapshotAssertion):
    assert text_of(change_set(made.change_set())) == snapshot


@pytest.mark.parametrize(
    ("change", "symbol"),
    [
        pytest.param(ResourceChange("Add", "A", "T", "runs"), "+", id="added"),
        pytest.param(ResourceChange("Modify", "A", "T", "runs", "False"), "~", id="in place"),
        pytest.param(ResourceChange("Modify", "A", "T", "runs", "True"), "±", id="replaced"),
        pytest.param(
            ResourceChange("Modify", "A", "T", "runs", "Conditional"), "±?", id="may be replaced"
        ),
        pytest.param(ResourceChange("Remove", "A", "T", "runs"), "-", id="removed"),
    ],
)
def test_symbols(change: ResourceChange, symbol: str):
    assert symbol_of(change)[0] == symbol


def test_a_change_set_without_changes_says_so():
    text = text_of(change_set(ChangeSetView("digits", "UPDATE", ())))
    assert "The submitted information didn't contain changes." in text


def test_a_count_that_would_be_set_back_comes_with_the_patch():
    reset = Reset("Service", "DesiredCount", 2, 7, "Properties:\n-   DesiredCount: 2")
    view = ChangeSetView(
        "web", "UPDATE", (ResourceChange("Modify", "Service", "T", "runs", "False"),), (reset,)
    )
    text = text_of(change_set(view))
    assert "scaling has set DesiredCount; with this change it goes back from 7 to" in text
    assert "    -   DesiredCount: 2" in text


def test_what_is_lost_and_who_made_it_are_said_under_the_resource():
    change = ResourceChange(
        "Remove",
        "Data",
        "AWS::S3::Bucket",
        "runs",
        danger=6,
        consequences=("Its objects are lost.",),
        origin="App/Data (app.py:7)",
    )
    lines = text_of(change_set(ChangeSetView("web", "UPDATE", (change,)))).splitlines()
    assert [line.strip() for line in lines[3:5]] == [
        "made by App/Data (app.py:7)",
        "Its objects are lost.",
    ]


def test_a_change_of_outputs_alone_is_said():
    view = ChangeSetView("web", "UPDATE", (), note="Only outputs change.")
    assert "Only outputs change." in text_of(change_set(view))


def test_a_long_value_is_cut():
    assert len(shown("x" * 1000)) == 203
