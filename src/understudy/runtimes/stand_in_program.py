"""A stand-in as a program: it answers every request after a service time, and says what it is.

Health checks of load balancers are answered at once, as its queue is not theirs.
"""

import asyncio
import socket
import time

import uvloop

from understudy.base.service_time import parse_service_time
from understudy.runtimes.http_server import Reply, Request, Response, Server
from understudy.runtimes.precise_timer import PreciseTimer
from understudy.runtimes.stand_in import StandIn

CHECKER = "ELB-HealthChecker"


class Host(StandIn):
    """A stand-in of a whole server: any path will do."""

    def handle(self, request: Request, reply: Reply) -> None:
        """Answer one request after its service time."""
        if request.headers.get("user-agent", "").startswith(CHECKER):
            reply(Response(200))
        else:
            self.invoke(request.arrived, reply)


def main(host: str, ports: str, service_time: str, speed: str, name: str) -> None:
    """Serve at an address until SIGTERM. ``ports`` are numbers with commas between them."""
    print(f"A stand-in serves at {host}:{ports}: {service_time}", flush=True)
    numbers = [int(each) for each in ports.split(",")]
    uvloop.run(_serve(host, numbers, service_time, float(speed), name))


async def _serve(host: str, ports: list[int], service_time: str, speed: float, name: str) -> None:
    times = parse_service_time(service_time)
    await asyncio.sleep(times.startup / speed)
    timer = PreciseTimer(asyncio.get_running_loop())
    stand_in = Host(times, speed, f"{name}-{time.monotonic_ns()}", timer.call_at)
    listeners = [socket.create_server((host, port), backlog=2048) for port in ports]
    await Server(stand_in.handle).serve(*listeners)
    timer.close()
