"""What is asked of a container engine about one of its containers."""

import os
import time
from contextlib import ExitStack, suppress
from typing import Any

import docker
import requests
from docker.constants import DEFAULT_TIMEOUT_SECONDS
from docker.errors import DockerException

from understudy.runtimes.programs import NotRun
from understudy.runtimes.usage import Use

BILLION = 1_000_000_000
LOOK_SECONDS = 0.02


def connected(url: str | None, timeout: float = DEFAULT_TIMEOUT_SECONDS) -> Any:
    """A client of a container engine, the usual one without a URL. Raises NotRun.

    It answers within ``timeout`` real seconds. DOCKER_TLS_VERIFY and DOCKER_CERT_PATH hold for all.
    """
    environment = {**os.environ, "DOCKER_HOST": url} if url else None
    with ExitStack() as stack:
        try:
            client: Any = docker.from_env(environment=environment, timeout=timeout)  # pyright: ignore[reportArgumentType]
            stack.callback(client.close)
            client.ping()
            client.api.timeout = DEFAULT_TIMEOUT_SECONDS
        except (DockerException, requests.RequestException) as error:
            raise NotRun(f"no container engine answers: {error}") from error
        stack.pop_all()
    return client


def exposed(client: Any, image: str) -> tuple[int, ...] | None:
    """The ports that an image of an engine says it listens at, None where there is no such one."""
    try:
        found = client.images.get(image)
    except (DockerException, requests.RequestException):
        return None
    ports: dict[str, Any] = found.attrs["Config"].get("ExposedPorts") or {}
    return tuple(int(each.removesuffix("/tcp")) for each in ports if each.endswith("/tcp"))


def ran(container: Any, command: tuple[str, ...], timeout: float) -> bool:
    """Whether a command ends with 0 in a container, in time."""
    api = container.client.api
    deadline = time.monotonic() + timeout
    with suppress(DockerException, requests.RequestException):
        asked = api.exec_create(container.id, list(command))["Id"]
        api.exec_start(asked, detach=True)
        while (found := api.exec_inspect(asked))["Running"] and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)  # Docker has no other way to ask.
        return found["ExitCode"] == 0
    return False


def drawn(container: Any) -> Use | None:
    """Processor seconds so far, and bytes of memory now without the cache of files.

    None where its engine does not say.     As ``docker stats`` has it: https://docs.docker.com/reference/cli/docker/container/stats/
    """
    try:
        found = container.stats(stream=False, one_shot=True)
    except (DockerException, requests.RequestException):
        return None
    memory = found["memory_stats"]
    cache = memory.get("stats", {})
    files = cache.get("inactive_file", cache.get("total_inactive_file", 0))
    seconds = found["cpu_stats"]["cpu_usage"]["total_usage"] / BILLION
    return seconds, max(memory.get("usage", 0) - files, 0)
