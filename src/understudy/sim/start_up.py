"""How long instances take to start, phase by phase, and what may go wrong with them.

Everything is drawn by the number of the launch from one seed, so that two worlds with equal seeds
see the same instance start in the same time, whatever else happens in them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf

import numpy as np

from understudy.base.service_time import Constant, Distribution
from understudy.sim.queueing import Floats
from understudy.sim.service_time import draw

PHASES = ("provision", "image", "model", "load", "healthy")
"""Provisioning the instance, pulling the image, downloading the model, loading it, and the first
healthy answer."""
REPEATED = ("load", "healthy")
"""The phases that an instance goes through again when it is started after it was stopped."""
DRAWN = 4096
"""Launches that are drawn; later ones begin again with the first."""


@dataclass(frozen=True)
class StartUp:
    """The start of an instance: a distribution in seconds for each of `PHASES`.

    ``failures`` is the share of launches that fail (0 to 1), which is known after
    ``failed_after`` seconds; ``lifetime`` the mean seconds in service until an instance fails its
    health checks.
    """

    phases: tuple[Distribution, ...]
    failures: float = 0.0
    failed_after: float = 1860.0
    lifetime: float = inf
    seed: int = 0

    def __post_init__(self) -> None:
        if len(self.phases) != len(PHASES):
            raise ValueError(f"a start has {len(PHASES)} phases: {', '.join(PHASES)}")

    @cached_property
    def by_phase(self) -> Floats:
        """Seconds of each launch in each phase: one row for each launch."""
        generator = np.random.default_rng((self.seed, 1))
        return np.column_stack([draw(each, DRAWN, generator) for each in self.phases])

    @cached_property
    def seconds(self) -> Floats:
        """Seconds from each launch to the first healthy answer."""
        return self.by_phase.sum(axis=1)

    @cached_property
    def warmed(self) -> "StartUp":
        """The start of an instance that was prepared and stopped: its last phases.

        A start whose phases are not told is as long as ever.
        """
        if not any(self.mean_by_phase[name] for name in REPEATED):
            return self
        again = (
            each if name in REPEATED else Constant(0.0)
            for name, each in zip(PHASES, self.phases, strict=True)
        )
        return replace(self, phases=tuple(again))

    @cached_property
    def failing(self) -> Floats:
        """Seconds from each launch until it is known to have failed, inf where it does not."""
        fates = np.random.default_rng((self.seed, 2)).random(DRAWN)
        return np.where(fates < self.failures, self.failed_after, inf)

    @cached_property
    def lifetimes(self) -> Floats:
        """Seconds in service after which each instance fails its health checks, inf if never."""
        if self.lifetime == inf:
            return np.full(DRAWN, inf)
        return np.random.default_rng((self.seed, 3)).exponential(self.lifetime, DRAWN)

    @cached_property
    def mean_by_phase(self) -> Mapping[str, float]:
        """The mean seconds of each phase."""
        return dict(zip(PHASES, self.by_phase.mean(axis=0).tolist(), strict=True))

    @property
    def mean(self) -> float:
        """The mean seconds from a launch to the first healthy answer."""
        return sum(self.mean_by_phase.values())


def at_once(seconds: float, seed: int = 0) -> StartUp:
    """A start that takes so many seconds in all, without telling its phases."""
    zero = Constant(0.0)
    return StartUp((Constant(seconds), zero, zero, zero, zero), seed=seed)
