"""Schemas: pointers, recreation, attributes; validation and typing of properties."""

import sys
from decimal import Decimal
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.app.schemas import CfnLintSchemas
from understudy.cloudformation.coerce import coerce
from understudy.cloudformation.schema import Schema, Schemas
from understudy.cloudformation.unknown import Unknown
from understudy.cloudformation.validate import diagnose, failure, validate


class OneSchema:
    """A source of one hand-written type."""

    RAW: ClassVar = {
        "typeName": "My::Test::Thing",
        "properties": {
            "Name": {"type": "string", "minLength": 2, "maxLength": 5, "pattern": "^[a-z]+$"},
            "Port": {"type": "integer", "minimum": 1, "maximum": 65535},
            "Ratio": {"type": "number", "exclusiveMaximum": 1},
            "On": {"type": "boolean"},
            "Kind": {"type": "string", "enum": ["a", "b"]},
            "Fixed": {"const": "f"},
            "Java": {"type": "string", "pattern": "^[a-z&&[^x]]$"},
            "Document": {"type": ["object", "string"]},
            "Items": {
                "type": "array",
                "minItems": 1,
                "maxItems": 2,
                "uniqueItems": True,
                "insertionOrder": False,
                "items": {"$ref": "#/definitions/Item"},
            },
            "Choice": {"oneOf": [{"type": "integer"}, {"type": "boolean"}]},
            "Arn": {"type": "string"},
            "Open": {"type": "object", "patternProperties": {"^x": {"type": "integer"}}},
        },
        "definitions": {
            "Item": {
                "type": "object",
                "additionalProperties": False,
                "properties": {"Id": {"type": "string"}, "Size": {"type": "integer"}},
                "required": ["Id"],
            }
        },
        "required": ["Name"],
        "additionalProperties": False,
        "readOnlyProperties": ["/properties/Arn"],
        "createOnlyProperties": ["/properties/Name", "/properties/Items/*/Id"],
        "conditionalCreateOnlyProperties": ["/properties/Kind"],
        "primaryIdentifier": ["/properties/Name"],
        "handlers": {"create": {}, "update": {}},
    }

    def names(self):
        return [self.RAW["typeName"]]

    def schema(self, name):
        return self.RAW if name == self.RAW["typeName"] else None


THING = Schema(OneSchema.RAW)


