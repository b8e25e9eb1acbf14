"""Evaluating values: every function, its complaints, and unknowns that flow through."""

from decimal import Decimal

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from understudy.cloudformation.resolve import EvaluationError, Scope, evaluate
from understudy.cloudformation.unknown import NO_VALUE, Unknown, is_known, sources


def ref(logical_id):
    if logical_id == "Later":
        return Unknown(frozenset({("Later", "")}))
    if logical_id == "Bucket":
        return "bucket-1"
    raise EvaluationError(f"Unresolved resource dependencies [{logical_id}]")


def attribute(logical_id, name):
    if logical_id == "Later":
        return Unknown(frozenset({("Later", name)}))
    return f"{ref(logical_id)}.{name}"


SCOPE = Scope(
    parameters={"Name": "digits", "Names": ["a", "b"], "Number": "80", "Index": "1"},
    pseudo={"AWS::Region": "us-east-1", "AWS::StackName": "test", "AWS::NotificationARNs": []},
    mappings={
        "M": {"us-east-1": {"Size": "large", "Zones": ["x", "y"], "Count": 3}},
        "Names": {"digits": {"Key": "us-east-1"}},
    },
    conditions={"Yes": True, "No": False},
    ref=ref,
    attribute=attribute,
    zones=lambda region: [f"{region}b", f"{region}a"],
    exports={"vpc": "vpc-1"}.get,
)
EXTENDED = Scope(
    **{f: getattr(SCOPE, f) for f in SCOPE.__slots__ if f != "extensions"}, extensions=True
)


def fn(name, argument):
    return {f"Fn::{name}": argument}


def r(name):
    return {"Ref": name}


