"""Where a template or a policy lies: S3, by its URL."""

import re
from urllib.parse import urlsplit

from understudy.base.fault import Fault, validation_error
from understudy.base.hosts import object_at
from understudy.control.events import Params
from understudy.deploy.handler import Invoke
from understudy.deploy.outside import lookup

_S3_HOST = re.compile(r"(.+\.)?s3([.-].*)?\.amazonaws\.com(\.cn)?")
_LOCAL_HOST = re.compile(r"localhost|127\.\d+\.\d+\.\d+|::1|.+\.localhost(\.localstack\.cloud)?")
SEE_ALSO = (
    "For more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
)


def location(url: str, member: str = "TemplateURL") -> Params:
    """The parameters of GetObject for an object's URL: Bucket, Key and perhaps VersionId.

    Path style and virtual-host style, on AWS's hosts and on the loopback. Raises ValidationError;
    the two refusals are recorded.

    >>> location("https://s3.eu-west-1.amazonaws.com/models/a.yaml?versionId=3")
    {'Bucket': 'models', 'Key': 'a.yaml', 'VersionId': '3'}
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host:
        raise validation_error(f"{member} must be a supported URL.")
    if not (_S3_HOST.fullmatch(host) or _LOCAL_HOST.fullmatch(host)):
        raise validation_error(
            f"S3 error: Domain name specified in {host} is not a valid S3 domain"
        )
    where = object_at(url)
    if where is None:
        raise validation_error(f"{member} must be a supported URL.")
    return where


def get_object(url: str, member: str = "TemplateURL") -> Invoke:
    """The call that gives the text at a URL. Raises ValidationError."""
    return Invoke("s3", "GetObject", location(url, member))


def text_at(url: str, params: Params, member: str = "TemplateURL") -> str:
    """The text at a URL, which has been looked up. Raises ValidationError."""
    try:
        return lookup(params, get_object(url, member))["Body"]
    except Fault as fault:
        if fault.code == "ValidationError":
            raise
        raise validation_error(f"S3 error: {fault.message}\n{SEE_ALSO}") from fault
