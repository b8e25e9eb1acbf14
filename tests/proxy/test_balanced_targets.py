"""Targets of a load balancer: refused, killed, silent, unhealthy, draining."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from understudy.control.balancer import (
    BalancedTarget,
    HealthCheck,
)
from understudy.runtimes.addresses import free_port
from understudy.testing.data_plane import Plane
from understudy.testing.load_balancers import (
    QUICK,
    ask,
    balancer,
    counted,
    group,
    hang_up,
    request,
    serve,
    target,
    until,
)
from understudy.testing.servers import (
    Message,
    Server,
    ok,
    read_body,
    read_message,
)

pytestmark = pytest.mark.processes

Run = Callable[..., Any]
Make = Callable[..., Server]


@pytest.mark.parametrize(
    ("body", "method"), [(b"", "GET"), (b"x" * 100, "POST")], ids=["a get", "a post"]
)
def test_a_target_that_refuses_the_connection_costs_nothing(
    plane: Plane, run: Run, model: Make, body: bytes, method: str
) -> None:
    alive = model(ok(b"alive"))

    async def story() -> list[bytes]:
        dead = BalancedTarget(
            "i-dead", 80, "us-east-1a", "127.0.0.1", free_port("127.0.0.1"), "healthy"
        )
        told = balancer(group(dead, target(alive)))
        port = await serve(plane, told)
        first = f"{method} / HTTP/1.1"
        answers = [(await ask(port, first=first, body=body)).body for _ in range(4)]
        await counted(plane, told, "TargetConnectionErrorCount", 2)
        return answers

    assert run(story()) == [b"alive"] * 4


@pytest.mark.parametrize(
    ("first", "status"),
    [("GET / HTTP/1.1", 200), ("POST / HTTP/1.1", 502)],
    ids=["what does no harm is sent again", "what might is a bad gateway"],
)
def test_a_target_killed_in_the_middle_of_a_request(
    plane: Plane, run: Run, model: Make, first: str, status: int
) -> None:
    killed, other = model(hang_up), model(ok(b"fine"))

    async def story() -> int:
        port = await serve(plane, balancer(group(target(killed), target(other))))
        return (await ask(port, first=first, body=b"" if "GET" in first else b"x")).status

    assert run(story()) == status
    assert len(killed.seen) == 1


def test_a_target_that_dies_with_its_kept_connections_costs_nothing(
    plane: Plane, run: Run, model: Make
) -> None:
    """A connection that was used before breaks, and its target takes no new one."""
    dying, other = model(ok(b"dying")), model(ok(b"fine"))

    async def story() -> list[int]:
        port = await serve(plane, balancer(group(target(dying), target(other))))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        statuses: list[int] = []
        for number in range(12):
            if number == 4:
                dying.answer = hang_up
                # The one that is under way breaks; afterwards nobody listens.
                dying.stop_listening()
            writer.write(request())
            statuses.append((await read_message(reader)).status)
        writer.close()
        return statuses

    assert run(story()) == [200] * 12


def test_a_target_known_to_be_dead_before_its_connections_break_costs_nothing(
    plane: Plane, run: Run, model: Make
) -> None:
    """The engine hears of an instance's end first: what is in flight goes to another target."""
    silence = asyncio.Event()

    async def dies(head: Message, reader: asyncio.StreamReader, writer: Any) -> None:
        await read_body(reader, head)
        await silence.wait()
        writer.transport.abort()

    killed, others = model(dies), [model(ok(b"fine")), model(ok(b"fine"))]

    async def story() -> list[tuple[int, bytes]]:
        port = free_port("127.0.0.1")
        there = tuple(target(each) for each in others)
        before = balancer(group(target(killed), *there), name="dead", port=port)
        await serve(plane, before)
        asked = [asyncio.create_task(ask(port)) for _ in range(9)]
        await until(lambda: len(killed.seen) == 3)
        nowhere = BalancedTarget(f"i-{killed.port}", 80, "us-east-1a", "", 0, "healthy")
        await serve(plane, balancer(group(nowhere, *there), name="dead", port=port))
        silence.set()
        answers = [await each for each in asked]
        return [(each.status, each.body) for each in answers]

    assert run(story()) == [(200, b"fine")] * 9


