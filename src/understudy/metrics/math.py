"""Metric maths: expressions over time series.

Source: AWS, Using math expressions with CloudWatch metrics. A value is a number (S), a time series
(TS) or several of them (TS[]). Points without a value are simply not there.
"""

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from understudy.metrics.expression import ExpressionError, parse_expression


@dataclass(frozen=True, slots=True)
class TimeSeries:
    """Values by timestamp, one every ``period`` seconds at most.

    ``is_metric`` is false for what an expression made: only metrics have a PERIOD().
    """

    label: str
    period: int
    points: Mapping[float, float]
    is_metric: bool = False

    def over(self, points: Mapping[float, float]) -> "TimeSeries":
        """An expression's series with other points."""
        return replace(self, points=points, is_metric=False)


Array = tuple[TimeSeries, ...]
Value = float | TimeSeries | Array | str
"""A string is a keyword of a function (``REPEAT``) or a text."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression can see.

    ``period`` is that of series made from numbers; ``grid`` gives the timestamps of a query at a
    period; ``resolve`` gives the value of an id; ``metrics`` all metrics of the request whose id
    contains a text; ``search`` and ``band`` answer SEARCH and ANOMALY_DETECTION_BAND.
    """

    period: int
    grid: Callable[[int], Sequence[float]]
    resolve: Callable[[str], Value]
    metrics: Callable[[str], Array]
    search: Callable[[str, str, int | None], Array]
    band: Callable[[TimeSeries, float], Array]


Function = Callable[[Scope, Sequence[Value]], Value]

_OPERATORS: Mapping[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: lambda x, y: x + y,
    ast.Sub: lambda x, y: x - y,
    ast.Mult: lambda x, y: x * y,
    ast.Div: lambda x, y: x / y,
    ast.Pow: math.pow,
    ast.Eq: lambda x, y: float(x == y),
    ast.NotEq: lambda x, y: float(x != y),
    ast.Lt: lambda x, y: float(x < y),
    ast.LtE: lambda x, y: float(x <= y),
    ast.Gt: lambda x, y: float(x > y),
    ast.GtE: lambda x, y: float(x >= y),
    ast.And: lambda x, y: float(x != 0 and y != 0),
    ast.Or: lambda x, y: float(x != 0 or y != 0),
}


def evaluate(text: str, scope: Scope, functions: Mapping[str, Function]) -> Value:
    """The value of an expression. Raises ExpressionError."""
    try:
        return _evaluate(parse_expression(text), scope, functions)
    except RecursionError:
        raise ExpressionError("The expression is nested too deeply") from None


def _evaluate(node: ast.expr, scope: Scope, functions: Mapping[str, Function]) -> Value:
    match node:
        case ast.Constant(value=float() | str() as constant):
            return constant
        case ast.Name(id=name):
            return name[1:] if name[1:].isupper() else scope.resolve(name[1:])
        case ast.List(elts=elements):
            return _array([_evaluate(each, scope, functions) for each in elements])
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return combined(_OPERATORS[ast.Mult], -1.0, _evaluate(operand, scope, functions))
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _evaluate(operand, scope, functions)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            function = functions.get(name[1:])
            if function is None:
                raise ExpressionError(f"Function '{name[1:]}' not found")
            return function(scope, [_evaluate(each, scope, functions) for each in arguments])
        case ast.BinOp() | ast.Compare() | ast.BoolOp():
            return _operated(node, scope, functions)
        case _:
            raise ExpressionError(f"Unexpected {ast.unparse(node)!r}")


def _operated(node: ast.expr, scope: Scope, functions: Mapping[str, Function]) -> Value:
    """The value of a chain of operators, from left to right without recursion."""
    steps: list[tuple[ast.AST, ast.expr]] = []
    while isinstance(node, ast.BinOp):
        steps.append((node.op, node.right))
        node = node.left
    steps.reverse()
    if isinstance(node, ast.Compare):
        steps = [*zip(node.ops, node.comparators, strict=True), *steps]
        node = node.left
    elif isinstance(node, ast.BoolOp):
        steps = [*((node.op, each) for each in node.values[1:]), *steps]
        node = node.values[0]
    value = _evaluate(node, scope, functions)
    for step, right in steps:
        compute = _OPERATORS.get(type(step))
        if compute is None:
            raise ExpressionError(f"Unexpected operator in {ast.unparse(node)!r}")
        value = combined(compute, value, _evaluate(right, scope, functions))
    return value


def _array(values: Sequence[Value]) -> Array:
    """An array of all the series in values."""
    series: list[TimeSeries] = []
    for value in values:
        if isinstance(value, TimeSeries):
            series.append(value)
        elif isinstance(value, tuple):
            series.extend(value)
        else:
            raise ExpressionError("An array must contain time series only")
    return tuple(series)


def number(compute: Callable[..., float], *arguments: Any) -> float | None:
    """A computed number, None for what is not one: a division by zero, a root of -1."""
    try:
        result = float(compute(*arguments))
    except (ArithmeticError, ValueError):
        return None
    return result if math.isfinite(result) else None


def mapped(series: TimeSeries, compute: Callable[[float], float]) -> TimeSeries:
    """A series with each value computed anew; what is not a number is dropped."""
    points = {at: number(compute, value) for at, value in series.points.items()}
    return series.over({at: value for at, value in points.items() if value is not None})


def combined(compute: Callable[[float, float], float], left: Value, right: Value) -> Value:
    """Two values combined; of two series, a missing side counts as 0 where the other has a point.

    Source: AWS, metric math syntax, Basic arithmetic functions; Comparison and logical operators.
    """
    if isinstance(left, str) or isinstance(right, str):
        raise ExpressionError("A text is not a number or a time series")
    if isinstance(left, tuple) and isinstance(right, tuple):
        raise ExpressionError("An operator cannot combine two arrays of time series")
    if isinstance(left, tuple):
        return tuple(_single(combined(compute, each, right)) for each in left)
    if isinstance(right, tuple):
        return tuple(_single(combined(compute, left, each)) for each in right)
    if isinstance(left, TimeSeries):
        if isinstance(right, TimeSeries):
            return _joined(compute, left, right)
        return mapped(left, lambda value: compute(value, right))
    if isinstance(right, TimeSeries):
        return mapped(right, lambda value: compute(left, value))
    result = number(compute, left, right)
    return math.nan if result is None else result


def _single(value: Value) -> TimeSeries:
    if not isinstance(value, TimeSeries):
        raise ExpressionError("A time series is expected")
    return value


def _joined(
    compute: Callable[[float, float], float], left: TimeSeries, right: TimeSeries
) -> TimeSeries:
    points: dict[float, float] = {}
    for at in sorted(left.points.keys() | right.points.keys()):
        result = number(compute, left.points.get(at, 0.0), right.points.get(at, 0.0))
        if result is not None:
            points[at] = result
    return replace(left.over(points), period=min(left.period, right.period))
