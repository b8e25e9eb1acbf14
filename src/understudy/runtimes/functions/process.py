"""Functions as processes: each serves one call at a time, and stays warm for the next."""

import asyncio
import contextlib
import json
import os
import signal
from dataclasses import dataclass, field
from typing import Any

from understudy.runtimes.functions.sandbox import FunctionSpec, command, environment

LARGEST_ANSWER = 8 * 1024 * 1024
"""Bytes; AWS allows 6 MB of a synchronous answer."""
WARM_SECONDS = 300.0
"""How long (real time) a process without calls is kept."""
LOG_TAIL = 4096
"""AWS: Invoke, LogResult: the last 4 KB of the log."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: JSON text, whether the function failed, the last of its log."""

    payload: str
    failed: bool
    log: bytes


@dataclass(slots=True)
class _Process:
    """A running function."""

    process: asyncio.subprocess.Process
    answers: asyncio.StreamReader
    transport: asyncio.BaseTransport
    expiry: asyncio.TimerHandle | None = None

    def end(self) -> None:
        """Kill it, and all that it has started."""
        if self.expiry is not None:
            self.expiry.cancel()
        self.transport.close()
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


@dataclass(slots=True)
class Functions:
    """The processes of all functions. ``close`` ends them."""

    _idle: dict[tuple[str, str], list[_Process]] = field(
        default_factory=dict[tuple[str, str], list[_Process]]
    )
    _live: dict[int, _Process] = field(default_factory=dict[int, _Process])

    async def call(self, spec: FunctionSpec, request_id: str, event: Any) -> Outcome:
        """Run a function on an event, within its time. Raises Fault where it cannot start."""
        log = spec.scratch.parent / "log"
        spec.scratch.mkdir(parents=True, exist_ok=True)
        before = log.stat().st_size if log.exists() else 0
        process = await self._taken(spec)
        call = {"event": event, "request_id": request_id, "arn": spec.arn, "timeout": spec.timeout}
        answer: bytes = b""
        payload = ""
        try:
            async with asyncio.timeout(spec.timeout):
                answer = await _asked(process, json.dumps(call).encode() + b"\n")
        except TimeoutError:
            payload = _timed_out(spec, request_id)
        except BaseException:
            self._end(process)
            raise
        if not answer:
            if not payload:  # it has closed its pipe, so it is ending by itself
                payload = _exited(request_id, await process.process.wait())
            self._end(process)
            await process.process.wait()
            return Outcome(payload, failed=True, log=_tail(spec, before))
        said: dict[str, Any] = json.loads(answer)
        self._give_back(spec, process)
        return Outcome(said["payload"], failed=not said["ok"], log=_tail(spec, before))

    async def _taken(self, spec: FunctionSpec) -> _Process:
        waiting = self._idle.get((spec.arn, spec.revision), [])
        while waiting:
            process = waiting.pop()
            if process.expiry is not None:
                process.expiry.cancel()
            if process.process.returncode is None:
                return process
            self._end(process)
        return await self._started(spec)

    async def _started(self, spec: FunctionSpec) -> _Process:
        reading, writing = os.pipe()
        with (spec.scratch.parent / "log").open("ab") as log:
            try:
                process = await asyncio.create_subprocess_exec(
                    *command(spec),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    pass_fds=(writing,),
                    cwd=spec.code,
                    env={**environment(spec), "_UNDERSTUDY_ANSWERS": str(writing)},
                    start_new_session=True,
                )
            except BaseException:
                os.close(reading)
                raise
            finally:
                os.close(writing)
        answers = asyncio.StreamReader(limit=LARGEST_ANSWER)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(answers), os.fdopen(reading, "rb", buffering=0)
        )
        started = _Process(process, answers, transport)
        self._live[process.pid] = started
        return started

    def _give_back(self, spec: FunctionSpec, process: _Process) -> None:
        key = spec.arn, spec.revision
        for other in [each for each in self._idle if each[0] == spec.arn and each != key]:
            for old in self._idle.pop(other):  # An older revision is not called again.
                self._end(old)
        self._idle.setdefault(key, []).append(process)
        loop = asyncio.get_running_loop()
        process.expiry = loop.call_later(WARM_SECONDS, self._expire, key, process)

    def _expire(self, key: tuple[str, str], process: _Process) -> None:
        if process in self._idle.get(key, []):
            self._idle[key].remove(process)
        self._end(process)

    def _end(self, process: _Process) -> None:
        self._live.pop(process.process.pid, None)
        process.end()

    async def close(self) -> None:
        """End every process."""
        processes = list(self._live.values())
        for process in processes:
            self._end(process)
        await asyncio.gather(*(each.process.wait() for each in processes))


async def _asked(process: _Process, line: bytes) -> bytes:
    """The line that a process answers; empty where it has ended instead."""
    stdin = process.process.stdin
    if stdin is None:
        raise AssertionError("a function is started with a pipe")
    try:
        stdin.write(line)
        await stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        return b""
    return await process.answers.readline()


def _timed_out(spec: FunctionSpec, request_id: str) -> str:
    return json.dumps(
        {
            "errorType": "Sandbox.Timedout",
            "errorMessage": f"RequestId: {request_id} Error: Task timed out after "
            f"{spec.timeout:.2f} seconds",
        }
    )


def _exited(request_id: str, code: int | None) -> str:
    how = f"signal: {signal.Signals(-code).name}" if code and code < 0 else f"exit status {code}"
    message = f"RequestId: {request_id} Error: Runtime exited with error: {how}"
    return json.dumps({"errorType": "Runtime.ExitError", "errorMessage": message})


def _tail(spec: FunctionSpec, before: int) -> bytes:
    log = spec.scratch.parent / "log"
    with log.open("rb") as file:
        file.seek(max(before, log.stat().st_size - LOG_TAIL))
        return file.read()
