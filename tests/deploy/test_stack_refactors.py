"""Stack refactoring: resources change their stack or their logical id, and nothing else changes."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.control.events import Call, Params
from understudy.engine.engine import World
from understudy.testing.account import Account
from understudy.testing.stack_story import StackStory, message, template, thing
from understudy.testing.things import Things

EXPORTED = {"Value": {"Ref": "Data"}, "Export": {"Name": "data"}}
IMPORTED = {"Fn::ImportValue": "data"}


class Refactoring:
    """A stack refactor of an account."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.id = ""

    def create(self, definitions: dict[str, str], *mappings: str, new: bool = True) -> str:
        """Create it; a mapping is ``app.Data data.Data``. What it says of itself."""
        pairs = [
            dict(zip(("Source", "Destination"), map(_place, each.split()), strict=True))
            for each in mappings
        ]
        self.id = self.account.call(
            "cloudformation",
            "CreateStackRefactor",
            EnableStackCreation=new,
            StackDefinitions=[
                {"StackName": name, "TemplateBody": body} for name, body in definitions.items()
            ],
            ResourceMappings=pairs,
        )["StackRefactorId"]
        found = self.described
        return f"{found['Status']} {found['StatusReason'] or ''}".rstrip()

    @property
    def described(self) -> Params:
        return self.account.ask("cloudformation", "DescribeStackRefactor", StackRefactorId=self.id)

    def execute(self, run: float = 1000.0) -> str:
        """Execute it, and let time pass; its execution status."""
        self.account.call("cloudformation", "ExecuteStackRefactor", StackRefactorId=self.id)
        self.account.run(run)
        return self.described["ExecutionStatus"]


def _place(text: str) -> Params:
    stack, name = text.split(".")
    return {"StackName": stack, "LogicalResourceId": name}


class MoodyThings(Things):
    """Things of which some are, once, not changed: by their logical ids."""

    def __init__(self) -> None:
        super().__init__()
        self.moody: set[str] = set()

    def answer(self, call: Call) -> Params:
        """Perform a call. Raises Fault."""
        name = call.params.get("LogicalId", "")
        if call.operation == "UpdateThing" and name in self.moody:
            self.moody.remove(name)
            raise Fault("ThingBusyException", f"{name} is busy")
        return super().answer(call)


@pytest.fixture
def things() -> MoodyThings:
    return MoodyThings()


@pytest.fixture
def app(world: World, things: Things) -> StackStory:
    """A stack with a thing that another needs."""
    made = StackStory(Account(world, things))
    made.create({"Data": thing(Size=1), "User": thing(Needs={"Ref": "Data"})})
    return made


@pytest.fixture
def refactoring(app: StackStory) -> Refactoring:
    return Refactoring(app.account)


def apart() -> dict[str, str]:
    """The thing in a stack of its own, which exports it."""
    return {
        "app": template({"User": thing(Needs=IMPORTED)}),
        "data": template({"Data": thing(Size=1)}, Outputs={"Data": EXPORTED}),
    }


def tags(things: Things, name: str) -> dict[str, str]:
    found: dict[str, str] = things.things[name]["Tags"]
    return {key.removeprefix("aws:cloudformation:"): value for key, value in found.items()}


def test_a_resource_moves_to_a_new_stack_and_stays_what_it_is(
    app: StackStory, things: Things, refactoring: Refactoring
) -> None:
    moved = app.physical("Data")
    before = [each for each in things.calls if each[0] != "UpdateThing"]
    assert refactoring.create(apart()) == "CREATE_COMPLETE"
    assert refactoring.described["ExecutionStatus"] == "AVAILABLE"
    assert app.resources == {"Data": "CREATE_COMPLETE", "User": "CREATE_COMPLETE"}
    app.events()
    assert refactoring.execute() == "EXECUTE_COMPLETE"
    data = StackStory(app.account, "data")
    data.id = data.described["StackId"]
    assert (app.status, data.status) == ("UPDATE_COMPLETE", "CREATE_COMPLETE")
    assert app.resources == {"User": "CREATE_COMPLETE"}
    assert data.resources == {"Data": "IMPORT_COMPLETE"}
    assert data.physical("Data") == moved
    assert [each for each in things.calls if each[0] != "UpdateThing"] == before
    assert tags(things, moved)["stack-name"] == "data"
    assert tags(things, moved)["stack-id"] == data.id
    assert app.events() == [
        "stack UPDATE_IN_PROGRESS Stack Refactor",
        "Data EXPORT_IN_PROGRESS Data1",
        "Data EXPORT_COMPLETE Data1",
        "stack UPDATE_COMPLETE Stack Refactor",
    ]
    assert data.events() == [
        "stack CREATE_IN_PROGRESS Stack Refactor",
        "Data IMPORT_IN_PROGRESS Data1",
        "Data IMPORT_COMPLETE Data1",
        "stack CREATE_COMPLETE Stack Refactor",
    ]
    with pytest.raises(Fault, match="No updates are to be performed"):
        data.call("UpdateStack", TemplateBody=apart()["data"])
    with pytest.raises(Fault, match="cannot be executed"):
        refactoring.execute()
    data.call("DeleteStack")
    assert "in use by app" in data.events()[-1]
    assert app.delete() == data.delete() == "DELETE_COMPLETE"
    assert things.things == {}


def test_a_resource_gets_another_logical_id(
    app: StackStory, things: Things, refactoring: Refactoring
) -> None:
    moved = app.physical("Data")
    body = template({"Store": thing(Size=1), "User": thing(Needs={"Ref": "Store"})})
    assert refactoring.create({"app": body}, "app.Data app.Store") == "CREATE_COMPLETE"
    assert refactoring.execute() == "EXECUTE_COMPLETE"
    assert app.physical("Store") == moved
    assert tags(things, moved)["logical-id"] == "Store"
    assert app.resources.keys() == {"Store", "User"}


