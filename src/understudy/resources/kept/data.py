"""DynamoDB tables, Kinesis streams, container repositories and logs."""

from typing import Any

from understudy.control.events import Params
from understudy.deploy.handler import Invoke, Steps
from understudy.resources.kept.table import Call, Kept
from understudy.resources.kept.values import (
    Here,
    as_list,
    as_map,
    attribute,
    document,
    name,
    own,
    prop,
    stale,
)

# DynamoDB

_TABLE = (
    "AttributeDefinitions KeySchema BillingMode ProvisionedThroughput GlobalSecondaryIndexes "
    "LocalSecondaryIndexes StreamSpecification TableClass DeletionProtectionEnabled"
)


def _encryption(here: Here) -> Any:
    given = here.properties.get("SSESpecification")
    if given is None:
        return None
    return {**{k: v for k, v in given.items() if k != "SSEEnabled"}, "Enabled": given["SSEEnabled"]}


def _stream(here: Here) -> Any:
    given = here.properties.get("StreamSpecification")
    return {**given, "StreamEnabled": True} if given else None


def _indexes(here: Here) -> Steps[None]:
    """Make and remove global secondary indexes, one in each call, as the service has it."""
    old = {e["IndexName"]: e for e in here.before.get("GlobalSecondaryIndexes", [])}
    new = {e["IndexName"]: e for e in here.properties.get("GlobalSecondaryIndexes", [])}
    updates: list[Params] = [{"Delete": {"IndexName": n}} for n in old if n not in new]
    updates += [{"Create": each} for n, each in new.items() if n not in old]
    for update in updates:
        params = {
            "TableName": here.id,
            "AttributeDefinitions": here.properties["AttributeDefinitions"],
            "GlobalSecondaryIndexUpdates": [update],
        }
        yield Invoke("dynamodb", "UpdateTable", params)


def _table_extras(here: Here) -> Steps[None]:
    """Time to live and point-in-time recovery have calls of their own."""
    before, after = here.before, here.properties
    ttl = after.get("TimeToLiveSpecification")
    if ttl and ttl != before.get("TimeToLiveSpecification"):
        params = {"TableName": here.id, "TimeToLiveSpecification": ttl}
        yield Invoke("dynamodb", "UpdateTimeToLive", params)
    recovery = after.get("PointInTimeRecoverySpecification")
    if recovery and recovery != before.get("PointInTimeRecoverySpecification"):
        params = {"TableName": here.id, "PointInTimeRecoverySpecification": recovery}
        yield Invoke("dynamodb", "UpdateContinuousBackups", params)


TABLE = Kept(
    "AWS::DynamoDB::Table",
    "dynamodb",
    create=Call(
        "CreateTable",
        _TABLE,
        TableName=name("TableName", 255),
        SSESpecification=_encryption,
        StreamSpecification=_stream,
        Tags=as_list(),
    ),
    id="TableDescription.TableName",
    then=(_table_extras,),
    update=(
        Call(
            "UpdateTable",
            "BillingMode ProvisionedThroughput TableClass DeletionProtectionEnabled",
            when="BillingMode ProvisionedThroughput TableClass DeletionProtectionEnabled",
            TableName=own,
        ),
        _indexes,
        Call(
            "TagResource", when="Tags", needs="Tags", ResourceArn=attribute("Arn"), Tags=as_list()
        ),
        Call(
            "UntagResource",
            when="Tags",
            needs="TagKeys",
            ResourceArn=attribute("Arn"),
            TagKeys=stale,
        ),
    ),
    read=Call("DescribeTable", TableName=own),
    record="Table",
    attributes="Arn>TableArn StreamArn>LatestStreamArn",
    live="AttributeDefinitions KeySchema TableName DeletionProtectionEnabled",
    delete=(Call("DeleteTable", TableName=own),),
)

# Kinesis


def _retention(here: Here) -> Steps[None]:
    before = here.before.get("RetentionPeriodHours", 24)
    after = here.properties.get("RetentionPeriodHours", 24)
    if before != after:
        verb = "Increase" if after > before else "Decrease"
        params = {"StreamName": here.id, "RetentionPeriodHours": after}
        yield Invoke("kinesis", f"{verb}StreamRetentionPeriod", params)


STREAM = Kept(
    "AWS::Kinesis::Stream",
    "kinesis",
    create=Call("CreateStream", "ShardCount StreamModeDetails", StreamName=name("Name", 128)),
    id=lambda here: here.found["StreamName"],
    then=(
        _retention,
        Call("AddTagsToStream", needs="Tags", StreamName=own, Tags=as_map),
        Call(
            "StartStreamEncryption",
            when="StreamEncryption",
            needs="KeyId",
            StreamName=own,
            EncryptionType=prop("StreamEncryption.EncryptionType"),
            KeyId=prop("StreamEncryption.KeyId"),
        ),
    ),
    update=(
        Call(
            "UpdateShardCount",
            when="ShardCount",
            needs="TargetShardCount",
            StreamName=own,
            TargetShardCount=prop("ShardCount"),
            ScalingType="UNIFORM_SCALING",
        ),
        Call("RemoveTagsFromStream", needs="TagKeys", StreamName=own, TagKeys=stale),
    ),
    read=Call("DescribeStreamSummary", StreamName=own),
    record="StreamDescriptionSummary",
    attributes="Arn>StreamARN",
    live="RetentionPeriodHours Name>StreamName",
    delete=(Call("DeleteStream", StreamName=own, EnforceConsumerDeletion=True),),
)

