"""Metric maths as AWS documents it, expression by expression."""

import math
from collections.abc import Sequence

import pytest

from understudy.metrics.expression import ExpressionError, functions, names, parse_expression
from understudy.metrics.functions import FUNCTIONS
from understudy.metrics.math import Scope, TimeSeries, Value, evaluate

Row = Sequence[float | None]


def series(values: Row, period: int = 60, label: str = "") -> TimeSeries:
    points = {60.0 * index: value for index, value in enumerate(values) if value is not None}
    return TimeSeries(label, period, points, is_metric=True)


def scope(size: int, metrics: dict[str, TimeSeries]) -> Scope:
    def resolve(name: str) -> Value:
        if name not in metrics:
            raise ExpressionError(f"ID '{name}' not found")
        return metrics[name]

    return Scope(
        period=60,
        grid=lambda period: [float(at) for at in range(0, 60 * size, period)],
        resolve=resolve,
        metrics=lambda text: tuple(each for name, each in metrics.items() if text in name),
        search=lambda text, statistic, period: (
            series([1.0], label=f"{text}|{statistic}|{period}"),
        ),
        band=lambda each, width: (
            each.over({at: value + width for at, value in each.points.items()}),
            each.over({at: value - width for at, value in each.points.items()}),
        ),
    )


def rows(expression: str, **values: Row) -> list[list[float | None]]:
    """The rows of an expression's result, over as many minutes as the longest given row."""
    size = max((len(each) for each in values.values()), default=3)
    metrics = {name: series(each, label=name) for name, each in values.items()}
    result = evaluate(expression, scope(size, metrics), FUNCTIONS)
    assert not isinstance(result, (float, str)), result
    array = result if isinstance(result, tuple) else (result,)
    return [[each.points.get(60.0 * index) for index in range(size)] for each in array]


