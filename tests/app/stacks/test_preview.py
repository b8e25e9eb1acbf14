"""Change sets as people review them: danger, what is lost, renames."""

import json

import pytest

from understudy.app.stacks.preview import (
    ADDED,
    CHANGED,
    DATA_LOST,
    GONE,
    INTERRUPTED,
    MAY_BE_REPLACED,
    REPLACED,
    UNKNOWN,
    resource_changes,
)

FIDELITIES = {"AWS::S3::Bucket": "runs"}
BUCKET, ENDPOINT, DATABASE = "AWS::S3::Bucket", "AWS::SageMaker::Endpoint", "AWS::RDS::DBInstance"


def change(action, name="A", kind="AWS::SNS::Topic", **more):
    described = {"Action": action, "LogicalResourceId": name, "ResourceType": kind, **more}
    if action != "Add":
        described = {"PhysicalResourceId": f"{name}-1", **described}
    return {"Type": "Resource", "ResourceChange": described}


def replaced(kind, policy=""):
    return change("Modify", kind=kind, Replacement="True", PolicyAction=policy)


def only(*described):
    (found,) = resource_changes(described, FIDELITIES)
    return found


def detail(name, recreation="Never", cause="", **target):
    path = f"/Properties/{name}"
    whole = {
        "Attribute": "Properties",
        "Name": name,
        "RequiresRecreation": recreation,
        "Path": path,
    }
    found = {"Target": {**whole, **target}}
    return {**found, "CausingEntity": cause} if cause else found


DANGERS = {
    "a new resource": (change("Add"), ADDED),
    "a change in place": (change("Modify", Replacement="False"), CHANGED),
    "a replacement that depends": (change("Modify", Replacement="Conditional"), MAY_BE_REPLACED),
    "a replacement": (replaced("AWS::SNS::Topic"), REPLACED),
    "a replacement of what serves": (replaced(ENDPOINT), INTERRUPTED),
    "a removal": (change("Remove", PolicyAction="Delete"), GONE),
    "a removal that retains": (change("Remove", kind=BUCKET, PolicyAction="Retain"), CHANGED),
    "a removal of data": (change("Remove", kind=BUCKET, PolicyAction="Delete"), DATA_LOST),
    "a replacement of data": (replaced(BUCKET, "ReplaceAndDelete"), DATA_LOST),
    "a replacement that retains the data": (replaced(BUCKET, "ReplaceAndRetain"), REPLACED),
    "a replacement with a snapshot": (replaced(DATABASE, "ReplaceAndSnapshot"), REPLACED),
}


@pytest.mark.parametrize(("described", "danger"), DANGERS.values(), ids=DANGERS)
def test_every_change_has_its_danger(described, danger):
    assert only(described).danger == danger


def test_the_most_dangerous_change_comes_first():
    described = [
        change("Add", "New"),
        change("Modify", "Replaced", Replacement="True"),
        change("Remove", "Data", BUCKET, PolicyAction="Delete"),
        change("Modify", "Changed", Replacement="False"),
    ]
    names = [each.logical_id for each in resource_changes(described, FIDELITIES)]
    assert names == ["Data", "Replaced", "Changed", "New"]


def test_a_replacement_says_why_and_what_it_means():
    details = [detail("EndpointName", "Always", BeforeValue="a", AfterValue="b")]
    described = change("Modify", kind=ENDPOINT, Replacement="True", Details=details)
    first, second = only(described).consequences
    assert first == (
        "A new one is made because of EndpointName, and the old one deleted at the end."
    )
    assert second.startswith("A second endpoint starts beside it, both fleets run")


def test_a_property_is_shown_once_with_all_that_makes_it_change():
    details = [
        detail("Name", "Always", cause="Stage", BeforeValue="a"),
        detail("Name", AfterValue="b"),
        detail("Name", cause="Key.Arn"),
    ]
    (found,) = only(change("Modify", Replacement="False", Details=details)).properties
    assert (found.path, found.before, found.after) == ("Name", "a", "b")
    assert (found.recreation, found.causes) == ("Always", ("Stage", "Key.Arn"))


def test_of_aws_no_fidelity_is_claimed_and_what_is_not_known_is_recorded():
    assert resource_changes([change("Add")], {})[0].fidelity == ""
    assert only(change("Add")).fidelity == "recorded"
    assert only(change("Add", kind=BUCKET)).fidelity == "runs"


def context(**properties):
    return json.dumps({"Properties": properties})


def test_a_logical_id_that_was_renamed_is_recognised_on_both_sides():
    described = [
        change("Remove", "Old", BeforeContext=context(Name="a", Role="role-1")),
        change("Add", "New", AfterContext=context(Name="a", Role=UNKNOWN)),
    ]
    old, new = resource_changes(described, {})
    assert (old.renamed, new.renamed) == ("New", "Old")
    assert "It is the same as New, which is new: a logical ID was renamed." in old.consequences[-1]
    assert new.consequences == ("It was Old: a logical ID was renamed, so it is made again.",)


OLD = change("Remove", "Old", BeforeContext=context(Name="a"))
NO_RENAMES = {
    "other properties": [OLD, change("Add", "New", AfterContext=context(Name="b"))],
    "another type": [OLD, change("Add", "New", BUCKET, AfterContext=context(Name="a"))],
    "two that it could be": [
        OLD,
        change("Add", "New", AfterContext=context(Name="a")),
        change("Add", "Other", AfterContext=context(Name="a")),
    ],
}


@pytest.mark.parametrize("described", NO_RENAMES.values(), ids=NO_RENAMES)
def test_what_only_looks_like_a_rename_is_none(described):
    assert not any(each.renamed for each in resource_changes(described, {}))
