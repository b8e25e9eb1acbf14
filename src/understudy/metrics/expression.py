"""Parsing metric maths: an expression is read by Python's own parser, as a tree of its nodes.

Source: AWS, Using math expressions with CloudWatch metrics, Metric math syntax and functions.
"""

import ast
import re
from functools import lru_cache


class ExpressionError(Exception):
    """What is wrong with an expression, in one sentence for its author."""


_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'[^']*'|"[^"]*")
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<mark>==|!=|<=|>=|&&|\|\||[-+*/^<>(),\[\]])
      | (?P<other>\S)
    )""",
    re.VERBOSE | re.ASCII,
)
_MARKS = {"^": "**", "&&": " and ", "||": " or "}
_WORDS = {"AND": " and ", "OR": " or "}

_NODES = (
    ast.Expression,
    ast.BinOp,
    ast.UnaryOp,
    ast.BoolOp,
    ast.Compare,
    ast.Call,
    ast.List,
    ast.Name,
    ast.Constant,
    ast.operator,
    ast.unaryop,
    ast.boolop,
    ast.cmpop,
    ast.expr_context,
)


@lru_cache(maxsize=4096)
def parse_expression(text: str) -> ast.expr:
    """The tree of an expression. Names stand in it with an underscore in front.

    So ``in + out`` is not mistaken for Python's own words. Raises ExpressionError.

    >>> ast.unparse(parse_expression("100 * m1 ^ 2 / SUM([in, out])"))
    '100.0 * _m1 ** 2.0 / _SUM([_in, _out])'
    """
    if text.lstrip().upper().startswith("SELECT "):
        raise ExpressionError("Metrics Insights queries are not offered here")
    source = "".join(_translated(match) for match in _TOKEN.finditer(text.rstrip()))
    try:
        tree = ast.parse(source.strip(), mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ExpressionError(f"Syntax error in {text!r}") from None
    for node in ast.walk(tree):
        if not isinstance(node, _NODES) or (isinstance(node, ast.Call) and node.keywords):
            raise ExpressionError(f"Syntax error in {text!r}")
    return tree.body


def _translated(match: re.Match[str]) -> str:
    kind, token = match.lastgroup, match[match.lastgroup or 0]
    if kind == "text":
        return repr(token[1:-1])
    if kind == "number":
        return repr(float(token))
    if kind == "name":
        return _WORDS.get(token, f" _{token} ")
    if kind == "mark":
        return _MARKS.get(token, token)
    raise ExpressionError(f"Unexpected character {token!r}")


def names(text: str) -> set[str]:
    """The ids that an expression refers to: names that begin with a small letter."""
    found = {node.id[1:] for node in ast.walk(parse_expression(text)) if isinstance(node, ast.Name)}
    return {name for name in found if name[:1].islower()}


def functions(text: str) -> set[str]:
    """The functions that an expression calls."""
    nodes = ast.walk(parse_expression(text))
    calls = [node.func for node in nodes if isinstance(node, ast.Call)]
    return {call.id[1:] for call in calls if isinstance(call, ast.Name)}
