"""Services and groups as the compiled lane takes them: as a variant with the like policy.

It decides with the rules of Application Auto Scaling and counts requests per instance. What a
group does otherwise (its warm-up, how its targets drain) only the exact lane knows: so candidates
are only sifted here, and the best of each family run there, from where all figures come.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from msgspec.structs import replace as replaced

from understudy.control.application_autoscaling.dimensions import STEP, TRACKING
from understudy.control.events import Params
from understudy.recommend.forecasts import minimums
from understudy.recommend.sweep import Curve, Job, Workers
from understudy.recommend.terms import PREDICTIVE, VARIANT, Terms
from understudy.sim.candidate import Candidate, Policy
from understudy.sim.lane import Setting
from understudy.sim.measures import Measures

WARM_UP = "EstimatedInstanceWarmup"
WARMED = ", warmed"
"""Ends the name of a setting in which instances start from a warm pool."""


def with_warmed(settings: Mapping[str, Setting]) -> dict[str, Setting]:
    """Settings, and each a second time with instances that start from a warm pool."""
    warmed = {
        f"{name}{WARMED}": replace(each, start_up=each.start_up.warmed)
        for name, each in settings.items()
    }
    return {**settings, **warmed}


@dataclass(frozen=True, slots=True)
class Sifting:
    """Workers that run candidates of services and groups in the compiled lane.

    ``capacities`` are the requests per second that one instance of a type can serve at all,
    ``loads`` what is forecast for each hour of a setting.
    """

    workers: Workers
    terms: Terms
    capacities: Mapping[str, float]
    loads: Mapping[str, Mapping[int, float]]

    def run(self, jobs: Sequence[Job], done: Callable[[int], None]) -> list[Measures]:
        """What comes of jobs."""
        return self.workers.run([self._alike(job) for job in jobs], done)

    def curve(self, job: Job) -> Curve:
        """The instances in service over a run."""
        return self.workers.curve(self._alike(job))

    def _alike(self, job: Job) -> Job:
        name, candidate = job
        capacity = self.capacities[name.partition("|")[0]]
        alike = as_variant(candidate, self.terms, capacity, self.loads.get(name, {}))
        return name + WARMED * (candidate.warm is not None), alike


def as_variant(
    candidate: Candidate, terms: Terms, capacity: float, loads: Mapping[int, float]
) -> Candidate:
    """A candidate in the terms of an endpoint variant.

    A target of 70 % CPU is seven tenths of all requests that an instance can serve in a minute.
    What a predictive policy makes of the ``loads`` that are forecast by hour are its minimums.
    """
    policies = tuple(
        _policy(each, terms, capacity) for each in candidate.policies if each.kind != PREDICTIVE
    )
    actions = candidate.actions + minimums(candidate, loads)
    return replaced(candidate, policies=policies, actions=actions, warm=None)


def _policy(policy: Policy, terms: Terms, capacity: float) -> Policy:
    settings = policy.configuration
    if policy.kind == TRACKING:
        return Policy(policy.name, TRACKING, _tracking(settings, terms, capacity))
    waits = {"Cooldown": settings.get("Cooldown", settings.get(WARM_UP, 0))}
    kept = {key: value for key, value in settings.items() if key != WARM_UP}
    return Policy(policy.name, STEP, kept | waits, tuple(map(_alarm, policy.alarms)))


def _tracking(settings: Params, terms: Terms, capacity: float) -> Params:
    metric = settings["PredefinedMetricSpecification"]["PredefinedMetricType"]
    one = capacity * 60 / 100 if metric in (terms.busy, terms.fast) else 1.0
    return {
        "PredefinedMetricSpecification": {"PredefinedMetricType": VARIANT.requests},
        "TargetValue": settings["TargetValue"] * one,
        "ScaleOutCooldown": settings.get("ScaleOutCooldown", settings.get(WARM_UP, 0)),
        "ScaleInCooldown": settings.get("ScaleInCooldown", 0),
    }


def _alarm(alarm: Params) -> Params:
    dimensions = [{"Name": each, "Value": each} for each in VARIANT.dimensions]
    names = {"Namespace": VARIANT.namespace, "MetricName": VARIANT.metric}
    return alarm | names | {"Dimensions": dimensions}