def test_nobody_to_send_to_is_a_503_with_no_request_counted(plane: Plane, run: Run) -> None:
    async def story() -> dict[str, float]:
        told = balancer(group())
        answer = await ask(await serve(plane, told))
        assert answer.status == 503
        assert answer.first.endswith("Service Temporarily Unavailable")
        assert b"503 Service Temporarily Unavailable" in answer.body
        return await counted(plane, told, "HTTPCode_ELB_5XX_Count")

    counts = run(story())
    assert counts["HTTPCode_ELB_503_Count"] == 1
    assert "RequestCount" not in counts


def test_a_silent_target_is_a_504(plane: Plane, run: Run, model: Make) -> None:
    async def silent(head: Message, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await read_body(reader, head)
        await reader.read()

    server = model(silent)

    async def story() -> int:
        attributes = {"idle_timeout.timeout_seconds": "1"}
        plane.clock(speed=10.0)
        port = await serve(plane, balancer(group(target(server)), attributes=attributes))
        return (await ask(port, "X-Understudy-Load: dilated")).status

    assert run(story()) == 504


def test_health_follows_the_probes(plane: Plane, run: Run, model: Make) -> None:
    server = model(ok(b"", status="503 Busy"))
    well, ill = ok(b"fine"), server.answer

    async def story() -> list[tuple[str, str, str]]:
        fresh = target(server, "initial")
        port = await serve(plane, balancer(group(fresh, check=QUICK)))
        await plane.until(lambda: plane.turned(fresh.id))
        # With nobody healthy, requests go to all.
        assert (await ask(port)).status == 503
        assert (await ask(port)).first.endswith("Busy")
        from understudy.testing.servers import always

        server.answer = always(well)
        await plane.until(lambda: len(plane.turned(fresh.id)) == 2)
        server.answer = ill
        await plane.until(lambda: len(plane.turned(fresh.id)) == 3)
        await server.close()
        return [(each.state, each.reason, each.description) for each in plane.turned(fresh.id)]

    mismatch = "Health checks failed with these codes: [503]"
    assert run(story()) == [
        ("unhealthy", "Target.ResponseCodeMismatch", mismatch),
        ("healthy", "", ""),
        ("unhealthy", "Target.ResponseCodeMismatch", mismatch),
    ]
    assert server.seen[0].header("User-Agent") == "ELB-HealthChecker/2.0"


def test_a_draining_target_finishes_and_what_it_does_not_finish_is_cut(
    plane: Plane, run: Run, model: Make
) -> None:
    release = asyncio.Event()

    async def slow(head: Message, reader: asyncio.StreamReader, writer: Any) -> None:
        await read_body(reader, head)
        await release.wait()
        writer.write(ok(b"slow"))

    old, new = model(slow), model(ok(b"new"))

    async def story() -> tuple[bytes, int, list[bytes]]:
        port = free_port("127.0.0.1")
        told = balancer(group(target(old), target(new)), name="drained", port=port)
        await serve(plane, told)
        first = asyncio.create_task(ask(port, first="POST / HTTP/1.1", body=b"x"))
        await until(lambda: len(old.seen) == 1)
        await ask(port)
        second = asyncio.create_task(ask(port, first="POST / HTTP/1.1", body=b"x"))
        await until(lambda: len(old.seen) == 2)
        draining = balancer(group(target(old, "draining"), target(new)), name="drained", port=port)
        await serve(plane, draining)
        fresh = [(await ask(port)).body for _ in range(3)]
        release.set()
        finished = await first
        release.clear()
        await second
        again = asyncio.create_task(ask(port))
        await again
        # A request that is still there when the delay is over is cut.
        await serve(plane, told)
        third = asyncio.create_task(ask(port, first="POST / HTTP/1.1", body=b"x"))
        fourth = asyncio.create_task(ask(port, first="POST / HTTP/1.1", body=b"x"))
        await until(lambda: len(old.seen) == 3)
        await serve(plane, balancer(group(target(new)), name="drained", port=port))
        statuses = sorted([(await third).status, (await fourth).status])
        release.set()
        return finished.body, statuses[1], fresh

    assert run(story()) == (b"slow", 502, [b"new"] * 3)


def test_a_targets_health_survives_a_restart_of_the_data_plane(
    plane: Plane, run: Run, model: Make
) -> None:
    sick, well = model(ok(b"sick")), model(ok(b"well"))

    async def story() -> set[bytes]:
        # The check never comes round again within the test: only what was told counts.
        check = HealthCheck(interval=3600.0, unhealthy=10, healthy=10)
        told = group(target(sick, "unhealthy"), target(well, "healthy"), check=check)
        port = await serve(plane, balancer(told))
        return {(await ask(port)).body for _ in range(4)}

    assert run(story()) == {b"well"}
