"""A real server of S3 on a port of its own, and clients of it."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import uvicorn
from botocore.config import Config
from botocore.exceptions import ClientError

from understudy.api.asgi import application
from understudy.api.http import Request, Response
from understudy.api.s3 import respond
from understudy.base.identity import Ids
from understudy.storage.objects.store import Store
from understudy.testing.processes import wait_for

DEADLINE = 20.0


@dataclass
class Served:
    """A running server: where it is, its store, and the world time that it goes by."""

    url: str
    store: Store
    folder: Path
    at: float = 1_700_000_000.0

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def files(self) -> set[str]:
        return {path.name for path in (self.folder / "contents").iterdir()}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("s3")
    # The protocol is named so that asyncio turns off Nagle's algorithm on its connections.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    store = Store(folder)
    running = Served(f"http://127.0.0.1:{listener.getsockname()[1]}", store, folder)
    ids = Ids()

    async def answer(request: Request) -> Response:
        return await respond(
            store,
            request,
            "us-east-1",
            ids.hex(16).upper(),
            lambda: running.at,
            lambda: time.clock_gettime(time.CLOCK_REALTIME),
        )

    config = uvicorn.Config(application(answer), log_level="error", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
    thread.start()
    wait_for(lambda: server.started, DEADLINE)
    yield running
    server.should_exit = True
    thread.join(DEADLINE)
    assert not thread.is_alive()
    listener.close()
    store.close()


@pytest.fixture(scope="module")
def connect(served: Served) -> Iterator[Callable[..., Any]]:
    """Makes boto3 clients with these settings; they are closed in the end."""
    session = boto3.session.Session("test", "test", region_name="us-east-1")
    made: list[Any] = []

    def connected(**settings: Any) -> Any:
        config = Config(retries={"max_attempts": 1}, **settings)
        made.append(session.client("s3", endpoint_url=served.url, config=config))
        return made[-1]

    yield connected
    for each in made:
        each.close()


@pytest.fixture(scope="module")
def client(connect: Callable[..., Any]) -> Any:
    """A boto3 client as anyone would make it."""
    return connect()


@pytest.fixture
def bucket(client: Any, request: pytest.FixtureRequest) -> str:
    """A new bucket, named after the test."""
    name = request.node.name.split("[")[0].removeprefix("test_").replace("_", "-")[:40].strip("-")
    name = f"{name}-{abs(hash(request.node.name)) % 10**8}"
    client.create_bucket(Bucket=name)
    return name


@pytest.fixture(scope="session")
def refused() -> Callable[..., dict[str, Any]]:
    """Calls an operation that must be refused: the error in the answer, with its HTTP status."""

    def call(operation: Callable[..., Any], **params: Any) -> dict[str, Any]:
        with pytest.raises(ClientError) as caught:
            operation(**params)
        answer = caught.value.response
        return {**answer["Error"], "Status": answer["ResponseMetadata"]["HTTPStatusCode"]}

    return call


@pytest.fixture(scope="module")
def aws(served: Served) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The stock aws command."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(served.folder),
        "AWS_ENDPOINT_URL": served.url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_MAX_ATTEMPTS": "1",
        "NO_PROXY": "*",
    }

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).with_name("aws")), *words]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    return run