ONE, TWO = [30.0, 20.0, 0.0, 0.0], [20.0, None, 20.0, None]
CONDITION = [1.0, 1.0, 0.0, 0.0, None]
THEN, ELSE = [30.0, None, 0.0, 0.0, 30.0], [0.0, 0.0, 20.0, None, 20.0]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("m1 < m2", [0, 0, 1, 0]),
        ("m1 >= 30", [1, 0, 0, 0]),
        ("m1 > 15 AND m2 > 15", [1, 0, 0, 0]),
        ("m1 > 15 && m2 > 15", [1, 0, 0, 0]),
        ("m1 > 15 OR m2 > 15", [1, 1, 1, 0]),
        ("m1 == 0 || m2 == 20", [1, 0, 1, 1]),
        ("m1 != 0", [1, 1, 0, 0]),
        ("m1 <= m2", [0, 0, 1, 1]),
    ],
)
def test_comparisons_count_a_missing_side_as_zero(expression: str, expected: Row) -> None:
    # AWS: Using math expressions, Comparison and logical operators, its two metrics.
    assert rows(expression, m1=ONE, m2=TWO) == [expected]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("IF(c, a, b)", [30, 0, 20, None, None]),
        ("IF(c, 5, b)", [5, 5, 20, None, None]),
        ("IF(c, a, 5)", [30, 0, 5, 5, None]),
        ("IF(c, a)", [30, 0, None, None, None]),
        ("IF(c, 10, 2)", [10, 10, 2, 2, None]),
        ("IF(1, a, b)", [30, None, 0, 0, 30]),
        ("IF(0, a, b)", [0, 0, 20, None, 20]),
        ("IF(0, a)", [None] * 5),
        ("IF(b > 10, a, -1)", [-1, -1, 0, None, 30]),
    ],
)
def test_if_takes_a_point_of_one_side_or_drops_it(expression: str, expected: Row) -> None:
    # AWS: Using IF expressions, the tables of metric1, metric2 and metric3.
    assert rows(expression, c=CONDITION, a=THEN, b=ELSE) == [expected]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("m1 + m2", [50, 20, 20, 0]),
        ("m1 - m2", [10, 20, -20, 0]),
        ("m1 * m2", [600, 0, 0, 0]),
        ("m1 / m2", [1.5, None, 0, None]),
        ("100 / m1", [100 / 30, 5, None, None]),
        ("m2 ^ 2", [400, None, 400, None]),
        ("2 ^ 3 ^ 2 * m2 / m2", [512, None, 512, None]),
        ("-m1", [-30, -20, 0, 0]),
        ("+m1", [30, 20, 0, 0]),
        ("(m1 + 10) * 2", [80, 60, 20, 20]),
        ("m1 + 10 * 2", [50, 40, 20, 20]),
        ("m1 * 05", [150, 100, 0, 0]),
        ("m1 * 1.5e1", [450, 300, 0, 0]),
        ("1 < m1 < 2", [1, 1, 1, 1]),
        ("0 - m1 ^ 0.5", [-math.sqrt(30), -math.sqrt(20), 0, 0]),
        ("(0 - m1) ^ 0.5", [None, None, 0, 0]),
    ],
)
def test_arithmetic_drops_what_is_not_a_number(expression: str, expected: Row) -> None:
    assert rows(expression, m1=ONE, m2=TWO) == [pytest.approx(expected)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("SUM([m1, m2])", [[50, 20, 20, 0]]),
        ("SUM(METRICS())", [[50, 20, 20, 0]]),
        ("AVG([m1, m2])", [[25, 10, 10, 0]]),
        ("MIN([m1, m2])", [[20, 20, 0, 0]]),
        ("MAX([m1, m2])", [[30, 20, 20, 0]]),
        ("DATAPOINT_COUNT([m1, m2])", [[2, 1, 2, 1]]),
        ("STDDEV([m1, m2])", [[5, 0, 10, 0]]),
        ("m1 - MIN(m1)", [[30, 20, 0, 0]]),
        ("m1 / MAX(m1)", [[1, 2 / 3, 0, 0]]),
        ("m1 * 0 + AVG(m2)", [[10, 10, 10, 10]]),
        ("m1 * 0 + SUM(m2)", [[40, 40, 40, 40]]),
        ("m1 * 0 + DATAPOINT_COUNT(m2)", [[2, 2, 2, 2]]),
        ("m1 * 0 + METRIC_COUNT(METRICS())", [[2, 2, 2, 2]]),
        ("m1 * 0 + PERIOD(m1)", [[60, 60, 60, 60]]),
        ("TIME_SERIES(MAX(m1))", [[30, 30, 30, 30]]),
        ("METRICS() / 10", [[3, 2, 0, 0], [2, None, 2, None]]),
        ("SUM(-[m1, m2])", [[-50, -20, -20, 0]]),
        ('METRICS("2")', [[20, None, 20, None]]),
        ("ABS(0 - m1)", [[30, 20, 0, 0]]),
        ("CEIL(m1 / 7)", [[5, 3, 0, 0]]),
        ("FLOOR(m1 / 7)", [[4, 2, 0, 0]]),
        ("LOG10(m1 * 0 + 100)", [[2, 2, 2, 2]]),
        ("LOG(m1)", [[math.log(30), math.log(20), None, None]]),
        ("DIFF(m1)", [[None, -10, -20, 0]]),
        ("DIFF(m2)", [[None, None, 0, None]]),
        ("DIFF_TIME(m2)", [[None, None, 120, None]]),
        ("RATE(m1)", [[None, -10 / 60, -20 / 60, 0]]),
        ("RUNNING_SUM(m1)", [[30, 50, 50, 50]]),
        ("RUNNING_SUM([m1, m2])", [[30, 50, 50, 50], [20, None, 40, None]]),
        ("FILL(m2, 7)", [[20, 7, 20, 7]]),
        ("FILL(m2, REPEAT)", [[20, 20, 20, 20]]),
        ("FILL(m2, LINEAR)", [[20, 20, 20, None]]),
        ("FILL(m2, m1)", [[20, 20, 20, 0]]),
        ("FILL(METRICS(), 0)", [[30, 20, 0, 0], [20, 0, 20, 0]]),
        ("FILL(m2, MIN(m1))", [[20, 0, 20, 0]]),
        ("FIRST(METRICS())", [[30, 20, 0, 0]]),
        ("LAST(METRICS())", [[20, None, 20, None]]),
        ("SORT(METRICS(), SUM, ASC)", [[20, None, 20, None], [30, 20, 0, 0]]),
        ("SORT(METRICS(), AVG, DESC, 1)", [[20, None, 20, None]]),
        ("SLICE(METRICS(), 1)", [[20, None, 20, None]]),
        ("SLICE(METRICS(), 0, 1)", [[30, 20, 0, 0]]),
        ("REMOVE_EMPTY([m1, IF(0, m1)])", [[30, 20, 0, 0]]),
        ("MINUTE(m2)", [[0, 1, 2, 3]]),
        ("EPOCH(m2)", [[0, 60, 120, 180]]),
        ("LAST(ANOMALY_DETECTION_BAND(m1, 4))", [[26, 16, -4, -4]]),
        ("ANOMALY_DETECTION_BAND(m2)", [[22, None, 22, None], [18, None, 18, None]]),
    ],
)
def test_functions(expression: str, expected: list[Row]) -> None:
    # AWS: Functions supported for metric math.
    assert rows(expression, m1=ONE, m2=TWO) == [pytest.approx(row) for row in expected]


def test_calendar_functions_read_utc() -> None:
    # 1 January 1970 was a Thursday: day 4 of the week.
    found = [
        rows(f"{name}(m1)", m1=[1.0])[0][0] for name in ("HOUR", "DAY", "DATE", "MONTH", "YEAR")
    ]
    assert found == [0, 4, 1, 1, 1970]


