"""The engine's hold on the data plane: where requests go, and what came of them."""

import asyncio
import logging
from collections.abc import Callable

from msgspec import structs

from understudy.control.balancer import Balancer
from understudy.control.events import (
    BalancerReached,
    BalancersServed,
    EnvironmentsWanted,
    RemoveBalancer,
    RemoveRoute,
    RequestsCompleted,
    SetBalancer,
    SetRoute,
    TargetsTurned,
)
from understudy.live.access_logs import AccessLogs
from understudy.live.loop import LiveLoop
from understudy.proxy.link import DataPlane
from understudy.proxy.messages import (
    Drain,
    Drained,
    Logged,
    RemoveEndpoint,
    Report,
    SetClock,
    SetEndpoint,
    TargetHealth,
    ToProxy,
    Wanted,
)

log = logging.getLogger(__name__)

LOOK_SECONDS, SILENT_LOOKS = 1.0, 8
"""The data plane reports ten times a second. After so many looks in vain it is taken to hang."""
MOST_ENDS, WITHIN_SECONDS = 5, 60.0
"""A data plane that ends so often within so many seconds is not started again."""


class FrontDoor:
    """Tells the data plane where requests go, and tells it all again where it had to be restarted.

    Requests that were in flight in a data plane that ended are lost; new ones wait for the next.
    """

    def __init__(self, data_plane: DataPlane, loop: LiveLoop, logs: AccessLogs) -> None:
        self._data_plane = data_plane
        self._loop = loop
        self._logs = logs
        self._routes: dict[tuple[str, str], SetEndpoint] = {}
        self._balancers: dict[str, SetBalancer] = {}
        self._states: dict[tuple[str, str, int], str] = {}
        self._draining: dict[str, asyncio.Event] = {}
        self._ends: list[float] = []
        self._heard = False
        self._tell_clock()

    def _tell_clock(self) -> None:
        clock = self._loop.clock
        self._data_plane.send(SetClock(clock.real_epoch, clock.world_epoch, clock.speed))

    def perform(self, command: SetRoute | RemoveRoute | SetBalancer | RemoveBalancer) -> None:
        """Send requests to these targets from now on, or know an endpoint or balancer no more."""
        message: ToProxy
        match command:
            case SetRoute():
                message = SetEndpoint(command.endpoint, command.variants, command.region)
                self._routes[command.region, command.endpoint] = message
            case RemoveRoute():
                message = RemoveEndpoint(command.endpoint, command.region)
                self._routes.pop((command.region, command.endpoint), None)
            case SetBalancer():
                message = command
                self._balancers[command.balancer.arn] = command
            case RemoveBalancer():
                message = command
                self._balancers.pop(command.arn, None)
        self._data_plane.send(message)

    async def drain(self, instance_id: str, seconds: float) -> None:
        """Send an instance nothing more; return when it has answered everything, or time is up."""
        drained = self._draining.setdefault(instance_id, asyncio.Event())
        self._data_plane.send(Drain(instance_id, seconds))
        try:
            await drained.wait()
        finally:
            self._draining.pop(instance_id, None)

    async def listen(self, unhealthy: Callable[[TargetHealth], None]) -> None:
        """Pass reports on to the loop, and instances that stop answering their health check.

        Raises ConnectionError where the data plane ends again and again.
        """
        watch = asyncio.create_task(self._watch())
        try:
            while error := await self._end_of_messages(unhealthy):
                while error := await self._restarted(error):
                    pass
        finally:
            watch.cancel()

    async def _end_of_messages(
        self, unhealthy: Callable[[TargetHealth], None]
    ) -> ConnectionError | None:
        """Take in messages until the data plane is stopped (None), or ends by itself, and how."""
        try:
            async for message in self._data_plane:
                self._heard = True
                self._take(message, unhealthy)
        except ConnectionError as error:
            return error
        return None

    def _take(self, message: object, unhealthy: Callable[[TargetHealth], None]) -> None:
        match message:
            case Report():
                self._report(message)
            case Logged() if message.balancer in self._balancers:
                told = self._balancers[message.balancer].balancer
                self._logs.take(message, told.attributes)
            case Drained() if message.instance_id in self._draining:
                self._draining[message.instance_id].set()
            case TargetHealth(healthy=False):
                unhealthy(message)
            case Wanted(endpoint, variant, count, region):
                at = self._loop.now()
                self._loop.submit(EnvironmentsWanted(at, region, endpoint, variant, count))
            case BalancerReached():
                self._loop.submit(structs.replace(message, at=self._loop.now()))
            case TargetsTurned():
                for each in message.turned:
                    self._states[each.group, each.target, each.port] = each.state
                self._loop.submit(structs.replace(message, at=self._loop.now()))
            case _:
                pass

    def _report(self, message: Report) -> None:
        at = self._loop.now()
        if message.served:
            self._loop.submit(RequestsCompleted(at, message.region, message.served))
        if message.balanced:
            self._loop.submit(BalancersServed(at, message.region, message.balanced))
        self._loop.reported(message.watermark)

    async def _restarted(self, error: ConnectionError) -> ConnectionError | None:
        """Start the data plane again after it has ended, and how that ended if it did not work."""
        now = self._loop.clock.real_now()
        self._ends = [each for each in self._ends if each > now - WITHIN_SECONDS] + [now]
        if len(self._ends) >= MOST_ENDS:
            log.critical("%s It did so %d times within a minute.", error, len(self._ends))
            raise error
        log.error("%s It is started again.", error)
        try:
            await self._data_plane.restart()
        except ConnectionError as again:
            return again
        self._tell_clock()
        for message in self._routes.values():
            self._data_plane.send(message)
        for command in self._balancers.values():
            balancer = self._as_probed(command.balancer)
            self._data_plane.send(structs.replace(command, balancer=balancer))
        for drained in self._draining.values():
            drained.set()
        return None

    def _as_probed(self, balancer: Balancer) -> Balancer:
        """A load balancer with its targets as their probes left them."""
        groups = tuple(
            structs.replace(
                group,
                targets=tuple(
                    target
                    if target.draining
                    else structs.replace(
                        target,
                        state=self._states.get((group.arn, target.id, target.port), target.state),
                    )
                    for target in group.targets
                ),
            )
            for group in balancer.groups
        )
        return structs.replace(balancer, groups=groups)

    async def _watch(self) -> None:
        """Kill a data plane that hangs, for then it is started again."""
        silent = 0
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            silent = 0 if self._heard else silent + 1
            self._heard = False
            if silent == SILENT_LOOKS:
                log.error("The data plane has been silent for %g s.", SILENT_LOOKS * LOOK_SECONDS)
                self._data_plane.kill()
