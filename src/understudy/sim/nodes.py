"""The nodes of a simulated load balancer: what each reaches, and what it remembers."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from understudy.balancing.actions import Forward
from understudy.balancing.routing import NOBODY
from understudy.sim.fleet import Nodes
from understudy.sim.queueing import GROUP, GROUP_UNTIL, Floats, Sticky, Turns


@dataclass(frozen=True, slots=True)
class Reach:
    """A target group as the nodes see it: its targets by name, and the range of each zone's.

    ``ramp`` is the seconds of its slow start, ``sticky`` those for which a client stays with its
    target; ``since`` is when each target began to start slowly.
    """

    group: str
    algorithm: int
    ramp: float
    sticky: float
    names: tuple[str, ...]
    since: tuple[float, ...]
    ranges: tuple[tuple[int, int], ...]


class Memory:
    """What the nodes remember of each target group while routes change around it.

    Also who of so many ``clients`` stays where; with 0, every request is a new client's.
    """

    def __init__(self, clients: int) -> None:
        self._held = np.zeros((clients, 4))
        self._numbers: dict[str, int] = {}
        self._reaches: Sequence[Reach] = ()
        self._zones: Sequence[str] = ()
        self._choice: Turns | None = None

    def nodes(
        self,
        reaches: Sequence[Reach],
        zones: Sequence[str],
        changed: Collection[str],
        action: Forward,
    ) -> Nodes:
        """The nodes in some zones. Of ``changed`` target groups they remember nothing.

        ``action`` is the rule's, which says how long a client stays with its target group.
        """
        kept, client = self._kept(changed)
        targets = sum(len(each.since) for each in reaches)
        first = np.empty(len(reaches) * len(zones), dtype=np.int64)
        end, last = first.copy(), np.full(1 + first.size, NOBODY)
        turns = np.zeros((first.size, targets))
        last[0], base, node = client, 0, 0
        for reach in reaches:
            for zone, (low, high) in zip(zones, reach.ranges, strict=True):
                first[node], end[node] = base + low, base + high
                row, chosen = kept.get((reach.group, zone), (np.empty(0), NOBODY))
                if row.size == high - low:
                    turns[node, : row.size], last[1 + node] = row, chosen
                node += 1
            base += len(reach.since)
        self._reaches, self._zones = reaches, zones
        self._choice = Turns(
            np.array([each.algorithm for each in reaches]),
            np.array([each.ramp for each in reaches]),
            len(zones),
            np.array([since for each in reaches for since in each.since]),
            np.ones(targets),
            turns,
            last,
        )
        return Nodes(first, end, self._choice, self._sticky(reaches, action))

    def _sticky(self, reaches: Sequence[Reach], action: Forward) -> Sticky:
        """Who stays where: with no group that gets nothing. A target has a number for good."""
        forwarded = {arn for arn, _ in action.groups}
        for index, reach in enumerate(reaches):
            if reach.group not in forwarded:
                self._held[self._held[:, GROUP] == index, GROUP_UNTIL] = 0.0
        names = [name for each in reaches for name in each.names]
        for name in names:
            self._numbers.setdefault(name, len(self._numbers))
        number = np.array([self._numbers[name] for name in names], dtype=np.int64)
        place = np.full(len(self._numbers), NOBODY)
        place[number] = np.arange(number.size)
        targets = np.array([each.sticky for each in reaches])
        return Sticky(float(action.sticky), targets, number, place, self._held)

    def _kept(
        self, changed: Collection[str]
    ) -> tuple[dict[tuple[str, str], tuple[Floats, int]], int]:
        """What each node has of each target group, and the number of the last client."""
        choice = self._choice
        if choice is None:
            return {}, 0
        names = [(each, zone) for each in self._reaches for zone in range(len(self._zones))]
        kept = {
            (reach.group, self._zones[zone]): (
                choice.turns[node, : reach.ranges[zone][1] - reach.ranges[zone][0]].copy(),
                int(choice.last[1 + node]),
            )
            for node, (reach, zone) in enumerate(names)
            if reach.group not in changed
        }
        return kept, int(choice.last[0])
