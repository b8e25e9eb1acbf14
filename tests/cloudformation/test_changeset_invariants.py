"""What holds of every change set: over random templates that refer to each other."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.cloudformation.change import Change
from understudy.testing.stacks import changes_between


@st.composite
def stacks(draw):
    """Templates whose resources refer to those before them in a random order."""
    names = draw(st.permutations(["A", "B", "C", "D"]))

    resources = {}
    for index, name in enumerate(names):
        earlier = names[:index]
        literal = st.sampled_from(["x", "y", 1, True])
        choices = [literal, st.just({"Ref": "P"})]
        if earlier:
            choices += [
                st.builds(lambda n: {"Ref": n}, st.sampled_from(earlier)),
                st.builds(lambda n: {"Fn::GetAtt": [n, "Arn"]}, st.sampled_from(earlier)),
                st.builds(lambda n: {"Fn::Sub": f"${{{n}}}-${{P}}"}, st.sampled_from(earlier)),
                st.builds(
                    lambda n: {"Fn::If": ["Big", {"Ref": n}, {"Ref": "AWS::NoValue"}]},
                    st.sampled_from(earlier),
                ),
            ]
        value = st.one_of(choices)
        properties = draw(
            st.dictionaries(
                st.sampled_from(["DisplayName", "TopicName", "Tags"]), value, max_size=3
            )
        )
        if "Tags" in properties:
            properties["Tags"] = [{"Key": "k", "Value": properties["Tags"]}]
        resources[name] = {"Type": "AWS::SNS::Topic", "Properties": properties}
    return {
        "Resources": resources,
        "Parameters": {"P": {"Type": "String", "Default": draw(st.sampled_from("ab"))}},
        "Conditions": {"Big": {"Fn::Equals": [{"Ref": "P"}, "a"]}},
    }


@settings(max_examples=60)
@given(stacks())
def test_a_plan_of_what_is_deployed_is_empty(schemas, template):
    assert changes_between(template, template, schemas) == ()


@settings(max_examples=40)
@given(stacks(), stacks(), st.randoms(use_true_random=False))
def test_a_plan_does_not_depend_on_the_order_of_declaration(schemas, before, after, rng):
    shuffled = dict(after)
    names = list(after["Resources"])
    rng.shuffle(names)
    shuffled["Resources"] = {name: after["Resources"][name] for name in names}
    assert changes_between(before, after, schemas) == changes_between(before, shuffled, schemas)


@settings(max_examples=40)
@given(stacks(), stacks())
def test_every_modification_says_why_and_its_replacement_follows_from_its_details(
    schemas, before, after
):
    for change in changes_between(before, after, schemas):
        if change.action == "Modify":
            assert change.details
            assert change.scope == tuple(sorted({d.attribute for d in change.details}))
            recreations = {d.requires_recreation for d in change.details}
            assert (recreations == {"Never"}) == (change.replacement == "False")


@settings(max_examples=20)
@given(stacks(), stacks())
def test_a_change_survives_being_stored(schemas, before, after):
    changes = changes_between(before, after, schemas)
    stored = msgspec.json.encode(changes)
    assert msgspec.json.decode(stored, type=tuple[Change, ...]) == changes
