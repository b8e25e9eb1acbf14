"""Pseudo parameters, in every place where values stand. AWS: Pseudo parameters reference."""

from typing import Any

import pytest

from understudy.testing.outside import Services
from understudy.testing.stack_story import StackStory, thing
from understudy.testing.things import Things

VALUES = {
    "AWS::AccountId": "000000000000",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "app",
    "AWS::URLSuffix": "amazonaws.com",
}


def made(stack: StackStory, things: Things, value: Any, **sections: Any) -> Any:
    assert stack.create({"A": thing(Needs=value)}, sections=sections) == "CREATE_COMPLETE"
    return things.things[stack.physical("A")].get("Needs", "absent")


@pytest.mark.parametrize(("name", "value"), VALUES.items())
def test_ref_gives_its_value(stack: StackStory, things: Things, name: str, value: Any) -> None:
    assert made(stack, things, {"Ref": name}) == value


def test_the_id_of_the_stack_is_its_arn(stack: StackStory, things: Things) -> None:
    assert made(stack, things, {"Ref": "AWS::StackId"}) == stack.id


def test_the_topics_that_are_told_of_a_stack_are_a_list(
    real: StackStory, services: Services
) -> None:
    topic = services.ask("sns", "CreateTopic", Name="told")["TopicArn"]
    resources = {"A": thing(Needs={"Ref": "AWS::NotificationARNs"})}
    real.create(resources, NotificationARNs=[topic])
    assert services.things.things[real.physical("A")]["Needs"] == [topic]


def test_they_stand_in_texts_that_are_put_together(stack: StackStory, things: Things) -> None:
    text = "arn:${AWS::Partition}:x:${AWS::Region}:${AWS::AccountId}:${AWS::StackName}"
    assert made(stack, things, {"Fn::Sub": text}) == "arn:aws:x:us-east-1:000000000000:app"


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ({"a": 1, "b": {"Ref": "AWS::NoValue"}}, {"a": 1}),
        (["a", {"Ref": "AWS::NoValue"}, "b"], ["a", "b"]),
        ({"Ref": "AWS::NoValue"}, "absent"),
        ({"Fn::If": ["Never", "x", {"Ref": "AWS::NoValue"}]}, "absent"),
    ],
    ids=["a key", "a member of a list", "a property", "a branch"],
)
def test_no_value_takes_away_what_it_stands_for(
    stack: StackStory, things: Things, value: Any, left: Any
) -> None:
    never = {"Never": {"Fn::Equals": ["a", "b"]}}
    assert made(stack, things, value, Conditions=never) == left


def test_they_may_be_compared_in_conditions(stack: StackStory) -> None:
    here = {"Fn::Equals": [{"Ref": "AWS::Region"}, "us-east-1"]}
    there = {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}
    resources = {"A": thing(_Condition="Here"), "B": thing(_Condition="There")}
    stack.create(resources, sections={"Conditions": {"Here": here, "There": there}})
    assert set(stack.resources) == {"A"}
