"""A bucket tells of its objects: a function, a queue, a topic and a rule of EventBridge."""

import json
from typing import Any

import pytest

from understudy.testing.engines import WAIT, RunningEngine
from understudy.testing.processes import wait_for

pytestmark = pytest.mark.processes

CODE = """
import boto3
def handler(event, context):
    for record in event["Records"]:
        told = record["s3"]["object"]
        boto3.client("s3").put_object(Bucket="photos", Key="small/" + told["key"][4:], Body=b"s")
"""
TEMPLATE = """
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.12
      Handler: index.handler
      Timeout: 60
      Role: arn:aws:iam::000000000000:role/function
      Code: {ZipFile: %s}
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: !Ref Function
      Action: lambda:InvokeFunction
      Principal: s3.amazonaws.com
      SourceArn: arn:aws:s3:::photos
  Queue: {Type: AWS::SQS::Queue}
  Topic:
    Type: AWS::SNS::Topic
    Properties: {Subscription: [{Protocol: sqs, Endpoint: !GetAtt Queue.Arn}]}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [aws.s3], detail-type: [Object Deleted]}
      Targets: [{Id: queue, Arn: !GetAtt Queue.Arn}]
  Bucket:
    Type: AWS::S3::Bucket
    DependsOn: Permission
    Properties:
      BucketName: photos
      NotificationConfiguration:
        EventBridgeConfiguration: {EventBridgeEnabled: true}
        LambdaConfigurations:
          - Event: s3:ObjectCreated:*
            Function: !GetAtt Function.Arn
            Filter: {S3Key: {Rules: [{Name: prefix, Value: big/}]}}
        QueueConfigurations:
          - Event: s3:ObjectCreated:Put
            Queue: !GetAtt Queue.Arn
            Filter: {S3Key: {Rules: [{Name: prefix, Value: small/}]}}
        TopicConfigurations:
          - Event: s3:ObjectTagging:*
            Topic: !Ref Topic
Outputs:
  Queue: {Value: !Ref Queue}
"""


def test_objects_are_told_of_where_the_template_says(engine: RunningEngine) -> None:
    api, s3, sqs = (engine.client(each) for each in ("cloudformation", "s3", "sqs"))
    api.create_stack(StackName="photos", TemplateBody=TEMPLATE % json.dumps(CODE))
    api.get_waiter("stack_create_complete").wait(StackName="photos", WaiterConfig=WAIT)
    (stack,) = api.describe_stacks(StackName="photos")["Stacks"]
    queue = stack["Outputs"][0]["OutputValue"]
    s3.put_object(Bucket="photos", Key="big/cat.png", Body=b"big")
    s3.put_object_tagging(Bucket="photos", Key="big/cat.png", Tagging={"TagSet": []})
    s3.delete_object(Bucket="photos", Key="big/cat.png")
    seen: dict[str, Any] = {}

    def all_seen() -> bool:
        for each in sqs.receive_message(QueueUrl=queue).get("Messages", ()):
            body = json.loads(each["Body"])
            said = json.loads(body["Message"]) if "TopicArn" in body else body
            kind = said["Records"][0]["eventName"] if "Records" in said else said["detail-type"]
            seen[kind] = said
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=each["ReceiptHandle"])
        return {"ObjectCreated:Put", "ObjectTagging:Put", "Object Deleted"} <= set(seen)

    wait_for(all_seen, seconds=60, what="not everything was told")
    (record,) = seen["ObjectCreated:Put"]["Records"]
    assert record["s3"]["object"]["key"] == "small/cat.png"
    assert seen["Object Deleted"]["detail"]["object"]["key"] == "big/cat.png"
