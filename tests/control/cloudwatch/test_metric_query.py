"""GetMetricData: metrics, expressions, labels, order, pages, what is wrong with a request."""

from typing import Any

import pytest

from understudy.base.fault import Fault
from understudy.testing.cloudwatch import cloudwatch_stage
from understudy.testing.stage import Stage, instant

NOW = instant("2026-01-10T12:00:00Z")


def metric(query_id: str, name: str = "Load", host: str = "a", **more: Any) -> dict[str, Any]:
    stat = {
        "Metric": {
            "Namespace": "App",
            "MetricName": name,
            "Dimensions": [{"Name": "Host", "Value": host}],
        },
        "Period": more.pop("Period", 60),
        "Stat": more.pop("Stat", "Sum"),
    }
    return {"Id": query_id, "MetricStat": stat, **more}


def expression(query_id: str, text: str, **more: Any) -> dict[str, Any]:
    return {"Id": query_id, "Expression": text, **more}


def stage_with_two_hosts() -> Stage:
    """Host a has 1, 2, 3, 4 in the last four minutes, host b 10 in the first and the third."""
    stage, _ = cloudwatch_stage(NOW)
    rows = {"a": {0: 1.0, 1: 2.0, 2: 3.0, 3: 4.0}, "b": {0: 10.0, 2: 10.0}}
    data = [
        {
            "MetricName": "Load",
            "Value": value,
            "Timestamp": NOW - 240 + 60 * minute,
            "Dimensions": [{"Name": "Host", "Value": host}],
        }
        for host, values in rows.items()
        for minute, value in values.items()
    ]
    stage.call("cloudwatch", "PutMetricData", Namespace="App", MetricData=data)
    return stage


def ask(stage: Stage, *queries: dict[str, Any], **more: Any) -> dict[str, Any]:
    params = {"StartTime": NOW - 240, "EndTime": NOW, "ScanBy": "TimestampAscending", **more}
    return stage.call("cloudwatch", "GetMetricData", MetricDataQueries=list(queries), **params)


def values(answer: dict[str, Any]) -> dict[str, list[float]]:
    return {each["Id"]: each["Values"] for each in answer["MetricDataResults"]}


def test_metrics_come_first_then_expressions_and_hidden_ones_not_at_all() -> None:
    stage = stage_with_two_hosts()
    answer = ask(
        stage,
        expression("e1", "e2 * 2"),
        metric("m1", ReturnData=False),
        metric("m2", host="b"),
        expression("e2", "m1 + m2"),
    )
    assert [each["Id"] for each in answer["MetricDataResults"]] == ["m2", "e1", "e2"]
    assert values(answer) == {"m2": [10, 10], "e1": [22, 4, 26, 8], "e2": [11, 2, 13, 4]}
    assert answer["MetricDataResults"][0] == {
        "Id": "m2",
        "Label": "b",
        "Timestamps": [NOW - 240, NOW - 120],
        "Values": [10.0, 10.0],
        "StatusCode": "Complete",
    }


def test_the_newest_come_first_unless_it_is_said_otherwise() -> None:
    stage = stage_with_two_hosts()
    answer = stage.call(
        "cloudwatch",
        "GetMetricData",
        MetricDataQueries=[metric("m1")],
        StartTime=NOW - 240,
        EndTime=NOW,
    )
    assert values(answer) == {"m1": [4, 3, 2, 1]}


def test_an_expression_may_give_an_array() -> None:
    stage = stage_with_two_hosts()
    answer = ask(stage, metric("m1"), metric("m2", host="b"), expression("e1", "METRICS() * 2"))
    made = [each for each in answer["MetricDataResults"] if each["Id"] == "e1"]
    assert [(each["Label"], each["Values"]) for each in made] == [
        ("Load", [2, 4, 6, 8]),
        ("Load", [20, 20]),
    ]


