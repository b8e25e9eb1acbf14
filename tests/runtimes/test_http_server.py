import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable

import pytest
import uvloop

from understudy.runtimes.http_server import MAXIMUM_BODY, Reply, Request, Response, Server

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def echo(request: Request, reply: Reply) -> None:
    said = f"{request.method} {request.path} {request.headers.get('x-a', '-')} "
    reply(Response(200, said.encode() + request.body, "text/plain"))


def converse(talk: Talk, handle: Callable[[Request, Reply], None] = echo, **options: bool) -> None:
    """Serve, hold one conversation over one connection, then stop serving with SIGTERM."""

    async def main() -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        serving = asyncio.create_task(Server(handle, **options).serve(listener))
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        await asyncio.wait_for(talk(reader, writer), 5)
        writer.close()
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(serving, 5)

    uvloop.run(main())


async def answer(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The status line and the body of the next answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.splitlines() if line.startswith(b"content-length")
    )
    return head.splitlines()[0], await reader.readexactly(length)


def test_a_request_is_answered() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"POST /x?y=z HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nContent-Length: 3\r\n\r\nabc")
        assert await answer(reader) == (b"HTTP/1.1 200 OK", b"POST /x 1 abc")

    converse(talk)


def test_a_connection_serves_many_requests() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in range(3):
            writer.write(b"GET /%d HTTP/1.1\r\n\r\n" % number)
            assert await answer(reader) == (b"HTTP/1.1 200 OK", b"GET /%d - " % number)

    converse(talk)


def test_a_request_may_come_in_pieces_and_in_chunks() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in (b"POST /", b"x HTTP/1.1\r\nTransfer-Enc", b"oding: chunked\r\n\r\n3\r\nab"):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        writer.write(b"c\r\n2\r\nde\r\n0\r\n\r\n")
        assert await answer(reader) == (b"HTTP/1.1 200 OK", b"POST /x - abcde")

    converse(talk)


def test_answers_come_in_the_order_of_the_requests_even_if_later_ones_are_ready_sooner() -> None:
    replies: list[tuple[str, Reply]] = []

    def keep(request: Request, reply: Reply) -> None:
        replies.append((request.path, reply))

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n")
        while not replies:
            await asyncio.sleep(0.001)
        assert [path for path, _ in replies] == ["/1"]
        replies[0][1](Response(200, b"first"))
        assert (await answer(reader))[1] == b"first"
        assert [path for path, _ in replies] == ["/1", "/2"]
        replies[1][1](Response(200, b"second"))
        assert (await answer(reader))[1] == b"second"

    converse(talk, keep)


@pytest.mark.parametrize(
    ("request_head", "options"),
    [
        pytest.param(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", {}, id="the client wants it"),
        pytest.param(b"GET / HTTP/1.0\r\n\r\n", {}, id="HTTP/1.0"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", {"keep_alive": False}, id="the server wants it"),
    ],
)
def test_a_connection_closes_after_the_answer_when(
    request_head: bytes, options: dict[str, bool]
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request_head)
        everything = await reader.read()
        assert everything.startswith(b"HTTP/1.1 200 OK\r\n")
        assert b"connection: close\r\n" in everything

    converse(talk, **options)


def test_a_client_that_asks_before_it_sends_is_told_to_go_on() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"a")
        assert (await answer(reader))[1] == b"POST / - a"

    converse(talk)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(b"nonsense\r\n\r\n", b"400 Bad Request", id="no HTTP"),
        pytest.param(
            b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (MAXIMUM_BODY + 1)
            + b"0" * (MAXIMUM_BODY + 1),
            b"413 Request Entity Too Large",
            id="a body above the limit",
        ),
    ],
)
def test_what_cannot_be_served_is_refused_and_the_connection_closed(
    sent: bytes, status: bytes
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        assert (await reader.readline()).strip() == b"HTTP/1.1 " + status
        await reader.read()

    converse(talk)


def test_an_answer_for_a_client_that_has_left_goes_nowhere() -> None:
    replies: list[Reply] = []

    async def main() -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        server = Server(lambda _, reply: replies.append(reply))
        serving = asyncio.create_task(server.serve(listener))
        _, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        while not replies:
            await asyncio.sleep(0.001)
        writer.close()
        while server.connections:
            await asyncio.sleep(0.001)
        replies[0](Response(200))
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(serving, 5)

    uvloop.run(main())


def test_sigterm_lets_the_request_under_way_finish() -> None:
    replies: list[Reply] = []

    async def main() -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        serving = asyncio.create_task(
            Server(lambda _, reply: replies.append(reply)).serve(listener)
        )
        idle = await asyncio.open_connection(*listener.getsockname())
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        while not replies:
            await asyncio.sleep(0.001)
        os.kill(os.getpid(), signal.SIGTERM)
        assert await idle[0].read() == b""  # The idle connection is closed meanwhile.
        assert not serving.done()
        replies[0](Response(200, b"late"))
        assert (await reader.read()).endswith(b"\r\n\r\nlate")
        await asyncio.wait_for(serving, 5)
        writer.close()
        idle[1].close()

    uvloop.run(main())
