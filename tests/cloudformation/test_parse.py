"""Template text to data: short forms, scalars, what is refused, hostile input."""

import json
from decimal import Decimal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from understudy.base.diagnostic import Mark
from understudy.cloudformation.parse import MAX_BYTES, MAX_DEPTH, SHORT_FORMS, parse
from understudy.cloudformation.value import number, plain


def data_of(source):
    data, diagnostics = parse(source)
    assert diagnostics == []
    return data


def refusal_of(source):
    data, diagnostics = parse(source)
    assert data is None
    return diagnostics


@pytest.mark.parametrize(
    ("source", "value"),
    [
        pytest.param("!Ref A", {"Ref": "A"}, id="Ref"),
        pytest.param("!Condition A", {"Condition": "A"}, id="Condition"),
        pytest.param("!GetAtt A.B.C", {"Fn::GetAtt": ["A", "B.C"]}, id="GetAtt, first dot"),
        pytest.param("!GetAtt [A, B]", {"Fn::GetAtt": ["A", "B"]}, id="GetAtt of a list"),
        pytest.param("!Sub '${A}'", {"Fn::Sub": "${A}"}, id="Sub"),
        pytest.param("!GetAZs ''", {"Fn::GetAZs": ""}, id="GetAZs of nothing"),
        pytest.param("!Base64 80", {"Fn::Base64": "80"}, id="a scalar under a tag is text"),
        pytest.param(
            "!Join ['-', [!Ref A, b]]", {"Fn::Join": ["-", [{"Ref": "A"}, "b"]]}, id="nested"
        ),
        pytest.param(
            "!Transform {Name: X, Parameters: {A: b}}",
            {"Fn::Transform": {"Name": "X", "Parameters": {"A": "b"}}},
            id="a map under a tag",
        ),
        pytest.param("Fn::GetAtt: A.B", {"Fn::GetAtt": "A.B"}, id="the long form is left alone"),
    ],
)
def test_a_short_form_is_written_out(source, value):
    indented = source.replace("\n", "\n  ")
    assert data_of(f"Key:\n  {indented}\n") == {"Key": value}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        pytest.param("2010-09-09", "2010-09-09", id="a date is text"),
        pytest.param("2012-10-17T00:00:00Z", "2012-10-17T00:00:00Z", id="a time is text"),
        pytest.param("yes", True, id="yes is true in YAML 1.1"),
        pytest.param("off", False, id="off is false in YAML 1.1"),
        pytest.param("'yes'", "yes", id="quoted yes is text"),
        pytest.param("80", 80, id="a whole number"),
        pytest.param("-5", -5, id="a negative number"),
        pytest.param("007", "007", id="leading zeros stay"),
        pytest.param("012345678901", "012345678901", id="an account id keeps its zero"),
        pytest.param("1_000", "1_000", id="underscores stay"),
        pytest.param("0x1F", "0x1F", id="hexadecimal stays"),
        pytest.param("0o17", "0o17", id="octal stays"),
        pytest.param("1:30", "1:30", id="a sexagesimal number stays"),
        pytest.param("1e5", "1e5", id="an exponent stays"),
        pytest.param(".5", ".5", id="a bare fraction stays"),
        pytest.param("+1", "+1", id="a plus sign stays"),
        pytest.param(".inf", ".inf", id="infinity is text"),
        pytest.param("!!str 80", "80", id="an explicit string"),
        pytest.param("1.2.3", "1.2.3", id="a version"),
    ],
)
def test_a_yaml_scalar_keeps_its_text(source, value):
    found = data_of(f"K: {source}\n")["K"]
    assert found == value
    assert type(found) is type(value)


def test_a_fraction_keeps_every_digit():
    found = data_of("K: 1.10\n")["K"]
    assert (type(found), str(found)) == (Decimal, "1.10")
    found = data_of('{"K": 1.10}')["K"]
    assert (type(found), str(found)) == (Decimal, "1.10")


@given(st.text("0123456789+-._eExX:,", min_size=1, max_size=40))
def test_no_number_loses_a_digit(source):
    assert str(number(source)) == source
    assert isinstance(plain(source), bool) or str(plain(source)) == source


