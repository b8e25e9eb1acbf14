"""AWS services that only keep books here, answered by moto inside this process.

Each acknowledged call that changes something is written to a ledger, and the ledger is replayed
with the same seeds after a restart, so that ids stay what they were. Times of creation do not:
moto stamps them with the clock of the replay.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol, cast
from urllib.parse import parse_qs, urlsplit

import msgspec
from msgspec import Struct

from understudy.base.arn import ACCOUNT
from understudy.base.fault import Fault
from understudy.base.ledger import BookRequest
from understudy.bookkeeping import rules, subscriptions
from understudy.bookkeeping.backends import Backends
from understudy.bookkeeping.direct import METHOD, WORK
from understudy.bookkeeping.fitting import fitted
from understudy.bookkeeping.outbox import Leaving, Outbox
from understudy.bookkeeping.services import host_of, model_of, region_of
from understudy.control.eventbridge.rules import EMIT
from understudy.control.events import Params

_READS = (
    "Get", "List", "Describe", "Lookup", "Search", "BatchGet", "Simulate", "Decode", "Query",
    "Scan", "TransactGet", "Encrypt", "Decrypt", "ReEncrypt", "GenerateDataKey", "GenerateMac",
    "GenerateRandom", "Sign", "Verify", "Filter", "Test", "Validate",
)  # fmt: skip


class BookAnswer(Struct, frozen=True):
    """moto's answer, ready for the wire. ``lasting`` is false where nothing kept has changed."""

    status: int
    headers: dict[str, str]
    body: bytes
    lasting: bool = True


class Ledger(Protocol):
    """Where acknowledged calls are kept. ``append`` is durable when it returns."""

    def together(self) -> AbstractContextManager[None]:
        """What is appended within is durable when it is left."""
        ...

    def append(self, request: BookRequest) -> int:
        """Keep a call and return its number."""
        ...

    def requests(self) -> Iterable[tuple[int, BookRequest]]:
        """All calls with their numbers, in order."""
        ...


REFUSED = 400
NOT_KEPT = 501
"""The HTTP status for what moto does not have."""
_REMEMBERED = 10_000
"""Answers of the engine's own calls that are kept, for calls that are asked again."""


