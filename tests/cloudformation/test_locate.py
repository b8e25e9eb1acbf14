"""Line and column of paths, in YAML and in JSON."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from understudy.base.diagnostic import Diagnostic, Mark
from understudy.cloudformation.locate import locate, marked
from understudy.cloudformation.parse import parse

YAML = """\
Resources:
  A:
    Type: X
    Properties:
      N: !Ref P
      L:
        - a
        - !Join ['', [a, !GetAtt B.C]]
      M: !Sub
        - x
        - {K: !Ref Z}
  B: {Type: Y, 'Q q': [1, {D: 2}]}
"""
JSON = """\
{
\t"Resources": {
\t\t"A": { "Type": "X", "Properties": { "N\\u0041": [ 1,
   {"Ref": "P"} ] } }
\t}
}
"""


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        ((), 1, 1),
        (("Resources",), 1, 1),
        (("Resources", "A", "Type"), 3, 5),
        (("Resources", "A", "Properties", "N"), 5, 7),
        (("Resources", "A", "Properties", "N", "Ref"), 5, 10),
        (("Resources", "A", "Properties", "L", 0), 7, 11),
        (("Resources", "A", "Properties", "L", 1), 8, 11),
        (("Resources", "A", "Properties", "L", 1, "Fn::Join", 1, 1), 8, 26),
        (("Resources", "A", "Properties", "L", 1, "Fn::Join", 1, 1, "Fn::GetAtt", 1), 8, 26),
        (("Resources", "A", "Properties", "M", "Fn::Sub", 1, "K", "Ref"), 11, 15),
        (("Resources", "B", "Q q", 1, "D"), 12, 28),
    ],
)
def test_a_yaml_path_is_at_its_key_or_item(path, line, column):
    assert locate(YAML, path, "t.yaml") == Mark("t.yaml", line, column)


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        (("Resources",), 2, 2),
        (("Resources", "A", "Type"), 3, 10),
        (("Resources", "A", "Properties", "NA", 0), 3, 52),
        (("Resources", "A", "Properties", "NA", 1, "Ref"), 4, 5),
    ],
)
def test_a_json_path_is_at_its_key_or_item(path, line, column):
    assert locate(JSON, path, "t.json") == Mark("t.json", line, column)


def test_a_path_that_is_not_there_is_at_its_nearest_parent():
    assert locate(YAML, ("Resources", "A", "Nope", "x")) == Mark("template", 2, 3)


def test_a_repeated_key_is_found_at_its_last_place():
    assert locate("A: 1\nB: 2\nA: 3\n", ("A",)) == Mark("template", 3, 1)


def test_what_stands_before_a_syntax_error_is_found():
    assert locate("A: 1\nB: [\n", ("A",)) == Mark("template", 1, 1)


def test_diagnostics_get_their_marks_and_keep_those_they_have():
    mark = Mark("other", 9, 9)
    given_ones = [Diagnostic("a", ("Resources", "B")), Diagnostic("b", mark=mark)]
    found = marked(YAML, given_ones, "t.yaml")
    assert [d.mark for d in found] == [Mark("t.yaml", 12, 3), mark]
    assert str(found[0]).startswith("t.yaml:12:3: error: a")


def paths_of(value, path=()):
    yield path
    steps = value.items() if isinstance(value, dict) else enumerate(value)
    for step, child in steps if isinstance(value, (dict, list)) else ():
        yield from paths_of(child, (*path, step))


TREES = st.recursive(
    st.sampled_from(["x", "y z", "1"]),
    lambda below: (
        st.lists(below, min_size=1, max_size=3)
        | st.dictionaries(st.text("abc", min_size=1, max_size=2), below, min_size=1, max_size=3)
    ),
    max_leaves=12,
)


NAMES = st.text("abc", min_size=1, max_size=3)


@given(st.dictionaries(NAMES, TREES, min_size=1, max_size=4), st.booleans())
def test_every_path_of_a_template_is_found_where_its_key_stands(tree, as_json):
    source = json.dumps(tree, indent=1) if as_json else yaml.safe_dump(tree)
    assert parse(source)[0] == tree
    lines = source.splitlines()
    for path in paths_of(tree):
        mark = locate(source, path)
        if path and isinstance(path[-1], str):
            assert lines[mark.line - 1][mark.column - 1 :].lstrip('"').startswith(path[-1])