@pytest.mark.parametrize(
    ("value", "result"),
    [
        pytest.param("text", "text", id="text"),
        pytest.param({"a": [1, True, Decimal("1.0")]}, {"a": [1, True, Decimal("1.0")]}, id="map"),
        pytest.param({"Ref": "Name", "b": 1}, {"Ref": "Name", "b": 1}, id="two keys, no function"),
        pytest.param(r("Name"), "digits", id="Ref of a parameter"),
        pytest.param(r("Names"), ["a", "b"], id="Ref of a list"),
        pytest.param(r("AWS::Region"), "us-east-1", id="Ref of a pseudo parameter"),
        pytest.param(r("Bucket"), "bucket-1", id="Ref of a resource"),
        pytest.param(fn("GetAtt", ["Bucket", "Arn"]), "bucket-1.Arn", id="GetAtt"),
        pytest.param(fn("GetAtt", "Bucket.A.B"), "bucket-1.A.B", id="GetAtt, dotted"),
        pytest.param(fn("GetAtt", ["Bucket", r("Name")]), "bucket-1.digits", id="GetAtt of a Ref"),
        pytest.param(
            fn("Sub", "${Name}-${AWS::Region}-${!Keep}"), "digits-us-east-1-${Keep}", id="Sub"
        ),
        pytest.param(
            fn("Sub", "${Bucket.Arn}:${Bucket}"), "bucket-1.Arn:bucket-1", id="Sub of a resource"
        ),
        pytest.param(
            fn("Sub", ["${A}${Name}", {"A": fn("Join", ["", [1, True]])}]),
            "1truedigits",
            id="Sub with variables",
        ),
        pytest.param(
            fn("Sub", ["${Name}", {"Name": "own"}]), "own", id="a variable hides a parameter"
        ),
        pytest.param(fn("Sub", "$ {x} $x ${"), "$ {x} $x ${", id="Sub of other dollars"),
        pytest.param(fn("Sub", "${AWS::NoValue}x"), "x", id="Sub of NoValue"),
        pytest.param(fn("Join", ["-", ["a", r("Name"), 80]]), "a-digits-80", id="Join"),
        pytest.param(fn("Join", [",", r("Names")]), "a,b", id="Join of a list parameter"),
        pytest.param(
            fn("Join", [",", fn("GetAZs", "")]), "us-east-1a,us-east-1b", id="Join of zones"
        ),
        pytest.param(fn("Join", ["", []]), "", id="Join of nothing"),
        pytest.param(
            fn("Join", [",", ["a", r("AWS::NoValue")]]), "a", id="Join leaves NoValue out"
        ),
        pytest.param(fn("Split", [",", "a,,b"]), ["a", "", "b"], id="Split keeps empty parts"),
        pytest.param(fn("Select", [0, ["a", "b"]]), "a", id="Select"),
        pytest.param(fn("Select", ["1", r("Names")]), "b", id="Select with text as index"),
        pytest.param(
            fn("Select", [r("Index"), fn("Split", [".", "x.y"])]), "y", id="Select by a parameter"
        ),
        pytest.param(fn("FindInMap", ["M", r("AWS::Region"), "Size"]), "large", id="FindInMap"),
        pytest.param(
            fn("FindInMap", ["M", fn("FindInMap", ["Names", r("Name"), "Key"]), "Zones"]),
            ["x", "y"],
            id="FindInMap in itself",
        ),
        pytest.param(fn("FindInMap", ["M", "us-east-1", "Count"]), 3, id="FindInMap of a number"),
        pytest.param(fn("Base64", fn("Sub", "hi ${Name}")), "aGkgZGlnaXRz", id="Base64"),
        pytest.param(fn("Cidr", ["10.0.0.0/16", 2, 8]), ["10.0.0.0/24", "10.0.1.0/24"], id="Cidr"),
        pytest.param(
            fn("Cidr", ["10.0.9.7/16", "1", "5"]), ["10.0.0.0/27"], id="Cidr drops host bits"
        ),
        pytest.param(
            fn("Cidr", ["2001:db8::/56", 2, 64]),
            ["2001:db8::/64", "2001:db8:0:1::/64"],
            id="Cidr, version 6",
        ),
        pytest.param(fn("GetAZs", "eu-west-1"), ["eu-west-1a", "eu-west-1b"], id="GetAZs, sorted"),
        pytest.param(
            fn("GetAZs", r("AWS::Region")), ["us-east-1a", "us-east-1b"], id="GetAZs of a Ref"
        ),
        pytest.param(fn("ImportValue", fn("Sub", "vpc")), "vpc-1", id="ImportValue"),
        pytest.param(fn("If", ["Yes", "a", "b"]), "a", id="If, true"),
        pytest.param(fn("If", ["No", "a", {"k": r("Name")}]), {"k": "digits"}, id="If, false"),
        pytest.param(
            fn("If", ["Yes", "a", r("Nope")]), "a", id="the other branch is not evaluated"
        ),
        pytest.param(fn("Equals", [80, r("Number")]), True, id="Equals compares text"),
        pytest.param(fn("And", [{"Condition": "Yes"}, fn("Equals", ["a", "a"])]), True, id="And"),
        pytest.param(fn("Or", [{"Condition": "No"}, fn("Equals", ["a", "b"])]), False, id="Or"),
        pytest.param(fn("Not", [{"Condition": "No"}]), True, id="Not"),
        pytest.param(
            fn("Transform", {"Name": "M", "Parameters": {"a": r("Name")}}),
            fn("Transform", {"Name": "M", "Parameters": {"a": r("Name")}}),
            id="Transform stays",
        ),
        pytest.param(
            {"a": r("AWS::NoValue"), "b": [1, r("AWS::NoValue")]}, {"b": [1]}, id="NoValue"
        ),
        pytest.param({"a": fn("If", ["Yes", r("AWS::NoValue"), 1])}, {}, id="NoValue behind If"),
        pytest.param(r("AWS::NoValue"), NO_VALUE, id="NoValue alone"),
    ],
)
def test_a_value_evaluates(value, result):
    assert evaluate(value, SCOPE) == result


@pytest.mark.parametrize(
    ("value", "result"),
    [
        pytest.param(
            fn("FindInMap", ["M", "nope", "Size", {"DefaultValue": r("Name")}]),
            "digits",
            id="default",
        ),
        pytest.param(
            fn("FindInMap", ["M", fn("Sub", "${AWS::Region}"), "Size", {"DefaultValue": 1}]),
            "large",
            id="found",
        ),
        pytest.param(fn("Length", r("Names")), 2, id="Length of a parameter"),
        pytest.param(fn("Length", fn("Split", [",", "a,b,c"])), 3, id="Length of Split"),
        pytest.param(
            fn("ToJsonString", {"a": [1, True, r("Name")], "b": Decimal("1.10")}),
            '{"a":[1,true,"digits"],"b":1.10}',
            id="ToJsonString",
        ),
        pytest.param(r("Name"), "digits", id="plain Ref"),
        pytest.param({"Ref": fn("Select", [0, ["Name"]])}, "digits", id="Ref of a function"),
    ],
)
def test_language_extensions_evaluate_where_they_are_allowed(value, result):
    assert evaluate(value, EXTENDED) == result


