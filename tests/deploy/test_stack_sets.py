"""StackSets: stacks of one template in many regions, worked on in the order that is asked for."""

import re
from typing import Any

import pytest

from understudy.base.arn import ACCOUNT
from understudy.base.fault import Fault
from understudy.control.events import Call
from understudy.deploy.stack_sets.state import ADMINISTRATION_ROLE, EXECUTION_ROLE
from understudy.engine.engine import World
from understudy.testing.account import Account
from understudy.testing.outside import Services
from understudy.testing.set_story import SetStory, ThingsAndRoles, trust
from understudy.testing.stack_story import StackStory, message, template, thing
from understudy.testing.things import Things

EAST, WEST, IRELAND = "us-east-1", "us-west-2", "eu-west-1"
OTHER = "111111111111"
SIZED = {"Thing": thing(Size={"Ref": "Size"})}
PARAMETERS = {"Parameters": {"Size": {"Type": "Number", "Default": 1}}}
REFUSED = (
    "ResourceLogicalId:Thing, ResourceType:Test::Unit::Thing, ResourceStatusReason:Resource handler"
    ' returned message: "Thing is busy'
)
NO_ROLE = (
    "Account {} should have '{}' role with trust relationship to Role "
    "'AWSCloudFormationStackSetAdministrationRole'."
)
NO_ORGANIZATION = (
    "ValidationError: You must be the management account or delegated admin account of an "
    "organization before operating a SERVICE_MANAGED stack set"
)
BREACHED = "Cancelled since failure tolerance has exceeded"


@pytest.fixture
def fleet(world: World, things: ThingsAndRoles) -> SetStory:
    """A StackSet to be, in an account that has both roles."""
    things.grant()
    return SetStory(Account(world, things))


@pytest.fixture
def things() -> ThingsAndRoles:
    return ThingsAndRoles()


def sizes(things: Things) -> list[Any]:
    return sorted(each.get("Size") for each in things.things.values())


def test_stacks_are_made_in_every_region_named_by_their_set(
    fleet: SetStory, things: ThingsAndRoles
) -> None:
    identity = fleet.create(SIZED, sections=PARAMETERS, Tags=[{"Key": "team", "Value": "ml"}])
    assert re.fullmatch(r"fleet:[0-9a-f-]{36}", identity)
    assert fleet.deploy(WEST, IRELAND) == "SUCCEEDED"
    assert fleet.instances() == [f"{WEST} CURRENT SUCCEEDED", f"{IRELAND} CURRENT SUCCEEDED"]
    stack = fleet.stack(IRELAND)
    assert re.fullmatch(r"StackSet-fleet-[0-9a-f-]{36}", stack["StackName"])
    assert stack["StackId"].split(":")[3] == IRELAND
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert stack["Tags"] == [{"Key": "team", "Value": "ml"}]
    assert sizes(things) == [1, 1]
    described = fleet.ask("DescribeStackSet")["StackSet"]
    assert described["Regions"] == [WEST, IRELAND]
    assert described["Parameters"] == [{"ParameterKey": "Size", "ParameterValue": "1"}]
    gate = fleet.ask(
        "ListStackSetOperationResults",
        OperationId=fleet.ask("ListStackSetOperations")["Summaries"][0]["OperationId"],
    )["Summaries"][0]["AccountGateResult"]
    function = f"arn:aws:lambda:{WEST}:{ACCOUNT}:function:AWSCloudFormationStackSetAccountGate"
    assert gate == {"Status": "SKIPPED", "StatusReason": f"Function not found: {function}"}


