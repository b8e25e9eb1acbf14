"""The best of a family: the cheapest that other traffic than it was tuned on does not upset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from understudy.control.slo import Slo
from understudy.recommend.copies import TREND, TWICE
from understudy.recommend.families import Family
from understudy.recommend.policies import Room
from understudy.recommend.search import MARGIN, Trial, score, shortfall
from understudy.recommend.sweep import Job, Sweep
from understudy.sim.candidate import Candidate
from understudy.sim.measures import Measures
from understudy.sim.waiting import objective

FINALISTS, APART = 6, 3
"""The best of each family that are looked at on copies too; of those that are only sifted every
third, for each costs a run of the whole control plane."""
BATCHES = 4
"""As many are looked at so often, until one is not upset."""
DEAR = 2.0
"""How many times its cost a policy is dearer for each objective's allowance missed on copies."""
REFINED, ROUNDS, AROUND = 3, 3, 8
"""The best families are refined, in rounds of so many candidates around the best."""
WIDTH = 0.08
"""How far the first of them are from it, of each number's range."""

SURE = 1.6
"""Standard deviations: one of what is not seen, which is two thirds as long as what is."""

Rank = tuple[float, float]
"""What is smaller for the better: how far objectives are missed on the tuning part, then the cost.

The cost is that of the tuning part and of what it grows to by its trend, together; and the dearer
the further objectives are missed on its copies. Where none can meet them all, as with bursts higher
than the most instances bear, the best is not the dearest.
"""


@dataclass(frozen=True, slots=True)
class Final:
    """The best of a family on an instance type; ``upset`` is how far it misses on copies."""

    kind: str
    family: Family
    trial: Trial
    rank: Rank
    upset: float


@dataclass(frozen=True, slots=True)
class Finals:
    """Where candidates are tried: ``names`` are the settings of the tuning part and its copies.

    ``blocks`` are those of its parts in time. In the settings of ``folds``, the two halves of the
    tuning part, the same numbers are tried with the season of the other half, for a schedule always
    suits the days that it was fitted to.
    """

    kind: str
    names: Sequence[str]
    blocks: Sequence[str]
    folds: Mapping[str, Room]
    room: Room
    slos: Sequence[Slo]
    sweep: Sweep

    def _jobs(self, candidate: Candidate, crossed: Sequence[Candidate]) -> list[Job]:
        jobs: list[Job] = [(name, candidate) for name in self.names]
        jobs += zip(self.folds, crossed, strict=True)
        return [*jobs, *((name, candidate) for name in self.blocks)]

    def _crossed(self, family: Family, trial: Trial) -> list[Candidate]:
        """What the numbers of a trial would have made of each other half's season."""
        return [
            trial.candidate if room.season is None else family.make(trial.units, room)
            for room in self.folds.values()
        ]

    def _rank(self, measures: Sequence[Measures]) -> tuple[Rank, float]:
        """The rank that follows from measures in the order of the jobs, and how far copies miss."""
        names = [*self.names, *self.folds]
        whole, blocks = measures[: len(names)], measures[len(names) :]
        own, missed = shortfall(whole[0], self.slos, MARGIN), unsure(blocks, self.slos)
        cost = score(whole[0], self.slos)[1]
        for name, each in zip(names[1:], whole[1:], strict=True):
            missed += shortfall(each, self.slos, -1.0 if name.endswith(TWICE) else 0.0)
            if name.endswith(TREND):
                cost += score(each, self.slos)[1]
        return (own, cost * (1 + DEAR * missed)), missed

    def rank_of(self, candidate: Candidate) -> Rank:
        """The rank of a candidate on the tuning part, its parts and its copies."""
        rank, _ = self._rank(self.sweep.run(self._jobs(candidate, [candidate] * len(self.folds))))
        return rank

    def ranked(self, family: Family, trials: Sequence[Trial]) -> list[Final]:
        """Trials with their ranks."""
        jobs = [self._jobs(each.candidate, self._crossed(family, each)) for each in trials]
        found = iter(self.sweep.run([job for own in jobs for job in own]))
        finals: list[Final] = []
        for trial, own in zip(trials, jobs, strict=True):
            measures = list(islice(found, len(own)))
            ranked = replace(trial, measures=measures[0])
            finals.append(Final(self.kind, family, ranked, *self._rank(measures)))
        return finals

    def best(self, family: Family, trials: Sequence[Trial]) -> Final:
        """The best of a family's trials, which come the best first; more of them if all miss."""
        best: list[Final] = []
        for begin in range(0, min(BATCHES * FINALISTS, len(trials)), FINALISTS):
            best += self.ranked(family, trials[begin : begin + FINALISTS])
            if any(each.rank[0] == each.upset == 0 for each in best):
                break
        return min(best, key=lambda each: each.rank)

    def refined(self, final: Final, draw: np.random.Generator) -> Final:
        """A final, or a better one close to it."""
        family = final.family
        for round_ in range(ROUNDS):
            centre, width = np.array(final.trial.units), WIDTH * 0.5**round_
            shifts = width * draw.standard_normal((AROUND, family.size))
            points = np.clip(centre + shifts, 0.0, 1.0)
            trials = [
                replace(final.trial, candidate=family.make(units, self.room), units=tuple(units))
                for units in points.tolist()
            ]
            final = min([final, *self.ranked(family, trials)], key=lambda each: each.rank)
        return final


def unsure(blocks: Sequence[Measures], slos: Sequence[Slo]) -> float:
    """How far objectives may be missed by chance on traffic like these parts of it, as `shortfall`.

    The share that misses is taken as a mean of independent parts, each with its weight: that of
    other traffic, two thirds as long, is off by the standard deviation of both.
    """
    weights = np.array([each.requests for each in blocks])
    weights /= max(float(weights.sum()), 1.0)
    total = 0.0
    for index, slo in enumerate(slos):
        shares = [each.attainments[index].share for each in blocks]
        missed = np.array([0.0 if share is None else 1 - share for share in shares])
        mean = float(missed @ weights)
        spread = np.sqrt(((missed - mean) * weights) ** 2 @ np.ones(len(blocks)))
        allowed = 1 - objective(slo)
        total += max(mean + SURE * float(spread) - allowed, 0.0) / max(allowed, 1e-6)
    return total
