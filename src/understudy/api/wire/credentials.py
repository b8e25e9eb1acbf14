"""Who signed a request, for which region and service: the credential scope of its signature.

AWS: Elements of an AWS API request signature. Signatures are not checked.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

from understudy.api.wire.request import WireRequest

_CREDENTIAL = re.compile(r"Credential=([^,\s]+)")


@dataclass(frozen=True, slots=True)
class Scope:
    """The parts of a credential scope; an empty part is not said."""

    access_key: str = ""
    region: str = ""
    service: str = ""


UNSIGNED = Scope()


def scope_of(request: WireRequest) -> Scope:
    """The credential scope of a request's signature, in its header or, presigned, in its query."""
    header = request.headers.get("authorization", "")
    if header.startswith("AWS4-"):
        found = _CREDENTIAL.search(header)
        return _scope(found[1], request.headers.get("x-amz-region-set", "")) if found else UNSIGNED
    if header.startswith("AWS "):  # signature version 2, which only S3 still takes
        return Scope(header[4:].split(":")[0], service="s3")
    if "X-Amz-Credential=" in request.query:
        query = parse_qs(request.query)
        regions = query.get("X-Amz-Region-Set", [""])[0]
        return _scope(query.get("X-Amz-Credential", [""])[0], regions)
    if "AWSAccessKeyId=" in request.query and "Signature=" in request.query:
        return Scope(parse_qs(request.query).get("AWSAccessKeyId", [""])[0], service="s3")
    return UNSIGNED


def _scope(credential: str, region_set: str) -> Scope:
    """The scope in a credential: key, day, region, service. SigV4A leaves the region out.

    >>> _scope("AKID/20260101/us-east-1/sagemaker/aws4_request", "")
    Scope(access_key='AKID', region='us-east-1', service='sagemaker')
    """
    parts = unquote(credential).split("/")
    if parts[-1] != "aws4_request" or len(parts) < 4:
        return UNSIGNED
    dated = -5 if len(parts) > 4 and re.fullmatch(r"\d{8}", parts[-4]) else -4
    if dated == -5:
        return Scope("/".join(parts[:-4]), parts[-3], parts[-2])
    region = region_set.split(",", maxsplit=1)[0].strip()
    return Scope("/".join(parts[:-3]), "" if region == "*" else region, parts[-2])