def test_an_update_reaches_all_stacks_and_leaves_overrides_as_they_are(
    fleet: SetStory, things: ThingsAndRoles
) -> None:
    fleet.create(SIZED, sections=PARAMETERS)
    fleet.deploy(EAST)
    own = [{"ParameterKey": "Size", "ParameterValue": "7"}]
    fleet.deploy(WEST, ParameterOverrides=own)
    assert sizes(things) == [1, 7]
    wish = [{"ParameterKey": "Size", "ParameterValue": "3"}]
    assert fleet.perform("UpdateStackSet", UsePreviousTemplate=True, Parameters=wish) == "SUCCEEDED"
    assert sizes(things) == [3, 7]
    back = {"Accounts": [ACCOUNT], "Regions": [WEST], "ParameterOverrides": []}
    assert fleet.perform("UpdateStackInstances", **back) == "SUCCEEDED"
    assert sizes(things) == [3, 3]
    again = {**back, "ParameterOverrides": own}
    assert fleet.perform("UpdateStackInstances", **again) == "SUCCEEDED"
    kept = [{"ParameterKey": "Size", "UsePreviousValue": True}]
    assert fleet.perform("UpdateStackInstances", **{**back, "ParameterOverrides": kept})
    assert sizes(things) == [3, 7]
    place = {"StackInstanceAccount": ACCOUNT, "StackInstanceRegion": WEST}
    found = fleet.ask("DescribeStackInstance", **place)["StackInstance"]
    assert found["ParameterOverrides"] == own


def test_an_update_of_some_regions_leaves_the_others_outdated(fleet: SetStory) -> None:
    fleet.create(SIZED, sections=PARAMETERS)
    fleet.deploy(EAST, WEST)
    wish = [{"ParameterKey": "Size", "ParameterValue": "3"}]
    fleet.perform(
        "UpdateStackSet",
        UsePreviousTemplate=True,
        Parameters=wish,
        Accounts=[ACCOUNT],
        Regions=[WEST],
    )
    assert fleet.instances() == [f"{EAST} OUTDATED SUCCEEDED", f"{WEST} CURRENT SUCCEEDED"]


def test_a_failure_beyond_the_tolerance_cancels_the_regions_that_follow(
    fleet: SetStory, things: ThingsAndRoles
) -> None:
    fleet.create({"Thing": thing()})
    things.refused.add(("CreateThing", "Thing"))
    preferences = {"RegionOrder": [IRELAND, EAST, WEST]}
    assert fleet.deploy(EAST, WEST, IRELAND, OperationPreferences=preferences) == "FAILED"
    lines = fleet.instances()
    assert lines[0].startswith(f"{IRELAND} OUTDATED FAILED {REFUSED}")
    assert lines[1:] == [
        f"{EAST} OUTDATED CANCELLED {BREACHED}",
        f"{WEST} OUTDATED CANCELLED {BREACHED}",
    ]
    summary = fleet.ask("ListStackSetOperations")["Summaries"][0]
    assert summary["StatusDetails"] == {"FailedStackInstancesCount": 1}
    assert summary["OperationPreferences"]["RegionOrder"] == [IRELAND, EAST, WEST]


def test_a_failure_within_the_tolerance_lets_the_operation_go_on(
    fleet: SetStory, things: ThingsAndRoles
) -> None:
    fleet.create({"Thing": thing()})
    things.refused.add(("CreateThing", "Thing"))
    assert fleet.deploy(EAST, WEST, OperationPreferences={"FailureToleranceCount": 1}) == (
        "SUCCEEDED"
    )
    assert [line.split()[2] for line in fleet.instances()] == ["FAILED", "FAILED"]


@pytest.mark.parametrize(
    ("kind", "running"),
    [("SEQUENTIAL", ["RUNNING", "PENDING"]), ("PARALLEL", ["RUNNING", "RUNNING"])],
    ids=["regions follow each other", "regions are worked on side by side"],
)
def test_regions_run_as_it_is_asked_for(fleet: SetStory, kind: str, running: list[str]) -> None:
    fleet.create({"Thing": thing(Seconds=300)})
    preferences = {"RegionConcurrencyType": kind}
    fleet.deploy(EAST, WEST, run=60, OperationPreferences=preferences)
    assert [line.split()[1] for line in fleet.results()] == running
    assert [line.split()[2] for line in fleet.instances()] == running


