"""On-Demand Capacity Reservations: which of the capacity kept free is not used, second by second.

Source: AWS, Capacity Reservation pricing and billing: it is billed at the on-demand rate, per
second, whether instances run in it or not.
"""

from collections.abc import Iterable
from itertools import pairwise

from understudy.pricing.commitments import CapacityReservation
from understudy.pricing.meter import Usage
from understudy.pricing.offer import UNUSED_BOX


def unused(
    reservation: CapacityReservation, running: Iterable[Usage], until: float
) -> tuple[Usage, ...]:
    """The spans in which reserved capacity lies idle, one for each instance that would fit.

    ``running`` are instances that may use it: for an open reservation all that match, for a
    targeted one those that name it. A reservation without an end goes on until ``until``.

    >>> spare = CapacityReservation(id="cr-1", instance_type="m5.large", region="us-east-1",
    ...     zone="us-east-1a", count=1, start=0)
    >>> run = [Usage("m5.large", 3600, 18_000, zone="us-east-1a")]
    >>> [(idle.start, idle.end) for idle in unused(spare, run, 18_000)]
    [(0, 3600)]
    """
    end = until if reservation.end is None else min(reservation.end, until)
    users = [life for life in running if _fits(reservation, life)]
    edges = {reservation.start, end}
    edges |= {edge for life in users for edge in (life.start, life.end)}
    inside = sorted(edge for edge in edges if reservation.start <= edge <= end)
    return tuple(
        Usage(
            reservation.instance_type,
            begin,
            stop,
            UNUSED_BOX,
            reservation.zone,
            reservation.platform,
        )
        for begin, stop in pairwise(inside)
        for _ in range(reservation.count - _at(users, begin))
    )


def _fits(reservation: CapacityReservation, life: Usage) -> bool:
    return (life.instance_type, life.zone, life.platform) == (
        reservation.instance_type,
        reservation.zone,
        reservation.platform,
    )


def _at(lives: Iterable[Usage], at: float) -> int:
    return sum(life.start <= at < life.end for life in lives)
