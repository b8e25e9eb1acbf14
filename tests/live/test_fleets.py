"""EC2 instances and ECS tasks really run: what they are, where they listen, how they end."""

import asyncio
import os
import re
import urllib.error
import urllib.request
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import docker
import msgspec
import pytest
from msgspec import structs

from understudy.base.fault import Fault
from understudy.control.events import (
    Container,
    ContainerEnded,
    InstanceFailed,
    InstanceHealthy,
    InstancesMeasured,
    InstanceStopped,
    Launch,
    LaunchTask,
    Stop,
    StopTask,
    TaskEnded,
    TaskHealthChanged,
    TasksMeasured,
    TaskStarted,
)
from understudy.control.machine import Machine
from understudy.control.task import ContainerCheck, Exit, PortMapping, TaskContainer
from understudy.live.fleets import Fleets
from understudy.runtimes.addresses import address_of
from understudy.runtimes.mappings import Mapped
from understudy.runtimes.roots import bubblewrap
from understudy.testing import container_engine
from understudy.testing.heard import Heard, loop_of

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("nobody_is_left_behind")]

REGION = "us-east-1"
SERVE = "mkdir -p www; echo $WHO > www/index.html; exec busybox httpd -f -p $HOST:$PORT -h www"
WEB = Mapped("*web*", SERVE, environment={"WHO": "mapped"})
MAPPINGS = (
    WEB,
    Mapped("*dies*", "sleep 0.2; echo the last word; exit 7"),
    Mapped("*slow-stop*", "trap '' TERM; while :; do sleep 0.05; done"),
    Mapped("*once*", "echo done; exit 0"),
    Mapped("*secret*", "test $PASSWORD = hunter2 && exec sleep 60"),
    Mapped("*flag*", "sleep 0.3; touch up; exec sleep 60"),
    Mapped("*idle*", "exec sleep 60"),
)


async def secret(arn: str, region: str) -> str:
    if "missing" in arn:
        raise Fault("ResourceNotFoundException", "Secrets Manager can't find the secret.")
    return "hunter2"


async def logs(operation: str, params: Any, region: str, call_id: str) -> Any:
    raise Fault("ResourceNotFoundException", "The specified log group does not exist.")


@asynccontextmanager
async def world(folder: Path, speed: float = 1.0) -> AsyncGenerator[tuple[Fleets, Heard]]:
    heard = Heard(speed)
    fleets = Fleets(loop_of(heard), folder, MAPPINGS, "http://127.0.0.1:4566", secret, logs)
    try:
        yield fleets, heard
    finally:
        await fleets.close()


def instance(name: str = "i-1", **machine: Any) -> Launch:
    machine = {"zone": "us-east-1a", "address": "10.0.0.4", **machine}
    return Launch(
        REGION, name, "t3.small", Container(""), "", "", 0.0, 0.0, "machine", Machine(**machine)
    )


def what(healthy: InstanceHealthy) -> str:
    """What runs, whether or not its limits can be enforced here."""
    return healthy.runs.removesuffix(", limits not enforced")


def test_it_is_told_where_limits_are_not_enforced(tmp_path: Path) -> None:
    async def story(kind: str) -> str:
        async with world(tmp_path / kind) as (fleets, heard):
            launch = msgspec.structs.replace(instance(image="ami-web-1"), instance_type=kind)
            await fleets.perform(launch)
            return (await heard.until(InstanceHealthy)).runs

    # Of a type that nobody knows there is no size to hold it to.
    assert asyncio.run(story("x9.unknown")) == "command, limits not enforced"


def fetch(host: str, port: int) -> str:
    with urllib.request.urlopen(f"http://{host}:{port}/", timeout=2) as answered:
        return answered.read().decode().strip()


