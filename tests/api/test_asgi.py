"""HTTP values over ASGI, message by message."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from understudy.api.asgi import Respond, application
from understudy.api.http import Request, Response

Message = dict[str, Any]


def served(respond: Respond, incoming: list[Message], **scope: Any) -> list[Message]:
    """What is sent in answer to these messages; after the last one the client waits for ever."""
    sent: list[Message] = []
    queue = list(incoming)

    async def receive() -> Message:
        if not queue:
            await asyncio.Event().wait()
        return queue.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    defaults = {"type": "http", "method": "GET", "raw_path": b"/", "query_string": b""}
    whole = {**defaults, "headers": [], **scope}
    asyncio.run(asyncio.wait_for(application(respond)(whole, receive, send), 10))
    return sent


def body(data: bytes = b"", *, more: bool = False) -> Message:
    return {"type": "http.request", "body": data, "more_body": more}


def test_a_request_comes_as_it_is_on_the_wire() -> None:
    async def respond(request: Request) -> Response:
        assert (request.method, request.path, request.query) == ("PUT", "/a%2Fb", "c=%20")
        assert request.headers == {"accept": "a,b", "x-a": "é"}
        return Response(200, (("x-b", "é"),), await request.body())

    start, content = served(
        respond,
        [body(b"one", more=True), body(b"two")],
        method="PUT",
        raw_path=b"/a%2Fb",
        query_string=b"c=%20",
        headers=[(b"accept", b"a"), (b"x-a", "é".encode("latin-1")), (b"accept", b"b")],
    )
    assert start["status"] == 200
    assert start["headers"] == [(b"x-b", "é".encode("latin-1")), (b"content-length", b"6")]
    assert content["body"] == b"onetwo"


@pytest.mark.parametrize(
    ("response", "headers"),
    [
        (Response(200, (), b"abc"), [(b"content-length", b"3")]),
        (Response(200), [(b"content-length", b"0")]),
        (Response(204), []),
        (Response(304, (("ETag", "x"),)), [(b"ETag", b"x")]),
        (Response(200, (("Content-Length", "7"),)), [(b"Content-Length", b"7")]),
    ],
    ids=["a body", "an empty body", "no content", "not modified", "an answer to HEAD"],
)
def test_a_length_is_said_where_there_is_one(
    response: Response, headers: list[tuple[bytes, bytes]]
) -> None:
    async def respond(_: Request) -> Response:
        return response

    assert served(respond, [body()])[0]["headers"] == headers


class Chunks:
    """A body that says when it was closed."""

    def __init__(self, count: int) -> None:
        self.left = count
        self.closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        # Others run between chunks, as they do between reads of a file.
        for _ in range(5):
            await asyncio.sleep(0)
        if self.left == 0:
            raise StopAsyncIteration
        self.left -= 1
        return b"chunk"

    async def aclose(self) -> None:
        self.closed = True


def test_a_streamed_answer_is_sent_by_chunks_and_closed() -> None:
    chunks = Chunks(3)

    async def respond(_: Request) -> Response:
        return Response(200, (("content-length", "15"),), chunks)

    sent = served(respond, [body()])
    assert [message.get("body") for message in sent[1:]] == [b"chunk"] * 3 + [b""]
    assert [message.get("more_body", False) for message in sent[1:]] == [True] * 3 + [False]
    assert chunks.closed


def test_a_streamed_answer_ends_when_its_client_goes() -> None:
    chunks = Chunks(1_000_000)

    async def respond(_: Request) -> Response:
        return Response(200, (), chunks)

    served(respond, [body(), {"type": "http.disconnect"}])
    assert chunks.closed
    assert chunks.left > 0


def test_nothing_is_sent_to_a_client_that_left_in_the_middle_of_its_request() -> None:
    async def respond(request: Request) -> Response:
        await request.body()
        return Response(200)

    assert served(respond, [body(b"half", more=True), {"type": "http.disconnect"}]) == []


@pytest.mark.parametrize(("reads", "closes"), [(True, False), (False, True)])
def test_a_connection_is_closed_where_a_body_that_was_held_back_is_not_wanted(
    *, reads: bool, closes: bool
) -> None:
    async def respond(request: Request) -> Response:
        if reads:
            await request.body()
        return Response(404)

    start = served(respond, [body(b"x")], headers=[(b"expect", b"100-continue")])[0]
    assert ((b"connection", b"close") in start["headers"]) is closes


def test_start_and_stop_of_the_server_are_confirmed() -> None:
    async def respond(_: Request) -> Response:
        raise AssertionError

    incoming = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = served(respond, incoming, type="lifespan")
    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]
