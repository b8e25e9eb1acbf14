"""Regular expressions of templates and schemas, which are Java's."""

import warnings
from collections.abc import Callable
from functools import cache

import regex

SECONDS = 0.5
"""How long one text may be matched; only an expression made to be slow takes longer."""


@cache
def _compiled(source: str) -> regex.Pattern[str] | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # Java's [a-z&&[^x]] is understood by the newer dialect only.
            return regex.compile(source, regex.VERSION1 if "&&" in source else regex.VERSION0)
        except regex.error:
            return None


def fits(source: str, text: str) -> bool:
    r"""Whether a pattern matches all of a text; one that cannot be read holds nothing against it.

    A pattern that cannot decide in time does not fit: time is bounded, whatever the pattern.

    >>> fits("[a-z]+", "abc"), fits("[a-z&&[^x]]+", "axe"), fits("\\p{Alpha}+", "abc")
    (True, False, True)
    """
    expression = _compiled(source)
    return expression is None or _match(expression.fullmatch, text)


def occurs(source: str, text: str) -> bool:
    """Whether a pattern matches somewhere in a text, under the same rules.

    >>> occurs("b", "abc"), occurs("^b", "abc")
    (True, False)
    """
    expression = _compiled(source)
    return expression is None or _match(expression.search, text)


def _match(match: Callable[..., object], text: str) -> bool:
    try:
        return match(text, timeout=SECONDS) is not None
    except TimeoutError:
        return False
