"""What was counted before a simulation begins is what predictive scaling forecasts from."""

from dataclasses import replace

import pytest

from understudy.app.examples import example
from understudy.app.simulating import Options, prepare
from understudy.app.simulation import simulate
from understudy.app.sources import Source
from understudy.control.outcome import Outcome
from understudy.recommend.families import OF_FLEETS
from understudy.recommend.patch import patched
from understudy.recommend.policies import Room
from understudy.recommend.terms import GROUP, SERVICE, Terms

PREDICTED = next(each for each in OF_FLEETS if each.name.startswith("predictive"))
DAY = 86_400.0


def run(path: str, terms: Terms, hours: float, *, known: bool) -> Outcome:
    """The third day's first hours of traffic, with the two days before it in the metrics or not."""
    source = Source("diurnal(trough=1, peak=14, duration=4d, seed=4)", "", 1.0, 1.0, None)
    prepared = prepare(Options(example(path), source, slo="p99<3s"))
    candidate = PREDICTED.make(
        [0.7, 0.4, 0.5, 0.0, 0.7, 0.5], Room(5.0, 7.0, 2.0, 1, 8, None, terms)
    )
    traffic = prepared.traffic.window(2 * DAY, 2 * DAY + hours * 3600)
    part = replace(prepared, traffic=traffic, start_at=prepared.start_at + 2 * DAY)
    past = prepared.traffic.window(0.0, 2 * DAY)
    scenario = part.scenario(patched(prepared.template.text, candidate))
    return simulate(replace(scenario, past=past if known else None))


@pytest.mark.parametrize(
    ("path", "terms"),
    [
        pytest.param("fargate-inference/template.yaml", SERVICE, id="a service"),
        pytest.param("web-tier/template.yaml", GROUP, id="a group"),
    ],
)
def test_capacity_is_there_before_the_hour_that_needs_it(path: str, terms: Terms) -> None:
    runs = [run(path, terms, 9.0, known=known) for known in (False, True)]
    first = [
        next(each.at - made.started_at for each in made.activities if each.to_count == 2)
        for made in runs
    ]
    assert first[0] - first[1] > 120
    assert first[1] % 3600 == pytest.approx(3300, abs=60)  # five minutes before the hour
