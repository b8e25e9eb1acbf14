"""Amazon Resource Names of the one account that exists here."""

ACCOUNT = "000000000000"
PARTITION = "aws"
URL_SUFFIX = "amazonaws.com"
DEFAULT_REGION = "us-east-1"


def arn(service: str, region: str, resource: str, account: str = ACCOUNT) -> str:
    """The ARN of a resource: ``arn:aws:sagemaker:us-east-1:000000000000:endpoint/digits``."""
    return f"arn:{PARTITION}:{service}:{region}:{account}:{resource}"


def resource_of(name: str) -> str:
    """The resource part of an ARN, or the name itself if it is not one.

    >>> resource_of("arn:aws:sagemaker:us-east-1:000000000000:endpoint/digits")
    'endpoint/digits'
    """
    return name.split(":", 5)[5] if name.startswith("arn:") else name


def last_name(name: str) -> str:
    """The name at the end of an ARN, or the name itself.

    >>> last_name("arn:aws:sagemaker:us-east-1:000000000000:endpoint/digits")
    'digits'
    """
    return resource_of(name).rsplit("/", 1)[-1]
