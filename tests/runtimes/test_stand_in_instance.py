"""A stand-in as a real process."""

import socket
import time
from typing import Any

import pytest

pytestmark = pytest.mark.processes


def stand_in(bench: Any, text: str, speed: float = 1.0) -> Any:
    environment = {"UNDERSTUDY_STAND_IN": text}
    return bench.start(None, image="example.com/llm:1", environment=environment, speed=speed)


def test_a_stand_in_answers_after_its_service_time_and_says_what_it_is(bench: Any) -> None:
    instance = stand_in(bench, "3s", speed=60)
    begun = time.monotonic()
    assert instance.ask() == {"stand_in": True, "service_time_ms": 3000.0}
    assert time.monotonic() - begun >= 0.05
    assert "A stand-in serves, not a model: 3s, speed 60" in instance.log
    instance.stop()


def test_a_stand_in_is_healthy_when_its_start_up_time_has_passed(bench: Any) -> None:
    begun = time.monotonic()
    instance = stand_in(bench, "1ms; startup=30s", speed=60)
    assert 0.5 <= time.monotonic() - begun < 2
    instance.stop()


def test_a_stand_in_finishes_what_it_has_begun_when_it_is_stopped(bench: Any) -> None:
    instance = stand_in(bench, "300ms")
    with socket.create_connection((instance.started.host, instance.started.port)) as client:
        # Both come in one packet: when the ping is answered, the invocation has begun.
        client.sendall(
            b"GET /ping HTTP/1.1\r\n\r\nPOST /invocations HTTP/1.1\r\nContent-Length: 0\r\n\r\n"
        )
        assert client.recv(4096).startswith(b"HTTP/1.1 200")
        instance.stop()
        assert b'"service_time_ms": 300.0' in client.recv(4096)
