"""The answer where the control plane gives none: an error that each client can read.

A client of AWS reads errors in the form of its protocol, and tries again after a 503; people and
other programs get plain text. AWS: Common error types, ServiceUnavailable; Error retries.
"""

import re
from collections.abc import Callable

from msgspec import json

from understudy.proxy.connection import Head, ending

CODE = "ServiceUnavailable"
SIGNED_FOR = re.compile(rb"Credential=[^/]+/\d{8}/[^/]+/([^/]+)/aws4_request")
ERROR = "<Error>{type}<Code>{code}</Code><Message>{message}</Message></Error>"
RECEIVER = "<Type>Receiver</Type>"


def unavailable(status: str, message: str, head: Head) -> bytes:
    """The whole answer to a request, with a status such as "503 Service Unavailable"."""
    kind, body = _said(message, head)
    length = f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    first = f"HTTP/1.1 {status}\r\n{length}".encode()
    return b"".join((first, ending(head), b"" if head.method == b"HEAD" else body))


def _said(message: str, head: Head) -> tuple[str, bytes]:
    signed = SIGNED_FOR.search(head.value(b"authorization"))
    if signed is None:
        return "text/plain", f"{message}\n".encode()
    form = FORMS.get(signed[1].decode())
    if form is None and b"urlencoded" in head.value(b"content-type"):
        form = _query
    if form is None:
        said = {"__type": CODE, "code": CODE, "message": message}
        return "application/x-amz-json-1.1", json.encode(said)
    return "text/xml", f'<?xml version="1.0" encoding="UTF-8"?>\n{form(message)}'.encode()


def _error(message: str, kind: str = "") -> str:
    return ERROR.format(type=kind, code=CODE, message=message)


def _query(message: str) -> str:
    return f"<ErrorResponse>{_error(message, RECEIVER)}</ErrorResponse>"


def _ec2(message: str) -> str:
    return f"<Response><Errors>{_error(message)}</Errors></Response>"


FORMS: dict[str, Callable[[str], str]] = {
    "cloudfront": _query,
    "ec2": _ec2,
    "route53": _query,
    "s3": _error,
}
"""How services wrap an error that do it in XML, but are not asked by the query protocol."""
