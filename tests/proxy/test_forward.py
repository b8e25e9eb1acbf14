"""Everything that is no invocation goes to the control plane, untouched, in a stream."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from understudy.testing.data_plane import Plane
from understudy.testing.servers import (
    Message,
    Server,
    always,
    ok,
    read_body,
    read_head,
    read_message,
)

pytestmark = pytest.mark.processes

Run = Callable[..., Any]
Make = Callable[..., Server]
MEGABYTE = 1024 * 1024
HUNDRED = 100
GROWTH = 8 * MEGABYTE
"""What a transfer may add to the process: a few buffers, far from what is transferred."""


def test_request_and_answer_pass_untouched(plane: Plane, run: Run, control: Make) -> None:
    answer = (
        b'HTTP/1.1 207 Very Fine\r\nETag: "a"\r\nX-Twice: 1\r\nx-twice: 2\r\n'
        b"Content-Length: 2\r\n\r\nhi"
    )
    server = control(answer)
    request = (
        b"PUT /bucket/a%2Fb//c?x=%20&y HTTP/1.1\r\nHost: bucket.s3.localhost:4566\r\n"
        b"X-Twice: 1\r\nX-TWICE: 2\r\nAccept-Encoding: identity\r\nContent-Length: 4\r\n\r\nbody"
    )

    async def story() -> bytes:
        async with plane.connection() as (reader, writer):
            writer.write(request)
            return await reader.readexactly(len(answer))

    assert run(story()) == answer
    (seen,) = server.seen
    assert seen.first == "PUT /bucket/a%2Fb//c?x=%20&y HTTP/1.1"
    assert seen.headers == (
        ("Host", "bucket.s3.localhost:4566"),
        ("X-Twice", "1"),
        ("X-TWICE", "2"),
        ("Accept-Encoding", "identity"),
        ("Content-Length", "4"),
    )


@pytest.mark.parametrize(
    "request_line",
    [
        pytest.param("GET /endpoints/digits/invocations", id="an invocation is a POST"),
        pytest.param("POST /endpoints/digits/async-invocations", id="asynchronous inference"),
        pytest.param("POST /endpoints/digits/invocations-response-stream", id="a stream"),
        pytest.param("POST /endpoints//invocations", id="no endpoint"),
        pytest.param("POST /endpoints/a/b/invocations", id="a longer path"),
        pytest.param("POST /", id="the JSON and query services"),
        pytest.param("GET /_understudy/status", id="our own pages"),
        pytest.param("OPTIONS *", id="the server itself"),
    ],
)
def test_what_is_no_invocation_is_forwarded(
    plane: Plane, run: Run, control: Make, request_line: str
) -> None:
    server = control()
    answer = run(plane.send(f"{request_line} HTTP/1.1\r\nContent-Length: 0\r\n\r\n".encode()))
    assert answer.body == b"control"
    assert server.seen[0].first == f"{request_line} HTTP/1.1"


def test_chunks_pass_both_ways_with_their_trailers(plane: Plane, run: Run, control: Make) -> None:
    server = control(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5;name=value\r\nhello\r\n6\r\n world\r\n0\r\nX-Checksum: 7\r\n\r\n"
    )
    bodies: list[Message] = []

    async def note(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        bodies.append(await read_body(reader, head))
        writer.write(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"5;name=value\r\nhello\r\n6\r\n world\r\n0\r\nX-Checksum: 7\r\n\r\n"
        )

    server.answer = note
    answer = run(
        plane.send(
            b"PUT /b/k HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n"
            b"3\r\nabc\r\n4\r\ndefg\r\n0\r\nx-sum: 9\r\n\r\n"
        )
    )
    assert (answer.body, answer.trailers) == (b"hello world", (("X-Checksum", "7"),))
    assert (bodies[0].body, bodies[0].trailers) == (b"abcdefg", (("x-sum", "9"),))


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


def test_the_answer_to_head_has_a_length_but_no_body(plane: Plane, run: Run, control: Make) -> None:
    async def as_asked(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        length = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
        writer.write(length if head.first.startswith("HEAD") else length + b"hello")

    server = control(as_asked)

    async def story() -> tuple[Message, Message]:
        async with plane.connection() as (reader, writer):
            writer.write(b"HEAD /b/k HTTP/1.1\r\n\r\n")
            head = await read_head(reader)
            writer.write(b"GET /b/k HTTP/1.1\r\n\r\n")
            return head, await read_message(reader)

    head, answer = run(story())
    assert (head.header("content-length"), answer.body) == ("5", b"hello")
    assert server.connections == 1


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", b"", id="no content"),
        pytest.param(b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n", b"", id="not modified"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"", id="an empty body"),
    ],
)
def test_answers_without_a_body_end_at_once(
    plane: Plane, run: Run, control: Make, answer: bytes, body: bytes
) -> None:
    server = control(answer)

    async def story() -> None:
        async with plane.connection() as (reader, writer):
            for _ in range(3):
                writer.write(b"GET / HTTP/1.1\r\n\r\n")
                assert (await read_message(reader)).body == body

    run(story())
    assert server.connections == 1


def test_an_answer_may_last_as_long_as_its_connection(
    plane: Plane, run: Run, control: Make
) -> None:
    async def until_the_end(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nsome words")
        writer.close()

    control(until_the_end)

    async def story() -> bytes:
        async with plane.connection() as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            return await reader.read()

    assert run(story()) == b"HTTP/1.0 200 OK\r\n\r\nsome words"


def test_expect_continue_is_the_control_planes_to_answer(
    plane: Plane, run: Run, control: Make
) -> None:
    async def go_on(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        message = await read_body(reader, head)
        writer.write(ok(message.body))

    control(go_on)

    async def story() -> tuple[bytes, Message]:
        async with plane.connection() as (reader, writer):
            writer.write(b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
            interim = await reader.readuntil(b"\r\n\r\n")
            writer.write(b"body")
            return interim, await read_message(reader)

    interim, answer = run(story())
    assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answer.body == b"body"


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


def test_a_hundred_megabytes_go_up_and_come_down_through_bounded_memory(
    plane: Plane, run: Run, control: Make
) -> None:
    block = bytes(range(256)) * (MEGABYTE // 256)

    async def store_and_return(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        digest = hashlib.sha256()
        left = int(head.header("content-length") or 0)
        while left:
            data = await reader.read(min(left, MEGABYTE))
            digest.update(data)
            left -= len(data)
        lines = f"HTTP/1.1 200 OK\r\nETag: {digest.hexdigest()}\r\n"
        writer.write(f"{lines}Content-Length: {HUNDRED * MEGABYTE}\r\n\r\n".encode())
        for _ in range(HUNDRED):
            writer.write(block)
            await writer.drain()

    control(store_and_return)
    expected = hashlib.sha256(block * HUNDRED).hexdigest()
    most = 0

    async def story() -> tuple[str | None, str]:
        nonlocal most
        async with plane.connection() as (reader, writer):
            before = plane.memory()
            length = HUNDRED * MEGABYTE
            writer.write(b"PUT /b/k HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % length)
            for _ in range(HUNDRED):
                writer.write(block)
                await writer.drain()
                most = max(most, plane.memory() - before)
            head = await read_head(reader)
            digest = hashlib.sha256()
            while length:
                data = await reader.read(MEGABYTE)
                digest.update(data)
                length -= len(data)
                most = max(most, plane.memory() - before)
            return head.header("etag"), digest.hexdigest()

    assert run(story()) == (expected, expected)
    assert most < GROWTH


def test_a_client_that_does_not_read_holds_the_server_back(
    plane: Plane, run: Run, control: Make
) -> None:
    block, sent = bytes(MEGABYTE), 0

    async def pour(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        nonlocal sent
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {HUNDRED * MEGABYTE}\r\n\r\n".encode())
        for _ in range(HUNDRED):
            writer.write(block)
            await writer.drain()
            sent += 1

    control(pour)

    async def story() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", plane.port, limit=1024)
        before = plane.memory()
        writer.write(b"GET /b/k HTTP/1.1\r\n\r\n")
        await stalled(lambda: sent)
        assert 0 < sent < HUNDRED // 2
        assert plane.memory() - before < GROWTH
        await read_head(reader)
        left = HUNDRED * MEGABYTE
        while left:
            left -= len(await reader.read(MEGABYTE))
        writer.close()
        await writer.wait_closed()
        return left

    assert run(story()) == 0


def test_a_server_that_does_not_read_holds_the_client_back(
    plane: Plane, run: Run, control: Make
) -> None:
    go_on = asyncio.Event()

    async def wait(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await go_on.wait()
        left = int(head.header("content-length") or 0)
        while left:
            left -= len(await reader.read(min(left, MEGABYTE)))
        writer.write(ok(b"all"))

    control(wait)
    sent = 0

    async def upload(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"PUT /b/k HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (HUNDRED * MEGABYTE))
        for _ in range(HUNDRED):
            writer.write(bytes(MEGABYTE))
            await writer.drain()
            sent += 1

    async def story() -> bytes:
        async with plane.connection() as (reader, writer):
            before = plane.memory()
            uploading = asyncio.create_task(upload(writer))
            await stalled(lambda: sent)
            assert sent < HUNDRED // 2
            assert plane.memory() - before < GROWTH
            go_on.set()
            await uploading
            return (await read_message(reader)).body

    assert run(story()) == b"all"


async def stalled(progress: Callable[[], int]) -> None:
    """Wait until a transfer has stood still for a while."""
    last, quiet = -1, 0
    while quiet < 10:
        await asyncio.sleep(0.02)
        quiet = quiet + 1 if progress() == last else 0
        last = progress()


def test_the_control_plane_learns_that_a_client_has_left(
    plane: Plane, run: Run, control: Make
) -> None:
    arrived, left = asyncio.Event(), asyncio.Event()

    async def watch(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        arrived.set()
        assert await reader.read() == b""
        left.set()

    control(watch)

    async def story() -> None:
        async with plane.connection() as (_, writer):
            writer.write(b"GET /events HTTP/1.1\r\n\r\n")
            await arrived.wait()
        await left.wait()

    run(story())


def test_without_a_control_plane_there_is_a_clear_answer(plane: Plane, run: Run) -> None:
    async def story() -> list[Message]:
        async with plane.connection() as (reader, writer):
            writer.write(b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody")
            first = await read_message(reader)
            writer.write(b"HEAD / HTTP/1.1\r\n\r\n")
            head = await read_head(reader)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            return [first, head, await read_message(reader)]

    first, head, last = run(story())
    assert first.status == head.status == last.status == 503
    assert first.header("content-type") == "text/plain"
    expected = b"The Understudy control plane is not running, or not reachable. Please try again.\n"
    assert first.body == last.body == expected


def test_invocations_do_not_need_the_control_plane(
    plane: Plane, run: Run, model: Make, control: Make
) -> None:
    server = control()
    assert run(plane.invoke(plane.simple(model()))).status == 200
    assert not server.seen


def test_a_control_plane_that_comes_back_is_used_at_once(
    plane: Plane, run: Run, control: Make
) -> None:
    first = control(ok(b"before"))

    async def story() -> list[bytes]:
        async with plane.connection() as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            before = (await read_message(reader)).body
            await first.close()
            plane.control_path.unlink()
            second = await Server(always(ok(b"after"))).listen(plane.control_path)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            after = (await read_message(reader)).body
            await second.close()
            return [before, after]

    assert run(story()) == [b"before", b"after"]


def test_a_request_that_met_a_closing_connection_is_sent_again(
    plane: Plane, run: Run, control: Make
) -> None:
    async def once(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        message = await read_body(reader, head)
        if getattr(writer, "served", False):
            writer.transport.abort()
            return
        writer.served = True  # type: ignore[attr-defined]
        writer.write(ok(message.body))

    server = control(once)

    async def story() -> list[bytes]:
        async with plane.connection() as (reader, writer):
            bodies: list[bytes] = []
            for _ in range(4):
                writer.write(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
                bodies.append((await read_message(reader)).body)
            return bodies

    assert run(story()) == [b"abc"] * 4
    assert len(server.seen) == 7


def test_a_control_plane_that_hangs_up_gives_a_bad_gateway(
    plane: Plane, run: Run, control: Make
) -> None:
    async def hang_up(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.transport.abort()

    control(hang_up)
    assert run(plane.send(b"GET / HTTP/1.1\r\n\r\n")).status == 502


def test_an_answer_that_breaks_off_breaks_off(plane: Plane, run: Run, control: Make) -> None:
    async def half(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    control(half)

    async def story() -> bytes:
        async with plane.connection() as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            return await reader.read()

    assert run(story()).endswith(b"\r\n\r\nhalf")


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