class Books:
    """The kept services. Not thread-safe: one call at a time. moto is loaded at the first call."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._loaded: Backends | None = None
        self._next = 1
        self._outbox = Outbox()
        self._changed: set[str] = set()
        self._answers: OrderedDict[str, BookAnswer] = OrderedDict()

    def _backends(self) -> Backends:
        """moto, after the ledger has been replayed into it."""
        if self._loaded is None:
            self._loaded = Backends()
            for number, request in self._ledger.requests():
                self._remember(request, self._perform(self._loaded, number, request))
                self._note(request)
                self._next = number + 1
            self._outbox.take()  # It was delivered when it was published.
        return self._loaded

    def together(self) -> AbstractContextManager[None]:
        """Calls that are answered within are in the ledger when it is left."""
        return self._ledger.together()

    def leaving(self) -> list[Leaving]:
        """What is to be posted to HTTP endpoints, and which functions to be called, by now."""
        return self._outbox.take()

    def answer(self, request: BookRequest) -> BookAnswer:
        """Answer a raw request. What it changed is in the ledger when this returns.

        A call of the engine's own that has been performed is not performed again.
        """
        backends = self._backends()
        if request.call_id in self._answers:
            return self._answers[request.call_id]
        lasting = changes(request)
        answer = self._perform(backends, self._next if lasting else None, request)
        if answer.status < 400 and lasting and answer.lasting:
            self._next = self._ledger.append(request) + 1
            self._remember(request, answer)
            self._note(request)
        return answer

    def _note(self, request: BookRequest) -> None:
        if request.service == "events" and request.path != EMIT:
            self._changed.add(region_of(request.host))

    def changed_rules(self) -> dict[str, rules.KeptRules]:
        """By region, which rules there are where they have changed since this was asked last."""
        changed, self._changed = self._changed, set()
        return {region: self._loaded.rules(region) for region in changed if self._loaded}

    def _remember(self, request: BookRequest, answer: BookAnswer) -> None:
        if request.call_id:
            self._answers[request.call_id] = answer
            while len(self._answers) > _REMEMBERED:
                self._answers.popitem(last=False)

    def _directly(
        self, service: str, operation: str, params: Params, region: str, call_id: str
    ) -> Params | None:
        """What a common call of the engine comes to; None for one that has to be sent."""
        if not call_id or (service, operation) not in WORK:
            return None
        host, body = host_of(service, region), msgspec.json.encode(params)
        request = BookRequest(service, host, METHOD, operation, "", {}, body, call_id)
        answer = self.answer(request)
        return msgspec.json.decode(answer.body) if answer.status < 400 else None

    def _perform(self, backends: Backends, number: int | None, request: BookRequest) -> BookAnswer:
        from botocore.awsrequest import AWSPreparedRequest, HTTPHeaders

        if request.service in ("events", "sns"):
            subscriptions.fit(self._outbox)
        if request.service == "events":
            rules.fit(self._outbox)
        if request.method == METHOD:
            return _performed(backends, number, request)
        headers = HTTPHeaders()
        for name, value in {**request.headers, "x-moto-account-id": ACCOUNT}.items():
            headers[name] = value
        url = f"https://{request.host}{request.path}"
        if request.query:
            url = f"{url}?{request.query}"
        prepared = AWSPreparedRequest(request.method, url, headers, request.body, False)  # noqa: FBT003
        region = region_of(request.host)
        found = backends.process(request.service, region, prepared, number)
        if found is None:
            message = f"Understudy does not keep this of {request.service}."
            return BookAnswer(NOT_KEPT, {"content-type": "text/plain"}, message.encode())
        status, answer_headers, body = found
        content = body.encode() if isinstance(body, str) else body
        return BookAnswer(status, {str(k): str(v) for k, v in answer_headers.items()}, content)

    def call(
        self, service: str, operation: str, params: Params, region: str, call_id: str = ""
    ) -> Params:
        """Call an operation with AWS-shaped params and return its output. Raises Fault.

        A call that changes something is performed once for each ``call_id``.
        """
        from botocore import serialize

        done = self._directly(service, operation, params, region, call_id)
        if done is not None:
            return done
        model = model_of(service)
        operation_model = model.operation_model(operation)
        params = fitted(params, operation_model.input_shape)
        if call_id:  # as AWS's clients do
            params = {**dict.fromkeys(operation_model.idempotent_members, call_id), **params}
        serializer = serialize.create_serializer(model.metadata["protocol"], False)  # noqa: FBT003
        wire: Mapping[str, Any] = serializer.serialize_to_request(params, operation_model)
        answer = self.answer(_request(service, region, wire, call_id))
        if answer.status == NOT_KEPT:
            raise Fault("NotImplemented", answer.body.decode(), answer.status)
        parser = _parser(model.metadata["protocol"])
        output = parser.parse(
            {"status_code": answer.status, "headers": answer.headers, "body": answer.body},
            operation_model.output_shape,
        )
        if answer.status >= 400:
            error = output.get("Error", {})
            raise Fault(
                error.get("Code", "InternalFailure"), error.get("Message", ""), answer.status
            )
        output.pop("ResponseMetadata", None)
        return output


def _performed(backends: Backends, number: int | None, request: BookRequest) -> BookAnswer:
    """A call that moto's model is given itself. What it refuses has changed nothing."""
    work = WORK[request.service, request.path]
    params = msgspec.json.decode(request.body)
    region = region_of(request.host)
    output = backends.perform(request.service, region, number, lambda model: work(model, params))
    if output is None:
        return BookAnswer(REFUSED, {}, b"")
    lasting = output.pop(rules.LASTING, True)
    return BookAnswer(200, {}, msgspec.json.encode(output), lasting)


def _parser(protocol: str) -> Any:
    """A response parser that gives timestamps as seconds since the epoch, as everything here."""
    from botocore.parsers import ResponseParserFactory
    from botocore.utils import parse_timestamp

    def seconds(value: Any) -> float:
        return parse_timestamp(value).timestamp()

    factory = ResponseParserFactory()
    factory.set_parser_defaults(timestamp_parser=seconds)
    return factory.create_parser(protocol)


def _request(service: str, region: str, wire: Mapping[str, Any], call_id: str) -> BookRequest:
    from urllib.parse import urlencode

    from botocore.awsrequest import prepare_request_dict

    host = host_of(service, region)
    prepared: dict[str, Any] = {**wire, "context": {}}
    prepare_request_dict(prepared, endpoint_url=f"https://{host}")
    body: Any = prepared["body"]
    if isinstance(body, dict):
        body = urlencode(cast("dict[str, str]", body))
    scope = f"20260101/{region}/{service}/aws4_request"
    headers: dict[str, str] = {
        **prepared["headers"],
        "Authorization": f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/{scope}, Signature=none",
    }
    content: bytes = body.encode() if isinstance(body, str) else body
    url: str = prepared["url"]
    split = urlsplit(url)
    return BookRequest(
        service, host, prepared["method"], split.path, split.query, headers, content, call_id
    )


def changes(request: BookRequest) -> bool:
    """Whether a request may change what is kept, told from its operation's name or method."""
    if request.service == "sts":
        return False
    if request.method == METHOD:
        return not request.path.startswith(_READS)
    target = next((v for k, v in request.headers.items() if k.lower() == "x-amz-target"), "")
    action = (
        target.rpartition(".")[2]
        or parse_qs(request.body.decode(errors="replace")).get("Action", [""])[0]
    )
    if not action:
        return request.method not in ("GET", "HEAD")
    return not action.startswith(_READS)
