"""A load balancer serves for real: rules, targets, health, headers, errors, counts."""

import asyncio
import itertools
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from understudy.balancing.actions import FixedResponse, Forward, Redirect, Transform
from understudy.balancing.rules import Condition, Rule
from understudy.balancing.stickiness import Stickiness
from understudy.control.balancer import (
    BalancedGroup,
    BalancedListener,
    BalancedTarget,
    Balancer,
    HealthCheck,
)
from understudy.control.events import RemoveBalancer, SetBalancer
from understudy.testing.data_plane import Plane
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
REGION = "us-east-1"
QUICK = HealthCheck(interval=0.05, timeout=1.0, healthy=2, unhealthy=2)
UNCHECKED = HealthCheck(enabled=False)
NAMES = (f"front-{number}" for number in itertools.count())


def target(server: Server, state: str = "healthy", zone: str = "us-east-1a") -> BalancedTarget:
    return BalancedTarget(f"i-{server.port}", 80, zone, server.host, server.port, state)


def group(*targets: BalancedTarget, name: str = "web", **changes: Any) -> BalancedGroup:
    changes = {"check": UNCHECKED, **changes}
    return BalancedGroup(name, "instance", changes.pop("protocol", "HTTP"), targets, **changes)


def forward(*groups: str, sticky: int = 0) -> Rule:
    return Rule("default", (), Forward(tuple((each, 1) for each in groups), sticky))


def balancer(
    *groups: BalancedGroup,
    rules: tuple[Rule, ...] = (),
    protocol: str = "HTTP",
    kind: str = "application",
    attributes: dict[str, str] | None = None,
    listener: dict[str, str] | None = None,
    name: str = "",
    port: int = 0,
) -> Balancer:
    """A load balancer with one listener at any port, which forwards to its first group."""
    name = name or next(NAMES)
    rules = rules or (forward(groups[0].arn),)
    listeners = (BalancedListener("listener", protocol, port, rules, listener or {}),)
    dns = f"{name}.us-east-1.elb.localhost"
    return Balancer(name, kind, dns, ("us-east-1a",), listeners, groups, attributes or {})


async def serve(plane: Plane, told: Balancer) -> int:
    """The port of a load balancer's listener."""
    plane.said.clear()
    plane.link.send(SetBalancer(REGION, told))
    endpoint = await plane.until(lambda: plane.reached(told.arn))
    assert endpoint is not None
    return int(endpoint.rpartition(":")[2])


async def ask(port: int, *lines: str, first: str = "GET / HTTP/1.1", body: bytes = b"") -> Message:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request(*lines, first=first, body=body))
    try:
        return await read_message(reader)
    finally:
        writer.close()


def request(*lines: str, first: str = "GET / HTTP/1.1", body: bytes = b"") -> bytes:
    length = (f"Content-Length: {len(body)}",) if body else ()
    return "\r\n".join((first, "Host: shop.example.com", *lines, *length, "", "")).encode() + body


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


async def counted(plane: Plane, told: Balancer, last: str, number: int = 1) -> dict[str, float]:
    """All counts of a load balancer, once what happened last is among them."""
    await plane.until(lambda: plane.balanced(told.arn).get(last, 0) >= number)
    return plane.balanced(told.arn)


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


async def dead_port() -> int:
    """A port at which nobody listens."""
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    return port


@pytest.mark.parametrize(
    ("body", "method"), [(b"", "GET"), (b"x" * 100, "POST")], ids=["a get", "a post"]
)
def test_a_target_that_refuses_the_connection_costs_nothing(
    plane: Plane, run: Run, model: Make, body: bytes, method: str
) -> None:
    alive = model(ok(b"alive"))

    async def story() -> list[bytes]:
        dead = BalancedTarget("i-dead", 80, "us-east-1a", "127.0.0.1", await dead_port(), "healthy")
        told = balancer(group(dead, target(alive)))
        port = await serve(plane, told)
        first = f"{method} / HTTP/1.1"
        answers = [(await ask(port, first=first, body=body)).body for _ in range(4)]
        await counted(plane, told, "TargetConnectionErrorCount", 2)
        return answers

    assert run(story()) == [b"alive"] * 4


