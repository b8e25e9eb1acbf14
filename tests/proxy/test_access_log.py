"""The access log of a load balancer that serves."""

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pytest

from understudy.balancing.actions import FixedResponse, Redirect
from understudy.balancing.rules import Condition, Rule
from understudy.proxy.messages import Logged
from understudy.testing.data_plane import Plane
from understudy.testing.load_balancers import ask, balancer, forward, group, serve, target
from understudy.testing.servers import Message, Server, ok

pytestmark = pytest.mark.processes

Run = Callable[..., Any]
Make = Callable[..., Server]
ON = {"access_logs.s3.enabled": "true", "access_logs.s3.bucket": "logs"}
RULES = (
    Rule("moved", (Condition("path-pattern", ("/old*",)),), Redirect(301, path="/new"), (), 10),
    Rule("said", (Condition("path-pattern", ("/said",)),), FixedResponse(404, body="no"), (), 20),
    forward("web"),
)
FIELD = re.compile(r'"(?:[^"\\]|\\.)*"|\S+')


async def logged(plane: Plane, count: int) -> list[list[str]]:
    """The fields of the lines that have been told."""

    def lines() -> list[str]:
        return [each for said in plane.said if isinstance(said, Logged) for each in said.lines]

    await plane.until(lambda: len(lines()) >= count or None)
    return [FIELD.findall(each) for each in lines()]


def test_each_request_leaves_a_line(plane: Plane, run: Run, model: Make) -> None:
    server = model(ok(b"hello"))

    async def story() -> list[list[str]]:
        told = balancer(group(target(server)), rules=RULES, attributes=ON)
        port = await serve(plane, told)
        await ask(port, "User-Agent: probe", first="POST /a?b=c HTTP/1.1", body=b"12345")
        await ask(port, first="GET /older HTTP/1.1")
        await ask(port, first="GET /said HTTP/1.1")
        return await logged(plane, 3)

    served, moved, said = run(story())
    assert served[0] == "http"
    assert served[4] == f"{server.host}:80"
    assert all(0 <= float(each) < 5 for each in served[5:8])
    assert served[8:10] == ["200", "200"]
    assert int(served[10]) > 5
    assert int(served[11]) > len("hello")
    assert served[12].startswith('"POST http://shop.example.com:')
    assert served[12].endswith('/a?b=c HTTP/1.1"')
    assert served[13] == '"probe"'
    assert served[17].startswith('"Root=1-')
    assert served[20] == "0"
    assert (served[22], served[29][:4]) == ('"forward"', "TID_")
    assert (moved[8], moved[9], moved[20], moved[22]) == ("301", "-", "10", '"redirect"')
    assert moved[23].endswith('/new"')
    assert (said[8], said[20], said[22]) == ("404", "20", '"fixed-response"')


def test_targets_that_fail_and_clients_that_leave_are_seen(
    plane: Plane, run: Run, model: Make
) -> None:
    async def silent(head: Message, reader: Any, writer: Any) -> None:
        await reader.read()  # until it is hung up on

    async def closes(head: Message, reader: Any, writer: Any) -> None:
        writer.close()

    closing, slow = model(closes), model(silent)

    async def story() -> list[list[str]]:
        port = await serve(plane, balancer(group(target(closing)), attributes=ON))
        await ask(port, first="POST / HTTP/1.1", body=b"1")
        found = await logged(plane, 1)
        port = await serve(plane, balancer(group(target(slow)), attributes=ON))
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        while not slow.seen:
            await asyncio.sleep(0.01)
        writer.close()
        found += await logged(plane, 1)
        port = await serve(plane, balancer(group(), attributes=ON))
        await ask(port)
        return found + await logged(plane, 1)

    bad, left, none = run(story())
    assert (bad[4], bad[6:10]) == (f"{closing.host}:80", ["-1", "-1", "502", "-"])
    assert (left[4], left[6:10]) == (f"{slow.host}:80", ["-1", "-1", "460", "-"])
    assert (none[4], none[5:10]) == ("-", ["-1", "-1", "-1", "503", "-"])


def test_nothing_is_logged_unless_wanted(plane: Plane, run: Run, model: Make) -> None:
    server = model()

    async def story() -> None:
        port = await serve(plane, balancer(group(target(server))))
        await ask(port)
        other = await serve(plane, balancer(group(target(server)), attributes=ON))
        await ask(other)
        assert len(await logged(plane, 1)) == 1

    run(story())
