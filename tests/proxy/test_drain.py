"""Taking targets out of service: nothing is lost, and the engine knows when they are idle."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from understudy.control.events import VariantRoute
from understudy.proxy.messages import Drain, Drained, SetEndpoint
from understudy.testing.data_plane import Plane, invocation
from understudy.testing.servers import Answer, Message, Server, ok, read_body, read_message

pytestmark = pytest.mark.processes

Run = Callable[..., Any]
Make = Callable[..., Server]


def after(event: asyncio.Event) -> Answer:
    """Answer once the event has happened."""

    async def answer(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        message = await read_body(reader, head)
        await event.wait()
        writer.write(ok(message.body))

    return answer


async def arrived(server: Server, count: int = 1) -> None:
    """Wait until so many requests have come to a server."""
    while len(server.seen) < count:
        await asyncio.sleep(0.001)


def test_an_idle_target_is_drained_at_once(plane: Plane, run: Run, model: Make) -> None:
    target = plane.target(model())
    plane.endpoint(VariantRoute("v", 1.0, (target,)))
    plane.link.send(Drain(target.instance_id, 60.0))
    said = run(plane.until(lambda: plane.drained(target.instance_id)))
    assert said == Drained(target.instance_id, cut=0)


def test_an_unknown_target_is_drained_already(plane: Plane, run: Run) -> None:
    plane.link.send(Drain("i-unknown", 60.0))
    assert run(plane.until(lambda: plane.drained("i-unknown"))) == Drained("i-unknown", cut=0)


@pytest.mark.parametrize("unlisted", [True, False], ids=["route changed first", "drained first"])
def test_a_busy_target_finishes_and_gets_nothing_new(
    plane: Plane, run: Run, model: Make, unlisted: bool
) -> None:
    go = asyncio.Event()
    old, new = model(after(go)), model()
    leaving, staying = plane.target(old), plane.target(new)
    endpoint = plane.endpoint(VariantRoute("v", 1.0, (leaving,)))

    async def story() -> None:
        busy = asyncio.create_task(plane.invoke(endpoint, b"old"))
        await arrived(old)
        targets = (staying,) if unlisted else (leaving, staying)
        plane.link.send(SetEndpoint(endpoint, (VariantRoute("v", 1.0, targets),)))
        plane.link.send(Drain(leaving.instance_id, 60.0))
        for _ in range(5):
            assert (await plane.invoke(endpoint)).status == 200
        assert plane.drained(leaving.instance_id) is None
        go.set()
        assert (await busy).body == b"old"
        said = await plane.until(lambda: plane.drained(leaving.instance_id))
        assert said == Drained(leaving.instance_id, cut=0)

    run(story())
    assert (len(old.seen), len(new.seen)) == (1, 5)


def test_the_deadline_reports_what_is_still_in_flight(plane: Plane, run: Run, model: Make) -> None:
    go = asyncio.Event()
    server = model(after(go))
    target = plane.target(server)
    endpoint = plane.endpoint(VariantRoute("v", 1.0, (target,)))

    async def story() -> None:
        busy = [asyncio.create_task(plane.invoke(endpoint)) for _ in range(3)]
        await arrived(server, 3)
        plane.link.send(Drain(target.instance_id, 0.05))
        said = await plane.until(lambda: plane.drained(target.instance_id))
        assert said == Drained(target.instance_id, cut=3)
        go.set()
        assert [(await each).status for each in busy] == [200] * 3
        await plane.settled()
        ends = [each for each in plane.said if each == Drained(target.instance_id)]
        assert ends == []

    run(story())


def test_the_deadline_of_a_stand_in_counts_in_world_time(
    plane: Plane, run: Run, model: Make
) -> None:
    go = asyncio.Event()
    server = model(after(go))
    target = plane.target(server)
    plane.clock(speed=600.0)
    endpoint = plane.endpoint(VariantRoute("v", 1.0, (target,), stand_in=True))

    async def story() -> None:
        busy = asyncio.create_task(plane.invoke(endpoint))
        await arrived(server)
        plane.link.send(Drain(target.instance_id, 30.0))
        async with asyncio.timeout(5):
            await plane.until(lambda: plane.drained(target.instance_id))
        go.set()
        await busy

    run(story())


def test_scaling_in_and_out_under_load_loses_nothing(plane: Plane, run: Run, model: Make) -> None:
    async def slowly(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        message = await read_body(reader, head)
        await asyncio.sleep(0.005)
        writer.write(ok(message.body))

    servers = [model(slowly) for _ in range(4)]
    targets = [plane.target(server) for server in servers]
    endpoint = plane.endpoint(VariantRoute("v", 1.0, tuple(targets)))
    over = asyncio.Event()

    async def client() -> list[int]:
        statuses: list[int] = []
        async with plane.connection() as (reader, writer):
            while not over.is_set():
                writer.write(invocation(endpoint))
                statuses.append((await read_message(reader)).status)
        return statuses

    async def story() -> list[int]:
        clients = [asyncio.create_task(client()) for _ in range(8)]
        for number in range(3):
            await arrived(servers[number], 5)
            leaving = targets[number]
            rest = tuple(targets[number + 1 :])
            plane.link.send(SetEndpoint(endpoint, (VariantRoute("v", 1.0, rest),)))
            plane.link.send(Drain(leaving.instance_id, 60.0))
            said = await plane.until(lambda gone=leaving: plane.drained(gone.instance_id))
            assert said.cut == 0
            # As the engine does: an instance ends as soon as it has drained.
            await servers[number].close()
        await arrived(servers[3], 50)
        over.set()
        return [status for each in clients for status in await each]

    statuses = run(story())
    assert len(statuses) > 50
    assert set(statuses) == {200}
    served = run(plane.invocations(endpoint, len(statuses)))
    assert sum(each.errors_5xx for each in served) == 0
