"""The parts of a bucket's configuration: as CloudFormation writes them, and as the S3 API does.

AWS: AWS::S3::Bucket; the Put operations of the Amazon S3 API.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from understudy.control.events import Params

Translation = Callable[[Any], Params]


@dataclass(frozen=True, slots=True)
class Part:
    """``put`` names the operation that takes ``params``; without it, ``delete`` removes the part.

    ``without`` are parameters of ``put`` for what has no operation of its own to remove it.
    """

    put: str
    params: Translation
    delete: str = ""
    without: Params | None = None


def _renamed(value: Params, names: Mapping[str, str]) -> Params:
    return {names.get(key, key): part for key, part in value.items()}


def _under(member: str) -> Translation:
    return lambda value: {member: value}


def _accelerate(value: Params) -> Params:
    return {"AccelerateConfiguration": {"Status": value["AccelerationStatus"]}}


def _versioning(value: Params) -> Params:
    return {"VersioningConfiguration": {"Status": value["Status"]}}


def _encryption(value: Params) -> Params:
    names = {"ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault"}
    rules = [_renamed(rule, names) for rule in value["ServerSideEncryptionConfiguration"]]
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


def _cors(value: Params) -> Params:
    names = {"Id": "ID", "MaxAge": "MaxAgeSeconds", "ExposedHeaders": "ExposeHeaders"}
    return {"CORSConfiguration": {"CORSRules": [_renamed(r, names) for r in value["CorsRules"]]}}


def _logging(value: Params) -> Params:
    target = {
        "TargetBucket": value.get("DestinationBucketName", ""),
        "TargetPrefix": value.get("LogFilePrefix", ""),
    }
    return {"BucketLoggingStatus": {"LoggingEnabled": target}}


def _website(value: Params) -> Params:
    site: Params = {}
    if "IndexDocument" in value:
        site["IndexDocument"] = {"Suffix": value["IndexDocument"]}
    if "ErrorDocument" in value:
        site["ErrorDocument"] = {"Key": value["ErrorDocument"]}
    if "RedirectAllRequestsTo" in value:
        site["RedirectAllRequestsTo"] = value["RedirectAllRequestsTo"]
    if "RoutingRules" in value:
        names = {"RedirectRule": "Redirect", "RoutingRuleCondition": "Condition"}
        site["RoutingRules"] = [_renamed(rule, names) for rule in value["RoutingRules"]]
    return {"WebsiteConfiguration": site}


_NOTIFIED = {
    "LambdaConfigurations": ("LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
    "QueueConfigurations": ("QueueConfigurations", "Queue", "QueueArn"),
    "TopicConfigurations": ("TopicConfigurations", "Topic", "TopicArn"),
}


def _notification(value: Params) -> Params:
    told: Params = {}
    if "EventBridgeConfiguration" in value:
        told["EventBridgeConfiguration"] = {}
    for member, (name, target, arn) in _NOTIFIED.items():
        for each in value.get(member, []):
            one: Params = {arn: each[target], "Events": [each["Event"]]}
            if "Filter" in each:
                rules = each["Filter"]["S3Key"]["Rules"]
                one["Filter"] = {"Key": {"FilterRules": rules}}
            told.setdefault(name, []).append(one)
    return {"NotificationConfiguration": told}


def _lifecycle(value: Params) -> Params:
    return {"LifecycleConfiguration": {"Rules": [_rule(rule) for rule in value["Rules"]]}}


def _rule(rule: Params) -> Params:
    """A rule of the lifecycle; numbers of days have other names in the template."""
    days = {"TransitionInDays": "Days", "TransitionDate": "Date"}
    older = {"TransitionInDays": "NoncurrentDays"}
    made: Params = {"Status": rule["Status"], "Filter": _filter(rule)}
    if "Id" in rule:
        made["ID"] = rule["Id"]
    expiration = {"ExpirationInDays": "Days", "ExpirationDate": "Date"}
    expiration |= {"ExpiredObjectDeleteMarker": "ExpiredObjectDeleteMarker"}
    if ends := {expiration[key]: rule[key] for key in expiration if key in rule}:
        made["Expiration"] = ends
    if "AbortIncompleteMultipartUpload" in rule:
        made["AbortIncompleteMultipartUpload"] = rule["AbortIncompleteMultipartUpload"]
    if "NoncurrentVersionExpiration" in rule:
        made["NoncurrentVersionExpiration"] = rule["NoncurrentVersionExpiration"]
    elif "NoncurrentVersionExpirationInDays" in rule:
        ends = {"NoncurrentDays": rule["NoncurrentVersionExpirationInDays"]}
        made["NoncurrentVersionExpiration"] = ends
    if moves := _moves(rule, "Transition"):
        made["Transitions"] = [_renamed(each, days) for each in moves]
    if moves := _moves(rule, "NoncurrentVersionTransition"):
        made["NoncurrentVersionTransitions"] = [_renamed(each, older) for each in moves]
    return made


def _moves(rule: Params, name: str) -> list[Params]:
    """Transitions: one under the name, or several under its plural."""
    return [*rule.get(f"{name}s", []), *([rule[name]] if name in rule else [])]


def _filter(rule: Params) -> Params:
    """What a rule is for: everything, or what a prefix, tags and sizes say together."""
    sizes = ("ObjectSizeGreaterThan", "ObjectSizeLessThan")
    parts: Params = {key: int(rule[key]) for key in sizes if key in rule}
    if "Prefix" in rule:
        parts["Prefix"] = rule["Prefix"]
    tags = rule.get("TagFilters", [])
    if len(parts) + len(tags) > 1:
        return {"And": {**parts, **({"Tags": tags} if tags else {})}}
    if tags:
        return {"Tag": tags[0]}
    return parts or {"Prefix": ""}


def _replication(value: Params) -> Params:
    rules = [_copied(rule) for rule in value["Rules"]]
    return {"ReplicationConfiguration": {"Role": value["Role"], "Rules": rules}}


def _copied(rule: Params) -> Params:
    """A rule of the replication; its id and its tags have other names in the template."""
    made = _renamed(rule, {"Id": "ID"})
    if "Filter" in rule:
        made["Filter"] = _renamed(rule["Filter"], {"TagFilter": "Tag"})
        if "And" in rule["Filter"]:
            made["Filter"]["And"] = _renamed(rule["Filter"]["And"], {"TagFilters": "Tags"})
    return made


def _abac(value: str) -> Params:
    return {"AbacStatus": {"Status": value}}


PARTS: Mapping[str, Part] = {
    "OwnershipControls": Part(
        "PutBucketOwnershipControls", _under("OwnershipControls"), "DeleteBucketOwnershipControls"
    ),
    "PublicAccessBlockConfiguration": Part(
        "PutPublicAccessBlock", _under("PublicAccessBlockConfiguration"), "DeletePublicAccessBlock"
    ),
    "VersioningConfiguration": Part(
        "PutBucketVersioning",
        _versioning,
        without={"VersioningConfiguration": {"Status": "Suspended"}},
    ),
    "BucketEncryption": Part("PutBucketEncryption", _encryption, "DeleteBucketEncryption"),
    "CorsConfiguration": Part("PutBucketCors", _cors, "DeleteBucketCors"),
    "LifecycleConfiguration": Part(
        "PutBucketLifecycleConfiguration", _lifecycle, "DeleteBucketLifecycle"
    ),
    "LoggingConfiguration": Part("PutBucketLogging", _logging, without={"BucketLoggingStatus": {}}),
    "WebsiteConfiguration": Part("PutBucketWebsite", _website, "DeleteBucketWebsite"),
    "NotificationConfiguration": Part(
        "PutBucketNotificationConfiguration",
        _notification,
        without={"NotificationConfiguration": {}},
    ),
    "AccelerateConfiguration": Part(
        "PutBucketAccelerateConfiguration",
        _accelerate,
        without={"AccelerateConfiguration": {"Status": "Suspended"}},
    ),
    "ObjectLockConfiguration": Part(
        "PutObjectLockConfiguration",
        _under("ObjectLockConfiguration"),
        without={"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}},
    ),
    "ReplicationConfiguration": Part(
        "PutBucketReplication", _replication, "DeleteBucketReplication"
    ),
    "AbacStatus": Part("PutBucketAbac", _abac, without={"AbacStatus": {"Status": "Disabled"}}),
}
"""In an order in which they can be put: versions come before what needs them."""
