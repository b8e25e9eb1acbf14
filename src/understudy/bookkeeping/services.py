"""Which services are kept, and under which hosts AWS has them."""

from functools import cache
from typing import Any

from understudy.base.arn import DEFAULT_REGION, URL_SUFFIX

KEPT_SERVICES = (
    "acm",
    "apigateway",
    "dynamodb",
    "ec2",
    "ecr",
    "elb",
    "events",
    "iam",
    "kinesis",
    "kms",
    "logs",
    "route53",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "stepfunctions",
    "sts",
)
"""Under botocore's names. What the engine itself performs of a service (``ec2``) is not kept."""

GLOBAL = ("iam", "route53", "sts")
"""Services that are one and the same in every region."""
_HOSTS = ("iam", "route53")


@cache
def model_of(service: str) -> Any:
    """AWS's own description of a service, from botocore."""
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def host_of(service: str, region: str) -> str:
    """The host of a service on AWS, by which moto knows it."""
    prefix: str = model_of(service).endpoint_prefix
    if service in _HOSTS:
        return f"{prefix}.{URL_SUFFIX}"
    return f"{prefix}.{region or DEFAULT_REGION}.{URL_SUFFIX}"


def region_of(host: str) -> str:
    """The region in a service's host.

    >>> region_of("ec2.eu-west-1.amazonaws.com"), region_of("iam.amazonaws.com")
    ('eu-west-1', 'us-east-1')
    """
    parts = host.split(".")
    return parts[-3] if len(parts) > 3 else DEFAULT_REGION
