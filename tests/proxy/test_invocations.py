"""InvokeEndpoint through the front door, against real model servers."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from understudy.control.events import VariantRoute
from understudy.proxy.messages import SetEndpoint
from understudy.testing.data_plane import Plane, invocation
from understudy.testing.servers import Message, Server, always, ok, read_body, read_message

pytestmark = pytest.mark.processes

Run = Callable[..., Any]
Make = Callable[..., Server]


def test_the_model_sees_the_headers_of_invoke_endpoint_and_no_others(
    plane: Plane, run: Run, model: Make
) -> None:
    server = model()

    async def story() -> None:
        await plane.invoke(
            plane.simple(server),
            b"1,2",
            "Content-Type: text/csv",
            "Accept: application/json",
            "Authorization: AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/sagemaker/x",
            "X-Amzn-SageMaker-Custom-Attributes: a=b; c",
            "X-Amzn-SageMaker-Inference-Id: 42",
            "X-Amzn-SageMaker-Target-Model: m.tar.gz",
            "X-Amz-Date: 20260101T000000Z",
            "X-Understudy-Load: dilated",
            "Cookie: secret",
            "User-Agent: Boto3",
        )

    run(story())
    (seen,) = server.seen
    assert seen.first == "POST /invocations HTTP/1.1"
    assert seen.headers == (
        ("Host", f"127.0.0.1:{server.port}"),
        ("Content-Type", "text/csv"),
        ("Accept", "application/json"),
        ("X-Amzn-SageMaker-Custom-Attributes", "a=b; c"),
        ("X-Amzn-SageMaker-Inference-Id", "42"),
        ("X-Amzn-SageMaker-Target-Model", "m.tar.gz"),
        ("Content-Length", "3"),
    )


def test_the_client_sees_the_inference_and_which_variant_made_it(
    plane: Plane, run: Run, model: Make
) -> None:
    server = model(
        ok(
            b"[7]",
            "Server: gunicorn",
            "Content-Type: application/json",
            "X-Amzn-SageMaker-Custom-Attributes: trace=1",
            status="201 Created",
        )
    )
    answer = run(plane.invoke(plane.simple(server)))
    assert (answer.status, answer.body) == (200, b"[7]")
    names = [name.lower() for name, _ in answer.headers]
    assert names == [
        "x-amzn-requestid",
        "date",
        "x-amzn-invoked-production-variant",
        "content-type",
        "x-amzn-sagemaker-custom-attributes",
        "content-length",
        "connection",
    ]
    assert answer.header("x-amzn-invoked-production-variant") == "AllTraffic"
    assert answer.header("x-amzn-sagemaker-custom-attributes") == "trace=1"
    assert answer.header(
        "date",
    ).startswith("Fri, 15 Jan 2027 08:0")


def test_every_answer_has_its_own_request_id(plane: Plane, run: Run, model: Make) -> None:
    endpoint = plane.simple(model())

    async def story() -> list[Message]:
        return [
            await plane.invoke(endpoint),
            await plane.invoke(endpoint),
            await plane.invoke("nowhere"),
        ]

    ids = {answer.header("x-amzn-requestid") for answer in run(story())}
    assert len(ids) == 3
    assert all(identity and len(identity) == 36 for identity in ids)


def test_requests_of_one_client_share_one_connection_to_the_model(
    plane: Plane, run: Run, model: Make
) -> None:
    server = model()
    endpoint = plane.simple(server)

    async def story() -> None:
        async with plane.connection() as (reader, writer):
            for _ in range(20):
                writer.write(invocation(endpoint))
                assert (await read_message(reader)).status == 200

    run(story())
    assert (server.connections, len(server.seen)) == (1, 20)


def test_pipelined_requests_are_answered_in_order(plane: Plane, run: Run, model: Make) -> None:
    async def echo(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        message = await read_body(reader, head)
        await asyncio.sleep(0.05 if message.body == b"first" else 0)
        writer.write(ok(message.body))

    endpoint = plane.simple(model(echo))
    bodies = [b"first", b"second", b"third", b"fourth"]

    async def story() -> list[bytes]:
        async with plane.connection() as (reader, writer):
            writer.write(b"".join(invocation(endpoint, body) for body in bodies))
            return [(await read_message(reader)).body for _ in bodies]

    assert run(story()) == bodies


def test_a_chunked_request_reaches_the_model_with_its_length(
    plane: Plane, run: Run, model: Make
) -> None:
    server = model()
    endpoint = plane.simple(server)
    head = f"POST /endpoints/{endpoint}/invocations HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = run(plane.send(head.encode() + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"))
    assert answer.status == 200
    assert server.seen[0].header("content-length") == "5"
    assert server.seen[0].header("transfer-encoding") is None


def test_a_client_that_expects_it_is_told_to_continue(plane: Plane, run: Run, model: Make) -> None:
    endpoint = plane.simple(model())
    request = invocation(endpoint, b"body", "Expect: 100-continue")

    async def story() -> tuple[bytes, Message]:
        async with plane.connection() as (reader, writer):
            writer.write(request[:-4])
            interim = await reader.readuntil(b"\r\n\r\n")
            writer.write(request[-4:])
            return interim, await read_message(reader)

    interim, answer = run(story())
    assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answer.status == 200


def test_a_client_that_may_not_continue_is_refused_and_let_go(plane: Plane, run: Run) -> None:
    async def story() -> tuple[Message, bytes]:
        async with plane.connection() as (reader, writer):
            writer.write(invocation("nowhere", b"body", "Expect: 100-continue")[:-4])
            return await read_message(reader), await reader.read()

    answer, rest = run(story())
    assert (answer.status, rest) == (400, b"")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(
            b'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n{"y": 1}',
            id="a body that ends with the connection",
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b'3\r\n{"y\r\n5\r\n": 1}\r\n0\r\n\r\n',
            id="a chunked body",
        ),
        pytest.param(
            b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 8\r\n\r\n{"y": 1}',
            id="a connection that is closed behind the body",
        ),
        pytest.param(
            b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
            b'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{"y": 1}',
            id="an interim answer first",
        ),
    ],
)
def test_model_servers_answer_in_many_ways(
    plane: Plane, run: Run, model: Make, answer: bytes
) -> None:
    async def then_close(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await always(answer)(head, reader, writer)
        if b"chunked" not in answer and b"103" not in answer:
            writer.close()

    endpoint = plane.simple(model(then_close))

    async def story() -> list[Message]:
        async with plane.connection() as (reader, writer):
            answers: list[Message] = []
            for _ in range(3):
                writer.write(invocation(endpoint))
                answers.append(await read_message(reader))
            return answers

    for each in run(story()):
        assert (each.status, each.body) == (200, b'{"y": 1}')
        assert each.header("content-length") == "8"


def test_a_connection_that_the_model_closed_while_idle_costs_no_request(
    plane: Plane, run: Run, model: Make
) -> None:
    server = model()
    endpoint = plane.simple(server)

    async def silent_close(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Serve one request to a connection, and close it when the second comes."""
        if getattr(writer, "served", False):
            writer.transport.abort()
            return
        writer.served = True
        await always(ok(b"fine"))(head, reader, writer)

    server.answer = silent_close

    async def story() -> list[int]:
        return [(await plane.invoke(endpoint)).status for _ in range(6)]

    assert run(story()) == [200] * 6
    run(plane.until(lambda: sum(each.invocations for each in plane.served(endpoint)) == 6))
    assert sum(each.errors_5xx for each in plane.served(endpoint)) == 0


