"""Binding parameters: where values come from, what types make of them, what is refused."""

import pytest

from understudy.cloudformation.parameters import bind, given, stored_names, typed
from understudy.cloudformation.template import read_parameters

SSM = "AWS::SSM::Parameter::Value<String>"


def declared(**parameters):
    found, diagnostics = read_parameters({"Parameters": parameters})
    assert found is not None, diagnostics
    return found


def summaries(parameters, supplied, **options):
    bound, diagnostics = bind(declared(**parameters), supplied, **options)
    assert (bound is None) == bool(diagnostics)
    return [d.summary for d in diagnostics]


def test_a_value_is_supplied_or_previous_or_the_default():
    parameters = declared(
        A={"Type": "String", "Default": "default"},
        B={"Type": "String", "Default": "default"},
        C={"Type": "String", "Default": "default"},
    )
    bound, _ = bind(
        parameters,
        {"A": "supplied"},
        previous={"A": "previous", "B": "previous", "C": "previous"},
        use_previous=["A", "B"],
    )
    assert bound.texts == {"A": "supplied", "B": "previous", "C": "default"}
    assert given(parameters, {}) == dict.fromkeys("ABC", "default")


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        ("String", " a, b ", " a, b "),
        ("Number", "080", "080"),
        ("CommaDelimitedList", "a, b ,,c", ["a", "b", "", "c"]),
        ("CommaDelimitedList", "", []),
        ("List<Number>", "1, 2", ["1", "2"]),
        ("List<AWS::EC2::Subnet::Id>", "subnet-1,subnet-2", ["subnet-1", "subnet-2"]),
        ("AWS::EC2::VPC::Id", "vpc-1", "vpc-1"),
        ("AWS::SSM::Parameter::Value<List<String>>", "a,b", ["a", "b"]),
        ("AWS::SSM::Parameter::Value<CommaDelimitedList>", "a,b", ["a", "b"]),
        ("AWS::SSM::Parameter::Name", "/a/b", "/a/b"),
    ],
)
def test_ref_gives_what_the_type_says(kind, written, value):
    assert typed(kind, written) == value


@pytest.mark.parametrize(
    ("parameters", "supplied", "summary"),
    [
        pytest.param(
            {"A": {"Type": "String"}, "B": {"Type": "Number"}},
            {},
            "Parameters: [A, B] must have values",
            id="row 29",
        ),
        pytest.param(
            {"A": {"Type": "String", "Default": "a"}},
            {"X": "1", "Y": "2"},
            "Parameters: [X, Y] do not exist in the template",
            id="row 30",
        ),
        pytest.param(
            {"Stage": {"Type": "String", "AllowedValues": ["dev", "prod"]}},
            {"Stage": "test"},
            "Parameter 'Stage' must be one of AllowedValues",
            id="row 31",
        ),
        pytest.param(
            {"Stages": {"Type": "CommaDelimitedList", "AllowedValues": ["a", "b"]}},
            {"Stages": "a, c"},
            "Parameter 'Stages' must be one of AllowedValues",
            id="row 31, each member of a list",
        ),
        pytest.param(
            {"Value": {"Type": "Number"}},
            {"Value": "seven"},
            "Parameter 'Value' must be a number.",
            id="row 32",
        ),
        pytest.param(
            {"Value": {"Type": "List<Number>"}},
            {"Value": "1, x"},
            "Parameter 'Value' must be a number.",
            id="row 32, each member of a list",
        ),
        pytest.param(
            {"InputValue": {"Type": SSM}},
            {},
            "Parameter InputValue should either have input value or default value",
            id="row 33",
        ),
        pytest.param(
            {"P": {"Type": "String", "AllowedPattern": "[A-Za-z0-9]+"}},
            {"P": "a-b"},
            "Parameter 'P' must match pattern [A-Za-z0-9]+",
            id="row 34",
        ),
        pytest.param(
            {
                "P": {
                    "Type": "String",
                    "AllowedPattern": "[a-z]+",
                    "ConstraintDescription": "letters only",
                }
            },
            {"P": "A"},
            "Parameter P failed to satisfy constraint: letters only",
            id="row 34, with a description",
        ),
        pytest.param(
            {"P": {"Type": "String", "MinLength": "3"}},
            {"P": "ab"},
            "Parameter 'P' must contain at least 3 characters",
            id="too short",
        ),
        pytest.param(
            {"P": {"Type": "String", "MaxLength": 1}},
            {"P": "ab"},
            "Parameter 'P' must contain at most 1 characters",
            id="too long",
        ),
        pytest.param(
            {"P": {"Type": "Number", "MinValue": 1}},
            {"P": "0.5"},
            "Parameter 'P' must be a number not less than 1",
            id="too small",
        ),
        pytest.param(
            {"P": {"Type": "Number", "MaxValue": "10"}},
            {"P": "1e2"},
            "Parameter 'P' must be a number not greater than 10",
            id="too large",
        ),
        pytest.param(
            {"P": {"Type": "String", "Default": "x", "AllowedValues": ["a"]}},
            {},
            "Parameter 'P' must be one of AllowedValues",
            id="a default that does not fit",
        ),
        pytest.param(
            {"P": {"Type": "String"}},
            {"P": "x" * 4097},
            "Parameter 'P' must contain at most 4096 bytes",
            id="over the quota",
        ),
    ],
)
def test_a_value_that_does_not_fit_is_refused(parameters, supplied, summary):
    assert summaries(parameters, supplied) == [summary]


