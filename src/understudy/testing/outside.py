"""What is outside of the engine, for tests: things, a real object store, and moto's books."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from understudy.base.fault import Fault
from understudy.base.ledger import BookRequest
from understudy.bookkeeping.moto import Books
from understudy.control.events import Call, Params
from understudy.live.clock import WorldClock
from understudy.live.objects import StoredObjects
from understudy.storage.objects.store import Store
from understudy.testing.things import Things


class Pages:
    """A ledger in memory."""

    def __init__(self) -> None:
        self.written: list[BookRequest] = []

    def append(self, request: BookRequest) -> int:
        """Keep a call and return its number."""
        self.written.append(request)
        return len(self.written)

    def together(self) -> AbstractContextManager[None]:
        """Memory needs no care."""
        return nullcontext()

    def requests(self) -> Iterator[tuple[int, BookRequest]]:
        """All calls with their numbers, in order."""
        yield from enumerate(self.written, 1)


class Services:
    """Every service that the engine calls. ``calls`` are those that it was asked for, in order.

    ``refused`` are operations that are not answered now. moto has one set of books in a process:
    they are empty when this is made.
    """

    def __init__(self, folder: Path) -> None:
        from moto.moto_api._internal.models import moto_api_backend

        moto_api_backend.reset()
        self.things = Things()
        self.pages = Pages()
        self.books = Books(self.pages)
        self.objects = StoredObjects(Store(folder), WorldClock.starting(1.0))
        self.calls: list[Call] = []
        self.refused: set[str] = set()

    def answer(self, call: Call) -> Params:
        """Perform a call. Raises Fault."""
        if call.call_id:
            self.calls.append(call)
        if call.operation in self.refused:
            raise Fault("ServiceUnavailable", f"{call.operation} is not answered", 503)
        if call.service == "things":
            return self.things.answer(call)
        if call.service == "s3":
            return self.objects.call(call.operation, call.params, call.region)
        return self.books.call(call.service, call.operation, call.params, call.region, call.call_id)

    def ask(self, service: str, operation: str, /, **params: object) -> Params:
        """Call an operation as a client does. Raises Fault."""
        return self.answer(Call("us-east-1", "", service, operation, params))

    def has(self, service: str, operation: str, /, **params: object) -> bool:
        """Whether an operation that looks something up finds it."""
        try:
            self.ask(service, operation, **params)
        except Fault:
            return False
        return True
