"""AWS::Serverless-2016-10-31, translated by AWS's own library."""

from decimal import Decimal

import pytest

from understudy.cloudformation.check import check
from understudy.cloudformation.macro import MacroFailure
from understudy.cloudformation.parse import parse
from understudy.cloudformation.serverless import translated
from understudy.cloudformation.template import read

FUNCTION = """
AWSTemplateFormatVersion: 2010-09-09
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
Globals:
  Function: {Timeout: 5, Runtime: python3.12}
Resources:
  Score:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      CodeUri: s3://code/score.zip
      AutoPublishAlias: live
      Policies: [AWSLambdaBasicExecutionRole]
      Environment: {Variables: {STAGE: !Ref Stage, RATE: 1.10}}
      Events:
        Every: {Type: Schedule, Properties: {Schedule: rate(5 minutes)}}
Outputs:
  Arn: {Value: !GetAtt Score.Arn}
"""


def data_of(source):
    data, problems = parse(source)
    assert not problems
    return data


def test_a_function_becomes_what_cloudformation_knows(schemas):
    data = data_of(FUNCTION)
    made = translated(data, {"Stage": "prod"}, "eu-west-1")
    template, problems = read(made)
    assert problems == []
    assert check(template, schemas) == []
    kinds = {resource.type for resource in template.resources.values()}
    assert kinds == {
        "AWS::Lambda::Function",
        "AWS::Lambda::Version",
        "AWS::Lambda::Alias",
        "AWS::IAM::Role",
        "AWS::Events::Rule",
        "AWS::Lambda::Permission",
    }
    function = template.resources["Score"].properties
    assert (function["Timeout"], function["Runtime"]) == (5, "python3.12")
    assert function["Code"] == {"S3Bucket": "code", "S3Key": "score.zip"}
    assert function["Environment"]["Variables"]["STAGE"] == {"Ref": "Stage"}
    assert str(function["Environment"]["Variables"]["RATE"]) == "1.1"
    role = template.resources["ScoreRole"].properties
    assert role["ManagedPolicyArns"] == [
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    ]


def test_the_template_that_was_given_stays_as_it_was():
    data = data_of(FUNCTION)
    translated(data, {}, "us-east-1")
    assert data == data_of(FUNCTION)


def test_the_same_template_gives_the_same_names():
    first, second = (translated(data_of(FUNCTION), {}, "us-east-1") for _ in range(2))
    assert first == second


def test_all_resources_that_are_invalid_are_named():
    data = data_of(
        """
Transform: AWS::Serverless-2016-10-31
Resources:
  Local: {Type: AWS::Serverless::Function, Properties:
    {Handler: a.b, Runtime: python3.12, CodeUri: ./src}}
  Bare: {Type: AWS::Serverless::Function, Properties: {InlineCode: x, Handler: a.b}}
"""
    )
    with pytest.raises(MacroFailure) as caught:
        translated(data, {}, "us-east-1")
    message = caught.value.message
    assert message.startswith(
        "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application "
        "Specification document. Number of errors found: 2. "
    )
    assert "Resource with id [Local] is invalid. 'CodeUri' is not a valid S3 Uri" in message
    assert "Resource with id [Bare] is invalid." in message


def test_an_application_of_the_repository_is_refused_by_name():
    data = data_of(
        """
Transform: AWS::Serverless-2016-10-31
Resources:
  App:
    Type: AWS::Serverless::Application
    Properties: {Location: {ApplicationId: arn:aws:serverlessrepo:x, SemanticVersion: 1.0.0}}
"""
    )
    with pytest.raises(MacroFailure, match=r"Resource with id \[App\] is invalid"):
        translated(data, {}, "us-east-1")


def test_numbers_keep_their_meaning_as_template_numbers():
    source = FUNCTION.replace("RATE: 1.10", "RATE: 2.5")
    variables = translated(data_of(source), {}, "us-east-1")["Resources"]["Score"]["Properties"]
    assert variables["Environment"]["Variables"]["RATE"] == Decimal("2.5")
