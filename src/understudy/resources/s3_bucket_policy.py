"""AWS::S3::BucketPolicy."""

from understudy.base.fault import Fault
from understudy.deploy.handler import Done, Handler, Invoke, Request, ResourceType
from understudy.deploy.history import json_text


def create(request: Request) -> Handler:
    """Attach a policy to a bucket."""
    bucket = request.properties["Bucket"]
    policy = request.properties["PolicyDocument"]
    text = policy if isinstance(policy, str) else json_text(policy)
    yield Invoke("s3", "PutBucketPolicy", {"Bucket": bucket, "Policy": text})
    return Done(bucket)


def delete(request: Request) -> Handler:
    """Detach the policy. A bucket that is gone has none."""
    try:
        yield Invoke("s3", "DeleteBucketPolicy", {"Bucket": request.physical_id})
    except Fault as fault:
        if fault.code != "NoSuchBucket":
            raise
    return Done(request.physical_id)


BUCKET_POLICY = ResourceType("AWS::S3::BucketPolicy", "runs", create, delete, create)
