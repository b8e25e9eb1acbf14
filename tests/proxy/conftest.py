"""One data plane for each test module, with a control plane and model servers that tests script."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, TypeVar

import pytest

from understudy.proxy.messages import Settings
from understudy.testing.data_plane import PATIENCE, Plane, running
from understudy.testing.servers import Answer, Server, always, ok

Result = TypeVar("Result")
INFERENCE = ok(b'{"y": 1}', "Content-Type: application/json")
CONTROL = ok(b"control")


@pytest.fixture(scope="module")
def settings() -> Settings:
    """How the module's data plane works; modules may say otherwise."""
    return Settings(report_interval=0.02, ping_interval=60.0, seed=1)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    """The module's event loop."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def module_plane(runner: asyncio.Runner, settings: Settings) -> Iterator[Plane]:
    """The module's data plane."""
    context = running(settings)
    plane = runner.run(context.__aenter__())
    yield plane
    runner.run(context.__aexit__(None, None, None))


@pytest.fixture
def plane(module_plane: Plane) -> Plane:
    """The data plane, with nothing said yet and its clock at speed 1."""
    module_plane.said.clear()
    module_plane.clock()
    return module_plane


@pytest.fixture
def run(runner: asyncio.Runner) -> Callable[[Coroutine[Any, Any, Result]], Result]:
    """Runs a test's story in the module's event loop, and not for ever."""

    async def limited(story: Awaitable[Result]) -> Result:
        async with asyncio.timeout(2 * PATIENCE):
            return await story

    return lambda story: runner.run(limited(story))


@pytest.fixture
def model(runner: asyncio.Runner) -> Iterator[Callable[..., Server]]:
    """Makes model servers, which answer ``{"y": 1}`` unless told otherwise."""
    servers: list[Server] = []

    def make(answer: Answer | bytes = INFERENCE) -> Server:
        server = Server(always(answer) if isinstance(answer, bytes) else answer)
        servers.append(runner.run(server.listen()))
        return server

    yield make
    for server in servers:
        runner.run(server.close())


@pytest.fixture
def control(runner: asyncio.Runner, plane: Plane) -> Iterator[Callable[..., Server]]:
    """Makes the control plane, where there is none yet."""
    servers: list[Server] = []

    def make(answer: Answer | bytes = CONTROL) -> Server:
        server = Server(always(answer) if isinstance(answer, bytes) else answer)
        servers.append(runner.run(server.listen(plane.control_path)))
        return server

    yield make
    for server in servers:
        runner.run(server.close())
        plane.control_path.unlink(missing_ok=True)
