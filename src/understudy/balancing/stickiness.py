"""The cookies by which a client stays with its target, or with its target group.

AWS encrypts them with a key of its own that it rotates; here they are signed, so that they can be
read but not made up. AWS: Sticky sessions for your Application Load Balancer.
"""

import base64
import binascii
from email.utils import formatdate
from hashlib import blake2b
from hmac import compare_digest

from msgspec import Struct

TARGET_COOKIE = "AWSALB"
GROUP_COOKIE = "AWSALBTG"
APPLICATION_COOKIE = "AWSALBAPP-0"
CORS = "CORS"
"""Added to a cookie's name for its twin with ``SameSite=None``."""
APPLICATION_LIFETIME = 7 * 86400.0
"""Seconds after which a client forgets AWSALBAPP, whatever the stickiness lasts."""

_DIGEST = 12


class Stickiness(Struct, frozen=True, array_like=True):
    """How a target group holds its clients. ``cookie`` is the application's, else ours is used."""

    seconds: int = 0
    cookie: str = ""


def token(held_by: str, until: float, key: bytes) -> str:
    """The value of a cookie that holds a client until a time: opaque, and safe in a header."""
    body = f"{until:.0f} {held_by}".encode()
    return base64.urlsafe_b64encode(_signature(body, key) + body).decode().rstrip("=")


def holder(value: str, now: float, key: bytes) -> str | None:
    """Who holds the client that shows this value; None if it is foreign or has expired."""
    try:
        raw = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (binascii.Error, ValueError):
        return None
    signature, body = raw[:_DIGEST], raw[_DIGEST:]
    if not compare_digest(signature, _signature(body, key)):
        return None
    until, _, held_by = body.decode().partition(" ")
    return held_by if now < float(until) else None


def _signature(body: bytes, key: bytes) -> bytes:
    return blake2b(body, digest_size=_DIGEST, key=key[:64]).digest()


def set_cookies(name: str, value: str, expires: float) -> tuple[str, str]:
    """The two Set-Cookie headers of a cookie: for all, and for requests from other sites."""
    head = f"{value}; Expires={formatdate(expires, usegmt=True)}; Path=/"
    return f"{name}={head}", f"{name}{CORS}={head}; SameSite=None"
