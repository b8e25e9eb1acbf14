"""The machines of a Docker Swarm: where each is, and what its own container engine says.

A manager neither runs commands in the containers of its nodes nor measures them; a node's engine
does. The manager's own engine is at hand; the label ``engine`` of another node is the URL of its.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import requests
from docker.errors import DockerException

from understudy.runtimes.container_asking import connected, drawn, ran
from understudy.runtimes.programs import NotRun
from understudy.runtimes.usage import Use

ZONE, ENGINE = "zone", "engine"
PING_SECONDS = 1.5
"""Real seconds in which an engine answers."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of the swarm. ``cpus`` counts in billionths of a processor."""

    id: str
    address: str
    zone: str
    ready: bool
    cpus: int
    engine: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A container on a node, by their ids."""

    node: str
    container: str


class NodeLost(NotRun):
    """The node that was to run a program is not ready any more."""


def node_of(raw: Json) -> Node:
    """A node as Docker describes it. A manager may not know its own address as others do."""
    address = raw["Status"].get("Addr", "")
    manager = raw.get("ManagerStatus", {}).get("Addr", "").rpartition(":")[0]
    spec = raw["Spec"]
    labels = spec.get("Labels", {})
    return Node(
        raw["ID"],
        manager or address,
        labels.get(ZONE, ""),
        raw["Status"]["State"] == "ready" and spec["Availability"] == "active",
        raw["Description"]["Resources"]["NanoCPUs"],
        labels.get(ENGINE, ""),
    )


def chosen(nodes: Sequence[Node], zone: str, busy: Mapping[str, int]) -> Node:
    """The ready node of a zone with the fewest programs; of any, where the zone has none.

    Raises NotRun where no node is ready.
    """
    ready = [each for each in nodes if each.ready]
    there = [each for each in ready if each.zone == zone] or ready
    if not there:
        raise NotRun("no node of the swarm is ready")
    return min(there, key=lambda each: (busy.get(each.id, 0), each.id))


class NodeEngines:
    """The container engines of nodes. ``manager`` is a client of the one that is asked."""

    def __init__(self, manager: Any) -> None:
        self._clients: dict[str, Any] = {manager.info()["Swarm"]["NodeID"]: manager}
        self._manager = manager

    def reached(self, nodes: Sequence[Node]) -> list[Node]:
        """The nodes; one whose engine does not answer is not ready."""
        return [replace(each, ready=each.ready and self._reach(each)) for each in nodes]

    def _reach(self, node: Node) -> bool:
        if node.engine and node.id not in self._clients:
            try:
                self._clients[node.id] = connected(node.engine, PING_SECONDS)
            except NotRun:
                return False
        return True

    def silent(self) -> set[str]:
        """The nodes whose engine does not answer any more. They are forgotten."""
        others = {node: client for node, client in self._clients.items() if client != self._manager}
        gone = {node for node, client in others.items() if not _answers(client)}
        for node in gone:
            self._clients.pop(node).close()
        return gone

    def asked(self, place: Place, command: tuple[str, ...], timeout: float) -> bool:
        """Whether a command ends with 0 in a container; True where no engine can be asked."""
        container = self._container(place)
        return container is None or ran(container, command, timeout)

    def starved(self, place: Place) -> bool:
        """Whether a container was ended for its memory, as far as its engine says."""
        container = self._container(place)
        return container is not None and bool(container.attrs["State"].get("OOMKilled"))

    def drawn(self, place: Place) -> Use | None:
        """What a container uses, None where no engine can be asked."""
        container = self._container(place)
        return None if container is None else drawn(container)

    def _container(self, place: Place) -> Any | None:
        client = self._clients.get(place.node)
        if client is None:
            return None
        with suppress(DockerException, requests.RequestException):
            return client.containers.get(place.container)
        return None

    def close(self) -> None:
        """Let go of all engines."""
        for client in self._clients.values():
            client.close()


def _answers(client: Any) -> bool:
    """Whether an engine does, asked twice: a connection of ours may have been closed meanwhile."""
    for _ in range(2):
        with suppress(requests.RequestException):
            client.api.get(f"{client.api.base_url}/_ping", timeout=PING_SECONDS)
            return True
    return False
