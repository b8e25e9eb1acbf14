"""Loops written out, and names made of functions."""

import pytest

from understudy.cloudformation.language_extensions import expand
from understudy.cloudformation.resolve import Scope
from understudy.cloudformation.template import read

SCOPE = Scope(
    parameters={"Names": ["alpha", "be-ta"], "Name": "alpha"},
    pseudo={"AWS::Region": "us-east-1"},
    mappings={"M": {"us-east-1": {"Zones": ["a", "b"]}}},
    extensions=True,
)


def template(resources, **sections):
    return {"Transform": "AWS::LanguageExtensions", "Resources": resources} | sections


def expanded(data):
    found, diagnostics = expand(data, SCOPE)
    assert found is not None, diagnostics
    return found


def topic(**properties):
    return {"Type": "AWS::SNS::Topic", "Properties": properties}


def loop(identifier, collection, **fragment):
    return [identifier, collection, fragment]


def test_a_loop_makes_a_member_for_each_item():
    data = template({"Fn::ForEach::L": ["X", ["a", "b"], {"T${X}": topic(TopicName={"Ref": "X"})}]})
    found = expanded(data)["Resources"]
    assert found == {"Ta": topic(TopicName="a"), "Tb": topic(TopicName="b")}
    assert read(expanded(data))[1] == []


@pytest.mark.parametrize(
    "collection",
    [
        {"Ref": "Names"},
        {"Fn::Split": [",", "alpha,be-ta"]},
        ["alpha", {"Fn::Join": ["-", ["be", "ta"]]}],
        [{"Ref": "Names"}],
    ],
)
def test_a_collection_may_be_any_function_that_gives_a_list(collection):
    data = template({"Fn::ForEach::L": ["X", collection, {"P&{X}": topic()}]})
    assert list(expanded(data)["Resources"]) == ["Palpha", "Pbeta"]


def test_where_an_identifier_is_replaced_and_where_it_is_not():
    properties = {
        "Ref": {"Ref": "X"},
        "Sub": {"Fn::Sub": "${X}-${AWS::Region}-&{X}"},
        "Variables": {"Fn::Sub": ["${X}${Y}", {"X": "own", "Y": {"Ref": "X"}}]},
        "Plain": "${X}",
        "Nested${X}": 1,
    }
    data = template({"Fn::ForEach::L": ["X", ["a-1"], {"T&{X}": topic(**properties)}]})
    assert expanded(data)["Resources"]["Ta1"]["Properties"] == {
        "Ref": "a-1",
        "Sub": {"Fn::Sub": "a-1-${AWS::Region}-&{X}"},
        "Variables": {"Fn::Sub": ["${X}${Y}", {"X": "own", "Y": "a-1"}]},
        "Plain": "${X}",
        "Nested${X}": 1,
    }


def test_loops_may_nest_and_stand_in_properties_conditions_and_outputs():
    inner = ["Y", ["1", "2"], {"T${X}${Y}": topic(Name={"Fn::Sub": "${X}.${Y}"})}]
    data = template(
        {
            "Fn::ForEach::Outer": ["X", ["a", "b"], {"Fn::ForEach::Inner": inner}],
            "Main": topic(**{"Fn::ForEach::P": ["K", ["p", "q"], {"Prop${K}": {"Ref": "K"}}]}),
        },
        Conditions={
            "Fn::ForEach::C": ["X", ["a"], {"Is${X}": {"Fn::Equals": [{"Ref": "X"}, "a"]}}]
        },
        Outputs={"Fn::ForEach::O": ["X", ["a"], {"Out${X}": {"Value": {"Ref": "X"}}}]},
    )
    found = expanded(data)
    assert list(found["Resources"]) == ["Ta1", "Ta2", "Tb1", "Tb2", "Main"]
    assert found["Resources"]["Tb2"]["Properties"]["Name"] == {"Fn::Sub": "b.2"}
    assert found["Resources"]["Main"]["Properties"] == {"Propp": "p", "Propq": "q"}
    assert found["Conditions"] == {"Isa": {"Fn::Equals": ["a", "a"]}}
    assert found["Outputs"] == {"Outa": {"Value": "a"}}


