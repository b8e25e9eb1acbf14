"""Everything that is no invocation goes to the control plane, untouched, in a stream."""

import asyncio
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from understudy.testing.data_plane import Plane
from understudy.testing.servers import (
    Message,
    Server,
    always,
    ok,
    read_body,
    read_head,
    read_message,
)

pytestmark = pytest.mark.processes

Run = Callable[..., Any]
Make = Callable[..., Server]


def test_request_and_answer_pass_untouched(plane: Plane, run: Run, control: Make) -> None:
    answer = (
        b'HTTP/1.1 207 Very Fine\r\nETag: "a"\r\nX-Twice: 1\r\nx-twice: 2\r\n'
        b"Content-Length: 2\r\n\r\nhi"
    )
    server = control(answer)
    request = (
        b"PUT /bucket/a%2Fb//c?x=%20&y HTTP/1.1\r\nHost: bucket.s3.localhost:4566\r\n"
        b"X-Twice: 1\r\nX-TWICE: 2\r\nAccept-Encoding: identity\r\nContent-Length: 4\r\n\r\nbody"
    )

    async def story() -> bytes:
        async with plane.connection() as (reader, writer):
            writer.write(request)
            return await reader.readexactly(len(answer))

    assert run(story()) == answer
    (seen,) = server.seen
    assert seen.first == "PUT /bucket/a%2Fb//c?x=%20&y HTTP/1.1"
    assert seen.headers == (
        ("Host", "bucket.s3.localhost:4566"),
        ("X-Twice", "1"),
        ("X-TWICE", "2"),
        ("Accept-Encoding", "identity"),
        ("Content-Length", "4"),
    )


@pytest.mark.parametrize(
    "request_line",
    [
        pytest.param("GET /endpoints/digits/invocations", id="an invocation is a POST"),
        pytest.param("POST /endpoints/digits/async-invocations", id="asynchronous inference"),
        pytest.param("POST /endpoints/digits/invocations-response-stream", id="a stream"),
        pytest.param("POST /endpoints//invocations", id="no endpoint"),
        pytest.param("POST /endpoints/a/b/invocations", id="a longer path"),
        pytest.param("POST /", id="the JSON and query services"),
        pytest.param("GET /_understudy/status", id="our own pages"),
        pytest.param("OPTIONS *", id="the server itself"),
    ],
)
def test_what_is_no_invocation_is_forwarded(
    plane: Plane, run: Run, control: Make, request_line: str
) -> None:
    server = control()
    answer = run(plane.send(f"{request_line} HTTP/1.1\r\nContent-Length: 0\r\n\r\n".encode()))
    assert answer.body == b"control"
    assert server.seen[0].first == f"{request_line} HTTP/1.1"


