"""Finding the best of each family: sampled widely first, then closer and closer around the best."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from understudy.control.slo import Slo
from understudy.recommend.families import Family, Room
from understudy.recommend.sweep import Sweep
from understudy.sim.candidate import Candidate
from understudy.sim.measures import Measures
from understudy.sim.waiting import objective

MARGIN = 0.2
"""The share of what an objective allows to miss that is kept in reserve while tuning."""
SAMPLED = 0.4
"""The share of the tries that are sampled widely."""
ROUNDS = 4
KEPT = 4
"""The best so many are refined."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A candidate and what came of it. ``units`` are the numbers it was made from."""

    family: str
    candidate: Candidate
    measures: Measures
    units: tuple[float, ...] = field(default=())


def shortfall(measures: Measures, slos: Sequence[Slo], margin: float = 0.0) -> float:
    """How far objectives are missed, in units of what they allow; 0 where all are met.

    With a ``margin`` so large a share of what is allowed to miss is kept in reserve.
    """
    total = 0.0
    for slo, each in zip(slos, measures.attainments, strict=True):
        allowed = 1 - objective(slo)
        missed = 1 - (each.share if each.share is not None else 1.0)
        total += max(missed - (1 - margin) * allowed, 0.0) / max(allowed, 1e-6)
    return total


def score(measures: Measures, slos: Sequence[Slo], margin: float = MARGIN) -> tuple[float, float]:
    """What is smaller for the better: first how far objectives are missed, then the cost."""
    cost = measures.usd if measures.usd is not None else measures.paid
    return shortfall(measures, slos, margin), cost


def tuned(
    family: Family,
    room: Room,
    sweep: Sweep,
    where: str,
    slos: Sequence[Slo],
    tries: int,
    seed: int,
    kept: Callable[[Candidate], bool] = lambda _: True,
) -> list[Trial]:
    """The candidates of a family that were tried, the best first."""
    draw = np.random.default_rng((seed, len(family.name), family.size))
    trials: list[Trial] = []
    wide = max(round(tries * SAMPLED), 4)
    points = _spread(wide, family.size, draw)
    narrow = max((tries - wide) // ROUNDS, 1)
    for round_ in range(ROUNDS + 1):
        trials += _tried(family, room, sweep, where, points)
        trials.sort(key=lambda trial: score(trial.measures, slos))
        width = 0.25 * 0.5**round_
        points = [
            np.clip(
                np.array(trials[index % min(KEPT, len(trials))].units)
                + width * draw.standard_normal(family.size) * (draw.random(family.size) < 0.6),
                0.0,
                1.0,
            )
            for index in range(narrow)
        ]
    return [trial for trial in _distinct(trials) if kept(trial.candidate)]


def _tried(
    family: Family, room: Room, sweep: Sweep, where: str, points: Sequence[np.ndarray]
) -> list[Trial]:
    made = [(family.make(point.tolist(), room), tuple(point.tolist())) for point in points]
    found = sweep.run([(where, candidate) for candidate, _ in made])
    return [
        Trial(family.name, candidate, measures, units)
        for (candidate, units), measures in zip(made, found, strict=True)
    ]


def _spread(count: int, size: int, draw: np.random.Generator) -> list[np.ndarray]:
    """Points that are spread evenly in each direction (Latin hypercube: McKay and others, 1979)."""
    columns = [(draw.permutation(count) + draw.random(count)) / count for _ in range(size)]
    return list(np.column_stack(columns))


def _distinct(trials: Sequence[Trial]) -> list[Trial]:
    seen: list[Candidate] = []
    kept: list[Trial] = []
    for trial in trials:
        if trial.candidate not in seen:
            seen.append(trial.candidate)
            kept.append(trial)
    return kept