async def fetched(host: str, port: int) -> str:
    """What is answered at an address, as soon as something is."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await asyncio.to_thread(fetch, host, port)
            except (OSError, urllib.error.URLError):
                await asyncio.sleep(0.02)


def test_an_instance_runs_what_its_image_is_mapped_to(tmp_path: Path) -> None:
    async def story() -> tuple[InstanceHealthy, str]:
        async with world(tmp_path) as (fleets, heard):
            await fleets.perform(instance(image="ami-web-1"))
            healthy = await heard.until(InstanceHealthy)
            said = await fetched(healthy.host, healthy.port)
            await fleets.perform(Stop(REGION, "i-1", 0.0))
            await heard.until(InstanceStopped)
            return healthy, said

    healthy, said = asyncio.run(story())
    assert (said, what(healthy)) == ("mapped", "command")
    assert healthy.host == address_of("i-1")
    assert [each.name for each in (tmp_path / "machines/i-1").iterdir()] == ["log"]


def test_an_instance_without_anything_to_run_is_a_stand_in(tmp_path: Path) -> None:
    async def story() -> tuple[InstanceHealthy, str]:
        async with world(tmp_path) as (fleets, heard):
            await fleets.perform(instance(image="ami-1"))
            healthy = await heard.until(InstanceHealthy)
            return healthy, await fetched(healthy.host, healthy.port)

    healthy, said = asyncio.run(story())
    assert what(healthy) == "stand-in"
    assert '"stand_in": true' in said


@pytest.mark.skipif(bubblewrap() is None, reason="bubblewrap is not installed")
def test_user_data_runs_once_in_a_root_of_its_own(tmp_path: Path) -> None:
    marker = f"/var/understudy-{os.getpid()}"
    script = (
        f"#!/bin/sh\necho booting $INSTANCE_ID; echo mine > {marker}; echo mine > /etc/mine\n"
        "mkdir -p /var/www; echo from user data > /var/www/index.html\n"
        "busybox httpd -p $HOST:8080 -h /var/www\nexit 3\n"
    )

    async def story() -> tuple[InstanceHealthy, str]:
        async with world(tmp_path) as (fleets, heard):
            await fleets.perform(instance(user_data=script))
            healthy = await heard.until(InstanceHealthy)
            said = await fetched(healthy.host, 8080)
            await fleets.perform(Stop(REGION, "i-1", 0.0, keep=True))
            await heard.until(InstanceStopped)
            heard.events.clear()
            # What it has written is there at the next start, and the script does not run again.
            await fleets.perform(instance(user_data=script))
            await heard.until(InstanceHealthy)
            await fleets.perform(Stop(REGION, "i-1", 0.0, keep=True))
            return healthy, said

    healthy, said = asyncio.run(story())
    assert (what(healthy), healthy.port, said) == ("user-data", 0, "from user data")
    assert not Path(marker).exists()
    assert not Path("/etc/mine").exists()
    log = (tmp_path / "machines/i-1/log").read_text()
    assert log.count("booting i-1") == 1
    assert "user data ended with code 3" in log


AMI = "ami-0c0ffee0c0ffee0c0"
COMMAND = ["sh", "-c", "mkdir /www; echo real > /www/index.html; exec httpd -f -p 8080 -h /www"]


@pytest.mark.processes
@pytest.mark.skipif(bool(container_engine.missing()), reason=container_engine.missing())
def test_an_image_that_is_a_real_one_runs_as_a_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> tuple[InstanceHealthy, str]:
        async with world(tmp_path) as (fleets, heard):
            await fleets.perform(instance(image=AMI, user_data="#!/bin/sh"))
            healthy = await heard.until(InstanceHealthy)
            said = await fetched(healthy.host, healthy.port)
            await fleets.perform(Stop(REGION, "i-1", 0.0))
            await heard.until(InstanceStopped)
            return healthy, said

    with container_engine.container_engine() as url:
        monkeypatch.setenv("DOCKER_HOST", url)
        client: Any = docker.DockerClient(url)
        made = client.containers.create(container_engine.IMAGE, "true")
        made.commit(AMI, conf={"Cmd": COMMAND, "ExposedPorts": {"8080/tcp": {}}})
        made.remove()
        client.close()
        healthy, said = asyncio.run(story())
    assert (what(healthy), healthy.host, said) == ("container", address_of("i-1"), "real")


def test_a_crash_is_seen_within_a_second_with_the_last_words(tmp_path: Path) -> None:
    async def story() -> tuple[InstanceFailed, float]:
        async with world(tmp_path) as (fleets, heard):
            await fleets.perform(instance(image="ami-dies"))
            started = (await heard.until(InstanceHealthy)).at
            failed = await heard.until(InstanceFailed)
            return failed, failed.at - started

    failed, seconds = asyncio.run(story())
    assert failed.reason.endswith("it ended with code 7: the last word")
    assert seconds < 1.2


def test_what_cannot_be_run_fails(tmp_path: Path) -> None:
    async def story() -> str:
        heard = Heard()
        mapping = Mapped("ami-gone", "true", folder=tmp_path / "nowhere")
        fleets = Fleets(loop_of(heard), tmp_path, (mapping,), "http://127.0.0.1:1", secret, logs)
        await fleets.perform(instance(image="ami-gone"))
        failed = await heard.until(InstanceFailed)
        await fleets.close()
        return failed.reason

    assert "No such file or directory" in asyncio.run(story())


def test_instances_run_on_while_the_engine_restarts(tmp_path: Path) -> None:
    async def story() -> tuple[InstanceHealthy, InstanceHealthy, str]:
        first, second = Heard(), Heard()
        before = Fleets(loop_of(first), tmp_path, MAPPINGS, "http://127.0.0.1:1", secret, logs)
        await before.perform(instance(image="ami-web-1"))
        was = await first.until(InstanceHealthy)
        await fetched(was.host, was.port)
        await before.leave()
        after = Fleets(loop_of(second), tmp_path, MAPPINGS, "http://127.0.0.1:1", secret, logs)
        await after.adopt()
        await after.perform(instance(image="ami-web-1"))
        now = await second.until(InstanceHealthy)
        said = await fetched(now.host, now.port)
        await after.close()
        return was, now, said

    was, now, said = asyncio.run(story())
    assert (was.host, was.port, was.runs) == (now.host, now.port, now.runs)
    assert said == "mapped"


def test_what_instances_and_tasks_use_is_measured(tmp_path: Path) -> None:
    busy = Mapped("*busy*", "while :; do :; done")

    async def story() -> tuple[float, float]:
        heard = Heard(speed=60.0)
        fleets = Fleets(loop_of(heard), tmp_path, (busy,), "http://127.0.0.1:1", secret, logs)
        measuring = asyncio.create_task(fleets.measure())
        await fleets.perform(instance(image="ami-busy"))
        work = asyncio.create_task(fleets.perform(task(container("busy"))))
        of_instances = await heard.until(InstancesMeasured)
        of_tasks = await heard.until(TasksMeasured, lambda event: event.measured[0].cpu > 0)
        measuring.cancel()
        await fleets.perform(StopTask(REGION, task().task))
        await work
        await fleets.close()
        assert of_instances.samples[0][0] == "i-1"
        assert of_tasks.measured[0].memory > 0
        return of_instances.samples[0][1], of_tasks.measured[0].cpu

    percent, shares = asyncio.run(story())
    # A t3.small has two processors; a loop keeps one busy, as far as it is given one.
    assert 0 < percent <= 55
    assert 0 < shares <= 1100


def container(name: str, image: str = "", **changes: Any) -> TaskContainer:
    return TaskContainer(name, image or name, **changes)


def task(*containers: TaskContainer, name: str = "arn:aws:ecs:us-east-1:0:task/c/t1") -> LaunchTask:
    return LaunchTask(
        REGION, name, "c", "service:web", "family:1", "FARGATE", "", "us-east-1a", "10.0.0.9",
        "awsvpc", 256, 512, containers,
    )  # fmt: skip


async def ran(
    fleets: Fleets, heard: Heard, launch: LaunchTask, then: Callable[[], Any] | None = None
) -> TaskEnded:
    """How a task ended, after something was done while it ran."""
    work = asyncio.create_task(fleets.perform(launch))
    if then is not None:
        await then()
    ended = await heard.until(TaskEnded)
    await work
    return ended


def test_a_task_listens_at_its_own_address_and_stops_when_told(tmp_path: Path) -> None:
    async def story() -> tuple[TaskStarted, str, TaskEnded]:
        async with world(tmp_path) as (fleets, heard):
            said: list[str] = []
            launch = task(container("web", ports=(PortMapping(8080, 0),)))

            async def then() -> None:
                binding = (await heard.until(TaskStarted)).bindings[0]
                said.append(await fetched(binding.host, binding.port))
                await fleets.perform(StopTask(REGION, launch.task))

            ended = await ran(fleets, heard, launch, then)
            return await heard.until(TaskStarted), said[0], ended

    started, said, ended = asyncio.run(story())
    assert said == "mapped"
    assert not started.stand_in
    assert started.bindings[0].container_port == 8080
    assert started.bindings[0].host == address_of("arn:aws:ecs:us-east-1:0:task/c/t1")
    assert (ended.reason, [each.container for each in ended.exits]) == ("", ["web"])


def test_an_essential_container_takes_the_others_with_it(tmp_path: Path) -> None:
    async def story() -> TaskEnded:
        async with world(tmp_path) as (fleets, heard):
            launch = task(container("dies"), container("idle", essential=False))
            return await ran(fleets, heard, launch)

    ended = asyncio.run(story())
    assert ended.reason == "Essential container in task exited"
    assert ended.exits == (Exit("dies", 7), Exit("idle", 143))


def test_containers_wait_for_what_they_depend_on(tmp_path: Path) -> None:
    check = ContainerCheck(("CMD-SHELL", "test -e up"), interval=0.05, timeout=1.0, retries=100)

    async def story() -> list[float]:
        async with world(tmp_path) as (fleets, heard):
            launch = task(
                container("late", "idle", depends_on=(("flag", "HEALTHY"), ("once", "SUCCESS"))),
                container("flag", check=check),
                container("once", essential=False),
            )
            work = asyncio.create_task(fleets.perform(launch))
            healthy = await heard.until(TaskHealthChanged)
            assert (healthy.container, healthy.status) == ("flag", "HEALTHY")
            started = await heard.until(TaskStarted)
            await fleets.perform(StopTask(REGION, launch.task))
            await work
            return [healthy.at, started.at]

    healthy, started = asyncio.run(story())
    assert healthy <= started


def test_a_dependency_that_fails_ends_the_task(tmp_path: Path) -> None:
    async def story() -> TaskEnded:
        async with world(tmp_path) as (fleets, heard):
            after = container("web", depends_on=(("dies", "SUCCESS"),))
            return await ran(fleets, heard, task(after, container("dies", essential=False)))

    ended = asyncio.run(story())
    assert "dependency dies did not meet its condition SUCCESS" in ended.reason
    assert Exit("web", None) in ended.exits


def test_a_health_check_that_keeps_failing_turns_unhealthy(tmp_path: Path) -> None:
    check = ContainerCheck(("CMD", "false"), interval=0.05, timeout=1.0, retries=3)

    async def story() -> str:
        async with world(tmp_path) as (fleets, heard):
            work = asyncio.create_task(fleets.perform(task(container("idle", check=check))))
            changed = await heard.until(TaskHealthChanged)
            await fleets.perform(StopTask(REGION, task().task))
            await work
            return changed.status

    assert asyncio.run(story()) == "UNHEALTHY"


def test_the_health_of_a_task_is_looked_at_on_after_a_restart(tmp_path: Path) -> None:
    command = ("CMD-SHELL", 'test -e up && test "$WORD" = said')
    check = ContainerCheck(command, interval=0.2, timeout=5.0, retries=3)
    there = task(container("flag", check=check, environment={"WORD": "said"}))

    async def story() -> list[str]:
        first, second = Heard(), Heard()
        before = Fleets(loop_of(first), tmp_path, MAPPINGS, "http://127.0.0.1:1", secret, logs)
        work = asyncio.create_task(before.perform(there))
        await first.until(TaskHealthChanged, lambda event: event.status == "HEALTHY")
        work.cancel()
        await before.leave()
        after = Fleets(loop_of(second), tmp_path, MAPPINGS, "http://127.0.0.1:1", secret, logs)
        await after.adopt()
        work = asyncio.create_task(after.perform(there))
        changed = await second.until(TaskHealthChanged)
        assert changed.status == "HEALTHY"
        await after.perform(StopTask(REGION, there.task))
        await work
        await after.close()
        return [each.status for each in second.events if isinstance(each, TaskHealthChanged)]

    assert asyncio.run(story()) == ["HEALTHY"]


def test_a_container_that_has_ended_is_told_of_and_not_run_again_after_a_restart(
    tmp_path: Path,
) -> None:
    there = task(container("idle"), container("once", essential=False))

    async def story() -> Exit:
        first, second = Heard(), Heard()
        before = Fleets(loop_of(first), tmp_path, MAPPINGS, "http://127.0.0.1:1", secret, logs)
        work = asyncio.create_task(before.perform(there))
        over = await first.until(ContainerEnded)
        await first.until(TaskStarted)
        work.cancel()
        await before.leave()
        after = Fleets(loop_of(second), tmp_path, MAPPINGS, "http://127.0.0.1:1", secret, logs)
        await after.adopt()
        again = structs.replace(there, ended=(over.exit,))
        work = asyncio.create_task(after.perform(again))
        await second.until(TaskStarted)
        await after.perform(StopTask(REGION, there.task))
        await work
        ended = await second.until(TaskEnded)
        assert ended.exits == (Exit("idle", 143), over.exit)
        # A task of which nothing runs any more is run anew, with all of its containers.
        work = asyncio.create_task(after.perform(again))
        await second.until(ContainerEnded)
        await after.perform(StopTask(REGION, there.task))
        await work
        await after.close()
        return over.exit

    assert asyncio.run(story()) == Exit("once", 0)
    assert (tmp_path / "tasks/t1/once.log").read_text() == "done\n" * 2


def test_secrets_are_resolved_and_one_that_is_missing_says_so(tmp_path: Path) -> None:
    name = "arn:aws:secretsmanager:us-east-1:0:secret:"

    async def story() -> tuple[TaskStarted, TaskEnded]:
        async with world(tmp_path) as (fleets, heard):
            there = task(container("secret", secrets={"PASSWORD": f"{name}db"}))

            async def then() -> None:
                await heard.until(TaskStarted)
                await fleets.perform(StopTask(REGION, there.task))

            await ran(fleets, heard, there, then)
            started = await heard.until(TaskStarted)
            heard.events.clear()
            missing = task(container("secret", secrets={"PASSWORD": f"{name}missing"}))
            return started, await ran(fleets, heard, missing)

    _, ended = asyncio.run(story())
    assert re.match(r"ResourceInitializationError: .*ResourceNotFoundException", ended.reason)


def test_a_task_that_nobody_knows_has_ended(tmp_path: Path) -> None:
    async def story() -> TaskEnded:
        async with world(tmp_path) as (fleets, heard):
            await fleets.perform(StopTask(REGION, "unknown"))
            return await heard.until(TaskEnded)

    assert asyncio.run(story()).task == "unknown"


def test_who_does_not_heed_sigterm_is_killed_after_its_time_out(tmp_path: Path) -> None:
    async def story() -> TaskEnded:
        async with world(tmp_path) as (fleets, heard):
            launch = task(container("slow-stop", stop_timeout=0.3))

            async def then() -> None:
                await heard.until(TaskStarted)
                await asyncio.to_thread(_wait_for_trap, tmp_path)
                await fleets.perform(StopTask(REGION, launch.task))

            return await ran(fleets, heard, launch, then)

    assert asyncio.run(story()).exits == (Exit("slow-stop", 137),)


def _wait_for_trap(folder: Path) -> None:
    """Return when the shell ignores SIGTERM: by then it has started a child."""
    from understudy.testing.processes import command_of, descendants, wait_for

    wait_for(
        lambda: any(command_of(each).startswith("sleep 0.05") for each in descendants(os.getpid()))
    )
