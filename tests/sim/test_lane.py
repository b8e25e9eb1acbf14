"""The compiled lane decides as the control plane does: equal capacity curves."""

from collections.abc import Iterator
from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from understudy.app.capacity import Settings
from understudy.app.scenarios import Events, pools_of, read_events
from understudy.app.simulation import Scenario, deployed, drive
from understudy.base.service_time import Constant
from understudy.control.cloudwatch.books import CloudWatchConfig
from understudy.control.observation import observe
from understudy.control.subjects import subject_of
from understudy.sim.candidate import Action, Candidate, Policy, Unsupported, candidate_of
from understudy.sim.lane import Runner, Setting
from understudy.sim.queueing import Floats
from understudy.sim.serving import Serving
from understudy.sim.start_up import StartUp, at_once
from understudy.sim.traffic import Traffic
from understudy.sim.world import WorldModel
from understudy.testing.candidates import CONCURRENCY, step, template, tracking

MONDAY = 1_772_409_600.0
SERVING = Serving(Constant(0.05))
NOTHING = Events()


def even(traffic: Traffic) -> Iterator[Floats]:
    """Requests evenly in their periods, the first half a distance from the begin."""
    for index, count in enumerate(traffic.counts.tolist()):
        if count:
            yield (index + (np.arange(count) + 0.5) / count) * traffic.period


Curve = list[tuple[float, int, int]]


def exact(
    candidate: Candidate, setting: Setting, events: Events = NOTHING
) -> tuple[Curve, Candidate]:
    scenario = Scenario(
        stack_name="s",
        body=template(candidate),
        parameters={},
        traffic=setting.traffic,
        serving=setting.serving,
        world=WorldModel(setting.start_up),
        slos=(),
        deploy_at=setting.start - 7200,
        start_at=setting.start,
        seed=1,
        publication=setting.publication,
        events=events,
    )
    world, _ = deployed(scenario)
    world.run(scenario.start_at)
    plane = world.engine.region(scenario.region).plane
    _, endpoint, _, variant = subject_of(plane).resource.split("/")
    found = candidate_of(plane, endpoint, variant)
    drive(world, scenario, even(setting.traffic))
    seen = observe(plane, endpoint, variant, setting.start, world.now)
    points = [(p.at - setting.start, p.desired, p.in_service) for p in seen.capacity]
    return settled(points), found


def settled(points: Curve) -> Curve:
    """The curve by its changes; of several points at one time the last."""
    last = {at: (desired, serving) for at, desired, serving in points}
    kept: Curve = []
    for at in sorted(last):
        if not kept or kept[-1][1:] != last[at]:
            kept.append((at, *last[at]))
    return kept


def compiled(candidate: Candidate, setting: Setting) -> Curve:
    curve = Runner(setting).run(candidate, curve=True).curve
    return settled([(at, int(desired), int(serving)) for at, desired, serving in curve.tolist()])


def traffic_of(counts: list[int]) -> Traffic:
    return Traffic("t", MONDAY, 60.0, np.array(counts, dtype=np.int64))


def setting_of(counts: list[int], start_up: StartUp, publication: float = 30.0) -> Setting:
    return Setting(
        traffic_of(counts),
        SERVING,
        start_up,
        (),
        MONDAY,
        24,
        publication=CloudWatchConfig(minute_delay=publication),
    )


LEVELS = st.lists(st.integers(0, 4000), min_size=3, max_size=9)
COOLDOWNS = st.sampled_from([0, 60, 300])


