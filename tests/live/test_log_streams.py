"""What containers write is in CloudWatch Logs, each line once."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from understudy.bookkeeping.moto import Books
from understudy.control.events import Params
from understudy.control.task import TaskContainer
from understudy.live.log_streams import LogStreams
from understudy.runtimes.programs import NotRun
from understudy.testing.heard import Heard, loop_of
from understudy.testing.outside import Pages

REGION, GROUP, STREAM = "eu-west-1", "/ecs/web", "web/app/0f"
PATIENCE = 20.0


def container(**changes: Any) -> TaskContainer:
    return TaskContainer("app", "nginx", log_group=GROUP, log_stream=STREAM, **changes)


def call(books: Books, operation: str, **params: Any) -> Params:
    return books.call("logs", operation, params, REGION)


def messages(books: Books, stream: str = STREAM) -> list[str]:
    """As a client reads them."""
    found = call(
        books, "GetLogEvents", logGroupName=GROUP, logStreamName=stream, startFromHead=True
    )
    return [each["message"] for each in found["events"]]


def streams(books: Books, heard: Heard) -> LogStreams:
    """Those of an engine that keeps its logs in these books."""

    async def keep(operation: str, params: Params, region: str, call_id: str) -> Params:
        return books.call("logs", operation, params, region, call_id)

    return LogStreams(loop_of(heard), keep)


async def until(books: Books, expected: list[str]) -> None:
    async with asyncio.timeout(PATIENCE):
        while messages(books) != expected:
            await asyncio.sleep(0.05)


def test_lines_are_events_and_none_comes_twice_after_a_restart(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("")

    async def story() -> None:
        books = Books(Pages())
        call(books, "CreateLogGroup", logGroupName=GROUP)
        heard = Heard(speed=1e6)  # Its world is soon days ahead of the clock.
        before = streams(books, heard)
        await before.follow("task#app", container(), REGION, log)
        running = asyncio.create_task(before.run())
        log.write_text("one\n\ntwo \u2713\nthr")
        await until(books, ["one", "two \u2713"])
        running.cancel()
        log.write_text("one\n\ntwo \u2713\nthree\nlast words")
        after = streams(books, heard)
        await after.follow("task#app", container(), REGION, log)
        running = asyncio.create_task(after.run())
        await until(books, ["one", "two \u2713", "three"])
        after.end("task#app")
        await until(books, ["one", "two \u2713", "three", "last words"])
        running.cancel()

    asyncio.run(story())


def test_a_container_does_not_start_without_its_group(tmp_path: Path) -> None:
    books = Books(Pages())
    with pytest.raises(NotRun, match="The specified log group does not exist") as refused:
        asyncio.run(streams(books, Heard()).follow("a", container(), REGION, tmp_path / "log"))
    assert refused.value.reason.startswith("ResourceInitializationError: failed to validate logger")


def test_the_group_is_made_where_that_is_wanted(tmp_path: Path) -> None:
    books = Books(Pages())
    wanted = container(log_create_group=True, log_region=REGION)
    asyncio.run(streams(books, Heard()).follow("a", wanted, "us-east-1", tmp_path / "log"))
    assert messages(books) == []
