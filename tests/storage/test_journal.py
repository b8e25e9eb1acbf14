"""What is in the journal stays in it."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from understudy.base.diagnostic import InvalidInput
from understudy.control.events import ApiCalled, EngineRestarted, Stop
from understudy.storage.journal import Journal, Snapshot
from understudy.testing.engines import environment

REGION = "eu-west-1"
STOP = Stop(REGION, "i-1", 60.0)


def restarted(at: float) -> EngineRestarted:
    return EngineRestarted(at, REGION)


def append(journal: Journal, at: float) -> int:
    return journal.append(at, journal.encoded(restarted(at)), [STOP])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def test_entries_come_back_as_they_were_written(path: Path) -> None:
    journal = Journal(path)
    call = ApiCalled(1.5, REGION, "s3", "PutObject", {"Body": b"\0", "Tags": [{"Key": "k"}]}, "r-1")
    journal.append(1.5, journal.encoded(call), [STOP])
    journal.append(2.5, b"", [])
    journal.close()
    first, second = Journal(path).entries()
    assert (first.number, first.at, first.event, first.commands) == (1, 1.5, call, (STOP,))
    assert (second.number, second.at, second.event, second.commands) == (2, 2.5, None, ())


def test_an_event_that_cannot_be_kept_is_refused_before_anything_is_written(path: Path) -> None:
    journal = Journal(path)
    call = ApiCalled(1.0, REGION, "s3", "PutObject", {"Body": object()}, "r-1")
    with pytest.raises(TypeError):
        journal.encoded(call)
    assert list(journal.entries()) == []


def test_a_snapshot_stands_for_the_entries_before_it(path: Path) -> None:
    journal = Journal(path)
    for at in range(5):
        append(journal, at)
    journal.save_snapshot(Snapshot(3, b"state", b"{}"), keep_entries=False)
    journal.close()
    journal = Journal(path)
    assert journal.snapshot() == Snapshot(3, b"state", b"{}")
    assert [entry.number for entry in journal.entries(3)] == [4, 5]
    assert [entry.number for entry in journal.entries(0)] == [4, 5]


def test_entries_after_a_snapshot_of_everything_have_later_numbers(path: Path) -> None:
    journal = Journal(path)
    append(journal, 1.0)
    journal.save_snapshot(Snapshot(1, b"", b""), keep_entries=False)
    journal.close()
    journal = Journal(path)
    assert append(journal, 2.0) == 2
    assert [entry.at for entry in journal.entries(1)] == [2.0]


def test_entries_are_kept_where_that_is_wanted(path: Path) -> None:
    journal = Journal(path)
    append(journal, 1.0)
    journal.save_snapshot(Snapshot(1, b"", b""), keep_entries=True)
    assert [entry.number for entry in journal.entries()] == [1]


def test_the_horizon_is_remembered(path: Path) -> None:
    journal = Journal(path)
    assert journal.horizon == 0.0
    journal.reach(7.0)
    journal.reach(9.0)
    journal.close()
    assert Journal(path).horizon == 9.0


def write_text(path: Path) -> None:
    path.write_text("no database " * 100)


def write_later_format(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()


@pytest.mark.parametrize(
    "write", [write_text, write_later_format], ids=["no database", "a later format"]
)
def test_a_file_that_cannot_be_read_is_named(path: Path, write: Callable[[Path], None]) -> None:
    write(path)
    with pytest.raises(InvalidInput, match=r"journal.db cannot be read by this version"):
        Journal(path)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["append", "snapshot", "crash"]), max_size=30))
def test_a_crash_between_any_two_writes_loses_nothing(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str]
) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal.db"
    journal, written = Journal(path), 0
    for step in steps:
        if step == "append":
            written += 1
            append(journal, float(written))
        elif step == "snapshot":
            state = str(written).encode()
            journal.save_snapshot(Snapshot(journal.last_number, state, b""), keep_entries=False)
        else:
            journal = Journal(path)  # The old one is left as a process that was killed leaves it.
        found = journal.snapshot() or Snapshot(0, b"0", b"")
        after = [entry.at for entry in journal.entries(found.number)]
        assert after == [float(each + 1) for each in range(int(found.state), written)]


WRITER = """
import sys
from pathlib import Path
from understudy.control.events import EngineRestarted
from understudy.storage.journal import Journal, Snapshot

journal, count = Journal(Path(sys.argv[1])), int(sys.argv[2])
while True:
    count += 1
    number = journal.append(count, journal.encoded(EngineRestarted(count, "r")), [])
    sys.stdout.write(f"{count}\\n")
    sys.stdout.flush()
    if count % 7 == 0:
        journal.save_snapshot(Snapshot(number, str(count).encode(), b""), keep_entries=False)
"""


@pytest.mark.processes
def test_what_a_killed_process_has_acknowledged_is_there(path: Path) -> None:
    count = 0
    for acknowledged in (1, 6, 8, 50, 333):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(count)],
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        ) as writer:
            assert writer.stdout is not None
            told = count
            while told < count + acknowledged:
                told = int(writer.stdout.readline())
            writer.send_signal(signal.SIGKILL)
            told = max([told, *map(int, writer.stdout.read().split("\n")[:-1])])
        journal = Journal(path)
        snapshot = journal.snapshot() or Snapshot(0, b"0", b"")
        after = [entry.at for entry in journal.entries(snapshot.number)]
        count = int(snapshot.state) + len(after)
        assert after == [float(each) for each in range(int(snapshot.state) + 1, count + 1)]
        assert told <= count <= told + 1
        journal.close()
