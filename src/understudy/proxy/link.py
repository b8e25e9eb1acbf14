"""The engine's side of the data plane: starting it, and speaking with it."""

import asyncio
import errno
import os
import signal
import socket
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import json, msgpack

import understudy
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.base.framing import PREFIX, framed
from understudy.proxy.messages import FromProxy, Leave, Ready, SetControl, Settings, ToProxy

STOP_SECONDS = 5.0
PROBE_SECONDS = 0.5
MEET_SECONDS = 2.0


class DataPlane:
    """The data plane's process and the line to it. Usable once ``start`` has returned.

    It ends with us, in whatever way we end, unless its settings have it wait for another engine.
    The address is ours: while the process is started anew, connections wait.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self._settings = settings or Settings()
        self._decoder: msgpack.Decoder[Any] = msgpack.Decoder(FromProxy)
        self._stopping = False
        self._process: asyncio.subprocess.Process | Foreign

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def start(self, host: str, port: int, upstream_socket: Path) -> Ready:
        """Listen at an address, forwarding what is no invocation to a unix socket.

        A data plane that an engine before us has left there is taken over as it is. Port 0 picks a
        free one; what comes back says which. Raises InvalidInput where the address cannot be had,
        and ConnectionError where the process does not come up.
        """
        self._upstream_socket = upstream_socket
        if (ready := await self._taken_over(host, port)) is not None:
            return ready
        self._listener = await _bind(host, port)
        try:
            return await self.restart()
        except BaseException:
            self._listener.close()
            raise

    async def restart(self) -> Ready:
        """Start the process again after it has ended. It knows nothing of what it was told before.

        Raises ConnectionError where it does not come up.
        """
        ours, theirs = socket.socketpair()
        self._reader, self._writer = await asyncio.open_unix_connection(sock=ours)
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "understudy.proxy",
                str(self._listener.fileno()),
                str(theirs.fileno()),
                str(self._upstream_socket),
                json.encode(self._settings).decode(),
                pass_fds=(self._listener.fileno(), theirs.fileno()),
                env=os.environ | {"PYTHONPATH": _search_path()},
                start_new_session=True,  # A Ctrl-C is for the engine, which ends it in order.
            )
        ready = await self._receive()
        if not isinstance(ready, Ready):
            raise TypeError(f"The data plane began with {ready!r}.")
        return ready

    async def _taken_over(self, host: str, port: int) -> Ready | None:
        """The data plane that waits for us; None where there is none, or at another address."""
        found = await asyncio.to_thread(_met, self._settings.reunion)
        if found is None:
            return None
        line, self._listener = found
        self._process = Foreign(line)
        self._reader, self._writer = await asyncio.open_unix_connection(sock=line)
        ready = await self._receive()
        assert isinstance(ready, Ready), ready
        if ready.host == host and port in (0, ready.port):
            self.send(SetControl(str(self._upstream_socket)))
            return ready
        await self.stop()
        self._stopping = False
        return None

    def send(self, message: ToProxy) -> None:
        """Tell the data plane. Messages take effect in the order in which they are sent."""
        self._writer.write(framed(message))

    async def __aiter__(self) -> AsyncIterator[FromProxy]:
        """What the data plane has to say, until ``stop``.

        Raises ConnectionError if its process ends otherwise.
        """
        while True:
            try:
                message = await self._receive()
            except ConnectionError:
                if self._stopping:
                    return
                raise
            yield message

    async def stop(self) -> None:
        """End the process and give the address up. Requests in flight are cut."""
        self._stopping = True
        self._listener.close()
        self.send(Leave())
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()
        await self._exit_code()

    def kill(self) -> None:
        """End the process at once."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def _exit_code(self) -> int:
        """How the process ended. It is given a moment to do so by itself."""
        try:
            return await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            self.kill()
            return await self._process.wait()

    async def _receive(self) -> FromProxy:
        try:
            length = int.from_bytes(await self._reader.readexactly(PREFIX), "big")
            return self._decoder.decode(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError):
            self._writer.close()
            code = await self._exit_code()
            raise ConnectionError(f"The data plane's process ended with code {code}.") from None


class Foreign:
    """A process that is no child of ours, at the other end of a unix socket."""

    def __init__(self, line: socket.socket) -> None:
        size = struct.calcsize("3i")
        credentials = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        self.pid: int = struct.unpack("3i", credentials)[0]
        self._pidfd = os.pidfd_open(self.pid)

    async def wait(self) -> int:
        """Return when it has ended; how is not ours to know, so it is taken to be well."""
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        loop.add_reader(self._pidfd, lambda: ended.done() or ended.set_result(None))
        try:
            await ended
        finally:
            loop.remove_reader(self._pidfd)
        return 0

    def kill(self) -> None:
        """End it at once."""
        signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)


def _met(reunion: str) -> tuple[socket.socket, socket.socket] | None:
    """The line to a data plane that waits for an engine, and its listening socket."""
    if not reunion:
        return None
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        line.settimeout(MEET_SECONDS)
        line.connect(f"\0{reunion}")
        _, fds, _, _ = socket.recv_fds(line, 1, 1)
    except OSError:
        fds = []
    if not fds:
        line.close()
        return None
    line.settimeout(0)
    return line, socket.socket(fileno=fds[0])


async def _bind(host: str, port: int) -> socket.socket:
    """A socket bound to the address. Raises InvalidInput, naming the port and who has it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        # Binding alone succeeds beside a socket that is bound but does not listen yet.
        listener.listen()
    except OSError as error:
        listener.close()
        taken = error.errno == errno.EADDRINUSE
        ours = taken and await _is_understudy(host, port)
        raise InvalidInput((_unusable(host, port, error, taken=taken, ours=ours),)) from None
    return listener


def _unusable(host: str, port: int, error: OSError, *, taken: bool, ours: bool) -> Diagnostic:
    if ours:
        summary = f"Port {port} of {host} is already in use by another Understudy."
        action = "Use that one, stop it, or choose another port; port 0 picks a free one."
    elif taken:
        summary = f"Port {port} of {host} is already in use by another program."
        action = "Stop that program, or choose another port; port 0 picks a free one."
    else:
        summary = f"Cannot listen on port {port} of {host}: {error.strerror}."
        action = "Choose another host or port."
    return Diagnostic(summary, action=action)


async def _is_understudy(host: str, port: int) -> bool:
    """Whether ``GET /_understudy/status`` is answered there."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(b"GET /_understudy/status HTTP/1.0\r\nHost: understudy\r\n\r\n")
                first = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return first.split()[1:2] == [b"200"]


def _search_path() -> str:
    """Where our own package is, before whatever else is to be searched."""
    home = str(Path(understudy.__file__).parent.parent)
    rest = os.environ.get("PYTHONPATH")
    return f"{home}{os.pathsep}{rest}" if rest else home
