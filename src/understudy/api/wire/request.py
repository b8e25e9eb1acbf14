"""A request read in full, and what was found out about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from understudy.base.arn import DEFAULT_REGION
from understudy.base.fault import Fault


class Protocol(StrEnum):
    """The AWS protocols, under the names that the service models give them."""

    QUERY = "query"
    EC2 = "ec2"
    JSON = "json"
    REST_JSON = "rest-json"
    REST_XML = "rest-xml"
    CBOR = "smithy-rpc-v2-cbor"


@dataclass(frozen=True, slots=True)
class WireRequest:
    """An HTTP request whose body has been read.

    ``path`` and ``query`` are as on the wire (percent-encoded). Header names are lower case.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class WireCall:
    """Which operation a request calls, and how its answer must be written.

    ``service`` is botocore's name of the service (``elbv2``, ``cloudwatch``), ``operation`` AWS's.
    ``fault`` says why it is not known what is called; the answer to give is then that fault, and
    ``service`` or ``operation`` may be empty. ``access_key`` is empty for unsigned requests.
    ``labels`` are the values in the path of a REST operation, percent-decoded.
    ``json_version`` is ``1.0`` or ``1.1``; ``query_mode`` says that a client which used to speak
    the query protocol wants to hear its error codes (AWS: awsQueryCompatible).
    """

    service: str
    operation: str
    protocol: Protocol
    region: str = DEFAULT_REGION
    access_key: str = ""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    json_version: str = "1.1"
    query_mode: bool = False
    fault: Fault | None = None
