"""Dependencies drawn: as a tree, and as layers in a picture."""

import io
import re
import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from understudy.cloudformation.graph import layers
from understudy.report.terminal import show
from understudy.report.tree import dependency_tree
from understudy.report.tree_picture import dependency_picture, placed
from understudy.testing.terminal import text_of

TYPES = {"Role": "AWS::IAM::Role", "Model": "T", "Config": "T", "Endpoint": "T"}
NEEDS = {
    "Endpoint": ["Config"],
    "Config": ["Model", "Role"],
    "Model": ["Role"],
    "Role": [],
}


def test_a_resource_stands_under_what_needs_it():
    assert text_of(dependency_tree("web", TYPES, NEEDS, {})).splitlines() == [
        "web",
        "└── Endpoint  T",
        "    └── Config  T",
        "        ├── Model  T",
        "        │   └── Role  AWS::IAM::Role",
        "        └── Role  AWS::IAM::Role",
    ]


def test_the_statuses_of_a_deployed_stack_are_shown():
    assert "Model  T  CREATE_COMPLETE" in text_of(
        dependency_tree("web", TYPES, NEEDS, {"Model": "CREATE_COMPLETE"})
    )


def test_what_has_been_written_out_is_only_named_again():
    file = io.StringIO()
    needs = {"A": ["C"], "B": ["C"], "C": ["D"], "D": []}
    types = dict.fromkeys(needs, "T")
    show(Console(file=file, width=80), dependency_tree("t", types, needs, {}))
    assert file.getvalue().count("D  T") == 1
    assert "C  T  (above)" in file.getvalue()


def test_a_circle_ends():
    file = io.StringIO()
    needs = {"A": ["B"], "B": ["A"]}
    show(Console(file=file, width=80), dependency_tree("t", {"A": "T", "B": "T"}, needs, {}))
    assert "(above)" in file.getvalue()


def test_the_picture_has_a_box_for_each_resource_and_a_line_for_each_need():
    graph = {name: dict.fromkeys(wanted, ()) for name, wanted in NEEDS.items()}
    picture = dependency_picture(layers(graph), TYPES, NEEDS)
    root = ET.fromstring(picture)
    names = [each.text for each in root.iter() if each.get("class") == "name"]
    assert sorted(names) == sorted(TYPES)
    assert len([each for each in root.iter() if each.get("class") == "need"]) == 4
    columns = {
        each.text: float(each.get("x")) for each in root.iter() if each.get("class") == "name"
    }
    assert columns["Role"] < columns["Model"] < columns["Config"] < columns["Endpoint"]
    assert not re.search(r"NaN|inf", picture)


@given(st.lists(st.lists(st.integers(0, 9), max_size=3), min_size=1, max_size=10))
def test_ordering_keeps_every_resource_in_its_layer(needed):
    needs = {str(n): [str(m) for m in wanted if m < n] for n, wanted in enumerate(needed)}
    found = layers({name: dict.fromkeys(wanted, ()) for name, wanted in needs.items()})
    ordered = placed(found, needs)
    assert [sorted(layer) for layer in ordered] == [sorted(layer) for layer in found]
