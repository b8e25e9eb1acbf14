"""Model servers for tests: a runtime shared by a module, and models written as text."""

import asyncio
import http.client
import json
import tarfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from understudy.runtimes.process import ProcessRuntime
from understudy.runtimes.runtime import Exited, InstanceSpec, Started

SKLEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"


class Bench:
    """A runtime with its event loop, which runs while one of these methods does."""

    def __init__(self, folder: Path, *, private_opt_ml: bool = True) -> None:
        self.folder = folder
        self.exits: list[Exited] = []
        self._runner = asyncio.Runner()
        self._numbers = count(1)
        self.runtime = ProcessRuntime(self.exits.append, private_opt_ml=private_opt_ml)

    def run(self, awaitable: Any) -> Any:
        return self._runner.run(awaitable)

    def archive(self, code: str | None, **files: str) -> Path:
        """A model.tar.gz with this code/inference.py, and further files under code/."""
        number = next(self._numbers)
        source = self.folder / f"model-{number}"
        (source / "code").mkdir(parents=True)
        if code is not None:
            (source / "code/inference.py").write_text(dedent(code))
        for name, text in files.items():
            (source / "code" / name.replace("_txt", ".txt")).write_text(text)
        path = self.folder / f"model-{number}.tar.gz"
        with tarfile.open(path, "w:gz") as tar:
            tar.add(source, arcname=".")
        return path

    def spec(
        self, archive: Path | None, image: str = SKLEARN, timeout: float = 20.0, **fields: Any
    ) -> InstanceSpec:
        number = next(self._numbers)
        defaults: dict[str, Any] = {
            "instance_id": f"i-{number}",
            "variant": "AllTraffic",
            "environment": {},
            "root": self.folder / "instances" / f"i-{number}",
        }
        return InstanceSpec(
            image=image, model_archive=archive, startup_timeout=timeout, **(defaults | fields)
        )

    def start(self, archive: Path | None, **fields: Any) -> "Instance":
        spec = self.spec(archive, **fields)
        return Instance(self, spec, self.run(self.runtime.start(spec)))

    def wait_for(self, condition: Callable[[], Any], seconds: float = 10.0) -> Any:
        """What the condition gives as soon as that is true, while the event loop runs."""

        async def poll() -> Any:
            async with asyncio.timeout(seconds):
                while not (found := condition()):
                    await asyncio.sleep(0.005)
                return found

        return self.run(poll())

    def close(self) -> None:
        self.run(self.runtime.close())
        self._runner.close()


class Instance:
    """A started instance and how to talk to it."""

    def __init__(self, bench: Bench, spec: InstanceSpec, started: Started) -> None:
        self._bench = bench
        self.spec = spec
        self.started = started

    def invoke(self, body: str | bytes = "", **headers: str) -> tuple[int, str]:
        """The status and the body of the answer to an invocation."""
        connection = http.client.HTTPConnection(self.started.host, self.started.port, timeout=10)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("POST", "/invocations", body, named)
        response = connection.getresponse()
        answer = response.status, response.read().decode()
        self.content_type = response.getheader("content-type")
        connection.close()
        return answer

    def ask(self, body: str = "") -> Any:
        """The JSON in the answer to an invocation that must succeed."""
        status, answer = self.invoke(body)
        assert status == 200, answer
        return json.loads(answer)

    def stop(self, grace: float = 10.0) -> None:
        self._bench.run(self._bench.runtime.stop(self.spec.instance_id, grace))

    @property
    def log(self) -> str:
        return (self.spec.root / "log").read_text()


@pytest.fixture(scope="module")
def make_bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Bench]]:
    """Makes benches that are closed in the end."""
    benches: list[Bench] = []

    def make(**options: bool) -> Bench:
        benches.append(Bench(tmp_path_factory.mktemp("bench"), **options))
        return benches[-1]

    yield make
    for bench in benches:
        bench.close()


@pytest.fixture(scope="module")
def bench(make_bench: Callable[..., Bench]) -> Bench:
    """The module's shared bench."""
    return make_bench()
