"""Capacity of a region: who gets an instance, who is refused, and what was used.

Every launch of the region passes through here before it reaches the world. On demand it is granted
while its pool and its quota last, or where a reservation keeps a place; else the service that asked
hears of it as AWS would tell it. Source: AWS, Troubleshoot instance launch issues
(InsufficientInstanceCapacity); Amazon EC2 instance type quotas; On-Demand Capacity Reservations.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from understudy.control.capacity import words
from understudy.control.capacity.state import (
    ON_DEMAND,
    OWNER,
    SPOT,
    CapacityState,
    Life,
    Place,
    Pool,
)
from understudy.control.events import (
    AnyCommand,
    AnyEvent,
    InstanceFailed,
    InstanceHealthy,
    InstanceStopped,
    Launch,
    SpotNoticed,
    Stop,
)
from understudy.control.turn import Turn
from understudy.pricing.commitments import CapacityReservation
from understudy.pricing.quota import FARGATE, FARGATE_SPOT, counted, quota_of

NOTICE_SECONDS = 120.0
"""A spot instance is taken back two minutes after the notice (AWS: Spot Instance interruptions)."""
REBALANCE_SECONDS = 120.0
"""How long before the notice a rebalance is recommended here; AWS promises no time."""


class Guarantees(Protocol):
    """The part of purchasing that knows which capacity is kept for the account."""

    def guarantees(self, at: float) -> tuple[CapacityReservation, ...]:
        """Capacity Reservations and zonal Reserved Instances in force at a time."""
        ...


class Capacity:
    """The capacity of one region. ``locate`` tells whose an instance is that is being launched.

    ``report`` tells the services what the world would tell them.
    """

    def __init__(
        self, state: CapacityState, purchasing: Guarantees, locate: Callable[[str], Place]
    ) -> None:
        self.state = state
        self.purchasing = purchasing
        self.report: Callable[[AnyEvent, Turn], None] = _nobody
        self._locate = locate

    # What is asked for.

    def screen(self, turn: Turn) -> None:
        """Take the launches that cannot be had out of a turn; who asked hears of it next."""
        kept: list[AnyCommand] = []
        for command in turn.commands:
            refusal = self._refusal(command, turn) if isinstance(command, Launch) else None
            if refusal is None:
                kept.append(command)
            elif isinstance(command, Launch):
                turn.schedule(turn.at, OWNER, "refused", command.instance_id, refusal)
        turn.commands[:] = kept

    def _refusal(self, launch: Launch, turn: Turn) -> str | None:
        """Why a launch is refused; one that is granted is held from now on."""
        serverless = not launch.instance_type  # It is of no pool, and metered by what it serves.
        if launch.instance_id in self.state.held or serverless:
            return None
        place, kind = self._locate(launch.instance_id), launch.instance_type
        limit = self._limit_reached(kind, place)
        if limit is not None:
            return words.beyond_quota(kind, place, limit)
        reservation = self._reserved(kind, place, turn.at)
        if not reservation and self.room(kind, place.zone, place.purchase, turn.at) == 0:
            return words.nothing_left(place)
        life = Life(launch.instance_id, kind, place, turn.at, reservation=reservation)
        self.state.held[life.id] = life
        return None

    def grantable(
        self, kind: str, zone: str, purchase: str, number: int, at: float
    ) -> tuple[int, str]:
        """How many of some more EC2 instances can be had, and why not all; empty where all can."""
        place = Place("ec2", "", zone, purchase)
        room, limit = self.room(kind, zone, purchase, at), self._limit_of_quota(kind, place)
        if room is not None and purchase == ON_DEMAND:
            room += sum(
                each.count - self.in_reservation(each.id)
                for each in self.purchasing.guarantees(at)
                if (each.instance_type, each.zone) == (kind, zone) and each.open
            )
        if limit is not None:
            allowed, quota = limit
            if allowed < number and (room is None or allowed < room):
                return allowed, words.beyond_quota(kind, place, quota)
        if room is not None and room < number:
            return room, words.nothing_left(place)
        return number, ""

    def _limit_of_quota(self, kind: str, place: Place) -> tuple[int, int] | None:
        """How many more instances a vCPU quota allows, and the quota; None without one."""
        quota, vcpus = quota_of(kind, spot=place.purchase == SPOT), counted(kind)
        limit = self.state.limits.get(quota.key) if quota else None
        if place.service == "sagemaker" or quota is None or not vcpus or limit is None:
            return None
        return max(limit - self.counted(quota.key), 0) // vcpus, limit

    def _limit_reached(self, kind: str, place: Place) -> int | None:
        """The vCPU quota that an EC2 instance would exceed, None if it has room."""
        left = self._limit_of_quota(kind, place)
        return left[1] if left is not None and left[0] < 1 else None

    def in_use(self, key: str) -> float:
        """How much of a quota is in use: vCPUs, or instances of SageMaker."""
        if key not in (FARGATE, FARGATE_SPOT):
            return self.counted(key)
        running = [task for task in self.state.tasks.values() if not task.ended_at]
        return sum(task.cpu / 1024 for task in running if task.spot == (key == FARGATE_SPOT))

    def counted(self, key: str) -> int:
        """How much of a quota instances use."""
        used = 0
        for life in self.state.held.values():
            quota = quota_of(life.instance_type, spot=life.place.purchase == SPOT)
            if quota is not None and quota.key == key:
                used += counted(life.instance_type) or 0
        return used

    def require(self, kind: str, more: int) -> None:
        """Refuse SageMaker instances beyond their quota. Raises Fault."""
        limit = self.state.limits.get(kind)
        if limit is not None and more > 0 and (used := self.counted(kind)) + more > limit:
            raise words.too_many_endpoint_instances(kind, limit, used, more)

    def _reserved(self, kind: str, place: Place, at: float) -> str:
        """The reservation with a free place that an instance goes into, empty if there is none."""
        if place.service == "sagemaker" or place.purchase != ON_DEMAND:
            return ""
        for each in self.purchasing.guarantees(at):
            same = (each.instance_type, each.zone) == (kind, place.zone)
            if same and each.open and self.in_reservation(each.id) < each.count:
                return each.id
        return ""

    def in_reservation(self, name: str) -> int:
        """How many instances run in a reservation."""
        return sum(life.reservation == name for life in self.state.held.values())

    def limit_of(self, kind: str, zone: str, purchase: str, at: float) -> int | None:
        """How many may run in a pool at a time, None where it has no end."""
        limits = [
            pool.count
            for pool in self.state.pools
            if pool.holds(at) and pool.fits(kind, zone, purchase)
        ]
        return min(limits) if limits else None

    def room(self, kind: str, zone: str, purchase: str, at: float) -> int | None:
        """How many more a pool has, 0 or more; None where it has no end."""
        limits = [
            pool.count - self._used(pool, kind, zone, at)
            for pool in self.state.pools
            if pool.holds(at) and pool.fits(kind, zone, purchase)
        ]
        return max(min(limits), 0) if limits else None

    def _used(self, pool: Pool, kind: str, zone: str, at: float) -> int:
        """What runs in a pool, and what is kept free in it for reservations."""
        kept = 0 if pool.purchase == SPOT else self._kept(kind, zone, at)
        return len(self._in_pool(pool, kind, zone)) + kept

    def _kept(self, kind: str, zone: str, at: float) -> int:
        return sum(
            each.count
            for each in self.purchasing.guarantees(at)
            if (each.instance_type, each.zone) == (kind, zone)
        )

    def _in_pool(self, pool: Pool, kind: str, zone: str) -> list[Life]:
        """The instances of a pool outside of reservations, the latest first."""
        return [
            life
            for life in reversed(self.state.held.values())
            if (life.instance_type, life.place.zone) == (kind, zone)
            and not life.reservation
            and pool.purchase in ("", life.place.purchase)
        ]

    # What the world can give changes.

    def limit(self, pools: Iterable[Pool], turn: Turn) -> None:
        """Put limits on pools; the same pattern, zone and purchase is replaced, times apart."""
        for pool in pools:
            key = (pool.pattern, pool.zone, pool.purchase)
            if pool.until is None:
                self.state.pools = [
                    each
                    for each in self.state.pools
                    if each.until is not None or (each.pattern, each.zone, each.purchase) != key
                ]
            self.state.pools.append(pool)
            turn.schedule(pool.since, OWNER, "shrink")
        self.state.pools = [each for each in self.state.pools if (each.until or turn.at) >= turn.at]

    def _interrupt(self, pattern: str, zone: str, count: int | None, turn: Turn) -> None:
        """Take spot instances back, the latest first."""
        pool = Pool(pattern, 0, zone, SPOT)
        lives = [
            life
            for life in reversed(self.state.held.values())
            if pool.fits(life.instance_type, life.place.zone, life.place.purchase)
        ]
        for life in lives[:count]:
            self._take_back(life, turn)

    def _take_back(self, life: Life, turn: Turn) -> None:
        """A rebalance recommendation, then the notice, then the end."""
        turn.schedule(turn.at, OWNER, "rebalance", life.id)
        turn.schedule(turn.at + REBALANCE_SECONDS, OWNER, "notice", life.id)
        end = turn.at + REBALANCE_SECONDS + NOTICE_SECONDS
        turn.schedule(end, OWNER, "reclaim", life.id)

    def _shrink(self, turn: Turn) -> None:
        """Take spot instances back that are more than their pool has now."""
        places = {(life.instance_type, life.place.zone) for life in self.state.held.values()}
        for kind, zone in sorted(places):
            for pool in self.state.pools:
                if pool.purchase == SPOT and pool.holds(turn.at) and pool.fits(kind, zone, SPOT):
                    lives = self._in_pool(pool, kind, zone)
                    for life in lives[: max(len(lives) - pool.count, 0)]:
                        self._take_back(life, turn)

    # What happens.

    def on_timer(self, key: tuple[str, ...], turn: Turn) -> None:
        """A refusal is told, or spot capacity is taken back."""
        kind, *rest = key
        if kind == "shrink":
            self._shrink(turn)
        elif kind == "interrupt":
            self._interrupt(rest[0], rest[1], int(rest[2]) if rest[2] else None, turn)
        elif kind == "refused":
            self.report(InstanceFailed(turn.at, turn.region, rest[0], rest[1]), turn)
        elif rest[0] in self.state.held:
            self._on_spot(kind, self.state.held[rest[0]], turn)

    def _on_spot(self, kind: str, life: Life, turn: Turn) -> None:
        if kind == "reclaim":
            turn.emit(Stop(turn.region, life.id, 0.0))
            self.report(InstanceFailed(turn.at, turn.region, life.id, words.RECLAIMED), turn)
        elif kind == "notice":
            life.notice_at = turn.at
            self.report(SpotNoticed(turn.at, turn.region, life.id, "interruption"), turn)
        else:
            life.rebalance_at = turn.at
            self.report(
                SpotNoticed(turn.at, turn.region, life.id, "rebalance-recommendation"), turn
            )

    def on_healthy(self, event: InstanceHealthy, turn: Turn) -> None:
        """An instance runs."""
        life = self.state.held.get(event.instance_id)
        if life is not None and not life.running_at:
            life.running_at = turn.at

    def forget_others(self, known: set[str], turn: Turn) -> None:
        """After a restart: what no service knows any more went with the world."""
        for name in [each for each in self.state.held if each not in known]:
            self._ended(name, turn)

    def on_gone(self, event: InstanceStopped | InstanceFailed, turn: Turn) -> None:
        """An instance is gone: its place is free."""
        self._ended(event.instance_id, turn)

    def _ended(self, instance_id: str, turn: Turn) -> None:
        life = self.state.held.pop(instance_id, None)
        if life is not None:
            life.ended_at = turn.at
            self.state.lives.append(life)


def _nobody(event: AnyEvent, turn: Turn) -> None:
    raise AssertionError(event, turn)