def test_an_account_that_is_not_ours_has_no_role_to_work_with(fleet: SetStory) -> None:
    fleet.create({"Thing": thing()})
    wish = {"Accounts": [OTHER, ACCOUNT], "Regions": [EAST]}
    tolerant = {"FailureTolerancePercentage": 50}
    assert fleet.perform("CreateStackInstances", **wish, OperationPreferences=tolerant) == (
        "SUCCEEDED"
    )
    assert fleet.results() == [
        f"{EAST} FAILED {NO_ROLE.format(OTHER, EXECUTION_ROLE)}",
        f"{EAST} SUCCEEDED",
    ]


def test_roles_have_to_exist_and_to_trust(world: World, things: ThingsAndRoles) -> None:
    fleet = SetStory(Account(world, things))
    fleet.create({"Thing": thing()})
    targets = {"StackSetName": "fleet", "Accounts": [ACCOUNT], "Regions": [EAST]}
    assert message(fleet.account, "CreateStackInstances", **targets) == (
        f"ValidationError: Account {ACCOUNT} should have "
        "'AWSCloudFormationStackSetAdministrationRole' role with trust relationship to "
        "CloudFormation service."
    )
    things.grant()
    other = {"ExecutionRoleName": "Nobody"}
    fleet.perform("UpdateStackSet", UsePreviousTemplate=True, **other)
    assert fleet.deploy(EAST) == "FAILED"
    assert fleet.instances() == [f"{EAST} OUTDATED FAILED {NO_ROLE.format(ACCOUNT, 'Nobody')}"]


def test_stack_instances_are_deleted_with_their_stacks_or_without(
    fleet: SetStory, things: ThingsAndRoles
) -> None:
    fleet.create({"Thing": thing()})
    fleet.deploy(EAST, WEST)
    kept = fleet.stack(WEST)["StackId"]
    assert message(fleet.account, "DeleteStackSet", StackSetName="fleet") == (
        "StackSetNotEmptyException: StackSet is not empty"
    )
    target = {"Accounts": [ACCOUNT], "RetainStacks": False}
    assert fleet.perform("DeleteStackInstances", Regions=[EAST], **target) == "SUCCEEDED"
    assert len(things.things) == 1
    retained = {**target, "RetainStacks": True}
    assert fleet.perform("DeleteStackInstances", Regions=[WEST, EAST], **retained) == "SUCCEEDED"
    assert fleet.instances() == []
    left = StackStory(fleet.account, kept)
    assert fleet.account.ask("cloudformation", "DescribeStacks", region=WEST, StackName=left.name)
    assert len(things.things) == 1
    fleet.call("DeleteStackSet")
    assert message(fleet.account, "DescribeStackSet", StackSetName="fleet") == (
        "StackSetNotFoundException: StackSet fleet not found"
    )
    listed = fleet.account.ask("cloudformation", "ListStackSets", Status="DELETED")["Summaries"]
    assert [each["StackSetName"] for each in listed] == ["fleet"]


def test_a_stack_that_cannot_be_deleted_makes_its_instance_inoperable(
    fleet: SetStory, things: ThingsAndRoles
) -> None:
    fleet.create(SIZED, sections=PARAMETERS)
    fleet.deploy(EAST)
    things.refused.add(("DeleteThing", "Thing"))
    target = {"Accounts": [ACCOUNT], "Regions": [EAST], "RetainStacks": False}
    assert fleet.perform("DeleteStackInstances", **target) == "FAILED"
    assert fleet.instances()[0].startswith(f"{EAST} INOPERABLE INOPERABLE ResourceLogicalId:Thing")
    wish = [{"ParameterKey": "Size", "ParameterValue": "3"}]
    fleet.perform("UpdateStackSet", UsePreviousTemplate=True, Parameters=wish)
    assert fleet.results() == []
    things.refused.clear()
    assert fleet.perform("DeleteStackInstances", **target) == "SUCCEEDED"
    assert fleet.instances() == []


