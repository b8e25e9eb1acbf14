"""Why a change set has failed, as people are told it."""

from collections.abc import Generator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from understudy.app.invalid_changes import found_in
from understudy.app.schemas import schemas_of
from understudy.control.events import Params
from understudy.control.plane import PlaneConfig
from understudy.engine.engine import World
from understudy.resources.registry import BY_NAME
from understudy.testing.account import Account
from understudy.testing.outside import Services
from understudy.testing.stack_story import StackStory, template


class Api:
    """DescribeEvents of an account, as boto3 offers it."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def describe_events(self, **params: Any) -> Params:
        return self._account.ask("cloudformation", "DescribeEvents", **params)


@pytest.fixture
def account(tmp_path: Path) -> Generator[Account]:
    services = Services(tmp_path)
    yield Account(World(PlaneConfig(ZoneInfo), BY_NAME, schemas_of), services)
    services.objects.store.close()


def failed(account: Account, resources: Params) -> Params:
    """A described change set of a new stack."""
    stack = StackStory(account)
    body = template(resources)
    stack.call("CreateChangeSet", ChangeSetName="c", ChangeSetType="CREATE", TemplateBody=body)
    return stack.ask("DescribeChangeSet", ChangeSetName="c")


def test_what_validation_has_found_is_told_with_its_place(account: Account) -> None:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"Colour": "red", "DelaySeconds": "x"}}
    found = found_in(Api(account), failed(account, {"Q": queue}))
    assert [(each.summary, each.path) for each in found] == [
        ("Q: #: extraneous key [Colour] is not permitted", ("Resources", "Q", "Properties")),
        (
            "Q: #/DelaySeconds: expected type: Integer, found: String",
            ("Resources", "Q", "Properties", "DelaySeconds"),
        ),
    ]


def test_another_failure_is_its_reason(account: Account) -> None:
    described = {"StatusReason": "No updates are to be performed.", "ChangeSetId": "c"}
    assert [each.summary for each in found_in(Api(account), described)] == [
        "No updates are to be performed."
    ]
