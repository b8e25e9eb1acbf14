"""Custom resources: what a provider may answer. AWS: Custom resource response objects."""

import pytest

from understudy.control.events import Call, Params
from understudy.testing.stack_story import StackStory, thing
from understudy.testing.things import Things

KIND = "AWS::CloudFormation::CustomResource"
MADE = {"Status": "SUCCESS", "PhysicalResourceId": "made"}


class Provider(Things):
    """Things, and a provider that gives one answer. ``asked`` are the events that it was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.reply: Params = MADE
        self.asked: list[Params] = []

    def answer(self, call: Call) -> Params:
        if call.operation != "understudy:Ask":
            return super().answer(call)
        self.asked.append(call.params["Event"])
        return self.reply if call.params["Event"]["RequestType"] != "Delete" else MADE


@pytest.fixture
def things() -> Provider:
    return Provider()


CUSTOM = {"C": {"Type": KIND, "Properties": {"ServiceToken": "arn:provider", "Count": 3}}}


def test_a_provider_is_asked_and_its_data_are_attributes(
    stack: StackStory, things: Provider
) -> None:
    things.reply = {**MADE, "Data": {"Url": "https://made"}}
    user = {"U": thing(Needs={"Fn::GetAtt": ["C", "Url"]})}
    assert stack.create({**CUSTOM, **user}) == "CREATE_COMPLETE"
    assert stack.physical("C") == "made"
    assert things.asked[0]["ResourceProperties"] == {"ServiceToken": "arn:provider", "Count": "3"}
    assert things.things[stack.physical("U")]["Needs"] == "https://made"


@pytest.mark.parametrize(("size", "ends"), [(3900, "CREATE_COMPLETE"), (4100, "ROLLBACK_COMPLETE")])
def test_an_answer_of_more_than_4096_bytes_fails_the_resource(
    stack: StackStory, things: Provider, size: int, ends: str
) -> None:
    things.reply = {**MADE, "Data": {"Text": "x" * size}}
    assert stack.create(CUSTOM) == ends
    failed = [line for line in stack.events() if line.endswith("Response object is too long.")]
    assert bool(failed) == (ends == "ROLLBACK_COMPLETE")


def test_another_physical_id_replaces_the_resource(stack: StackStory, things: Provider) -> None:
    stack.create(CUSTOM)
    things.reply = {**MADE, "PhysicalResourceId": "other"}
    properties = {"ServiceToken": "arn:provider", "Count": 4}
    assert stack.update({"C": {"Type": KIND, "Properties": properties}}) == "UPDATE_COMPLETE"
    assert [each["RequestType"] for each in things.asked] == ["Create", "Update", "Delete"]
    assert things.asked[-1]["PhysicalResourceId"] == "made"
