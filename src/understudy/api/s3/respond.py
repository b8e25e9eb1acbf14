"""An HTTP request to S3, and the answer: which operation it calls, its body, its errors.

Files and rows are looked at in threads, so that nothing here keeps the event loop waiting.
"""

from asyncio import to_thread
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import unquote

from understudy.api.http import Request, Response
from understudy.api.s3 import cors, form, presigned, schema
from understudy.api.s3.payload import Payload, without_chunked
from understudy.api.wire import (
    WireCall,
    WireRequest,
    decode,
    encode,
    encode_fault,
    identify,
    not_offered,
)
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.storage.objects.blobs import CHUNK, Reading
from understudy.storage.objects.store import Store
from understudy.storage.s3 import Context, admissions, body, faults, operations
from understudy.storage.s3.reading import open_object

_STATUSES = {"PutBucketTagging": 204, "PutBucketPolicy": 204}
"""Statuses of success that the service's model leaves out."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request on its way to an answer.

    ``headers`` are its own and those in a presigned URL, ``wall`` is when it came, by the clock
    that clients sign by.
    """

    store: Store
    request: Request
    headers: Mapping[str, str]
    call: WireCall
    context: Context
    request_id: str
    wall: float

    @property
    def wire(self) -> WireRequest:
        """The request without its body."""
        return WireRequest(self.request.method, self.request.path, self.request.query, self.headers)

    def encoded(self, output: Params) -> Response:
        """The answer that holds an output."""
        response = encode(self.call, output, self.request_id)
        status = _STATUSES.get(self.call.operation, response.status)
        return replace(response, status=206 if "ContentRange" in output else status)


async def respond(
    store: Store,
    request: Request,
    region: str,
    request_id: str,
    now: Callable[[], float],
    wall: Callable[[], float] | None = None,
) -> Response:
    """The answer to a request to S3.

    ``now`` is world time, ``wall`` the time by which clients sign their URLs; that is world time
    where it is not given. Raises whatever the request's stream raises.
    """
    headers = presigned.signed_headers(request.query, request.headers)
    call = identify(WireRequest(request.method, request.path, request.query, headers))
    context = Context(now(), region)
    exchange = Exchange(store, request, headers, call, context, request_id, (wall or now)())
    try:
        presigned.check(request.query, exchange.wall)
        response = await _answer(exchange)
    except Fault as fault:
        response = _refusal(exchange, fault)
    return await _shared(exchange, response)


async def _answer(exchange: Exchange) -> Response:
    request, call = exchange.request, exchange.call
    if request.method == "OPTIONS":
        return await _preflight(exchange)
    if form.is_form(request):
        return await form.upload(
            exchange.store, request, exchange.context, exchange.request_id, exchange.wall
        )
    if not call.operation:
        raise _no_operation(request)
    if call.operation not in operations:
        raise not_offered("s3", call.operation)
    if call.operation in admissions:
        return await _upload(exchange)
    if call.operation == "GetObject":
        return await _download(exchange)
    return await _plain(exchange)


def _no_operation(request: Request) -> Fault:
    try:
        unquote(request.path, errors="strict")
    except UnicodeDecodeError:
        return Fault("InvalidURI", "Couldn't parse the specified URI.", 400)
    return schema.method_not_allowed(request.method)


async def _plain(exchange: Exchange) -> Response:
    """Any operation whose input and output are small."""
    call = exchange.call
    payload = Payload(exchange.request, exchange.headers)
    content = await payload.read()
    if content:
        body.check_bytes(payload.said, content)
    params = decode(call, replace(exchange.wire, body=content))
    schema.check(call, exchange.request.method, params, content)
    operation = operations[call.operation]
    output = await to_thread(operation, exchange.store, params, exchange.context)
    return exchange.encoded(output)


