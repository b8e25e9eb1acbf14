"""GetMetricStatistics: periods, statistics, units, limits."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.testing.cloudwatch import cloudwatch_stage
from understudy.testing.stage import Stage, instant

NOW = instant("2026-01-10T12:00:00Z")
HOUR, DAY = 3600.0, 86400.0


def stage_with_a_day_of_minutes() -> Stage:
    """Minute number m of the last day has the values m and m + 1."""
    stage, _ = cloudwatch_stage(NOW)
    for first in range(0, 1440, 720):
        data = [
            {
                "MetricName": "Load",
                "Values": [float(minute), float(minute + 1)],
                "Timestamp": NOW - DAY + 60 * minute,
                "Unit": "Percent",
            }
            for minute in range(first, first + 720)
        ]
        stage.call("cloudwatch", "PutMetricData", Namespace="App", MetricData=data)
    return stage


def ask(stage: Stage, **more: Any) -> dict[str, Any]:
    params: dict[str, Any] = {
        "Namespace": "App",
        "MetricName": "Load",
        "StartTime": NOW - HOUR,
        "EndTime": NOW,
        "Period": 60,
        "Statistics": ["Sum"],
        **more,
    }
    given = {key: value for key, value in params.items() if value is not None}
    return stage.call("cloudwatch", "GetMetricStatistics", **given)


def test_an_hour_of_minutes_and_the_whole_hour() -> None:
    stage = stage_with_a_day_of_minutes()
    minutes = ask(stage)["Datapoints"]
    assert len(minutes) == 60
    assert minutes[0] == {"Timestamp": NOW - HOUR, "Unit": "Percent", "Sum": 1380.0 + 1381.0}
    answer = ask(stage, Period=3600, Statistics=["SampleCount", "Average", "Minimum", "Maximum"])
    assert answer == {
        "Label": "Load",
        "Datapoints": [
            {
                "Timestamp": NOW - HOUR,
                "Unit": "Percent",
                "SampleCount": 120.0,
                "Average": 1410.0,
                "Minimum": 1380.0,
                "Maximum": 1440.0,
            }
        ],
    }


def test_periods_begin_where_the_question_begins_rounded_to_the_minute() -> None:
    stage = stage_with_a_day_of_minutes()
    found = ask(stage, StartTime=NOW - 601 * 60 + 30, EndTime=NOW - 590 * 60, Period=300)
    assert [each["Timestamp"] for each in found["Datapoints"]] == [
        NOW - 601 * 60,
        NOW - 596 * 60,
        NOW - 591 * 60,
    ]


def test_the_end_is_not_included() -> None:
    stage = stage_with_a_day_of_minutes()
    assert len(ask(stage, StartTime=NOW - 120, EndTime=NOW - 60)["Datapoints"]) == 1


def test_extended_statistics() -> None:
    stage = stage_with_a_day_of_minutes()
    found = ask(
        stage, Period=3600, Statistics=None, ExtendedStatistics=["p50", "tm90", "PR(:1400)"]
    )
    (point,) = found["Datapoints"]
    values = sorted([*range(1380, 1440), *range(1381, 1441)])
    assert point["ExtendedStatistics"] == {
        "p50": values[59],
        "tm90": pytest.approx(sum(values[:108]) / 108),
        "PR(:1400)": pytest.approx(100 * sum(each <= 1400 for each in values) / 120),
    }


def test_a_unit_chooses_and_without_one_every_unit_is_shown() -> None:
    stage, _ = cloudwatch_stage(NOW)
    for unit in ("Bytes", "Count"):
        datum = {"MetricName": "Load", "Value": 1.0, "Unit": unit, "Timestamp": NOW - 60}
        stage.call("cloudwatch", "PutMetricData", Namespace="App", MetricData=[datum])
    assert [each["Unit"] for each in ask(stage)["Datapoints"]] == ["Bytes", "Count"]
    assert [each["Unit"] for each in ask(stage, Unit="Count")["Datapoints"]] == ["Count"]
    assert ask(stage, Unit="Percent")["Datapoints"] == []


def test_sub_minute_periods_of_a_high_resolution_metric() -> None:
    stage, _ = cloudwatch_stage(NOW)
    data = [
        {
            "MetricName": "Load",
            "Value": float(second),
            "Timestamp": NOW - 60 + second,
            "StorageResolution": 1,
        }
        for second in range(60)
    ]
    stage.call("cloudwatch", "PutMetricData", Namespace="App", MetricData=data)
    found = ask(stage, StartTime=NOW - 57, EndTime=NOW, Period=10)
    assert [each["Sum"] for each in found["Datapoints"]] == [
        sum(range(start, start + 10)) for start in range(0, 60, 10)
    ]
    assert len(ask(stage, StartTime=NOW - 60, Period=1)["Datapoints"]) == 60
    stage.advance(4 * HOUR)
    assert ask(stage, StartTime=NOW - 60, Period=10)["Datapoints"] == []
    assert [each["Sum"] for each in ask(stage, StartTime=NOW - 60)["Datapoints"]] == [1770.0]


def test_a_metric_that_was_never_published_has_no_datapoints() -> None:
    stage, _ = cloudwatch_stage(NOW)
    assert ask(stage) == {"Label": "Load", "Datapoints": []}


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        (
            {"StartTime": NOW - 1441 * 60},
            "InvalidParameterCombination",
            (
                "You have requested up to 1,441 datapoints, which exceeds the limit of 1,440. You "
                "may "
                "reduce the datapoints requested by increasing Period, or decreasing the time "
                "range."
            ),
        ),
        (
            {"StartTime": NOW},
            "InvalidParameterValue",
            "The parameter StartTime must not equal parameter EndTime.",
        ),
        (
            {"StartTime": NOW + 1},
            "InvalidParameterValue",
            "The parameter StartTime must be less than the parameter EndTime.",
        ),
        ({"Period": 90}, "InvalidParameterValue", "The parameter Period must be a multiple of 60."),
        (
            {"Statistics": None},
            "InvalidParameterCombination",
            "Must specify either Statistics or ExtendedStatistics",
        ),
        (
            {"ExtendedStatistics": ["p90"]},
            "InvalidParameterCombination",
            (
                "The parameters Statistics and ExtendedStatistics are mutually exclusive and you "
                "have specified both."
            ),
        ),
        (
            {"Statistics": None, "ExtendedStatistics": ["p101"]},
            "InvalidParameterValue",
            "The value p101 for parameter ExtendedStatistics is not supported.",
        ),
    ],
)
def test_bad_questions(changes: dict[str, Any], code: str, message: str) -> None:
    stage, _ = cloudwatch_stage(NOW)
    with pytest.raises(Fault) as refused:
        ask(stage, **changes)
    assert (refused.value.code, refused.value.message) == (code, message)


def test_exactly_1440_datapoints_may_be_asked_for() -> None:
    stage = stage_with_a_day_of_minutes()
    assert len(ask(stage, StartTime=NOW - DAY)["Datapoints"]) == 1440