def test_keys_are_text_even_if_they_look_like_something_else():
    source = "012345678901: a\nyes: b\n1: c\nnull: d\n"
    assert data_of(source) == {"012345678901": "a", "yes": "b", "1": "c", "null": "d"}


@pytest.mark.parametrize("source", ["A: 1\nB: 2\nA: 3\n", '{"A": 1, "B": 2, "A": 3}'])
def test_of_a_repeated_key_the_last_one_counts(source):
    assert data_of(source) == {"A": 3, "B": 2}


def test_a_byte_order_mark_is_skipped():
    assert data_of("\ufeffA: 1\n") == {"A": 1}
    assert data_of('\ufeff{"A": 1}'.encode()) == {"A": 1}


def test_json_may_be_indented_with_tabs():
    assert data_of('{\n\t"A": {\n\t\t"B": [1,\t2]\n\t}\n}') == {"A": {"B": [1, 2]}}


@pytest.mark.parametrize(
    ("source", "summary"),
    [
        pytest.param(
            '{"this is invalid JSON"="bobbins"}',
            "Template format error: JSON not well-formed. (line 1, column 25)",
            id="row 1, bad JSON",
        ),
        pytest.param(
            "A: [\n",
            "Template format error: YAML not well-formed. (line 2, column 1)",
            id="row 2, bad YAML",
        ),
        pytest.param("A:\n\t- b\n", "YAML not well-formed. (line 2, column 1)", id="a tab"),
        pytest.param("", "Template format error: unsupported structure.", id="row 3, nothing"),
        pytest.param("# only\n", "unsupported structure.", id="row 3, a comment"),
        pytest.param(
            "A: &a 1\nB: *a\n",
            "Template error: YAML aliases are not allowed in CloudFormation templates",
            id="an alias",
        ),
        pytest.param("A:\n  <<: {B: 1}\n", "YAML not well-formed. (line 2, column 3)", id="merge"),
        pytest.param("A: !Foo x\n", "YAML not well-formed. (line 1, column 4)", id="foreign tag"),
        pytest.param("A: !!binary aGk=\n", "YAML not well-formed.", id="a binary tag"),
        pytest.param("A: !!timestamp 2010-09-09\n", "YAML not well-formed.", id="a timestamp"),
        pytest.param("A: !Base64 !Sub x\n", "YAML not well-formed.", id="stacked short forms"),
        pytest.param("? [a]\n: b\n", "YAML not well-formed.", id="a key that is a list"),
        pytest.param("!Ref a: b\n", "YAML not well-formed.", id="a key with a tag"),
        pytest.param("A: 1\n---\nB: 2\n", "YAML not well-formed.", id="two documents"),
        pytest.param('{"A": NaN}', "JSON not well-formed.", id="NaN"),
        pytest.param('{"A": "\\ud800"}', "JSON not well-formed.", id="half a surrogate pair"),
        pytest.param("A: '\ud800'\n", "YAML not well-formed.", id="a lone surrogate"),
        pytest.param("A: \x00\n", "YAML not well-formed.", id="a control character"),
        pytest.param(b"A: \xff\n", "YAML not well-formed.", id="bytes that are not UTF-8"),
        pytest.param("{'A': 1}", "JSON not well-formed.", id="YAML in braces is bad JSON"),
    ],
)
def test_what_is_no_template_is_refused(source, summary):
    (diagnostic,) = refusal_of(source)
    assert summary in diagnostic.summary


def test_a_syntax_error_carries_its_place():
    (diagnostic,) = refusal_of('{\n  "A" = 1}')
    assert diagnostic.mark == Mark("template", 2, 8)


def test_an_anchor_without_an_alias_is_harmless():
    assert data_of("A: &a {B: 1}\n") == {"A": {"B": 1}}


@pytest.mark.parametrize(
    "source",
    [
        "Outputs:\n  MyOutput:\n    Value:\n",
        "Outputs:\n  MyOutput:\n    Value: ~\n",
        '{"Outputs": {"MyOutput": {"Value": null}}}',
    ],
)
def test_a_null_is_refused_with_its_path(source):
    (diagnostic,) = refusal_of(source)
    assert diagnostic.summary == (
        "[/Outputs/MyOutput/Value] 'null' values are not allowed in templates"
    )
    assert diagnostic.path == ("Outputs", "MyOutput", "Value")


