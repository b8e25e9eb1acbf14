"""A Lambda function as a target: the event made of a request, and the answer made of its result.

AWS: Use Lambda functions as targets of an Application Load Balancer.
"""

import binascii
import json
from base64 import b64decode, b64encode
from typing import Any

from msgspec import Struct

LARGEST = 1024 * 1024
"""Bytes of a request's body, and of the JSON that a function answers."""
AS_TEXT = ("text/", "application/json", "application/javascript", "application/xml")
"""How the content types begin whose bodies go to a function as they are."""

Headers = tuple[tuple[str, str], ...]


class Answer(Struct, frozen=True):
    """An HTTP answer; ``description`` is ``200 OK``, empty where the function gave none."""

    status: int
    description: str
    headers: Headers
    body: bytes


def event_of(
    group: str, method: str, target: str, headers: Headers, body: bytes, *, multi_value: bool
) -> dict[str, Any]:
    """The event of a request to a target group. Query parameters stay as they are encoded.

    With ``multi_value`` each header and parameter has all its values, else the last one that the
    client sent.

    >>> event_of("g", "GET", "/a?b=1&b=%32", (), b"", multi_value=False)["queryStringParameters"]
    {'b': '%32'}
    """
    path, _, query = target.partition("?")
    pairs = tuple((name, value) for name, _, value in map(_parted, query.split("&")) if name)
    lower = tuple((name.lower(), value) for name, value in headers)
    text = _is_text(dict(lower)) or not body
    return {
        "requestContext": {"elb": {"targetGroupArn": group}},
        "httpMethod": method,
        "path": path,
        **_values("queryStringParameters", pairs, multi_value=multi_value),
        **_values("headers", lower, multi_value=multi_value),
        "body": body.decode("utf-8", "replace") if text else b64encode(body).decode(),
        "isBase64Encoded": not text,
    }


def _parted(pair: str) -> tuple[str, str, str]:
    return pair.partition("=")


def _is_text(headers: dict[str, str]) -> bool:
    encoded = "content-encoding" in headers
    return not encoded and headers.get("content-type", "").lower().startswith(AS_TEXT)


def _values(name: str, pairs: Headers, *, multi_value: bool) -> dict[str, Any]:
    if not multi_value:
        return {name: dict(pairs)}
    values: dict[str, list[str]] = {}
    for key, value in pairs:
        values.setdefault(key, []).append(value)
    return {f"multiValue{name[0].upper()}{name[1:]}": values}


def answer_of(payload: bytes, *, multi_value: bool) -> Answer | None:
    """The answer in what a function returned; None where it is malformed or too large.

    >>> answer_of(b'{"statusCode": 200, "body": "hi"}', multi_value=False).body
    b'hi'
    """
    if len(payload) > LARGEST:
        return None
    try:
        said: Any = json.loads(payload)
        status: Any = said["statusCode"]
        body: Any = said.get("body") or ""
        content = b64decode(body, validate=True) if said.get("isBase64Encoded") else body.encode()
        headers = _headers(said, multi_value=multi_value)
        description = _text(said.get("statusDescription") or "")
    except (AttributeError, KeyError, TypeError, ValueError, binascii.Error):
        return None
    if not isinstance(status, int) or isinstance(status, bool) or not 100 <= status <= 599:
        return None
    return Answer(status, description, headers, content)


def _headers(said: dict[str, Any], *, multi_value: bool) -> Headers:
    if multi_value:
        many: dict[str, list[Any]] = said.get("multiValueHeaders") or {}
        return tuple((name, _text(value)) for name, values in many.items() for value in values)
    one: dict[str, Any] = said.get("headers") or {}
    return tuple((name, _text(value)) for name, value in one.items())


def _text(value: Any) -> str:
    """A line of text for a head. Raises ValueError where it is more than one."""
    text = str(value)
    if "\r" in text or "\n" in text:
        raise ValueError(text)
    return text
