"""Nested stacks: made, updated, rolled back and deleted with their parent."""

import json
from typing import Any

import pytest

from understudy.control.events import Params
from understudy.testing.outside import Services
from understudy.testing.stack_story import StackStory, template, thing

BUCKET = "https://s3.us-east-1.amazonaws.com/templates"


@pytest.fixture(autouse=True)
def bucket(services: Services) -> None:
    services.ask("s3", "CreateBucket", Bucket="templates")


def put(services: Services, name: str, body: str) -> str:
    services.ask("s3", "PutObject", Bucket="templates", Key=name, Body=body.encode())
    return f"{BUCKET}/{name}"


def nested(url: str, **parameters: Any) -> Params:
    given = {"Parameters": parameters} if parameters else {}
    return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url, **given}}


def child_body(size: int = 1, **more: Any) -> str:
    return template(
        {"Inner": thing(Size={"Ref": "Size"}), **more},
        Parameters={"Size": {"Type": "Number", "Default": size}},
        Outputs={"Name": {"Value": {"Ref": "Inner"}}},
    )


def child(real: StackStory, logical_id: str = "Child") -> StackStory:
    found = StackStory(real.account, real.physical(logical_id))
    found.id = found.name
    return found


def test_a_nested_stack_is_made_and_gives_its_outputs(real: StackStory, services: Services) -> None:
    url = put(services, "child.json", child_body())
    outer = thing(Needs={"Fn::GetAtt": ["Child", "Outputs.Name"]})
    assert real.create({"Child": nested(url, Size=3), "Outer": outer}) == "CREATE_COMPLETE"
    assert real.events() == [
        "stack CREATE_IN_PROGRESS User Initiated",
        "Child CREATE_IN_PROGRESS",
        "Child CREATE_IN_PROGRESS Child1 Resource creation Initiated",
        "Child CREATE_COMPLETE Child1",
        "Outer CREATE_IN_PROGRESS",
        "Outer CREATE_IN_PROGRESS Outer1 Resource creation Initiated",
        "Outer CREATE_COMPLETE Outer1",
        "stack CREATE_COMPLETE",
    ]
    inner = child(real)
    assert inner.described["StackName"].startswith("app-Child-")
    assert inner.described["ParentId"] == inner.described["RootId"] == real.id
    made = services.things.things
    assert made[inner.physical("Inner")]["Size"] == 3
    assert made[real.physical("Outer")]["Needs"] == inner.physical("Inner")


def test_a_nested_stack_that_fails_fails_its_parent_with_its_reason(
    real: StackStory, services: Services
) -> None:
    services.things.refused.add(("CreateThing", "Inner"))
    url = put(services, "child.json", child_body())
    assert real.create({"Child": nested(url)}) == "ROLLBACK_COMPLETE"
    failed = next(line for line in real.events() if "CREATE_FAILED" in line)
    arn = failed.split()[5]
    assert failed == (
        f"Child CREATE_FAILED Child1 Embedded stack {arn} was not successfully created: The "
        "following resource(s) failed to create: [Inner]."
    )
    inner = StackStory(real.account, arn)
    inner.id = arn
    assert inner.status == "DELETE_COMPLETE"


def test_every_update_of_the_parent_updates_a_nested_stack_even_if_nothing_in_it_changes(
    real: StackStory, services: Services
) -> None:
    url = put(services, "child.json", child_body())
    real.create({"Child": nested(url), "Other": thing(Size=1)})
    real.events()
    assert real.update({"Child": nested(url), "Other": thing(Size=2)}) == "UPDATE_COMPLETE"
    assert "Child UPDATE_COMPLETE Child1" in real.events()
    assert child(real).status == "CREATE_COMPLETE"


def test_a_template_that_has_changed_at_its_address_is_read_again(
    real: StackStory, services: Services
) -> None:
    url = put(services, "child.json", child_body())
    real.create({"Child": nested(url), "Other": thing(Size=1)})
    put(services, "child.json", child_body(size=9))
    assert real.update({"Child": nested(url), "Other": thing(Size=2)}) == "UPDATE_COMPLETE"
    inner = child(real)
    assert inner.status == "UPDATE_COMPLETE"
    assert services.things.things[inner.physical("Inner")]["Size"] == 9


def test_the_cleanup_of_a_nested_stack_waits_for_the_root(
    real: StackStory, services: Services
) -> None:
    url = put(services, "child.json", child_body(More=thing()))
    slow = {"Slow": thing(Size=1, Seconds=500, _DependsOn="Child")}
    real.create({"Child": nested(url), **slow})
    put(services, "child.json", child_body())
    slow["Slow"]["Properties"]["Size"] = 2
    real.update({"Child": nested(url), **slow}, run=100)
    inner = child(real)
    assert inner.status == "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    assert inner.resources.get("More", "gone") in ("CREATE_COMPLETE", "gone")
    assert len(services.things.things) == 3
    assert real.run(1000) == "UPDATE_COMPLETE"
    assert inner.status == "UPDATE_COMPLETE"
    assert len(services.things.things) == 2


def test_a_failed_update_of_the_parent_takes_a_nested_stack_back(
    real: StackStory, services: Services
) -> None:
    url = put(services, "child.json", child_body(More=thing(Kind="old")))
    real.create({"Child": nested(url), "After": thing(Size=1, _DependsOn="Child")})
    inner = child(real)
    names = {name: inner.physical(name) for name in ("Inner", "More")}
    put(services, "child.json", child_body(size=5, More=thing(Kind="new"), Extra=thing()))
    services.things.refused.add(("UpdateThing", "After"))
    wish = {"Child": nested(url), "After": thing(Size=2, _DependsOn="Child")}
    assert real.update(wish) == "UPDATE_ROLLBACK_FAILED"
    services.things.refused.clear()
    real.call("ContinueUpdateRollback")
    assert real.run(1000) == "UPDATE_ROLLBACK_COMPLETE"
    assert inner.status == "UPDATE_ROLLBACK_COMPLETE"
    assert {name: inner.physical(name) for name in ("Inner", "More")} == names
    assert services.things.things[names["Inner"]]["Size"] == 1
    assert len(services.things.things) == 3


