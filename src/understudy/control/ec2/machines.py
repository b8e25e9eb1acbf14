"""What every instance has: user data as text, and a private address."""

from base64 import b64decode
from binascii import Error as NotBase64
from hashlib import blake2b


def decoded(user_data: str) -> str:
    """User data as text: it comes in base64.

    >>> decoded("IyEvYmluL3No")
    '#!/bin/sh'
    """
    try:
        return b64decode(user_data, validate=True).decode(errors="replace")
    except NotBase64:
        return user_data


def private_address(instance_id: str) -> str:
    """The private IP address of an instance in the AWS world, the same each time."""
    second, third = blake2b(instance_id.encode(), digest_size=2).digest()
    return f"10.0.{second}.{third % 251 + 4}"
