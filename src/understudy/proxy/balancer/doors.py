"""The ports at which load balancers listen. One port may be shared: Host says whom it is for.

A listener's own port is taken at 127.0.0.1 where it can be had. Where it cannot, an application
load balancer is reached through the front door by its DNS name, a network one at a free port.
"""

import asyncio
import logging
import socket
import ssl
from pathlib import Path

from understudy.proxy.balancer.passage import host_of
from understudy.proxy.balancer.relay import Caller
from understudy.proxy.balancer.serving import SECURE, Listener, Serving, local_name
from understudy.proxy.connection import Client, Exchange, Head
from understudy.proxy.outbox import Outbox

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
BACKLOG = 1024
HTTP = frozenset({"HTTP", "HTTPS"})


class Door:
    """A listening port. ``listeners`` are by the DNS names of their balancers, oldest first."""

    def __init__(self, socket_: socket.socket, outbox: Outbox, protocol: str, folder: Path) -> None:
        self.listeners: dict[str, Listener] = {}
        self.port: int = socket_.getsockname()[1]
        self._outbox = outbox
        self._protocol = protocol
        self._folder = folder
        self._server: asyncio.Server | None = None
        self._opening = asyncio.get_running_loop().create_task(self._open(socket_))

    async def _open(self, socket_: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        make = self._client if self._protocol in HTTP else self._caller
        self._server = await loop.create_server(
            make, sock=socket_, backlog=BACKLOG, ssl=self._context()
        )

    def _context(self) -> ssl.SSLContext | None:
        if self._protocol not in SECURE:
            return None
        from understudy.proxy.balancer.tls import server_context  # It takes a while to import.

        return server_context(self._folder, lambda: list(self.listeners))

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
        else:
            self._opening.add_done_callback(lambda _: self.close())

    def find(self, head: Head | None) -> Listener | None:
        """The listener that a request is for; the oldest, where its Host names none."""
        listeners = self.listeners
        if head is not None and len(listeners) > 1:
            named = listeners.get(local_name(host_of(head)))
            if named is not None:
                return named
        return next(iter(listeners.values()), None)

    def _client(self) -> Client:
        return Client(self._exchange, self._outbox)

    def _exchange(self, head: Head, client: Client) -> Exchange:
        listener = self.find(head)
        assert listener is not None, "a door without listeners is closed"
        return listener.balancer.passage(listener, head, client)

    def _caller(self) -> asyncio.Protocol:
        return Caller(self.find(None))


class Doors:
    """All ports at which balancers listen."""

    def __init__(self, outbox: Outbox, folder: Path) -> None:
        self._shared: dict[tuple[int, str], Door] = {}
        self._own: dict[str, dict[int, Door]] = {}
        self._outbox = outbox
        self._folder = folder

    def serve(self, serving: Serving) -> dict[int, int]:
        """Listen for a balancer; the real port of each of its listeners that has one.

        A listener at port 0 gets a free one for itself.
        """
        own = self._own.setdefault(serving.told.arn, {})
        name = serving.name
        for port in set(own) - set(serving.listeners):
            self._leave(own.pop(port), name)
        for port, listener in serving.listeners.items():
            door = own.get(port) or self._door(port, listener.protocol)
            if door is not None:
                own[port] = door
                door.listeners[name] = listener
        return {port: door.port for port, door in own.items()}

    def remove(self, serving: Serving) -> None:
        """Listen no more for a balancer."""
        for door in self._own.pop(serving.told.arn, {}).values():
            self._leave(door, serving.name)

    def _door(self, port: int, protocol: str) -> Door | None:
        if protocol not in HTTP:
            return self._opened(port, protocol) or self._opened(0, protocol)
        door = self._shared.get((port, protocol)) or self._opened(port, protocol)
        if door is not None and port:
            self._shared[port, protocol] = door
        return door

    def _opened(self, port: int, protocol: str) -> Door | None:
        try:
            socket_ = socket.create_server((HOST, port), backlog=BACKLOG)
        except OSError as error:
            log.info("port %d cannot be had: %s", port, error)
            return None
        return Door(socket_, self._outbox, protocol, self._folder)

    def _leave(self, door: Door, name: str) -> None:
        door.listeners.pop(name, None)
        if not door.listeners:
            door.close()
            self._shared = {key: each for key, each in self._shared.items() if each is not door}
