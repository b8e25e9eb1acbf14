"""Plans of change sets, asserted against answers recorded from AWS's DescribeChangeSet."""

import json
from dataclasses import replace

import pytest

from understudy.cloudformation.change import (
    Detail,
    replacement_of,
    symbol,
)
from understudy.cloudformation.changeset import plan, retention
from understudy.cloudformation.describe import described, to_aws, warnings
from understudy.cloudformation.functions import MappingError
from understudy.cloudformation.refusal import custom_name_conflict, no_change, retyped
from understudy.cloudformation.unknown import KNOWN_AFTER_APPLY
from understudy.testing.stacks import changes_between, deployed, revision_of, with_exports


def topics(**properties):
    """A template of SNS topics: logical id to properties."""
    return {
        "Resources": {
            name: {"Type": "AWS::SNS::Topic", "Properties": given}
            for name, given in properties.items()
        }
    }


def detail(name, source="DirectModification", evaluation="Static", cause=None, recreation="Never"):
    found = {
        "Target": {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation},
        "Evaluation": evaluation,
        "ChangeSource": source,
    }
    return found | ({"CausingEntity": cause} if cause else {})


def same(left, right):
    """Details compare as sets: their order varies between calls of AWS's API."""
    return sorted(left, key=json.dumps) == sorted(right, key=json.dumps)


def changes_of(answer):
    return {
        entry["ResourceChange"]["LogicalResourceId"]: entry["ResourceChange"] for entry in answer
    }


def test_a_new_resource_is_an_add_with_no_details(schemas):
    (answer,) = described(plan(None, revision_of(topics(A={"TopicName": "a"})), {}, schemas))
    assert answer == {
        "Type": "Resource",
        "ResourceChange": {
            "Action": "Add",
            "LogicalResourceId": "A",
            "ResourceType": "AWS::SNS::Topic",
            "Scope": [],
            "Details": [],
        },
    }


def test_with_property_values_an_add_is_a_replacement_and_shows_what_is_unknown(schemas):
    new = topics(A={"TopicName": "a"}, B={"DisplayName": {"Fn::GetAtt": ["A", "DisplayName"]}})
    answer = changes_of(described(plan(None, revision_of(new), {}, schemas), property_values=True))
    assert answer["B"]["Replacement"] == "True"
    assert json.loads(answer["B"]["AfterContext"]) == {
        "Properties": {"DisplayName": KNOWN_AFTER_APPLY}
    }


def test_a_literal_edit_is_one_static_direct_modification(schemas):
    (change,) = changes_between(
        topics(A={"TopicName": "a", "DisplayName": "one"}),
        topics(A={"TopicName": "a", "DisplayName": "two"}),
        schemas,
    )
    assert to_aws(change) == {
        "Action": "Modify",
        "LogicalResourceId": "A",
        "PhysicalResourceId": "phys-A",
        "ResourceType": "AWS::SNS::Topic",
        "Replacement": "False",
        "Scope": ["Properties"],
        "Details": [detail("DisplayName")],
    }
    answer = to_aws(change, property_values=True)
    assert answer["Details"][0]["Target"] == {
        "Attribute": "Properties",
        "Name": "DisplayName",
        "Path": "/Properties/DisplayName",
        "RequiresRecreation": "Never",
        "AttributeChangeType": "Modify",
        "BeforeValue": "one",
        "AfterValue": "two",
    }
    assert json.loads(answer["BeforeContext"])["Properties"]["DisplayName"] == "one"
    assert json.loads(answer["AfterContext"])["Properties"]["DisplayName"] == "two"


def test_an_edit_of_a_create_only_property_replaces(schemas):
    (change,) = changes_between(topics(A={"TopicName": "a"}), topics(A={"TopicName": "b"}), schemas)
    answer = to_aws(change)
    assert answer["Replacement"] == "True"
    assert answer["PolicyAction"] == "ReplaceAndDelete"
    assert answer["Details"] == [detail("TopicName", recreation="Always")]
    assert symbol(change) == "+/-"


