"""What goes wrong, as a boto3 client of sagemaker-runtime sees it, and as it is counted."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from understudy.control.events import Target, VariantRoute
from understudy.proxy.messages import TargetHealth
from understudy.testing.data_plane import Plane, invocation
from understudy.testing.servers import Message, Server, ok, read_body, read_message

pytestmark = pytest.mark.processes

Run = Callable[..., Any]
Make = Callable[..., Server]


@pytest.fixture
def invoke(plane: Plane, run: Run) -> Callable[..., dict[str, Any]]:
    """Calls InvokeEndpoint with boto3, once: the response, or what its ClientError carries."""
    client = boto3.client(
        "sagemaker-runtime",
        region_name="us-east-1",
        endpoint_url=f"http://127.0.0.1:{plane.port}",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        config=Config(retries={"max_attempts": 0}, read_timeout=15),
    )

    def call(endpoint: str, body: bytes, **parameters: str) -> dict[str, Any]:
        try:
            response = client.invoke_endpoint(EndpointName=endpoint, Body=body, **parameters)
        except ClientError as error:
            return error.response
        return {**response, "Body": response["Body"].read()}

    async def story(endpoint: str, body: bytes, parameters: dict[str, str]) -> dict[str, Any]:
        await plane.settled()
        return await asyncio.to_thread(call, endpoint, body, **parameters)

    yield lambda endpoint, body=b"{}", **parameters: run(story(endpoint, body, parameters))
    client.close()


def status(answer: dict[str, Any]) -> int:
    return answer["ResponseMetadata"]["HTTPStatusCode"]


def test_an_inference(plane: Plane, model: Make, invoke: Callable[..., dict[str, Any]]) -> None:
    attributes = "X-Amzn-SageMaker-Custom-Attributes: a=1"
    server = model(ok(b"[7]", "Content-Type: application/json", attributes))
    answer = invoke(plane.simple(server), b"1,2", ContentType="text/csv", Accept="application/json")
    assert (status(answer), answer["Body"]) == (200, b"[7]")
    assert answer["ContentType"] == "application/json"
    assert answer["InvokedProductionVariant"] == "AllTraffic"
    assert answer["CustomAttributes"] == "a=1"
    assert len(answer["ResponseMetadata"]["RequestId"]) == 36


def test_an_unknown_endpoint(invoke: Callable[..., dict[str, Any]]) -> None:
    answer = invoke("nowhere")
    assert status(answer) == 400
    assert answer["Error"] == {
        "Code": "ValidationError",
        "Message": "Endpoint nowhere of account 000000000000 not found.",
    }


def test_an_endpoint_that_was_removed(
    plane: Plane, model: Make, invoke: Callable[..., dict[str, Any]]
) -> None:
    endpoint = plane.simple(model())
    assert status(invoke(endpoint)) == 200
    plane.remove(endpoint)
    assert invoke(endpoint)["Error"]["Code"] == "ValidationError"


def test_an_unknown_variant(
    plane: Plane, model: Make, invoke: Callable[..., dict[str, Any]]
) -> None:
    answer = invoke(plane.simple(model()), TargetVariant="Canary")
    assert status(answer) == 400
    assert answer["Error"]["Code"] == "ValidationError"
    assert answer["Error"]["Message"].startswith("Variant Canary of endpoint ")


@pytest.mark.parametrize(
    ("line", "code", "side"),
    [
        pytest.param("415 Unsupported Media Type", 415, "client", id="the model refuses the input"),
        pytest.param("500 Internal Server Error", 500, "server", id="the model fails"),
    ],
)
def test_a_model_error(
    plane: Plane,
    run: Run,
    model: Make,
    invoke: Callable[..., dict[str, Any]],
    line: str,
    code: int,
    side: str,
) -> None:
    endpoint = plane.simple(model(ok(b'{"why": "no"}', status=line)))
    answer = invoke(endpoint)
    assert status(answer) == 424
    assert answer["Error"] == {
        "Code": "ModelError",
        "Message": (
            f'Received {side} error ({code}) from primary with message "{{"why": "no"}}". '
            "See https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1"
            f"#logEventViewer:group=/aws/sagemaker/Endpoints/{endpoint} "
            "in account 000000000000 for more information."
        ),
    }
    assert answer["OriginalStatusCode"] == code
    assert answer["OriginalMessage"] == '{"why": "no"}'
    group = f"log-group:/aws/sagemaker/Endpoints/{endpoint}"
    assert answer["LogStreamArn"] == f"arn:aws:logs:us-east-1:000000000000:{group}"
    (served,) = run(plane.invocations(endpoint, 1))
    assert (served.errors_4xx, served.errors_5xx) == ((1, 0) if code == 415 else (0, 1))


def test_no_instance_in_service(plane: Plane, invoke: Callable[..., dict[str, Any]]) -> None:
    answer = invoke(plane.simple())
    assert status(answer) == 503
    assert answer["Error"]["Code"] == "ServiceUnavailable"
    assert "No instance of variant AllTraffic is in service." in answer["Error"]["Message"]


def test_a_request_above_the_payload_limit(
    plane: Plane, model: Make, invoke: Callable[..., dict[str, Any]]
) -> None:
    server = model()
    endpoint = plane.simple(server)
    answer = invoke(endpoint, b"x" * (25 * 1024 * 1024 + 1))
    assert status(answer) == 413
    message = "HTTP content length exceeded 26214400 bytes."
    assert answer["Error"] == {"Code": "413", "Message": message}
    assert not server.seen
    assert status(invoke(endpoint, b"x" * (25 * 1024 * 1024))) == 200


def test_a_chunked_request_above_the_payload_limit(plane: Plane, run: Run, model: Make) -> None:
    endpoint = plane.simple(model())

    async def story() -> int:
        async with plane.connection() as (reader, writer):
            target = f"/endpoints/{endpoint}/invocations".encode()
            writer.write(b"POST %b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" % target)
            piece = b"%x\r\n%b\r\n" % (1024 * 1024, b"x" * 1024 * 1024)
            for _ in range(26):
                writer.write(piece)
                await writer.drain()
            writer.write(b"0\r\n\r\n" + invocation(endpoint))
            return [(await read_message(reader)).status for _ in range(2)]

    assert run(story()) == [413, 200]


def test_an_answer_above_the_payload_limit(
    plane: Plane, model: Make, invoke: Callable[..., dict[str, Any]]
) -> None:
    answer = invoke(plane.simple(model(ok(b"x" * (25 * 1024 * 1024 + 1)))))
    assert status(answer) == 424
    assert "could not load the entire response body" in answer["Error"]["Message"]


def test_a_model_that_takes_longer_than_a_minute(
    plane: Plane, run: Run, model: Make, invoke: Callable[..., dict[str, Any]]
) -> None:
    async def never(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await read_body(reader, head)
        await reader.read()

    plane.clock(speed=600.0)
    endpoint = plane.simple(model(never), stand_in=True)
    answer = invoke(endpoint)
    assert status(answer) == 424
    assert answer["OriginalStatusCode"] == 0
    assert answer["OriginalMessage"] == (
        "Your invocation timed out while waiting for a response from container primary. Review the "
        "latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
    )
    (served,) = run(plane.invocations(endpoint, 1))
    assert served.errors_5xx == 1
    assert served.model_latency.minimum >= 60e6


def test_a_target_that_dies_with_a_request_leaves_it_to_another(
    plane: Plane, run: Run, model: Make, invoke: Callable[..., dict[str, Any]]
) -> None:
    bad, good = model(die), model()
    endpoint = plane.simple(bad, good)
    answers = [invoke(endpoint) for _ in range(8)]
    assert [status(answer) for answer in answers] == [200] * 8
    assert bad.seen
    served = run(plane.invocations(endpoint, 8))
    assert sum(each.invocations for each in served) == 8
    assert sum(each.errors_5xx for each in served) == 0


def test_the_only_target_dies_with_a_request(
    plane: Plane, run: Run, model: Make, invoke: Callable[..., dict[str, Any]]
) -> None:
    server = model(die)
    endpoint = plane.simple(server)
    answer = invoke(endpoint)
    assert status(answer) == 424
    assert answer["OriginalStatusCode"] == 0
    assert answer["OriginalMessage"].startswith(
        f"Amazon SageMaker could not get a response from the {endpoint} endpoint."
    )
    assert len(server.seen) == 1
    (served,) = run(plane.invocations(endpoint, 1))
    assert served.errors_5xx == 1


def test_a_request_of_a_session_is_not_sent_to_a_second_target(
    plane: Plane, model: Make, invoke: Callable[..., dict[str, Any]]
) -> None:
    servers = model(die), model(die)
    answer = invoke(plane.simple(*servers), SessionId="abc")
    assert status(answer) == 424
    assert sum(len(server.seen) for server in servers) == 1


def test_an_answer_that_has_begun_is_not_asked_for_again(
    plane: Plane, model: Make, invoke: Callable[..., dict[str, Any]]
) -> None:
    async def half(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await read_body(reader, head)
        writer.write(b"HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\nhalf")
        writer.close()

    servers = model(half), model(half)
    answer = invoke(plane.simple(*servers))
    assert status(answer) == 424
    assert answer["OriginalStatusCode"] == 500
    assert "and could not load the entire response body. See" in answer["Error"]["Message"]
    assert sum(len(server.seen) for server in servers) == 1


def test_a_target_that_speaks_no_http(
    plane: Plane, model: Make, invoke: Callable[..., dict[str, Any]]
) -> None:
    answer = invoke(plane.simple(model(b"SSH-2.0-OpenSSH_9.9\r\n")))
    assert (status(answer), answer["OriginalStatusCode"]) == (424, 0)


def test_a_target_that_refuses_is_out_of_service_at_once(
    plane: Plane, run: Run, model: Make, invoke: Callable[..., dict[str, Any]]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    gone, server = Target("i-gone", "127.0.0.1", port), model()
    endpoint = plane.endpoint(VariantRoute("v", 1.0, (gone, plane.target(server))))
    assert [status(invoke(endpoint)) for _ in range(8)] == [200] * 8
    run(plane.until(lambda: plane.health("i-gone")))
    assert plane.health("i-gone") == [
        TargetHealth("i-gone", False, "The instance refused a connection for an invocation.")
    ]
    alone = plane.endpoint(VariantRoute("v", 1.0, (Target("i-also-gone", "127.0.0.1", port),)))
    assert answer_code(invoke(alone)) == "ServiceUnavailable"


def answer_code(answer: dict[str, Any]) -> str:
    return answer["Error"]["Code"]


def test_a_client_that_leaves_does_not_make_the_model_fail(
    plane: Plane, run: Run, model: Make
) -> None:
    arrived, answer_now = asyncio.Event(), asyncio.Event()

    async def wait(
        head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await read_body(reader, head)
        arrived.set()
        await answer_now.wait()
        writer.write(ok(b"late"))

    server = model(wait)
    endpoint = plane.simple(server)

    async def story() -> None:
        async with plane.connection() as (_, writer):
            writer.write(invocation(endpoint))
            await arrived.wait()
            writer.transport.abort()
        await plane.settled()
        answer_now.set()
        await plane.invocations(endpoint, 1)
        # The connection to the model is as good as before.
        assert (await plane.invoke(endpoint)).body == b"late"

    run(story())
    served = run(plane.invocations(endpoint, 2))
    assert sum(each.errors_4xx + each.errors_5xx for each in served) == 0
    assert server.connections == 1


def test_the_load_mode_must_be_one_that_exists(plane: Plane, run: Run, model: Make) -> None:
    answer = run(plane.invoke(plane.simple(model()), b"{}", "X-Understudy-Load: fast"))
    assert answer.status == 400
    assert answer.header("x-amzn-errortype") == "ValidationError"


async def die(head: Message, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take the request and hang up."""
    await read_body(reader, head)
    writer.transport.abort()