async def _upload(exchange: Exchange) -> Response:
    """PutObject and UploadPart, whose body goes to its file as it comes."""
    call, store = exchange.call, exchange.store
    params = decode(call, exchange.wire, streaming=True)
    payload = Payload(exchange.request, exchange.headers)
    if payload.said.size is None:
        raise _no_length(exchange.headers)
    encoding = without_chunked(params.pop("ContentEncoding", None))
    params |= {"ContentEncoding": encoding} if encoding else {}
    also = await to_thread(admissions[call.operation], store, params)
    with body.Intake(store, payload.said, also) as intake:
        pending: list[bytes] = []
        size = 0
        async for data in payload.chunks():
            pending.append(data)
            size += len(data)
            if size >= CHUNK:
                await to_thread(_write, intake, pending)
                pending, size = [], 0

        def finish() -> Params:
            _write(intake, pending)
            params["Body"] = intake.finish(payload.trailers())
            return operations[call.operation](store, params, exchange.context)

        return exchange.encoded(await to_thread(finish))


def _write(intake: body.Intake, pieces: list[bytes]) -> None:
    intake.write(b"".join(pieces))


def _no_length(headers: Mapping[str, str]) -> Fault:
    if "transfer-encoding" in headers and "x-amz-decoded-content-length" not in headers:
        return faults.header_not_implemented("Transfer-Encoding")
    message = "You must provide the Content-Length HTTP header."
    return Fault("MissingContentLength", message, 411)


class Download:
    """The bytes of a reading by chunks; it is closed when they end or are no longer wanted."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._chunks: Iterator[bytes] = iter(reading)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        chunk = await to_thread(next, self._chunks, b"")
        if not chunk:
            await self.aclose()
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        """Let go of the files."""
        await to_thread(self._reading.close)


async def _download(exchange: Exchange) -> Response:
    """GetObject, whose body comes from its file as it is taken."""
    params = decode(exchange.call, exchange.wire)

    def opened() -> tuple[Params, bytes | Reading]:
        output, reading = open_object(exchange.store, params, exchange.context)
        if reading.size > CHUNK:
            return output, reading
        with reading:
            return output, reading.read()

    output, content = await to_thread(opened)
    if isinstance(content, bytes):
        return exchange.encoded({**output, "Body": content})
    try:
        return exchange.encoded({**output, "Body": Download(content)})
    except BaseException:
        content.close()
        raise


def _refusal(exchange: Exchange, fault: Fault) -> Response:
    response = encode_fault(exchange.call, fault, exchange.request_id)
    if isinstance(fault, faults.Refusal):
        # What a refusal says in headers is what the answer to a read says there.
        read = replace(exchange.call, operation="GetObject")
        said = encode(read, fault.output, exchange.request_id)
        kept = {name for name, _ in response.headers}
        extra = tuple(header for header in said.headers if header[0] not in kept)
        response = replace(response, headers=(*response.headers, *extra))
    if response.status == 304:
        headers = tuple(header for header in response.headers if header[0] != "content-type")
        return replace(response, headers=headers, body=b"")
    return replace(response, body=b"") if exchange.request.method == "HEAD" else response


async def _rules(exchange: Exchange) -> list[Params] | None:
    """The CORS rules of the bucket that a request is for, or None."""
    address = WireRequest("GET", exchange.request.path, "", exchange.headers)
    bucket = identify(address).labels.get("Bucket")
    if bucket is None:
        return None
    try:
        read = operations["GetBucketCors"]
        found = await to_thread(read, exchange.store, {"Bucket": bucket}, exchange.context)
    except Fault:
        return None
    return found["CORSRules"]


async def _preflight(exchange: Exchange) -> Response:
    address = WireRequest("GET", exchange.request.path, "", exchange.headers)
    rules, key = await _rules(exchange), "Key" in identify(address).labels
    ids = encode(replace(exchange.call, operation="HeadBucket"), {}, exchange.request_id).headers
    return Response(200, (*ids, *cors.preflight(rules, exchange.headers, key=key)))


async def _shared(exchange: Exchange, response: Response) -> Response:
    """The answer with the headers that let a page of another origin see it."""
    origin, method = exchange.headers.get("origin"), exchange.request.method
    if not origin or method == "OPTIONS":
        return response
    rule = cors.matching_rule(await _rules(exchange) or (), origin, method)
    if rule is None:
        return response
    return replace(response, headers=(*response.headers, *cors.answer_headers(rule, origin)))