def test_search_finds_metrics_by_what_tells_them_apart() -> None:
    stage = stage_with_two_hosts()
    answer = ask(stage, expression("e1", "SEARCH('{App,Host} MetricName=\"Load\"', 'Sum', 120)"))
    assert [(each["Label"], each["Values"]) for each in answer["MetricDataResults"]] == [
        ("a", [3, 7]),
        ("b", [10, 10]),
    ]
    answer = ask(stage, expression("e1", "SUM(SEARCH('{App,Host}', 'Sum'))", Period=60))
    assert values(answer) == {"e1": [11, 2, 13, 4]}


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("Load of a", "Load of a"),
        ("${PROP('Dim.Host')}: ${LAST} (max ${MAX}, avg ${AVG})", "a: 4 (max 4, avg 2.5)"),
        ("${LABEL} ${PROP('MetricName')} ${PROP('Stat')}", "Load Load Sum"),
        ("${SUM} in ${DATAPOINT_COUNT} from ${FIRST_TIME}", "10 in 4 from 2026-01-10 13:26:00"),
        ("${MIN_TIME_RELATIVE} ${PROP('Dim.Nope')} ${PROP('Period')}", "240s ago -- 60"),
        ("${UNKNOWN}", "${UNKNOWN}"),
    ],
)
def test_labels(label: str, shown: str) -> None:
    # AWS: Use dynamic labels.
    stage = stage_with_two_hosts()
    answer = ask(stage, metric("m1", Label=label), LabelOptions={"Timezone": "+0130"})
    assert answer["MetricDataResults"][0]["Label"] == shown


def test_a_label_is_put_before_those_of_an_array() -> None:
    stage = stage_with_two_hosts()
    answer = ask(stage, expression("e1", "SEARCH('{App,Host}', 'Sum', 60)", Label="Host"))
    assert [each["Label"] for each in answer["MetricDataResults"]] == ["Host a", "Host b"]


def test_pages_of_datapoints() -> None:
    stage = stage_with_two_hosts()
    queries = [metric("m1"), metric("m2", host="b")]
    first = ask(stage, *queries, MaxDatapoints=3)
    assert values(first) == {"m1": [1, 2, 3], "m2": []}
    assert [each["StatusCode"] for each in first["MetricDataResults"]] == ["PartialData"] * 2
    second = ask(stage, *queries, MaxDatapoints=3, NextToken=first["NextToken"])
    assert values(second) == {"m1": [4], "m2": [10, 10]}
    assert "NextToken" not in second


def test_there_is_no_next_page_with_an_expression() -> None:
    # AWS: GetMetricData, StatusCode: NextToken is not returned for a math expression.
    stage = stage_with_two_hosts()
    answer = ask(stage, metric("m1"), expression("e1", "m1 * 2"), MaxDatapoints=5)
    assert values(answer) == {"m1": [1, 2, 3, 4], "e1": [2]}
    assert "NextToken" not in answer


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        (
            [expression("e1", "m1 +")],
            "Error in expression 'e1': Syntax error in 'm1 +'",
        ),
        ([expression("e1", "m1 + 1")], "Error in expression 'e1': ID 'm1' not found"),
        (
            [expression("e1", "e2"), expression("e2", "e1")],
            "Error in expression 'e1': Circular dependency involving 'e1'",
        ),
        (
            [metric("m1"), expression("e1", "AVG(m1)")],
            "Error in expression 'e1': The result must be a time series or an array of time series",
        ),
        (
            [metric("m1"), metric("m1")],
            "The values for parameter id in MetricDataQueries are not unique.",
        ),
        (
            [metric("M1")],
            (
                "The value for parameter MetricDataQueries.member.1.Id is not matching the "
                "expected pattern ^[a-z][a-zA-Z0-9_]*$."
            ),
        ),
        (
            [{**metric("m1"), "Expression": "1"}],
            (
                "The parameters MetricDataQueries.member.1.Expression and "
                "MetricDataQueries.member.1.MetricStat are mutually exclusive and you have "
                "specified both."
            ),
        ),
        (
            [{**metric("m1"), "Period": 60}],
            (
                "The parameters MetricDataQueries.member.1.Period and "
                "MetricDataQueries.member.1.MetricStat are mutually exclusive and you have "
                "specified both."
            ),
        ),
        ([{"Id": "m1"}], "The parameter MetricDataQueries.member.1.MetricStat is required."),
        (
            [metric("m1", Stat="Median")],
            (
                "The value Median for parameter MetricDataQueries.member.1.MetricStat.Stat is not "
                "supported."
            ),
        ),
        (
            [metric("m1", Period=45)],
            (
                "The parameter MetricDataQueries.member.1.MetricStat.Period must be a value in "
                "the set [ 1, 5, 10, 20, 30 ] or a multiple of 60."
            ),
        ),
        (
            [expression("e1", "SELECT AVG(x) FROM y", Period=60)],
            "Error in expression 'e1': Metrics Insights queries are not offered here",
        ),
        ([], "The collection MetricDataQueries must have between 1 and 500 members."),
    ],
    ids=lambda each: each[:50] if isinstance(each, str) else "",
)
def test_bad_requests_say_what_is_wrong(queries: list[dict[str, Any]], message: str) -> None:
    stage = stage_with_two_hosts()
    with pytest.raises(Fault) as refused:
        ask(stage, *queries)
    assert (refused.value.code, refused.value.message) == ("ValidationError", message)