def test_weights_share_the_traffic(plane: Plane, run: Run, model: Make) -> None:
    server = model()
    endpoint = plane.endpoint(
        VariantRoute("blue", 3.0, (plane.target(server),)),
        VariantRoute("green", 1.0, (plane.target(server),)),
    )

    async def story() -> list[str | None]:
        async with plane.connection() as (reader, writer):
            invoked: list[str | None] = []
            for _ in range(1_000):
                writer.write(invocation(endpoint))
                answer = await read_message(reader)
                invoked.append(answer.header("x-amzn-invoked-production-variant"))
            return invoked

    invoked = run(story())
    # Four standard deviations of a binomial count of 1,000 at 3/4.
    assert abs(invoked.count("blue") - 750) < 4 * (1_000 * 0.75 * 0.25) ** 0.5
    assert invoked.count("blue") + invoked.count("green") == 1_000


def test_a_target_variant_overrides_the_weights(plane: Plane, run: Run, model: Make) -> None:
    server = model()
    endpoint = plane.endpoint(
        VariantRoute("blue", 1.0, (plane.target(server),)),
        VariantRoute("shy", 0.0, (plane.target(server),)),
    )
    answer = run(plane.invoke(endpoint, b"{}", "X-Amzn-SageMaker-Target-Variant: shy"))
    assert answer.header("x-amzn-invoked-production-variant") == "shy"


