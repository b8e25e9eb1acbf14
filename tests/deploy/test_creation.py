"""Creating stacks: the events in AWS's order and words, and every way in which creation may end."""

import pytest

from understudy.testing.account import Account
from understudy.testing.stack_story import StackStory, message, template, thing
from understudy.testing.things import Things

ROLLED_BACK = "stack ROLLBACK_IN_PROGRESS"
FAILED = "The following resource(s) failed to create:"
REQUESTED = "Rollback requested by user."
BUSY = (
    'Resource handler returned message: "B is busy (Service: Things, Status Code: 400, '
    'Request ID: <id>)" (RequestToken: <id>, HandlerErrorCode: GeneralServiceException)'
)


def test_events_of_a_creation_come_in_the_order_that_aws_was_recorded_with(
    stack: StackStory,
) -> None:
    assert stack.create({"A": thing(Size=1), "B": thing(Needs={"Ref": "A"})}) == "CREATE_COMPLETE"
    assert stack.events() == [
        "stack CREATE_IN_PROGRESS User Initiated",
        "A CREATE_IN_PROGRESS",
        "A CREATE_IN_PROGRESS A1 Resource creation Initiated",
        "A CREATE_COMPLETE A1",
        "B CREATE_IN_PROGRESS",
        "B CREATE_IN_PROGRESS B1 Resource creation Initiated",
        "B CREATE_COMPLETE B1",
        "stack CREATE_COMPLETE",
    ]


def test_an_event_has_the_members_that_were_recorded(stack: StackStory) -> None:
    stack.create({"A": thing(Size=1, Name="a")}, ClientRequestToken="token")
    first, begun, initiated, complete, last = stack.all_events()
    assert first["LogicalResourceId"] == "app"
    assert first["PhysicalResourceId"] == first["StackId"] == stack.id
    assert first["ResourceType"] == "AWS::CloudFormation::Stack"
    assert first["ResourceProperties"] is None
    assert len(first["EventId"]) == 36
    assert begun["PhysicalResourceId"] == ""
    assert initiated["PhysicalResourceId"] == complete["PhysicalResourceId"] == "a"
    assert begun["ResourceProperties"] == '{"Size": 1, "Name": "a"}'
    assert complete["EventId"].startswith("A-CREATE_COMPLETE-2026-05-28T")
    assert complete["ResourceStatusReason"] is None
    assert {each["ClientRequestToken"] for each in stack.all_events()} == {"token"}
    assert len({each["OperationId"] for each in stack.all_events()}) == 1
    assert last["ResourceStatus"] == "CREATE_COMPLETE"


def test_resources_that_do_not_need_each_other_are_made_at_the_same_time(
    stack: StackStory, account: Account
) -> None:
    resources = {name: thing(Seconds=100) for name in "ABCD"}
    stack.create({**resources, "E": thing(Needs=[{"Ref": name} for name in "ABCD"])}, run=99)
    assert stack.resources == dict.fromkeys("ABCD", "CREATE_IN_PROGRESS")
    account.run(2)
    assert stack.resources["E"] == "CREATE_COMPLETE"
    assert stack.status == "CREATE_COMPLETE"


