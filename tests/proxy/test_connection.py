"""Clients' connections: kept, pipelined, given up; what is no HTTP, and what is more than HTTP."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from understudy.testing.data_plane import Plane, invocation
from understudy.testing.servers import Message, Server, ok, read_body, read_message

pytestmark = pytest.mark.processes

Run = Callable[..., Any]
Make = Callable[..., Server]


def test_connections_are_kept_on_both_sides(plane: Plane, run: Run, control: Make) -> None:
    server = control()

    async def story() -> None:
        async with plane.connection() as (reader, writer):
            for _ in range(20):
                writer.write(b"GET / HTTP/1.1\r\n\r\n")
                assert (await read_message(reader)).body == b"control"

    run(story())
    assert (server.connections, len(server.seen)) == (1, 20)


def test_pipelined_requests_are_answered_in_order(plane: Plane, run: Run, control: Make) -> None:
    async def slowest_first(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        message = await read_body(reader, head)
        await asyncio.sleep(0.05 if message.body == b"one" else 0)
        writer.write(ok(message.body))

    control(slowest_first)

    async def story() -> list[bytes]:
        async with plane.connection() as (reader, writer):
            for body in (b"one", b"two", b"three"):
                writer.write(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            return [(await read_message(reader)).body for _ in range(3)]

    assert run(story()) == [b"one", b"two", b"three"]


def test_a_refused_expectation_ends_the_connection(plane: Plane, run: Run, control: Make) -> None:
    async def refuse(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(ok(b"too much", status="417 Expectation Failed"))

    control(refuse)

    async def story() -> tuple[Message, bytes]:
        async with plane.connection() as (reader, writer):
            writer.write(b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
            return await read_message(reader), await reader.read()

    answer, rest = run(story())
    assert (answer.status, rest) == (417, b"")


def test_an_early_answer_leaves_the_connection_usable(
    plane: Plane, run: Run, control: Make
) -> None:
    async def refuse(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if head.first.startswith("PUT"):
            writer.write(ok(b"denied", status="403 Forbidden"))
        else:
            writer.write(ok(b"fine"))

    control(refuse)

    async def story() -> list[bytes]:
        async with plane.connection() as (reader, writer):
            writer.write(b"PUT / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + bytes(1000))
            denied = await read_message(reader)
            writer.write(bytes(999_000) + b"GET / HTTP/1.1\r\n\r\n")
            return [denied.body, (await read_message(reader)).body]

    assert run(story()) == [b"denied", b"fine"]


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00", id="a TLS handshake"),
        pytest.param(b"GET / SPDY/3\r\n\r\n", id="another protocol"),
        pytest.param(b"CONNECT example.com:443 HTTP/1.1\r\n\r\n", id="a tunnel"),
    ],
)
def test_what_is_no_http_is_refused(plane: Plane, run: Run, garbage: bytes) -> None:
    async def story() -> tuple[Message, bytes]:
        async with plane.connection() as (reader, writer):
            writer.write(garbage)
            return await read_message(reader), await reader.read()

    answer, rest = run(story())
    assert (answer.status, rest) == (400, b"")
    assert answer.body == b"This is not an HTTP request.\n"


def test_garbage_behind_a_request_does_not_cost_its_answer(
    plane: Plane, run: Run, control: Make
) -> None:
    control()

    async def story() -> bytes:
        async with plane.connection() as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n\x00\x01\x02\x03\r\n\r\n")
            return await reader.read()

    assert run(story()) == ok(b"control")


@pytest.mark.parametrize("body", [pytest.param(b"", id="no body"), pytest.param(b"abc", id="body")])
def test_a_wish_for_another_protocol_is_passed_over(
    plane: Plane, run: Run, control: Make, body: bytes
) -> None:
    async def echo(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(ok((await read_body(reader, head)).body))

    server = control(echo)
    request = (
        b"POST / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
        b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body)
    )

    async def story() -> list[bytes]:
        async with plane.connection() as (reader, writer):
            bodies: list[bytes] = []
            for _ in range(2):
                writer.write(request + body)
                bodies.append((await read_message(reader)).body)
            return bodies

    assert run(story()) == [body, body]
    assert server.seen[0].header("upgrade") is None


def test_http_1_0_is_served_and_closed(plane: Plane, run: Run, control: Make) -> None:
    server = control()

    async def story() -> bytes:
        async with plane.connection() as (reader, writer):
            writer.write(b"GET / HTTP/1.0\r\n\r\n")
            return await reader.read()

    assert run(story()) == ok(b"control")
    assert server.seen[0].first == "GET / HTTP/1.0"


def test_thousands_of_pipelined_errors_are_all_answered(plane: Plane, run: Run) -> None:
    async def story() -> list[int]:
        async with plane.connection() as (reader, writer):
            writer.write(invocation("nowhere", b"") * 3_000)
            return [(await read_message(reader)).status for _ in range(3_000)]

    assert run(story()) == [400] * 3_000
