"""A StackSet as a resource of a stack: its instances come and go with the template."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from understudy.app.schemas import CfnLintSchemas
from understudy.base.arn import ACCOUNT
from understudy.cloudformation.schema import Schemas
from understudy.control.plane import PlaneConfig
from understudy.engine.engine import World
from understudy.resources.registry import BY_NAME
from understudy.testing.account import Account
from understudy.testing.set_story import SetStory, ThingsAndRoles
from understudy.testing.stack_story import StackStory, template, thing
from understudy.testing.things import THINGS, WithThings

EAST, WEST, IRELAND = "us-east-1", "us-west-2", "eu-west-1"


@pytest.fixture(scope="module")
def world() -> World:
    schemas = Schemas(WithThings(CfnLintSchemas()))
    types = {**BY_NAME, THINGS.name: THINGS}
    return World(PlaneConfig(ZoneInfo), types, lambda region: schemas)


@pytest.fixture
def things() -> ThingsAndRoles:
    made = ThingsAndRoles()
    made.grant()
    return made


@pytest.fixture
def stack(world: World, things: ThingsAndRoles) -> StackStory:
    return StackStory(Account(world, things))


def resources(*regions: str, size: int = 1, overrides: Any = ()) -> dict[str, Any]:
    inner = template(
        {"Thing": thing(Size={"Ref": "Size"})},
        Parameters={"Size": {"Type": "Number", "Default": 1}},
    )
    properties: dict[str, Any] = {
        "StackSetName": "fleet",
        "PermissionModel": "SELF_MANAGED",
        "TemplateBody": inner,
        "Parameters": [{"ParameterKey": "Size", "ParameterValue": str(size)}],
        "OperationPreferences": {"RegionOrder": [IRELAND, WEST, EAST]},
        "StackInstancesGroup": [
            {
                "DeploymentTargets": {"Accounts": [ACCOUNT]},
                "Regions": list(regions),
                "ParameterOverrides": [
                    {"ParameterKey": key, "ParameterValue": value} for key, value in overrides
                ],
            }
        ],
    }
    return {"Fleet": {"Type": "AWS::CloudFormation::StackSet", "Properties": properties}}


def sizes(things: ThingsAndRoles) -> list[Any]:
    return sorted(each.get("Size") for each in things.things.values())


def test_a_stack_set_lives_and_dies_with_its_stack(
    stack: StackStory, things: ThingsAndRoles
) -> None:
    outputs = {"Outputs": {"Id": {"Value": {"Fn::GetAtt": ["Fleet", "StackSetId"]}}}}
    assert stack.create(resources(EAST, WEST), sections=outputs) == "CREATE_COMPLETE"
    fleet = SetStory(stack.account)
    assert fleet.instances() == [f"{WEST} CURRENT SUCCEEDED", f"{EAST} CURRENT SUCCEEDED"]
    assert stack.physical("Fleet") == stack.described["Outputs"][0]["OutputValue"]
    assert stack.update(resources(WEST, IRELAND, size=2), sections=outputs) == "UPDATE_COMPLETE"
    assert fleet.instances() == [f"{WEST} CURRENT SUCCEEDED", f"{IRELAND} CURRENT SUCCEEDED"]
    assert sizes(things) == [2, 2]
    wish = resources(WEST, IRELAND, size=2, overrides=[("Size", "5")])
    assert stack.update(wish, sections=outputs) == "UPDATE_COMPLETE"
    assert sizes(things) == [5, 5]
    assert stack.delete() == "DELETE_COMPLETE"
    assert things.things == {}
    listed = stack.account.ask("cloudformation", "ListStackSets", Status="ACTIVE")
    assert listed["Summaries"] == []


def test_a_stack_that_cannot_be_made_fails_the_stack_set_with_its_reason(
    stack: StackStory, things: ThingsAndRoles
) -> None:
    things.refused.add(("CreateThing", "Thing"))
    assert stack.create(resources(EAST)) == "ROLLBACK_COMPLETE"
    failed = next(each for each in stack.events() if "Fleet CREATE_FAILED" in each)
    assert (
        "was unexpectedly stopped or failed. status reason(s): [ResourceLogicalId:Thing" in failed
    )
    assert things.things == {}
