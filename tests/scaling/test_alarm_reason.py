"""The sentences and the JSON of an alarm's state, as CloudWatch writes them."""

import json
import re

import pytest

from understudy.scaling.alarm import ALARM, COMPARISONS, INSUFFICIENT_DATA, OK, alarm_state
from understudy.scaling.alarm_reason import (
    Criteria,
    Evaluated,
    moment,
    number,
    spoken,
    state_reason,
    state_reason_data,
)
from understudy.testing.stage import instant

GREATER, LESS = "GreaterThanThreshold", "LessThanThreshold"
AT_LEAST, AT_MOST = "GreaterThanOrEqualToThreshold", "LessThanOrEqualToThreshold"


def criteria(
    comparison: str,
    threshold: float | None,
    total: int,
    needed: int | None = None,
    treat: str = "missing",
    period: int = 60,
    statistic: str = "Average",
    unit: str = "",
) -> Criteria:
    return Criteria(comparison, threshold, total, needed, treat, period, statistic, unit)


def periods(
    each: Criteria, newest: str, values: list[float | None], counts: float | None = 1.0
) -> list[Evaluated]:
    """Values newest first, as the sentences have them, one period after the other."""
    at = instant(newest)
    compare = COMPARISONS[each.comparison]
    return [
        Evaluated(
            at - back * each.period,
            value,
            None if value is None else compare(value, each.threshold or 0.0),
            None if value is None else counts,
        )
        for back, value in reversed(list(enumerate(values)))
    ]


