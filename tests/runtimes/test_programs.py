"""Programs run the same as processes and as containers: start, ports, logs, limits, ends."""

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest

import understudy
from understudy.runtimes.addresses import free_port
from understudy.runtimes.keeper import Keeper, address, family
from understudy.runtimes.limits import Group
from understudy.runtimes.program_containers import ProgramContainers
from understudy.runtimes.program_processes import ProgramProcesses, shell
from understudy.runtimes.programs import Gone, NotRun, Program, Programs, Running
from understudy.testing.container_engine import IMAGE, container_engine, missing
from understudy.testing.processes import command_of, descendants, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("nobody_is_left_behind")]

PATIENCE = 20.0
SERVE = "mkdir -p {www}; echo $SAID > {www}/index.html; exec busybox httpd -f -p {address} -h {www}"


class World:
    """A runtime under test, and the ends it has told of."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.folder = folder
        self.gone: dict[str, Gone] = {}
        self.runtime: Programs
        self._number = 0

    def ended(self, gone: Gone) -> None:
        self.gone[gone.name] = gone

    def program(self, script: str, **changes: Any) -> Program:
        self._number += 1
        name = f"{self.kind}-{self._number}"
        root = self.folder / name
        root.mkdir()
        made = Program(name, shell(script), {"SAID": "hello"}, root, root / "log", image=IMAGE)
        return replace(made, **changes)

    def server(self, port: int) -> Program:
        """A web server that says what its environment holds."""
        if self.kind == "containers":
            script = SERVE.format(www="/www", address=80)
        else:
            script = SERVE.format(www="www", address=f"$HOST:{port}")
        return self.program(script, host="127.0.0.9", ports={80: port})

    async def end_of(self, program: Program) -> Gone:
        async with asyncio.timeout(PATIENCE):
            while program.name not in self.gone:
                await asyncio.sleep(0.01)
        return self.gone[program.name]


@pytest.fixture
def port() -> int:
    return free_port("127.0.0.9")


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def engine(nobody_is_left_behind: object) -> Iterator[str]:
    if reason := missing():
        pytest.skip(reason)
    with container_engine() as url:
        yield url


@pytest.fixture(scope="module", params=["processes", "containers"])
def world(
    request: pytest.FixtureRequest, runner: asyncio.Runner, tmp_path_factory: Any
) -> Iterator[World]:
    world = World(request.param, tmp_path_factory.mktemp(request.param))

    async def make() -> Programs:
        if request.param == "containers":
            return ProgramContainers("test", world.ended, request.getfixturevalue("engine"))
        keeper = Keeper(world.folder, lambda ended: made.ended(ended))
        made = ProgramProcesses(keeper, world.ended)
        return made

    if request.param == "containers":
        request.getfixturevalue("engine")
    world.runtime = runner.run(make())
    yield world
    runner.run(world.runtime.close())


@pytest.fixture
def run(runner: asyncio.Runner) -> Callable[[Coroutine[Any, Any, Any]], Any]:
    return runner.run


async def fetched(url: str) -> str:
    """What a URL answers, as soon as it does."""

    def fetch() -> str:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.read().decode().strip()

    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await asyncio.to_thread(fetch)
            except (OSError, urllib.error.URLError):
                await asyncio.sleep(0.02)


def test_it_listens_at_its_own_address_with_its_own_environment(
    world: World, run: Any, port: int
) -> None:
    async def story() -> str:
        program = world.server(port)
        await world.runtime.start(program)
        said = await fetched(f"http://127.0.0.9:{port}/")
        await world.runtime.stop(program.name, 5.0)
        assert (await world.end_of(program)).name == program.name
        with pytest.raises(OSError, match="refused"):
            urllib.request.urlopen(f"http://127.0.0.9:{port}/", timeout=1)
        return said

    assert run(story()) == "hello"


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 0", 0), ("echo last words; exit 3", 3), ("kill -9 $$", -9)],
    ids=["by itself", "with a code", "by a signal"],
)
def test_the_end_is_told_with_its_code_and_the_log_is_kept(
    world: World, run: Any, script: str, code: int
) -> None:
    async def story() -> Program:
        program = world.program(f"echo first words; sleep 0.1; {script}")
        await world.runtime.start(program)
        assert (await world.end_of(program)).code == code
        return program

    if world.kind == "containers" and code == -9:
        pytest.skip("the first process of a container cannot be killed from within")
    assert "first words" in run(story()).log.read_text()


def test_who_does_not_heed_sigterm_is_killed(world: World, run: Any) -> None:
    async def story() -> int:
        program = world.program("trap '' TERM; echo ready; while true; do sleep 0.05; done")
        await world.runtime.start(program)
        async with asyncio.timeout(PATIENCE):
            while not program.log.exists() or "ready" not in program.log.read_text():
                await asyncio.sleep(0.01)
        await world.runtime.stop(program.name, 0.2)
        return (await world.end_of(program)).code

    assert run(story()) == -9


def test_what_cannot_be_run_is_refused_with_a_reason(world: World, run: Any) -> None:
    program = world.program("true", command=("/no/such/program",))
    with pytest.raises(NotRun, match=r"(?i)no such"):
        run(world.runtime.start(program))


def test_a_command_beside_it_tells_whether_it_is_well(world: World, run: Any) -> None:
    async def story() -> list[bool]:
        program = world.program("sleep 60")
        await world.runtime.start(program)
        checks = (shell("true"), shell("false"), shell("sleep 30"), shell('test "$SAID" = hello'))
        found = [await world.runtime.well(program.name, each, 1.0) for each in checks]
        await world.runtime.stop(program.name, 0.0)
        return [*found, await world.runtime.well(program.name, shell("true"), 1.0)]

    assert run(story()) == [True, False, False, True, False]


def test_more_processors_than_there_are_is_all_that_there_are(world: World, run: Any) -> None:
    program = world.program("exit 4", cpu=4096.0)

    async def story() -> int:
        await world.runtime.start(program)
        return (await world.end_of(program)).code

    assert run(story()) == 4


def test_memory_is_limited(world: World, run: Any) -> None:
    if world.kind == "processes" and not _permitted():
        pytest.skip("control groups are not permitted here")

    async def story() -> tuple[bool, Gone]:
        # dd reads a block of 100 MiB into memory.
        script = "exec busybox dd if=/dev/zero of=/dev/null bs=100M count=1"
        program = world.program(script, memory=32)
        running = await world.runtime.start(program)
        return running.limited, await world.end_of(program)

    limited, gone = run(story())
    assert limited
    assert (gone.code, gone.starved) == (-9, True)


def _permitted() -> bool:
    group = Group(f"probe-{os.getpid()}", 0.5, 64)
    group.close()
    return group.limited


DIES = """
import asyncio, os, signal, sys
from pathlib import Path
from understudy.runtimes.program_containers import ProgramContainers
from understudy.runtimes.programs import Program