def test_only_one_operation_runs_at_a_time_and_a_repeated_call_begins_none(fleet: SetStory) -> None:
    fleet.create({"Thing": thing(Seconds=300)})
    wish = {"Accounts": [ACCOUNT], "Regions": [EAST], "OperationId": "first"}
    assert fleet.call("CreateStackInstances", **wish) == {"OperationId": "first"}
    assert fleet.call("CreateStackInstances", **wish) == {"OperationId": "first"}
    with pytest.raises(Fault, match="OperationIdAlreadyExistsException"):
        fleet.call("CreateStackInstances", **{**wish, "Regions": [WEST]})
    with pytest.raises(Fault, match="OperationInProgressException: Another Operation on StackSet "):
        fleet.call("CreateStackInstances", **{**wish, "OperationId": "second"})
    with pytest.raises(Fault, match="OperationInProgressException"):
        fleet.call("DeleteStackSet")
    fleet.account.run(1000)
    assert fleet.call("CreateStackInstances", **wish) == {"OperationId": "first"}
    assert len(fleet.ask("ListStackSetOperations")["Summaries"]) == 1


def test_managed_execution_queues_what_is_in_conflict(fleet: SetStory) -> None:
    fleet.create({"Thing": thing(Seconds=300)}, ManagedExecution={"Active": True})
    ids = [
        fleet.call("CreateStackInstances", Accounts=[ACCOUNT], Regions=[region])["OperationId"]
        for region in (EAST, WEST)
    ]
    ids.append(fleet.call("UpdateStackSet", UsePreviousTemplate=True)["OperationId"])
    ids.append(
        fleet.call("CreateStackInstances", Accounts=[ACCOUNT], Regions=[IRELAND])["OperationId"]
    )
    assert [fleet.status(each) for each in ids] == ["RUNNING", "RUNNING", "QUEUED", "QUEUED"]
    with pytest.raises(Fault, match="InvalidOperationException"):
        fleet.call("UpdateStackSet", UsePreviousTemplate=True, ManagedExecution={"Active": False})
    fleet.account.run(2000)
    assert [fleet.status(each) for each in ids] == ["SUCCEEDED"] * 4


def test_a_stopped_operation_ends_what_it_has_begun(fleet: SetStory) -> None:
    fleet.create({"Thing": thing(Seconds=300)})
    fleet.deploy(EAST, WEST, run=60, OperationId="slow")
    fleet.call("StopStackSetOperation", OperationId="slow")
    assert fleet.status("slow") == "STOPPING"
    fleet.account.run(1000)
    assert fleet.status("slow") == "STOPPED"
    assert [line.split()[:2] for line in fleet.results()] == [
        [EAST, "SUCCEEDED"],
        [WEST, "CANCELLED"],
    ]
    with pytest.raises(Fault, match="InvalidOperationException"):
        fleet.call("StopStackSetOperation", OperationId="slow")
    with pytest.raises(Fault, match="OperationNotFoundException"):
        fleet.call("StopStackSetOperation", OperationId="none")


def test_stacks_that_are_there_become_stack_instances(fleet: SetStory) -> None:
    own = StackStory(fleet.account)
    own.create(SIZED, sections=PARAMETERS, Parameters=parameter("9"))
    fleet.create(SIZED, sections=PARAMETERS)
    assert fleet.perform("ImportStacksToStackSet", StackIds=[own.id]) == "SUCCEEDED"
    assert fleet.instances() == [f"{EAST} CURRENT SUCCEEDED"]
    assert fleet.stack(EAST)["StackName"] == "app"
    fleet.perform("UpdateStackSet", UsePreviousTemplate=True, Parameters=parameter("2"))
    assert fleet.stack(EAST)["Parameters"] == parameter("9")
    other = SetStory(fleet.account, "others")
    other.create({"Thing": thing()})
    assert other.perform("ImportStacksToStackSet", StackIds=[own.id]) == "FAILED"
    reason = f"The template of stack {own.id} does not match the template of the stack set"
    assert other.instances() == [f"{EAST} INOPERABLE FAILED_IMPORT {reason}"]
    other.perform("UpdateStackSet", TemplateBody=template(SIZED, **PARAMETERS))
    assert other.perform("ImportStacksToStackSet", StackIds=[own.id]) == "SUCCEEDED"
    assert other.instances() == [f"{EAST} CURRENT SUCCEEDED"]


