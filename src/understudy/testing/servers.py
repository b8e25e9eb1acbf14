"""HTTP servers whose behaviour a test scripts, and the messages that pass."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer. ``first`` is its first line; header names are as on the wire."""

    first: str
    headers: Headers = ()
    body: bytes = b""
    trailers: Headers = ()

    @property
    def status(self) -> int:
        """The status of an answer."""
        return int(self.first.split()[1])

    def header(self, name: str) -> str | None:
        """The value of the first header of that name, in whatever case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


async def read_head(reader: asyncio.StreamReader) -> Message:
    """The head of the next message. Raises IncompleteReadError at the end of the stream."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    return Message(lines[0], _headers(lines[1:]))


async def read_body(reader: asyncio.StreamReader, head: Message) -> Message:
    """The message with its body: chunked, of a length, or none."""
    if "chunked" in (head.header("transfer-encoding") or ""):
        parts: list[bytes] = []
        while size := int((await reader.readline()).split(b";")[0], 16):
            parts.append(await reader.readexactly(size))
            await reader.readexactly(2)
        trailers: list[str] = []
        while (line := await reader.readline()) != b"\r\n":
            trailers.append(line.decode("latin-1").rstrip("\r\n"))
        return Message(head.first, head.headers, b"".join(parts), _headers(trailers))
    length = int(head.header("content-length") or 0)
    return Message(head.first, head.headers, await reader.readexactly(length))


async def read_message(reader: asyncio.StreamReader) -> Message:
    """The next message, whole."""
    return await read_body(reader, await read_head(reader))


def ok(body: bytes = b"", *lines: str, status: str = "200 OK") -> bytes:
    """An answer with a body and further header lines."""
    head = "\r\n".join((f"HTTP/1.1 {status}", *lines, f"Content-Length: {len(body)}", "", ""))
    return head.encode() + body


Answer = Callable[[Message, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Answers a request of which only the head has been read."""


def always(answer: bytes) -> Answer:
    """Read the whole request and answer the same each time."""

    async def reply(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await read_body(reader, head)
        writer.write(answer)

    return reply


class Server:
    """Serves keep-alive connections. ``seen`` are the heads that came, ``connections`` how many."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.seen: list[Message] = []
        self.connections = 0
        self.host = "127.0.0.1"
        self.port = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def listen(self, address: Path | int = 0) -> "Server":
        """Listen at a port of the loopback interface (0 is any), or at a unix socket."""
        if isinstance(address, Path):
            self._server = await asyncio.start_unix_server(self._serve, address)
        else:
            self._server = await asyncio.start_server(self._serve, self.host, address)
            self.port = self._server.sockets[0].getsockname()[1]
        return self

    def hang_up(self) -> None:
        """Reset every connection, in the middle of whatever it does."""
        for writer in tuple(self._open):
            writer.transport.abort()

    def stop_listening(self) -> None:
        """Take no new connection; those that there are go on."""
        if self._server is not None:
            self._server.close()

    async def close(self) -> None:
        """Listen no more, and hang up."""
        if self._server is not None:
            self._server.close()
        self.hang_up()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                while not writer.is_closing():
                    head = await read_head(reader)
                    self.seen.append(head)
                    await self.answer(head, reader, writer)
                    await writer.drain()
        finally:
            self._open.discard(writer)
            writer.close()


def _headers(lines: list[str]) -> Headers:
    pairs = (line.split(": ", 1) for line in lines if line)
    return tuple((name, value) for name, value in pairs)
