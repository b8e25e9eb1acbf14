"""Health checks of running targets."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from understudy.control.events import VariantRoute
from understudy.proxy.messages import Drain, Settings, TargetHealth
from understudy.testing.data_plane import Plane
from understudy.testing.servers import Message, Server, ok, read_body

pytestmark = pytest.mark.processes

Run = Callable[..., Any]
Make = Callable[..., Server]


@pytest.fixture(scope="module")
def settings() -> Settings:
    return Settings(
        report_interval=0.02, ping_interval=0.05, ping_timeout=0.2, unhealthy_threshold=3
    )


class Patient:
    """A model server whose health a test sets: a status, None to fall silent, 0 to hang up."""

    def __init__(self) -> None:
        self.status: int | None = 200
        self.pings = 0

    async def __call__(
        self, head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await read_body(reader, head)
        if head.first != "GET /ping HTTP/1.1":
            writer.write(ok(b"inference"))
            return
        self.pings += 1
        if self.status is None:
            await reader.read()
        elif self.status == 0:
            writer.transport.abort()
        else:
            writer.write(ok(status=f"{self.status} Whatever"))


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        pytest.param(
            503, "The instance answered its health check with status 503.", id="says it is not well"
        ),
        pytest.param(
            None, "The instance did not answer its health check within 0.2 s.", id="is silent"
        ),
        pytest.param(0, "The instance closed the connection of its health check.", id="hangs up"),
    ],
)
def test_a_target_that_fails_its_checks_is_taken_out_and_comes_back(
    plane: Plane, run: Run, model: Make, status: int | None, reason: str
) -> None:
    patient = Patient()
    sick, well = model(patient), model(Patient())
    targets = plane.target(sick), plane.target(well)
    instance_id = targets[0].instance_id
    endpoint = plane.endpoint(VariantRoute("v", 1.0, targets))

    async def story() -> None:
        await plane.invoke(endpoint)
        patient.status = status
        patient.pings = 0
        await plane.until(lambda: plane.health(instance_id))
        assert plane.health(instance_id) == [TargetHealth(instance_id, False, reason)]
        assert patient.pings == 3
        sick.seen.clear()
        assert [(await plane.invoke(endpoint)).status for _ in range(6)] == [200] * 6
        assert all(head.first.startswith("GET /ping") for head in sick.seen)
        patient.status = 200
        await plane.until(lambda: len(plane.health(instance_id)) == 2)
        assert plane.health(instance_id)[1] == TargetHealth(instance_id, True)

    run(story())


def test_a_target_that_refuses_its_check_is_out_at_once(
    plane: Plane, run: Run, model: Make
) -> None:
    server = model(Patient())
    target = plane.target(server)
    plane.endpoint(VariantRoute("v", 1.0, (target,)))

    async def story() -> None:
        while not server.seen:
            await asyncio.sleep(0.001)
        await server.close()
        await plane.until(lambda: plane.health(target.instance_id))

    run(story())
    reason = "The instance refused the connection of its health check."
    assert plane.health(target.instance_id) == [TargetHealth(target.instance_id, False, reason)]


def test_an_instance_that_nobody_sends_to_is_not_checked(
    plane: Plane, run: Run, model: Make
) -> None:
    gone, draining, other = model(Patient()), model(Patient()), model(Patient())
    endpoint = plane.simple(gone)
    target = plane.target(draining)
    plane.endpoint(VariantRoute("v", 1.0, (target,)))
    plane.simple(other)
    plane.remove(endpoint)
    plane.link.send(Drain(target.instance_id, 60.0))

    async def story() -> None:
        await plane.settled()
        # What was under way when we said so may still come.
        while len(other.seen) < 2:
            await asyncio.sleep(0.001)
        before = len(gone.seen), len(draining.seen)
        while len(other.seen) < 5:
            await asyncio.sleep(0.001)
        assert (len(gone.seen), len(draining.seen)) == before

    run(story())
