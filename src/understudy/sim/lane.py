"""Running candidates in the compiled lane, and what came of each."""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from threading import Lock

import numpy as np

from understudy.control.capacity.state import ON_DEMAND, Pool
from understudy.control.cloudwatch.books import CloudWatchConfig
from understudy.control.slo import LatencySlo, Slo
from understudy.sim import columns as at
from understudy.sim import compiled
from understudy.sim.backlog import LEVELS, WAITS, Model
from understudy.sim.candidate import Candidate, Program, program
from understudy.sim.measures import HOUR, Measures
from understudy.sim.minutes import KEPT, Load, Tape
from understudy.sim.queueing import Floats
from understudy.sim.serving import Serving
from understudy.sim.start_up import StartUp
from understudy.sim.traffic import Traffic
from understudy.sim.variant import Rules, Variant
from understudy.sim.waiting import SECONDS, Waiting, waiting

MINUTE, STEP = 60.0, 10.0
QUIET = 1800.0
"""Seconds without traffic before the run, in which alarms come to rest."""
WARM_UP = 7200.0
"""Seconds before a run that goes on, in which capacity finds its way to the load."""
MOST_POINTS = 100_000


@dataclass(frozen=True)
class Setting:
    """What all candidates of a search have in common.

    ``start`` is when the traffic begins, in world time; ``most`` the largest number of instances
    that any candidate may have; ``hourly`` what one costs, US dollars, 0 where it is not known;
    ``pools`` limit how many can be had. A run that is ``going_on`` begins in the middle of things:
    before it comes its own begin, backwards, so that no policy has to start from nothing. What is
    run is a ``copy`` of the traffic, where there is one: made when it is needed, and not kept.
    """

    traffic: Traffic
    serving: Serving
    start_up: StartUp
    slos: tuple[Slo, ...]
    start: float
    most: int
    hourly: float = 0.0
    publication: CloudWatchConfig = field(default_factory=CloudWatchConfig)
    pools: tuple[Pool, ...] = ()
    instance_type: str = ""
    seed: int = 1
    going_on: bool = False
    copy: Callable[[Traffic], Traffic] | None = None

    @cached_property
    def waiting(self) -> Waiting:
        """How long requests take."""
        return waiting(self.serving, self.most, self.seed)

    @cached_property
    def model(self) -> Model:
        """The same as the compiled lane takes it."""
        return self.waiting.model(self.slos, self.seed)

    @cached_property
    def limits(self) -> Floats:
        """The rate of requests that n instances bear within the objectives, n from 0 on."""
        return self.waiting.limits(self.slos)

    @cached_property
    def within(self) -> tuple[Floats, ...]:
        """For each objective the share of requests that meet it, by instances and by cell."""
        limits = [_seconds_of(each) for each in self.slos]
        tables = self.waiting
        return tuple(
            np.hstack((tables.share_by_level(limit), tables.share_by_wait(limit)))
            for limit in limits
        )

    @cached_property
    def succeeding(self) -> Floats:
        """The share of requests that succeed at all, by instances and by cell."""
        tables = self.waiting
        return np.hstack((tables.share_by_level(1e9), tables.share_by_wait(1e9)))

    @cached_property
    def quiet(self) -> float:
        """Seconds before the traffic that are not measured: the run begins on a whole minute."""
        return (WARM_UP if self.going_on else QUIET) + self.start % MINUTE

    def sent(self) -> Traffic:
        """The traffic that is run: the copy, where there is one."""
        return self.traffic if self.copy is None else self.copy(self.traffic)

    def load(self, *, fine: bool) -> Load:
        """The requests by step, the quiet before them included."""
        step = STEP if fine or self.traffic.period < MINUTE else MINUTE
        counts = in_steps(self.sent(), step)
        before = np.zeros(round(self.quiet / step))
        if self.going_on:
            before = np.pad(counts, (before.size, 0), mode="symmetric")[: before.size]
        whole = int(np.ceil((before.size + counts.size) * step / MINUTE) * MINUTE / step)
        after = np.zeros(whole - before.size - counts.size)
        return Load(np.concatenate((before, counts, after)), step, fine)


def in_steps(traffic: Traffic, step: float) -> Floats:
    """The requests of each step of so many seconds; within a period they come evenly."""
    edges = np.arange(0.0, traffic.duration + step, step)
    own = np.arange(len(traffic.counts) + 1) * traffic.period
    running = np.concatenate(([0.0], np.cumsum(traffic.counts, dtype=np.float64)))
    return np.diff(np.interp(edges, own, running))


def _seconds_of(slo: Slo) -> float:
    """The seconds within which a request meets an objective."""
    return slo.limit_ms / 1000 if isinstance(slo, LatencySlo) else 1e9


@dataclass(frozen=True, slots=True)
class Result:
    """A candidate's run. ``curve`` has rows of seconds from the start, desired, in service."""

    candidate: Candidate
    measures: Measures
    curve: Floats


