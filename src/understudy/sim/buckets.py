"""The configuration of buckets in the simulated world: what was put is told again.

AWS: the Put, Get and Delete operations of the Amazon S3 API.
"""

from understudy.base.fault import Fault
from understudy.control.events import Params

_FLAT = ("Tagging", "Versioning")
"""Parts whose Get operation answers the members themselves."""
_MISSING = {
    "OwnershipControls": "OwnershipControlsNotFoundError",
    "Policy": "NoSuchBucketPolicy",
    "PublicAccessBlock": "NoSuchPublicAccessBlockConfiguration",
    "Tagging": "NoSuchTagSet",
}
_ENCRYPTION = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}


def configured(parts: dict[str, Params], operation: str, params: Params) -> Params:
    """Perform an operation on the configuration of a bucket. Raises Fault."""
    verb = next((each for each in ("Put", "Get", "Delete") if operation.startswith(each)), "")
    part = operation.removeprefix(verb).removeprefix("Bucket")
    if not verb or not part:
        return {}
    if verb == "Put":
        parts[part] = {key: value for key, value in params.items() if key != "Bucket"}
    elif verb == "Delete":
        parts.pop(part, None)
    else:
        return _told(part, parts)
    return {}


def _told(part: str, parts: dict[str, Params]) -> Params:
    if part in parts:
        (found,) = parts[part].values()
        return dict(found) if part in _FLAT else parts[part]
    if part == "Encryption":
        return {"ServerSideEncryptionConfiguration": _ENCRYPTION}
    if part in _MISSING:
        raise Fault(_MISSING[part], f"The bucket has no configuration of {part}", 404)
    return {}
