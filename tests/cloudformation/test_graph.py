"""Dependencies, layers and cycles."""

from hypothesis import given
from hypothesis import strategies as st

from understudy.cloudformation.graph import circular, dependencies, layers
from understudy.testing.stacks import template_of


def graph_of(conditions=None, **resources):
    members = {
        name: {"Type": "T", "Properties": properties} for name, properties in resources.items()
    }
    return dependencies(template_of({"Resources": members}), conditions)


def test_every_way_to_refer_is_a_dependency_with_its_path():
    template = template_of(
        {
            "Resources": {
                "A": {"Type": "T"},
                "B": {"Type": "T", "Properties": {"X": [{"Ref": "A"}]}},
                "C": {"Type": "T", "Properties": {"Y": {"Fn::GetAtt": ["B", "Arn"]}}},
                "D": {"Type": "T", "Metadata": {"m": {"Fn::Sub": "${C.Arn}-${AWS::Region}"}}},
                "E": {"Type": "T", "DependsOn": ["A", "D"]},
                "F": {"Type": "T", "Properties": {"Z": {"Fn::Sub": ["${A}", {"A": "own"}]}}},
            }
        }
    )
    assert dependencies(template) == {
        "A": {},
        "B": {"A": ("Properties", "X", 0, "Ref")},
        "C": {"B": ("Properties", "Y", "Fn::GetAtt")},
        "D": {"C": ("Metadata", "m", "Fn::Sub")},
        "E": {"A": ("DependsOn", 0), "D": ("DependsOn", 1)},
        "F": {},
    }
    assert layers(dependencies(template)) == (("A", "F"), ("B",), ("C",), ("D",), ("E",))


def test_a_branch_that_is_not_taken_adds_no_dependency():
    choice = {"Fn::If": ["C", {"Ref": "A"}, {"Ref": "B"}]}
    needs = graph_of(A={}, B={}, D={"X": choice})["D"]
    assert set(needs) == {"A", "B"}
    assert set(graph_of({"C": True}, A={}, B={}, D={"X": choice})["D"]) == {"A"}
    assert set(graph_of({"C": False}, A={}, B={}, D={"X": choice})["D"]) == {"B"}


def test_a_cycle_is_named_with_all_that_needs_it_and_drawn_in_the_detail():
    graph = graph_of(
        Free={},
        A={"Name": {"Ref": "B"}},
        B={"Rules": [{"Id": {"Fn::GetAtt": ["A", "Arn"]}}]},
        User={"X": {"Ref": "A"}},
    )
    found = circular(graph)
    assert found.summary == "Circular dependency between resources: [A, B, User]"
    assert found.detail.splitlines() == [
        "A -> B via Properties/Name/Ref",
        "B -> A via Properties/Rules/0/Id/Fn::GetAtt",
    ]
    assert found.path == ("Resources", "A", "Properties", "Name", "Ref")


def test_a_resource_that_needs_itself_is_a_cycle():
    found = circular(graph_of(A={"X": {"Ref": "A"}}))
    assert found.summary == "Circular dependency between resources: [A]"
    assert found.detail == "A -> A via Properties/X/Ref"


def test_two_cycles_are_both_drawn():
    found = circular(graph_of(A={"X": {"Ref": "B"}}, B={"X": {"Ref": "A"}}, C={"X": {"Ref": "C"}}))
    assert len(found.detail.splitlines()) == 3


NAMES = [f"R{n}" for n in range(8)]
GRAPHS = st.fixed_dictionaries(
    {
        name: st.lists(st.sampled_from(NAMES), max_size=3).map(lambda n: dict.fromkeys(n, ()))
        for name in NAMES
    }
)


@given(GRAPHS)
def test_layers_hold_every_resource_once_after_all_it_needs_unless_it_is_stuck(graph):
    placed = {}
    for depth, layer in enumerate(layers(graph)):
        for name in layer:
            assert name not in placed
            placed[name] = depth
    for name, depth in placed.items():
        assert all(placed[need] < depth for need in graph[name])
    stuck = set(graph) - set(placed)
    assert bool(stuck) == (circular(graph) is not None)
    assert all(set(graph[name]) & stuck for name in stuck)


def test_a_long_chain_is_ordered_in_no_time():
    graph = {"R0": {}} | {f"R{n}": {f"R{n - 1}": ()} for n in range(1, 5000)}
    assert len(layers(graph)) == 5000
