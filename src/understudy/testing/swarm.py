"""A swarm of two machines on one: two container engines in network namespaces of their own."""

import os
import shutil
import signal
import subprocess
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker

from understudy.testing import container_engine
from understudy.testing.container_engine import container_engine as engine
from understudy.testing.processes import descendants

IP = shutil.which("ip") or "/sbin/ip"
HERE, MANAGER, WORKER = "10.214.0.1", "10.214.0.2", "10.214.0.3"
SECOND = 1_000_000_000
HEARTBEAT, SLOW_HEARTBEAT = 1 * SECOND, 20 * SECOND
"""Nanoseconds; after three of them a node that says nothing is given up."""


def missing() -> str:
    """Why there can be no such swarm here; empty where there can."""
    if reason := container_engine.missing():
        return reason
    for program in ("ip", "nsenter"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    tried = f"understudy-try-{os.getpid()}"
    if subprocess.run([IP, "netns", "add", tried], check=False, capture_output=True).returncode:
        return "network namespaces are not permitted here"
    _ip("netns", "delete", tried)
    return ""


@dataclass(frozen=True, slots=True)
class Swarm:
    """``manager`` and ``worker`` are the URLs of its engines, in zones us-east-1a and -1b."""

    manager: str
    worker: str

    def lose_worker(self) -> None:
        """Kill the second engine with all that it runs, as when its machine loses power."""
        folder = self.worker.removeprefix("unix://").rpartition("/")[0]
        _ip("-n", _name("b"), "link", "set", "eth0", "down")
        daemon = int(Path(folder, "dockerd.pid").read_text())
        lost = {daemon}
        for entry in Path("/proc").iterdir():
            with suppress(OSError, ValueError):
                if folder in (entry / "cmdline").read_text():
                    lost |= {int(entry.name), *descendants(int(entry.name))}
        for pid in (daemon, *(lost - {daemon})):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextmanager
def swarm(*, told: bool = False) -> Generator[Swarm]:
    """A swarm of a manager and a worker, from start to end.

    ``told``: the worker's node names its engine, and its silence alone says nothing for a minute.
    """
    with ExitStack() as stack:
        bridge = f"und{os.getpid()}"
        _ip("link", "add", bridge, "type", "bridge")
        stack.callback(_ip, "link", "delete", bridge)
        _ip("address", "add", f"{HERE}/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        urls: list[str] = []
        for letter, address in (("a", MANAGER), ("b", WORKER)):
            _network(stack, letter, address, bridge)
            subnet = f"10.213.{ord(letter)}.1/24"
            urls.append(stack.enter_context(engine(_name(letter), subnet, f"tcp://{address}:2375")))
        yield _joined(*urls, told=told)
        client: Any = docker.DockerClient(urls[0])
        client.swarm.leave(force=True)  # An engine that leaves no swarm behind ends sooner.
        client.close()


def _network(stack: ExitStack, letter: str, address: str, bridge: str) -> None:
    name, link = _name(letter), f"und{letter}{os.getpid()}"
    _ip("netns", "add", name)
    stack.callback(_ip, "netns", "delete", name)
    _ip("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", name)
    stack.callback(_ip, "link", "delete", link)
    _ip("link", "set", link, "master", bridge, "up")
    _ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
    for device in ("eth0", "lo"):
        _ip("-n", name, "link", "set", device, "up")


def _joined(manager: str, worker: str, *, told: bool) -> Swarm:
    first: Any = docker.DockerClient(manager)
    second: Any = docker.DockerClient(worker)
    first.swarm.init(
        advertise_addr=MANAGER,
        listen_addr=f"{MANAGER}:2377",
        dispatcher_heartbeat_period=SLOW_HEARTBEAT if told else HEARTBEAT,
    )
    token = first.swarm.attrs["JoinTokens"]["Worker"]
    second.swarm.join([f"{MANAGER}:2377"], token, advertise_addr=WORKER)
    for node in first.nodes.list():
        labels = {"zone": "us-east-1b", **({"engine": f"tcp://{WORKER}:2375"} if told else {})}
        if node.attrs.get("ManagerStatus"):
            labels = {"zone": "us-east-1a"}
        node.update({**node.attrs["Spec"], "Labels": labels})
    first.close()
    second.close()
    return Swarm(manager, worker)


def _name(letter: str) -> str:
    return f"understudy-{letter}-{os.getpid()}"


def _ip(*words: str) -> None:
    subprocess.run([IP, *words], check=True, capture_output=True)
