"""Running candidates on a Ray cluster: settings in its object store once, candidates in batches."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.recommend.sweep import BATCH, Curve, Job, curve_of, grouped
from understudy.sim.lane import Runner, Setting
from understudy.sim.measures import Measures

RETRIES = -1
"""A batch whose node dies is run again elsewhere, as often as need be."""


class Cluster:
    """The nodes of a Ray cluster, at its address, such as ``127.0.0.1:6379`` or ``auto``.

    Raises InvalidInput where Ray is not installed or nothing answers.
    """

    def __init__(self, settings: Mapping[str, Setting], address: str) -> None:
        try:
            ray: Any = importlib.import_module("ray")
        except ImportError as error:
            action = "pip install 'understudy[ray]'"
            raise InvalidInput((Diagnostic("Ray is not installed.", action=action),)) from error
        try:
            ray.init(address=address, ignore_reinit_error=True, log_to_driver=False)
        except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            action = "start one with `ray start --head`, or leave --ray out"
            raise InvalidInput(
                (Diagnostic(f"No Ray cluster answers at {address}: {error}", action=action),)
            ) from error
        self._ray = ray
        self._settings = settings
        self._stored = {name: ray.put(setting) for name, setting in settings.items()}
        self._task = ray.remote(num_cpus=1, max_retries=RETRIES)(run_batch)

    def run(self, jobs: Sequence[Job], done: Callable[[int], None]) -> list[Measures]:
        """What comes of jobs, whichever node ran them, in their order."""
        ray = self._ray
        batches = _batches(jobs)
        waiting = {
            self._task.remote(self._stored[name], [jobs[index] for index in indices]): indices
            for name, indices in batches
        }
        found: dict[int, Measures] = {}
        while waiting:
            ready, _ = ray.wait(list(waiting), num_returns=1)
            for reference in ready:
                indices = waiting.pop(reference)
                found |= dict(zip(indices, ray.get(reference), strict=True))
                done(len(indices))
        return [found[index] for index in range(len(jobs))]

    def curve(self, job: Job) -> Curve:
        """The instances in service over a run, worked out here."""
        name, candidate = job
        return curve_of(Runner(self._settings[name]), candidate)


def _batches(jobs: Sequence[Job]) -> list[tuple[str, list[int]]]:
    """The indices of jobs by setting, in batches."""
    return [
        (name, indices[begin : begin + BATCH])
        for name, indices in grouped(jobs)
        for begin in range(0, len(indices), BATCH)
    ]


def run_batch(setting: Setting, jobs: Sequence[Job]) -> list[Measures]:
    """What comes of jobs of one setting, in a worker of the cluster."""
    runner = Runner(setting)
    return [runner.run(candidate).measures for _, candidate in jobs]
