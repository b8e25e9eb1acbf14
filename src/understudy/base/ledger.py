"""A call of a service that only keeps books, as it is kept and replayed."""

from msgspec import Struct


class BookRequest(Struct, frozen=True):
    """A raw request. ``host`` is the service's host on AWS."""

    service: str
    host: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
