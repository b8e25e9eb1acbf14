"""A stand-in for a model: it answers after a drawn service time, as many at once as it is said to.

It is asked for in the open, by the container environment variable UNDERSTUDY_STAND_IN, and every
answer says so. Service times are world time: at speed S a request takes 1/S of it.
"""

import asyncio
import heapq
import json
import random
import socket
import time
from collections.abc import Callable
from functools import partial

import uvloop

from understudy.base.service_time import ServiceTime, parse_service_time, sample
from understudy.runtimes.http_server import Reply, Request, Response, Server
from understudy.runtimes.images import STAND_IN_VARIABLE
from understudy.runtimes.launch import Launch
from understudy.runtimes.precise_timer import PreciseTimer

CallAt = Callable[[float, Callable[[], None]], None]


class StandIn:
    """Answers requests through ``concurrency`` slots and one first-come-first-served queue.

    When a request ends is computed when it arrives: it starts when it has arrived and a slot is
    free, so an answer that leaves late delays no other.
    """

    def __init__(self, service_time: ServiceTime, speed: float, seed: str, call_at: CallAt) -> None:
        self._service_time = service_time
        self._speed = speed
        self._generator = random.Random(seed)  # noqa: S311 - a model's service times, not a secret
        self._call_at = call_at
        self._free_at = [0.0] * service_time.concurrency

    def handle(self, request: Request, reply: Reply) -> None:
        """Answer one request, an invocation after its service time."""
        match request.method, request.path:
            case "GET", "/ping":
                reply(Response(200))
            case "POST", "/invocations":
                self.invoke(request.arrived, reply)
            case _:
                reply(Response(404))

    def invoke(self, arrived: float, reply: Reply) -> None:
        """Answer after a drawn service time, once a slot is free."""
        seconds = sample(self._service_time, self._generator)
        failed = self._generator.random() < self._service_time.failures
        start = max(arrived, self._free_at[0])
        end = start + seconds / self._speed
        heapq.heapreplace(self._free_at, end)
        self._call_at(end, partial(reply, _answer(seconds, failed=failed)))


def _answer(seconds: float, *, failed: bool) -> Response:
    content: dict[str, object] = {"stand_in": True, "service_time_ms": round(seconds * 1000, 3)}
    if failed:
        content["error"] = "a failure that the stand-in was asked for"
    return Response(
        500 if failed else 200,
        json.dumps(content).encode(),
        "application/json",
        (("X-Understudy-Stand-In", "true"),),
    )


def serve(listener: socket.socket, launch: Launch) -> None:
    """Be a stand-in until SIGTERM. Raises ValueError where its service time cannot be read."""
    text = launch.environment[STAND_IN_VARIABLE]
    service_time = parse_service_time(text)
    print(f"A stand-in serves, not a model: {text}, speed {launch.speed:g}")
    uvloop.run(_serve(listener, launch, service_time))


async def _serve(listener: socket.socket, launch: Launch, service_time: ServiceTime) -> None:
    ready = time.monotonic() + service_time.startup / launch.speed
    timer = PreciseTimer(asyncio.get_running_loop())
    stand_in = StandIn(service_time, launch.speed, launch.instance_id, timer.call_at)
    # Until then nothing is accepted, so a ping waits in the socket's queue as for a loading model.
    await asyncio.sleep(ready - time.monotonic())
    await Server(stand_in.handle).serve(listener)
    timer.close()
