"""Operations on StackSets: at a time what is allowed, told of, and the same after a kill."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.base.arn import ACCOUNT
from understudy.control.events import Call, Params, RulesKept
from understudy.control.lambda_.functions import CODE
from understudy.deploy.stack_sets.gate import FUNCTION
from understudy.engine.engine import World
from understudy.testing.account import Account
from understudy.testing.set_story import SetStory, ThingsAndRoles
from understudy.testing.stack_story import thing

EAST, WEST, IRELAND = "us-east-1", "us-west-2", "eu-west-1"
OTHER = "111111111111"


class Outside(ThingsAndRoles):
    """The same, with a bus that takes events and a function that answers with a payload."""

    def __init__(self, said: str = "") -> None:
        super().__init__()
        self.said = said
        self.grant()

    def answer(self, call: Call) -> Params:
        """Perform a call. Raises Fault."""
        other = call.service in ("lambda", "events")
        return {"Payload": self.said} if other else super().answer(call)


@pytest.mark.parametrize(
    ("said", "status"),
    [('{"Status": "SUCCEEDED"}', "SUCCEEDED"), ('{"Status": "FAILED"}', "FAILED"), ("", "FAILED")],
    ids=["the gate is open", "the gate is closed", "the gate says nothing"],
)
def test_the_gate_of_an_account_is_asked(world: World, said: str, status: str) -> None:
    fleet = SetStory(Account(world, Outside(said)))
    code = {CODE: {"Sha256": "none", "Size": 1}}
    wish = {"Role": f"arn:aws:iam::{ACCOUNT}:role/any", "Runtime": "python3.12", "Handler": "a.b"}
    fleet.account.call("lambda", "CreateFunction", FunctionName=FUNCTION, **wish, **code)
    fleet.create({"Thing": thing()})
    assert fleet.deploy(EAST, OperationId="it") == status
    (result,) = fleet.ask("ListStackSetOperationResults", OperationId="it")["Summaries"]
    assert result["AccountGateResult"]["Status"] == status
    assert result["StatusReason"] == (
        None if status == "SUCCEEDED" else "Account gate check failed"
    )


def test_event_bridge_is_told_of_sets_operations_and_instances(world: World) -> None:
    fleet = SetStory(Account(world, Outside()))
    account = fleet.account
    account.engine.handle(RulesKept(account.now, EAST, (), listening=True))
    fleet.create({"Thing": thing()})
    fleet.deploy(EAST)
    events = [
        each.params["Event"]
        for each in account.commands
        if isinstance(each, Call) and each.service == "events"
    ]
    told = [
        (each["detail-type"].removeprefix("CloudFormation StackSet "), each["detail"])
        for each in events
        if each["detail-type"].startswith("CloudFormation StackSet")
    ]
    assert [(kind, detail["status-details"]) for kind, detail in told] == [
        ("Status Change", {"status": "ACTIVE"}),
        ("Operation Status Change", {"status": "RUNNING"}),
        ("StackInstance Status Change", {"status": "OUTDATED", "detailed-status": "RUNNING"}),
        ("StackInstance Status Change", {"status": "CURRENT", "detailed-status": "SUCCEEDED"}),
        ("Operation Status Change", {"status": "SUCCEEDED"}),
    ]


@settings(max_examples=25, deadline=None)
@given(
    regions=st.permutations([EAST, WEST, IRELAND, "ap-south-1"]),
    accounts=st.permutations([ACCOUNT, OTHER, "222222222222"]),
    tolerated=st.integers(0, 3),
    at_a_time=st.integers(1, 4),
    kind=st.sampled_from(["SEQUENTIAL", "PARALLEL"]),
)
def test_an_operation_never_does_more_at_a_time_than_it_may(
    world: World,
    regions: list[str],
    accounts: list[str],
    tolerated: int,
    at_a_time: int,
    kind: str,
) -> None:
    fleet = SetStory(Account(world, Outside()))
    fleet.create({"Thing": thing(Seconds=10)})
    preferences = {
        "RegionConcurrencyType": kind,
        "FailureToleranceCount": tolerated,
        "MaxConcurrentCount": min(at_a_time, tolerated + 1),
    }
    wish = {"Accounts": accounts, "OperationPreferences": preferences}
    fleet.deploy(*regions, run=0.0, OperationId="it", **wish)
    running: list[str] = []
    while fleet.status("it") == "RUNNING":
        running = [line.split()[0] for line in fleet.results("it") if line.split()[1] == "RUNNING"]
        assert max(map(running.count, running), default=0) <= preferences["MaxConcurrentCount"]
        assert kind == "PARALLEL" or len(set(running)) <= 1
        steps(fleet.account, 1)
    ends = [line.split()[1] for line in fleet.results("it")]
    assert set(ends) <= {"SUCCEEDED", "FAILED", "CANCELLED"}
    failures = [
        sum(line.startswith(f"{region} FAILED") for line in fleet.results("it"))
        for region in regions
    ]
    assert max(failures) <= tolerated + 1
    assert fleet.status("it") == ("FAILED" if max(failures) > tolerated else "SUCCEEDED")
    assert ("CANCELLED" in ends) <= (fleet.status("it") == "FAILED")


def story(fleet: SetStory) -> None:
    fleet.create({"Thing": thing(Seconds=5)})
    preferences = {"RegionConcurrencyType": "PARALLEL"}
    fleet.deploy(EAST, WEST, run=0, OperationId="it", OperationPreferences=preferences)


def steps(account: Account, limit: int) -> int:
    """Let up to so many things happen; how many did."""
    for done in range(limit):
        at = account.next()
        if at > account.now + 1000:
            return done
        account.step(at)
    return limit


def test_a_kill_at_any_step_changes_nothing_of_the_end(world: World) -> None:
    things = ThingsAndRoles()
    things.grant()
    fleet = SetStory(Account(world, things))
    story(fleet)
    total = steps(fleet.account, 1000)
    assert fleet.status("it") == "SUCCEEDED"
    for killed_after in range(total):
        things.things.clear()
        things.calls.clear()
        fleet = SetStory(Account(world, things, seed=killed_after + 1))
        story(fleet)
        steps(fleet.account, killed_after)
        fleet.account.restart()
        steps(fleet.account, 1000)
        assert fleet.status("it") == "SUCCEEDED", f"killed after {killed_after} steps"
        creations = [each for each, _ in things.calls if each == "CreateThing"]
        assert len(creations) == len(things.things) == 2


def test_a_replayed_journal_does_the_same(world: World) -> None:
    fleet = SetStory(Account(world, Outside()))
    fleet.create({"Thing": thing()})
    fleet.deploy(EAST, WEST, IRELAND)
    engine, given = fleet.account.replayed()
    assert given == [commands for _, commands in fleet.account.journal]
    assert engine.snapshot() == fleet.account.engine.snapshot()
