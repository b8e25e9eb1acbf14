"""The recommendation: every family tuned on the first part of the traffic, judged on the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from msgspec import Struct
from msgspec.structs import replace as replaced

from understudy.control.slo import Slo
from understudy.recommend.bound import Bound, bound
from understudy.recommend.copies import BLOCKS, COPIES, TRIALS
from understudy.recommend.families import Family, default_advice, families
from understudy.recommend.finals import APART, FINALISTS, REFINED, Final, Finals, Rank
from understudy.recommend.policies import Room
from understudy.recommend.search import MARGIN, Trial, score, shortfall, tuned
from understudy.recommend.season import season
from understudy.recommend.sweep import Curve, Job, Sweep
from understudy.recommend.terms import VARIANT, Terms
from understudy.recommend.worth import worth
from understudy.sim.candidate import Candidate, Unsupported
from understudy.sim.lane import Setting, in_steps
from understudy.sim.measures import Measures
from understudy.sim.queueing import Floats
from understudy.sim.traffic import Traffic

TUNED_SHARE = 0.6
"""The first part of the traffic, on which candidates are tuned."""
POINTS = 600
"""Points of a curve that are kept for drawing."""
CURRENT, DEFAULT = "the template as it is", "AWS's default advice (target tracking at 70 %)"


class Judged(Struct, frozen=True, kw_only=True):
    """A policy with what was measured of it.

    ``tuning`` is the part that it was tuned on, ``unseen`` the part that it never saw; ``copies``
    are perturbed copies of the unseen part by name.
    """

    family: str
    best_for: str
    weakness: str
    instance_type: str
    candidate: Candidate
    tuning: Measures
    unseen: Measures
    copies: Mapping[str, Measures]
    over_bound: float | None
    curve: Curve | None = None


class Recommendation(Struct, frozen=True, kw_only=True):
    """What was found. Money is US dollars on demand.

    ``bound_usd`` is what the best schedule that knows the unseen part would cost there, at least.
    ``pareto`` are cost and missed share (in units of what the objectives allow) of the candidates
    that no other one beats on the tuning part. ``candidates`` is how many were run. ``exact`` says
    that the figures of families are of the exact lane, and ``unit`` what one of the fleet is.
    """

    traffic: str
    slos: tuple[str, ...]
    tuning_hours: float
    unseen_hours: float
    chosen: Judged
    default: Judged
    current: Judged | None
    families: tuple[Judged, ...]
    not_offered: Mapping[str, str]
    bound_usd: float
    bound_curve: Curve
    load: Curve
    pareto: tuple[tuple[float, float], ...]
    tried: tuple[tuple[float, float], ...]
    candidates: int
    rates: Mapping[str, float]
    unit: str = "instance"
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """An instance type that may be chosen, with the setting of the whole traffic on it."""

    instance_type: str
    setting: Setting


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be found out. The first option is what the template has."""

    options: tuple[Option, ...]
    current: Candidate | None
    slos: tuple[Slo, ...]
    least: int = 1
    tries: int = 160
    seed: int = 1
    terms: Terms = VARIANT