def test_all_that_is_wrong_is_found_at_once():
    parameters = {"A": {"Type": "String"}, "N": {"Type": "Number"}}
    assert summaries(parameters, {"N": "x", "Zonk": "1"}) == [
        "Parameters: [A] must have values",
        "Parameters: [Zonk] do not exist in the template",
        "Parameter 'N' must be a number.",
    ]


def test_a_pattern_may_use_the_classes_of_java():
    parameters = {"P": {"Type": "String", "AllowedPattern": "[a-z&&[^x]]+\\p{Alpha}"}}
    assert summaries(parameters, {"P": "aeB"}) == []
    assert summaries(parameters, {"P": "axB"}) == [
        "Parameter 'P' must match pattern [a-z&&[^x]]+\\p{Alpha}"
    ]


def test_a_pattern_that_would_take_for_ever_fits_nothing_and_ends():
    parameters = {"P": {"Type": "String", "AllowedPattern": "((a|aa)+)+$"}}
    assert summaries(parameters, {"P": "a" * 60 + "b"}) == [
        "Parameter 'P' must match pattern ((a|aa)+)+$"
    ]


def test_a_pattern_that_cannot_be_read_holds_nothing_against_a_value():
    parameters = {"P": {"Type": "String", "AllowedPattern": "[a-z]+(?<n>"}}
    assert summaries(parameters, {"P": "anything"}) == []


def test_the_parameter_store_is_asked_for_values_and_both_are_shown():
    parameters = declared(V={"Type": SSM, "Default": "/my/version"}, S={"Type": "String"})
    assert stored_names(parameters, given(parameters, {})) == {"V": "/my/version"}
    bound, _ = bind(parameters, {"S": "x"}, stored={"/my/version": "32"})
    assert bound.values == {"V": "32", "S": "x"}
    assert bound.shown() == [
        {"ParameterKey": "V", "ParameterValue": "/my/version", "ResolvedValue": "32"},
        {"ParameterKey": "S", "ParameterValue": "x"},
    ]


def test_a_name_that_the_parameter_store_lacks_is_refused():
    assert summaries({"V": {"Type": SSM, "Default": "/a/b"}}, {}) == [
        "Unable to fetch parameters [/a/b] from parameter store for this account."
    ]


def test_the_constraints_of_a_stored_parameter_hold_for_its_value():
    parameters = {"V": {"Type": SSM, "Default": "/a", "AllowedValues": ["1"]}}
    assert summaries(parameters, {}, stored={"/a": "1"}) == []
    assert summaries(parameters, {}, stored={"/a": "2"}) == [
        "Parameter 'V' must be one of AllowedValues"
    ]


def test_a_no_echo_value_is_shown_as_four_asterisks():
    bound, _ = bind(declared(P={"Type": "String", "NoEcho": "true"}), {"P": "secret"})
    assert bound.values == {"P": "secret"}
    assert bound.shown() == [{"ParameterKey": "P", "ParameterValue": "****"}]