async def hang_up(
    head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    await read_body(reader, head)
    writer.transport.abort()


@pytest.mark.parametrize(
    ("first", "status"),
    [("GET / HTTP/1.1", 200), ("POST / HTTP/1.1", 502)],
    ids=["what does no harm is sent again", "what might is a bad gateway"],
)
def test_a_target_killed_in_the_middle_of_a_request(
    plane: Plane, run: Run, model: Make, first: str, status: int
) -> None:
    killed, other = model(hang_up), model(ok(b"fine"))

    async def story() -> int:
        port = await serve(plane, balancer(group(target(killed), target(other))))
        return (await ask(port, first=first, body=b"" if "GET" in first else b"x")).status

    assert run(story()) == status
    assert len(killed.seen) == 1


def test_a_target_that_dies_with_its_kept_connections_costs_nothing(
    plane: Plane, run: Run, model: Make
) -> None:
    """A connection that was used before breaks, and its target takes no new one."""
    dying, other = model(ok(b"dying")), model(ok(b"fine"))

    async def story() -> list[int]:
        port = await serve(plane, balancer(group(target(dying), target(other))))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        statuses: list[int] = []
        for number in range(12):
            if number == 4:
                dying.answer = hang_up
                # The one that is under way breaks; afterwards nobody listens.
                dying.stop_listening()
            writer.write(request())
            statuses.append((await read_message(reader)).status)
        writer.close()
        return statuses

    assert run(story()) == [200] * 12


def test_a_target_known_to_be_dead_before_its_connections_break_costs_nothing(
    plane: Plane, run: Run, model: Make
) -> None:
    """The engine hears of an instance's end first: what is in flight goes to another target."""
    silence = asyncio.Event()

    async def dies(head: Message, reader: asyncio.StreamReader, writer: Any) -> None:
        await read_body(reader, head)
        await silence.wait()
        writer.transport.abort()

    killed, others = model(dies), [model(ok(b"fine")), model(ok(b"fine"))]

    async def story() -> list[tuple[int, bytes]]:
        port = await dead_port()
        there = tuple(target(each) for each in others)
        before = balancer(group(target(killed), *there), name="dead", port=port)
        await serve(plane, before)
        asked = [asyncio.create_task(ask(port)) for _ in range(9)]
        await until(lambda: len(killed.seen) == 3)
        nowhere = BalancedTarget(f"i-{killed.port}", 80, "us-east-1a", "", 0, "healthy")
        await serve(plane, balancer(group(nowhere, *there), name="dead", port=port))
        silence.set()
        answers = [await each for each in asked]
        return [(each.status, each.body) for each in answers]

    assert run(story()) == [(200, b"fine")] * 9


def test_nobody_to_send_to_is_a_503_with_no_request_counted(plane: Plane, run: Run) -> None:
    async def story() -> dict[str, float]:
        told = balancer(group())
        answer = await ask(await serve(plane, told))
        assert answer.status == 503
        assert answer.first.endswith("Service Temporarily Unavailable")
        assert b"503 Service Temporarily Unavailable" in answer.body
        return await counted(plane, told, "HTTPCode_ELB_5XX_Count")

    counts = run(story())
    assert counts["HTTPCode_ELB_503_Count"] == 1
    assert "RequestCount" not in counts


def test_a_silent_target_is_a_504(plane: Plane, run: Run, model: Make) -> None:
    async def silent(head: Message, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await read_body(reader, head)
        await reader.read()

    server = model(silent)

    async def story() -> int:
        attributes = {"idle_timeout.timeout_seconds": "1"}
        plane.clock(speed=10.0)
        port = await serve(plane, balancer(group(target(server)), attributes=attributes))
        return (await ask(port, "X-Understudy-Load: dilated")).status

    assert run(story()) == 504


def test_health_follows_the_probes(plane: Plane, run: Run, model: Make) -> None:
    server = model(ok(b"", status="503 Busy"))
    well, ill = ok(b"fine"), server.answer

    async def story() -> list[tuple[str, str, str]]:
        fresh = target(server, "initial")
        port = await serve(plane, balancer(group(fresh, check=QUICK)))
        await plane.until(lambda: plane.turned(fresh.id))
        # With nobody healthy, requests go to all.
        assert (await ask(port)).status == 503
        assert (await ask(port)).first.endswith("Busy")
        from understudy.testing.servers import always

        server.answer = always(well)
        await plane.until(lambda: len(plane.turned(fresh.id)) == 2)
        server.answer = ill
        await plane.until(lambda: len(plane.turned(fresh.id)) == 3)
        await server.close()
        return [(each.state, each.reason, each.description) for each in plane.turned(fresh.id)]

    mismatch = "Health checks failed with these codes: [503]"
    assert run(story()) == [
        ("unhealthy", "Target.ResponseCodeMismatch", mismatch),
        ("healthy", "", ""),
        ("unhealthy", "Target.ResponseCodeMismatch", mismatch),
    ]
    assert server.seen[0].header("User-Agent") == "ELB-HealthChecker/2.0"


def test_a_draining_target_finishes_and_what_it_does_not_finish_is_cut(
    plane: Plane, run: Run, model: Make
) -> None:
    release = asyncio.Event()

    async def slow(head: Message, reader: asyncio.StreamReader, writer: Any) -> None:
        await read_body(reader, head)
        await release.wait()
        writer.write(ok(b"slow"))

    old, new = model(slow), model(ok(b"new"))

    async def story() -> tuple[bytes, int, list[bytes]]:
        port = await dead_port()
        told = balancer(group(target(old), target(new)), name="drained", port=port)
        await serve(plane, told)
        first = asyncio.create_task(ask(port, first="POST / HTTP/1.1", body=b"x"))
        await until(lambda: len(old.seen) == 1)
        await ask(port)
        second = asyncio.create_task(ask(port, first="POST / HTTP/1.1", body=b"x"))
        await until(lambda: len(old.seen) == 2)
        draining = balancer(group(target(old, "draining"), target(new)), name="drained", port=port)
        await serve(plane, draining)
        fresh = [(await ask(port)).body for _ in range(3)]
        release.set()
        finished = await first
        release.clear()
        await second
        again = asyncio.create_task(ask(port))
        await again
        # A request that is still there when the delay is over is cut.
        await serve(plane, told)
        third = asyncio.create_task(ask(port, first="POST / HTTP/1.1", body=b"x"))
        fourth = asyncio.create_task(ask(port, first="POST / HTTP/1.1", body=b"x"))
        await until(lambda: len(old.seen) == 3)
        await serve(plane, balancer(group(target(new)), name="drained", port=port))
        statuses = sorted([(await third).status, (await fourth).status])
        release.set()
        return finished.body, statuses[1], fresh

    assert run(story()) == (b"slow", 502, [b"new"] * 3)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


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
        port = await dead_port()
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


def test_a_targets_health_survives_a_restart_of_the_data_plane(
    plane: Plane, run: Run, model: Make
) -> None:
    sick, well = model(ok(b"sick")), model(ok(b"well"))

    async def story() -> set[bytes]:
        # The check never comes round again within the test: only what was told counts.
        check = HealthCheck(interval=3600.0, unhealthy=10, healthy=10)
        told = group(target(sick, "unhealthy"), target(well, "healthy"), check=check)
        port = await serve(plane, balancer(told))
        return {(await ask(port)).body for _ in range(4)}

    assert run(story()) == {b"well"}