class Search:
    """One search over families and instance types."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.settings: dict[str, Setting] = {}
        self.rooms: dict[str, Room] = {}
        self.folds: dict[str, dict[str, Room]] = {}
        for option in problem.options:
            self._prepare(option)

    def _prepare(self, option: Option) -> None:
        whole, name = option.setting, option.instance_type
        cut = calm_cut(whole.traffic)
        tuning = self._part(whole, 0, cut)
        unseen = self._part(whole, cut, len(whole.traffic.counts))
        self.settings |= {f"{name}|tuning": tuning, f"{name}|unseen": unseen}
        for copy, made in TRIALS.items():
            self.settings[f"{name}|tuning {copy}"] = replace(tuning, copy=made)
        for block in range(BLOCKS):
            edges = [len(tuning.traffic.counts) * each // BLOCKS for each in (block, block + 1)]
            part = self._part(tuning, *edges)
            self.settings[f"{name}|block {block}"] = part
        for copy, made in COPIES.items():
            self.settings[f"{name}|unseen {copy}"] = replace(unseen, copy=made)
        limits, model = whole.limits, whole.model
        start_up = whole.start_up.mean
        self.rooms[name] = Room(
            rate=max(float(limits[1]), 0.02 * float(model.slots / model.service)),
            capacity=float(model.slots / model.service),
            slots=float(model.slots),
            least=self.problem.least,
            most=whole.most,
            season=season(tuning.traffic, limits, tuning.start, start_up),
            terms=self.problem.terms,
            worth=worth(whole),
        )
        self._fold(name, tuning)

    def _fold(self, name: str, tuning: Setting) -> None:
        """Halves of the tuning part, each with the season of the other one."""
        room, count = self.rooms[name], len(tuning.traffic.counts)
        halves = self._part(tuning, 0, count // 2), self._part(tuning, count // 2, count)
        self.folds[name] = {}
        for index, half in enumerate(halves):
            other = halves[1 - index]
            fitted = season(other.traffic, tuning.limits, other.start, tuning.start_up.mean)
            self.settings[f"{name}|fold {index}"] = half
            self.folds[name][f"{name}|fold {index}"] = replace(room, season=fitted)

    @staticmethod
    def _part(whole: Setting, begin: int, end: int) -> Setting:
        traffic = whole.traffic
        part = replace(traffic, counts=traffic.counts[begin:end])
        start = whole.start + begin * traffic.period
        return replace(whole, traffic=part, start=start, going_on=True)

    def run(self, sweep: Sweep, exact: Sweep | None = None) -> Recommendation:
        """Search, choose on the tuning part, and judge on what was not seen.

        With an ``exact`` sweep the first only sifts: the best few of each family are run in the
        other one, and all figures come from there.
        """
        problem = self.problem
        found: list[tuple[str, Family, list[Trial]]] = []
        for option in problem.options:
            room = self.rooms[option.instance_type]
            for family in families(room):
                trials = tuned(
                    family,
                    room,
                    sweep,
                    f"{option.instance_type}|tuning",
                    problem.slos,
                    problem.tries,
                    problem.seed,
                )
                found.append((option.instance_type, family, trials))
        best = self._finals(found, exact or sweep, exact=exact is not None)
        answer = self._judge(best, found, exact or sweep, exact=exact is not None)
        return answer if exact is None else replaced(answer, candidates=sweep.count)

    def _finals(
        self, found: Sequence[tuple[str, Family, list[Trial]]], sweep: Sweep, *, exact: bool
    ) -> dict[str, Final]:
        """The best of each family. In the exact lane fewer are looked at, for each takes long."""
        best: dict[str, Final] = {}
        for kind, family, trials in found:
            finals = self._where(kind, sweep, exact=exact)
            own = finals.best(family, trials[:FINALISTS:APART] if exact else trials)
            if family.name not in best or own.rank < best[family.name].rank:
                best[family.name] = own
        draw = np.random.default_rng(self.problem.seed)
        for own in [] if exact else sorted(best.values(), key=lambda each: each.rank)[:REFINED]:
            finals = self._where(own.kind, sweep, exact=False)
            best[own.family.name] = finals.refined(own, draw)
        return best

    def _where(self, kind: str, sweep: Sweep, *, exact: bool) -> Finals:
        """Where the finals of an instance type are held; in the exact lane not on parts."""
        names = [f"{kind}|tuning", *self._named(kind, "tuning ")]
        blocks = [] if exact else self._named(kind, "block ")
        folds = {} if exact else self.folds[kind]
        return Finals(kind, names, blocks, folds, self.rooms[kind], self.problem.slos, sweep)

    def _judge(
        self,
        best: Mapping[str, Final],
        found: Sequence[tuple[str, Family, list[Trial]]],
        sweep: Sweep,
        *,
        exact: bool,
    ) -> Recommendation:
        first = self.problem.options[0].instance_type
        bounds = {
            option.instance_type: bound(
                self.settings[f"{option.instance_type}|unseen"], self.problem.least
            )
            for option in self.problem.options
        }
        lowest = min(bounds.values(), key=lambda each: each.usd)
        judged = {
            name: self._judged(each.kind, name, each.family.best_for, each.family.weakness,
                               each.trial.candidate, sweep, lowest)
            for name, each in best.items()
        }  # fmt: skip
        ranks = {name: each.rank for name, each in best.items()}
        default = self._judged(
            first, DEFAULT, "a start without figures", "seven tenths of what, nobody measures",
            default_advice(self.rooms[first]), sweep, lowest,
        )  # fmt: skip
        current = None
        if self.problem.current is not None:
            current = self._current(self.problem.current, first, sweep, lowest)
        first_of_all = min(ranks, key=lambda name: ranks[name])
        others = [each for each in (default, current) if each is not None]
        chosen = self._safest(judged[first_of_all], ranks[first_of_all], others, sweep, exact=exact)
        unseen = self.settings[f"{chosen.instance_type}|unseen"]
        tried = [
            (score(trial.measures, self.problem.slos)[1],
             shortfall(trial.measures, self.problem.slos, 1.0))
            for _, _, trials in found
            for trial in trials
        ]  # fmt: skip
        return Recommendation(
            traffic=unseen.traffic.name,
            slos=tuple(map(str, self.problem.slos)),
            tuning_hours=self.settings[f"{first}|tuning"].traffic.duration / 3600,
            unseen_hours=unseen.traffic.duration / 3600,
            chosen=self._drawn(chosen, sweep),
            default=self._drawn(default, sweep),
            current=None if current is None else self._drawn(current, sweep),
            families=tuple(sorted(judged.values(), key=lambda each: ranks[each.family])),
            not_offered=self.problem.terms.not_offered,
            bound_usd=lowest.usd,
            bound_curve=thinned(lowest.curve),
            load=_load(unseen),
            pareto=tuple(front(tried)),
            tried=tuple(tried[:: max(len(tried) // POINTS, 1)]),
            candidates=sweep.count,
            rates={name: room.rate for name, room in self.rooms.items()},
            unit=self.problem.terms.unit,
            exact=exact,
        )

    def _current(
        self, candidate: Candidate, first: str, sweep: Sweep, lowest: Bound
    ) -> Judged | None:
        """The template as it is, where the compiled lane can run it."""
        try:
            return self._judged(first, CURRENT, "", "", candidate, sweep, lowest)
        except Unsupported:
            return None

    def _safest(
        self, chosen: Judged, best: Rank, others: Sequence[Judged], sweep: Sweep, *, exact: bool
    ) -> Judged:
        """The choice, of rank ``best``, unless something that is there already ranks before it."""
        for other in others:
            finals = self._where(other.instance_type, sweep, exact=exact)
            rank = finals.rank_of(other.candidate)
            if rank < best:
                chosen, best = other, rank
        return chosen

    def _named(self, kind: str, part: str) -> list[str]:
        """The settings of an instance type whose names begin with a part's."""
        return [name for name in self.settings if name.startswith(f"{kind}|{part}")]

    def _judged(
        self,
        kind: str,
        family: str,
        best_for: str,
        weakness: str,
        candidate: Candidate,
        sweep: Sweep,
        lowest: Bound,
    ) -> Judged:
        names = self._named(kind, "unseen ")
        jobs: list[Job] = [(f"{kind}|tuning", candidate), (f"{kind}|unseen", candidate)]
        tuning, unseen, *others = sweep.run([*jobs, *((name, candidate) for name in names)])
        cost = unseen.usd if unseen.usd is not None else unseen.paid
        return Judged(
            family=family,
            best_for=best_for,
            weakness=weakness,
            instance_type=kind,
            candidate=candidate,
            tuning=tuning,
            unseen=unseen,
            copies={
                name.partition("|unseen ")[2]: each
                for name, each in zip(names, others, strict=True)
            },
            over_bound=cost / lowest.usd if lowest.usd else None,
        )

    def _drawn(self, judged: Judged, sweep: Sweep) -> Judged:
        """The same with its capacity over the unseen part."""
        curve = sweep.curve((f"{judged.instance_type}|unseen", judged.candidate))
        return replaced(judged, curve=curve)


