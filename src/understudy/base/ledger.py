"""A call of a service that only keeps books, as it is kept and replayed."""

from msgspec import Struct


class BookRequest(Struct, frozen=True):
    """A raw request. ``host`` is the service's host on AWS.

    ``call_id`` is that of the engine's call, by which its answer is known when it asks again.
    """

    service: str
    host: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    call_id: str = ""