@st.composite
def policies(draw: st.DrawFn) -> tuple[Policy, ...]:
    """One to three policies: target tracking, steps out and in."""
    found: list[Policy] = []
    if draw(st.booleans()):
        found.append(
            tracking(
                draw(st.integers(100, 900)),
                ScaleOutCooldown=draw(COOLDOWNS),
                ScaleInCooldown=draw(COOLDOWNS),
                DisableScaleIn=draw(st.booleans()),
            )
        )
    if draw(st.booleans()) or not found:
        kind = draw(st.sampled_from(["ChangeInCapacity", "PercentChangeInCapacity"]))
        first, second = (1, 3) if kind == "ChangeInCapacity" else (20, 100)
        steps = [
            {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 400},
            {"MetricIntervalLowerBound": 400},
        ]
        steps = [
            {**each, "ScalingAdjustment": size}
            for each, size in zip(steps, (first, second), strict=True)
        ]
        periods = draw(st.integers(1, 3))
        found.append(
            step(
                "out",
                draw(st.integers(200, 900)),
                steps,
                above=True,
                Cooldown=draw(COOLDOWNS),
                AdjustmentType=kind,
                EvaluationPeriods=periods,
                DatapointsToAlarm=draw(st.integers(1, periods)),
            )
        )
    if draw(st.booleans()):
        down = [{"MetricIntervalUpperBound": 0, "ScalingAdjustment": -1}]
        found.append(step("in", draw(st.integers(50, 190)), down, above=False, EvaluationPeriods=3))
    return tuple(found)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    levels=LEVELS,
    chosen=policies(),
    minimum=st.integers(1, 3),
    more=st.integers(0, 9),
    seconds=st.sampled_from([0.0, 45.0, 240.0, 421.0]),
    failures=st.sampled_from([0.0, 0.3]),
    publication=st.sampled_from([0.0, 30.0, 75.0]),
    scheduled=st.booleans(),
)
def test_the_compiled_lane_has_the_capacity_curve_of_the_control_plane(
    levels: list[int],
    chosen: tuple[Policy, ...],
    minimum: int,
    more: int,
    seconds: float,
    failures: float,
    publication: float,
    scheduled: bool,
) -> None:
    maximum = minimum + more
    actions = (
        (
            Action("up", "at(2026-03-02T00:20:00)", minimum + more // 2),
            Action("down", "at(2026-03-02T00:50:00)", minimum),
        )
        if scheduled
        else ()
    )
    candidate = Candidate(minimum, maximum, minimum, chosen, actions)
    started = at_once(seconds)
    start_up = StartUp(started.phases, failures, failed_after=130.0)
    counts = [level for level in levels for _ in range(17)]
    setting = setting_of(counts, start_up, publication)
    expected, found = exact(candidate, setting)
    assert compiled(found, setting) == expected


@pytest.mark.parametrize(
    ("told", "most"),
    [
        pytest.param(["shortage:ml.m5@20m,23m"], 8, id="there is none for a while"),
        pytest.param(["shortage:ml.m5.large@20m,23m,left=3"], 8, id="there are three for a while"),
        pytest.param(["shortage:ml.m5,3h,left=4"], 1, id="there are fewer than wanted at once"),
        pytest.param(["shortage:m5,3h", "shortage:ml.m5,3h,spot"], 8, id="of others there is none"),
    ],
)
def test_a_shortage_of_capacity_is_met_alike(told: list[str], most: int) -> None:
    events = read_events(told)
    setting = Setting(
        traffic_of([200] * 20 + [3000] * 60),
        SERVING,
        at_once(60.0),
        (),
        MONDAY,
        24,
        pools=pools_of(Settings(), events, MONDAY),
        instance_type="ml.m5.large",
    )
    candidate = Candidate(1, 8, 1, (tracking(500.0, ScaleOutCooldown=0),))
    expected, found = exact(candidate, setting, events)
    assert compiled(found, setting) == expected
    assert max(serving for _, _, serving in expected) == most


def test_ten_second_alarms_on_concurrency_bring_capacity_at_about_the_same_time() -> None:
    """Requests in flight are sampled, so the lanes agree in what they do, not to the second."""
    serving = Serving(Constant(1.0), concurrency=4)
    counts = [60] * 20 + [600] * 40
    setting = Setting(traffic_of(counts), serving, at_once(120.0), (), MONDAY, 24)
    candidate = Candidate(1, 8, 1, (tracking(3.0, metric=CONCURRENCY),))
    expected, found = exact(candidate, setting)
    curve = compiled(found, setting)
    first, again = (
        next(at for at, desired, _ in each if desired > 1) for each in (expected, curve)
    )
    assert again == pytest.approx(first, abs=60)
    assert 1200 < first < 1320
    assert abs(max(s for _, _, s in curve) - max(s for _, _, s in expected)) <= 1


def test_what_only_the_exact_lane_can_do_is_refused_by_name() -> None:
    odd = step("out", 5.0, [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}], above=True)
    slow = Policy(odd.name, odd.kind, odd.configuration, ({**odd.alarms[0], "Period": 300},))
    setting = setting_of([10] * 30, at_once(0.0))
    with pytest.raises(Unsupported, match="an alarm on InvocationsPerInstance Sum needs"):
        Runner(setting).run(Candidate(1, 2, 1, (slow,)))
    predictive = Policy("p", "PredictiveScaling", {})
    with pytest.raises(Unsupported, match="PredictiveScaling needs the exact lane"):
        Runner(setting).run(Candidate(1, 2, 1, (predictive,)))


def test_instances_that_never_fail_have_no_end() -> None:
    assert at_once(1.0).lifetimes.min() == inf


def test_a_table_of_capacities_by_the_total_load_is_the_same_in_both_lanes() -> None:
    rows = [
        {"MetricIntervalLowerBound": low, "ScalingAdjustment": size}
        | ({} if high is None else {"MetricIntervalUpperBound": high})
        for low, high, size in ((0, 900, 1), (900, 1500, 2), (1500, 4000, 4), (4000, None, 7))
    ]
    policy = step(
        "table",
        0,
        rows,
        above=True,
        AdjustmentType="ExactCapacity",
        MetricName="Invocations",
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        EvaluationPeriods=3,
    )
    table = Policy(
        policy.name,
        policy.kind,
        policy.configuration | {"MetricAggregationType": "Maximum"},
        policy.alarms,
    )
    setting = setting_of(
        [600] * 10 + [2000] * 20 + [5000] * 15 + [1000] * 25 + [100] * 20, at_once(150.0)
    )
    candidate = Candidate(1, 8, 1, (table,))
    curve, found = exact(candidate, setting)
    assert compiled(found, setting) == curve
    assert {serving for _, _, serving in curve} == {1, 2, 4, 7}


def test_a_copy_is_run_and_the_traffic_is_kept() -> None:
    setting = setting_of([300] * 60, at_once(60.0))
    twice = replace(setting, copy=lambda traffic: traffic.scaled(2.0))
    assert Runner(twice).run(Candidate(2, 2, 2)).measures.requests == 36_000
    assert twice.traffic.total == 18_000
    assert twice.sent().total == 36_000


def test_a_run_that_goes_on_begins_with_what_its_load_needs_and_counts_only_itself() -> None:
    cold = setting_of([3000] * 60, at_once(240.0))
    warm = replace(cold, going_on=True)
    candidate = Candidate(1, 8, 1, (tracking(500.0),))
    first, second = (Runner(each).run(candidate, curve=True) for each in (cold, warm))
    assert second.measures.requests == first.measures.requests == 180_000
    assert second.measures.under == 0 < first.measures.under
    assert second.curve[0, 2] == 6
    assert second.measures.paid == pytest.approx(6.0)
