"""How soon instances start, what they weigh, how fast they answer, how punctual a stand-in is.

Run with ``python benchmarks/model_servers.py``; it takes about ten seconds.
"""

import asyncio
import json
import tarfile
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

import uvloop

from understudy.runtimes.process import ProcessRuntime
from understudy.runtimes.runtime import InstanceSpec, Started
from understudy.testing.processes import memory

DIGITS = Path(__file__).parents[1] / "examples/digits-endpoint/model"
SKLEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"


class Bench:
    """A runtime that keeps its instances in a folder."""

    def __init__(self, folder: Path) -> None:
        self.runtime = ProcessRuntime(print)
        self._folder = folder

    async def start(self, name: str, model: Path | None = None, **environment: str) -> Started:
        spec = InstanceSpec(
            instance_id=name,
            variant="AllTraffic",
            image=SKLEARN,
            environment=environment,
            model_archive=model,
            root=self._folder / name,
            startup_timeout=30,
        )
        return await self.runtime.start(spec)


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        try:
            await measure_digits(bench, Path(folder) / "model.tar.gz")
            await measure_stand_in(bench)
        finally:
            await bench.runtime.close()


async def measure_digits(bench: Bench, archive: Path) -> None:
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(DIGITS, arcname=".")
    digits: list[Started] = []
    seconds: list[float] = []
    for number in range(6):
        begun = time.monotonic()
        digits.append(await bench.start(f"digits-{number}", archive))
        seconds.append(time.monotonic() - begun)
    print(f"first instance, from cold: {seconds[0]:.2f} s; further: {median(seconds[1:]):.3f} s")
    used = memory(digits[-1].pid)
    print(f"a further instance: PSS {used['Pss']:.1f} MB, its own {used['Private_Dirty']:.1f}")

    body = json.dumps({"instances": [[0.0] * 64]}).encode()
    one = await latencies(digits[0].port, body, clients=1, requests=1000)
    print(f"1 client: p50 {median(one) * 1e3:.2f} ms, p99 {quantiles(one, n=100)[98] * 1e3:.2f} ms")
    begun = time.monotonic()
    await latencies(digits[0].port, body, clients=8, requests=500)
    print(f"8 clients: {8 * 500 / (time.monotonic() - begun):.0f} requests/s")


async def measure_stand_in(bench: Bench) -> None:
    at_once = await bench.start("at-once", UNDERSTUDY_STAND_IN="0ms")
    later = await bench.start("later", UNDERSTUDY_STAND_IN="20ms")
    used = memory(later.pid)
    print(f"a further stand-in: PSS {used['Pss']:.1f} MB, its own {used['Private_Dirty']:.1f}")
    trip = median(await latencies(at_once.port, b"{}", clients=1, requests=200, pause=0.02))
    late = median(await latencies(later.port, b"{}", clients=1, requests=200)) - 0.02
    print(f"stand-in of 20 ms: {late * 1e3:.2f} ms late, of 0 ms: {trip * 1e3:.2f} ms")


async def latencies(
    port: int, body: bytes, *, clients: int, requests: int, pause: float = 0.0
) -> list[float]:
    """Seconds that each request took, from clients that each send one after the other."""
    request = b"POST /invocations HTTP/1.1\r\ncontent-type: application/json\r\n"
    request += b"content-length: %d\r\n\r\n" % len(body) + body
    taken: list[float] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(requests):
            begun = time.monotonic()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
            await reader.readexactly(length)
            taken.append(time.monotonic() - begun)
            await asyncio.sleep(pause)
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return taken


if __name__ == "__main__":
    uvloop.run(main())