@pytest.mark.parametrize(
    ("properties", "messages"),
    [
        pytest.param({"Name": "abc"}, [], id="good"),
        pytest.param({"Name": "abc", "Port": "80", "Ratio": "0.5", "On": "true"}, [], id="as text"),
        pytest.param({"Name": "abc", "Ratio": Decimal("0.5"), "On": True}, [], id="typed"),
        pytest.param(
            {"Name": 123},
            ["#/Name: failed validation constraint for keyword [pattern]"],
            id="a number stands for text",
        ),
        pytest.param({}, ["#: required key [Name] not found"], id="required"),
        pytest.param(
            {"Name": "abc", "Zonk": 1},
            ["#: extraneous key [Zonk] is not permitted"],
            id="extraneous",
        ),
        pytest.param(
            {"Name": "abc", "Arn": "x"},
            ["#: extraneous key [Arn] is not permitted"],
            id="read-only",
        ),
        pytest.param(
            {"Name": "abc", "Items": [{"Idd": "x"}]},
            [
                "#/Items/0: extraneous key [Idd] is not permitted",
                "#/Items/0: required key [Id] not found",
            ],
            id="nested",
        ),
        pytest.param(
            {"Name": "abc", "Port": "x"},
            ["#/Port: expected type: Integer, found: String"],
            id="type",
        ),
        pytest.param(
            {"Name": ["a"]},
            ["#/Name: expected type: String, found: JSONArray"],
            id="a list for text",
        ),
        pytest.param(
            {"Name": "abc", "Items": {"Id": "x"}},
            ["#/Items: expected type: JSONArray, found: JSONObject"],
            id="a map for a list",
        ),
        pytest.param(
            {"Name": "abcdef"}, ["#/Name: expected maxLength: 5, actual: 6"], id="maxLength"
        ),
        pytest.param({"Name": "a"}, ["#/Name: expected minLength: 2, actual: 1"], id="minLength"),
        pytest.param(
            {"Name": "abc", "Items": []},
            ["#/Items: expected minimum item count: 1, found: 0"],
            id="minItems",
        ),
        pytest.param(
            {"Name": "abc", "Items": [{"Id": "a"}, {"Id": "b"}, {"Id": "c"}]},
            ["#/Items: expected maximum item count: 2, found: 3"],
            id="maxItems",
        ),
        pytest.param(
            {"Name": "abc", "Items": [{"Id": "a"}, {"Id": "a"}]},
            ["#/Items: array items are not unique"],
            id="uniqueItems",
        ),
        pytest.param(
            {"Name": "abc", "Kind": "c"},
            ["#/Kind: failed validation constraint for keyword [enum]"],
            id="enum",
        ),
        pytest.param(
            {"Name": "abc", "Fixed": "g"},
            ["#/Fixed: failed validation constraint for keyword [const]"],
            id="const",
        ),
        pytest.param(
            {"Name": "abc", "Port": "0"},
            ["#/Port: failed validation constraint for keyword [minimum]"],
            id="minimum of text",
        ),
        pytest.param(
            {"Name": "abc", "Ratio": 1},
            ["#/Ratio: failed validation constraint for keyword [exclusiveMaximum]"],
            id="exclusiveMaximum",
        ),
        pytest.param(
            {"Name": "abc", "Choice": "x"},
            ["#/Choice: #: 0 subschemas matched instead of one out of 2"],
            id="oneOf",
        ),
        pytest.param(
            {"Name": "abc", "Java": "x"},
            ["#/Java: failed validation constraint for keyword [pattern]"],
            id="a pattern of Java",
        ),
        pytest.param({"Name": "abc", "Document": "{}"}, [], id="one of two types"),
        pytest.param({"Name": "abc", "Open": {"xa": "1", "y": "z"}}, [], id="pattern properties"),
    ],
)
def test_properties_are_validated_in_the_words_of_cloudformation(properties, messages):
    assert [message for _, message in validate(properties, THING)] == messages


@pytest.mark.parametrize(
    "properties",
    [
        {"Name": Unknown()},
        {"Name": "abc", "Items": Unknown()},
        {"Name": "abc", "Items": [Unknown(), Unknown()]},
        {"Name": "abc", "Items": [{"Id": Unknown(), "Size": Unknown()}]},
        {"Name": "abc", "Choice": Unknown(), "Kind": Unknown(), "Port": Unknown()},
    ],
)
def test_what_is_unknown_passes(properties):
    assert validate(properties, THING) == []


def test_what_is_unknown_does_not_hide_what_is_wrong_beside_it():
    found = validate({"Items": [{"Size": Unknown(), "Zonk": 1}]}, THING)
    assert [message for _, message in found] == [
        "#: required key [Name] not found",
        "#/Items/0: extraneous key [Zonk] is not permitted",
        "#/Items/0: required key [Id] not found",
    ]


def test_row_60_as_recorded_for_a_parameter_without_a_type(schemas):
    problems = validate({"Value": "x"}, schemas.get("AWS::SSM::Parameter"))
    assert failure("P", problems) == (
        "Property validation failure: [The property {/Type} is required]"
    )


def test_row_60_for_other_problems():
    one = validate({"Name": "abc", "Zonk": 1}, THING)
    assert failure("X", one) == (
        "Properties validation failed for resource X with message: "
        "#: extraneous key [Zonk] is not permitted"
    )
    two = validate({"Name": "abcdef", "Port": "x"}, THING)
    assert failure("X", two).splitlines() == [
        "Properties validation failed for resource X with message:",
        "#/Name: expected maxLength: 5, actual: 6",
        "#/Port: expected type: Integer, found: String",
    ]