class Runner:
    """Runs candidates of one setting. What they share is prepared once."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._loads: dict[bool, Load] = {}
        self._lock = Lock()
        self._run = compiled.run()
        self._rules = _rules(setting)

    def _load(self, *, fine: bool) -> Load:
        """The load, worked out once. Alarms of ten seconds need steps of ten seconds."""
        with self._lock:
            if fine not in self._loads:
                self._loads[fine] = self.setting.load(fine=fine)
        return self._loads[fine]

    def measures(self, candidate: Candidate) -> Measures:
        """What a candidate comes to. Raises Unsupported."""
        return self.run(candidate).measures

    def run(self, candidate: Candidate, *, curve: bool = False) -> Result:
        """What comes of a candidate. Raises Unsupported where it needs the exact lane."""
        setting = self.setting
        begin = setting.start - setting.quiet
        seconds = setting.quiet + setting.traffic.duration
        made = program(candidate, begin, setting.quiet, seconds, setting.publication)
        load = self._load(fine=made.fine)
        variant = _variant(setting, made, curve=curve)
        tape = Tape(
            np.zeros((3, KEPT)),
            np.zeros(at.SUM_WIDTH),
            np.zeros((setting.most + 1, LEVELS + WAITS)),
        )
        rules = self._rules._replace(
            lowers=made.lowers, uppers=made.uppers, adjustments=made.adjustments
        )
        minutes = int(load.counts.size * load.seconds / MINUTE)
        self._run(
            minutes, load, made.offsets, made.watchers, made.alarms, made.schedule, variant, rules,
            setting.model, tape,
        )  # fmt: skip
        return Result(candidate, _measures(setting, variant, tape), _curve(setting, variant))


def _rules(setting: Setting) -> Rules:
    start = setting.start_up
    limits = [
        (each.since, inf if each.until is None else each.until, each.count)
        for each in setting.pools
        if each.fits(setting.instance_type, "", ON_DEMAND)
    ]
    pools = np.array(limits, dtype=np.float64).reshape(-1, 3)
    pools[:, :2] -= setting.start - setting.quiet
    none = np.empty((0, 1))
    return Rules(
        none, none, np.empty((0, 1), dtype=np.int64), start.seconds, start.failing,
        start.lifetimes, pools, 0.0, setting.quiet,
    )  # fmt: skip


def _variant(setting: Setting, made: Program, *, curve: bool) -> Variant:
    candidate = made.candidate
    count = candidate.initial
    now = np.zeros(at.VARIANT_WIDTH)
    now[at.MINIMUM], now[at.MAXIMUM] = candidate.minimum, candidate.maximum
    now[at.DESIRED] = now[at.SERVING] = now[at.PRESENT] = now[at.LAUNCHED] = count
    now[at.BEGIN] = setting.quiet
    now[at.END] = setting.quiet + setting.traffic.duration
    now[at.NEXT] = now[at.BREACH_AT] = now[at.ASKED_AT] = inf
    now[at.BLOCKED_UNTIL] = now[at.CHANGED_AT] = -inf
    now[at.BEGUN_BY] = at.NOBODY
    instances = np.zeros((setting.most + 2, at.INSTANCE_WIDTH))
    instances[:, at.FAILS_AT] = inf
    instances[:count, at.SERVES] = 1.0
    instances[:count, at.FAILS_AT] = setting.start_up.lifetimes[:count]
    if count:
        now[at.NEXT] = instances[:count, at.FAILS_AT].min()
    points = np.zeros((MOST_POINTS if curve else 1, 3))
    points[0] = 0.0, count, count
    now[at.CURVE] = 1.0
    return Variant(now, made.policies, instances, points)


def _curve(setting: Setting, variant: Variant) -> Floats:
    """The capacity from the start of the traffic on."""
    points = variant.curve[: int(variant.now[at.CURVE])].copy()
    points[:, 0] -= setting.quiet
    first = max(int(np.searchsorted(points[:, 0], 0.0, side="right")) - 1, 0)
    points[first, 0] = max(points[first, 0], 0.0)
    return points[first:]


def _measures(setting: Setting, variant: Variant, tape: Tape) -> Measures:
    now, sums, cells = variant.now, tape.sums, tape.cells
    rows = variant.instances[: int(now[at.PRESENT])]
    lives = np.minimum(now[at.END], inf) - np.maximum(rows[:, at.LAUNCHED_AT], now[at.BEGIN])
    paid = (now[at.PAID] + lives.clip(min=0).sum()) / HOUR
    sent = float(cells.sum() + sums[at.LOST])
    breaches = now[at.BREACHES]
    percentiles = _percentiles(setting, cells)
    good = float((cells * setting.succeeding).sum())
    return Measures(
        hours=setting.traffic.duration / HOUR,
        requests=sent,
        failed=max(sent - good, 0.0),
        usd=float(paid * setting.hourly) if setting.hourly else None,
        paid=float(paid),
        p50_ms=percentiles[0],
        p90_ms=percentiles[1],
        p99_ms=percentiles[2],
        attainments=tuple(
            slo.share_attainment(float((cells * within).sum()) / sent if sent else None)
            for slo, within in zip(setting.slos, setting.within, strict=True)
        ),
        activities=float(now[at.ACTIVITIES]),
        reversals=float(now[at.REVERSALS]),
        under=float(sums[at.UNDER_SECONDS] / HOUR),
        over=float(sums[at.OVER_SECONDS] / HOUR),
        idle=float(sums[at.IDLE_SECONDS] / HOUR),
        peak=int(np.flatnonzero(cells.sum(axis=1)).max(initial=0)),
        reaction=float(now[at.BREACH_SECONDS] / breaches) if breaches else None,
        detection=float(now[at.DETECTION_SECONDS] / breaches) if breaches else None,
    )


def _percentiles(setting: Setting, cells: Floats) -> tuple[float | None, ...]:
    shares = setting.waiting.latencies(cells)
    running = np.cumsum(shares)
    if not running[-1]:
        return None, None, None
    total = float(running[-1])
    places = [bisect_left(running.tolist(), share * total) for share in (0.5, 0.9, 0.99)]
    return tuple(1000 * float(SECONDS[min(place, SECONDS.size - 1)]) for place in places)