@pytest.mark.parametrize(
    ("value", "waits_for"),
    [
        (r("Later"), {("Later", "")}),
        (fn("GetAtt", ["Later", "Arn"]), {("Later", "Arn")}),
        (fn("Sub", "${Later}/${Later.Arn}/${Name}"), {("Later", ""), ("Later", "Arn")}),
        (fn("Join", [",", ["a", r("Later")]]), {("Later", "")}),
        (fn("Split", [",", r("Later")]), {("Later", "")}),
        (fn("Select", [0, fn("Split", [",", r("Later")])]), {("Later", "")}),
        (fn("Base64", r("Later")), {("Later", "")}),
        (fn("Cidr", [fn("GetAtt", ["Later", "CidrBlock"]), 2, 8]), {("Later", "CidrBlock")}),
        (fn("GetAtt", ["Bucket", r("Later")]), {("Later", "")}),
        (fn("If", ["Yes", r("Later"), "x"]), {("Later", "")}),
        (fn("Equals", [r("Later"), "x"]), {("Later", "")}),
        (fn("Not", [fn("Equals", [r("Later"), "x"])]), {("Later", "")}),
    ],
)
def test_what_uses_an_unknown_is_unknown(value, waits_for):
    result = evaluate(value, SCOPE)
    assert isinstance(result, Unknown)
    assert result.sources == waits_for


def test_an_unknown_member_leaves_its_neighbours_known():
    result = evaluate({"a": r("Later"), "b": fn("Select", [1, [r("Later"), "x"]])}, SCOPE)
    assert result["b"] == "x"
    assert sources(result) == {("Later", "")}
    assert not is_known(result)


def test_and_is_false_though_something_else_is_unknown():
    late = fn("Equals", [r("Later"), "x"])
    assert evaluate(fn("And", [late, {"Condition": "No"}]), SCOPE) is False
    assert evaluate(fn("Or", [late, {"Condition": "Yes"}]), SCOPE) is True


