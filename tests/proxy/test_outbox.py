"""Writes that go out together, and still in order."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from understudy.proxy.outbox import MOST, Outbox
from understudy.testing.data_plane import Plane, invocation
from understudy.testing.servers import Message, Server, ok, read_body, read_message


class Wire(asyncio.Transport):
    """A transport that notes what is done to it, in a log that several may share."""

    def __init__(self, name: str, log: list[str]) -> None:
        super().__init__()
        self.name = name
        self.log = log
        self.closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.log.append(f"{self.name} {bytes(data).decode()}")

    def close(self) -> None:
        self.closing = True
        self.log.append(f"{self.name} closed")

    def is_closing(self) -> bool:
        return self.closing


def test_writes_wait_for_the_end_of_the_turn_and_keep_their_order() -> None:
    log: list[str] = []
    outbox = Outbox()
    outbox.clients = 2
    one, other = Wire("one", log), Wire("other", log)

    async def story() -> None:
        outbox.write(one, b"1")
        outbox.write(other, b"2")
        outbox.write(one, b"3")
        outbox.close(one)
        outbox.write(one, b"too late")
        outbox.write(other, b"4")
        assert log == []
        await asyncio.sleep(0)

    asyncio.run(story())
    assert log == ["one 1", "other 2", "one 3", "one closed", "other 4"]


def test_a_lone_client_does_not_wait() -> None:
    log: list[str] = []
    outbox = Outbox()
    outbox.clients = 1
    wire = Wire("it", log)

    async def story() -> None:
        outbox.write(wire, b"1")
        assert log == ["it 1"]
        outbox.close(wire)
        outbox.write(wire, b"behind the end")
        await asyncio.sleep(0)

    asyncio.run(story())
    assert log == ["it 1", "it closed"]


def test_nothing_is_written_to_what_is_closed_meanwhile() -> None:
    log: list[str] = []
    outbox = Outbox()
    outbox.clients = 2
    wire = Wire("it", log)

    async def story() -> None:
        outbox.write(wire, b"1")
        wire.close()
        await asyncio.sleep(0)

    asyncio.run(story())
    assert log == ["it closed"]


def test_a_flood_does_not_wait_for_the_end_of_the_turn() -> None:
    log: list[str] = []
    outbox = Outbox()
    outbox.clients = 2
    one, other = Wire("one", log), Wire("other", log)

    async def story() -> None:
        outbox.write(other, b"first")
        outbox.write(one, b"_" * MOST)
        assert log == ["other first", f"one {'_' * MOST}"]
        outbox.write(one, b"more")
        assert len(log) == 2
        await asyncio.sleep(0)

    asyncio.run(story())
    assert log[2:] == ["one more"]


@pytest.mark.processes
def test_a_crowd_of_clients_gets_each_its_own_answers(
    plane: Plane,
    run: Callable[..., Any],
    model: Callable[..., Server],
    control: Callable[..., Server],
) -> None:
    async def echo(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(ok((await read_body(reader, head)).body))

    control(echo)
    endpoint = plane.simple(model(echo), model(echo))

    async def client(number: int) -> None:
        async with plane.connection() as (reader, writer):
            for turn in range(20):
                inference, call = b"inference %d %d" % (number, turn), b"call %d" % number
                length = b"Content-Length: %d" % len(call)
                last = b"Connection: close\r\n" if turn == 19 else b""
                writer.write(invocation(endpoint, inference))
                writer.write(b"POST / HTTP/1.1\r\n%b%b\r\n\r\n%b" % (last, length, call))
                writer.write(invocation("nowhere") if turn < 19 else b"")
                assert (await read_message(reader)).body == inference
                assert (await read_message(reader)).body == call
                if turn < 19:
                    assert (await read_message(reader)).status == 400
            assert await reader.read() == b""

    async def story() -> None:
        async with asyncio.TaskGroup() as clients:
            for number in range(40):
                clients.create_task(client(number))

    run(story())
    run(plane.invocations(endpoint, 800))