def test_a_slip_in_a_property_gets_a_hint(schemas):
    bucket = schemas.get("AWS::S3::Bucket")
    rule = {"Idd": "a", "Status": "Enabled"}
    found = diagnose("B", {"BuckeName": "x", "LifecycleConfiguration": {"Rules": [rule]}}, bucket)
    assert [(d.path[3:], d.action) for d in found] == [
        (("BuckeName",), "did you mean BucketName?"),
        (("LifecycleConfiguration", "Rules", 0, "Idd"), "did you mean Id?"),
    ]


SCALARS = st.sampled_from(["", "a", "abc", "5", "-1.5", "true", True, False, 0, 5, Decimal("1.5")])
NODES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["string", "integer", "boolean", ["number", "object"], "array"]),
        "pattern": st.sampled_from(["^a", "[0-9]$"]),
        "enum": st.just(["a", 5]),
        "const": st.just("5"),
        "minLength": st.just(2),
        "maxLength": st.just(2),
        "minimum": st.just(1),
        "exclusiveMaximum": st.just(5),
        "format": st.just("date"),
        "description": st.just("words"),
        "not": st.just({"type": "boolean"}),
        "anyOf": st.just([{"minLength": 1}, {"type": "boolean"}]),
        "$ref": st.just("#/definitions/B"),
    },
)


@given(SCALARS, NODES)
def test_a_scalar_property_is_held_to_what_an_item_of_a_list_is(value, node):
    below = {"A": node, "L": {"type": "array", "items": node}}
    schema = Schema({"properties": below, "definitions": {"B": {"pattern": "b"}}})
    alone = [message.removeprefix("#/A") for _, message in validate({"A": value}, schema)]
    listed = [message.removeprefix("#/L/0") for _, message in validate({"L": [value]}, schema)]
    assert alone == listed


@pytest.mark.parametrize(
    ("properties", "typed"),
    [
        (
            {"Port": "80", "On": "true", "Name": 5, "Ratio": "1.50"},
            {"Port": 80, "On": True, "Name": "5", "Ratio": 1.5},
        ),
        ({"Ratio": Decimal("2.0"), "Name": True}, {"Ratio": 2, "Name": "true"}),
        ({"Items": [{"Id": 1, "Size": "3"}]}, {"Items": [{"Id": "1", "Size": 3}]}),
        ({"Choice": "5"}, {"Choice": 5}),
        ({"Choice": "false"}, {"Choice": False}),
        ({"Document": {"n": Decimal("1.5"), "b": True}}, {"Document": {"n": 1.5, "b": True}}),
        ({"Open": {"xa": "1", "y": "2"}}, {"Open": {"xa": 1, "y": 2}}),
        ({"Port": "many", "Zonk": 1}, {"Port": "many", "Zonk": 1}),
        ({"Port": Unknown()}, {"Port": Unknown()}),
    ],
)
def test_properties_get_the_types_of_their_schema(properties, typed):
    found = coerce(properties, THING)
    assert found == typed
    assert repr(found) == repr(typed)


@given(
    st.fixed_dictionaries(
        {"Name": st.sampled_from(["ab", "abc"])},
        optional={
            "Port": st.integers(1, 65535),
            "On": st.booleans(),
            "Ratio": st.sampled_from([0, 0.25, 0.5]),
            "Items": st.lists(
                st.fixed_dictionaries(
                    {"Id": st.text("ab", max_size=2)}, optional={"Size": st.integers(0, 9)}
                ),
                min_size=1,
                max_size=1,
            ),
        },
    )
)
def test_typed_properties_written_as_text_come_back_the_same(properties):
    def written(value):
        if isinstance(value, dict):
            return {key: written(child) for key, child in value.items()}
        if isinstance(value, list):
            return [written(child) for child in value]
        return str(value).lower() if isinstance(value, bool) else str(value)

    assert coerce(written(properties), THING) == properties
    assert validate(written(properties), THING) == validate(properties, THING) == []


