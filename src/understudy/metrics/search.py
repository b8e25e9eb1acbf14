"""SEARCH: which metrics a search expression finds.

Source: AWS, CloudWatch search expression syntax.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from understudy.metrics.boolean import Node, RuleError, Tokens, holds, parse
from understudy.metrics.datapoint import MetricKey
from understudy.metrics.expression import ExpressionError

SEARCH_LIMIT = 500
"""The most metrics that one search gives."""

_SCHEMA = re.compile(r"\s*\{([^}]*)\}\s*,?")
_TOKEN = re.compile(r'\s*(\(|\)|=|"(?:\\.|[^"\\])*"|[^\s()="]+)')
_PIECE = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_RUN = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class SearchTerm:
    """A word to be found in one property of a metric, or in any (an empty one)."""

    text: str
    exact: bool
    prop: str = ""


@dataclass(frozen=True, slots=True)
class Search:
    """A parsed search: the schema (namespace, then dimension names) and what else must hold."""

    schema: tuple[str, ...]
    condition: Node[SearchTerm] | None


@lru_cache(maxsize=1024)
def parse_search(text: str) -> Search:
    """A search from its text, ``{AWS/EC2,InstanceId} MetricName="CPUUtilization"``.

    Raises ExpressionError.
    """
    if len(text) > 1024:
        raise ExpressionError("A search expression has at most 1024 characters")
    match = _SCHEMA.match(text)
    schema = tuple(_unquoted(name) for name in match[1].split(",")) if match else ()
    rest = text[match.end() :] if match else text
    tokens: list[str] = _TOKEN.findall(rest)
    if _TOKEN.sub("", rest).strip():
        raise ExpressionError("Invalid search expression: a quotation is not closed")
    if not schema and not tokens:
        raise ExpressionError("A search needs a metric schema or a search term")
    try:
        condition = parse(tokens, _term, implicit_and=True) if tokens else None
    except RuleError as wrong:
        raise ExpressionError(f"Invalid search expression: {wrong}") from None
    return Search(schema, condition)


def _unquoted(name: str) -> str:
    name = name.strip()
    if name.startswith('"') and name.endswith('"') and len(name) > 1:
        return re.sub(r"\\(.)", r"\1", name[1:-1])
    return name


def _term(rest: Tokens) -> SearchTerm:
    first = rest.take()
    if first in ("(", ")", "=", "AND", "OR"):
        raise RuleError(f"Unexpected {first!r}")
    if rest.peek() == "=":
        rest.take()
        word = rest.take()
        return SearchTerm(_unquoted(word), word.startswith('"'), _unquoted(first))
    return SearchTerm(_unquoted(first), first.startswith('"'))


def found(search: Search, metric: MetricKey) -> bool:
    """Whether a search finds a metric. A schema that names dimensions names all that it has."""
    namespace, _, dimensions = metric
    if search.schema:
        names = {name for name, _ in dimensions}
        wanted = set(search.schema[1:])
        if namespace != search.schema[0] or (wanted and names != wanted):
            return False
    return search.condition is None or holds(search.condition, lambda term: _matches(term, metric))


def _matches(term: SearchTerm, metric: MetricKey) -> bool:
    namespace, name, dimensions = metric
    properties = {"Namespace": namespace, "MetricName": name}
    if term.prop:
        texts = [text for key, text in (*properties.items(), *dimensions) if key == term.prop]
    else:
        texts = [namespace, name, *(part for pair in dimensions for part in pair)]
    if term.exact:
        return term.text in texts
    return any(_contains(text, term.text) for text in texts)


def _contains(text: str, word: str) -> bool:
    """Whether the pieces of a word follow one another in a text.

    A run of letters and digits that has several pieces (``Count1``) must agree in capitals too.
    """
    whole = "".join(_RUN.findall(word)).lower()
    if whole and whole == "".join(_RUN.findall(text)).lower():
        return True
    wanted = [
        (piece, len(pieces) > 1)
        for pieces in map(_PIECE.findall, _RUN.findall(word))
        for piece in pieces
    ]
    have = [piece for run in _RUN.findall(text) for piece in _PIECE.findall(run)]
    places = range(len(have) - len(wanted) + 1)
    return bool(wanted) and any(
        all(
            piece == have[place + offset]
            if strict
            else piece.lower() == have[place + offset].lower()
            for offset, (piece, strict) in enumerate(wanted)
        )
        for place in places
    )