def test_a_stack_that_could_not_be_imported_is_not_deleted_with_its_instance(
    fleet: SetStory,
) -> None:
    own = StackStory(fleet.account)
    own.create(SIZED, sections=PARAMETERS)
    fleet.create({"Thing": thing()})
    fleet.perform("ImportStacksToStackSet", StackIds=[own.id])
    target = {"Accounts": [ACCOUNT], "Regions": [EAST], "RetainStacks": False}
    assert fleet.perform("DeleteStackInstances", **target) == "SUCCEEDED"
    assert fleet.instances() == []
    assert own.status == "CREATE_COMPLETE"


def parameter(value: str) -> list[dict[str, str]]:
    return [{"ParameterKey": "Size", "ParameterValue": value}]


def grant(services: Services) -> None:
    """Create the roles in an account with real services."""
    for name, policy in (
        (ADMINISTRATION_ROLE, trust("Service", "cloudformation.amazonaws.com")),
        (EXECUTION_ROLE, trust("AWS", ACCOUNT)),
    ):
        services.ask("iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=policy)


def test_drift_of_every_stack_is_detected(world: World, services: Services) -> None:
    grant(services)
    fleet = SetStory(Account(world, services))
    stored = {"Type": "String", "Name": "limit", "Value": "one"}
    fleet.create({"Limit": {"Type": "AWS::SSM::Parameter", "Properties": stored}})
    assert fleet.deploy(WEST, EAST) == "SUCCEEDED"
    services.ask("ssm", "PutParameter", Name="limit", Value="two", Overwrite=True)
    assert fleet.perform("DetectStackSetDrift", OperationId="drift") == "SUCCEEDED"
    details = fleet.ask("DescribeStackSet")["StackSet"]["StackSetDriftDetectionDetails"]
    assert details["DriftStatus"] == "DRIFTED"
    assert details["DriftDetectionStatus"] == "COMPLETED"
    assert (details["TotalStackInstancesCount"], details["DriftedStackInstancesCount"]) == (2, 1)
    drifted = fleet.ask(
        "ListStackInstances", Filters=[{"Name": "DRIFT_STATUS", "Values": "DRIFTED"}]
    )["Summaries"]
    assert [(each["Region"], each["Status"]) for each in drifted] == [(EAST, "CURRENT")]
    (found,) = fleet.ask(
        "ListStackInstanceResourceDrifts",
        StackInstanceAccount=ACCOUNT,
        StackInstanceRegion=EAST,
        OperationId="drift",
    )["Summaries"]
    assert found["PropertyDifferences"][0]["PropertyPath"] == "/Value"


def test_each_region_looks_up_what_a_large_template_needs_to_know(
    world: World, services: Services
) -> None:
    grant(services)
    for region, size in ((EAST, "1"), (WEST, "2")):
        wish = {"Name": "size", "Value": size, "Type": "String"}
        services.answer(Call(region, "", "ssm", "PutParameter", wish))
    body = template(
        {"Thing": thing(Size={"Ref": "Size"})},
        Parameters={"Size": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "size"}},
        Metadata={"Padding": "x" * 60_000},
    )
    services.ask("s3", "CreateBucket", Bucket="templates")
    services.ask("s3", "PutObject", Bucket="templates", Key="large.json", Body=body.encode())
    fleet = SetStory(Account(world, services))
    fleet.call("CreateStackSet", TemplateURL="https://s3.amazonaws.com/templates/large.json")
    assert fleet.deploy(EAST, WEST) == "SUCCEEDED"
    assert sizes(services.things) == [1, 2]
    services.answer(Call(WEST, "", "ssm", "DeleteParameter", {"Name": "size"}))
    assert fleet.perform("UpdateStackSet", UsePreviousTemplate=True) == "FAILED"
    assert fleet.results()[1] == (
        f"{WEST} FAILED Unable to fetch parameters [size] from parameter store for this account."
    )