# Texts as observed in exported alarms, notifications and AWS's own examples.
SENTENCES = [
    (
        "three of three without datapoints to alarm",
        criteria(GREATER, 0.0, 3, period=180),
        ALARM,
        "2026-08-19T05:50:00",
        [2.0, 3.0, 1.0],
        (
            "Threshold Crossed: 3 datapoints [2.0 (19/08/26 05:50:00), 3.0 (19/08/26 05:47:00), "
            "1.0 (19/08/26 05:44:00)] were greater than the threshold (0.0)."
        ),
    ),
    (
        "three out of three",
        criteria(AT_LEAST, 30.0, 3, 3, period=300),
        ALARM,
        "2020-10-09T21:24:00",
        [1141.0, 1226.0, 1390.0],
        (
            "Threshold Crossed: 3 out of the last 3 datapoints [1141.0 (09/10/20 21:24:00), "
            "1226.0 (09/10/20 21:19:00), 1390.0 (09/10/20 21:14:00)] were greater than or equal "
            "to the threshold (30.0) (minimum 3 datapoints for OK -> ALARM transition)."
        ),
    ),
    (
        "two out of four, which need not be neighbours",
        criteria(GREATER, 10.7, 4, 2, period=300),
        ALARM,
        "2022-11-08T02:45:00",
        [1.0, 10.708333333333332, 2.0, 10.791661891275925],
        (
            "Threshold Crossed: 2 out of the last 4 datapoints [10.708333333333332 (08/11/22 "
            "02:40:00), "
            "10.791661891275925 (08/11/22 02:30:00)] were greater than the threshold (10.7) "
            "(minimum 2 datapoints for OK -> ALARM transition)."
        ),
    ),
    (
        "recovery of one out of one",
        criteria(GREATER, 50.0, 1, 1, period=300),
        OK,
        "2019-10-01T13:46:00",
        [0.0666851903306472],
        (
            "Threshold Crossed: 1 out of the last 1 datapoints [0.0666851903306472 (01/10/19 "
            "13:46:00)] "
            "was not greater than the threshold (50.0) (minimum 1 datapoint for ALARM -> OK "
            "transition)."
        ),
    ),
    (
        "one datapoint",
        criteria(GREATER, 1.0, 1),
        ALARM,
        "2018-02-05T06:28:00",
        [1.5],
        (
            "Threshold Crossed: 1 datapoint [1.5 (05/02/18 06:28:00)] was greater than the "
            "threshold (1.0)."
        ),
    ),
    (
        "one datapoint that does not cross",
        criteria(GREATER, 60.0, 1),
        OK,
        "2020-07-31T06:50:00",
        [0.2872183414376726],
        (
            "Threshold Crossed: 1 datapoint [0.2872183414376726 (31/07/20 06:50:00)] was not "
            "greater than the threshold (60.0)."
        ),
    ),
    (
        "two datapoints that do not cross, newest first",
        criteria(GREATER, 42.0, 2),
        OK,
        "2023-01-09T14:02:00",
        [0.0, 1.0],
        (
            "Threshold Crossed: 2 datapoints [0.0 (09/01/23 14:02:00), 1.0 (09/01/23 14:01:00)] "
            "were not greater than the threshold (42.0)."
        ),
    ),
    (
        "a low alarm that recovers",
        criteria(LESS, 45.0, 3, 3),
        OK,
        "2024-05-01T00:02:00",
        [50.0, 44.0, 43.0],
        (
            "Threshold Crossed: 1 out of the last 3 datapoints [50.0 (01/05/24 00:02:00)] was not "
            "less than the threshold (45.0) (minimum 1 datapoint for ALARM -> OK transition)."
        ),
    ),
    (
        "a low alarm of which everything recovers",
        criteria(LESS, 45.0, 3, 3),
        OK,
        "2024-05-01T00:02:00",
        [50.0, 47.0, 46.0],
        (
            "Threshold Crossed: 3 out of the last 3 datapoints [50.0 (01/05/24 00:02:00), 47.0 "
            "(01/05/24 00:01:00), 46.0 (01/05/24 00:00:00)] were not less than the threshold "
            "(45.0) (minimum 1 datapoint for ALARM -> OK transition)."
        ),
    ),
    (
        "five or more at or above the threshold",
        criteria(AT_LEAST, 1.0, 5),
        ALARM,
        "2024-12-19T08:33:00",
        [1.0] * 5,
        (
            "Threshold Crossed: 5 datapoints were greater than or equal to the threshold (1.0). "
            "The most recent datapoints which crossed the threshold: [1.0 (19/12/24 08:33:00), "
            "1.0 (19/12/24 08:32:00), 1.0 (19/12/24 08:31:00), 1.0 (19/12/24 08:30:00), "
            "1.0 (19/12/24 08:29:00)]."
        ),
    ),
    (
        "five or more are shown behind the sentence",
        criteria(GREATER, 0.0, 24),
        ALARM,
        "2024-12-19T08:33:00",
        [1.0] * 24,
        (
            "Threshold Crossed: 24 datapoints were greater than the threshold (0.0). The most "
            "recent "
            "datapoints which crossed the threshold: [1.0 (19/12/24 08:33:00), 1.0 (19/12/24 "
            "08:32:00), 1.0 (19/12/24 08:31:00), 1.0 (19/12/24 08:30:00), 1.0 (19/12/24 08:29:00)]."
        ),
    ),
    (
        "five or more with datapoints to alarm",
        criteria(LESS, 65.0, 5, 5),
        ALARM,
        "2020-04-29T23:32:00",
        [0.0] * 5,
        (
            "Threshold Crossed: 5 out of the last 5 datapoints were less than the threshold "
            "(65.0). The "
            "most recent datapoints which crossed the threshold: [0.0 (29/04/20 23:32:00), "
            "0.0 (29/04/20 23:31:00), 0.0 (29/04/20 23:30:00), 0.0 (29/04/20 23:29:00), "
            "0.0 (29/04/20 23:28:00)] (minimum 5 datapoints for OK -> ALARM transition)."
        ),
    ),
    (
        "missing datapoints that were filled in beside a real one",
        criteria(AT_MOST, 0.0, 8, treat="breaching", period=900),
        OK,
        "2026-08-19T09:36:00",
        [2.0, *[None] * 9],
        (
            "Threshold Crossed: 1 datapoint [2.0 (19/08/26 09:36:00)] was not less than or equal "
            "to the threshold (0.0) and 7 missing datapoints were treated as [Breaching]."
        ),
    ),
    (
        "missing datapoints that were filled in, with datapoints to alarm",
        criteria(AT_LEAST, 1.0, 20, 1, treat="notBreaching"),
        ALARM,
        "2024-03-16T12:15:00",
        [613.0, *[None] * 25],
        (
            "Threshold Crossed: 1 out of the last 20 datapoints [613.0 (16/03/24 12:15:00)] was "
            "greater "
            "than or equal to the threshold (1.0) and 19 missing datapoints were treated as "
            "[NonBreaching] (minimum 1 datapoint for OK -> ALARM transition)."
        ),
    ),
    (
        "nothing received for one period",
        criteria(GREATER, 0.0, 1, treat="breaching"),
        ALARM,
        "2020-01-01T00:00:00",
        [None, None, None],
        (
            "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint "
            "was treated as [Breaching]."
        ),
    ),
    (
        "nothing received for one period, treated as good",
        criteria(GREATER, 0.0, 1, treat="notBreaching"),
        OK,
        "2020-01-01T00:00:00",
        [None, None, None],
        (
            "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint "
            "was treated as [NonBreaching]."
        ),
    ),
    (
        "nothing received for three periods",
        criteria(GREATER, 0.0, 3, 2, treat="breaching"),
        ALARM,
        "2020-01-01T00:00:00",
        [None] * 5,
        (
            "Threshold Crossed: no datapoints were received for 3 periods and 3 missing "
            "datapoints were treated as [Breaching]."
        ),
    ),
    (
        "only the missing datapoints cross",
        criteria(GREATER, 0.0, 3, 2, treat="breaching"),
        ALARM,
        "2020-01-01T00:00:00",
        [0.0, None, None, None, None],
        (
            "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints "
            "were treated as [Breaching]."
        ),
    ),
    (
        "premature alarm: one of three received",
        criteria(LESS, 1.0, 3, 3),
        ALARM,
        "2020-01-01T00:02:00",
        [None, None, 0.0, None, None],
        (
            "Threshold Crossed: 1 out of the last 3 datapoints [0.0 (01/01/20 00:00:00)] was less "
            "than the threshold (1.0) (minimum 3 datapoints for OK -> ALARM transition)."
        ),
    ),
    (
        "insufficient data for one period",
        criteria(GREATER, 60.0, 1),
        INSUFFICIENT_DATA,
        "2020-07-31T06:50:00",
        [None, None, None],
        "Insufficient Data: 1 datapoint was unknown.",
    ),
    (
        "insufficient data for five periods",
        criteria(GREATER, 5.0, 5),
        INSUFFICIENT_DATA,
        "2023-08-04T12:30:00",
        [None] * 7,
        "Insufficient Data: 5 datapoints were unknown.",
    ),
]


