"""Loopback addresses and free ports: each instance has an address of its own where there are many.

Linux has all of 127.0.0.0/8 on its loopback interface; other systems have 127.0.0.1 alone.
"""

import socket
from functools import lru_cache
from hashlib import blake2b

ONLY = "127.0.0.1"


def address_of(name: str) -> str:
    """The loopback address of an instance, the same each time; all share one where that is all.

    Two of 8 million addresses may be the same; then their ports differ.
    """
    if not _many():
        return ONLY
    first, second, third = blake2b(name.encode(), digest_size=3).digest()
    return f"127.{first % 127 + 128}.{second}.{third % 254 + 1}"


@lru_cache(1)
def _many() -> bool:
    try:
        with socket.create_server(("127.128.0.1", 0)):
            return True
    except OSError:
        return False


def free_port(host: str) -> int:
    """A port of an address at which nobody listens now."""
    with socket.create_server((host, 0)) as listener:
        return listener.getsockname()[1]