def test_a_failed_resource_rolls_the_stack_back_in_reverse_order(
    stack: StackStory, things: Things
) -> None:
    things.refused.add(("CreateThing", "B"))
    resources = {
        "A": thing(),
        "Base": thing(),
        "Over": thing(Needs={"Ref": "Base"}),
        "B": thing(Needs={"Ref": "Over"}),
        "Never": thing(Needs={"Ref": "B"}),
    }
    assert stack.create(resources) == "ROLLBACK_COMPLETE"
    assert stack.events() == [
        "stack CREATE_IN_PROGRESS User Initiated",
        "A CREATE_IN_PROGRESS",
        "Base CREATE_IN_PROGRESS",
        "A CREATE_IN_PROGRESS A1 Resource creation Initiated",
        "A CREATE_COMPLETE A1",
        "Base CREATE_IN_PROGRESS Base1 Resource creation Initiated",
        "Base CREATE_COMPLETE Base1",
        "Over CREATE_IN_PROGRESS",
        "Over CREATE_IN_PROGRESS Over1 Resource creation Initiated",
        "Over CREATE_COMPLETE Over1",
        "B CREATE_IN_PROGRESS",
        f"B CREATE_FAILED {BUSY}",
        f"{ROLLED_BACK} {FAILED} [B]. {REQUESTED}",
        "A DELETE_IN_PROGRESS A1",
        "B DELETE_COMPLETE",
        "Over DELETE_IN_PROGRESS Over1",
        "A DELETE_COMPLETE A1",
        "Over DELETE_COMPLETE Over1",
        "Base DELETE_IN_PROGRESS Base1",
        "Base DELETE_COMPLETE Base1",
        "stack ROLLBACK_COMPLETE",
    ]
    assert things.things == {}
    assert "Never" not in stack.resources


def test_siblings_of_a_failed_resource_are_cancelled_and_deleted(
    stack: StackStory, things: Things
) -> None:
    things.refused.add(("CreateThing", "B"))
    resources = {"A": thing(Seconds=1000), "Base": thing(Seconds=10)}
    assert stack.create({**resources, "B": thing(Needs={"Ref": "Base"})}) == "ROLLBACK_COMPLETE"
    events = stack.events()
    failed = events.index(f"B CREATE_FAILED {BUSY}")
    assert events[failed + 1 : failed + 3] == [
        "A CREATE_FAILED A1 Resource creation cancelled",
        f"{ROLLED_BACK} {FAILED} [B, A]. {REQUESTED}",
    ]
    assert "A DELETE_COMPLETE A1" in events
    assert things.things == {}


def test_what_a_cancelled_call_has_made_is_found_and_deleted(
    stack: StackStory, things: Things, account: Account
) -> None:
    things.refused.add(("CreateThing", "B"))
    account.pace.calls["CreateThing"] = 5.0
    assert stack.create({"B": thing(), "A": thing()}) == "ROLLBACK_COMPLETE"
    events = stack.events()
    failed = events.index(f"B CREATE_FAILED {BUSY}")
    assert events[failed + 1 :] == [
        "A CREATE_FAILED Resource creation cancelled",
        f"{ROLLED_BACK} {FAILED} [B, A]. {REQUESTED}",
        "B DELETE_COMPLETE",
        "A DELETE_IN_PROGRESS A1",
        "A DELETE_COMPLETE A1",
        "stack ROLLBACK_COMPLETE",
    ]
    assert things.things == {}


def test_a_rollback_that_cannot_delete_ends_in_rollback_failed(
    stack: StackStory, things: Things
) -> None:
    things.refused |= {("CreateThing", "B"), ("DeleteThing", "A")}
    assert stack.create({"A": thing(), "B": thing(Needs={"Ref": "A"})}) == "ROLLBACK_FAILED"
    assert stack.described["StackStatusReason"] == (
        "The following resource(s) failed to delete: [A]. "
    )
    assert stack.resources == {"A": "DELETE_FAILED", "B": "DELETE_COMPLETE"}


@pytest.mark.parametrize(
    ("options", "status", "left"),
    [
        pytest.param({}, "ROLLBACK_COMPLETE", 0, id="by default the stack is rolled back"),
        pytest.param({"OnFailure": "ROLLBACK"}, "ROLLBACK_COMPLETE", 0, id="ROLLBACK"),
        pytest.param({"OnFailure": "DELETE"}, "DELETE_COMPLETE", 0, id="DELETE deletes the stack"),
        pytest.param({"OnFailure": "DO_NOTHING"}, "CREATE_FAILED", 1, id="DO_NOTHING leaves it"),
        pytest.param({"DisableRollback": True}, "CREATE_FAILED", 1, id="DisableRollback leaves it"),
        pytest.param(
            {"DeploymentConfig": {"DisableRollback": True}},
            "CREATE_FAILED",
            1,
            id="DisableRollback of the deployment configuration leaves it",
        ),
    ],
)
def test_on_failure(
    stack: StackStory, things: Things, options: dict[str, object], status: str, left: int
) -> None:
    things.refused.add(("CreateThing", "B"))
    resources = {"A": thing(), "B": thing(Needs={"Ref": "A"})}
    assert stack.create(resources, **options) == status
    assert len(things.things) == left