@pytest.mark.parametrize("property_values", [False, True])
def test_a_changed_parameter_is_a_reference_and_a_dynamic_modification(schemas, property_values):
    template = topics(A={"TopicName": {"Ref": "Name"}}) | {
        "Parameters": {"Name": {"Type": "String", "Default": "a"}}
    }
    changes = changes_between(template, template, schemas, new={"Name": "b"})
    (answer,) = described(changes, property_values=property_values)
    details = answer["ResourceChange"]["Details"]
    for entry in details:
        for key in ("Path", "BeforeValue", "AfterValue", "AttributeChangeType"):
            entry["Target"].pop(key, None)
    assert same(
        details,
        [
            detail("TopicName", "ParameterReference", "Static", "Name", "Always"),
            detail("TopicName", "DirectModification", "Dynamic", None, "Always"),
        ],
    )
    assert answer["ResourceChange"]["Replacement"] == "True"


def test_ref_of_a_replaced_resource_is_a_static_reference(schemas):
    old = topics(A={"TopicName": "a"}, B={"DisplayName": {"Ref": "A"}})
    new = topics(A={"TopicName": "b"}, B={"DisplayName": {"Ref": "A"}})
    changes = changes_between(old, new, schemas)
    plain = changes_of(described(changes))["B"]
    assert plain["Details"] == [detail("DisplayName", "ResourceReference", "Static", "A")]
    assert plain["Replacement"] == "False"
    assert "PolicyAction" not in plain
    full = changes_of(described(changes, property_values=True))["B"]
    assert [(d["ChangeSource"], d["Evaluation"]) for d in full["Details"]] == [
        ("DirectModification", "Dynamic"),
        ("ResourceReference", "Static"),
    ]
    for entry in full["Details"]:
        assert entry["Target"]["AfterValue"] == KNOWN_AFTER_APPLY
        assert entry["Target"]["BeforeValue"] == "phys-A"


def test_an_attribute_of_a_replaced_resource_is_a_static_attribute(schemas):
    old = topics(A={"TopicName": "a"}, B={"DisplayName": {"Fn::GetAtt": ["A", "DisplayName"]}})
    old["Resources"]["A"]["Properties"]["DisplayName"] = "value"
    new = json.loads(json.dumps(old))
    new["Resources"]["A"]["Properties"] = {"TopicName": "b", "DisplayName": "new"}
    answer = changes_of(described(changes_between(old, new, schemas)))["B"]
    cause = "A.DisplayName"
    assert answer["Details"] == [detail("DisplayName", "ResourceAttribute", "Static", cause)]


def chain(display_name):
    return topics(
        A={"TopicName": "a", "DisplayName": display_name},
        B={"DisplayName": {"Fn::GetAtt": ["A", "DisplayName"]}},
        C={"DisplayName": {"Fn::GetAtt": ["B", "DisplayName"]}},
    )


def test_attributes_of_updated_resources_are_dynamic_along_a_chain(schemas):
    changes = changes_between(chain("one"), chain("two"), schemas)
    answer = changes_of(described(changes))
    for name, cause in (("B", "A.DisplayName"), ("C", "B.DisplayName")):
        assert answer[name]["Details"] == [
            detail("DisplayName", "ResourceAttribute", "Dynamic", cause)
        ]
        assert answer[name]["Replacement"] == "False"


def test_with_property_values_what_only_reads_an_updated_resource_is_left_out(schemas):
    changes = changes_between(chain("one"), chain("two"), schemas)
    assert list(changes_of(described(changes, property_values=True))) == ["A"]


def test_ref_of_an_updated_resource_is_no_change(schemas):
    def template(name):
        return topics(A={"TopicName": "a", "DisplayName": name}, B={"DisplayName": {"Ref": "A"}})

    changes = changes_between(template("one"), template("two"), schemas)
    assert [change.logical_id for change in changes] == ["A"]