GET_ATT = (
    "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource "
    "name and the resource attribute"
)
AND = (
    "Template error: every Fn::And object requires a list of at least 2 and at most 10 "
    "boolean parameters."
)
OR = (
    "Template error: every Fn::Or object requires a list of at least 2 and at most 10 boolean"
    " parameters."
)
SUB_NAME = (
    "Template error: variable names in Fn::Sub syntax must contain only alphanumeric "
    "characters, underscores, periods, and colons"
)
SUB = (
    "Template error: One or more Fn::Sub intrinsic functions don't specify expected "
    "arguments. Specify a string as first argument, and an optional second argument to "
    "specify a mapping of values to replace in the string"
)
IMPORT = (
    "Template error: the attribute in Fn::ImportValue must not depend on any resources, "
    "imported values, or Fn::GetAZs"
)
NO_MAP = "Template error: Mapping named 'X' is not present in the 'Mappings' section of template."
IF = "Template error: Fn::If requires a list argument with the first element being a condition"
NOT_TEXT = "Template error: variable Names in Fn::Sub expression does not resolve to a string"
NOT = "Template error: Fn::Not requires a list argument with one function token"
EQUALS = "Template error: every Fn::Equals object requires a list of 2 string parameters."
BASE64 = "Template error: every Fn::Base64 object must have a String-typed value."
ZONES = "Template error: every Fn::GetAZs object must have a String-typed value."
RANGE = "Template error: Fn::Select cannot select nonexistent value at index"
JOIN = (
    "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) "
    "a list of strings to be joined or a function that returns a list of strings (such as "
    "Fn::GetAZs) to be joined."
)
SPLIT = (
    "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and "
    "(2) a string to be split or a function that returns a string to be split."
)
SELECT = (
    "Template error: Fn::Select requires a list argument with two elements: an integer index and "
    "a list"
)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param(
            fn("If", ["Missing", 1, 2]),
            "Template error: unresolved condition dependency Missing in Fn::If",
            id="row 14",
        ),
        pytest.param(fn("GetAtt", ["A"]), GET_ATT, id="row 18"),
        pytest.param(fn("GetAtt", ["A", ""]), GET_ATT, id="row 18, empty"),
        pytest.param(
            fn("FindInMap", ["M", "C", "Suffix"]),
            "Template error: Unable to get mapping for M::C::Suffix",
            id="row 21",
        ),
        pytest.param(
            fn("FindInMap", ["M", "us-east-1", "X"]),
            "Template error: Unable to get mapping for M::us-east-1::X",
            id="row 21, second key",
        ),
        pytest.param(fn("FindInMap", ["X", "a", "b"]), NO_MAP, id="row 22"),
        pytest.param(fn("Join", ["-"]), JOIN, id="row 23"),
        pytest.param(fn("Join", [r("Name"), ["a"]]), JOIN, id="row 23, delimiter"),
        pytest.param(fn("Join", ["-", "text"]), JOIN, id="row 23, no list"),
        pytest.param(fn("Join", ["-", r("Name")]), JOIN, id="row 23, Ref of text"),
        pytest.param(fn("Join", ["-", [r("Names")]]), JOIN, id="row 23, a list in the list"),
        pytest.param(fn("Split", [",", "a", "b"]), SPLIT, id="row 24"),
        pytest.param(fn("Split", [",", r("Names")]), SPLIT, id="row 24, a list"),
        pytest.param(fn("Split", ["", "a"]), SPLIT, id="row 24, no delimiter"),
        pytest.param(fn("Select", ["one", ["a"]]), SELECT, id="row 25"),
        pytest.param(fn("Select", [r("Name"), ["a"]]), SELECT, id="row 25, late"),
        pytest.param(fn("Select", [0, "a"]), SELECT, id="row 25, no list"),
        pytest.param(fn("Select", [2, ["a", "b"]]), f"{RANGE} 2", id="row 26"),
        pytest.param(fn("Select", [-1, ["a"]]), f"{RANGE} -1", id="row 26, negative"),
        pytest.param(fn("Equals", ["a"]), EQUALS, id="row 27"),
        pytest.param(fn("And", [{"Condition": "Yes"}]), AND, id="row 28"),
        pytest.param(fn("Or", [{"Condition": "Yes"}] * 11), OR, id="row 28, Or"),
        pytest.param(fn("Not", ["true"]), NOT, id="Not"),
        pytest.param(fn("If", [r("Name"), 1, 2]), IF, id="If of a Ref"),
        pytest.param(
            fn("If", ["Yes", 1]),
            "Template error: Fn::If requires a list argument with three elements",
            id="If of two",
        ),
        pytest.param(fn("Sub", "${a b}"), SUB_NAME, id="Sub of a bad name"),
        pytest.param(fn("Sub", ["x"]), SUB, id="Sub of a list of one"),
        pytest.param(fn("Sub", "${Names}"), NOT_TEXT, id="Sub of a list"),
        pytest.param(fn("Base64", ["a"]), BASE64, id="Base64 of a list"),
        pytest.param(fn("GetAZs", r("Names")), ZONES, id="GetAZs of a list"),
        pytest.param(fn("ImportValue", "nope"), "No export named nope found.", id="row 57"),
        pytest.param(
            fn("ImportValue", fn("GetAtt", ["Bucket", "Arn"])),
            IMPORT,
            id="ImportValue of a resource",
        ),
        pytest.param(
            fn("Transform", {"Name": r("Name")}),
            "Key Name of transform definition must be a string.",
            id="Transform",
        ),
        pytest.param(
            {"Ref": ["a"]},
            "Template error: All References must be of type string",
            id="Ref of a list",
        ),
    ],
)
def test_a_function_that_cannot_be_evaluated_says_so_in_the_words_of_aws(value, message):
    with pytest.raises(EvaluationError) as caught:
        evaluate({"Key": [value]}, SCOPE)
    assert caught.value.message == message
    assert caught.value.path[:2] == ("Key", 0)