async def main(url, folder, image, patience):
    runtime = ProgramContainers(folder, print, url, patience=float(patience))
    words = ("sh", "-c", "n=0; while true; do n=$((n+1)); echo line $n; sleep 0.2; done")
    root = Path(folder)
    program = Program("left", words, {}, root, root / "log", image=image, memory=32, note="what")
    await runtime.start(program)
    while not program.log.exists() or "line 2" not in program.log.read_text():
        await asyncio.sleep(0.05)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main(*sys.argv[1:]))
"""


def killed_engine(url: str, folder: Path, patience: float) -> None:
    """An engine that is killed while its container writes a line five times a second."""
    words = [sys.executable, "-c", DIES, url, str(folder), IMAGE, str(patience)]
    path = {**os.environ, "PYTHONPATH": str(Path(understudy.__file__).parents[1])}
    assert subprocess.run(words, env=path, timeout=60, check=False).returncode == -signal.SIGKILL


def test_containers_go_on_without_an_engine_and_are_adopted_by_the_next(
    engine: str, run: Any, tmp_path: Path
) -> None:
    world = World("containers", tmp_path)
    killed_engine(engine, tmp_path, 60.0)
    log = tmp_path / "log"

    async def story() -> None:
        runtime = ProgramContainers(str(tmp_path), world.ended, engine)
        assert await runtime.adopt() == (Running("left", limited=True, note="what"),)
        assert Path(f"/proc/{runtime.pids['left']}").exists()
        before = len(log.read_text().splitlines())
        async with asyncio.timeout(PATIENCE):
            while len(log.read_text().splitlines()) < before + 3:
                await asyncio.sleep(0.05)
        await runtime.stop("left", 0.0)
        assert world.gone["left"].code == -9
        await runtime.close()

    run(story())
    numbers = [int(each.split()[1]) for each in log.read_text().splitlines()]
    assert numbers == sorted(set(numbers))


def test_containers_end_where_no_engine_comes_back(engine: str, tmp_path: Path) -> None:
    killed_engine(engine, tmp_path, 0.3)
    client: Any = docker.DockerClient(engine)
    ours = {"label": f"understudy={tmp_path}"}
    wait_for(lambda: not client.api.containers(all=True, filters=ours), PATIENCE, "it stays")
    client.close()


def test_nothing_of_a_program_outlives_it(run: Any, tmp_path: Path) -> None:
    """A process that leaves its parent, its session and its group ends all the same."""
    world = World("processes", tmp_path)

    async def story() -> None:
        keeper = Keeper(tmp_path, lambda ended: runtime.ended(ended))
        runtime = ProgramProcesses(keeper, world.ended)
        before = descendants(os.getpid())
        program = world.program("setsid sleep 300 & echo started; sleep 300")
        await runtime.start(program)
        async with asyncio.timeout(PATIENCE):
            while len(descendants(os.getpid()) - before) < 4:
                await asyncio.sleep(0.01)
        await runtime.stop(program.name, 1.0)
        async with asyncio.timeout(PATIENCE):
            while len(descendants(os.getpid()) - before) > 1:
                await asyncio.sleep(0.01)
        await runtime.close()

    run(story())


@pytest.mark.parametrize("accepts", [True, False], ids=["it hung up", "it never took the call"])
def test_a_keeper_that_ends_just_as_it_is_met_has_nothing_to_adopt(
    run: Any, tmp_path: Path, *, accepts: bool
) -> None:
    def ended(_: object) -> None:
        """Nobody is there to hear."""

    async def story() -> tuple[object, ...]:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(address(family(tmp_path)))
            listener.listen()
            adopting = asyncio.create_task(Keeper(tmp_path, ended).adopt())
            await asyncio.to_thread(select.select, [listener], [], [])
            if accepts:
                listener.accept()[0].close()
        return await adopting

    assert run(story()) == ()


def test_a_program_goes_on_while_nobody_listens_and_ends_where_nobody_comes_back(
    run: Any, tmp_path: Path
) -> None:
    world = World("processes", tmp_path)

    async def story() -> None:
        def ended(_: object) -> None:
            """Nobody is there to hear."""

        first = Keeper(tmp_path, ended, patience=0.5)
        program = world.program("sleep 300", note="what it is")
        await ProgramProcesses(first, world.ended).start(program)
        await first.leave()
        second = Keeper(tmp_path, ended, patience=0.5)
        there = await second.adopt()
        assert [(each.name, each.note) for each in there] == [(program.name, "what it is")]
        pid = there[0].pid
        await second.leave()
        async with asyncio.timeout(PATIENCE):
            while Path(f"/proc/{pid}").exists():
                await asyncio.sleep(0.02)
        assert await Keeper(tmp_path, ended).adopt() == ()

    run(story())


def test_programs_end_with_their_keeper_and_that_is_told(run: Any, tmp_path: Path) -> None:
    world = World("processes", tmp_path)

    async def story() -> int:
        keeper = Keeper(tmp_path, lambda ended: runtime.ended(ended))
        runtime = ProgramProcesses(keeper, world.ended)
        program = world.program("sleep 300")
        before = descendants(os.getpid())
        await runtime.start(program)
        fresh = descendants(os.getpid()) - before
        (pid,) = (each for each in fresh if "keeper" in command_of(each))
        os.kill(pid, signal.SIGKILL)
        gone = await world.end_of(program)
        again = world.program("sleep 300")
        # The next program starts another keeper.
        await runtime.start(again)
        await runtime.close()
        return gone.code

    assert run(story()) == -9
