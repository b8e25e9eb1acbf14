"""All load balancers that the data plane serves."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic

from understudy.control.balancer import Turned
from understudy.control.events import (
    BalancerReached,
    RemoveBalancer,
    SetBalancer,
    TargetsTurned,
)
from understudy.proxy.balancer.doors import HTTP, Doors
from understudy.proxy.balancer.passage import host_of
from understudy.proxy.balancer.serving import Listener, Serving, Shared, local_name
from understudy.proxy.connection import Client, Exchange, Head
from understudy.proxy.messages import FromProxy, Logged, Settings
from understudy.proxy.outbox import Outbox
from understudy.proxy.record import Recorder
from understudy.proxy.upstream import Connect


class Balancers:
    """Load balancers by ARN, and by the names that the front door knows them by."""

    def __init__(
        self,
        settings: Settings,
        recorder: Recorder,
        outbox: Outbox,
        send: Callable[[FromProxy], None],
        control: Connect,
    ) -> None:
        self._shared = Shared(recorder, outbox, settings.seed, control)
        self._doors = Doors(outbox, Path(settings.authority))
        self._by_arn: dict[str, Serving] = {}
        self._by_name: dict[str, Serving] = {}
        self._counted = 0
        self._send = send
        self.front_port = 0

    def __bool__(self) -> bool:
        return bool(self._by_name)

    def set(self, command: SetBalancer) -> None:
        """Serve with a load balancer as it is from now on; ``BalancerReached`` follows."""
        told = command.balancer
        serving = self._by_arn.get(told.arn)
        if serving is None:
            turned = partial(self._turned, command.region)
            serving = Serving(command.region, told, self._shared, turned)
            self._by_arn[told.arn] = serving
            self._by_name[serving.name] = serving
        else:
            serving.update(told)
            self._remind(command)
        ports = self._doors.serve(serving)
        self._tell(command.region, told.arn, self._endpoint(serving, ports))

    def _remind(self, command: SetBalancer) -> None:
        """Tell of the health of targets of which the engine knows otherwise, or no more."""
        serving = self._by_arn[command.balancer.arn]
        turned = [
            Turned(group.arn, member.told.id, member.told.port, member.health.state.value)
            for told in command.balancer.groups
            for group in (serving.groups[told.arn],)
            for target in told.targets
            for member in (group.members[target.id, target.port],)
            if target.state == "initial" and member.health.state.value in ("healthy", "unhealthy")
        ]
        if turned:
            at = self._shared.recorder.clock.world(monotonic())
            self._send(TargetsTurned(at, command.region, tuple(turned)))

    def remove(self, command: RemoveBalancer) -> None:
        """Know a load balancer no more."""
        serving = self._by_arn.pop(command.arn, None)
        if serving is not None:
            del self._by_name[serving.name]
            self._doors.remove(serving)
            serving.close()

    def exchange(self, head: Head, client: Client) -> Exchange | None:
        """The answer to a request at the front door that is for a load balancer."""
        serving = self._by_name.get(local_name(host_of(head)))
        listener = _of_front_door(serving) if serving is not None else None
        return None if listener is None else listener.balancer.passage(listener, head, client)

    def set_clock(self) -> None:
        """World time passes at another speed."""
        for serving in self._by_arn.values():
            serving.set_limits()

    def expire(self) -> None:
        """Close connections to targets that nobody has used lately."""
        for serving in self._by_arn.values():
            serving.expire()

    def tick(self) -> None:
        """Let time go on; note in each second of world time how many connections there are.

        What access logs have got is told.
        """
        for arn, serving in self._by_arn.items():
            if serving.lines:
                lines, serving.lines = tuple(serving.lines), []
                self._send(Logged(serving.region, arn, lines))
        world = self._shared.recorder.clock.world(monotonic())
        self._shared.traces.date(world)
        second = int(world)
        if second <= self._counted:
            return
        self._counted = second
        for serving in self._by_arn.values():
            serving.count_connections()

    def _endpoint(self, serving: Serving, ports: dict[int, int]) -> str:
        """Where a load balancer can be reached."""
        name = serving.name
        for port, listener in serving.listeners.items():
            if port in ports:
                return f"{listener.protocol.lower()}://{name}:{ports[port]}"
        return f"http://{name}:{self.front_port}"

    def _tell(self, region: str, arn: str, endpoint: str) -> None:
        at = self._shared.recorder.clock.world(monotonic())
        self._send(BalancerReached(at, region, arn, endpoint))

    def _turned(self, region: str, turned: Turned) -> None:
        at = self._shared.recorder.clock.world(monotonic())
        self._send(TargetsTurned(at, region, (turned,)))


def _of_front_door(serving: Serving) -> Listener | None:
    """The listener that stands for a balancer at the front door: its first plain one, or any."""
    listeners = [each for each in serving.listeners.values() if each.protocol in HTTP]
    plain = [each for each in listeners if each.protocol == "HTTP"]
    return next(iter(plain or listeners), None)
