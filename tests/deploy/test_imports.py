"""Importing resources that exist: into a new stack, a live one, and along with other changes."""

from typing import Any

import pytest

from understudy.control.events import Params
from understudy.testing.outside import Services
from understudy.testing.stack_story import StackStory, message, template, thing


def queue(name: str = "mine", **attributes: Any) -> Params:
    properties = {"QueueName": name}
    return {"Type": "AWS::SQS::Queue", "Properties": properties, **attributes}


KEPT = {"DeletionPolicy": "Retain"}


@pytest.fixture
def url(services: Services) -> str:
    return services.ask("sqs", "CreateQueue", QueueName="mine")["QueueUrl"]


def wish(url: str, name: str = "Q") -> list[Params]:
    identifier = {"QueueUrl": url}
    return [
        {
            "ResourceType": "AWS::SQS::Queue",
            "LogicalResourceId": name,
            "ResourceIdentifier": identifier,
        }
    ]


def plan(stack: StackStory, resources: Params, **more: Any) -> Params:
    body = template(resources)
    made = stack.call("CreateChangeSet", ChangeSetName="cs", TemplateBody=body, **more)
    stack.id = made["StackId"]
    return stack.account.ask("cloudformation", "DescribeChangeSet", ChangeSetName=made["Id"])


def execute(stack: StackStory) -> str:
    stack.call("ExecuteChangeSet", ChangeSetName="cs")
    return stack.run(100)


def test_a_new_stack_takes_a_resource_in(real: StackStory, services: Services, url: str) -> None:
    tags = [{"Key": "team", "Value": "ml"}]
    planned = plan(
        real,
        {"Q": queue(**KEPT)},
        ChangeSetType="IMPORT",
        ResourcesToImport=wish(url),
        Tags=tags,
    )
    change = planned["Changes"][0]["ResourceChange"]
    assert (change["Action"], change["PhysicalResourceId"]) == ("Import", url)
    assert real.status == "REVIEW_IN_PROGRESS"
    assert execute(real) == "IMPORT_COMPLETE"
    assert real.events()[1:] == [
        "stack IMPORT_IN_PROGRESS User Initiated",
        "Q IMPORT_IN_PROGRESS Q1",
        "Q IMPORT_COMPLETE Q1",
        "Q UPDATE_IN_PROGRESS Q1 Apply stack-level tags to imported resource if applicable.",
        "Q UPDATE_COMPLETE Q1",
        "stack IMPORT_COMPLETE",
    ]
    assert real.physical("Q") == url
    assert services.ask("sqs", "ListQueueTags", QueueUrl=url)["Tags"] == {"team": "ml"}


def test_a_live_stack_takes_a_resource_in_and_nothing_else_changes(
    real: StackStory, url: str
) -> None:
    real.create({"A": thing(Size=1)})
    call = {"ChangeSetType": "IMPORT", "ResourcesToImport": wish(url)}
    body = template({"A": thing(Size=1), "Q": queue(**KEPT), "New": thing()})
    refusal = message(
        real.account,
        "CreateChangeSet",
        StackName="app",
        ChangeSetName="x",
        TemplateBody=body,
        **call,
    )
    assert "You have modified resources [New] in your template that are not being" in refusal
    changed = template({"A": thing(Size=2), "Q": queue(**KEPT)})
    named = {"StackName": "app", "ChangeSetName": "x", **call}
    refusal = message(real.account, "CreateChangeSet", TemplateBody=changed, **named)
    assert "You have modified resources [A] in your template that are not being" in refusal
    plan(real, {"A": thing(Size=1), "Q": queue(**KEPT)}, **call)
    assert execute(real) == "IMPORT_COMPLETE"
    assert real.update({"A": thing(Size=2), "Q": queue(**KEPT)}) == "UPDATE_COMPLETE"


def test_what_is_imported_must_have_a_deletion_policy(real: StackStory, url: str) -> None:
    call = {"ChangeSetType": "IMPORT", "ResourcesToImport": wish(url)}
    body = template({"Q": queue()})
    refusal = message(
        real.account,
        "CreateChangeSet",
        StackName="app",
        ChangeSetName="x",
        TemplateBody=body,
        **call,
    )
    assert "must have DeletionPolicy attribute specified in the template." in refusal


def test_a_resource_that_is_not_there_fails_the_import(real: StackStory, url: str) -> None:
    missing = url.replace("mine", "none")
    call = {"ChangeSetType": "IMPORT", "ResourcesToImport": wish(missing)}
    real.create({"A": thing()})
    plan(real, {"A": thing(), "Q": queue("none", **KEPT)}, **call)
    assert execute(real) == "IMPORT_ROLLBACK_COMPLETE"
    assert list(real.resources) == ["A"]
    assert real.update({"A": thing(Size=1)}) == "UPDATE_COMPLETE"


def test_existing_resources_with_names_are_imported_along_the_way(
    real: StackStory, url: str
) -> None:
    planned = plan(
        real,
        {"Q": queue(**KEPT), "A": thing()},
        ChangeSetType="CREATE",
        ImportExistingResources=True,
    )
    actions = {
        each["ResourceChange"]["LogicalResourceId"]: each["ResourceChange"]["Action"]
        for each in planned["Changes"]
    }
    assert actions == {"Q": "Import", "A": "Add"}
    assert execute(real) == "CREATE_COMPLETE"
    assert real.physical("Q") == url


def test_an_import_changes_no_output_and_names_the_resource_by_its_identifier(
    real: StackStory, url: str
) -> None:
    outputs = {"Out": {"Value": "one"}}
    real.create({"A": thing()}, sections={"Outputs": outputs})
    resources = {"A": thing(), "Q": queue(**KEPT)}
    call = {"StackName": "app", "ChangeSetName": "x", "ChangeSetType": "IMPORT"}
    for changed in ({"Out": {"Value": "two"}}, {**outputs, "More": {"Value": "x"}}):
        body = template(resources, Outputs=changed)
        wished = {"TemplateBody": body, "ResourcesToImport": wish(url)}
        refusal = message(real.account, "CreateChangeSet", **wished, **call)
        assert "you cannot modify or add [Outputs]" in refusal
    other = [{**wish(url)[0], "ResourceIdentifier": {"QueueName": "mine"}}]
    wished = {"TemplateBody": template(resources, Outputs=outputs), "ResourcesToImport": other}
    refusal = message(real.account, "CreateChangeSet", **wished, **call)
    assert "is identified by [QueueUrl], not by [QueueName]" in refusal
