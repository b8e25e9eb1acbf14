"""AWS services that only keep books here, answered by moto inside this process.

Each acknowledged call that changes something is written to a ledger, and the ledger is replayed
with the same seeds after a restart, so that ids stay what they were. Times of creation do not:
moto stamps them with the clock of the replay.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Any, Protocol, cast
from urllib.parse import parse_qs

from msgspec import Struct
from msgspec.structs import replace

from understudy.base.arn import ACCOUNT, DEFAULT_REGION
from understudy.base.fault import Fault
from understudy.base.ledger import BookRequest
from understudy.bookkeeping.outbox import Delivery, Outbox
from understudy.control.events import Params

KEPT_SERVICES = ("iam", "sns", "sqs", "ssm", "sts")
REMEMBERED = 10_000
"""How many answers to the engine are remembered: more than can be under way at once."""
_READS = ("Get", "List", "Describe", "Lookup", "Search", "BatchGet", "Simulate", "Decode")


class BookAnswer(Struct, frozen=True):
    """moto's answer, ready for the wire."""

    status: int
    headers: dict[str, str]
    body: bytes


class Ledger(Protocol):
    """Where acknowledged calls are kept. ``append`` is durable when it returns."""

    def append(self, request: BookRequest) -> int:
        """Keep a call and return its number."""
        ...

    def requests(self) -> Iterable[tuple[int, BookRequest]]:
        """All calls with their numbers, in order."""
        ...


class Books:
    """The kept services. Not thread-safe: one call at a time. moto is loaded at the first call."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._stubber: Any = None
        self._next = 1
        self._outbox = Outbox()
        self._given: OrderedDict[str, BookAnswer] = OrderedDict()

    def _moto(self) -> Any:
        """Moto's dispatcher, after the ledger has been replayed into it."""
        if self._stubber is None:
            from moto.core.botocore_stubber import BotocoreStubber
            from moto.core.config import default_user_config

            default_user_config["iam"] = {"load_aws_managed_policies": True}
            self._stubber = BotocoreStubber()
            for number, request in self._ledger.requests():
                self._remember(request, self._perform(number, request))
                self._next = number + 1
            self._outbox.take()  # It was delivered when it was published.
        return self._stubber

    def deliveries(self) -> list[Delivery]:
        """What SNS has to post to HTTP endpoints since this was asked last."""
        return self._outbox.take()

    def answer(self, request: BookRequest) -> BookAnswer:
        """Answer a raw request. What it changed is in the ledger when this returns.

        A call of the engine that has been performed before is given the same answer again.
        """
        self._moto()
        if request.call_id in self._given:
            return self._given[request.call_id]
        answer = self._perform(self._next, request)
        if answer.status < 400 and changes(request):
            self._next = self._ledger.append(request) + 1
            self._remember(request, answer)
        return answer

    def _remember(self, request: BookRequest, answer: BookAnswer) -> None:
        if request.call_id:
            self._given[request.call_id] = answer
            if len(self._given) > REMEMBERED:
                self._given.popitem(last=False)

    def _perform(self, number: int, request: BookRequest) -> BookAnswer:
        from botocore.awsrequest import AWSPreparedRequest, HTTPHeaders
        from moto.moto_api._internal import mock_random

        if request.service == "sns":
            _give(self._outbox)
        mock_random.seed(number)
        headers = HTTPHeaders()
        for name, value in {**request.headers, "x-moto-account-id": ACCOUNT}.items():
            headers[name] = value
        url = f"https://{request.host}{request.path}"
        if request.query:
            url = f"{url}?{request.query}"
        prepared = AWSPreparedRequest(request.method, url, headers, request.body, False)  # noqa: FBT003
        found = self._stubber.process_request(prepared)
        if found is None:
            message = f"Understudy does not keep {request.service} at {request.path}."
            return BookAnswer(501, {"content-type": "text/plain"}, message.encode())
        status, answer_headers, body = found
        content = body.encode() if isinstance(body, str) else body
        return BookAnswer(status, {str(k): str(v) for k, v in answer_headers.items()}, content)

    def call(
        self, service: str, operation: str, params: Params, region: str, call_id: str = ""
    ) -> Params:
        """Call an operation with AWS-shaped params and return its output. Raises Fault.

        A call with the id of an earlier one is that one, asked again.
        """
        from botocore import serialize

        model = _model(service)
        operation_model = model.operation_model(operation)
        serializer = serialize.create_serializer(model.metadata["protocol"], False)  # noqa: FBT003
        wire: Mapping[str, Any] = serializer.serialize_to_request(params, operation_model)
        request = _request(service, region, model.endpoint_prefix, wire)
        answer = self.answer(replace(request, call_id=call_id))
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


def _give(outbox: Outbox) -> None:
    """Have moto post into an outbox."""
    from moto.sns import models

    cast("Any", models).requests = outbox


_models: dict[str, Any] = {}


def _model(service: str) -> Any:
    if service not in _models:
        from botocore.loaders import Loader
        from botocore.model import ServiceModel

        _models[service] = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    return _models[service]


def _parser(protocol: str) -> Any:
    """A response parser that gives timestamps as seconds since the epoch, as everything here."""
    from botocore.parsers import ResponseParserFactory
    from botocore.utils import parse_timestamp

    def seconds(value: Any) -> float:
        return parse_timestamp(value).timestamp()

    factory = ResponseParserFactory()
    factory.set_parser_defaults(timestamp_parser=seconds)
    return factory.create_parser(protocol)


def _request(service: str, region: str, prefix: str, wire: Mapping[str, Any]) -> BookRequest:
    from urllib.parse import urlencode

    from botocore.awsrequest import prepare_request_dict

    host = book_host(service, prefix, region)
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
    return BookRequest(
        service, host, prepared["method"], prepared["url_path"], "", headers, content
    )


def book_host(service: str, prefix: str, region: str) -> str:
    """The host of a service on AWS, by which moto knows it."""
    if service == "iam":
        return "iam.amazonaws.com"
    return f"{prefix}.{region or DEFAULT_REGION}.amazonaws.com"


def changes(request: BookRequest) -> bool:
    """Whether a request may change what is kept, told from its operation's name or method."""
    if request.service == "sts":
        return False
    target = next((v for k, v in request.headers.items() if k.lower() == "x-amz-target"), "")
    action = (
        target.rpartition(".")[2]
        or parse_qs(request.body.decode(errors="replace")).get("Action", [""])[0]
    )
    if not action:
        return request.method not in ("GET", "HEAD")
    return not action.startswith(_READS)
