"""The queue of the kept services: in order, told together, and on disk before anything follows."""

import asyncio
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from understudy.app.composition import world_of
from understudy.base.fault import Fault
from understudy.control.events import Call, CallAnswered, CallFailed
from understudy.control.sagemaker.service import HostingConfig
from understudy.engine.engine import Engine
from understudy.live.bookkeeper import AT_ONCE, Bookkeeper
from understudy.live.clock import WorldClock
from understudy.live.loop import LiveLoop
from understudy.storage.journal import Journal


class Slips:
    """Books that answer with the name they were given, and refuse a few."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    @contextmanager
    def together(self) -> Generator[None]:
        before = len(self.calls)
        yield
        if "unwritable" in self.calls[before:]:
            raise sqlite3.OperationalError("disk is full")

    def call(self, service: str, operation: str, params: Any, region: str, call_id: str) -> Any:
        self.calls.append(params["Name"])
        if params["Name"] == "refused":
            raise Fault("No", "not this one")
        if params["Name"] == "broken":
            raise RuntimeError("a bug")
        return {"Name": params["Name"]}

    def leaving(self) -> list[Any]:
        return []

    def changed_rules(self) -> dict[str, Any]:
        return {}


def call(name: str) -> Call:
    return Call("us-east-1", name, "things", "Make", {"Name": name})


def told(path: Path, names: list[str]) -> tuple[list[str], list[Any]]:
    """Perform calls; what the books were asked, and what the journal has of it."""

    async def run() -> tuple[list[str], list[Any]]:
        journal = Journal(path)
        engine = Engine(world_of(HostingConfig()))
        loop = LiveLoop(engine, journal, WorldClock.starting(1.0), keep_journal=True)
        slips = Slips()
        bookkeeper = Bookkeeper(loop, slips, print)
        first = [bookkeeper.add(call(name)) for name in names]
        assert first == [True] + [False] * (len(names) - 1)
        await bookkeeper.work()
        entries = [entry.event for entry in journal.entries()]
        bookkeeper.close()
        loop.close()
        journal.close()
        return slips.calls, entries

    return asyncio.run(run())


def test_calls_are_performed_and_told_in_their_order(tmp_path: Path) -> None:
    names = [f"n{number}" for number in range(2 * AT_ONCE + 3)]
    calls, entries = told(tmp_path / "journal", names)
    assert calls == names
    assert [each.call_id for each in entries if isinstance(each, CallAnswered)] == names


def test_a_refusal_and_a_bug_are_told_as_failures(tmp_path: Path) -> None:
    _, entries = told(tmp_path / "journal", ["a", "refused", "broken", "b"])
    kinds = {each.call_id: type(each) for each in entries}
    assert kinds == {
        "a": CallAnswered,
        "refused": CallFailed,
        "broken": CallFailed,
        "b": CallAnswered,
    }
    codes = [each.code for each in entries if isinstance(each, CallFailed)]
    assert codes == ["No", "InternalFailure"]


def test_what_is_not_in_the_ledger_is_told_as_failed(tmp_path: Path) -> None:
    names = [f"n{number}" for number in range(AT_ONCE)]
    _, entries = told(tmp_path / "journal", [*names[:-1], "unwritable", "later"])
    codes = {each.call_id: each.code for each in entries if isinstance(each, CallFailed)}
    assert codes == dict.fromkeys([*names[:-1], "unwritable"], "InternalFailure")
    assert [each.call_id for each in entries if isinstance(each, CallAnswered)] == ["later"]


def test_a_call_that_an_answer_gives_rise_to_has_no_second_worker(tmp_path: Path) -> None:
    async def run() -> list[str]:
        journal = Journal(tmp_path / "journal")
        loop = LiveLoop(Engine(world_of(HostingConfig())), journal, WorldClock.starting(1.0))
        slips = Slips()
        bookkeeper = Bookkeeper(loop, slips, print)
        told = loop.submit_all
        new: list[bool] = []

        def answered(events: Any) -> None:
            told(events)
            if len(new) < 3:
                new.append(bookkeeper.add(call(f"next {len(new)}")))

        loop.submit_all = answered
        assert bookkeeper.add(call("first"))
        await bookkeeper.work()
        assert new == [False] * 3
        assert bookkeeper.add(call("later"))
        await bookkeeper.work()
        bookkeeper.close()
        loop.close()
        journal.close()
        return slips.calls

    assert asyncio.run(run()) == ["first", "next 0", "next 1", "next 2", "later"]
