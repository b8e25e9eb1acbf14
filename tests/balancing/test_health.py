"""The health of a target, as a table of probes."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.balancing.health import (
    Health,
    Probe,
    State,
    Thresholds,
    accepts,
    deregistered,
    load_balancer,
    model_server,
    probed,
    probes_until_change,
)

PROBES = {"+": Probe.SUCCESS, "-": Probe.FAILURE, "x": Probe.REFUSED}
ALB = load_balancer(healthy=3, unhealthy=2)
MODEL = model_server(unhealthy=3)


def after(state: State, probes: str, thresholds: Thresholds) -> State:
    """The state after probes: ``+`` success, ``-`` failure, ``x`` refused."""
    start = Health(state)
    return reduce(
        lambda health, mark: probed(health, PROBES[mark], thresholds), probes, start
    ).state


# AWS: Health checks for Application Load Balancer target groups.
@pytest.mark.parametrize(
    ("state", "probes", "thresholds", "expected"),
    [
        pytest.param(
            State.INITIAL, "+", ALB, State.HEALTHY, id="a new target is healthy after one success"
        ),
        pytest.param(
            State.INITIAL, "-", ALB, State.INITIAL, id="a new target survives one failure"
        ),
        pytest.param(
            State.INITIAL, "--", ALB, State.UNHEALTHY, id="a new target that fails is unhealthy"
        ),
        pytest.param(
            State.INITIAL, "-+", ALB, State.HEALTHY, id="one success ends a new target's doubt"
        ),
        pytest.param(
            State.HEALTHY, "-+-", ALB, State.HEALTHY, id="failures must be consecutive to count"
        ),
        pytest.param(
            State.HEALTHY, "--", ALB, State.UNHEALTHY, id="the unhealthy threshold is reached"
        ),
        pytest.param(
            State.UNHEALTHY, "++", ALB, State.UNHEALTHY, id="the healthy threshold is not reached"
        ),
        pytest.param(
            State.UNHEALTHY, "++-+", ALB, State.UNHEALTHY, id="successes must be consecutive"
        ),
        pytest.param(
            State.UNHEALTHY, "+++", ALB, State.HEALTHY, id="the healthy threshold is reached"
        ),
        pytest.param(
            State.HEALTHY, "x", ALB, State.HEALTHY, id="a balancer counts a refusal as a failure"
        ),
        pytest.param(
            State.HEALTHY, "x", MODEL, State.UNHEALTHY, id="a model server that refuses is gone"
        ),
        pytest.param(
            State.HEALTHY, "--", MODEL, State.HEALTHY, id="a slow model server gets three tries"
        ),
        pytest.param(
            State.HEALTHY, "---", MODEL, State.UNHEALTHY, id="a silent model server is taken out"
        ),
        pytest.param(
            State.UNHEALTHY, "+", MODEL, State.HEALTHY, id="a model server is back at once"
        ),
        pytest.param(
            State.DRAINING, "+++---x", ALB, State.DRAINING, id="nothing brings a drained one back"
        ),
    ],
)
def test_state_after_probes(
    state: State, probes: str, thresholds: Thresholds, expected: State
) -> None:
    assert after(state, probes, thresholds) is expected


def test_only_a_healthy_target_is_routable() -> None:
    assert [state for state in State if Health(state).routable] == [State.HEALTHY]
    assert not deregistered().routable


@given(
    st.text("+-x", max_size=30),
    st.integers(1, 10),
    st.integers(1, 10),
    st.sampled_from([State.INITIAL, State.HEALTHY, State.UNHEALTHY]),
)
def test_enough_equal_probes_decide_whatever_came_before(
    before: str, healthy: int, unhealthy: int, start: State
) -> None:
    thresholds = load_balancer(healthy, unhealthy)
    assert after(start, before + "+" * healthy, thresholds) is State.HEALTHY
    assert after(start, before + "-" * unhealthy, thresholds) is State.UNHEALTHY


@pytest.mark.parametrize(
    ("health", "probe", "expected"),
    [
        pytest.param(Health(State.INITIAL), Probe.SUCCESS, 1, id="a new target needs one success"),
        pytest.param(Health(State.HEALTHY), Probe.FAILURE, 2, id="two failures in a row"),
        pytest.param(Health(State.HEALTHY, 1), Probe.FAILURE, 1, id="one has been already"),
        pytest.param(Health(State.UNHEALTHY), Probe.SUCCESS, 3, id="three successes in a row"),
        pytest.param(Health(State.HEALTHY), Probe.SUCCESS, None, id="nothing to change"),
        pytest.param(deregistered(), Probe.SUCCESS, None, id="draining is for good"),
    ],
)
def test_how_many_probes_change_a_state(health: Health, probe: Probe, expected: int | None):
    assert probes_until_change(health, probe, ALB) == expected


@pytest.mark.parametrize(
    ("matcher", "status", "expected"),
    [
        ("200", 200, True),
        ("200", 201, False),
        ("200,202", 202, True),
        ("200-299", 250, True),
        ("200-299,404", 404, True),
        ("200-299", 300, False),
    ],
)
def test_a_matcher_accepts_its_codes(matcher: str, status: int, expected: bool):
    assert accepts(matcher, status) is expected
