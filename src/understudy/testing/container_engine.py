"""A container engine of a test's own: dockerd with its own data, socket and process id file."""

import os
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import docker

from understudy.testing.processes import wait_for

IMAGE = "understudy-test/busybox:1"
UMOUNT = shutil.which("umount") or "/bin/umount"
APPLETS = ("sh", "sleep", "httpd", "env", "cat", "echo", "wget", "true", "false", "dd", "kill")


def missing() -> str:
    """Why no container engine can be started here; empty where one can."""
    if os.geteuid() != 0:
        return "starting dockerd takes root"
    for program in ("dockerd", "busybox"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    return ""


@contextmanager
def container_engine(
    network: str = "", subnet: str = "10.213.0.1/24", also_at: str = ""
) -> Generator[str]:
    """The URL of an engine that has the image of busybox, from start to end.

    It runs in a network namespace if one is named, and answers at another URL too if that is given.
    """
    with tempfile.TemporaryDirectory(prefix="understudy-dockerd-") as name:
        folder = Path(name)
        url = f"unix://{folder}/docker.sock"
        inside = ["nsenter", f"--net=/run/netns/{network}"] if network else []
        with (folder / "dockerd.log").open("wb") as log:
            command = [*inside, *_command(folder, subnet, [url, also_at])]
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_for(lambda: _answers(url), 30, "dockerd does not answer")
            client: Any = docker.DockerClient(url)
            client.api.import_image_from_data(
                _busybox(), repository="understudy-test/busybox", tag="1"
            )
            client.close()
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
            _unmount(folder)


def _command(folder: Path, subnet: str, urls: list[str]) -> list[str]:
    return [
        "dockerd",
        *(f"--host={url}" for url in urls if url),
        "--tls=false",
        "--data-root", str(folder / "data"),
        "--exec-root", str(folder / "exec"),
        "--pidfile", str(folder / "dockerd.pid"),
        "--storage-driver", "vfs",
        "--iptables=false",
        "--ip-masq=false",
        "--ip-forward=false",
        "--bip", subnet,
    ]  # fmt: skip


def _unmount(folder: Path) -> None:
    """Let go of what an engine that was killed has left mounted."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        point = line.split()[1]
        if point.startswith(f"{folder}/"):
            subprocess.run([UMOUNT, "--lazy", point], check=True)


def _answers(url: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(url.removeprefix("unix://"))
        except OSError:
            return False
    return True


def _busybox() -> bytes:
    """A root file system of busybox alone, as a tar archive."""
    found = shutil.which("busybox")
    assert found is not None
    stream = BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for folder in ("bin", "tmp", "etc", "proc", "sys", "dev"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        tar.add(found, "bin/busybox")
        for applet in APPLETS:
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return stream.getvalue()
