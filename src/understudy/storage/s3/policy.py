"""Bucket policies: checked, kept, and judged public or not. They are not enforced on requests.

AWS: Bucket policies for Amazon S3; Blocking public access to your Amazon S3 storage, "The meaning
of public"; GetBucketPolicyStatus.
"""

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from ipaddress import ip_network
from typing import Any, cast

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.storage.objects import buckets
from understudy.storage.objects.store import Store
from understudy.storage.s3 import faults
from understudy.storage.s3.context import Context, Operation, bucket_of

_LIMIT = 20 * 1024
_FIXED_KEYS = frozenset(
    {
        "aws:sourcearn",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:sourceowner",
        "aws:sourceaccount",
        "aws:sourceorgid",
        "aws:principalorgid",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:userid",
        "aws:sourceip",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount",
    }
)
_FIXING_OPERATORS = ("stringequals", "stringlike", "arnequals", "arnlike", "ipaddress")


def _malformed(message: str) -> Fault:
    return Fault("MalformedPolicy", message, 400)


def _list(value: object) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def parse(text: str, bucket: str) -> Params:
    """The policy document in a text. Raises MalformedPolicy where it is none for this bucket."""
    try:
        document = json.loads(text) if text.startswith("{") else None
    except (ValueError, RecursionError):
        document = None
    if document is None:
        raise _malformed("Policies must be valid JSON and the first byte must be '{'")
    if len(text) > _LIMIT:
        raise _malformed(f"Policy exceeds the maximum allowed size of {_LIMIT} bytes")
    if "Statement" not in document:
        raise _malformed("Missing required field Statement")
    for statement in _list(document["Statement"]):
        _check_statement(statement, bucket)
    return document


def _check_statement(statement: object, bucket: str) -> None:
    if not isinstance(statement, dict):
        raise _malformed("Invalid policy syntax.")
    fields = cast("Params", statement)
    if fields.get("Effect") not in ("Allow", "Deny"):
        raise _malformed(f"Invalid effect: {fields.get('Effect')}")
    condition: object = fields.get("Condition", {})
    tests = cast("Params", condition).values() if isinstance(condition, dict) else [None]
    if not all(isinstance(test, dict) for test in tests):
        raise _malformed("Invalid policy syntax.")
    for name in ("Principal", "Action", "Resource"):
        if name not in fields and f"Not{name}" not in fields:
            raise _malformed(f"Missing required field {name}")
    for action in _list(fields.get("Action", fields.get("NotAction"))):
        if action != "*" and not str(action).lower().startswith(("s3:", "s3-object-lambda:")):
            raise _malformed("Policy has invalid action")
    for resource in _list(fields.get("Resource", fields.get("NotResource"))):
        parts = str(resource).split(":", 5)
        name = parts[5].split("/", 1)[0] if len(parts) == 6 else str(resource)
        if not fnmatchcase(bucket, name):
            raise _malformed("Policy has invalid resource")


def is_public(document: Params) -> bool:
    """Whether a policy lets anyone in: everyone, by no condition that ties them to fixed values.

    >>> is_public({"Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}})
    True
    >>> is_public({"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*"}})
    False
    """
    return any(
        statement["Effect"] == "Allow"
        and _for_everyone(statement)
        and not any(_fixes(*condition) for condition in statement.get("Condition", {}).items())
        for statement in _list(document["Statement"])
    )


def _for_everyone(statement: Params) -> bool:
    if "NotPrincipal" in statement:
        return True
    principal: object = statement.get("Principal")
    named = cast("Params", principal).get("AWS", ()) if isinstance(principal, dict) else principal
    return "*" in _list(named)


def _fixes(operator: str, tests: Mapping[str, object]) -> bool:
    base = operator.lower().removeprefix("forallvalues:").removeprefix("foranyvalue:")
    if base.removesuffix("ifexists") not in _FIXING_OPERATORS or base.endswith("ifexists"):
        return False
    return any(
        key.lower() in _FIXED_KEYS and all(_is_fixed(key.lower(), value) for value in _list(values))
        for key, values in tests.items()
    )


def _is_fixed(key: str, value: object) -> bool:
    text = str(value)
    if key == "aws:sourceip":
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            return False
        return network.prefixlen >= (8 if network.version == 4 else 32)
    if key == "aws:userid":
        return not text.startswith("AROLEID:") and text.strip("*") == text
    if key in ("aws:sourcearn", "aws:principalarn"):
        parts = text.split(":", 5)
        return len(parts) == 6 and bool(parts[4]) and "*" not in parts[4]
    return "*" not in text and "?" not in text and "${" not in text


def put_bucket_policy(store: Store, params: Params, context: Context) -> Params:
    """PutBucketPolicy. AccessDenied where the policy is public and that is blocked."""
    with store.write() as change:
        bucket = bucket_of(change.rows, params)
        document = parse(params.get("Policy", ""), bucket.name)
        block: Params | None = buckets.setting(change.rows, bucket.name, "PublicAccessBlock")
        if block and block["BlockPublicPolicy"] and is_public(document):
            raise faults.access_denied()
        buckets.put_setting(change.rows, bucket.name, "Policy", params["Policy"])
    return {}


def _kept(store: Store, params: Params) -> str:
    with store.read() as snapshot:
        bucket = bucket_of(snapshot.rows, params)
        text = buckets.setting(snapshot.rows, bucket.name, "Policy")
    if text is None:
        message = "The bucket policy does not exist"
        raise Fault("NoSuchBucketPolicy", message, 404, {"BucketName": bucket.name})
    return text


def get_bucket_policy(store: Store, params: Params, context: Context) -> Params:
    """GetBucketPolicy: the text as it was put."""
    return {"Policy": _kept(store, params)}


def get_bucket_policy_status(store: Store, params: Params, context: Context) -> Params:
    """GetBucketPolicyStatus: whether the policy is public."""
    return {"PolicyStatus": {"IsPublic": is_public(json.loads(_kept(store, params)))}}


def delete_bucket_policy(store: Store, params: Params, context: Context) -> Params:
    """DeleteBucketPolicy."""
    with store.write() as change:
        buckets.delete_setting(change.rows, bucket_of(change.rows, params).name, "Policy")
    return {}


operations: Mapping[str, Operation] = {
    "PutBucketPolicy": put_bucket_policy,
    "GetBucketPolicy": get_bucket_policy,
    "GetBucketPolicyStatus": get_bucket_policy_status,
    "DeleteBucketPolicy": delete_bucket_policy,
}