def test_a_nested_stack_whose_update_fails_rolls_back_and_fails_its_parent(
    real: StackStory, services: Services
) -> None:
    url = put(services, "child.json", child_body())
    real.create({"Child": nested(url), "Before": thing(Size=1)})
    inner = child(real)
    put(services, "child.json", child_body(Bad=thing()))
    services.things.refused.add(("CreateThing", "Bad"))
    wish = {"Child": nested(url), "Before": thing(Size=2)}
    assert real.update(wish) == "UPDATE_ROLLBACK_COMPLETE"
    assert inner.status == "UPDATE_ROLLBACK_COMPLETE"
    assert any(
        line.startswith(f"Child UPDATE_FAILED Child1 Embedded stack {inner.id} was not")
        for line in real.events()
    )
    assert services.things.things[real.physical("Before")]["Size"] == 1


def test_deleting_the_parent_deletes_stacks_at_every_depth(
    real: StackStory, services: Services
) -> None:
    leaf = put(services, "leaf.json", child_body())
    middle = put(services, "middle.json", template({"Leaf": nested(leaf), "Own": thing()}))
    assert real.create({"Child": nested(middle), "Top": thing()}) == "CREATE_COMPLETE"
    inner = child(real)
    lowest = child(inner, "Leaf")
    assert lowest.described["RootId"] == real.id
    assert lowest.described["ParentId"] == inner.id
    assert real.delete() == "DELETE_COMPLETE"
    assert (inner.status, lowest.status) == ("DELETE_COMPLETE", "DELETE_COMPLETE")
    assert services.things.things == {}


def test_a_nested_stack_that_is_no_longer_wanted_is_deleted_in_the_cleanup(
    real: StackStory, services: Services
) -> None:
    url = put(services, "child.json", child_body())
    real.create({"Child": nested(url), "Other": thing()})
    inner = child(real)
    assert real.update({"Other": thing()}) == "UPDATE_COMPLETE"
    assert inner.status == "DELETE_COMPLETE"


def test_a_template_that_is_not_there_fails_the_nested_stack(real: StackStory) -> None:
    assert real.create({"Child": nested(f"{BUCKET}/none.json")}) == "ROLLBACK_COMPLETE"
    failed = next(line for line in real.events() if "CREATE_FAILED" in line)
    assert "S3 error: The specified key does not exist." in failed


def test_a_protected_root_protects_its_nested_stacks(real: StackStory, services: Services) -> None:
    url = put(services, "child.json", child_body())
    real.create({"Child": nested(url)}, EnableTerminationProtection=True)
    with pytest.raises(Exception, match="TerminationProtection is enabled"):
        child(real).call("DeleteStack")


def test_tags_and_capabilities_of_the_parent_are_handed_down(
    real: StackStory, services: Services
) -> None:
    url = put(services, "child.json", child_body())
    tags = [{"Key": "team", "Value": "ml"}]
    real.create({"Child": nested(url)}, Tags=tags, Capabilities=["CAPABILITY_IAM"])
    inner = child(real)
    assert {each["Key"] for each in inner.described["Tags"]} == {"team"}
    made = services.things.things[inner.physical("Inner")]
    assert made["Tags"]["team"] == "ml"
    assert made["Tags"]["aws:cloudformation:stack-id"] == inner.id


def test_a_list_given_to_a_nested_stack_is_joined_by_commas(
    real: StackStory, services: Services
) -> None:
    body = template(
        {"Inner": thing(Needs={"Fn::Select": [1, {"Ref": "Names"}]})},
        Parameters={"Names": {"Type": "CommaDelimitedList"}},
    )
    url = put(services, "child.json", body)
    assert real.create({"Child": nested(url, Names=["a", "b"])}) == "CREATE_COMPLETE"
    made = services.things.things[child(real).physical("Inner")]
    assert json.dumps(made["Needs"]) == '"b"'


INVALID = (
    "Validation failed with 1 error(s). Call DescribeEvents to retrieve the full list of issues "
    "with resource and property details, resolve each error, then retry the operation."
)


def test_a_nested_stack_is_validated_before_anything_of_it_is_made(
    real: StackStory, services: Services
) -> None:
    bad = {"Bad": thing(Size="many")}
    url = put(services, "child.json", child_body(**bad))
    assert real.create({"Child": nested(url)}) == "ROLLBACK_COMPLETE"
    failed = next(line for line in real.events() if "CREATE_FAILED" in line)
    assert failed.endswith(f"was not successfully created: {INVALID}")
    assert services.things.calls == []
    real.delete()
    assert real.create({"Child": nested(url)}, DisableValidation=True) == "ROLLBACK_COMPLETE"
    assert "CreateThing" in {operation for operation, _ in services.things.calls}


def test_an_update_of_a_nested_stack_is_validated_before_anything_of_it_changes(
    real: StackStory, services: Services
) -> None:
    url = put(services, "child.json", child_body())
    real.create({"Child": nested(url)})
    calls = len(services.things.calls)
    put(services, "child.json", child_body(size=2, Bad=thing(Size="many")))
    assert real.update({"Child": nested(url, Size=2)}) == "UPDATE_ROLLBACK_COMPLETE"
    assert any("Child UPDATE_FAILED" in line for line in real.events())
    assert len(services.things.calls) == calls
    assert child(real).status == "UPDATE_ROLLBACK_COMPLETE"
