"""What a change of a property does to its resource. AWS: Update behaviors of stack resources."""

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from understudy.app.schemas import resource_types, schemas_of
from understudy.cloudformation.schema import Schemas
from understudy.control.events import Params
from understudy.control.plane import PlaneConfig
from understudy.engine.engine import World
from understudy.testing.account import Account
from understudy.testing.stack_story import StackStory, template, thing
from understudy.testing.things import SCHEMA, THING, THINGS, Things

CHANGES: dict[str, tuple[Params, Params, bool]] = {
    "of a property that can be changed": ({"Size": 1}, {"Size": 2}, False),
    "of a property that cannot be read back": ({"Secret": "a"}, {"Secret": "b"}, False),
    "of a property that is fixed at creation": ({"Kind": "a"}, {"Kind": "b"}, True),
    "that adds such a property": ({}, {"Kind": "b"}, True),
    "that takes such a property away": ({"Kind": "a"}, {}, True),
    "of both kinds": ({"Kind": "a", "Size": 1}, {"Kind": "b", "Size": 2}, True),
}


@pytest.mark.parametrize(("before", "after", "replaces"), CHANGES.values(), ids=CHANGES)
def test_a_change_replaces_the_resource_or_does_not(
    stack: StackStory, before: Params, after: Params, replaces: bool
) -> None:
    stack.create({"A": thing(**before)})
    old = stack.physical("A")
    assert stack.update({"A": thing(**after)}) == "UPDATE_COMPLETE"
    assert (stack.physical("A") != old) == replaces


def test_a_property_that_only_the_service_sets_is_refused(stack: StackStory) -> None:
    stack.create({"A": thing()})
    assert stack.update({"A": thing(Arn="mine")}) == "UPDATE_ROLLBACK_COMPLETE"
    assert any("stack UPDATE_FAILED Validation failed" in line for line in stack.events())


def with_schema(world: World, things: Things, **more: Any) -> StackStory:
    """A stack of an account whose things have another schema, which may say they are fixed."""

    class Source:
        def names(self) -> Collection[str]:
            return (THING,)

        def schema(self, name: str) -> Mapping[str, Any] | None:
            return {**SCHEMA, **more} if name == THING else None

    schemas = Schemas(Source())
    kind = THINGS if "update" in schemas.get(THING).raw["handlers"] else None
    types = {THING: kind or dataclasses.replace(THINGS, update=None)}
    changed = dataclasses.replace(world, types=types, schemas=lambda region: schemas)
    return StackStory(Account(changed, things))


def test_a_type_that_cannot_be_updated_is_replaced_by_any_change(
    world: World, things: Things
) -> None:
    handlers = {"create": {}, "read": {}, "delete": {}}
    stack = with_schema(world, things, handlers=handlers)
    stack.create({"A": thing(Size=1)})
    old = stack.physical("A")
    assert stack.update({"A": thing(Size=2)}) == "UPDATE_COMPLETE"
    assert stack.physical("A") != old


def test_a_property_that_may_be_fixed_is_left_to_the_service(world: World, things: Things) -> None:
    stack = with_schema(
        world, things, conditionalCreateOnlyProperties=["/properties/Size"], createOnlyProperties=[]
    )
    stack.create({"A": thing(Size=1)})
    old = stack.physical("A")
    assert stack.update({"A": thing(Size=2)}) == "UPDATE_COMPLETE"
    assert stack.physical("A") == old


@pytest.mark.parametrize(
    ("strategy", "order"),
    [
        ("create_then_delete", ["CreateThing", "DeleteThing"]),
        ("delete_then_create", ["DeleteThing", "CreateThing"]),
    ],
)
def test_a_replacement_comes_before_or_after_the_old_resource_goes(
    world: World, things: Things, strategy: str, order: list[str]
) -> None:
    stack = with_schema(world, things, replacementStrategy=strategy)
    stack.create({"A": thing(Kind="one")})
    things.calls.clear()
    assert stack.update({"A": thing(Kind="two")}) == "UPDATE_COMPLETE"
    assert [operation for operation, _ in things.calls] == order


POLICIES: dict[str, tuple[str, Params, Params, str]] = {
    "shards": (
        "AWS::ElastiCache::ReplicationGroup",
        {"ReplicationGroupDescription": "d", "NumNodeGroups": 1},
        {"ReplicationGroupDescription": "d", "NumNodeGroups": 2},
        "UseOnlineResharding",
    ),
    "a version": (
        "AWS::OpenSearchService::Domain",
        {"EngineVersion": "OpenSearch_2.11"},
        {"EngineVersion": "OpenSearch_2.13"},
        "EnableVersionUpgrade",
    ),
}


@pytest.mark.parametrize("kept", [True, False], ids=["with its policy", "without"])
@pytest.mark.parametrize(("kind", "before", "after", "policy"), POLICIES.values(), ids=POLICIES)
def test_a_change_that_a_policy_lets_happen_in_place_replaces_without_it(
    things: Things, kind: str, before: Params, after: Params, policy: str, kept: bool
) -> None:
    world = World(PlaneConfig(ZoneInfo), resource_types(), schemas_of)
    stack = StackStory(Account(world, things))

    def resource(properties: Params) -> Params:
        return {"R": {"Type": kind, "Properties": properties, "UpdatePolicy": {policy: kept}}}

    assert stack.create(resource(before)) == "CREATE_COMPLETE"
    stack.call("CreateChangeSet", ChangeSetName="c", TemplateBody=template(resource(after)))
    (change,) = stack.ask("DescribeChangeSet", ChangeSetName="c")["Changes"]
    assert change["ResourceChange"]["Replacement"] == "Conditional"
    stack.events()
    assert stack.update(resource(after)) == "UPDATE_COMPLETE"
    replaced = any("requires the creation of a new physical resource" in e for e in stack.events())
    assert replaced != kept
