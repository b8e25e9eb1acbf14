"""Killed at any moment: after the restart an operation ends as it would have, made once."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from understudy.control.events import Params
from understudy.engine.engine import World
from understudy.testing.account import Account
from understudy.testing.outside import Services
from understudy.testing.stack_story import LONG, StackStory, template, thing
from understudy.testing.things import Things

BEFORE = {
    "A": thing(Kind="one"),
    "B": thing(Size=1, Needs={"Ref": "A"}, Seconds=5),
    "Gone": thing(_DependsOn="B"),
}
AFTER = {
    "A": thing(Kind="two", Seconds=3),
    "B": thing(Size=2, Needs={"Ref": "A"}),
    "New": thing(_DependsOn="A"),
    "Bad": thing(_DependsOn=["New", "B"]),
}
KILLED = 20_000
FIXTURES = [HealthCheck.function_scoped_fixture]


def steps(account: Account, limit: int) -> int:
    """Let up to so many things happen; how many did."""
    for done in range(limit):
        at = account.next()
        if at == float("inf") or at > account.now + LONG:
            return done
        account.step(at)
    return limit


def create(stack: StackStory, things: Things) -> None:
    stack.id = stack.call("CreateStack", TemplateBody=template(BEFORE))["StackId"]


def failing_creation(stack: StackStory, things: Things) -> None:
    things.refused.add(("CreateThing", "Gone"))
    create(stack, things)


def update(stack: StackStory, things: Things) -> None:
    stack.create(BEFORE)
    stack.call("UpdateStack", TemplateBody=template(AFTER))


def failing_update(stack: StackStory, things: Things) -> None:
    stack.create(BEFORE)
    things.refused.add(("CreateThing", "Bad"))
    stack.call("UpdateStack", TemplateBody=template(AFTER))


def delete(stack: StackStory, things: Things) -> None:
    stack.create(BEFORE)
    stack.call("DeleteStack")


OPERATIONS = [create, failing_creation, update, failing_update, delete]


def outcome(stack: StackStory, things: Things) -> tuple[object, ...]:
    """How it ended: statuses, live things without their generated names, calls by kind."""
    live = sorted((t["LogicalId"], t.get("Size"), t.get("Kind")) for t in things.things.values())
    calls = sorted(operation for operation, _ in things.calls)
    statuses = [line.split(" ")[:2] for line in stack.events()]
    return stack.status, stack.resources, live, calls, sorted(map(tuple, statuses))


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.__name__)
def test_a_kill_at_any_step_changes_nothing_of_the_end(
    world: World, operation: Callable[[StackStory, Things], None]
) -> None:
    things = Things()
    undisturbed = StackStory(Account(world, things))
    operation(undisturbed, things)
    total = steps(undisturbed.account, KILLED)
    expected = outcome(undisturbed, things)
    for killed_after in range(total):
        things = Things()
        stack = StackStory(Account(world, things))
        operation(stack, things)
        steps(stack.account, killed_after)
        stack.account.restart()
        steps(stack.account, KILLED)
        assert outcome(stack, things) == expected, f"killed after {killed_after} steps"


@settings(max_examples=40, deadline=None, suppress_health_check=FIXTURES)
@given(
    names=st.lists(st.sampled_from("ABCDEF"), min_size=1, max_size=6, unique=True),
    edges=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8),
    failing=st.integers(0, 6),
    kills=st.lists(st.integers(1, 12), max_size=3),
)
def test_a_creation_that_fails_leaves_nothing_however_often_it_is_killed(
    world: World,
    names: list[str],
    edges: list[tuple[int, int]],
    failing: int,
    kills: list[int],
) -> None:
    resources = _graph(names, edges)
    things = Things()
    if failing < len(names):
        things.refused.add(("CreateThing", names[failing]))
    stack = StackStory(Account(world, things))
    stack.id = stack.call("CreateStack", TemplateBody=template(resources))["StackId"]
    for kill in kills:
        steps(stack.account, kill)
        stack.account.restart()
    steps(stack.account, KILLED)
    if failing < len(names):
        assert (stack.status, things.things) == ("ROLLBACK_COMPLETE", {})
    else:
        assert stack.status == "CREATE_COMPLETE"
        assert sorted(t["LogicalId"] for t in things.things.values()) == sorted(names)


@settings(max_examples=40, deadline=None, suppress_health_check=FIXTURES)
@given(
    before=st.lists(st.sampled_from("ABCDEF"), min_size=1, max_size=6, unique=True),
    after=st.lists(st.sampled_from("ABCDEF"), min_size=1, max_size=6, unique=True),
    kinds=st.dictionaries(st.sampled_from("ABCDEF"), st.sampled_from(["x", "y"])),
    edges=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=8),
    kills=st.lists(st.integers(1, 20), max_size=3),
)
def test_an_update_that_fails_leaves_everything_as_it_was(
    world: World,
    before: list[str],
    after: list[str],
    kinds: dict[str, str],
    edges: list[tuple[int, int]],
    kills: list[int],
) -> None:
    things = Things()
    stack = StackStory(Account(world, things))
    stack.create({**_graph(before, edges), "Keep": thing(Size=1)})
    live = dict(things.things)
    wish = _graph(after, edges[::-1])
    for name, kind in kinds.items():
        if name in wish:
            wish[name]["Properties"]["Kind"] = kind
    things.refused.add(("CreateThing", "Bad"))
    wish = {**wish, "Keep": thing(Size=2), "Bad": thing(_DependsOn=[*wish, "Keep"])}
    stack.call("UpdateStack", TemplateBody=template(wish))
    for kill in kills:
        steps(stack.account, kill)
        stack.account.restart()
    steps(stack.account, KILLED)
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert things.things == live


def _graph(names: list[str], edges: list[tuple[int, int]]) -> dict[str, Params]:
    """Things that depend on earlier ones."""
    resources: dict[str, Params] = {}
    for place, name in enumerate(names):
        needs = sorted({names[a] for a, b in edges if b == place and a < place})
        resources[name] = thing(_DependsOn=needs) if needs else thing()
    return resources


def test_a_replay_of_the_journal_gives_the_same_state_and_commands(
    stack: StackStory, things: Things
) -> None:
    failing_update(stack, things)
    stack.run(LONG)
    engine, given_commands = stack.account.replayed()
    assert given_commands == [commands for _, commands in stack.account.journal]
    assert engine.snapshot() == stack.account.engine.snapshot()
    assert msgspec.msgpack.decode(engine.snapshot())["regions"]


WHO = {"Service": "ec2.amazonaws.com"}
TRUST = {"Statement": [{"Effect": "Allow", "Principal": WHO, "Action": "sts:AssumeRole"}]}
REAL = {
    "Bucket": {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "BucketName": "mine",
            "VersioningConfiguration": {"Status": "Enabled"},
        },
    },
    "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}},
    "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "mine"}},
    "Parameter": {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Name": "mine", "Type": "String", "Value": {"Ref": "Role"}},
    },
    "Topic": {"Type": "AWS::SNS::Topic", "DependsOn": "Bucket"},
}


@pytest.mark.parametrize("killed_after", range(0, 14, 2))
def test_real_services_are_not_asked_to_make_anything_twice(
    world: World, tmp_path: Path, killed_after: int
) -> None:
    services = Services(tmp_path)
    stack = StackStory(Account(world, services))
    call = {"TemplateBody": template(REAL), "Capabilities": ["CAPABILITY_IAM"]}
    stack.id = stack.call("CreateStack", **call)["StackId"]
    steps(stack.account, killed_after)
    stack.account.restart()
    steps(stack.account, KILLED)
    assert stack.status == "CREATE_COMPLETE", stack.events()
    assert len(services.ask("iam", "ListRoles")["Roles"]) == 1
    assert len(services.ask("sns", "ListTopics")["Topics"]) == 1
    assert [each["Name"] for each in services.ask("s3", "ListBuckets")["Buckets"]] == ["mine"]
    stack.call("DeleteStack")
    steps(stack.account, killed_after)
    stack.account.restart()
    steps(stack.account, KILLED)
    assert stack.status == "DELETE_COMPLETE"
    assert services.ask("iam", "ListRoles")["Roles"] == []
    services.objects.store.close()


def test_books_give_a_call_of_the_engine_the_same_answer_again(tmp_path: Path) -> None:
    services = Services(tmp_path)
    call = {"RoleName": "r", "AssumeRolePolicyDocument": "{}"}
    first = services.books.call("iam", "CreateRole", call, "us-east-1", "id-1")
    assert services.books.call("iam", "CreateRole", call, "us-east-1", "id-1") == first
    with pytest.raises(Exception, match="already exists"):
        services.books.call("iam", "CreateRole", call, "us-east-1", "id-2")
    services.objects.store.close()
