"""Sending requests open loop: each leaves at its time, whether or not earlier ones have answered.

The sender is a process of its own, so that drawing progress does not delay it. What it measures
stands in files that whoever started it can read meanwhile. It says on its standard output that it
is ready, and is told on its standard input when to begin.
"""

import asyncio
import os
import resource
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httptools
import msgspec
import numpy as np
import uvloop
from numpy.typing import NDArray

from understudy.runtimes.isolation import die_with_parent
from understudy.runtimes.precise_timer import PreciseTimer

PENDING, UNREACHABLE = 0, -1
"""Statuses of a request beside those of HTTP: not answered yet, and no connection."""


class Plan(msgspec.Struct, frozen=True):
    """What to send where. ``patience`` is how long, in real seconds, the last answers may take."""

    host: str
    port: int
    path: str
    headers: dict[str, str]
    body: bytes
    patience: float


@dataclass(frozen=True, slots=True)
class Results:
    """One row for each request: when it left, how long it took (real s), and its status."""

    sent: NDArray[np.float64]
    latency: NDArray[np.float64]
    status: NDArray[np.int16]

    @staticmethod
    def open(folder: Path, mode: Any) -> "Results":
        """The results in a folder, as they stand now and as they go on."""
        return Results(
            *(np.load(folder / f"{name}.npy", mmap_mode=mode) for name in Results.__slots__)
        )

    @staticmethod
    def create(folder: Path, count: int) -> "Results":
        """Empty results for so many requests."""
        np.save(folder / "sent.npy", np.full(count, np.nan))
        np.save(folder / "latency.npy", np.full(count, np.nan))
        np.save(folder / "status.npy", np.zeros(count, dtype=np.int16))
        return Results.open(folder, "r+")

    @property
    def ok(self) -> NDArray[np.bool_]:
        """Which requests have succeeded."""
        return self.status == 200


class LoadFailed(Exception):  # noqa: N818 - it is what happened
    """The sender's process has ended before it was done."""


class LoadRun:
    """A load: its sender is up once this has been made, and sends once it has been told `begin`.

    ``times`` are real seconds from the beginning.
    """

    def __init__(self, folder: Path, plan: Plan, times: NDArray[np.float64]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "times.npy", times)
        (folder / "plan.msgpack").write_bytes(msgspec.msgpack.encode(plan))
        self.results = Results.create(folder, len(times))
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "understudy.live.load", str(folder), str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )

    def begin(self, head_start: float) -> float:
        """Wait until the sender is ready, and have it begin so many seconds later.

        That moment comes back, as a reading of ``time.monotonic``. Raises LoadFailed.
        """
        order, ready = self._process.stdin, self._process.stdout
        assert order is not None
        assert ready is not None
        with order, ready:
            if not ready.readline():
                raise self._failure()
            moment = time.monotonic() + head_start
            order.write(f"{moment!r}\n".encode())
        return moment

    def is_running(self) -> bool:
        """Whether requests are still being sent or waited for. Raises LoadFailed."""
        code = self._process.poll()
        if code:
            raise self._failure()
        return code is None

    def _failure(self) -> LoadFailed:
        code = self._process.wait()
        last = self._log.read_text(errors="replace").strip().splitlines()[-1:]
        return LoadFailed(f"the sender of requests ended with code {code}: {''.join(last)}")

    def stop(self) -> None:
        """Send nothing more."""
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait()


class _Connection(asyncio.Protocol):
    """A kept-alive connection that carries one request at a time."""

    def __init__(self, sender: "Sender") -> None:
        self._sender = sender
        self._request = -1
        self._parser: Any = None
        self.transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def send(self, request: int) -> None:
        """Send a request."""
        self._request = request
        self._parser = httptools.HttpResponseParser(self)
        self.transport.write(self._sender.message)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """The answer is there."""
        keep = self._parser.should_keep_alive()
        self._end(self._parser.get_status_code())
        if keep:
            self._sender.idle.append(self)
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(UNREACHABLE)
        if self in self._sender.idle:
            self._sender.idle.remove(self)

    def _end(self, status: int) -> None:
        if self._request >= 0:
            self._sender.finish(self._request, status)
            self._request = -1


class Sender:
    """Sends the requests of a plan at their times."""

    def __init__(self, plan: Plan, times: NDArray[np.float64], results: Results) -> None:
        self.results = results
        self.idle: deque[_Connection] = deque()
        self._plan = plan
        self._times = times
        self._next = 0
        self._open = 0
        self.message = _message(plan)
        self._connecting: set[asyncio.Task[None]] = set()
        self._done = asyncio.Event()

    async def run(self) -> None:
        """Send everything and wait for the answers, at most as long as the plan's patience."""
        self._timer = PreciseTimer(asyncio.get_running_loop())
        self._due()
        try:
            last = self._times[-1] if len(self._times) else time.monotonic()
            wait = last + self._plan.patience - time.monotonic()
            await asyncio.wait_for(self._done.wait(), max(wait, 0.1))
        except TimeoutError:
            self._give_up()
        self._timer.close()

    def _due(self) -> None:
        """Send all requests whose time has come, and arrange for the next."""
        now = time.monotonic()
        while self._next < len(self._times) and self._times[self._next] <= now:
            self._dispatch(self._next)
            self._next += 1
        if self._next < len(self._times):
            self._timer.call_at(float(self._times[self._next]), self._due)
        self._check_done()

    def _dispatch(self, request: int) -> None:
        """Send a request over an idle connection or a new one, and measure from now on."""
        self.results.sent[request] = time.monotonic()
        self._open += 1
        while self.idle:
            connection = self.idle.pop()
            if not connection.transport.is_closing():
                connection.send(request)
                return
        connecting = asyncio.get_running_loop().create_task(self._connect(request))
        self._connecting.add(connecting)
        connecting.add_done_callback(self._connecting.discard)

    async def _connect(self, request: int) -> None:
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: _Connection(self), self._plan.host, self._plan.port
            )
        except OSError:
            self.finish(request, UNREACHABLE)
            return
        connection.send(request)

    def finish(self, request: int, status: int) -> None:
        """A request has been answered, or never will be."""
        self.results.latency[request] = time.monotonic() - self.results.sent[request]
        self.results.status[request] = status
        self._open -= 1
        self._check_done()

    def _check_done(self) -> None:
        if self._next == len(self._times) and not self._open:
            self._done.set()

    def _give_up(self) -> None:
        """What has not been answered by now counts as unreachable."""
        unanswered = np.flatnonzero(self.results.status == PENDING)
        self.results.status[unanswered] = UNREACHABLE


def _message(plan: Plan) -> bytes:
    headers = {
        "host": f"{plan.host}:{plan.port}",  # a load balancer goes by its own name
        "content-length": str(len(plan.body)),
        **plan.headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {plan.path} HTTP/1.1\r\n{lines}\r\n".encode() + plan.body


def main() -> None:
    """Run the plan in a folder, for as long as the parent process is there."""
    folder = Path(sys.argv[1])
    die_with_parent(int(sys.argv[2]))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    plan = msgspec.msgpack.decode((folder / "plan.msgpack").read_bytes(), type=Plan)
    times, results = np.load(folder / "times.npy"), Results.open(folder, "r+")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    begin = float(sys.stdin.readline())
    uvloop.run(Sender(plan, times + begin, results).run())


if __name__ == "__main__":
    main()