def test_chunks_pass_both_ways_with_their_trailers(plane: Plane, run: Run, control: Make) -> None:
    server = control(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5;name=value\r\nhello\r\n6\r\n world\r\n0\r\nX-Checksum: 7\r\n\r\n"
    )
    bodies: list[Message] = []

    async def note(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        bodies.append(await read_body(reader, head))
        writer.write(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"5;name=value\r\nhello\r\n6\r\n world\r\n0\r\nX-Checksum: 7\r\n\r\n"
        )

    server.answer = note
    answer = run(
        plane.send(
            b"PUT /b/k HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n"
            b"3\r\nabc\r\n4\r\ndefg\r\n0\r\nx-sum: 9\r\n\r\n"
        )
    )
    assert (answer.body, answer.trailers) == (b"hello world", (("X-Checksum", "7"),))
    assert (bodies[0].body, bodies[0].trailers) == (b"abcdefg", (("x-sum", "9"),))


def test_the_answer_to_head_has_a_length_but_no_body(plane: Plane, run: Run, control: Make) -> None:
    async def as_asked(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        length = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
        writer.write(length if head.first.startswith("HEAD") else length + b"hello")

    server = control(as_asked)

    async def story() -> tuple[Message, Message]:
        async with plane.connection() as (reader, writer):
            writer.write(b"HEAD /b/k HTTP/1.1\r\n\r\n")
            head = await read_head(reader)
            writer.write(b"GET /b/k HTTP/1.1\r\n\r\n")
            return head, await read_message(reader)

    head, answer = run(story())
    assert (head.header("content-length"), answer.body) == ("5", b"hello")
    assert server.connections == 1


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", b"", id="no content"),
        pytest.param(b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n", b"", id="not modified"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"", id="an empty body"),
    ],
)
def test_answers_without_a_body_end_at_once(
    plane: Plane, run: Run, control: Make, answer: bytes, body: bytes
) -> None:
    server = control(answer)

    async def story() -> None:
        async with plane.connection() as (reader, writer):
            for _ in range(3):
                writer.write(b"GET / HTTP/1.1\r\n\r\n")
                assert (await read_message(reader)).body == body

    run(story())
    assert server.connections == 1


def test_an_answer_may_last_as_long_as_its_connection(
    plane: Plane, run: Run, control: Make
) -> None:
    async def until_the_end(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nsome words")
        writer.close()

    control(until_the_end)

    async def story() -> bytes:
        async with plane.connection() as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            return await reader.read()

    assert run(story()) == b"HTTP/1.0 200 OK\r\n\r\nsome words"


def test_expect_continue_is_the_control_planes_to_answer(
    plane: Plane, run: Run, control: Make
) -> None:
    async def go_on(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        message = await read_body(reader, head)
        writer.write(ok(message.body))

    control(go_on)

    async def story() -> tuple[bytes, Message]:
        async with plane.connection() as (reader, writer):
            writer.write(b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
            interim = await reader.readuntil(b"\r\n\r\n")
            writer.write(b"body")
            return interim, await read_message(reader)

    interim, answer = run(story())
    assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert answer.body == b"body"


def test_without_a_control_plane_there_is_a_clear_answer(plane: Plane, run: Run) -> None:
    async def story() -> list[Message]:
        async with plane.connection() as (reader, writer):
            writer.write(b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody")
            first = await read_message(reader)
            writer.write(b"HEAD / HTTP/1.1\r\n\r\n")
            head = await read_head(reader)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            return [first, head, await read_message(reader)]

    first, head, last = run(story())
    assert first.status == head.status == last.status == 503
    assert first.header("content-type") == "text/plain"
    expected = b"The Understudy control plane is not running, or not reachable. Please try again.\n"
    assert first.body == last.body == expected


@pytest.mark.parametrize(
    ("service", "ask"),
    [
        ("s3", lambda api: api.list_buckets()),
        ("ec2", lambda api: api.describe_vpcs()),
        ("cloudformation", lambda api: api.describe_stacks()),
        ("sagemaker", lambda api: api.list_endpoints()),
        ("sqs", lambda api: api.list_queues()),
        ("lambda", lambda api: api.list_functions()),
    ],
    ids=["REST in XML", "EC2's query", "query", "JSON 1.1", "JSON 1.0", "REST in JSON"],
)
def test_without_a_control_plane_a_client_of_aws_is_told_in_its_protocol(
    plane: Plane, run: Run, service: str, ask: Callable[[Any], object]
) -> None:
    """It knows the error as one after which it may try again."""
    api: Any = boto3.client(  # pyright: ignore[reportUnknownMemberType]
        service,  # pyright: ignore[reportArgumentType, reportCallIssue]
        region_name="us-east-1",
        endpoint_url=f"http://127.0.0.1:{plane.port}",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 2, "mode": "standard"}),
    )

    async def story() -> dict[str, Any]:
        with pytest.raises(ClientError) as refused:
            await asyncio.to_thread(ask, api)
        return dict(refused.value.response)

    told = run(story())
    assert told["Error"]["Code"] == "ServiceUnavailable"
    assert told["Error"]["Message"].startswith("The Understudy control plane is not running")
    assert told["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert told["ResponseMetadata"]["RetryAttempts"] == 1


def test_invocations_do_not_need_the_control_plane(
    plane: Plane, run: Run, model: Make, control: Make
) -> None:
    server = control()
    assert run(plane.invoke(plane.simple(model()))).status == 200
    assert not server.seen


def test_a_control_plane_that_comes_back_is_used_at_once(
    plane: Plane, run: Run, control: Make
) -> None:
    first = control(ok(b"before"))

    async def story() -> list[bytes]:
        async with plane.connection() as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            before = (await read_message(reader)).body
            await first.close()
            plane.control_path.unlink()
            second = await Server(always(ok(b"after"))).listen(plane.control_path)
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            after = (await read_message(reader)).body
            await second.close()
            return [before, after]

    assert run(story()) == [b"before", b"after"]


def test_a_request_that_met_a_closing_connection_is_sent_again(
    plane: Plane, run: Run, control: Make
) -> None:
    async def once(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        message = await read_body(reader, head)
        if getattr(writer, "served", False):
            writer.transport.abort()
            return
        writer.served = True
        writer.write(ok(message.body))

    server = control(once)

    async def story() -> list[bytes]:
        async with plane.connection() as (reader, writer):
            bodies: list[bytes] = []
            for _ in range(4):
                writer.write(b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
                bodies.append((await read_message(reader)).body)
            return bodies

    assert run(story()) == [b"abc"] * 4
    assert len(server.seen) == 7


def test_a_control_plane_that_hangs_up_gives_a_bad_gateway(
    plane: Plane, run: Run, control: Make
) -> None:
    async def hang_up(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.transport.abort()

    control(hang_up)
    assert run(plane.send(b"GET / HTTP/1.1\r\n\r\n")).status == 502


def test_an_answer_that_breaks_off_breaks_off(plane: Plane, run: Run, control: Make) -> None:
    async def half(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    control(half)

    async def story() -> bytes:
        async with plane.connection() as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
            return await reader.read()

    assert run(story()).endswith(b"\r\n\r\nhalf")