def calm_cut(traffic: Traffic) -> int:
    """The period that the part begins with that is not seen: a calm one about three fifths in.

    Where the load is low every policy has few instances, so that none begins at an advantage.
    """
    count = len(traffic.counts)
    low, high = int(count * (TUNED_SHARE - 0.1)), int(count * (TUNED_SHARE + 0.1))
    span = max(min(round(3600 / traffic.period), high - low), 1)
    running = np.concatenate(([0], np.cumsum(traffic.counts[low : high + span])))
    sums = running[span:] - running[:-span]
    return low + int(np.argmin(sums[: max(high - low, 1)])) + span // 2


def thinned(points: Floats) -> Curve:
    """A curve by its changes."""
    changed = np.concatenate(([True], np.diff(points[:, 1]) != 0))
    kept = points[changed]
    return Curve(tuple(kept[:, 0].tolist()), tuple(kept[:, 1].tolist()))


def _load(setting: Setting) -> Curve:
    """Requests per second over the unseen part."""
    step = max(60.0, setting.traffic.duration / POINTS // 60 * 60)
    rates = in_steps(setting.traffic, step) / step
    times = np.arange(len(rates)) * step
    return Curve(tuple(times.tolist()), tuple(rates.tolist()))


def front(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Those of some points that no other one beats in both numbers, the first ascending.

    >>> front([(3, 1), (1, 3), (2, 2), (3, 2), (1, 4)])
    [(1, 3), (2, 2), (3, 1)]
    """
    kept: list[tuple[float, float]] = []
    for point in sorted(points):
        if not kept or point[1] < kept[-1][1]:
            kept.append(point)
    return kept


__all__ = ["MARGIN", "Judged", "Option", "Problem", "Recommendation", "Search"]
