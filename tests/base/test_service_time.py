from math import exp
from random import Random
from statistics import NormalDist, fmean, quantiles, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.base.service_time import (
    Constant,
    Gamma,
    Lognormal,
    ServiceTime,
    gamma,
    lognormal,
    parse_service_time,
    sample,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("200ms", ServiceTime(Constant(0.2)), id="a duration is a constant time"),
        pytest.param("0ms", ServiceTime(Constant(0.0)), id="no time at all is a time"),
        pytest.param(
            "lognormal(p50=120ms, p99=900ms)",
            ServiceTime(lognormal(0.12, 0.9)),
            id="a lognormal has a median and a 99th percentile",
        ),
        pytest.param(
            "lognormal( p99 = 900ms,p50=120ms )",
            ServiceTime(lognormal(0.12, 0.9)),
            id="spaces and the order of parameters do not matter",
        ),
        pytest.param(
            "gamma(mean=200ms, cv=0.5)",
            ServiceTime(Gamma(4.0, 0.05)),
            id="a gamma has a mean and a coefficient of variation",
        ),
        pytest.param(
            "200ms; startup=30s; failures=0.1%; concurrency=4",
            ServiceTime(Constant(0.2), concurrency=4, failures=0.001, startup=30.0),
            id="settings follow in any order",
        ),
    ],
)
def test_a_line_says_a_service_time(text: str, expected: ServiceTime) -> None:
    parsed = parse_service_time(text)
    assert parsed.distribution == expected.distribution
    assert parsed.concurrency == expected.concurrency
    assert parsed.failures == pytest.approx(expected.failures)
    assert parsed.startup == expected.startup


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("", "'' cannot be read", id="nothing"),
        pytest.param("200", "'200' cannot be read", id="a number without a unit"),
        pytest.param("-200ms", "'-200ms' cannot be read", id="a negative time"),
        pytest.param("weibull(k=2)", "'weibull(k=2)' is not a service time", id="another name"),
        pytest.param("lognormal(p50=120ms)", "p99 is missing", id="a parameter is missing"),
        pytest.param("gamma()", "'' does not belong", id="no parameters"),
        pytest.param("gamma(mean=1s, cv=0.5, x=1)", "'x=1' does not", id="a parameter too many"),
        pytest.param("lognormal(p50=2s, p99=1s)", "at most p99", id="a median above p99"),
        pytest.param("lognormal(p50=0s, p99=1s)", "above 0", id="a median of zero"),
        pytest.param("gamma(mean=0s, cv=1)", "must be above 0", id="a mean of zero"),
        pytest.param("gamma(mean=1s, cv=0)", "must be above 0", id="no variation"),
        pytest.param("1s; concurrency=0", "'0' cannot be read", id="no slots"),
        pytest.param("1s; concurrency=2.5", "'2.5' cannot be read", id="half a slot"),
        pytest.param("1s; failures=101%", "'101%' cannot be read", id="more than all fail"),
        pytest.param("1s; failures=0.1", "'0.1' cannot be read", id="a share without percent"),
        pytest.param("1s; startup=30", "'30' cannot be read", id="a start-up without a unit"),
        pytest.param("1s; colour=red", "'colour=red' does not", id="a setting nobody knows"),
        pytest.param("1s; startup=1s; startup=2s", "'startup=2s' does", id="a setting twice"),
        pytest.param("1s;", "'' does not belong", id="a semicolon and nothing after it"),
    ],
)
def test_what_cannot_be_read_is_answered_with_what_can(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match="write a duration") as raised:
        parse_service_time(text)
    assert complaint in str(raised.value)


def test_the_lognormal_of_the_worked_example() -> None:
    # mu = ln 0.12; sigma = ln(0.9 / 0.12) / 2.3263
    assert lognormal(p50=0.12, p99=0.9) == Lognormal(
        pytest.approx(-2.1202635), pytest.approx(0.8661228)
    )


def test_the_gamma_of_the_worked_example() -> None:
    # shape = 1 / 0.5**2; scale = 0.2 * 0.5**2
    assert gamma(mean=0.2, cv=0.5) == Gamma(4.0, 0.05)


@given(p50=st.floats(1e-4, 1e3), factor=st.floats(1.0, 1e3))
def test_a_lognormal_has_the_percentiles_it_was_asked_for(p50: float, factor: float) -> None:
    drawn = lognormal(p50, p50 * factor)
    normal = NormalDist(drawn.mu, drawn.sigma) if drawn.sigma else None
    assert exp(drawn.mu) == pytest.approx(p50)
    if normal:
        assert exp(normal.inv_cdf(0.99)) == pytest.approx(p50 * factor)


@given(mean=st.floats(1e-4, 1e3), cv=st.floats(0.01, 10))
def test_a_gamma_has_the_mean_and_variation_it_was_asked_for(mean: float, cv: float) -> None:
    drawn = gamma(mean, cv)
    assert drawn.shape * drawn.scale == pytest.approx(mean)
    assert drawn.shape**-0.5 == pytest.approx(cv)


def test_draws_of_a_lognormal_have_its_percentiles() -> None:
    generator = Random(7)
    service_time = parse_service_time("lognormal(p50=120ms, p99=900ms)")
    drawn = quantiles((sample(service_time, generator) for _ in range(20_000)), n=100)
    assert drawn[49] == pytest.approx(0.12, rel=0.03)
    assert drawn[98] == pytest.approx(0.9, rel=0.06)


def test_draws_of_a_gamma_have_its_mean_and_variation() -> None:
    generator = Random(7)
    service_time = parse_service_time("gamma(mean=200ms, cv=0.5)")
    drawn = [sample(service_time, generator) for _ in range(20_000)]
    assert fmean(drawn) == pytest.approx(0.2, rel=0.02)
    assert stdev(drawn) / fmean(drawn) == pytest.approx(0.5, rel=0.03)


def test_equal_seeds_draw_equal_times() -> None:
    service_time = parse_service_time("gamma(mean=200ms, cv=0.5)")
    one, other = Random("i-1"), Random("i-1")
    assert [sample(service_time, one) for _ in range(5)] == [
        sample(service_time, other) for _ in range(5)
    ]


def test_a_constant_time_is_always_the_same() -> None:
    assert sample(parse_service_time("200ms"), Random(1)) == 0.2
