"""Nothing outlives the process that runs a runtime, however that ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import understudy
from understudy.testing.processes import wait_for

pytestmark = pytest.mark.processes

SOURCE = Path(understudy.__file__).parents[1]

ENGINE = """
import asyncio, os, sys
from pathlib import Path
from understudy.testing.processes import wait_for
from understudy.runtimes.process import ProcessRuntime
from understudy.runtimes.runtime import InstanceSpec

async def main():
    runtime = ProcessRuntime(print)
    root = Path(sys.argv[1])
    for number in range(2):
        await runtime.start(InstanceSpec(
            instance_id=f"i-{number}", variant="A", image="x", model_archive=None,
            environment={"UNDERSTUDY_STAND_IN": "1ms"}, root=root / str(number),
            startup_timeout=20,
        ))
    print("up", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    if sys.argv[2] == "raise":
        raise SystemExit(1)
    if os.fork() == 0:  # A child of the engine that keeps its end of the socket.
        os.execvp("sleep", ["sleep", "60"])
    print("leaked", flush=True)
    await asyncio.sleep(1000)

asyncio.run(main())
"""


def descendants(pid: int) -> set[int]:
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found |= {child} | descendants(child)
    return found


def running(pids: set[int]) -> set[int]:
    found: set[int] = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            found.add(pid)
    return found


def wait_until_gone(pids: set[int]) -> None:
    wait_for(lambda: not running(pids), 5, f"some of {pids} still run")


@pytest.fixture
def engine(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """A process that runs two instances, and does what it is to do when it is sent a line."""
    with subprocess.Popen(
        [sys.executable, "-c", ENGINE, str(tmp_path), getattr(request, "param", "")],
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        yield process
        process.kill()


def tell(engine: subprocess.Popen[str]) -> None:
    assert engine.stdin is not None
    engine.stdin.write("\n")
    engine.stdin.flush()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_nothing_outlives_an_engine_that_is_killed(
    engine: subprocess.Popen[str], number: int
) -> None:
    pids = descendants(engine.pid)
    assert len(pids) == 3  # The template process and two instances.
    engine.send_signal(number)
    wait_until_gone(pids | {engine.pid})


@pytest.mark.parametrize("engine", ["raise"], indirect=True)
def test_nothing_outlives_an_engine_that_fails_without_closing(
    engine: subprocess.Popen[str],
) -> None:
    pids = descendants(engine.pid)
    tell(engine)
    wait_until_gone(pids | {engine.pid})


@pytest.mark.parametrize("engine", ["leak"], indirect=True)
def test_nothing_outlives_an_engine_whose_socket_another_process_keeps(
    engine: subprocess.Popen[str],
) -> None:
    pids = descendants(engine.pid)
    tell(engine)
    assert engine.stdout is not None
    assert engine.stdout.readline() == "leaked\n"
    (sleeper,) = descendants(engine.pid) - pids
    engine.kill()
    wait_until_gone(pids | {engine.pid})
    os.kill(sleeper, signal.SIGKILL)


def test_instances_do_not_outlive_engine_and_template_killed_at_once(
    engine: subprocess.Popen[str],
) -> None:
    pids = descendants(engine.pid)
    (zygote,) = pids - {child for pid in pids for child in descendants(pid)}
    os.kill(zygote, signal.SIGKILL)
    engine.kill()
    wait_until_gone(pids)
