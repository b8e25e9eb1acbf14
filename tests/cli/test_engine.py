"""``up``, ``down`` and ``status``, as they are used."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from understudy.testing.engines import RunningEngine, environment, understudy_command
from understudy.testing.processes import descendants, wait_for

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("nobody_is_left_behind")]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def test_up_prints_where_it_answers_and_lines_that_work_when_pasted(
    make_engine: Callable[..., RunningEngine],
) -> None:
    engine = make_engine("--speed", "60")
    said = understudy_command("status", "--state", engine.state).stdout
    assert said.startswith(f"Process {engine.pid} answers at {engine.endpoint}, speed 60.\n")
    engine.down()
    said = engine.up()
    assert f"Understudy answers at {engine.endpoint}, 60 times as fast as real time." in said
    assert f"State is kept in {engine.state}." in said
    lines = [line for line in said.splitlines() if line.startswith(("export ", "aws "))]
    assert len(lines) == 4
    bare = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(engine.state)}
    shell = subprocess.run(
        ["sh", "-ec", "\n".join(lines)], capture_output=True, text=True, check=False, env=bare
    )
    assert shell.returncode == 0, shell.stderr
    assert "StackSummaries" in shell.stdout


def test_a_second_engine_on_a_state_folder_is_told_which_process_has_it(
    make_engine: Callable[..., RunningEngine],
) -> None:
    engine = make_engine()
    for flags in ((), ("--detach",)):
        second = understudy_command("up", "--port", "0", "--state", engine.state, *flags)
        assert second.returncode == 2
        assert f"belongs to a running engine, process {engine.pid}." in second.stderr
        assert f"understudy down --state {engine.state}" in second.stderr
        assert "Traceback" not in second.stderr
    assert engine.status()["pid"] == engine.pid


@pytest.mark.parametrize("flags", [(), ("--detach",)], ids=["foreground", "detached"])
def test_a_port_in_use_is_a_diagnostic(state: Path, flags: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = understudy_command("up", "--port", port, "--state", state, *flags)
    assert done.returncode == 2
    assert f"Port {port} of 127.0.0.1 is already in use by another program." in done.stderr
    assert "Traceback" not in done.stderr


def test_the_port_of_another_engine_is_told_apart(
    make_engine: Callable[..., RunningEngine], state: Path
) -> None:
    engine = make_engine()
    done = understudy_command("up", "--port", engine.port, "--state", state)
    assert done.returncode == 2
    assert "already in use by another Understudy" in done.stderr


def test_everything_that_is_wrong_is_said_at_once(state: Path) -> None:
    wrong = ("--port", "70000", "--speed", "0", "--startup-delay", "-1")
    for flags in ((), ("--detach",)):
        done = understudy_command("up", "--state", state, *wrong, *flags)
        assert done.returncode == 2
        for text in ("--port 70000", "--speed 0", "--startup-delay -1"):
            assert f"error: {text} is out of range." in done.stderr
    assert not state.exists()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("up", "--speed", "fast"), 'error: Invalid value for --speed: unable to convert "fast"'),
        (("up", "--bogus"), "error: Unknown option: --bogus"),
        (("frobnicate",), 'error: Unknown command "frobnicate"'),
        (("rehearse",), "TEMPLATE requires an argument"),
    ],
    ids=["a value of the wrong type", "an unknown option", "an unknown command", "no argument"],
)
def test_a_mistake_in_the_call_is_a_diagnostic(arguments: tuple[str, ...], text: str) -> None:
    done = understudy_command(*arguments)
    assert done.returncode == 2
    assert text in done.stderr.replace("\n", " ")
    assert "--help" in done.stderr


def test_a_state_folder_that_cannot_be_is_a_diagnostic(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for flags in ((), ("--detach",)):
        done = understudy_command("up", "--port", "0", "--state", tmp_path / "file/state", *flags)
        assert done.returncode == 2
        assert "cannot be used: Not a directory." in done.stderr
        assert "Traceback" not in done.stderr


def test_a_state_folder_that_cannot_be_read_is_a_diagnostic(state: Path) -> None:
    state.mkdir()
    (state / "journal.db").write_text("no database " * 100)
    for flags in ((), ("--detach",)):
        done = understudy_command("up", "--port", "0", "--state", state, *flags)
        assert done.returncode == 2
        assert "journal.db cannot be read by this version" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_state_folder_may_have_a_long_path(
    make_engine: Callable[..., RunningEngine], tmp_path: Path
) -> None:
    engine = make_engine(state=tmp_path / ("long" * 30) / "state")
    assert engine.client("s3").list_buckets()["Buckets"] == []


def test_an_address_that_is_not_loopback_is_warned_of(
    make_engine: Callable[..., RunningEngine], state: Path
) -> None:
    engine = RunningEngine(state, "--host", "0.0.0.0")
    done = understudy_command("up", "--port", "0", "--state", state, "--detach", *engine.flags)
    assert done.returncode == 0
    assert "0.0.0.0 is not loopback: whoever reaches it can run code here." in done.stderr
    engine.down()


def test_an_engine_answers_at_an_ipv6_address(state: Path) -> None:
    done = understudy_command("up", "--port", "0", "--state", state, "--detach", "--host", "::1")
    assert done.returncode == 0, done.stderr
    assert "Understudy answers at http://[::1]:" in done.stdout
    assert understudy_command("status", "--state", state).returncode == 0
    assert understudy_command("down", "--state", state).returncode == 0


def test_down_ends_the_engine_and_says_so(make_engine: Callable[..., RunningEngine]) -> None:
    engine = make_engine()
    engine.create_stack("s")
    engine.created("s")
    family = {engine.pid} | descendants(engine.pid)
    assert len(family) == 4
    pid = engine.pid
    done = understudy_command("down", "--state", engine.state)
    assert done.returncode == 0
    assert done.stdout == f"Process {pid} has ended; everything is kept in {engine.state}.\n"
    assert not descendants(os.getpid()) & family
    again = understudy_command("down", "--state", engine.state)
    assert (again.returncode, again.stdout) == (1, f"No engine runs on {engine.state}.\n")


def test_status_of_an_engine_that_was_killed_says_so(
    make_engine: Callable[..., RunningEngine],
) -> None:
    engine = make_engine()
    pid = engine.pid
    engine.kill()
    for command in ("status", "down"):
        done = understudy_command(command, "--state", engine.state)
        assert done.returncode == 1
        assert f"Process {pid}, which answered at {engine.endpoint}, was killed" in done.stdout
        assert f"to go on: understudy up --state {engine.state}" in done.stdout


@pytest.fixture
def foreground(state: Path) -> Iterator[subprocess.Popen[str]]:
    """An engine in the foreground of a terminal's process group."""
    with subprocess.Popen(
        [sys.executable, "-m", "understudy", "up", "--port", "0", "--state", str(state)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
        env=environment(),
    ) as process:
        yield process
        process.kill()


def test_ctrl_c_ends_a_foreground_engine_in_order(
    foreground: subprocess.Popen[str], state: Path
) -> None:
    assert foreground.stdout is not None
    assert foreground.stdout.readline().startswith("Understudy answers at http://127.0.0.1:")
    family = descendants(foreground.pid)
    assert family
    os.killpg(foreground.pid, signal.SIGINT)
    out, err = foreground.communicate(timeout=10)
    assert foreground.returncode == 0
    assert out.endswith("Ended; everything is kept.\n")
    assert err == ""
    assert not descendants(os.getpid()) & family
    assert understudy_command("status", "--state", state).stdout == f"No engine runs on {state}.\n"


def test_ctrl_c_while_it_starts_leaves_nothing(
    foreground: subprocess.Popen[str], state: Path
) -> None:
    wait_for((state / "lock").exists)
    os.killpg(foreground.pid, signal.SIGINT)
    _, err = foreground.communicate(timeout=10)
    assert foreground.returncode in (0, 130)
    assert "Traceback" not in err
