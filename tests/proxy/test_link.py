"""Starting, ending and losing the data plane's process."""

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
import uvloop

import understudy
from understudy.base.diagnostic import InvalidInput
from understudy.base.framing import Unframer
from understudy.control.events import BalancerReached
from understudy.proxy.front import EngineLine, Engines
from understudy.proxy.link import DataPlane
from understudy.proxy.messages import FromProxy, Ready, Report, SetClock, Settings
from understudy.testing.servers import Server, always, ok

pytestmark = pytest.mark.processes

PARENT = """
import asyncio, pathlib, signal
from understudy.proxy.link import DataPlane

async def main():
    # As the engine has it: by default a Ctrl-C just before the loop begins to wait is not seen.
    loop, us = asyncio.get_running_loop(), asyncio.current_task()
    loop.add_signal_handler(signal.SIGINT, us.cancel)
    link = DataPlane()
    await link.start("127.0.0.1", 0, pathlib.Path("/nowhere"))
    print(link.pid, flush=True)
    {then}

asyncio.run(main())
"""


@contextmanager
def parent(then: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that has started a data plane, and a descriptor that tells when that has ended."""
    source = str(Path(understudy.__file__).parent.parent)
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(then=then)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": source},
        text=True,
    )
    assert process.stdout is not None
    child = os.pidfd_open(int(process.stdout.readline()))
    try:
        yield process, child
    finally:
        os.close(child)
        process.kill()
        process.wait()
        process.stdout.close()


def ended(child: int) -> bool:
    """Whether a process ends within a few seconds."""
    readable, _, _ = select.select([child], [], [], 5.0)
    return bool(readable)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_data_plane_dies_with_its_parent(how: signal.Signals) -> None:
    with parent("await asyncio.sleep(60)") as (process, child):
        process.send_signal(how)
        assert ended(child)


def test_the_data_plane_dies_with_a_parent_that_just_ends() -> None:
    with parent("return") as (process, child):
        assert ended(child)
        assert process.wait(5) == 0


def test_the_data_plane_dies_while_its_parent_is_stopped_and_killed() -> None:
    with parent("await asyncio.sleep(60)") as (process, child):
        process.send_signal(signal.SIGSTOP)
        process.send_signal(signal.SIGKILL)
        assert ended(child)


@asynccontextmanager
async def started(folder: Path, settings: Settings | None = None) -> AsyncIterator[DataPlane]:
    link = DataPlane(settings)
    await link.start("127.0.0.1", 0, folder / "control.sock")
    try:
        yield link
    finally:
        await link.stop()


def test_stopping_ends_the_process_and_the_messages(tmp_path: Path) -> None:
    async def story() -> int:
        async with started(tmp_path) as link:
            child = os.pidfd_open(link.pid)
            listening = asyncio.create_task(anext(aiter(link), None))
        assert await listening is None
        return child

    child = asyncio.run(story())
    assert ended(child)
    os.close(child)


def test_a_data_plane_that_is_lost_is_an_error(tmp_path: Path) -> None:
    async def story() -> None:
        async with started(tmp_path) as link:
            os.kill(link.pid, signal.SIGKILL)
            with pytest.raises(ConnectionError, match="ended with code -9"):
                async for _ in link:
                    pass

    asyncio.run(story())


def test_control_c_is_left_to_the_engine(tmp_path: Path) -> None:
    async def story() -> None:
        async with started(tmp_path, Settings(report_interval=0.01)) as link:
            os.kill(link.pid, signal.SIGINT)
            link.send(SetClock(0.0, 0.0, 1.0))
            assert isinstance(await anext(aiter(link)), Report)

    asyncio.run(story())


def test_reports_come_while_nothing_happens(tmp_path: Path) -> None:
    async def story() -> list[float]:
        async with started(tmp_path, Settings(report_interval=0.01)) as link:
            link.send(SetClock(0.0, 0.0, 1000.0))
            messages = aiter(link)
            return [(await anext(messages)).watermark for _ in range(20)]

    watermarks = asyncio.run(story())
    assert watermarks == sorted(watermarks)
    assert watermarks[-1] > watermarks[0]


def test_a_port_of_another_program_is_named(tmp_path: Path) -> None:
    async def story() -> str:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(InvalidInput) as caught:
                await DataPlane().start("127.0.0.1", port, tmp_path / "control.sock")
            return str(caught.value).replace(str(port), "PORT")

    assert asyncio.run(story()) == (
        "error: Port PORT of 127.0.0.1 is already in use by another program.\n"
        "  -> Stop that program, or choose another port; port 0 picks a free one."
    )


def test_a_port_of_another_understudy_is_named(tmp_path: Path) -> None:
    async def story() -> str:
        control = await Server(always(ok(b"{}"))).listen(tmp_path / "control.sock")
        link = DataPlane()
        ready = await link.start("127.0.0.1", 0, tmp_path / "control.sock")
        with pytest.raises(InvalidInput) as caught:
            await DataPlane().start("127.0.0.1", ready.port, tmp_path / "control.sock")
        await link.stop()
        await control.close()
        assert control.seen[0].first == "GET /_understudy/status HTTP/1.0"
        return str(caught.value).replace(str(ready.port), "PORT")

    assert asyncio.run(story()) == (
        "error: Port PORT of 127.0.0.1 is already in use by another Understudy.\n"
        "  -> Use that one, stop it, or choose another port; port 0 picks a free one."
    )


def test_an_address_that_is_not_ours_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"Cannot listen on port 0 of 192\.0\.2\.1"):
        asyncio.run(DataPlane().start("192.0.2.1", 0, tmp_path / "control.sock"))


def test_what_is_said_as_the_engine_goes_is_kept_for_the_next() -> None:
    """The moment between its end and our knowing of it: the transport takes nothing any more."""
    said = BalancerReached(1.0, "us-east-1", "arn", "http://front")

    async def story() -> list[object]:
        loop = asyncio.get_running_loop()
        engines = Engines()

        async def meet() -> tuple[EngineLine, socket.socket]:
            ours, theirs = socket.socketpair()
            line = EngineLine(lambda _: None)
            await loop.create_unix_connection(lambda: line, sock=ours)
            engines.meet(line, Ready("127.0.0.1", 1))
            return line, theirs

        first, theirs = await meet()
        spoken = loop.create_future()

        def speak(_: object) -> None:
            engines.send(said)
            spoken.set_result(None)

        first.cut.add_done_callback(speak)
        theirs.close()
        await spoken
        _, theirs = await meet()
        with theirs:
            heard = await asyncio.to_thread(theirs.recv, 4096)
        return list(Unframer(FromProxy).feed(heard))

    assert uvloop.run(asyncio.wait_for(story(), 5)) == [Ready("127.0.0.1", 1), said]
