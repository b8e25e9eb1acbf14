"""What services outside the engine answer in the simulated world."""

from collections.abc import Iterable

from understudy.base.fault import Fault
from understudy.base.ledger import BookRequest
from understudy.bookkeeping.moto import Books
from understudy.control.events import Call, Params


class Forgetful:
    """A ledger that keeps nothing: a simulated world ends with its process."""

    def __init__(self) -> None:
        self._count = 0

    def append(self, request: BookRequest) -> int:
        """Count a call."""
        self._count += 1
        return self._count

    def requests(self) -> Iterable[tuple[int, BookRequest]]:
        """Nothing."""
        return ()


class Answers:
    """Buckets exist once they are created; the kept services keep their books in memory."""

    def __init__(self) -> None:
        self._buckets: set[str] = set()
        self._books = Books(Forgetful())

    def answer(self, call: Call) -> Params:
        """The output of a call. Raises Fault."""
        if call.service == "s3":
            return self._s3(call.operation, call.params)
        return self._books.call(
            call.service, call.operation, call.params, call.region, call.call_id
        )

    def _s3(self, operation: str, params: Params) -> Params:
        name = params["Bucket"]
        if operation == "CreateBucket":
            self._buckets.add(name)
        elif operation == "HeadBucket" and name not in self._buckets:
            raise Fault("NoSuchBucket", "The specified bucket does not exist", 404)
        elif operation == "DeleteBucket":
            self._buckets.discard(name)
        return {}