def test_what_refers_to_a_resource_that_may_be_replaced_may_change(schemas):
    def template(config):
        group = {"LaunchConfigurationName": config, "MinSize": "1", "MaxSize": "2"}
        policy = {"AutoScalingGroupName": {"Ref": "Group"}}
        return {
            "Resources": {
                "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": group},
                "Policy": {"Type": "AWS::AutoScaling::ScalingPolicy", "Properties": policy},
            }
        }

    changes = changes_between(template("one"), template("two"), schemas)
    group, policy = (to_aws(change) for change in changes)
    assert group["Replacement"] == "Conditional"
    assert group["Details"] == [detail("LaunchConfigurationName", recreation="Conditionally")]
    assert policy["Replacement"] == "Conditional"
    assert policy["Details"] == [
        detail("AutoScalingGroupName", "ResourceReference", "Dynamic", "Group", "Always")
    ]
    assert symbol(changes[0]) == "~?"


def test_a_new_reference_in_an_edited_property_is_dynamic_beside_its_cause(schemas):
    old = topics(A={"DisplayName": "x"})
    new = topics(A={"DisplayName": {"Fn::Sub": "${B.TopicArn}"}}, B={})
    answer = changes_of(described(changes_between(old, new, schemas)))
    assert same(
        answer["A"]["Details"],
        [
            detail("DisplayName", "ResourceAttribute", "Static", "B.TopicArn"),
            detail("DisplayName", "DirectModification", "Dynamic"),
        ],
    )
    assert answer["B"]["Action"] == "Add"


@pytest.mark.parametrize(
    ("policy", "action"),
    [
        (None, "Delete"),
        ("Retain", "Retain"),
        ("RetainExceptOnCreate", "Retain"),
        ("Snapshot", "Snapshot"),
    ],
)
def test_a_removed_resource_goes_by_its_deletion_policy(schemas, policy, action):
    old = topics(A={}, B={})
    if policy:
        old["Resources"]["B"]["DeletionPolicy"] = policy
    (change,) = changes_between(old, topics(A={}), schemas)
    assert to_aws(change) == {
        "Action": "Remove",
        "LogicalResourceId": "B",
        "PhysicalResourceId": "phys-B",
        "ResourceType": "AWS::SNS::Topic",
        "PolicyAction": action,
        "Scope": [],
        "Details": [],
    }
    assert symbol(change) == "-"


@pytest.mark.parametrize(
    ("kind", "properties", "policy"),
    [
        ("AWS::RDS::DBCluster", {}, "Snapshot"),
        ("AWS::RDS::DBInstance", {}, "Snapshot"),
        ("AWS::RDS::DBInstance", {"DBClusterIdentifier": "c"}, "Delete"),
        ("AWS::S3::Bucket", {}, "Delete"),
    ],
)
def test_databases_are_kept_as_snapshots_by_default(kind, properties, policy):
    assert retention(kind, None, properties) == policy
    assert retention(kind, "Retain", properties) == "Retain"


def test_a_replaced_resource_goes_by_its_update_replace_policy(schemas):
    new = topics(A={"TopicName": "b"})
    new["Resources"]["A"]["UpdateReplacePolicy"] = "Retain"
    (change,) = changes_between(topics(A={"TopicName": "a"}), new, schemas)
    assert change.policy_action == "ReplaceAndRetain"
    assert change.scope == ("Properties", "UpdateReplacePolicy")


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("Metadata", {"Version": "2"}),
        ("DeletionPolicy", "Retain"),
        ("UpdateReplacePolicy", "Retain"),
        ("UpdatePolicy", {"UseOnlineResharding": True}),
    ],
)
def test_an_attribute_edit_is_a_modification_in_that_scope(schemas, attribute, value):
    new = topics(A={})
    new["Resources"]["A"][attribute] = value
    (change,) = changes_between(topics(A={}), new, schemas)
    answer = to_aws(change, property_values=True)
    assert answer["Scope"] == [attribute]
    assert answer["Replacement"] == "False"
    assert answer["Details"] == [
        {
            "Target": {"Attribute": attribute, "RequiresRecreation": "Never"},
            "Evaluation": "Static",
            "ChangeSource": "DirectModification",
        }
    ]