@pytest.mark.parametrize(
    ("path", "before", "after", "recreation"),
    [
        (("Name",), "a", "b", "Always"),
        (("Kind",), "a", "b", "Conditionally"),
        (("Port",), 1, 2, "Never"),
        (("Items", 0, "Id"), "a", "b", "Always"),
        (("Items", 0, "Size"), 1, 2, "Never"),
        (("Items", 1), None, {"Id": "x"}, "Always"),
        (("Items", 1), None, {"Size": 1}, "Never"),
        (("Items",), [{"Id": "x"}], None, "Always"),
    ],
)
def test_which_changes_recreate(path, before, after, recreation):
    assert THING.recreation(path, before, after) == recreation


@pytest.mark.parametrize(
    ("name", "path", "recreation"),
    [
        ("AWS::SageMaker::Model", ("PrimaryContainer", "Image"), "Always"),
        ("AWS::SageMaker::EndpointConfig", ("ProductionVariants", 0, "InstanceType"), "Always"),
        ("AWS::SageMaker::Endpoint", ("EndpointName",), "Always"),
        ("AWS::SageMaker::Endpoint", ("EndpointConfigName",), "Never"),
        ("AWS::AutoScaling::AutoScalingGroup", ("VPCZoneIdentifier", 0), "Conditionally"),
        ("AWS::ECS::Service", ("Cluster",), "Always"),
        ("AWS::S3::Bucket", ("BucketName",), "Always"),
        ("AWS::AutoScaling::LaunchConfiguration", ("InstanceType",), "Always"),
        ("Custom::Mine", ("ServiceToken",), "Always"),
        ("Custom::Mine", ("Anything",), "Never"),
    ],
)
def test_which_changes_recreate_the_types_that_matter(schemas, name, path, recreation):
    assert schemas.get(name).recreation(path) == recreation


def test_attributes_are_properties_that_the_service_or_the_template_sets(schemas):
    endpoint = schemas.get("AWS::SageMaker::Endpoint")
    assert endpoint.has_attribute("EndpointName")
    assert endpoint.has_attribute("EndpointArn")
    assert not endpoint.has_attribute("Arm")
    cluster = schemas.get("AWS::RDS::DBCluster")
    assert cluster.has_attribute("Endpoint.Address")
    assert not cluster.has_attribute("Endpoint.Nope")


def test_the_rest_of_a_schema():
    assert THING.required == ("Name",)
    assert THING.primary_identifier == (("Name",),)
    assert THING.write_only == ()
    assert THING.tags == ""
    assert not THING.is_immutable
    assert not THING.deletes_first


def test_schemas_know_their_types_and_read_each_once():
    reads = []

    class Counting(OneSchema):
        def schema(self, name):
            reads.append(name)
            return super().schema(name)

    known = Schemas(Counting())
    assert known.get("My::Test::Thing") is known.get("My::Test::Thing")
    assert known.get("No::Such::Type") is known.get("No::Such::Type") is None
    assert reads == ["My::Test::Thing", "No::Such::Type"]
    assert "My::Test::Thing" in known
    assert "Custom::Any" in known
    assert "No::Such::Type" not in known


def test_the_schemas_of_the_package_are_read_without_importing_it():
    before = "cfnlint" in sys.modules
    source = CfnLintSchemas("us-east-1")
    assert len(source.names()) > 1500
    assert source.schema("AWS::S3::Bucket")["typeName"] == "AWS::S3::Bucket"
    assert source.schema("AWS::No::Such") is None
    assert CfnLintSchemas("xx-new-1").schema("AWS::S3::Bucket") is not None
    assert ("cfnlint" in sys.modules) == before


def test_every_schema_of_the_region_compiles(schemas):
    names = sorted(schemas.names())[::20]
    for name in names:
        schema = schemas.get(name)
        validate({}, schema)
        coerce({"Tags": [{"Key": 1}]}, schema)
