"""From what was seen and measured to an outcome."""

from dataclasses import dataclass
from math import inf
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from understudy.control.felt import Operation, felt
from understudy.control.outcome import LoadMode, LoadPoint, Outcome, RequestSummary
from understudy.control.sagemaker.endpoint import resource_id
from understudy.control.slo import LatencySlo, Slo
from understudy.control.summary import load_points, span_for, summarise
from understudy.control.views import Observation
from understudy.pricing.book import Book
from understudy.pricing.catalogue import BOOK, offers_in
from understudy.pricing.fargate import size_offers
from understudy.pricing.meter import bill, during, standing

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of a run beside what was seen and measured; ``book`` has the prices.

    ``today`` is the ISO date from which their age is told.
    """

    world: Literal["live", "simulated"]
    stack_name: str
    stack_status: str
    region: str
    traffic: str
    started_at: float
    ended_at: float
    speed: float | None
    load_mode: LoadMode
    seed: int
    slos: tuple[Slo, ...]
    operations: tuple[Operation, ...] = ()
    scenario: tuple[str, ...] = ()
    book: Book = BOOK
    today: str = ""


def outcome_of(
    seen: Observation,
    facts: RunFacts,
    arrivals: Floats,
    latency_ms: Floats,
    ok: NDArray[np.bool_],
) -> Outcome:
    """The outcome of a live run. ``arrivals`` are world seconds from its start."""
    duration = facts.ended_at - facts.started_at
    stands_for = (facts.speed or 1.0) if facts.load_mode == "sampled" else 1.0
    load = load_points(
        arrivals,
        latency_ms,
        ok,
        started_at=facts.started_at,
        duration=duration,
        seconds=span_for(duration, len(ok)),
        stands_for=stands_for,
        limit_ms=next((s.limit_ms for s in facts.slos if isinstance(s, LatencySlo)), inf),
    )
    return outcome(seen, facts, summarise(latency_ms, ok, facts.slos), load)


def outcome(
    seen: Observation, facts: RunFacts, requests: RequestSummary, load: tuple[LoadPoint, ...]
) -> Outcome:
    """The outcome of a run whose requests are summed up already. Latencies are world ms."""
    kind, start, end = seen.instance_type, facts.started_at, facts.ended_at
    known = offers_in(facts.region, facts.book)
    offers = known | size_offers({kind, *(each.instance_type for each in seen.usage)}, known)
    return Outcome(
        world=facts.world,
        stack_name=facts.stack_name,
        stack_status=facts.stack_status,
        resource_id=seen.resource or resource_id(seen.endpoint, seen.variant),
        region=facts.region,
        instance_type=kind,
        minimum=seen.minimum,
        maximum=seen.maximum,
        policies=seen.policies,
        traffic=facts.traffic,
        started_at=start,
        ended_at=end,
        speed=facts.speed,
        load_mode=facts.load_mode,
        stand_in=bool(seen.stand_in),
        seed=facts.seed,
        requests=requests,
        load=load,
        capacity=seen.capacity,
        activities=seen.activities,
        failures=tuple(each for each in seen.failures if start <= each.at <= end),
        alarms=seen.transitions,
        cost=bill(during(seen.usage, start, end), facts.region, offers),
        idle=bill(standing(kind, seen.minimum, start, end), facts.region, offers),
        scenario=facts.scenario,
        priced_on=facts.today,
        updates=tuple(
            felt(
                each,
                load,
                seen.capacity,
                end,
                bill(during(seen.usage, each.at, each.ended or end), facts.region, offers),
            )
            for each in facts.operations
        ),
    )
