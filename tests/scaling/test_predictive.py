"""AWS: How predictive scaling works; API_PredictiveScalingPolicyConfiguration."""

import pytest

from understudy.scaling.decision import Capacity, Decision, NotScaled, Reason
from understudy.scaling.predictive import PredictiveScaling, decide, effective_maximum, next_hour

SCALE = PredictiveScaling("p", 50.0, "ForecastAndScale")
RAISE = PredictiveScaling("p", 50.0, "ForecastAndScale", 300, "IncreaseMaxCapacity", 10)


@pytest.mark.parametrize(
    ("maximum", "forecast", "buffer", "expected"),
    [
        pytest.param(40, 50, 10, 55, id="fifty and ten percent are fifty-five"),
        pytest.param(40, 50, 0, 50, id="without a buffer up to the forecast, not above it"),
        pytest.param(40, 38, 10, 42, id="a forecast near the maximum raises it too"),
        pytest.param(40, 20, 10, 40, id="a low forecast leaves it alone"),
    ],
)
def test_effective_maximum(maximum: int, forecast: int, buffer: int, expected: int) -> None:
    assert effective_maximum(maximum, forecast, buffer) == expected


@pytest.mark.parametrize(
    ("policy", "desired", "forecast", "expected", "maximum"),
    [
        pytest.param(SCALE, 4, 8, 8, 40, id="up to the forecast"),
        pytest.param(SCALE, 4, 50, 40, 40, id="up to the maximum"),
        pytest.param(RAISE, 4, 50, 50, 55, id="or beyond, with the maximum raised"),
        pytest.param(SCALE, 10, 8, None, 40, id="never down"),
        pytest.param(SCALE, 40, 50, None, 40, id="at the maximum nothing"),
        pytest.param(PredictiveScaling("p", 50.0), 4, 8, None, 40, id="forecast only does nothing"),
    ],
)
def test_decide(
    policy: PredictiveScaling, desired: int, forecast: int, expected: int | None, maximum: int
) -> None:
    outcome, bounds = decide(policy, Capacity(1, 40, desired, desired), forecast, 0.0)
    assert (outcome.desired if isinstance(outcome, Decision) else None) == expected
    assert bounds.maximum == maximum


def test_reasons() -> None:
    full, _ = decide(SCALE, Capacity(1, 40, 40, 40), 50, 0.0)
    idle, _ = decide(PredictiveScaling("p", 50.0), Capacity(1, 40, 4, 4), 8, 0.0)
    enough, _ = decide(SCALE, Capacity(1, 40, 9, 9), 8, 0.0)
    reasons = [outcome.reason for outcome in (full, idle, enough) if isinstance(outcome, NotScaled)]
    assert reasons == [Reason.AT_MAXIMUM, Reason.FORECAST_ONLY, Reason.AT_DESIRED]


@pytest.mark.parametrize(
    ("now", "buffer", "expected"),
    [
        pytest.param(3000.0, 300.0, 3600.0, id="ten minutes before the hour"),
        pytest.param(3300.0, 300.0, 7200.0, id="five minutes before it is that hour's own time"),
        pytest.param(3600.0, 0.0, 7200.0, id="on the hour, without a buffer"),
        pytest.param(3599.0, 0.0, 3600.0, id="just before the hour"),
        pytest.param(0.0, 3599.0, 3600.0, id="nearly an hour ahead"),
    ],
)
def test_the_next_hour_to_prepare(now: float, buffer: float, expected: float) -> None:
    assert next_hour(now, buffer) == expected
