"""What is wrong with an input, in the words of AWS."""

import tracemalloc
from typing import Any

import pytest

from understudy.api.wire import Protocol, WireCall, validate, violations
from understudy.api.wire.patterns import compile_pattern
from understudy.api.wire.validate import MOST
from understudy.base.fault import Fault

STACK = ("cloudformation", "CreateStack")
CONFIG = ("sagemaker", "CreateEndpointConfig")
MODEL = ("sagemaker", "CreateModel")
TARGET = ("application-autoscaling", "RegisterScalableTarget")
TARGETED = {"ResourceId": "r", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"}
STACK_NAME = "[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*"

NOT_NULL = "Member must not be null"
AT_LEAST_1 = "Member must have length greater than or equal to 1"
REGEX = "Member must satisfy regular expression pattern: "
NAMESPACES = (
    "ecs, elasticmapreduce, ec2, appstream, dynamodb, rds, sagemaker, custom-resource, comprehend, "
    "lambda, cassandra, kafka, elasticache, neptune, workspaces"
)
LONG = {"1": "x" * 1025}
OF_32 = (
    "[Member must have length less than or equal to 32, "
    "Member must have length greater than or equal to 0, "
)
OF_1024 = (
    "[Member must have length less than or equal to 1024, "
    "Member must have length greater than or equal to 0, "
)

# The sentences are AWS's own, as its services answered with them: the value, where, the constraint.
VIOLATIONS: dict[str, tuple[tuple[str, str], dict[str, Any], list[tuple[str, str, str]]]] = {
    "a valid input has none": (STACK, {"StackName": "web", "Tags": []}, []),
    "a name of other letters": (
        STACK,
        {"StackName": "*@da591fa3_$"},
        [(" '*@da591fa3_$'", "stackName", REGEX + STACK_NAME)],
    ),
    "an empty name fails twice, its pattern first": (
        STACK,
        {"StackName": ""},
        [(" ''", "stackName", REGEX + STACK_NAME), (" ''", "stackName", AT_LEAST_1)],
    ),
    "a template that is too long": (
        STACK,
        {"StackName": "web", "TemplateBody": "x" * 51201},
        [
            (
                f" '{'x' * 51201}'",
                "templateBody",
                "Member must have length less than or equal to 51200",
            )
        ],
    ),
    "a template of all the length that is allowed": (
        STACK,
        {"StackName": "web", "TemplateBody": "x" * 51200},
        [],
    ),
    "a required member that is missing": (
        ("cloudformation", "BatchDescribeTypeConfigurations"),
        {},
        [(" null", "typeConfigurationIdentifiers", NOT_NULL)],
    ),
    "a missing member in a list": (
        CONFIG,
        {"EndpointConfigName": "c", "ProductionVariants": [{"InitialInstanceCount": 0}]},
        [
            (" null", "productionVariants.1.member.variantName", NOT_NULL),
            (
                " '0'",
                "productionVariants.1.member.initialInstanceCount",
                "Member must have value greater than or equal to 1",
            ),
        ],
    ),
    "an empty list": (
        CONFIG,
        {"EndpointConfigName": "c", "ProductionVariants": []},
        [(" '[]'", "productionVariants", AT_LEAST_1)],
    ),
    "a name that is too long is not given to its pattern": (
        CONFIG,
        {"EndpointConfigName": "_" * 64, "ProductionVariants": [{"VariantName": "v"}]},
        [
            (
                f" '{'_' * 64}'",
                "endpointConfigName",
                "Member must have length less than or equal to 63",
            )
        ],
    ),
    "a value outside of an enumeration": (
        TARGET,
        {"ServiceNamespace": "ec3", **TARGETED},
        [(" 'ec3'", "serviceNamespace", f"Member must satisfy enum value set: [{NAMESPACES}]")],
    ),
    "an item of a list, of which all constraints are named": (
        MODEL,
        {"ModelName": "m", "VpcConfig": {"SecurityGroupIds": ["sg-1", "sg_2"], "Subnets": ["s"]}},
        [
            (
                " '[sg-1, sg_2]'",
                "vpcConfig.securityGroupIds",
                f"Member must satisfy constraint: {OF_32}{REGEX}[-0-9a-zA-Z]+]",
            )
        ],
    ),
    "a key and a value of a map": (
        MODEL,
        {"ModelName": "m", "PrimaryContainer": {"Environment": LONG}},
        [
            (
                f" '{{1={'x' * 1025}}}'",
                "primaryContainer.environment",
                f"Map keys must satisfy constraint: {OF_1024}{REGEX}[a-zA-Z_][a-zA-Z0-9_]*]",
            ),
            (
                f" '{{1={'x' * 1025}}}'",
                "primaryContainer.environment",
                f"Map value must satisfy constraint: {OF_1024}{REGEX}[\\S\\s]*]",
            ),
        ],
    ),
    "a structure in a map has its key in the path": (
        ("dynamodb", "BatchGetItem"),
        {"RequestItems": {"table": {"Keys": []}}},
        [(" '[]'", "requestItems.table.member.keys", AT_LEAST_1)],
    ),
    "a sensitive value is not told": (
        ("cognito-idp", "ConfirmSignUp"),
        {"ClientId": "c", "Username": "", "ConfirmationCode": "1"},
        [("", "username", AT_LEAST_1)],
    ),
    "nor is it told that there is none": (
        ("cognito-idp", "ConfirmSignUp"),
        {"ClientId": "c", "ConfirmationCode": "1"},
        [("", "username", NOT_NULL)],
    ),
}


@pytest.mark.parametrize(("operation", "params", "expected"), VIOLATIONS.values(), ids=VIOLATIONS)
def test_what_is_wrong_is_said_in_AWSs_words(  # noqa: N802
    operation: tuple[str, str], params: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    assert violations(*operation, params) == [
        f"Value{value} at '{path}' failed to satisfy constraint: {constraint}"
        for value, path, constraint in expected
    ]


def test_one_error_is_an_error_and_two_are_errors() -> None:
    call = WireCall("cloudformation", "CreateStack", Protocol.QUERY)
    with pytest.raises(Fault) as caught:
        validate(call, {"StackName": "1"})
    assert caught.value.message.startswith("1 validation error detected: Value '1' at 'stackName'")
    with pytest.raises(Fault) as caught:
        validate(call, {"StackName": ""})
    assert caught.value.message.startswith("2 validation errors detected: Value '' at 'stackName'")
    assert caught.value.message.count("; ") == 1


CODES = {
    "query services": ("autoscaling", "PutScalingPolicy", "query", {}, "ValidationError"),
    "json services": ("sagemaker", "CreateModel", "json", {}, "ValidationException"),
    "rest services": ("lambda", "CreateFunction", "rest-json", {}, "ValidationException"),
    "logs": ("logs", "CreateLogGroup", "json", {}, "InvalidParameterException"),
    "cloudwatch in json": ("cloudwatch", "PutMetricAlarm", "json", {}, "ValidationError"),
    "cloudwatch in cbor": (
        "cloudwatch", "PutMetricAlarm", "smithy-rpc-v2-cbor", {}, "ValidationError"
    ),
    "s3": ("s3", "PutBucketTagging", "rest-xml", {"Bucket": "b"}, "InvalidArgument"),
    "a missing parameter of EC2": ("ec2", "DeleteVolume", "ec2", {}, "MissingParameter"),
    "another parameter of EC2": (
        "ec2", "CreateVolume", "ec2", {"AvailabilityZone": "a", "VolumeType": "x"},
        "InvalidParameterValue",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("service", "operation", "protocol", "params", "code"), CODES.values(), ids=CODES
)
def test_the_code_is_the_services(
    service: str, operation: str, protocol: str, params: dict[str, Any], code: str
) -> None:
    with pytest.raises(Fault) as caught:
        validate(WireCall(service, operation, Protocol(protocol)), params)
    assert (caught.value.code, caught.value.status) == (code, 400)


def test_queues_and_EC2_name_a_missing_parameter() -> None:  # noqa: N802
    with pytest.raises(Fault, match=r"The request must contain the parameter QueueName\."):
        validate(WireCall("sqs", "CreateQueue", Protocol.JSON), {})


def test_sentences_end_at_some_number() -> None:
    params = {"StackName": "web", "Tags": [{"Value": "v"}] * 100_000}
    found = violations("cloudformation", "CreateStack", params)
    assert len(found) == MOST


def test_no_request_makes_more_sentences_than_are_told() -> None:
    variants = [{"VariantName": "v", "InstanceType": "ml.magic"}] * 20_000
    tracemalloc.start()
    violations(*CONFIG, {"EndpointConfigName": "c", "ProductionVariants": variants})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000  # each sentence names 300 instance types


def test_a_valid_input_is_let_through() -> None:
    call = WireCall("sagemaker", "CreateEndpoint", Protocol.JSON)
    validate(call, {"EndpointName": "digits", "EndpointConfigName": "digits-1"})


PATTERNS = {
    "a pattern is matched in full": ("[a-z]+", "ab", "ab1"),
    "an alternative is matched in full": ("a|b[0-9]", "b1", "a1"),
    "letters are ASCII": (r"\w+", "abc", "äbc"),
    "digits are ASCII": (r"\d+", "12", "١٢"),
    "a line break at the end counts": ("^[a-z]+$", "ab", "ab\n"),
    "pairs of surrogates are one character": (
        r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", "a\U0001f600", "\0"
    ),
    "POSIX classes": (r"\p{Print}+", "a b", "\x01"),
    "POSIX classes in a class": (r"arn:[\p{Alnum}\-]+", "arn:aws-1", "arn:[aws]"),
    "the end of input": (r"\A\S[\p{Print}]*\z", "a b", " a"),
}  # fmt: skip


@pytest.mark.parametrize(("pattern", "good", "bad"), PATTERNS.values(), ids=PATTERNS)
def test_a_pattern_of_Java_is_Pythons(pattern: str, good: str, bad: str) -> None:  # noqa: N802
    compiled = compile_pattern(pattern)
    assert compiled is not None
    assert compiled.fullmatch(good)
    assert not compiled.fullmatch(bad)


def test_a_pattern_that_Python_has_not_is_not_checked() -> None:  # noqa: N802
    assert compile_pattern(r"[\p{L}\p{Z}]+") is None
    assert (
        violations("iam", "TagUser", {"UserName": "u", "Tags": [{"Key": "\0", "Value": ""}]}) == []
    )