def test_a_failed_stack_that_is_left_says_why_and_can_be_deleted(
    stack: StackStory, things: Things
) -> None:
    things.refused.add(("CreateThing", "B"))
    stack.create({"A": thing(), "B": thing(Needs={"Ref": "A"})}, DisableRollback=True)
    assert stack.described["StackStatusReason"] == (
        "The following resource(s) failed to create: [B]. "
    )
    assert stack.resources == {"A": "CREATE_COMPLETE", "B": "CREATE_FAILED"}
    assert stack.delete() == "DELETE_COMPLETE"
    assert things.things == {}


def test_on_failure_delete_says_so(stack: StackStory, things: Things) -> None:
    things.refused.add(("CreateThing", "B"))
    stack.create({"B": thing()}, OnFailure="DELETE")
    assert (
        "stack DELETE_IN_PROGRESS The following resource(s) failed to create: [B]. Delete "
        "requested by user."
    ) in stack.events()


def test_a_creation_that_takes_too_long_is_rolled_back(stack: StackStory, things: Things) -> None:
    resources = {"A": thing(), "B": thing(Seconds=1000)}
    assert stack.create(resources, TimeoutInMinutes=5) == "ROLLBACK_COMPLETE"
    timeout = "Stack creation time exceeded the specified timeout."
    assert stack.events()[-8:] == [
        "B CREATE_IN_PROGRESS B1 Resource creation Initiated",
        "B CREATE_FAILED B1 Resource creation cancelled",
        f"{ROLLED_BACK} {timeout} {REQUESTED}",
        "A DELETE_IN_PROGRESS A1",
        "B DELETE_IN_PROGRESS B1",
        "A DELETE_COMPLETE A1",
        "B DELETE_COMPLETE B1",
        "stack ROLLBACK_COMPLETE",
    ]
    assert stack.described["TimeoutInMinutes"] == 5


def test_a_creation_in_time_is_not_touched_by_its_timeout(stack: StackStory) -> None:
    assert stack.create({"A": thing(Seconds=299)}, TimeoutInMinutes=5) == "CREATE_COMPLETE"


def test_a_rollback_deletes_resources_that_would_be_retained_only_if_asked_to(
    stack: StackStory, things: Things
) -> None:
    things.refused.add(("CreateThing", "B"))
    resources = {
        "Kept": thing(_DeletionPolicy="Retain"),
        "Gone": thing(_DeletionPolicy="RetainExceptOnCreate"),
        "B": thing(_DependsOn=["Kept", "Gone"]),
    }
    assert stack.create(resources) == "ROLLBACK_COMPLETE"
    assert stack.resources == {
        "Kept": "DELETE_SKIPPED",
        "Gone": "DELETE_COMPLETE",
        "B": "DELETE_COMPLETE",
    }
    other = StackStory(stack.account, "other")
    assert other.create(resources, RetainExceptOnCreate=True) == "ROLLBACK_COMPLETE"
    assert set(other.resources.values()) == {"DELETE_COMPLETE"}
    assert [each["LogicalId"] for each in things.things.values()] == ["Kept"]