def test_a_depends_on_edit_alone_is_no_change(schemas):
    new = topics(A={}, B={})
    new["Resources"]["B"]["DependsOn"] = "A"
    assert changes_between(topics(A={}, B={}), new, schemas) == ()


def test_tags_have_their_own_scope_and_paths_to_the_leaves(schemas):
    old = topics(A={"Tags": [{"Key": "k", "Value": "one"}]})
    new = topics(A={"Tags": [{"Key": "k", "Value": "two"}, {"Key": "new", "Value": "x"}]})
    (change,) = changes_between(old, new, schemas)
    answer = to_aws(change, property_values=True)
    assert answer["Scope"] == ["Tags"]
    assert [d["Target"] for d in answer["Details"]] == [
        {
            "Attribute": "Tags",
            "RequiresRecreation": "Never",
            "Path": "/Properties/Tags/0/Value",
            "AttributeChangeType": "Modify",
            "BeforeValue": "one",
            "AfterValue": "two",
        },
        {
            "Attribute": "Tags",
            "RequiresRecreation": "Never",
            "Path": "/Properties/Tags/1",
            "AttributeChangeType": "Add",
            "AfterValue": '{"Key":"new","Value":"x"}',
        },
    ]
    assert len(to_aws(change)["Details"]) == 1


def test_scalars_that_are_the_same_text_are_equal(schemas):
    old = topics(A={"FifoTopic": "true", "SignatureVersion": 2})
    new = topics(A={"FifoTopic": True, "SignatureVersion": "2"})
    assert changes_between(old, new, schemas) == ()


def test_a_type_without_an_update_handler_is_always_replaced(schemas):
    def template(types):
        properties = {"ImageId": "ami-1", "InstanceType": types}
        return {
            "Resources": {
                "C": {"Type": "AWS::AutoScaling::LaunchConfiguration", "Properties": properties}
            }
        }

    (change,) = changes_between(template("a"), template("b"), schemas)
    assert change.replacement == "True"


def test_a_sagemaker_endpoint_updates_in_place_when_its_configuration_is_replaced(schemas):
    def template(instances):
        variant = {
            "ModelName": "m",
            "VariantName": "v",
            "InitialVariantWeight": 1,
            "InitialInstanceCount": instances,
            "InstanceType": "ml.m5.large",
        }
        return {
            "Resources": {
                "Config": {
                    "Type": "AWS::SageMaker::EndpointConfig",
                    "Properties": {"ProductionVariants": [variant]},
                },
                "Endpoint": {
                    "Type": "AWS::SageMaker::Endpoint",
                    "Properties": {
                        "EndpointConfigName": {"Fn::GetAtt": ["Config", "EndpointConfigName"]}
                    },
                },
            }
        }

    config, endpoint = changes_between(template(1), template(2), schemas)
    assert (config.replacement, endpoint.replacement) == ("True", "False")
    assert config.details[0].path == "/Properties/ProductionVariants/0/InitialInstanceCount"
    assert endpoint.details[0].causing_entity == "Config.EndpointConfigName"


def test_a_condition_that_turns_false_removes_and_one_that_turns_true_adds(schemas):
    template = topics(A={}, B={}) | {
        "Parameters": {"On": {"Type": "String", "Default": "A"}},
        "Conditions": {
            "UseA": {"Fn::Equals": [{"Ref": "On"}, "A"]},
            "UseB": {"Fn::Not": [{"Condition": "UseA"}]},
        },
    }
    template["Resources"]["A"]["Condition"] = "UseA"
    template["Resources"]["B"]["Condition"] = "UseB"
    changes = changes_between(template, template, schemas, new={"On": "B"})
    assert [(c.logical_id, c.action) for c in changes] == [("A", "Remove"), ("B", "Add")]