def test_all_nulls_are_found_at_once_alike_in_yaml_and_json():
    in_yaml = refusal_of("A:\nB: [x, !Join [null, []], {C: }]\nD: !Ref\n  - \n")
    assert [d.path for d in in_yaml] == [
        ("A",),
        ("B", 1, "Fn::Join", 0),
        ("B", 2, "C"),
        ("D", "Ref", 0),
    ]
    in_json = refusal_of(
        '{"A": null, "B": ["x", {"Fn::Join": [null, []]}, {"C": null}], "D": {"Ref": [null]}}'
    )
    assert in_json == in_yaml


# Hostile input


def test_a_billion_laughs_are_refused_at_the_first_alias():
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 64)]
    (diagnostic,) = refusal_of("\n".join(lines))
    assert "aliases" in diagnostic.summary


@pytest.mark.parametrize("source", ["[" * 500_000, '{"a":' * 150_000, "- " * 300_000 + "x"])
def test_deep_nesting_is_refused(source):
    (diagnostic,) = refusal_of(source)
    assert "Template format error" in diagnostic.summary


@pytest.mark.parametrize("depth", [MAX_DEPTH - 1, MAX_DEPTH])
def test_json_and_yaml_agree_on_how_deep_a_template_may_be(depth):
    nested = '{"a":' + "[" * depth + "1" + "]" * depth + "}"
    as_json = parse(nested)
    as_yaml = parse("# YAML\n" + nested)
    assert as_json[0] == as_yaml[0]
    assert (as_json[0] is None) == (depth == MAX_DEPTH)


def test_a_template_over_the_size_limit_is_refused_before_it_is_read():
    (diagnostic,) = refusal_of("A: " + "x" * MAX_BYTES)
    assert diagnostic.summary == "Template may not exceed 1000000 bytes in size."
    (diagnostic,) = refusal_of(("é" * (MAX_BYTES // 2)) + "xx")
    assert diagnostic.summary == "Template may not exceed 1000000 bytes in size."
    (diagnostic,) = refusal_of(b"\xc3\xa9" * MAX_BYTES)
    assert diagnostic.summary == "Template may not exceed 1000000 bytes in size."


def test_a_huge_number_stays_text():
    digits = "9" * 5000
    assert data_of(f"A: {digits}\n") == data_of(f'{{"A": {digits}}}') == {"A": digits}


@given(st.text(max_size=200))
def test_any_text_gives_data_or_diagnostics(source):
    data, diagnostics = parse(source)
    assert (data is None) == bool(diagnostics)


@given(st.binary(max_size=200))
def test_any_bytes_give_data_or_diagnostics(source):
    data, diagnostics = parse(source)
    assert (data is None) == bool(diagnostics)


# Twins

KEYS = st.text("abcAF:-_. ", min_size=1, max_size=6)
LITERALS = st.one_of(
    st.booleans(),
    st.integers(-(10**15), 10**15),
    st.text(max_size=8).filter(lambda s: s.isprintable()),
    st.sampled_from(
        ["yes", "null", "2010-09-09", "1.10", "0x1", "~", "", "a: b", "# c", "multi\nline"]
    ),
)
TREES = st.recursive(
    LITERALS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=4), st.booleans())
def test_the_json_and_the_yaml_of_one_template_are_equal(tree, flow):
    as_yaml = yaml.safe_dump(tree, default_flow_style=flow, allow_unicode=True, sort_keys=False)
    assert data_of(json.dumps(tree)) == data_of(f"# twin\n{as_yaml}") == tree


@given(st.sampled_from(sorted(SHORT_FORMS)), st.lists(st.text("ab.", max_size=4), max_size=3))
def test_a_short_form_equals_its_long_form(tag, members):
    source = json.dumps(members)
    assert data_of(f"K: {tag} {source}") == data_of(json.dumps({"K": {SHORT_FORMS[tag]: members}}))