CONSUMER = Kept(
    "AWS::Kinesis::StreamConsumer",
    "kinesis",
    create=Call("RegisterStreamConsumer", "StreamARN ConsumerName"),
    id="Consumer.ConsumerARN",
    made="Consumer",
    identity="ConsumerARN",
    attributes="ConsumerStatus",
    delete=(Call("DeregisterStreamConsumer", ConsumerARN=own),),
)

# ECR

REPOSITORY = Kept(
    "AWS::ECR::Repository",
    "ecr",
    create=Call(
        "CreateRepository",
        "ImageTagMutability ImageScanningConfiguration EncryptionConfiguration",
        repositoryName=name("RepositoryName", 256, lower=True),
        tags=as_list(),
    ),
    id="repository.repositoryName",
    made="repository",
    then=(
        Call(
            "SetRepositoryPolicy",
            when="RepositoryPolicyText",
            repositoryName=own,
            policyText=document("RepositoryPolicyText"),
        ),
        Call(
            "PutLifecyclePolicy",
            when="LifecyclePolicy",
            needs="lifecyclePolicyText",
            repositoryName=own,
            lifecyclePolicyText=prop("LifecyclePolicy.LifecyclePolicyText"),
        ),
    ),
    update=(
        Call(
            "PutImageTagMutability",
            "ImageTagMutability",
            when="ImageTagMutability",
            needs="ImageTagMutability",
            repositoryName=own,
        ),
        Call(
            "PutImageScanningConfiguration",
            "ImageScanningConfiguration",
            when="ImageScanningConfiguration",
            needs="ImageScanningConfiguration",
            repositoryName=own,
        ),
        Call(
            "TagResource", when="Tags", needs="tags", resourceArn=attribute("Arn"), tags=as_list()
        ),
        Call(
            "UntagResource",
            when="Tags",
            needs="tagKeys",
            resourceArn=attribute("Arn"),
            tagKeys=stale,
        ),
    ),
    read=Call("DescribeRepositories", repositoryNames=lambda here: [here.id]),
    record="repositories.0",
    attributes="Arn>repositoryArn RepositoryUri>repositoryUri",
    live="RepositoryName>repositoryName ImageTagMutability>imageTagMutability",
    delete=(
        Call("DeleteRepository", repositoryName=own, force=prop("EmptyOnDelete", default=False)),
    ),
)

# Logs


def _retain(here: Here) -> Steps[None]:
    before = here.before.get("RetentionInDays")
    after = here.properties.get("RetentionInDays")
    if after is not None and after != before:
        params = {"logGroupName": here.id, "retentionInDays": after}
        yield Invoke("logs", "PutRetentionPolicy", params)
    elif before is not None and after is None:
        yield Invoke("logs", "DeleteRetentionPolicy", {"logGroupName": here.id})


LOG_GROUP = Kept(
    "AWS::Logs::LogGroup",
    "logs",
    create=Call(
        "CreateLogGroup",
        "KmsKeyId LogGroupClass",
        logGroupName=name("LogGroupName", 512),
        tags=as_map,
    ),
    id=lambda here: here.found["logGroupName"],
    then=(_retain,),
    update=(
        Call("TagLogGroup", when="Tags", needs="tags", logGroupName=own, tags=as_map),
        Call("UntagLogGroup", when="Tags", needs="tags", logGroupName=own, tags=stale),
    ),
    read=Call("DescribeLogGroups", logGroupNamePrefix=own),
    record="logGroups.0",
    attributes="Arn>arn",
    live="LogGroupName>logGroupName RetentionInDays>retentionInDays KmsKeyId>kmsKeyId",
    delete=(Call("DeleteLogGroup", logGroupName=own),),
)

LOG_STREAM = Kept(
    "AWS::Logs::LogStream",
    "logs",
    create=Call("CreateLogStream", "LogGroupName", logStreamName=name("LogStreamName", 512)),
    id=lambda here: here.found["logStreamName"],
    delete=(Call("DeleteLogStream", "LogGroupName", logStreamName=own),),
)

METRIC_FILTER = Kept(
    "AWS::Logs::MetricFilter",
    "logs",
    create=Call(
        "PutMetricFilter",
        "LogGroupName FilterPattern MetricTransformations",
        filterName=name("FilterName", 512),
    ),
    id=lambda here: here.found["filterName"],
    update=(
        Call("PutMetricFilter", "LogGroupName FilterPattern MetricTransformations", filterName=own),
    ),
    delete=(Call("DeleteMetricFilter", "LogGroupName", filterName=own),),
)

SUBSCRIPTION_FILTER = Kept(
    "AWS::Logs::SubscriptionFilter",
    "logs",
    create=Call(
        "PutSubscriptionFilter",
        "LogGroupName FilterPattern DestinationArn RoleArn Distribution",
        filterName=name("FilterName", 512),
    ),
    id=lambda here: here.found["filterName"],
    update=(
        Call(
            "PutSubscriptionFilter",
            "LogGroupName FilterPattern DestinationArn RoleArn Distribution",
            filterName=own,
        ),
    ),
    delete=(Call("DeleteSubscriptionFilter", "LogGroupName", filterName=own),),
)

LOG_POLICY = Kept(
    "AWS::Logs::ResourcePolicy",
    "logs",
    create=Call("PutResourcePolicy", "PolicyName", policyDocument=document("PolicyDocument")),
    id=lambda here: here.properties["PolicyName"],
    update=(Call("PutResourcePolicy", "PolicyName", policyDocument=document("PolicyDocument")),),
    delete=(Call("DeleteResourcePolicy", policyName=own),),
)

TYPES = (
    TABLE,
    STREAM,
    CONSUMER,
    REPOSITORY,
    LOG_GROUP,
    LOG_STREAM,
    METRIC_FILTER,
    SUBSCRIPTION_FILTER,
    LOG_POLICY,
)
