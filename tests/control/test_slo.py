import numpy as np
import pytest

from understudy.control.outcome import Attainment
from understudy.control.slo import FailureSlo, LatencySlo, Slo, parse_slo, parse_slos


@pytest.mark.parametrize(
    ("text", "slo"),
    [
        pytest.param("p99<500ms", LatencySlo(99, 500), id="milliseconds"),
        pytest.param("p99.9 < 1.5s", LatencySlo(99.9, 1500), id="seconds and spaces"),
        pytest.param("p50<800us", LatencySlo(50, 0.8), id="microseconds"),
        pytest.param("failed<0.1%", FailureSlo(0.1), id="failures"),
    ],
)
def test_an_objective_is_read(text: str, slo: Slo):
    assert parse_slo(text) == slo
    assert parse_slo(str(slo)) == slo


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("p99>500ms", id="the wrong way round"),
        pytest.param("p0<500ms", id="no percentile"),
        pytest.param("p101<500ms", id="more than all"),
        pytest.param("p99<0ms", id="no time at all"),
        pytest.param("p99<500", id="no unit"),
        pytest.param("failed<0.1", id="no percent sign"),
        pytest.param("failed<0%", id="never can be met"),
        pytest.param("fast", id="a wish"),
    ],
)
def test_what_is_not_an_objective_is_refused(text: str):
    with pytest.raises(ValueError, match="not a"):
        parse_slo(text)


def test_several_objectives_are_separated_by_commas():
    assert parse_slos("p99<500ms, failed<0.1%") == (LatencySlo(99, 500), FailureSlo(0.1))
    assert parse_slos("") == ()


def attained(slo: str, latencies: list[float], failed: int = 0) -> Attainment:
    latency = np.array([*latencies, *[1.0] * failed])
    ok = np.array([True] * len(latencies) + [False] * failed, dtype=np.bool_)
    return parse_slo(slo).attained(latency, ok)


@pytest.mark.parametrize(
    ("found", "share", "met"),
    [
        pytest.param(attained("p90<10ms", [9] * 9 + [11]), 0.9, True, id="just as many as wanted"),
        pytest.param(attained("p90<10ms", [9] * 8 + [11] * 2), 0.8, False, id="one too few"),
        pytest.param(attained("p90<10ms", [9] * 9 + [10]), 0.9, True, id="the limit is not within"),
        pytest.param(attained("p90<10ms", [10] * 10), 0.0, False, id="all at the limit"),
        pytest.param(attained("p90<10ms", [9] * 8, 2), 0.8, False, id="fast failures do not count"),
        pytest.param(attained("p99.9<10ms", [9] * 999, 1), 0.999, True, id="three nines exactly"),
        pytest.param(attained("failed<10%", [9] * 91, 9), 0.91, True, id="fewer failures"),
        pytest.param(attained("failed<10%", [9] * 90, 10), 0.9, False, id="as many as the limit"),
        pytest.param(attained("p90<10ms", []), None, False, id="nothing was sent"),
        pytest.param(attained("failed<1%", []), None, False, id="nothing was sent or failed"),
    ],
)
def test_attainment_is_over_all_requests(found: Attainment, share: float | None, met: bool):
    assert (found.share, found.met) == (share, met)
