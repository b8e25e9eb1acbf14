"""What may be set on a bucket: each check gives the value as it is kept, or raises S3's answer."""

from collections.abc import Iterable
from secrets import token_urlsafe

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.storage.s3 import faults
from understudy.storage.s3.buckets import OWNERSHIPS, PUBLIC_ACCESS_BLOCKED
from understudy.storage.s3.context import entries, structure

DEFAULT_ENCRYPTION: Params = {
    "Rules": [
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
            "BucketKeyEnabled": False,
            "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
        }
    ]
}
"""What a bucket answers on which no encryption was set: SSE-S3, with customer keys blocked."""

_CORS_METHODS = frozenset({"GET", "PUT", "HEAD", "POST", "DELETE"})
_ALGORITHMS = frozenset({"AES256", "aws:kms", "aws:kms:dsse"})
_DAY = 86_400


def encryption(value: Params) -> Params:
    """ServerSideEncryptionConfiguration. AWS: PutBucketEncryption."""
    rules: list[Params] = value.get("Rules") or []
    if len(rules) != 1:
        raise faults.malformed_xml()
    rule = {**DEFAULT_ENCRYPTION["Rules"][0], **rules[0]}
    default: Params = rule["ApplyServerSideEncryptionByDefault"]
    if default.get("SSEAlgorithm") not in _ALGORITHMS:
        raise faults.malformed_xml()
    if default["SSEAlgorithm"] == "AES256" and default.get("KMSMasterKeyID"):
        message = (
            "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or "
            "aws:kms:dsse"
        )
        raise faults.invalid_argument(message, "ApplyServerSideEncryptionByDefault")
    return {"Rules": [rule]}


def public_access_block(value: Params) -> Params:
    """PublicAccessBlockConfiguration: what is not given is false."""
    return {name: bool(value.get(name)) for name in PUBLIC_ACCESS_BLOCKED}


def ownership_controls(value: Params) -> Params:
    """OwnershipControls: one rule."""
    rules: list[Params] = value.get("Rules") or []
    if len(rules) != 1 or rules[0].get("ObjectOwnership") not in OWNERSHIPS:
        raise faults.malformed_xml()
    return value


def cors(value: Params) -> Params:
    """CORSConfiguration: 1 to 100 rules. AWS: Elements of a CORS configuration."""
    rules: list[Params] = value.get("CORSRules") or []
    if not 1 <= len(rules) <= 100:
        raise faults.malformed_xml()
    for rule in rules:
        if not rule.get("AllowedMethods") or not rule.get("AllowedOrigins"):
            raise faults.malformed_xml()
        for method in rule["AllowedMethods"]:
            if method not in _CORS_METHODS:
                raise faults.invalid_request(
                    f"Found unsupported HTTP method in CORS config. Unsupported method is {method}"
                )
        _one_wildcard("AllowedOrigin", rule["AllowedOrigins"])
        _one_wildcard("AllowedHeader", rule.get("AllowedHeaders") or [])
    return value


def _one_wildcard(element: str, texts: Iterable[str]) -> None:
    for text in texts:
        if text.count("*") > 1:
            message = f'{element} "{text}" can not have more than one wildcard.'
            raise faults.invalid_request(message)


_LIFECYCLE_ACTIONS = (
    "Expiration",
    "Transitions",
    "NoncurrentVersionTransitions",
    "NoncurrentVersionExpiration",
    "AbortIncompleteMultipartUpload",
)


def lifecycle(value: Params) -> Params:
    """LifecycleConfiguration: up to 1000 rules with ids. AWS: Lifecycle configuration elements."""
    rules: list[Params] = value.get("Rules") or []
    if not 1 <= len(rules) <= 1000:
        raise faults.malformed_xml()
    kept = [_lifecycle_rule(rule) for rule in rules]
    if len({rule["ID"] for rule in kept}) != len(kept):
        message = "Rule ID must be unique. Found same ID for more than one rule"
        raise Fault("InvalidArgument", message, 400)
    return {"Rules": kept}


def _lifecycle_rule(rule: Params) -> Params:
    if rule.get("Status") not in ("Enabled", "Disabled") or ("Filter" in rule) == (
        "Prefix" in rule
    ):
        raise faults.malformed_xml()
    if not any(rule.get(action) for action in _LIFECYCLE_ACTIONS):
        message = "At least one action needs to be specified in a rule"
        raise faults.invalid_request(message)
    expiration = structure(rule, "Expiration")
    for moment in (expiration, *entries(rule, "Transitions")):
        if "Date" in moment and moment["Date"] % _DAY:
            raise faults.invalid_argument("'Date' must be at midnight GMT", "Date", moment["Date"])
        if "Days" in moment and "Date" in moment:
            raise faults.malformed_xml()
    if "Days" in expiration and expiration["Days"] < 1:
        message = "'Days' for Expiration action must be a positive integer"
        raise Fault("InvalidArgument", message, 400)
    return {"ID": token_urlsafe(36), **rule}


def notification(value: Params) -> Params:
    """NotificationConfiguration: kept with ids; destinations are not checked."""
    lists = ("TopicConfigurations", "QueueConfigurations", "LambdaFunctionConfigurations")
    kept: Params = {
        name: [{"Id": token_urlsafe(36), **entry} for entry in value[name]]
        for name in lists
        if value.get(name)
    }
    if "EventBridgeConfiguration" in value:
        kept["EventBridgeConfiguration"] = {}
    return kept


def website(value: Params) -> Params:
    """WebsiteConfiguration: an index document or a redirection of everything."""
    redirect: Params | None = value.get("RedirectAllRequestsTo")
    if redirect is not None:
        if len(value) > 1:
            message = (
                "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules."
            )
            raise faults.invalid_argument(message, "RedirectAllRequestsTo", "not null")
        if not redirect.get("HostName"):
            raise faults.malformed_xml()
        return value
    index: Params | None = value.get("IndexDocument")
    if index is None:
        message = (
            "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty"
        )
        raise faults.invalid_argument(message, "IndexDocument", "null")
    if not index.get("Suffix") or "/" in index["Suffix"]:
        message = "The IndexDocument Suffix is not well formed"
        raise faults.invalid_argument(message, "IndexDocument", index.get("Suffix"))
    return value


def acceleration(value: Params, bucket: str) -> Params:
    """AccelerateConfiguration: kept, for there is nothing to accelerate."""
    if "." in bucket:
        message = (
            "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
        )
        raise faults.invalid_request(message)
    return _one_of(value, "Status", ("Enabled", "Suspended"))


def request_payment(value: Params) -> Params:
    """RequestPaymentConfiguration: who pays."""
    return _one_of(value, "Payer", ("BucketOwner", "Requester"))


def abac(value: Params) -> Params:
    """AbacStatus: whether tags of the bucket may stand in policies."""
    return _one_of(value, "Status", ("Enabled", "Disabled"))


def _one_of(value: Params, member: str, allowed: tuple[str, ...]) -> Params:
    if value.get(member) not in allowed:
        raise faults.malformed_xml()
    return value