def test_times_must_be_in_order_and_tokens_our_own() -> None:
    stage = stage_with_two_hosts()
    for start, message in (
        (NOW, "The parameter StartTime must not equal parameter EndTime."),
        (NOW + 1, "The parameter EndTime must be greater than StartTime."),
    ):
        with pytest.raises(Fault) as refused:
            ask(stage, metric("m1"), StartTime=start)
        assert refused.value.message == message
    for token in ("x", "[1,2,3]", "{}"):
        with pytest.raises(Fault) as refused:
            ask(stage, metric("m1"), NextToken=token)
        assert refused.value.code == "InvalidNextToken"


def test_periods_may_differ_between_the_sides_of_an_expression() -> None:
    stage = stage_with_two_hosts()
    answer = ask(
        stage,
        metric("m1", ReturnData=False),
        metric("m2", Period=120, ReturnData=False),
        expression("e1", "m2 - m1"),
    )
    assert values(answer) == {"e1": [2, -2, 4, -4]}


def test_what_a_search_or_a_band_cannot_do_is_said() -> None:
    stage = stage_with_two_hosts()
    for text, problem in (
        ("SEARCH('{App}', 'Median', 60)", "Median is not a statistic"),
        ("SEARCH('{App}', 'Sum', 45)", "45 is not a period"),
        (
            "ANOMALY_DETECTION_BAND(m1 + 1)",
            "ANOMALY_DETECTION_BAND in 'e1' is offered for metrics, not for expressions",
        ),
    ):
        with pytest.raises(Fault) as refused:
            ask(stage, metric("m1"), expression("e1", text))
        assert refused.value.message == f"Error in expression 'e1': {problem}"


def test_a_page_has_at_least_one_datapoint_and_a_label_a_zone() -> None:
    stage = stage_with_two_hosts()
    for wrong in ({"MaxDatapoints": 0}, {"LabelOptions": {"Timezone": "CET"}}):
        with pytest.raises(Fault) as refused:
            ask(stage, metric("m1"), **wrong)
        assert refused.value.code == "ValidationError"


def test_names_tell_found_metrics_apart_where_dimensions_do_not() -> None:
    stage = stage_with_two_hosts()
    for name in ("Calls", "Errors"):
        datum = {"MetricName": name, "Value": 1.0, "Timestamp": NOW - 60}
        stage.call("cloudwatch", "PutMetricData", Namespace="Web", MetricData=[datum])
    answer = ask(stage, expression("e1", "SEARCH('{Web}', 'Sum', 60)"))
    assert [each["Label"] for each in answer["MetricDataResults"]] == ["Calls", "Errors"]
    answer = ask(stage, metric("m1", name="Nothing", Label="${LAST} of ${AVG} at ${MAX_TIME}"))
    assert answer["MetricDataResults"][0]["Label"] == "-- of -- at --"
