"""A serverless variant at the front door: requests wait for environments, or are throttled."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from understudy.control.events import Serverless, Target, VariantRoute
from understudy.proxy.messages import SetEndpoint, Wanted
from understudy.testing.data_plane import Plane
from understudy.testing.servers import Answer, Message, Server, ok, read_body

pytestmark = pytest.mark.processes

Run = Callable[..., Any]
Make = Callable[..., Server]


def route(maximum: int, *targets: Target) -> VariantRoute:
    return VariantRoute("v", 1.0, targets, serverless=Serverless(2048, maximum))


def held(gate: asyncio.Event) -> Answer:
    """Answer when the gate is open."""

    async def reply(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await read_body(reader, head)
        await gate.wait()
        writer.write(ok(b"done!"))

    return reply


def wanted(plane: Plane, endpoint: str) -> list[int]:
    return [
        each.count for each in plane.said if isinstance(each, Wanted) and each.endpoint == endpoint
    ]


async def seen(server: Server) -> None:
    """Wait until a request has reached the server."""
    async with asyncio.timeout(20):
        while not server.seen:
            await asyncio.sleep(0.01)


def test_a_request_waits_for_a_cold_start(plane: Plane, run: Run, model: Make) -> None:
    server = model()

    async def story() -> None:
        name = plane.endpoint(route(2))
        asked = asyncio.create_task(plane.invoke(name, b"12"))
        await plane.until(lambda: wanted(plane, name))
        begin = time.monotonic()
        await plane.settled()
        assert not asked.done()
        waited = time.monotonic() - begin
        plane.link.send(SetEndpoint(name, (route(2, plane.target(server)),)))
        assert (await asked).status == 200
        assert wanted(plane, name) == [1]
        (served,) = await plane.invocations(name, 1)
        assert (served.received, served.peak) == (2.0, 1)
        assert served.overhead_latency.maximum >= waited * 1e6

    run(story())


def test_an_environment_has_one_request_at_a_time(plane: Plane, run: Run, model: Make) -> None:
    gate = asyncio.Event()
    server = model(held(gate))

    async def story() -> None:
        name = plane.endpoint(route(3, plane.target(server)))
        asked = [asyncio.create_task(plane.invoke(name)) for _ in range(3)]
        await plane.until(lambda: 3 in wanted(plane, name))
        await seen(server)
        assert len(server.seen) == 1
        gate.set()
        assert [(await each).body for each in asked] == [b"done!"] * 3
        served = await plane.invocations(name, 3)
        assert max(each.peak for each in served) == 3
        assert sum(each.sent for each in served) == 15

    run(story())


def test_more_requests_than_the_maximum_are_throttled(plane: Plane, run: Run, model: Make) -> None:
    gate = asyncio.Event()
    server = model(held(gate))

    async def story() -> None:
        name = plane.endpoint(route(1, plane.target(server)))
        first = asyncio.create_task(plane.invoke(name))
        await seen(server)
        refused = await plane.invoke(name)
        assert refused.status == 400
        assert refused.header("x-amzn-ErrorType") == "ThrottlingException"
        assert refused.body == b'{"message":null}'
        gate.set()
        assert (await first).status == 200
        assert (await plane.invoke(name)).status == 200

    run(story())


def test_requests_that_wait_for_an_endpoint_that_goes_are_answered(plane: Plane, run: Run) -> None:
    async def story() -> None:
        name = plane.endpoint(route(1))
        asked = asyncio.create_task(plane.invoke(name))
        await plane.until(lambda: wanted(plane, name))
        plane.remove(name)
        assert (await asked).status == 503

    run(story())
