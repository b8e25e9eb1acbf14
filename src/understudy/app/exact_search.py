"""The exact lane as workers of a search: each candidate deployed, and every request simulated."""

import gc
import signal
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from os import getpid, sched_getaffinity

from understudy.app.interrupts import die_with
from understudy.app.simulation import Scenario, simulate
from understudy.control.outcome import Outcome
from understudy.recommend.sweep import Curve, Job
from understudy.sim.candidate import Candidate
from understudy.sim.measures import Measures, measured
from understudy.sim.queueing import Floats


@dataclass(frozen=True, slots=True)
class Place:
    """Where candidates are run: under which traffic, and what rate n instances bear there."""

    scenario: Scenario
    limits: Floats


RUNS = 32
"""Runs of a process until others take the place of all: what they free is in pieces too small to go
back to the system, some 25 MB for each run of two days."""

Found = tuple[Measures, Curve]
Body = Callable[[str, Candidate], str]
"""The template body for a candidate on an instance type."""


class ExactLane:
    """The cores of this machine, as processes: the whole control plane is Python.

    To be used in a ``with``: the processes live as long as it.
    """

    def __init__(self, places: Mapping[str, Place], body: Body, workers: int = 0) -> None:
        self._body = body
        self._curves: dict[tuple[str, str], Curve] = {}
        self._places = dict(places)
        self._workers = workers or len(sched_getaffinity(0))
        self._pool = processes(self._workers, self._places)
        self._ran = 0

    def __enter__(self) -> "ExactLane":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def run(self, jobs: Sequence[Job], done: Callable[[int], None]) -> list[Measures]:
        """What comes of jobs. Raises Failed where a stack cannot be created."""
        if self._ran >= RUNS * self._workers:
            self._pool.shutdown()
            self._pool, self._ran = processes(self._workers, self._places), 0
        self._ran += len(jobs)
        named = [self._named(job) for job in jobs]
        found: list[Measures] = []
        for key, (measures, curve) in zip(named, self._pool.map(_run, named), strict=True):
            self._curves[key] = curve
            found.append(measures)
            done(1)
        return found

    def curve(self, job: Job) -> Curve:
        """The instances in service over a run."""
        key = self._named(job)
        if key not in self._curves:
            self.run([job], lambda _: None)
        return self._curves[key]

    def _named(self, job: Job) -> tuple[str, str]:
        name, candidate = job
        return name, self._body(name.partition("|")[0], candidate)


_PLACES: dict[str, Place] = {}


def processes(workers: int, places: dict[str, Place]) -> ProcessPoolExecutor:
    """Processes that run candidates in these places. They end with this one, however it ends."""
    return ProcessPoolExecutor(workers, get_context("spawn"), _begin, (places, getpid()))


def _begin(places: dict[str, Place], parent: int) -> None:
    """Keep what all runs of a process share. Ctrl-C is for the one that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with(parent)
    _PLACES.update(places)


def _run(named: tuple[str, str]) -> Found:
    name, body = named
    place = _PLACES[name]
    run = simulate(replace(place.scenario, body=body))
    gc.collect()  # the engine of this run goes before there is another
    return measured(run, place.limits), capacity_of(run)


def capacity_of(run: Outcome) -> Curve:
    """The instances in service from the start of a run on."""
    points = run.capacity
    return Curve(
        tuple(max(each.at - run.started_at, 0.0) for each in points),
        tuple(float(each.in_service) for each in points),
    )
