"""What a run came to, in the numbers by which policies are compared."""

from itertools import pairwise

from msgspec import Struct

from understudy.control.outcome import Attainment, Outcome
from understudy.sim.queueing import Floats

HOUR, DAY = 3600.0, 86_400.0
FLAPPING = HOUR
"""A change of direction within so many seconds of the last change is a reversal."""


class Measures(Struct, frozen=True, kw_only=True):
    """One policy under one traffic.

    ``usd`` is the cost on demand of the whole run, None where no price is known. Under-provisioned
    are the hours in which more arrived than the instances bear within the objectives;
    over-provisioned, idle and paid are instance-hours. ``reaction`` are mean seconds from such a
    breach to enough capacity and ``detection`` the part of them until more was asked for; None
    where there was no breach. Latencies are milliseconds, ``attainments`` one for each objective.
    """

    hours: float
    requests: float
    failed: float
    usd: float | None
    paid: float
    p50_ms: float | None
    p90_ms: float | None
    p99_ms: float | None
    attainments: tuple[Attainment, ...]
    activities: float
    reversals: float
    under: float
    over: float
    idle: float
    peak: int
    reaction: float | None
    detection: float | None

    @property
    def met(self) -> bool:
        """Whether every objective was met."""
        return all(each.met for each in self.attainments)

    @property
    def activities_per_day(self) -> float:
        """Scaling activities a day."""
        return self.activities / self.hours * 24 if self.hours else 0.0

    @property
    def reversals_per_hour(self) -> float:
        """Activities an hour that took back what the one before had done."""
        return self.reversals / self.hours if self.hours else 0.0

    @property
    def usd_a_month(self) -> float | None:
        """The cost of 730 hours like these."""
        return None if self.usd is None or not self.hours else self.usd / self.hours * 730


def measured(run: Outcome, limits: Floats) -> Measures:
    """The measures of an outcome. ``limits[n]`` is the rate that n instances bear."""
    under, over, idle, breaches = _balance(run, limits)
    cost, changes = run.cost, run.activities
    reactions = [ended - begun for begun, _, ended in breaches]
    detections = [asked - begun for begun, asked, _ in breaches]
    return Measures(
        hours=run.duration / HOUR,
        requests=float(run.requests.sent),
        failed=float(run.requests.failed),
        usd=None if cost is None or cost.usd is None else float(cost.usd),
        paid=cost.instance_hours if cost else 0.0,
        p50_ms=run.requests.p50_ms,
        p90_ms=run.requests.p90_ms,
        p99_ms=run.requests.p99_ms,
        attainments=run.requests.attainments,
        activities=float(len(changes)),
        reversals=float(_reversals(run)),
        under=under / HOUR,
        over=over / HOUR,
        idle=idle / HOUR,
        peak=max((point.in_service for point in run.capacity), default=0),
        reaction=sum(reactions) / len(reactions) if reactions else None,
        detection=sum(detections) / len(detections) if detections else None,
    )


def _reversals(run: Outcome) -> int:
    changes = [each for each in run.activities if each.from_count != each.to_count]
    return sum(
        (before.to_count > before.from_count) != (each.to_count > each.from_count)
        and each.at - before.at < FLAPPING
        for before, each in pairwise(changes)
    )


Breach = tuple[float, float, float]
"""When more arrived than the instances bear, when more was asked for, when it was enough again."""


def _balance(run: Outcome, limits: Floats) -> tuple[float, float, float, list[Breach]]:
    """Seconds of too little, instance-seconds of too much and of nothing to do, and breaches."""
    under = over = idle = 0.0
    breaches: list[Breach] = []
    begun = None
    asked = [each.at for each in run.activities if each.to_count > each.from_count]
    for at, seconds, rate, serving in _spans(run):
        need = int(limits[:-1].searchsorted(rate))
        if not rate:
            idle += serving * seconds
        if need > serving:
            under += seconds
            begun = at if begun is None else begun
            continue
        over += (serving - need) * seconds
        if begun is not None:
            first = next((each for each in asked if begun <= each <= at), None)
            if first is not None:
                breaches.append((begun, first, at))
            begun = None
    return under, over, idle, breaches


def _spans(run: Outcome) -> list[tuple[float, float, float, int]]:
    """Begin, seconds, requests per second and instances in service, where nothing changes."""
    changes = [(point.at, point.in_service) for point in run.capacity]
    serving, index = (changes[0][1] if changes else 0), 0
    spans: list[tuple[float, float, float, int]] = []
    for point in run.load:
        at, end = point.at, min(point.at + point.seconds, run.ended_at)
        rate = point.requests / point.seconds
        while index < len(changes) and changes[index][0] < end:
            moment = max(changes[index][0], at)
            if moment > at:
                spans.append((at, moment - at, rate, serving))
            at, serving = moment, changes[index][1]
            index += 1
        spans.append((at, end - at, rate, serving))
    return spans