def test_a_resource_that_breaks_its_schema_fails_with_the_reason_of_cloudformation(
    stack: StackStory,
) -> None:
    resources = {"A": {"Type": "AWS::SSM::Parameter", "Properties": {"Value": "v"}}}
    if "AWS::SSM::Parameter" not in stack.account.world.types:
        pytest.skip("no parameter store")
    assert stack.create(resources, DisableValidation=True) == "ROLLBACK_COMPLETE"
    assert stack.events()[:3] == [
        "stack CREATE_IN_PROGRESS User Initiated",
        "A CREATE_IN_PROGRESS",
        "A CREATE_FAILED Property validation failure: [The property {/Type} is required]",
    ]


def test_a_value_that_cannot_be_selected_fails_the_resource(stack: StackStory) -> None:
    zones = {"Fn::Split": [",", {"Ref": "A"}]}
    stack.create({"A": thing(), "B": thing(Needs={"Fn::Select": [2, zones]})})
    assert (
        "B CREATE_FAILED Template error: Fn::Select cannot select nonexistent value at index 2"
    ) in stack.events()


def test_a_name_that_is_taken_is_refused(stack: StackStory, account: Account) -> None:
    body = template({"A": thing()})
    stack.create({"A": thing()})
    assert message(account, "CreateStack", StackName="app", TemplateBody=body) == (
        "AlreadyExistsException: Stack [app] already exists"
    )


def test_the_same_token_creates_once(stack: StackStory, account: Account) -> None:
    first = stack.call("CreateStack", TemplateBody=template({"A": thing()}), ClientRequestToken="t")
    again = stack.call("CreateStack", TemplateBody=template({"A": thing()}), ClientRequestToken="t")
    assert first == again
    account.run(10)
    stack.id = first["StackId"]
    assert message(account, "DeleteStack", StackName="app", ClientRequestToken="t") == (
        "TokenAlreadyExistsException: Token t has already been used for a different operation"
    )


def test_both_ways_of_saying_what_to_do_on_failure_are_refused(account: Account) -> None:
    assert message(
        account,
        "CreateStack",
        StackName="app",
        TemplateBody=template({"A": thing()}),
        OnFailure="DELETE",
        DisableRollback=True,
    ) == ("ValidationError: You may not specify both DisableRollback and OnFailure parameters")


def test_tags_of_the_stack_are_given_to_its_resources(stack: StackStory, things: Things) -> None:
    own = [{"Key": "own", "Value": "1"}]
    stack.create({"A": thing(Name="a", Tags=own)}, Tags=[{"Key": "team", "Value": "ml"}])
    assert things.things["a"]["Tags"] == {
        "team": "ml",
        "aws:cloudformation:stack-name": "app",
        "aws:cloudformation:stack-id": stack.id,
        "aws:cloudformation:logical-id": "A",
    }


def test_a_stack_of_five_hundred_resources_is_made_and_deleted(
    stack: StackStory, things: Things
) -> None:
    resources = {f"R{n}": thing(_DependsOn=f"R{n - 1}") if n % 10 else thing() for n in range(500)}
    assert stack.create(resources) == "CREATE_COMPLETE"
    assert len(things.things) == 500
    assert stack.delete() == "DELETE_COMPLETE"
    assert things.things == {}


GROUP = {
    "Type": "AWS::AutoScaling::AutoScalingGroup",
    "Properties": {
        "MinSize": "1",
        "MaxSize": "1",
        "AvailabilityZones": ["us-east-1a"],
        "LaunchConfigurationName": {"Ref": "Launch"},
    },
}
LAUNCH = {
    "Type": "AWS::AutoScaling::LaunchConfiguration",
    "Properties": {"ImageId": "ami-1", "InstanceType": "m5.large"},
}
CHECKING = "Eventual consistency check initiated"