@pytest.mark.parametrize(
    ("each", "state", "newest", "values", "sentence"),
    [case[1:] for case in SENTENCES],
    ids=[case[0] for case in SENTENCES],
)
def test_a_state_has_its_reason_in_cloudwatchs_words(
    each: Criteria, state: str, newest: str, values: list[float | None], sentence: str
) -> None:
    assert state_reason(each, state, periods(each, newest, values)) == sentence


@pytest.mark.parametrize(
    ("needed", "text", "filled"),
    [
        (3, "0 - X - X", 0),
        (3, "0 - - - -", 2),
        (3, "- - - - -", 3),
        (3, "0 X X - X", 0),
        (3, "- - X - -", 2),
        (2, "0 - X - X", 0),
        (2, "0 0 X 0 X", 0),
        (2, "0 - X - -", 1),
        (2, "- - - - 0", 2),
        (2, "- - - X -", 2),
    ],
)
def test_how_many_missing_datapoints_are_filled_in(needed: int, text: str, filled: int) -> None:
    # AWS: Configuring how CloudWatch alarms treat missing data, both tables, their second column.
    each = criteria(GREATER, 1.0, 3, needed, "breaching")
    values = [{"0": 0.0, "X": 5.0, "-": None}[mark] for mark in reversed(text.split())]
    found = periods(each, "2020-01-01T00:00:00", values)
    state = alarm_state([one.breaching for one in found], 3, needed, "breaching", OK)
    said = re.search(r"(\d+) missing datapoint", state_reason(each, state, found))
    assert (int(said[1]) if said else 0) == filled


def band(comparison: str, each: list[tuple[str, float, float, float]]) -> list[Evaluated]:
    """Times with value, lower and upper edge, newest first."""
    outside = {
        "LessThanLowerOrGreaterThanUpperThreshold": lambda v, lo, hi: v < lo or v > hi,
        "GreaterThanUpperThreshold": lambda v, _, hi: v > hi,
    }[comparison]
    return [
        Evaluated(instant(at), value, outside(value, low, high), None, low, high)
        for at, value, low, high in reversed(each)
    ]


def test_an_alarm_on_a_band_names_the_thresholds_of_each_datapoint() -> None:
    both = "LessThanLowerOrGreaterThanUpperThreshold"
    each = criteria(both, None, 1, 1, statistic="")
    found = band(both, [("2019-10-03T15:58:00", 0.0, 0.020599444741798756, 0.3006915352732461)])
    assert state_reason(each, ALARM, found) == (
        "Thresholds Crossed: 1 out of the last 1 datapoints [0.0 (03/10/19 15:58:00)] was less "
        "than the lower thresholds [0.020599444741798756] or greater than the upper thresholds "
        "[0.3006915352732461] (minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert state_reason_data(each, ALARM, found, instant("2019-10-03T16:00:04.650")) == (
        '{"version":"1.0","queryDate":"2019-10-03T16:00:04.650+0000",'
        '"startDate":"2019-10-03T15:58:00.000+0000","period":60,"recentDatapoints":[0.0],'
        '"recentLowerThresholds":[0.020599444741798756],'
        '"recentUpperThresholds":[0.3006915352732461],'
        '"evaluatedDatapoints":[{"timestamp":"2019-10-03T15:58:00.000+0000","value":0.0,'
        '"threshold":0.020599444741798756}]}'
    )


def test_an_alarm_above_a_band_recovers_in_the_same_words() -> None:
    upper = "GreaterThanUpperThreshold"
    each = criteria(upper, None, 1, 1, statistic="")
    found = band(upper, [("2024-07-25T06:59:00", 209.0, 1.0, 330.3191408914422)])
    assert state_reason(each, OK, found) == (
        "Thresholds Crossed: 1 out of the last 1 datapoints [209.0 (25/07/24 06:59:00)] was not "
        "greater than the upper thresholds [330.3191408914422] (minimum 1 datapoint for ALARM -> "
        "OK transition)."
    )