def test_two_fleets_of_one_variant_share_its_name_and_its_record(
    plane: Plane, run: Run, model: Make
) -> None:
    blue, green = model(ok(b"blue")), model(ok(b"green"))
    endpoint = plane.endpoint(
        VariantRoute("v", 0.5, (plane.target(blue), plane.target(blue))),
        VariantRoute("v", 0.5, (plane.target(green),)),
        VariantRoute("w", 1000.0, ()),
    )

    async def story() -> set[bytes]:
        target = "X-Amzn-SageMaker-Target-Variant: v"
        return {(await plane.invoke(endpoint, b"", target)).body for _ in range(30)}

    assert run(story()) == {b"blue", b"green"}
    served = run(plane.invocations(endpoint, 30))
    assert {(each.variant, each.instances) for each in served} == {("v", 3)}
    assert len(served) == len({each.second for each in served})


def test_a_busy_target_gets_no_request_while_another_is_free(
    plane: Plane, run: Run, model: Make
) -> None:
    held = asyncio.Event()

    async def wait(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        message = await read_body(reader, head)
        if message.body == b"slow":
            await held.wait()
        writer.write(ok(message.body))

    one, other = model(wait), model(wait)
    endpoint = plane.simple(one, other)

    async def story() -> None:
        slow = asyncio.create_task(plane.invoke(endpoint, b"slow"))
        while not one.seen and not other.seen:
            await asyncio.sleep(0.001)
        for _ in range(10):
            await plane.invoke(endpoint, b"fast")
        held.set()
        await slow

    run(story())
    assert sorted((len(one.seen), len(other.seen))) == [1, 10]


def test_one_endpoint_name_in_two_regions_is_two_endpoints(
    plane: Plane, run: Run, model: Make
) -> None:
    east, west = model(ok(b"east")), model(ok(b"west"))
    name = plane.endpoint(VariantRoute("v", 1.0, (plane.target(east),)), region="us-east-1")
    plane.link.send(
        SetEndpoint(name, (VariantRoute("v", 1.0, (plane.target(west),)),), "eu-west-1")
    )

    async def ask(region: str) -> Message:
        scope = f"AWS4-HMAC-SHA256 Credential=AKID/20260101/{region}/sagemaker/aws4_request, x"
        return await plane.invoke(name, b"", f"Authorization: {scope}")

    async def story() -> list[Message]:
        regions = ("us-east-1", "eu-west-1", "ap-south-1")
        return [*[await ask(region) for region in regions], await plane.invoke(name)]

    first, second, third, unsigned = run(story())
    assert (first.body, second.body, third.status) == (b"east", b"west", 400)
    assert unsigned.body == b"east"


@pytest.mark.parametrize(
    ("stand_in", "lines", "count"),
    [
        pytest.param(False, (), 100, id="a model is sampled"),
        pytest.param(True, (), 1, id="a stand-in is dilated"),
        pytest.param(False, ("X-Understudy-Load: dilated",), 1, id="a model may be dilated"),
        pytest.param(True, ("X-Understudy-Load: sampled",), 100, id="a stand-in may be sampled"),
    ],
)
def test_the_load_mode_decides_what_a_request_counts_for(
    plane: Plane, run: Run, model: Make, stand_in: bool, lines: tuple[str, ...], count: int
) -> None:
    async def slowly(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await read_body(reader, head)
        await asyncio.sleep(0.02)
        writer.write(ok(b"{}"))

    plane.clock(speed=100.0)
    endpoint = plane.simple(model(slowly), model(slowly), stand_in=stand_in)
    run(plane.invoke(endpoint, b"{}", *lines))
    (served,) = run(plane.invocations(endpoint, count))
    assert (served.invocations, served.instances) == (count, 2)
    latency = served.model_latency.maximum / 1e6
    assert latency >= (2.0 if count == 1 else 0.02)
    assert latency < 2.0 or count == 1
    assert served.model_latency.minimum == served.model_latency.maximum
    assert served.overhead_latency.count == count
    assert served.overhead_latency.maximum > 0