def test_linear_filling_draws_a_straight_line() -> None:
    assert rows("FILL(m1, LINEAR)", m1=[None, 10.0, None, None, 40.0]) == [[None, 10, 20, 30, 40]]


def test_search_is_asked_with_its_text_statistic_and_period() -> None:
    result = evaluate("SEARCH('{A,B} MetricName=\"x\"', 'Sum', 300)", scope(1, {}), FUNCTIONS)
    assert isinstance(result, tuple)
    assert result[0].label == '{A,B} MetricName="x"|Sum|300'


def test_ids_may_be_words_of_python() -> None:
    found = rows(
        "in + out - if * lambda", **{"in": [1.0], "out": [2.0], "if": [3.0], "lambda": [4.0]}
    )
    assert found == [[-9]]


def test_hundreds_of_terms_are_added_without_recursion() -> None:
    assert rows(" + ".join(["m1"] * 600), m1=[1.0]) == [[600]]


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("m1 +", "Syntax error"),
        ("m1 m2", "Syntax error"),
        ("(m1", "Syntax error"),
        ("m1; m2", "Unexpected character ';'"),
        ("m1.real", "Unexpected character '.'"),
        ("m1 if m2 else m1", "Syntax error"),
        ("x = m1", "Unexpected character '='"),
        ("[m1 for m1 in m2]", "Syntax error"),
        ("m1 @ m2", "Unexpected character '@'"),
        ("SELECT AVG(x) FROM y", "Metrics Insights queries are not offered here"),
        ("nope + 1", "ID 'nope' not found"),
        ("NOPE(m1)", "Function 'NOPE' not found"),
        ("LAMBDA('x')", "Function 'LAMBDA' not found"),
        ("RATE(5)", "Invalid arguments for function 'RATE'"),
        ("RATE(m1, m2)", "Invalid arguments for function 'RATE'"),
        ("PERIOD(m1 + 1)", "Invalid arguments for function 'PERIOD'"),
        ("FILL(m1, ASC)", "Invalid arguments for function 'FILL'"),
        ("SORT(METRICS(), STDDEV, ASC)", "Invalid arguments for function 'SORT'"),
        ("IF(METRICS(), 1)", "Invalid arguments for function 'IF'"),
        ("[m1, 5]", "An array must contain time series only"),
        ("METRICS() + METRICS()", "cannot combine two arrays"),
        ("m1 + 'text'", "A text is not a number or a time series"),
        ("-" * 1500 + "m1", "nested too deeply"),
    ],
    ids=lambda text: text[:30],
)
def test_bad_expressions_say_what_is_wrong(expression: str, problem: str) -> None:
    with pytest.raises(ExpressionError) as wrong:
        evaluate(expression, scope(1, {"m1": series([1.0]), "m2": series([1.0])}), FUNCTIONS)
    assert problem in str(wrong.value)


def test_an_expression_names_its_ids_and_functions() -> None:
    text = "IF(m1 > AVG(in), FILL(e1, REPEAT), METRICS('x'))"
    assert names(text) == {"m1", "in", "e1"}
    assert functions(text) == {"IF", "AVG", "FILL", "METRICS"}
    assert parse_expression(text) is parse_expression(text)


def test_a_number_that_is_none_is_no_point_of_a_time_series() -> None:
    assert rows("TIME_SERIES(1 / 0)", m1=[1.0]) == [[None]]


@pytest.mark.parametrize(
    "expression",
    [
        "SUM(5)",
        "SUM(m1, m1)",
        "METRICS(m1)",
        "TIME_SERIES(m1)",
        "FIRST(m1)",
        "METRIC_COUNT(m1)",
        "REMOVE_EMPTY(m1)",
        "SLICE(m1, 1)",
        "SEARCH(m1)",
        "ANOMALY_DETECTION_BAND(5)",
        "IF(m1)",
    ],
)
def test_functions_refuse_arguments_of_another_type(expression: str) -> None:
    name = expression.split("(", maxsplit=1)[0]
    with pytest.raises(ExpressionError, match=f"Invalid arguments for function '{name}'"):
        evaluate(expression, scope(1, {"m1": series([1.0])}), FUNCTIONS)


def test_functions_of_an_empty_array_and_an_empty_series() -> None:
    assert rows("FIRST(SLICE(METRICS(), 9))", m1=ONE) == [[None] * 4]
    assert rows("SUM(SLICE(METRICS(), 9))", m1=ONE) == [[None] * 4]
    assert rows("m1 + MIN(IF(0, m1))", m1=ONE) == [[None] * 4]
    assert rows("SORT([IF(0, m1), m2], MAX, ASC)", m1=ONE, m2=TWO) == [TWO, [None] * 4]