def test_reason_data_holds_recent_datapoints_and_those_that_decided() -> None:
    each = criteria(GREATER, 42.0, 2, statistic="Sum")
    found = periods(each, "2023-01-09T14:02:00", [0.0, 1.0])
    assert state_reason_data(each, OK, found, instant("2023-01-09T14:07:25.504")) == (
        '{"version":"1.0","queryDate":"2023-01-09T14:07:25.504+0000",'
        '"startDate":"2023-01-09T14:01:00.000+0000","statistic":"Sum","period":60,'
        '"recentDatapoints":[1.0,0.0],"threshold":42.0,"evaluatedDatapoints":'
        '[{"timestamp":"2023-01-09T14:02:00.000+0000","sampleCount":1.0,"value":0.0}]}'
    )


def test_reason_data_of_missing_datapoints_has_no_start_and_no_values() -> None:
    each = criteria(GREATER, 10.0, 2, treat="breaching")
    found = periods(each, "2026-02-27T19:52:00", [None] * 4)
    data = json.loads(state_reason_data(each, ALARM, found, instant("2026-02-27T19:53:39.810")))
    assert "startDate" not in data
    assert data["recentDatapoints"] == []
    assert data["evaluatedDatapoints"] == [
        {"timestamp": "2026-02-27T19:52:00.000+0000"},
        {"timestamp": "2026-02-27T19:51:00.000+0000"},
    ]


def test_reason_data_of_insufficient_data_lists_every_period() -> None:
    each = criteria(GREATER, 10.0, 5, period=300, statistic="Maximum")
    found = periods(each, "2021-10-14T14:49:00", [None] * 7)
    text = state_reason_data(each, INSUFFICIENT_DATA, found, instant("2021-10-14T14:49:54.786"))
    assert text.startswith(
        '{"version":"1.0","queryDate":"2021-10-14T14:49:54.786+0000","statistic":"Maximum",'
        '"period":300,"recentDatapoints":[],"threshold":10.0,"evaluatedDatapoints":'
        '[{"timestamp":"2021-10-14T14:49:00.000+0000"},'
    )
    assert len(json.loads(text)["evaluatedDatapoints"]) == 5


def test_reason_data_of_a_long_evaluation_shows_its_newest_datapoints() -> None:
    each = criteria(GREATER, 0.0, 400, 400)
    values: list[float | None] = [float(number) for number in range(400, 0, -1)]
    text = state_reason_data(each, ALARM, periods(each, "2024-12-19T08:33:00", values), 0.0)
    assert len(text) <= 4000
    data = json.loads(text)
    assert data["evaluatedDatapoints"][0]["value"] == 400.0
    assert data["recentDatapoints"][-1] == 400.0


def test_many_datapoints_outside_a_band_are_shown_behind_the_sentence() -> None:
    upper = "GreaterThanUpperThreshold"
    each = criteria(upper, None, 5, 5, statistic="")
    at = instant("2026-08-22T17:51:00")
    found = [Evaluated(at - 60 * back, 9.0, True, None, 1.0, 2.0) for back in range(4, -1, -1)]
    assert state_reason(each, ALARM, found).startswith(
        "Thresholds Crossed: 5 out of the last 5 datapoints were greater than the upper "
        "thresholds. "
        "The most recent datapoints which crossed the threshold: [9.0 (22/08/26 17:51:00), "
    )


def test_a_unit_is_named_before_the_statistic() -> None:
    each = criteria(GREATER, 0.0, 1, treat="notBreaching", statistic="Sum", unit="Count")
    data = state_reason_data(each, OK, periods(each, "2018-09-16T00:21:00", [None] * 3), 0.0)
    assert list(json.loads(data))[:4] == ["version", "queryDate", "unit", "statistic"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0.0"),
        (-2.5, "-2.5"),
        (2126585.0, "2126585.0"),
        (9999999.0, "9999999.0"),
        (10000000.0, "1.0E7"),
        (123456789.125, "1.23456789125E8"),
        (0.001, "0.001"),
        (0.00099, "9.9E-4"),
        (-1.5e300, "-1.5E300"),
    ],
)
def test_numbers_are_written_as_java_writes_doubles(value: float, text: str) -> None:
    assert number(value) == text


def test_times_are_written_as_cloudwatch_writes_them() -> None:
    assert moment(instant("2022-07-22T15:57:45.394")) == "2022-07-22T15:57:45.394+0000"
    assert spoken(instant("2022-07-22T15:57:45")) == "Friday 22 July, 2022 15:57:45 UTC"
