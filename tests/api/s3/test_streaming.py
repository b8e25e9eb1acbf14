"""Large objects go through a server without being held in its memory."""

import hashlib
import http.client
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVER = """
import socket, sys
from pathlib import Path
import uvicorn
from understudy.api.asgi import application
from understudy.api.s3 import respond
from understudy.storage.objects.store import Store

store = Store(Path(sys.argv[1]))
listener = socket.socket(fileno=int(sys.argv[2]))

async def answer(request):
    return await respond(store, request, "us-east-1", "id", lambda: 1.0)

uvicorn.Server(uvicorn.Config(application(answer), log_level="error")).run([listener])
"""
BLOCK = random.Random(4).randbytes(1 << 20)
BLOCKS = 100


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """A server in a process of its own: its process id and port."""
    listener = socket.create_server(("127.0.0.1", 0))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path / "s3"), str(listener.fileno())],
        env=environment,
        pass_fds=[listener.fileno()],
    )
    yield process.pid, listener.getsockname()[1]
    process.terminate()
    process.wait(20)
    listener.close()


def peak_memory(pid: int) -> int:
    """The most bytes of memory that a process has had."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


@pytest.mark.processes
def test_100_mb_go_in_and_out_in_a_few_mb_of_memory(server: tuple[int, int]) -> None:
    pid, port = server
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def send(method: str, path: str, body: object = None, **headers: str) -> bytes:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content
        return content

    send("PUT", "/big")
    send("PUT", "/big/warm", b"x")
    send("GET", "/big/warm")
    before = peak_memory(pid)
    size = BLOCKS * len(BLOCK)
    send("PUT", "/big/k", iter([BLOCK] * BLOCKS), **{"Content-Length": str(size)})
    send(
        "PUT",
        "/big/copy",
        b"",
        **{"x-amz-copy-source": "/big/k", "x-amz-checksum-algorithm": "SHA256"},
    )
    for key in ("k", "copy"):
        digest = hashlib.sha256()
        connection.request("GET", f"/big/{key}")
        answer = connection.getresponse()
        while data := answer.read(1 << 20):
            digest.update(data)
        assert digest.digest() == hashlib.sha256(BLOCK * BLOCKS).digest()
    connection.close()
    assert peak_memory(pid) - before < 30 << 20


@pytest.mark.processes
def test_a_slow_upload_does_not_keep_others_waiting(server: tuple[int, int]) -> None:
    _, port = server
    quick = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def status(method: str, path: str, body: bytes | None = None) -> int:
        quick.request(method, path, body)
        answer = quick.getresponse()
        answer.read()
        return answer.status

    assert status("PUT", "/big") == 200
    slow = [socket.create_connection(("127.0.0.1", port), 20) for _ in range(50)]
    for number, connection in enumerate(slow):
        head = (
            f"PUT /big/slow{number} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\n\r\n"
        )
        connection.sendall(head.encode() + b"x" * 2_000_000)
    begun = time.monotonic()
    assert status("PUT", "/big/quick", b"x") == 200
    assert status("GET", "/big/quick") == 200
    assert time.monotonic() - begun < 10
    for number, connection in enumerate(slow):
        connection.sendall(b"x" * 1_000_000)
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        connection.close()
        assert status("HEAD", f"/big/slow{number}") == 200
    quick.close()