@pytest.mark.parametrize(
    "argument",
    [
        ["300.0.0.0/8", 1, 8],
        ["10.0.0.0/24", 0, 4],
        ["10.0.0.0/24", 257, 4],
        ["10.0.0.0/24", 1, 12],
        ["10.0.0.0/24", 20, 4],
        ["10.0.0.0/24"],
        ["a", "b", "c", "d"],
    ],
)
def test_a_block_that_cannot_be_cut_is_refused(argument):
    with pytest.raises(EvaluationError, match="Fn::Cidr"):
        evaluate(fn("Cidr", argument), SCOPE)


def test_an_unknown_function_is_refused_with_the_list_of_those_there_are():
    with pytest.raises(EvaluationError) as caught:
        evaluate(fn("Concat", []), SCOPE)
    assert caught.value.message.startswith(
        "Template error: Encountered unsupported function: Fn::Concat Supported functions are: "
        "[Fn::Base64, Fn::GetAtt, "
    )
    with pytest.raises(EvaluationError, match="unsupported function: Fn::Length"):
        evaluate(fn("Length", ["a"]), SCOPE)


# Invariants

SCALARS = st.sampled_from(
    ["a", "", "Yes", "Name", "M", "us-east-1", "0", 1, -1, True, Decimal("1.5")]
)
NAMES = st.sampled_from(
    ["Ref"]
    + [
        f"Fn::{n}"
        for n in [
            "And",
            "Base64",
            "Cidr",
            "Equals",
            "FindInMap",
            "GetAtt",
            "GetAZs",
            "If",
            "ImportValue",
            "Join",
            "Not",
            "Or",
            "Select",
            "Split",
            "Sub",
            "Transform",
            "Length",
            "ToJsonString",
            "Nope",
        ]
    ]
)
REFERENCES = st.sampled_from(
    [r("Name"), r("Names"), r("Bucket"), r("AWS::NoValue"), r("Nope"), {"Condition": "Yes"},
     fn("GetAtt", ["Bucket", "Arn"]), fn("Sub", "${Name}.${Bucket.Arn}"), fn("Equals", ["a", "b"])]
)  # fmt: skip
LATE = st.sampled_from([r("Later"), fn("GetAtt", ["Later", "Arn"]), fn("Sub", "${Later}")])


def values(leaves):
    return st.recursive(
        leaves,
        lambda below: (
            st.lists(below, max_size=4)
            | st.dictionaries(st.sampled_from(["k", "l", "Ref"]), below, max_size=2)
            | st.builds(lambda n, a: {n: a}, NAMES, below | st.lists(below, min_size=2, max_size=3))
            | st.builds(lambda a, b: fn("If", ["Yes", a, b]), below, below)
            | st.builds(lambda m: fn("Join", ["-", m]), st.lists(below, max_size=3))
        ),
        max_leaves=10,
    )


@settings(max_examples=300)
@given(values(SCALARS | REFERENCES | LATE), st.sampled_from([SCOPE, EXTENDED]))
def test_evaluation_fails_with_an_evaluation_error_or_not_at_all(value, scope):
    try:
        evaluate(value, scope)
    except EvaluationError:
        event("refused")


@settings(max_examples=300)
@given(values(SCALARS | REFERENCES), st.sampled_from([SCOPE, EXTENDED]))
def test_nothing_is_unknown_where_nothing_is_late(value, scope):
    try:
        assert is_known(evaluate(value, scope))
    except EvaluationError:
        event("refused")


@settings(max_examples=300)
@given(values(SCALARS | REFERENCES | LATE))
def test_what_is_known_early_does_not_change_when_the_late_becomes_known(value):
    late = Scope(
        **{f: getattr(SCOPE, f) for f in SCOPE.__slots__ if f not in ("ref", "attribute")},
        ref=lambda name: "later-1" if name == "Later" else ref(name),
        attribute=lambda name, a: f"later-1.{a}" if name == "Later" else attribute(name, a),
    )
    try:
        early = evaluate(value, SCOPE)
        now = evaluate(value, late)
    except EvaluationError:
        return
    agree(early, now)


def agree(early, now):
    if isinstance(early, Unknown):
        return
    if isinstance(early, dict):
        for key in early:
            agree(early[key], now[key])
    elif isinstance(early, list):
        for a, b in zip(early, now, strict=True):
            agree(a, b)
    else:
        assert early == now
