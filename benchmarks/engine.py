"""How soon an engine answers, and what it weighs while idle, beside moto_server and ministack.

Run with ``python benchmarks/engine.py``; peers are looked for in ``$UNDERSTUDY_BENCH_PEERS``. The
memory is PSS: what processes share is counted once.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from statistics import median

from understudy.runtimes.addresses import free_port
from understudy.testing.processes import cpu_seconds, family, memory

ROUNDS = 3
IDLE_SECONDS = 3.0
PEERS = Path(os.environ.get("UNDERSTUDY_BENCH_PEERS", ".bench-venv/bin"))
PATIENCE = 60.0


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        commands = {"understudy": understudy(Path(folder))}
        for name in ("moto_server", "ministack"):
            if (PEERS / name).exists():
                commands[name] = peer(name)
            else:
                print(f"{name}: not installed")
        print("| engine | answers after | CPU until then | idle memory | processes |")
        print("|---|---|---|---|---|")
        for name, (line, environment) in commands.items():
            rounds = [measured(line, environment) for _ in range(ROUNDS)]
            wall, cpu, memory, count = (median(each) for each in zip(*rounds, strict=True))
            print(f"| {name} | {wall:.2f} s | {cpu:.2f} s | {memory:.0f} MB | {count:.0f} |")


Line = tuple[str, ...]


def understudy(folder: Path) -> tuple[Line, dict[str, str]]:
    line = (sys.executable, "-m", "understudy", "up", "--port", "{port}", "--state", str(folder))
    return line, {}


def peer(name: str) -> tuple[Line, dict[str, str]]:
    if name == "moto_server":
        return (str(PEERS / name), "-H", "127.0.0.1", "-p", "{port}"), {}
    return (str(PEERS / name),), {"GATEWAY_PORT": "{port}", "MINISTACK_HOST": "127.0.0.1"}


def measured(line: Line, more: dict[str, str]) -> tuple[float, float, float, int]:
    """Wall and CPU seconds until the first answer, MB of memory when idle, and processes."""
    port = free_port("127.0.0.1")
    environment = os.environ | {key: each.format(port=port) for key, each in more.items()}
    begun = time.monotonic()
    process = subprocess.Popen(
        [each.format(port=port) for each in line],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while not answers(port):
            if process.poll() is not None or time.monotonic() - begun > PATIENCE:
                raise RuntimeError(f"{line[0]} does not answer")
            time.sleep(0.005)
        wall = time.monotonic() - begun
        cpu = cpu_seconds(family(process.pid))
        time.sleep(IDLE_SECONDS)  # What it uses when nobody asks is what is measured next.
        found = family(process.pid)
        return wall, cpu, sum(memory(pid)["Pss"] for pid in found), len(found)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)


def answers(port: int) -> bool:
    """Whether an AWS call gets an answer of any kind."""
    body = b"Action=ListStacks&Version=2010-05-15"
    scope = "Credential=test/20261122/us-east-1/cloudformation/aws4_request"
    headers = {
        "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status == 200
    except urllib.error.HTTPError as error:
        return error.code != 503
    except OSError:
        return False


if __name__ == "__main__":
    main()
