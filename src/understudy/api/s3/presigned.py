"""Requests that are signed in their query: what must be in it, and until when it may be used.

The signature is accepted unverified. AWS: Authenticating requests: using query parameters (AWS
Signature Version 4), and the same of version 2 (Signing and authenticating REST requests).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

from understudy.base.fault import Fault
from understudy.storage.s3 import faults

_WEEK = 604_800
_V4 = (
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-Date",
    "X-Amz-SignedHeaders",
    "X-Amz-Expires",
)
_V2 = ("Signature", "Expires", "AWSAccessKeyId")
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def _pairs(query: str) -> dict[str, str]:
    return dict(parse_qsl(query, keep_blank_values=True))


def signed_headers(query: str, headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers of a request, with those that a presigned URL carries in its query.

    >>> signed_headers("X-Amz-Signature=0a&x-amz-acl=private", {})["x-amz-acl"]
    'private'
    """
    pairs = _pairs(query)
    if "X-Amz-Signature" not in pairs and "Signature" not in pairs:
        return headers
    carried = {name.lower(): value for name, value in pairs.items() if name not in _V4}
    return {
        **{name: value for name, value in carried.items() if name.startswith("x-amz-")},
        **headers,
    }


def check(query: str, now: float) -> None:
    """Raise what S3 answers to a presigned URL that is incomplete or has expired by ``now``."""
    pairs = _pairs(query)
    if "X-Amz-Signature" in pairs or "X-Amz-Algorithm" in pairs:
        _check_v4(pairs, now)
    elif "Signature" in pairs or "AWSAccessKeyId" in pairs:
        _check_v2(pairs, now)


def _check_v4(pairs: Mapping[str, str], now: float) -> None:
    if not pairs.keys() >= set(_V4):
        names = f"{', '.join(_V4[:-1])}, and {_V4[-1]}"
        message = f"Query-string authentication version 4 requires the {names} parameters."
        raise _invalid(message)
    seconds = _seconds(pairs["X-Amz-Expires"])
    try:
        begun = datetime.strptime(pairs["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        message = "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
        raise _invalid(message) from None
    end = begun + timedelta(seconds=seconds)
    if end.timestamp() < now:
        raise _expired(end, now, {"X-Amz-Expires": seconds})


def _seconds(text: str) -> int:
    try:
        seconds = int(text)
    except ValueError:
        raise _invalid("X-Amz-Expires should be a number") from None
    if seconds < 0:
        raise _invalid("X-Amz-Expires must be non-negative")
    if seconds > _WEEK:
        message = (
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires "
            f"must be less than {_WEEK} seconds"
        )
        raise _invalid(message)
    return seconds


def _check_v2(pairs: Mapping[str, str], now: float) -> None:
    if not pairs.keys() >= set(_V2):
        message = (
            "Query-string authentication requires the Signature, Expires and AWSAccessKeyId "
            "parameters"
        )
        raise faults.access_denied(message)
    if not pairs["Expires"].isdigit():
        message = f"Invalid date (should be seconds since epoch): {pairs['Expires']}"
        raise faults.access_denied(message)
    end = int(pairs["Expires"])
    if end < now:
        raise _expired(datetime.fromtimestamp(end, UTC), now, {})


def _invalid(message: str) -> Fault:
    return Fault("AuthorizationQueryParametersError", message, 400)


def _expired(end: datetime, now: float, fields: Mapping[str, object]) -> Fault:
    server = datetime.fromtimestamp(int(now), UTC).strftime(_TIME)
    times = {"Expires": end.strftime(_TIME), "ServerTime": server}
    return Fault("AccessDenied", "Request has expired", 403, {**fields, **times})
