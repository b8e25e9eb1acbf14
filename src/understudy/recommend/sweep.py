"""Running many candidates: on all cores of this machine, remembered so that it can be resumed."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

import msgspec
from msgspec import Struct

from understudy.sim.candidate import Candidate
from understudy.sim.lane import Runner, Setting
from understudy.sim.measures import Measures

BATCH = 16
"""Candidates that are handed out at once."""

Job = tuple[str, Candidate]
"""The name of a setting, and what is to be run in it."""


class Known(Struct, frozen=True):
    """A result that is remembered, by the digest of its job."""

    job: str
    measures: Measures


class Curve(Struct, frozen=True):
    """Instances in service over a part of the traffic: seconds from its start, and how many."""

    seconds: tuple[float, ...]
    instances: tuple[float, ...]


class Workers(Protocol):
    """Whoever runs jobs. Results come in the order of the jobs."""

    def run(self, jobs: Sequence[Job], done: Callable[[int], None]) -> list[Measures]:
        """What comes of jobs; ``done`` is told how many more are done."""
        ...

    def curve(self, job: Job) -> Curve:
        """The instances in service over a run."""
        ...


class Cores:
    """The cores of this machine, as threads: the compiled lane holds no lock."""

    def __init__(self, settings: Mapping[str, Setting], workers: int = 0) -> None:
        self._settings = settings
        for setting in settings.values():
            _prepared(setting)
        self._workers = workers or len(os.sched_getaffinity(0))

    def run(self, jobs: Sequence[Job], done: Callable[[int], None]) -> list[Measures]:
        """What comes of jobs, those of one setting together: only its requests are in memory."""
        found: dict[int, Measures] = {}
        with ThreadPoolExecutor(self._workers) as pool:
            for name, indices in grouped(jobs):
                runner = Runner(self._settings[name])
                made = pool.map(runner.measures, [jobs[index][1] for index in indices])
                for index, measures in zip(indices, made, strict=True):
                    found[index] = measures
                    done(1)
        return [found[index] for index in range(len(jobs))]

    def curve(self, job: Job) -> Curve:
        """The instances in service over a run."""
        name, candidate = job
        return curve_of(Runner(self._settings[name]), candidate)


def grouped(jobs: Sequence[Job]) -> list[tuple[str, list[int]]]:
    """The places of jobs by their setting, in the order of their first."""
    by_setting: dict[str, list[int]] = {}
    for index, (name, _) in enumerate(jobs):
        by_setting.setdefault(name, []).append(index)
    return list(by_setting.items())


def curve_of(runner: Runner, candidate: Candidate) -> Curve:
    """The instances in service over a candidate's run in the compiled lane."""
    points = runner.run(candidate, curve=True).curve
    return Curve(tuple(points[:, 0].tolist()), tuple(points[:, 2].tolist()))


def _prepared(setting: Setting) -> None:
    """Make the tables before threads ask for them."""
    _ = setting.model, setting.within, setting.succeeding


def _nobody(count: int) -> None:
    """Nobody is told how many are done."""


class Sweep:
    """Runs jobs once and remembers what came of them, in a file too if there is one.

    An interrupted sweep that is begun again with the same file does only what is left.
    """

    def __init__(
        self,
        workers: Workers,
        stamp: str = "",
        file: Path | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self._workers = workers
        self._stamp = stamp
        self._file = file
        self._progress = progress or _nobody
        self._known: dict[str, Measures] = {}
        self.count = 0
        if file is not None and file.is_file():
            for line in file.read_bytes().splitlines():
                try:
                    known = msgspec.json.decode(line, type=Known)
                except msgspec.DecodeError:
                    continue  # The last line of a sweep that was killed while it wrote.
                self._known[known.job] = known.measures

    def run(self, jobs: Sequence[Job]) -> list[Measures]:
        """What comes of jobs, in their order."""
        names = [self._name(job) for job in jobs]
        missing = {
            name: job for name, job in zip(names, jobs, strict=True) if name not in self._known
        }
        for begin in range(0, len(missing), BATCH * 8):
            part = list(missing.items())[begin : begin + BATCH * 8]
            found = self._workers.run([job for _, job in part], self._progress)
            self._remember({name: each for (name, _), each in zip(part, found, strict=True)})
        self.count += len(missing)
        return [self._known[name] for name in names]

    def curve(self, job: Job) -> Curve:
        """The instances in service over a run."""
        return self._workers.curve(job)

    def _name(self, job: Job) -> str:
        name, candidate = job
        body = msgspec.json.encode(candidate)
        return blake2b(f"{self._stamp}|{name}|".encode() + body, digest_size=12).hexdigest()

    def _remember(self, found: Mapping[str, Measures]) -> None:
        self._known.update(found)
        if self._file is None:
            return
        lines = [msgspec.json.encode(Known(name, each)) for name, each in found.items()]
        with self._file.open("ab") as file:
            file.write(b"\n".join(lines) + b"\n")