def test_actions_say_what_moves_and_how_it_was_found(
    app: StackStory, refactoring: Refactoring
) -> None:
    refactoring.create(apart())
    created, moved = app.account.ask(
        "cloudformation", "ListStackRefactorActions", StackRefactorId=refactoring.id
    )["StackRefactorActions"]
    assert (created["Action"], created["Entity"]) == ("CREATE", "STACK")
    assert (moved["Action"], moved["Detection"]) == ("MOVE", "AUTO")
    assert moved["ResourceMapping"] == {
        "Source": {"StackName": "app", "LogicalResourceId": "Data"},
        "Destination": {"StackName": "data", "LogicalResourceId": "Data"},
    }
    assert {"Key": "aws:cloudformation:stack-name", "Value": "data"} in moved["TagResources"]
    listed = app.account.ask("cloudformation", "ListStackRefactors")["StackRefactorSummaries"]
    assert [each["StackRefactorId"] for each in listed] == [refactoring.id]


CREATED = (
    "Stack refactor does not support creating new resources. Resource More is in no stack yet."
)
CHANGED = "Stack refactor does not support changing the configuration of resources. Resource "


@pytest.mark.parametrize(
    ("definitions", "reason"),
    [
        (
            {"data": template({"Data": thing(Size=2)}), "app": apart()["app"]},
            f"{CHANGED}Data of stack data would change.",
        ),
        (
            {**apart(), "data": template({"Data": thing(Size=1), "More": thing()})},
            CREATED,
        ),
        (
            {"app": template({"User": thing(Needs="it")})},
            "Stack refactor does not support deleting resources. [Data] are in no template.",
        ),
        (
            {**apart(), "data": template({"Data": thing(Size=1)})},
            "No export named data found.",
        ),
    ],
    ids=[
        "a resource would change",
        "a resource would be created",
        "a resource would be deleted",
        "what is imported is not exported",
    ],
)
def test_a_refactor_that_changes_more_than_places_fails(
    refactoring: Refactoring, definitions: dict[str, str], reason: str
) -> None:
    assert refactoring.create(definitions) == f"CREATE_FAILED {reason}"
    assert refactoring.described["ExecutionStatus"] == "UNAVAILABLE"


def test_stacks_have_to_be_there_unless_they_may_be_created(refactoring: Refactoring) -> None:
    with pytest.raises(Fault, match=r"ValidationError: Stack \[data\] does not exist"):
        refactoring.create(apart(), new=False)
    assert message(refactoring.account, "ExecuteStackRefactor", StackRefactorId="none") == (
        "StackRefactorNotFoundException: Stack refactor none not found"
    )


def test_a_refactor_is_obsolete_when_a_stack_has_changed(
    app: StackStory, refactoring: Refactoring
) -> None:
    refactoring.create(apart())
    app.update({"Data": thing(Size=1), "User": thing(Size=3, Needs={"Ref": "Data"})})
    with pytest.raises(Fault, match="OBSOLETE"):
        refactoring.execute()
    assert refactoring.described["ExecutionStatus"] == "OBSOLETE"


def test_what_cannot_be_tagged_moves_nothing(
    app: StackStory, things: MoodyThings, refactoring: Refactoring
) -> None:
    old = app.physical("Data")
    two = {
        "app": template({"Stays": thing()}),
        "data": template({"Data": thing(Size=1), "User": thing(Needs={"Ref": "Data"})}),
    }
    app.update({"Data": thing(Size=1), "User": thing(Needs={"Ref": "Data"}), "Stays": thing()})
    assert refactoring.create(two) == "CREATE_COMPLETE"
    things.moody.add("User")
    assert refactoring.execute() == "ROLLBACK_COMPLETE"
    reason = "Resource(s) [User] could not be moved"
    assert refactoring.described["ExecutionStatusReason"] == reason
    assert app.status == "UPDATE_ROLLBACK_COMPLETE"
    assert app.resources.keys() == {"Data", "User", "Stays"}
    assert tags(things, old)["stack-name"] == "app"
    assert message(app.account, "DescribeStacks", StackName="data") == (
        "ValidationError: Stack with id data does not exist"
    )
    assert app.delete() == "DELETE_COMPLETE"
    assert things.things == {}


@pytest.mark.parametrize("refused", [False, True], ids=["it succeeds", "it goes back"])
def test_a_kill_at_any_step_changes_nothing_of_the_end(world: World, refused: bool) -> None:
    def story(killed_after: int) -> tuple[Any, ...]:
        things = Things()
        app = StackStory(Account(world, things))
        app.create({"Data": thing(Size=1), "User": thing(Needs={"Ref": "Data"})})
        refactoring = Refactoring(app.account)
        refactoring.create(apart())
        if refused:
            things.refused.add(("UpdateThing", "Data"))
        refactoring.execute(run=0.0)
        steps(app.account, killed_after)
        app.account.restart()
        app.account.run(1000)
        status = refactoring.described["ExecutionStatus"]
        return status, app.status, tuple(sorted(app.resources)), len(things.things)

    ends = {story(killed_after) for killed_after in range(6)}
    assert ends == {
        ("ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE", ("Data", "User"), 2)
        if refused
        else ("EXECUTE_COMPLETE", "UPDATE_COMPLETE", ("User",), 2)
    }


def steps(account: Account, count: int) -> None:
    """Let so many things happen, or as many as there are."""
    for _ in range(count):
        at = account.next()
        if at > account.now + 1000:
            return
        account.step(at)
