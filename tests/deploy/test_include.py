"""Parts of templates that are fetched from S3. AWS: AWS::Include transform."""

import json
from typing import Any

import pytest

from understudy.control.events import Params
from understudy.testing.outside import Services
from understudy.testing.stack_story import StackStory, template, thing

EXPAND = {"Capabilities": ["CAPABILITY_AUTO_EXPAND"]}


@pytest.fixture(autouse=True)
def bucket(services: Services) -> None:
    services.ask("s3", "CreateBucket", Bucket="parts")


def include(services: Services, body: Any, key: str = "part") -> Params:
    """The transform of a file of the bucket."""
    written = body if isinstance(body, str) else json.dumps(body)
    services.ask("s3", "PutObject", Bucket="parts", Key=key, Body=written.encode())
    return located(f"s3://parts/{key}")


def located(where: str) -> Params:
    return {"Name": "AWS::Include", "Parameters": {"Location": where}}


def test_a_file_gives_sections_of_the_template(real: StackStory, services: Services) -> None:
    part = "Outputs:\n  Out:\n    Value:\n      Ref: A\n"
    sections = {"Transform": include(services, part)}
    assert real.create({"A": thing()}, sections=sections, **EXPAND) == "CREATE_COMPLETE"
    assert real.described["Outputs"][0]["OutputValue"] == real.physical("A")


def test_a_file_stands_beside_what_is_written_where_it_is_included(
    real: StackStory, services: Services
) -> None:
    part = {"Size": 7, "Kind": "k"}
    properties = {"Needs": "own", "Fn::Transform": include(services, part)}
    real.create({"A": {"Type": "Test::Unit::Thing", "Properties": properties}}, **EXPAND)
    made = services.things.things[real.physical("A")]
    assert (made["Size"], made["Kind"], made["Needs"]) == (7, "k", "own")


def test_the_place_of_a_file_may_be_a_parameter(real: StackStory, services: Services) -> None:
    include(services, {"Size": 3}, "by-name")
    properties = {"Fn::Transform": located("")}
    properties["Fn::Transform"]["Parameters"]["Location"] = {"Ref": "Where"}
    declared = {"Where": {"Type": "String", "Default": "s3://parts/by-name"}}
    resources = {"A": {"Type": "Test::Unit::Thing", "Properties": properties}}
    real.create(resources, sections={"Parameters": declared}, **EXPAND)
    assert services.things.things[real.physical("A")]["Size"] == 3


NO_YAML = "The specified S3 object's content should be valid Yaml/JSON"
WRONG = {
    "no bucket": ("s3://doesnotexist/a", "S3 bucket [doesnotexist] does not exist."),
    "no file": ("s3://parts/nothing", "The specified S3 object [parts/nothing] does not exist."),
    "no place in S3": ("https://parts/a", "The location parameter is not a valid S3 uri."),
    "short forms": ("Outputs: {Out: {Value: !Ref A}}", NO_YAML),
    "no YAML": ("a: [", NO_YAML),
}


@pytest.mark.parametrize(("place", "sentence"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_included_fails_the_change_set_in_the_words_of_aws(
    real: StackStory, services: Services, place: str, sentence: str
) -> None:
    found = located(place) if "://" in place else include(services, place)
    body = template({"A": thing()}, Transform=found)
    change = {"ChangeSetName": "c", "ChangeSetType": "CREATE"}
    real.call("CreateChangeSet", TemplateBody=body, **change, **EXPAND)
    planned = real.ask("DescribeChangeSet", ChangeSetName="c")
    assert planned["Status"] == "FAILED"
    assert planned["StatusReason"] == f"Transform AWS::Include failed with: {sentence}"