def test_a_nested_stack_is_updated_with_its_parent_unless_known_to_be_unchanged(schemas):
    template = {"Resources": {"Child": {"Type": "AWS::CloudFormation::Stack", "Properties": {}}}}
    before = revision_of(template)
    state = deployed(before)
    (change,) = plan(before, revision_of(template), state, schemas)
    assert to_aws(change)["Details"] == [
        {
            "Target": {"Attribute": "Properties", "RequiresRecreation": "Never"},
            "Evaluation": "Dynamic",
            "ChangeSource": "Automatic",
        }
    ]
    again = plan(before, revision_of(template), state, schemas, unchanged_stacks=["Child"])
    assert again == ()


def test_an_import_carries_the_physical_id(schemas):
    changes = plan(
        None, revision_of(topics(A={"TopicName": "a"})), {}, schemas, imports={"A": "arn:a"}
    )
    assert (changes[0].action, changes[0].physical_id) == ("Import", "arn:a")
    assert symbol(changes[0]) == "<-"


def test_values_of_secret_parameters_are_masked(schemas):
    template = topics(A={"DisplayName": {"Fn::Sub": "pw-${Secret}"}, "TopicName": "t"}) | {
        "Parameters": {"Secret": {"Type": "String", "NoEcho": True}}
    }
    (change,) = changes_between(template, template, schemas, {"Secret": "a"}, {"Secret": "b"})
    assert {d.causing_entity for d in change.details} == {"Secret", ""}
    assert all((d.before, d.after) == ("****", "****") for d in change.details)
    assert (
        change.before == change.after == {"Properties": {"DisplayName": "****", "TopicName": "t"}}
    )


def test_a_missing_export_is_a_warning_in_the_plan(schemas):
    template = topics(A={"DisplayName": {"Fn::ImportValue": "Nope"}, "TopicName": "t"})
    changes = plan(None, revision_of(template), {}, schemas)
    assert changes[0].after == {"Properties": {"DisplayName": KNOWN_AFTER_APPLY, "TopicName": "t"}}
    assert warnings(changes) == (
        "[WARN] --include-property-values option can return incomplete ChangeSet data because: "
        "ChangeSet creation failed for resource [A] because: No export named Nope found."
    )
    assert warnings(plan(None, revision_of(topics(A={})), {}, schemas)) == ""


def test_a_missing_mapping_key_is_refused_at_once(schemas):
    template = topics(A={"DisplayName": {"Fn::FindInMap": ["M", {"Ref": "AWS::Region"}, "K"]}})
    template["Mappings"] = {"M": {"eu-west-1": {"K": "v"}}}
    with pytest.raises(MappingError, match="Unable to get mapping for M::us-east-1::K"):
        plan(None, revision_of(template), {}, schemas)


def test_an_exported_value_that_changes_is_a_modification(schemas):
    template = topics(A={"DisplayName": {"Fn::ImportValue": "Shared"}})
    before = revision_of(template)
    after = with_exports(before, {"Shared": "other"})
    (change,) = plan(before, after, deployed(before), schemas)
    assert (change.details[0].before, change.details[0].after) == ("shared-value", "other")


def test_another_type_under_a_logical_id_is_refused_and_would_replace(schemas):
    new = {"Resources": {"A": {"Type": "AWS::SQS::Queue"}}}
    before = revision_of(topics(A={}))
    state = deployed(before)
    refusal = retyped(revision_of(new), state)
    assert refusal is not None
    assert refusal.summary == (
        "Update of resource type is not permitted. The new template modifies resource type of the "
        "following resources: [A]"
    )
    assert retyped(before, state) is None
    (change,) = plan(before, revision_of(new), state, schemas)
    assert change.replacement == "True"


def test_a_custom_named_resource_cannot_be_replaced_under_its_name(schemas):
    def template(fifo, name="named.fifo"):
        return topics(A={"TopicName": name, "FifoTopic": fifo})

    schema = schemas.get("AWS::SNS::Topic")
    (change,) = changes_between(template("true"), template("false"), schemas)
    assert custom_name_conflict(change, schema) == (
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
        "Rename named.fifo and update the stack again."
    )
    (change,) = changes_between(template("true"), template("false", "other"), schemas)
    assert custom_name_conflict(change, schema) is None