def test_a_name_made_of_functions_becomes_a_name():
    member = topic(
        Peer={"Ref": {"Fn::Sub": "T${X}"}}, Arn={"Fn::GetAtt": [{"Fn::Sub": "T${X}"}, "A"]}
    )
    member |= {"DependsOn": {"Fn::Sub": "Base${X}"}, "Condition": {"Fn::Sub": "Is${X}"}}
    found = expanded(template({"Fn::ForEach::L": ["X", ["a"], {"U${X}": member}]}))
    assert found["Resources"]["Ua"] == {
        "Type": "AWS::SNS::Topic",
        "Properties": {"Peer": {"Ref": "Ta"}, "Arn": {"Fn::GetAtt": ["Ta", "A"]}},
        "DependsOn": "Basea",
        "Condition": "Isa",
    }


def test_an_item_that_looks_like_an_identifier_is_not_replaced_again():
    inner = ["Y", ["y"], {"T&{X}${Y}": topic(Name={"Fn::Sub": "${X}"})}]
    data = template({"Fn::ForEach::A": ["X", ["${Y}"], {"Fn::ForEach::B": inner}]})
    assert expanded(data)["Resources"] == {"TYy": topic(Name={"Fn::Sub": "${Y}"})}


PREFIX = "Transform AWS::LanguageExtensions failed with: "


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        pytest.param(
            {"Fn::ForEach::L": ["X", ["a"]]}, "Fn::ForEach layout is incorrect", id="two parts"
        ),
        pytest.param(
            {"Fn::ForEach::L": ["X", ["a"], {"T": topic()}]},
            "Fn::ForEach layout is incorrect: T must contain ${X}",
            id="a key without its identifier",
        ),
        pytest.param(
            {"Fn::ForEach::L": ["X", {"Ref": "Nope"}, {"T${X}": topic()}]},
            "Could not find a collection or could not be resolved for Fn::ForEach",
            id="a collection that is not there",
        ),
        pytest.param(
            {"Fn::ForEach::L": ["X", "a", {"T${X}": topic()}]},
            "Could not find a collection or could not be resolved for Fn::ForEach",
            id="a collection that is no list",
        ),
        pytest.param(
            {"Fn::ForEach::L": ["X", ["a", "a"], {"T${X}": topic()}]},
            "Fn::ForEach makes Ta more than once",
            id="the same member twice",
        ),
        pytest.param(
            {
                "Fn::ForEach::L": ["X", ["a"], {"T${X}": topic()}],
                "A": {"P": {"Fn::ForEach::L": []}},
            },
            "Fn::ForEach loop name L is not unique",
            id="a loop name used twice",
        ),
        pytest.param(
            {"Fn::ForEach::A": ["X", ["a"], {"T${X}": topic()}], "A": topic()},
            "Fn::ForEach loop name A is a logical ID as well",
            id="a loop named as a resource",
        ),
    ],
)
def test_a_loop_that_cannot_be_written_out_says_why(resources, message):
    found, (diagnostic,) = expand(template(resources), SCOPE)
    assert found is None
    assert diagnostic.summary.startswith(PREFIX + message)
    assert diagnostic.path[0] == "Resources"


def test_a_loop_outside_its_sections_is_refused():
    data = template({"A": topic()}, Mappings={"Fn::ForEach::L": ["X", ["a"], {"M${X}": {}}]})
    found, (diagnostic,) = expand(data, SCOPE)
    assert found is None
    assert "not supported in the Mappings section" in diagnostic.summary


def test_loops_that_multiply_without_end_are_stopped():
    items = [str(n) for n in range(100)]
    inner = ["Z", items, {"T${X}a${Y}b${Z}": 1}]
    middle = ["Y", items, {"Fn::ForEach::C": inner}]
    data = template({"Fn::ForEach::A": ["X", items, {"Fn::ForEach::B": middle}]})
    found, (diagnostic,) = expand(data, SCOPE)
    assert found is None
    assert "more than 10000 members" in diagnostic.summary
