"""A load balancer serves for real: rules, headers, bodies, stickiness, TLS."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from understudy.balancing.actions import FixedResponse, Forward, Redirect, Transform
from understudy.balancing.rules import Condition, Rule
from understudy.balancing.stickiness import Stickiness
from understudy.control.balancer import (
    BalancedTarget,
)
from understudy.control.events import RemoveBalancer
from understudy.runtimes.addresses import free_port
from understudy.testing.data_plane import Plane
from understudy.testing.load_balancers import (
    REGION,
    ask,
    balancer,
    counted,
    group,
    request,
    serve,
    target,
    until,
)
from understudy.testing.servers import (
    Message,
    Server,
    ok,
    read_body,
    read_head,
    read_message,
)

pytestmark = pytest.mark.processes

Run = Callable[..., Any]
Make = Callable[..., Server]


def test_requests_take_turns_and_carry_where_they_came_from(
    plane: Plane, run: Run, model: Make
) -> None:
    servers = [model(ok(b"a")), model(ok(b"b")), model(ok(b"c"))]

    async def story() -> list[bytes]:
        port = await serve(plane, balancer(group(*map(target, servers))))
        return [
            (await ask(port, "X-Forwarded-For: 203.0.113.7")).body,
            *[(await ask(port)).body for _ in range(5)],
        ]

    assert run(story()) == [b"a", b"b", b"c", b"a", b"b", b"c"]
    first, later = servers[0].seen
    assert first.header("X-Forwarded-For") == "203.0.113.7, 127.0.0.1"
    assert later.header("X-Forwarded-For") == "127.0.0.1"
    assert first.header("X-Forwarded-Proto") == "http"
    assert first.header("Host") == "shop.example.com"
    root = first.header("X-Amzn-Trace-Id") or ""
    assert root.startswith("Root=1-")
    assert root != later.header("X-Amzn-Trace-Id")


def test_a_trace_goes_on_with_ourselves_in_it(plane: Plane, run: Run, model: Make) -> None:
    server = model()

    async def story() -> None:
        port = await serve(plane, balancer(group(target(server))))
        await ask(port, "X-Amzn-Trace-Id: Root=1-67891233-abcdef012345678912345678")

    run(story())
    sent = server.seen[0].header("X-Amzn-Trace-Id") or ""
    assert sent.startswith("Self=1-")
    assert sent.endswith(";Root=1-67891233-abcdef012345678912345678")


RULES = (
    Rule("img", (Condition("path-pattern", ("/img/*",)),), Forward((("images", 1),))),
    Rule(
        "old",
        (Condition("host-header", ("old.example.com",)),),
        Redirect(301, protocol="HTTPS", port="443", host="shop.example.com"),
    ),
    Rule("no", (Condition("http-request-method", ("DELETE",)),), FixedResponse(405, body="no")),
    Rule("default", (), Forward((("web", 1),))),
)


def test_rules_decide_in_order(plane: Plane, run: Run, model: Make) -> None:
    web, images = model(ok(b"web")), model(ok(b"images"))

    async def story() -> dict[str, float]:
        told = balancer(group(target(web)), group(target(images), name="images"), rules=RULES)
        port = await serve(plane, told)
        assert (await ask(port, first="GET /img/a.png HTTP/1.1")).body == b"images"
        assert (await ask(port, first="GET /imgs HTTP/1.1")).body == b"web"
        refused = await ask(port, first="DELETE /x HTTP/1.1")
        assert (refused.status, refused.body) == (405, b"no")
        assert refused.header("Server") == "awselb/2.0"
        redirected = await ask(port, first="GET /cart?x=1 HTTP/1.1")
        assert redirected.body == b"web"
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /cart?x=1 HTTP/1.1\r\nHost: old.example.com\r\n\r\n")
        moved = await read_message(reader)
        writer.close()
        assert moved.status == 301
        assert moved.header("Location") == "https://shop.example.com:443/cart?x=1"
        return await counted(plane, told, "HTTP_Redirect_Count")

    counts = run(story())
    assert counts["HTTP_Fixed_Response_Count"] == 1
    assert counts["RuleEvaluations"] == 1 + 3 + 3 + 3 + 2
    assert counts["RequestCount"] == counts["HTTPCode_Target_2XX_Count"] == 3
    assert counts["NewConnectionCount"] == 5


def test_a_rule_rewrites_what_the_target_sees(plane: Plane, run: Run, model: Make) -> None:
    server = model()
    rule = Rule(
        "default",
        (),
        Forward((("web", 1),)),
        (Transform("url", "^/api/(.*)$", "/$1"), Transform("host", "^shop", "inner")),
    )

    async def story() -> None:
        port = await serve(plane, balancer(group(target(server)), rules=(rule,)))
        await ask(port, first="GET /api/v1?x=1 HTTP/1.1")

    run(story())
    assert server.seen[0].first == "GET /v1?x=1 HTTP/1.1"
    assert server.seen[0].header("Host") == "inner.example.com"


def test_bodies_stream_both_ways(plane: Plane, run: Run, model: Make) -> None:
    arrived: asyncio.Queue[bytes] = asyncio.Queue()

    async def echo(head: Message, reader: asyncio.StreamReader, writer: Any) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while size := int((await reader.readline()).strip(), 16):
            data = await reader.readexactly(size)
            await reader.readexactly(2)
            arrived.put_nowait(data)
            writer.write(b"%x\r\n%b\r\n" % (size, data))
        await reader.readline()
        writer.write(b"0\r\n\r\n")

    server = model(echo)

    async def story() -> bytes:
        port = await serve(plane, balancer(group(target(server))))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("Transfer-Encoding: chunked", first="POST / HTTP/1.1"))
        got = b""
        head = None
        for piece in (b"one", b"two", b"x" * 300_000):
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            if head is None:
                head = await read_head(reader)
            if len(piece) < 10:
                assert await arrived.get() == piece
                await reader.readline()
                got += await reader.readexactly(len(piece))
                await reader.readexactly(2)
        writer.write(b"0\r\n\r\n")
        assert head is not None
        body = (await read_body(reader, head)).body
        writer.close()
        assert body == b"x" * 300_000
        return got

    assert run(story()) == b"onetwo"


def test_an_answer_without_a_length_ends_with_the_connection(
    plane: Plane, run: Run, model: Make
) -> None:
    async def old_style(head: Message, reader: asyncio.StreamReader, writer: Any) -> None:
        await read_body(reader, head)
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nto the end")
        writer.close()

    server = model(old_style)

    async def story() -> bytes:
        port = await serve(plane, balancer(group(target(server))))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request())
        answer = await reader.read()
        writer.close()
        return answer

    assert run(story()).endswith(b"Connection: close\r\n\r\nto the end")


def test_a_target_that_closes_after_each_answer_does_not_end_the_clients_connection(
    plane: Plane, run: Run, model: Make
) -> None:
    server = model(ok(b"hi", "Connection: close"))

    async def story() -> list[str | None]:
        port = await serve(plane, balancer(group(target(server))))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        connections: list[str | None] = []
        for _ in range(3):
            writer.write(request())
            connections.append((await read_message(reader)).header("Connection"))
        writer.close()
        return connections

    assert run(story()) == ["keep-alive"] * 3


def test_a_websocket_goes_through(plane: Plane, run: Run, model: Make) -> None:
    async def shout(head: Message, reader: asyncio.StreamReader, writer: Any) -> None:
        assert head.header("Upgrade") == "websocket"
        assert head.header("Connection") == "upgrade"
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\n\r\nhello"
        )
        while data := await reader.read(100):
            writer.write(data.upper())

    server = model(shout)

    async def story() -> tuple[int, bytes]:
        port = await serve(plane, balancer(group(target(server))))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request("Connection: Upgrade", "Upgrade: websocket") + b"early")
        head = await read_head(reader)
        got = await reader.readexactly(10)
        writer.write(b"late")
        got += await reader.readexactly(4)
        writer.close()
        return head.status, got

    assert run(story()) == (101, b"helloEARLYLATE")


@pytest.mark.parametrize(
    ("stickiness", "cookie"),
    [(Stickiness(60), "AWSALB"), (Stickiness(60, "session"), "AWSALBAPP-0")],
    ids=["by our cookie", "by the application's"],
)
def test_a_client_stays_with_its_target(
    plane: Plane, run: Run, model: Make, stickiness: Stickiness, cookie: str
) -> None:
    servers = [model(ok(each, "Set-Cookie: session=1")) for each in (b"a", b"b", b"c")]

    async def story() -> set[bytes]:
        told = balancer(group(*map(target, servers), stickiness=stickiness))
        port = await serve(plane, told)
        first = await ask(port)
        cookies = [value for name, value in first.headers if name == "Set-Cookie"]
        ours = [each for each in cookies if each.startswith(f"{cookie}=")]
        assert len(ours) == 1
        shown = "Cookie: " + ours[0].partition(";")[0]
        return {first.body, *[(await ask(port, shown)).body for _ in range(5)]}

    assert len(run(story())) == 1


def test_weights_share_requests_between_groups(plane: Plane, run: Run, model: Make) -> None:
    blue, green = model(ok(b"blue")), model(ok(b"green"))
    rule = Rule("default", (), Forward((("blue", 3), ("green", 1))))

    async def story() -> list[bytes]:
        groups = group(target(blue), name="blue"), group(target(green), name="green")
        port = await serve(plane, balancer(*groups, rules=(rule,)))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        bodies: list[bytes] = []
        for _ in range(200):
            writer.write(request())
            bodies.append((await read_message(reader)).body)
        writer.close()
        return bodies

    # Binomial(200, 0.25): within five standard deviations.
    assert 50 - 31 <= run(story()).count(b"green") <= 50 + 31


def test_https_by_the_authoritys_certificate(plane: Plane, run: Run, model: Make) -> None:
    server = model(ok(b"secret"))

    async def story() -> bytes:
        told = balancer(group(target(server)), protocol="HTTPS")
        port = await serve(plane, told)
        authority = plane.control_path.parent / "ca.pem"
        await until(authority.exists)
        context = ssl.create_default_context(cafile=authority)
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=context, server_hostname=told.dns_name
        )
        writer.write(request())
        try:
            return (await read_message(reader)).body
        finally:
            writer.close()

    assert run(story()) == b"secret"
    assert server.seen[0].header("X-Forwarded-Proto") == "https"


def test_a_network_balancer_passes_bytes_and_half_closes(
    plane: Plane, run: Run, model: Make
) -> None:
    async def story() -> tuple[bytes, float]:
        async def reverse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write((await reader.read())[::-1])
            writer.close()

        server = await asyncio.start_server(reverse, "127.0.0.1", 0)
        there = server.sockets[0].getsockname()[1]
        where = BalancedTarget("10.0.0.1", 7, "us-east-1a", "127.0.0.1", there, "healthy")
        told = balancer(group(where, protocol="TCP"), protocol="TCP", kind="network")
        port = await serve(plane, told)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        active = await counted(plane, told, "ActiveFlowCount")
        assert "ActiveConnectionCount" not in active
        writer.write(b"abc" * 1000)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        server.close()
        counts = await counted(plane, told, "ProcessedBytes", 6000)
        return answer, counts["NewFlowCount"]

    assert run(story()) == (b"cba" * 1000, 1)


def test_the_front_door_knows_balancers_by_their_names(
    plane: Plane, run: Run, model: Make, control: Make
) -> None:
    control()
    server = model(ok(b"balanced"))

    async def story() -> tuple[bytes, bytes]:
        await serve(plane, balancer(group(target(server)), name="named"))
        named = b"GET / HTTP/1.1\r\nHost: NAMED.us-east-1.elb.localhost:4566\r\n\r\n"
        other = b"GET / HTTP/1.1\r\nHost: other.us-east-1.elb.localhost:4566\r\n\r\n"
        return (await plane.send(named)).body, (await plane.send(other)).body

    assert run(story()) == (b"balanced", b"control")


def test_two_balancers_share_a_port(plane: Plane, run: Run, model: Make) -> None:
    one, two = model(ok(b"one")), model(ok(b"two"))

    async def story() -> list[bytes]:
        port = free_port("127.0.0.1")
        assert await serve(plane, balancer(group(target(one)), port=port, name="first")) == port
        second = balancer(group(target(two)), port=port, name="second")
        assert await serve(plane, second) == port
        bodies: list[bytes] = []
        for host in ("first", "second", "elsewhere"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET / HTTP/1.1\r\nHost: {host}.us-east-1.elb.localhost\r\n\r\n".encode())
            bodies.append((await read_message(reader)).body)
            writer.close()
        plane.link.send(RemoveBalancer(REGION, "second"))
        return bodies

    assert run(story()) == [b"one", b"two", b"one"]


def test_response_headers_are_added_and_taken_away(plane: Plane, run: Run, model: Make) -> None:
    server = model(ok(b"x", "Server: nginx", "X-Frame-Options: ALLOW"))
    listener = {
        "routing.http.response.server.enabled": "false",
        "routing.http.response.x_frame_options.header_value": "DENY",
    }

    async def story() -> Message:
        port = await serve(plane, balancer(group(target(server)), listener=listener))
        return await ask(port)

    answer = run(story())
    assert answer.header("Server") is None
    assert [value for name, value in answer.headers if name == "X-Frame-Options"] == ["DENY"]
