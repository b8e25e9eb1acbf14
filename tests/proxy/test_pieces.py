"""Requests and answers are what they are, in whatever pieces they come, and however often."""

import asyncio
import socket
from typing import Any, ClassVar

import pytest

from understudy.proxy.connection import Client, Head, Headers
from understudy.proxy.outbox import Outbox
from understudy.proxy.upstream import Pool, Upstream

ONE = b"GET /one HTTP/1.1\r\nHost: a\r\n\r\n"
TWO = b"POST /two HTTP/1.1\r\nContent-Length: 3\r\n\r\n"
ODD = b"POST /odd HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nodd\r\n0\r\n\r\n"
SAME = b"POST /x HTTP/1.1\r\nContent-Length: 0\r\n"
MORE = b"POST /x HTTP/1.1\r\nContent-Length: 40\r\n\r\n"
UPGRADE = b"GET /up HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"


Note = tuple[bytes, bool, bytes]
"""The target of a request, whether its body comes in chunks, and that body."""


class Noted:
    """An exchange that notes its request, and answers when that is complete."""

    tunnels: ClassVar[bool] = False

    def __init__(self, head: Head, client: Client, notes: list[Note]) -> None:
        self.head = head
        self.client = client
        self.notes = notes
        self.parts: list[bytes] = []

    def begin(self) -> None:
        """Nothing yet."""

    def body(self, data: bytes) -> None:
        """Keep it."""
        self.parts.append(data)

    def end(self, trailers: Headers) -> None:
        """Note it."""
        self.notes.append((self.head.target, self.head.chunked, b"".join(self.parts)))
        self.client.answered(keep_alive=self.head.keep_alive)

    def writable(self, *, yes: bool) -> None:
        """Nothing is written."""

    def lost(self) -> None:
        """Nothing is waited for."""

    def raw(self, data: bytes) -> None:
        """No other protocol is offered."""


async def noted(pieces: list[bytes]) -> list[Note]:
    """What requests a connection sees whose bytes come in these pieces."""
    notes: list[Note] = []
    client = Client(lambda head, client: Noted(head, client, notes), Outbox())
    ours, theirs = socket.socketpair()
    with theirs:
        await asyncio.get_running_loop().connect_accepted_socket(lambda: client, ours)
        for piece in pieces:
            client.data_received(piece)
        client.close()
    return notes


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([ONE] * 5, id="alone"),
        pytest.param([TWO + b"two"] * 5, id="with a body"),
        pytest.param([ODD] * 4, id="in chunks"),
        pytest.param([UPGRADE] * 4, id="with another protocol that is not to be had"),
        pytest.param([ONE, ONE, ONE, ONE + ONE, ONE + ONE, ONE + ONE, ONE], id="two in one piece"),
        pytest.param([ONE, ONE, ONE, ONE[:20], ONE[20:], ONE], id="in two pieces"),
        pytest.param([TWO, b"two"] * 4, id="head and body apart"),
        pytest.param([TWO, b"GET"] * 3 + [TWO, b"GET", ONE], id="a body that might be a method"),
        pytest.param([ONE, ONE, ONE, b"\r\n" + ONE, ONE, ONE], id="behind a blank line"),
        pytest.param([TWO + b"two"] * 3 + [TWO, ONE[:3], ONE, ONE], id="as part of a body"),
        pytest.param([ONE] * 3 + [TWO + b"two"] * 3 + [TWO + b"too"], id="all but a byte"),
        pytest.param([TWO + b"two" + ONE[:9], ONE[9:]] * 4, id="with a piece of another"),
        pytest.param([ONE + TWO, b"two" + ONE + TWO, *[b"two" + ONE + TWO] * 3], id="shifted"),
        pytest.param([TWO, *[b"two" + TWO] * 4, b"two"], id="each with the next one's head"),
        pytest.param([TWO + b"t", *[b"wo" + TWO + b"t"] * 4, b"wo"], id="and some of its body"),
        pytest.param([SAME + b"\r\n" + MORE] * 3, id="a body as long as its own head"),
        pytest.param([ONE[:9], *[ONE[9:] + ONE[:9]] * 4, ONE[9:]], id="across their first lines"),
    ],
)
def test_requests_are_the_same_in_whatever_pieces_they_come(pieces: list[bytes]) -> None:
    stream = b"".join(pieces)
    byte_by_byte = [bytes((each,)) for each in stream]
    assert asyncio.run(noted(pieces)) == asyncio.run(noted(byte_by_byte))