@pytest.mark.parametrize(
    ("params", "said"),
    [
        (
            {"PermissionModel": "SERVICE_MANAGED"},
            NO_ORGANIZATION,
        ),
        (
            {"CallAs": "DELEGATED_ADMIN"},
            "ValidationError: Account used is not a delegated administrator",
        ),
        (
            {"Parameters": [{"ParameterKey": "No", "ParameterValue": "1"}]},
            "ValidationError: Parameters: [No] do not exist in the template",
        ),
        (
            {"TemplateBody": template({"R": {"Type": "AWS::IAM::User", "Properties": {}}})},
            "InsufficientCapabilitiesException: Requires capabilities : [CAPABILITY_IAM]",
        ),
        (
            {"TemplateBody": template({"T": thing()}, Parameters={"Needed": {"Type": "String"}})},
            "ValidationError: Parameters: [Needed] must have values",
        ),
    ],
    ids=[
        "there is no organization",
        "nobody is a delegated administrator",
        "a parameter that the template does not have",
        "capabilities have to be acknowledged",
        "a parameter without a value",
    ],
)
def test_a_set_is_refused(fleet: SetStory, params: dict[str, Any], said: str) -> None:
    wish = {"StackSetName": "fleet", "TemplateBody": template({"T": thing()}), **params}
    assert message(fleet.account, "CreateStackSet", **wish) == said


def test_a_set_takes_its_template_of_a_stack_of_any_region(fleet: SetStory) -> None:
    account = fleet.account
    body = template(SIZED, **PARAMETERS)
    wish = {"StackName": "there", "TemplateBody": body}
    there = account.call("cloudformation", "CreateStack", region=WEST, **wish)["StackId"]
    fleet.call("CreateStackSet", StackId=there)
    assert fleet.ask("DescribeStackSet")["StackSet"]["TemplateBody"] == body
    nowhere = there.replace(WEST, IRELAND)
    assert message(account, "CreateStackSet", StackSetName="other", StackId=nowhere) == (
        f"ValidationError: Stack with id {nowhere} does not exist"
    )


def test_stack_sets_have_no_access_to_an_organization(fleet: SetStory) -> None:
    access = fleet.account.ask("cloudformation", "DescribeOrganizationsAccess")
    assert access == {"Status": "DISABLED"}


def test_a_name_is_taken_unless_the_same_call_is_repeated(fleet: SetStory) -> None:
    wish = {"ClientRequestToken": "once"}
    identity = fleet.create({"T": thing()}, **wish)
    assert fleet.create({"T": thing()}, **wish) == identity
    with pytest.raises(Fault, match="NameAlreadyExistsException"):
        fleet.create({"T": thing()})


def test_a_stack_that_was_rolled_back_is_made_anew_when_it_is_tried_again(
    fleet: SetStory, things: ThingsAndRoles
) -> None:
    fleet.create({"Thing": thing()})
    things.refused.add(("CreateThing", "Thing"))
    assert fleet.deploy(EAST) == "FAILED"
    failed = fleet.stack(EAST)
    assert failed["StackStatus"] == "ROLLBACK_COMPLETE"
    things.refused.clear()
    assert fleet.deploy(EAST) == "SUCCEEDED"
    assert fleet.stack(EAST)["StackId"] != failed["StackId"]
    described = fleet.account.ask("cloudformation", "DescribeStacks", StackName=failed["StackId"])
    assert described["Stacks"][0]["StackStatus"] == "DELETE_COMPLETE"


def test_a_deleted_stack_is_made_again_by_the_next_operation(
    fleet: SetStory, things: ThingsAndRoles
) -> None:
    fleet.create({"Thing": thing()})
    fleet.deploy(EAST)
    fleet.account.call("cloudformation", "DeleteStack", StackName=fleet.stack(EAST)["StackId"])
    fleet.account.run(1000)
    assert things.things == {}
    assert fleet.perform("UpdateStackSet", UsePreviousTemplate=True) == "SUCCEEDED"
    assert len(things.things) == 1
    assert fleet.stack(EAST)["StackStatus"] == "CREATE_COMPLETE"
