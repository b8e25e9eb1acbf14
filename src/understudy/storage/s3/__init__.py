"""The operations of Amazon S3 over a store: AWS-shaped parameters in, AWS-shaped output out.

Every operation that is offered stands in ``operations``. Nobody is authenticated here, and no
policy or ACL is enforced.
"""

from collections.abc import Callable, Mapping

from understudy.control.events import Params
from understudy.storage.objects.store import Store
from understudy.storage.s3 import (
    acl,
    buckets,
    copying,
    listings,
    lock,
    multipart,
    notifications,
    policy,
    reading,
    settings,
    tagging,
    writing,
)
from understudy.storage.s3.context import Context, Operation

operations: Mapping[str, Operation] = notifications.telling(
    {
        **buckets.operations,
        **settings.operations,
        **policy.operations,
        **acl.operations,
        **lock.operations,
        **reading.operations,
        **writing.operations,
        **copying.operations,
        **tagging.operations,
        **listings.operations,
        **multipart.operations,
    }
)

admissions: Mapping[str, Callable[[Store, Params], str]] = {
    "PutObject": writing.admit,
    "UploadPart": multipart.admit,
}
"""What may be refused before a body is read; what comes back is a checksum to compute of it."""


__all__ = ["Context", "Operation", "admissions", "operations"]