def test_an_attribute_that_nothing_remembers_is_taken_to_stay_as_it_is(schemas):
    template = topics(A={}, B={"DisplayName": {"Fn::GetAtt": ["A", "TopicArn"]}})
    before = revision_of(template)
    state = deployed(before)
    forgotten = state | {"A": replace(state["A"], attributes={})}
    assert plan(before, revision_of(template), forgotten, schemas) == ()
    edited = topics(A={}, B={"DisplayName": {"Fn::Sub": "x-${A.TopicArn}"}})
    (change,) = plan(before, revision_of(edited), forgotten, schemas)
    assert (change.details[0].evaluation, change.details[0].after) == ("Dynamic", KNOWN_AFTER_APPLY)


def test_what_refers_to_an_imported_resource_knows_its_physical_id(schemas):
    template = topics(A={}, B={"DisplayName": {"Ref": "A"}})
    changes = plan(None, revision_of(template), {}, schemas, imports={"A": "arn:a"})
    assert changes[1].after == {"Properties": {"DisplayName": "arn:a"}}


def test_without_values_one_detail_of_a_property_has_its_strongest_recreation(schemas):
    def template(key, size):
        block = {"DeviceName": "/dev/a", "Ebs": {"VolumeSize": size, "Encrypted": key}}
        properties = {"ImageId": "ami-1", "BlockDeviceMappings": [block]}
        return {"Resources": {"I": {"Type": "AWS::EC2::Instance", "Properties": properties}}}

    (change,) = changes_between(template("false", 8), template("true", 9), schemas)
    recreations = [d.requires_recreation for d in change.details]
    (merged,) = to_aws(change)["Details"]
    order = ["Never", "Conditionally", "Always"]
    assert len(recreations) == 2
    assert merged["Target"]["RequiresRecreation"] == max(recreations, key=order.index)


def test_with_values_a_change_keeps_its_other_details_when_one_is_left_out(schemas):
    def template(name):
        b = {"DisplayName": {"Fn::GetAtt": ["A", "DisplayName"]}, "SignatureVersion": name}
        return topics(A={"DisplayName": name}, B=b)

    answer = changes_of(
        described(changes_between(template("1"), template("2"), schemas), property_values=True)
    )
    assert [d["Target"]["Name"] for d in answer["B"]["Details"]] == ["SignatureVersion"]


def with_output(template, value):
    return template | {"Outputs": {"Out": {"Value": value}}}


@pytest.mark.parametrize(
    ("after", "options", "text"),
    [
        pytest.param(topics(A={}), {}, "The submitted information didn't contain", id="nothing"),
        pytest.param(
            topics(A={}), {"transformed": True}, "No updates are to be performed.", id="macros ran"
        ),
        pytest.param(topics(A={}), {"stack_changed": True}, None, id="the tags of the stack"),
        pytest.param(with_output(topics(A={}), "x"), {}, None, id="a new output"),
        pytest.param(
            topics(A={}) | {"Description": "new"}, {}, "The submitted", id="only a description"
        ),
        pytest.param(
            topics(A={}) | {"Conditions": {"C": {"Fn::Equals": ["a", "b"]}}},
            {},
            "The submitted",
            id="only a condition that nothing uses",
        ),
    ],
)
def test_whether_anything_changes(schemas, after, options, text):
    before = revision_of(topics(A={}))
    state = deployed(before)
    new = revision_of(after)
    sentence = no_change(before, new, plan(before, new, state, schemas), state, **options)
    assert sentence is None if text is None else sentence.startswith(text)


def test_a_new_stack_is_never_without_changes(schemas):
    new = revision_of(topics(A={}))
    assert no_change(None, new, (), {}) is None


def test_replacement_follows_the_strongest_detail():
    def of(recreation, evaluation):
        return Detail("Properties", requires_recreation=recreation, evaluation=evaluation)

    assert replacement_of([of("Always", "Static"), of("Never", "Static")]) == "True"
    assert replacement_of([of("Always", "Dynamic")]) == "Conditional"
    assert replacement_of([of("Conditionally", "Static")]) == "Conditional"
    assert replacement_of([of("Never", "Dynamic")]) == "False"
