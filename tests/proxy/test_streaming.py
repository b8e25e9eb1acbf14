"""Large bodies pass in a stream: memory stays bounded, and the slower side sets the pace."""

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from understudy.testing.data_plane import Plane
from understudy.testing.servers import Message, Server, ok, read_head, read_message

pytestmark = pytest.mark.processes

Run = Callable[..., Any]
Make = Callable[..., Server]
MEGABYTE = 1024 * 1024
HUNDRED = 100
GROWTH = 8 * MEGABYTE
"""What a transfer may add to the process: a few buffers, far from what is transferred."""


@pytest.fixture(params=["alone", "in company"], autouse=True)
def company(request: pytest.FixtureRequest, plane: Plane, run: Run) -> Iterator[None]:
    """Another, idle client: answers are written at once while a client is alone."""
    if request.param == "alone":
        yield
        return
    idle = plane.connection()
    run(idle.__aenter__())
    yield
    run(idle.__aexit__(None, None, None))


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
