"""What services outside the engine answer in the simulated world."""

import base64
import hashlib
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext, suppress

import msgspec

from understudy.base.arn import ACCOUNT
from understudy.base.fault import Fault
from understudy.base.ledger import BookRequest
from understudy.bookkeeping.moto import Books
from understudy.control.events import Call, Params
from understudy.control.lambda_.functions import CODE, KEEP
from understudy.control.sagemaker.asynchronous import OWNER as ASYNCHRONOUS
from understudy.sim.buckets import configured


class Forgetful:
    """A ledger that keeps nothing: a simulated world ends with its process."""

    def __init__(self) -> None:
        self._count = 0

    def append(self, request: BookRequest) -> int:
        """Count a call."""
        self._count += 1
        return self._count

    def together(self) -> AbstractContextManager[None]:
        """What is not kept needs no care."""
        return nullcontext()

    def requests(self) -> Iterable[tuple[int, BookRequest]]:
        """Nothing."""
        return ()


_ROLE_CALLS = (
    "AttachRolePolicy", "CreateRole", "DeleteRole", "DeleteRolePolicy", "DetachRolePolicy",
    "PutRolePolicy", "TagRole", "UntagRole", "UpdateAssumeRolePolicy", "UpdateRole",
)  # fmt: skip
"""Calls that every template with a role makes, and whose answers need no books."""


class Answers:
    """Buckets exist once they are created; the kept services keep their books in memory.

    A simulation that only makes roles does without the books, which take a second to open: what
    it has been told is caught up on when they are needed.
    """

    def __init__(self) -> None:
        self._buckets: dict[str, dict[str, Params]] = {}
        self._books = Books(Forgetful())
        self._later: list[Call] | None = []

    def answer(self, call: Call) -> Params:
        """The output of a call. Raises Fault."""
        if call.service == "s3":
            return self._s3(call.operation, call.params)
        if call.service == "lambda":
            return _function(call)
        if call.service == ASYNCHRONOUS:
            return {}
        if self._later is not None and call.service == "iam" and call.operation in _ROLE_CALLS:
            self._later.append(call)
            return _role(call.params) if call.operation == "CreateRole" else {}
        for earlier in self._later or ():
            with suppress(Fault):
                self._booked(earlier)
        self._later = None
        return self._booked(call)

    def _booked(self, call: Call) -> Params:
        return self._books.call(
            call.service, call.operation, call.params, call.region, call.call_id
        )

    def _s3(self, operation: str, params: Params) -> Params:
        name = params["Bucket"]
        if operation == "CreateBucket":
            self._buckets[name] = {}
        elif operation == "HeadBucket" and name not in self._buckets:
            raise Fault("NoSuchBucket", "The specified bucket does not exist", 404)
        elif operation == "DeleteBucket":
            self._buckets.pop(name, None)
        return configured(self._buckets.get(name, {}), operation, params)


def _function(call: Call) -> Params:
    """The package of a function is kept by name alone. Raises Fault where it would have to run."""
    if call.operation != KEEP:
        message = "A simulation runs no functions; deploy with `understudy up` to run them."
        raise Fault("NotSimulated", message)
    code = msgspec.json.encode(call.params.get("Code", call.params), order="sorted")
    digest = base64.b64encode(hashlib.sha256(code).digest()).decode()
    rest = {key: value for key, value in call.params.items() if key not in ("Code", "ZipFile")}
    return {**rest, CODE: {"Sha256": digest, "Size": len(code)}}


def _role(params: Params) -> Params:
    name = params["RoleName"]
    role = {"Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}", "RoleId": f"AROA{name.upper()}"}
    return {"Role": role}