def test_a_trailer_that_says_how_long_a_body_is_ends_the_connection() -> None:
    odd = ODD.removesuffix(b"\r\n") + b"Transfer-Encoding: chunked\r\n\r\n"
    assert asyncio.run(noted([odd + TWO + b"two"])) == []


def test_a_connection_that_is_not_kept_ends_with_its_request() -> None:
    last = b"GET /last HTTP/1.1\r\nConnection: close\r\n\r\n"
    assert asyncio.run(noted([last] * 4)) == [(b"/last", False, b"")]


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
GONE = b"HTTP/1.1 410 Gone\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
NONE = b"HTTP/1.1 204 No Content\r\n\r\n"
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"


class Waiting:
    """Waits for an answer."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.outcome = ""

    def connected(self, upstream: Upstream) -> None:
        """The connection is there already."""

    def unreachable(self, error: OSError) -> None:
        """It is there."""

    def received(self, data: bytes) -> None:
        """Keep it."""
        self.got.append(data)

    def complete(self, upstream: Upstream) -> None:
        """Note how it ended."""
        self.outcome = f"{upstream.status} {upstream.keep_alive}"

    def broken(self, upstream: Upstream) -> None:
        """Note that, too."""
        self.outcome = "broken"

    def accepting(self, *, yes: bool) -> None:
        """Nothing is sent."""


async def answers(all_pieces: list[list[bytes]], *, head_only: bool = False) -> list[str]:
    """What the answers are taken for that come one after the other on one connection."""

    async def connect(_: Any) -> Any:
        raise ConnectionRefusedError

    upstream = Upstream(Pool(connect))
    ours, theirs = socket.socketpair()
    outcomes: list[str] = []
    with theirs:
        await asyncio.get_running_loop().connect_accepted_socket(lambda: upstream, ours)
        for pieces in all_pieces:
            waiting = Waiting()
            upstream.begin(waiting, head_only=head_only)
            upstream.sent = True
            for piece in pieces:
                upstream.data_received(piece)
            assert waiting.got == pieces
            outcomes.append(waiting.outcome)
        upstream.retire()
        await asyncio.sleep(0)
    return outcomes


@pytest.mark.parametrize(
    ("pieces", "outcomes"),
    [
        pytest.param([[OK]] * 4, ["200 True"] * 4, id="alone"),
        pytest.param([[CHUNKS]] * 4, ["200 True"] * 4, id="in chunks"),
        pytest.param([[NONE]] * 4, ["204 True"] * 4, id="without a body"),
        pytest.param([[OK[:30], OK[30:]], *[[OK]] * 3], ["200 True"] * 4, id="first in two pieces"),
        pytest.param([[OK]] * 3 + [[GONE]], ["200 True"] * 3 + ["410 False"], id="another at last"),
        pytest.param([[OK]] * 3 + [[OK[:-1], OK[-1:]]], ["200 True"] * 4, id="in two at last"),
        pytest.param([[GO_ON, OK]] * 4, ["200 True"] * 4, id="behind an interim one"),
        pytest.param([[OK]] * 3 + [[GO_ON + OK]] * 3, ["200 True"] * 6, id="with an interim one"),
        pytest.param([[OK]] * 3 + [[OK[:-1]]], ["200 True"] * 3 + [""], id="incomplete at last"),
    ],
)
def test_answers_are_the_same_in_whatever_pieces_they_come(
    pieces: list[list[bytes]], outcomes: list[str]
) -> None:
    assert asyncio.run(answers(pieces)) == outcomes


def test_an_answer_to_head_has_no_body_however_often_it_comes() -> None:
    head = OK.removesuffix(b"ok")
    assert asyncio.run(answers([[head]] * 4, head_only=True)) == ["200 True"] * 4
