"""Families are tuned on one part of the traffic and judged on another."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace as replaced

from understudy.base.service_time import lognormal
from understudy.cli.exits import DONE
from understudy.cli.main import app
from understudy.control.slo import parse_slos
from understudy.recommend.bound import bound
from understudy.recommend.copies import COPIES, burstier, growth, scaled
from understudy.recommend.exact_capacity import to_exact_capacity
from understudy.recommend.families import default_advice
from understudy.recommend.finals import Finals, unsure
from understudy.recommend.recommendation import Option, Problem, Recommendation, Search, calm_cut
from understudy.recommend.search import MARGIN, shortfall
from understudy.recommend.season import season
from understudy.recommend.sweep import Cores, Job, Sweep
from understudy.sim import patterns
from understudy.sim.candidate import Candidate
from understudy.sim.lane import Setting
from understudy.sim.measures import Measures
from understudy.sim.serving import Serving
from understudy.sim.start_up import at_once
from understudy.sim.traffic import Traffic
from understudy.testing.candidates import template, tracking

MONDAY, DAY = 1_772_409_600.0, 86_400.0
SLOS = parse_slos("p95<1s")
CURRENT = Candidate(1, 8, 1, (tracking(60.0, ScaleOutCooldown=300, ScaleInCooldown=300),))


def setting(traffic: Traffic) -> Setting:
    serving = Serving(lognormal(0.1, 0.3))
    return Setting(traffic, serving, at_once(240.0), SLOS, MONDAY, 10, 0.115, instance_type="m")


@pytest.fixture(scope="module")
def found() -> Recommendation:
    whole = setting(patterns.diurnal(1.0, 30.0, duration=4 * DAY))
    search = Search(Problem((Option("m", whole),), CURRENT, SLOS, 1, 10))
    return search.run(Sweep(Cores(search.settings)))


def test_the_choice_meets_the_objectives_where_it_was_not_tuned(found: Recommendation) -> None:
    assert found.chosen.unseen.met
    assert found.tuning_hours + found.unseen_hours == pytest.approx(96)


def test_while_tuning_it_is_not_dearer_than_the_default_advice(found: Recommendation) -> None:
    assert not shortfall(found.default.tuning, SLOS, MARGIN)
    assert found.chosen.tuning.usd is not None
    assert found.default.tuning.usd is not None
    assert found.chosen.tuning.usd <= found.default.tuning.usd


def test_nothing_is_below_the_bound(found: Recommendation) -> None:
    ratios = [each.over_bound for each in found.families if each.unseen.met]
    assert ratios
    assert min(ratio or 0 for ratio in ratios) >= 1


def test_every_family_was_tried_and_what_aws_lacks_is_named(found: Recommendation) -> None:
    assert len(found.families) == 11
    assert "predictive scaling" in found.not_offered


def test_it_is_the_same_with_other_workers() -> None:
    made = {"whole": setting(patterns.diurnal(1.0, 30.0, duration=DAY))}
    jobs: list[Job] = [("whole", Candidate(1, 8, 1, (tracking(10.0 + n),))) for n in range(20)]
    assert Cores(made, 1).run(jobs, lambda _: None) == Cores(made, 4).run(jobs, lambda _: None)


class Dying:
    """Workers that are interrupted after some jobs."""

    def __init__(self, workers: Cores, life: int) -> None:
        self.workers, self.life, self.ran = workers, life, 0

    def run(self, jobs: Sequence[Job], done: Callable[[int], None]) -> list[Measures]:
        if self.ran + len(jobs) > self.life:
            raise KeyboardInterrupt
        self.ran += len(jobs)
        return self.workers.run(jobs, done)


def test_an_interrupted_sweep_goes_on_where_it_was(tmp_path: Path) -> None:
    made = {"whole": setting(patterns.diurnal(1.0, 30.0, duration=DAY))}
    jobs: list[Job] = [("whole", Candidate(1, 8, 1, (tracking(10.0 + n),))) for n in range(200)]
    file = tmp_path / "sweep.jsonl"
    with pytest.raises(KeyboardInterrupt):
        Sweep(Dying(Cores(made), 150), file=file).run(jobs)
    with file.open("ab") as half:
        half.write(b'{"job": "torn')
    rest = Dying(Cores(made), 150)
    resumed = Sweep(rest, file=file).run(jobs)
    assert 0 < rest.ran < 100
    assert resumed == Sweep(Cores(made)).run(jobs)


def test_scheduled_actions_follow_the_season() -> None:
    whole = setting(patterns.diurnal(1.0, 30.0, duration=3 * DAY))
    fitted = season(whole.traffic, whole.limits, MONDAY, 240.0)
    assert fitted is not None
    actions = fitted.actions(0.5, 0.0, 0.0, 1, 10, fix=False)
    assert max(each.minimum or 0 for each in actions) >= 4
    assert all(each.schedule.endswith(" ? * * *)") for each in actions)
    assert season(whole.traffic.window(0, DAY), whole.limits, MONDAY, 240.0) is None


def test_weekends_get_times_of_their_own() -> None:
    whole = setting(patterns.weekly(1.0, 30.0, weekend=0.2, duration=14 * DAY))
    fitted = season(whole.traffic, whole.limits, MONDAY, 240.0)
    assert fitted is not None
    assert fitted.kinds == ((0, 1, 2, 3, 4), (5, 6))
    assert any("SAT-SUN" in each.schedule for each in fitted.actions(0.5, 0, 0, 1, 10, fix=True))


def test_the_parts_are_cut_where_it_is_calm() -> None:
    traffic = patterns.diurnal(1.0, 30.0, duration=4 * DAY)
    assert calm_cut(traffic) * 60 / DAY == pytest.approx(2.083, abs=0.1)


def test_copies_are_other_than_the_traffic() -> None:
    traffic = Traffic("t", 0.0, 60.0, np.arange(600))
    made = {name: copy(traffic) for name, copy in COPIES.items()}
    assert made["amplified by 1.2"].total == pytest.approx(1.2 * traffic.total)
    assert made["shifted by 37 min"].counts[37] == traffic.counts[0]
    assert made["with a flash crowd"].total > traffic.total


def test_a_straight_trend_goes_on_in_a_copy_and_days_do_not() -> None:
    assert growth(patterns.ramp(5.0, 15.0, duration=DAY)) == pytest.approx(2.0, rel=0.02)
    assert growth(patterns.diurnal(1.0, 30.0, duration=4 * DAY)) == 1.0


def test_bursts_grow_in_a_copy_only_where_each_part_has_its_own_record() -> None:
    alike = np.full(2400, 100)
    alike[150::300] = 500
    rising = alike.copy()
    rising[1950] = 1300
    assert burstier(Traffic("t", 0.0, 60.0, alike)).counts.max() == 500
    made = burstier(Traffic("t", 0.0, 60.0, rising)).counts
    assert (made[1950], made[150], made[0]) == (2500, 900, 100)


def test_what_misses_in_one_part_only_is_less_sure_than_what_misses_everywhere() -> None:
    whole = setting(patterns.steady(10.0, duration=DAY / 4))
    measures = Cores({"m": whole}, 1).run([("m", Candidate(5, 5, 5))], lambda _: None)[0]
    parts = [
        replaced(measures, attainments=(SLOS[0].share_attainment(1 - missed),))
        for missed in (0.03, 0.03, 0.03, 0.03, 0.0, 0.0, 0.0, 0.12)
    ]
    assert unsure(parts[:4], SLOS) == 0
    assert unsure(parts[4:], SLOS) > 0


def test_what_misses_on_copies_is_dearer_and_what_misses_while_tuning_is_last() -> None:
    whole = setting(patterns.diurnal(1.0, 30.0, duration=2 * DAY))
    names = {"t": whole, "t more": replace(whole, copy=partial(scaled, factor=1.3))}
    sweep = Sweep(Cores(names))
    room = Search(Problem((Option("m", whole),), None, SLOS)).rooms["m"]
    finals = Finals("m", ["t", "t more"], [], {}, room, SLOS, sweep)
    ranks = {count: finals.rank_of(Candidate(count, count, count)) for count in (2, 4, 10)}
    assert ranks[10][0] == ranks[4][0] == 0 < ranks[2][0]
    bought = sweep.run([("t", Candidate(each, each, each)) for each in (4, 10)])
    assert ranks[4][1] > (bought[0].usd or 0)
    assert ranks[10][1] == bought[1].usd


def test_capacity_by_load_is_a_table_of_at_most_twenty_steps_without_gaps() -> None:
    days = setting(patterns.diurnal(1.0, 30.0, duration=2 * DAY))
    made = replace(days, most=40)
    room = Search(Problem((Option("m", made),), None, SLOS)).rooms["m"]
    policy = to_exact_capacity(1.0, 0, 3, 60, room)
    steps = policy.configuration["StepAdjustments"]
    assert len(steps) == 20
    edges = [
        (each.get("MetricIntervalLowerBound"), each.get("MetricIntervalUpperBound"))
        for each in steps
    ]
    assert edges[0][0] == 0
    assert edges[-1][1] is None
    assert all(before[1] == after[0] for before, after in pairwise(edges))
    assert [each["ScalingAdjustment"] for each in steps] == sorted(
        {each["ScalingAdjustment"] for each in steps}
    )
    dearer = to_exact_capacity(20.0, 0, 3, 60, room).configuration["StepAdjustments"]
    assert dearer[0]["MetricIntervalUpperBound"] < edges[0][1]


def test_the_bound_of_a_higher_attainment_is_higher() -> None:
    days = setting(patterns.diurnal(1.0, 30.0, duration=DAY))
    asked, more = bound(days, 1), bound(days, 1, (0.999,))
    assert asked.usd < more.usd
    assert bound(days, 1, (0.95,)).usd == asked.usd


def test_the_default_advice_tracks_seven_tenths_of_what_is_borne() -> None:
    days = setting(patterns.diurnal(1.0, 30.0, duration=2 * DAY))
    room = Search(Problem((Option("m", days),), None, SLOS)).rooms["m"]
    policy = default_advice(room).policies[0]
    assert policy.configuration["TargetValue"] == pytest.approx(0.7 * room.rate * 60, rel=0.01)


def test_the_command_answers_in_words_values_and_a_template(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "template.json"
    path.write_text(template(Candidate(1, 8, 1, (tracking(60.0),))))
    code = app(
        [
            *("recommend", str(path), "--traffic", "diurnal(trough=1, peak=30, duration=2d)"),
            *("--slo", "p95<1s", "--service-time", "lognormal(p50=100ms, p99=300ms)"),
            *("--start-up", "240s", "--candidates", "5", "--report", str(tmp_path / "out")),
        ],
        exit_on_error=False,
        result_action="return_value",
    )
    assert code == DONE
    told = " ".join(capsys.readouterr().out.split())
    assert "It saves $" in told
    assert "Template patch" in told
    written = json.loads((tmp_path / "out/recommendation.json").read_text())
    unseen = written["found"]["chosen"]["unseen"]
    assert unseen["attainments"][0]["met"]
    assert written["exact"]["usd"] == pytest.approx(unseen["usd"], rel=0.03)
    assert json.loads((tmp_path / "out/template.json").read_text())["Resources"]["Target"]
    page = (tmp_path / "out/recommendation.html").read_text()
    assert page.count("<svg") >= 4
    assert "http://" not in page
    front = page[page.index('id="front"') : page.index('id="purchase"')]
    assert ">$0</text>" in front.replace("$0.00", "$0"), "costs are drawn from nothing on"
    assert page.count("<table") == page.count('<div class="scroll"><table'), "wide ones scroll"
