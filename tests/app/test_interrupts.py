"""Ctrl-C at any moment of a rehearsal cleans up, says what it did, and exits with 130."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from understudy.testing.engines import STAND_IN, Command, RunningEngine
from understudy.testing.processes import descendants, wait_for

pytestmark = pytest.mark.processes

Left = Callable[[], set[int]]
"""What was started here and has not ended."""


@pytest.fixture
def start(tmp_path: Path, nobody_is_left_behind: Left) -> Iterator[Callable[..., Command]]:
    """Starts a short rehearsal."""
    commands: list[Command] = []

    def make(*flags: str) -> Command:
        traffic = tmp_path / "traffic.csv"
        traffic.write_text("time,count\n0:00,60\n0:01,60\n0:02,60\n")
        commands.append(
            Command(
                "rehearse",
                STAND_IN,
                "--traffic",
                traffic,
                "--startup-delay",
                "0",
                "-p",
                "ServiceTime=20ms",
                *flags,
                folder=tmp_path,
            )
        )
        return commands[-1]

    yield make
    for command in commands:
        command.close()


MOMENTS = {
    "while the engine starts": "Starting an engine",
    "before the deployment": "answers at",
    "while it deploys": "ExecutionRole  CREATE_IN_PROGRESS",
    "while traffic is sent": "Sending",
    "while it simulates": "Simulating",
    "while it cleans up": "DELETE_IN_PROGRESS",
}


@pytest.mark.parametrize("text", MOMENTS.values(), ids=MOMENTS)
def test_ctrl_c_cleans_up_and_says_so(
    start: Callable[..., Command], nobody_is_left_behind: Left, text: str
) -> None:
    command = start()
    command.until(text)
    command.signal(signal.SIGINT)
    code = command.ended(20)
    assert "Traceback" not in command.said
    assert list(command.temporary.rglob("*")) == []
    assert nobody_is_left_behind() == set()
    if text == "DELETE_IN_PROGRESS":  # All was done but for the cleaning up.
        assert code in (0, 3)  # 3: the objective was missed, as it may be on a busy machine.
        assert "Rehearsal of stand-in-endpoint: CREATE_COMPLETE" in command.said
    else:
        assert code == 130
        if text != "Starting an engine":  # There may have been none yet.
            assert "and all that it started have ended." in command.said
        assert "Interrupted: cleaning up." in command.said


def test_ctrl_c_again_and_again_changes_nothing(start: Callable[..., Command]) -> None:
    command = start()
    command.until("Sending")
    for _ in range(20):
        command.signal(signal.SIGINT)
    assert command.ended(20) == 130
    assert "Traceback" not in command.said
    assert list(command.temporary.rglob("*")) == []


def test_sigterm_cleans_up_too(start: Callable[..., Command]) -> None:
    command = start()
    command.until("Sending")
    os.kill(command.pid, signal.SIGTERM)
    assert command.ended(20) == 128 + signal.SIGTERM
    assert list(command.temporary.rglob("*")) == []


def test_the_engine_ends_when_the_rehearsal_is_killed(
    start: Callable[..., Command], nobody_is_left_behind: Left
) -> None:
    command = start()
    command.until("Sending")
    os.kill(command.pid, signal.SIGKILL)
    command.ended(20)
    wait_for(lambda: not nobody_is_left_behind())


def test_an_engine_that_dies_meanwhile_is_named_with_the_end_of_its_log(
    start: Callable[..., Command],
) -> None:
    command = start()
    command.until("Sending")
    (engine,) = [
        int(word) for word in command.said.partition("Engine ")[2].split()[:1] if word.isdigit()
    ]
    os.kill(engine, signal.SIGKILL)
    assert command.ended(20) == 1
    assert f"Engine {engine} has ended before its time" in command.said
    assert "Traceback" not in command.said
    assert list(command.temporary.rglob("*")) == []


@pytest.fixture(scope="module")
def engine(make_engine: Callable[..., RunningEngine]) -> RunningEngine:
    return make_engine("--speed", "60")


def stacks(engine: RunningEngine) -> dict[str, str]:
    found = engine.client("cloudformation").describe_stacks()["Stacks"]
    return {each["StackName"]: each["StackStatus"] for each in found}


@pytest.mark.parametrize("text", ["Change set for", "Sending"])
def test_an_engine_that_was_there_before_keeps_what_it_had(
    start: Callable[..., Command], engine: RunningEngine, text: str
) -> None:
    if not stacks(engine):
        engine.create_stack("other")
        engine.created("other")
    before = descendants(engine.pid)
    command = start("--endpoint-url", engine.endpoint)
    command.until(text)
    command.signal(signal.SIGINT)
    assert command.ended(30) == 130
    assert "Stack stand-in-endpoint: DELETE_COMPLETE." in command.said
    assert stacks(engine) == {"other": "CREATE_COMPLETE"}
    assert descendants(engine.pid) == before
    assert engine.client("s3").list_buckets()["Buckets"] == []