@pytest.mark.parametrize("restarted", [False, True], ids=["", "after a restart"])
def test_what_only_has_to_become_stable_is_said_to_be_configured(
    stack: StackStory, account: Account, restarted: bool
) -> None:
    resources = {"Launch": LAUNCH, "Group": GROUP, "Slow": thing(Seconds=30)}
    assert stack.create(resources, run=20) == "CREATE_IN_PROGRESS"
    assert "DetailedStatus" not in stack.described
    stack.run(20)
    assert stack.described["DetailedStatus"] == "CONFIGURATION_COMPLETE"
    if restarted:
        account.restart()
    assert stack.run(1000) == "CREATE_COMPLETE"
    assert "DetailedStatus" not in stack.described
    configured = [
        (each["LogicalResourceId"], each["ResourceStatus"], each["ResourceStatusReason"])
        for each in stack.all_events()
        if each["DetailedStatus"] == "CONFIGURATION_COMPLETE"
    ]
    assert configured == [
        ("Group", "CREATE_IN_PROGRESS", CHECKING),
        ("app", "CREATE_IN_PROGRESS", CHECKING),
    ]
    lines = [line for line in stack.events() if line.startswith(("Group", "stack"))]
    assert lines[1:] == [
        "Group CREATE_IN_PROGRESS",
        "Group CREATE_IN_PROGRESS Group1 Resource creation Initiated",
        f"Group CREATE_IN_PROGRESS Group1 {CHECKING}",
        f"stack CREATE_IN_PROGRESS {CHECKING}",
        "Group CREATE_COMPLETE Group1",
        "stack CREATE_COMPLETE",
    ]


@pytest.mark.parametrize("restarted", [False, True], ids=["", "after a restart"])
def test_what_refers_to_a_configured_resource_need_not_wait_for_it_to_be_stable(
    stack: StackStory, account: Account, restarted: bool
) -> None:
    # AWS: Understand CloudFormation stack creation events; DependsOn waits for completion.
    resources = {
        "Launch": LAUNCH,
        "Group": GROUP,
        "User": thing(Needs={"Ref": "Group"}, Seconds=5),
        "Both": thing(Needs=[{"Ref": "Group"}, {"Ref": "User"}]),
        "Waiter": thing(Needs={"Ref": "Group"}, _DependsOn="Group"),
    }
    stack.create(resources, run=3)
    if restarted:
        account.restart()
    stack.run(20)
    assert stack.resources == {
        "Launch": "CREATE_COMPLETE",
        "Group": "CREATE_IN_PROGRESS",
        "User": "CREATE_COMPLETE",
        "Both": "CREATE_COMPLETE",
    }
    assert stack.run(1000) == "CREATE_COMPLETE"
    assert stack.resources["Waiter"] == "CREATE_COMPLETE"


def test_what_was_made_beside_a_resource_that_never_becomes_stable_goes_with_it(
    stack: StackStory, account: Account, things: Things
) -> None:
    account.pace.instance_start = 100_000.0
    resources = {"Launch": LAUNCH, "Group": GROUP, "User": thing(Needs={"Ref": "Group"})}
    assert stack.create(resources, run=30, TimeoutInMinutes=1) == "CREATE_IN_PROGRESS"
    assert things.things
    assert stack.run(1000) == "ROLLBACK_COMPLETE"
    assert things.things == {}


def test_a_bucket_is_said_to_be_configured_though_it_is_stable_at_once(real: StackStory) -> None:
    assert real.create({"B": {"Type": "AWS::S3::Bucket"}}) == "CREATE_COMPLETE"
    assert [line for line in real.events() if line.startswith("B ")] == [
        "B CREATE_IN_PROGRESS",
        "B CREATE_IN_PROGRESS B1 Resource creation Initiated",
        f"B CREATE_IN_PROGRESS B1 {CHECKING}",
        "B CREATE_COMPLETE B1",
    ]
    (said,) = [each for each in real.all_events() if each["DetailedStatus"]]
    assert said["DetailedStatus"] == "CONFIGURATION_COMPLETE"


def test_in_express_mode_nothing_is_said_of_consistency(real: StackStory) -> None:
    mode = {"DeploymentConfig": {"Mode": "EXPRESS"}}
    assert real.create({"B": {"Type": "AWS::S3::Bucket"}}, **mode) == "CREATE_COMPLETE"
    assert not [each for each in real.all_events() if each["DetailedStatus"]]
