"""The journal and the ledger in PostgreSQL: what is in them stays, and one engine has them."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from understudy.base.diagnostic import InvalidInput
from understudy.base.ledger import BookRequest
from understudy.control.events import EngineRestarted, Stop
from understudy.storage import postgresql
from understudy.storage.journal import Journal, Snapshot
from understudy.storage.ledger import Ledger
from understudy.testing.engines import WAIT, RunningEngine, environment
from understudy.testing.postgres import missing, postgres

pytestmark = pytest.mark.processes

STOP = Stop("eu-west-1", "i-1", 60.0)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    if reason := missing():
        pytest.skip(reason)
    with postgres() as url:
        yield url


@pytest.fixture
def url(server: str) -> Iterator[str]:
    """A database without what other tests have left in it."""
    yield server
    with psycopg.connect(server, autocommit=True) as database:
        database.execute("DROP SCHEMA IF EXISTS understudy CASCADE")


def append(journal: Journal, at: float) -> int:
    return journal.append(at, journal.encoded(EngineRestarted(at, "eu-west-1")), [STOP])


def test_entries_a_snapshot_and_the_horizon_come_back(url: str) -> None:
    journal = Journal(url)
    assert (journal.last_number, journal.horizon, journal.snapshot()) == (0, 0.0, None)
    with journal.together():
        assert [append(journal, at) for at in (1.5, 2.5, 3.5)] == [1, 2, 3]
    for horizon in (7.0, 9.25):
        journal.reach(horizon)
    for state in (b"earlier", b"\0state"):
        journal.save_snapshot(Snapshot(2, state, b"{}"), keep_entries=False)
    journal.close()
    journal = Journal(url)
    assert journal.snapshot() == Snapshot(2, b"\0state", b"{}")
    (entry,) = journal.entries(2)
    assert (entry.number, entry.at, entry.commands) == (3, 3.5, (STOP,))
    assert entry.event == EngineRestarted(3.5, "eu-west-1")
    assert journal.horizon == 9.25
    journal.save_snapshot(Snapshot(3, b"", b""), keep_entries=False)
    assert journal.last_number == 3
    assert append(journal, 4.5) == 4
    journal.close()


def test_requests_of_the_ledger_come_back(url: str) -> None:
    ledger = Ledger(url)
    request = BookRequest("sqs", "sqs.us-east-1.amazonaws.com", "POST", "/", "", {}, b"a", "")
    with ledger.together():
        assert [ledger.append(request) for _ in range(2)] == [1, 2]
    ledger.close()
    ledger = Ledger(url)
    assert list(ledger.requests()) == [(1, request), (2, request)]
    ledger.close()


def test_a_database_belongs_to_one_engine(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "PATIENCE", 1)
    journal = Journal(url)
    with pytest.raises(InvalidInput, match="belongs to a running engine"):
        Journal(url)
    journal.close()
    Journal(url).close()


def test_tables_of_another_format_are_refused(url: str) -> None:
    Journal(url).close()
    database = postgresql.Postgres(url, 0)
    database.execute("UPDATE format SET number = 99")
    database.close()
    with pytest.raises(InvalidInput, match="it has format 99"):
        Journal(url)


def test_a_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"The database /none\?host=.* cannot be used"):
        Journal(f"postgresql://me:secret@/none?host={tmp_path}")


WRITER = """
import sys
from understudy.control.events import EngineRestarted
from understudy.storage.journal import Journal
journal = Journal(sys.argv[1])
for number in range(1_000_000):
    print(journal.append(number, journal.encoded(EngineRestarted(number, "r")), []), flush=True)
"""


def test_what_was_acknowledged_is_there_after_a_kill(url: str) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, url], stdout=subprocess.PIPE, text=True, env=environment()
    )
    assert writer.stdout is not None
    for _ in range(20):
        acknowledged = int(writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    acknowledged = max([acknowledged, *(int(line) for line in writer.stdout)])
    writer.stdout.close()
    writer.wait()
    journal = Journal(url)
    assert len(list(journal.entries())) >= acknowledged
    journal.close()


def test_an_engine_goes_on_with_another_folder_where_it_was_killed(
    url: str, make_engine: Callable[..., RunningEngine]
) -> None:
    first = make_engine("--database", url)
    template = "Resources: {Q: {Type: 'AWS::SQS::Queue'}, G: {Type: 'AWS::ECS::Cluster'}}"
    cloudformation = first.client("cloudformation")
    cloudformation.create_stack(StackName="kept", TemplateBody=template)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="kept", WaiterConfig=WAIT)
    queues = first.client("sqs").list_queues()["QueueUrls"]
    first.kill()
    second = make_engine("--database", url)
    assert second.state != first.state
    stacks = second.client("cloudformation").describe_stacks(StackName="kept")["Stacks"]
    assert stacks[0]["StackStatus"] == "CREATE_COMPLETE"
    assert len(second.client("ecs").list_clusters()["clusterArns"]) == 1
    found = second.client("sqs").list_queues()["QueueUrls"]
    assert [each.rpartition("/")[2] for each in found] == [q.rpartition("/")[2] for q in queues]
    second.down()
