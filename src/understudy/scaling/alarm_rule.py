"""Rules of composite alarms: ``ALARM("a") AND (OK(b) OR NOT INSUFFICIENT_DATA(c))``.

Source: AWS, Create a composite alarm, Rule expressions; PutCompositeAlarm, AlarmRule.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from understudy.metrics.boolean import Node, RuleError, Tokens, holds, parse, terms

STATES = ("ALARM", "OK", "INSUFFICIENT_DATA")
MOST_CHILDREN = 100
MOST_ELEMENTS = 500


@dataclass(frozen=True, slots=True)
class Condition:
    """At least ``least`` of some alarms are in a state, or are not in it.

    ``alarms`` are names or ARNs. Without alarms it is TRUE if ``least`` is 0, else FALSE.
    """

    state: str
    alarms: tuple[str, ...]
    least: int = 1
    negated: bool = False


Rule = Node[Condition]

_TOKEN = re.compile(r'\s*("[^"]*"|[(),]|[^\s(),"]+)')


@lru_cache(maxsize=1024)
def parse_rule(text: str) -> Rule:
    """The tree of a rule. Raises RuleError."""
    tokens: list[str] = _TOKEN.findall(text)
    if _TOKEN.sub("", text).strip():
        raise RuleError("A quotation is not closed")
    rule = parse(tokens, _condition)
    children = {name for condition in terms(rule) for name in condition.alarms}
    if len(children) > MOST_CHILDREN:
        raise RuleError(f"A rule refers to at most {MOST_CHILDREN} alarms")
    if len(children) + tokens.count("TRUE") + tokens.count("FALSE") + tokens.count("(") > (
        MOST_ELEMENTS
    ):
        raise RuleError(f"A rule has at most {MOST_ELEMENTS} elements")
    return rule


def _condition(rest: Tokens) -> Condition:
    word = rest.take()
    if word.upper() in ("TRUE", "FALSE"):
        return Condition("", (), 0 if word.upper() == "TRUE" else 1)
    rest_is_call = rest.peek() == "("
    if not rest_is_call or word not in (*STATES, "AT_LEAST"):
        raise RuleError(f"Unexpected {word!r}; expected a function such as ALARM(name)")
    rest.take("(")
    condition = _at_least(rest) if word == "AT_LEAST" else Condition(word, (_name(rest),))
    rest.take(")")
    return condition


def _name(rest: Tokens) -> str:
    """A name in quotes, or the words up to the end of the parenthesis."""
    words: list[str] = []
    while rest.peek() not in (None, ")", ",", "("):
        words.append(rest.take())
    name = " ".join(words).strip('"')
    if not name:
        raise RuleError("An alarm name is expected")
    return name


def _at_least(rest: Tokens) -> Condition:
    """``AT_LEAST(2, NOT OK, (a, b, c))``, where the number may be a share, ``"50%"``."""
    amount = rest.take().strip('"')
    rest.take(",")
    words = _name(rest).split()
    negated = words[0] == "NOT"
    state = words[-1]
    if state not in STATES or len(words) != 1 + negated:
        raise RuleError(f"Unexpected {' '.join(words)!r}; expected a state")
    rest.take(",")
    rest.take("(")
    alarms = [_name(rest)]
    while rest.peek() == ",":
        rest.take()
        alarms.append(_name(rest))
    rest.take(")")
    return Condition(state, tuple(alarms), _amount(amount, len(alarms)), negated)


def _amount(text: str, total: int) -> int:
    share = text.endswith("%")
    digits = text.removesuffix("%")
    if not digits.isdecimal() or not 0 < int(digits) <= (100 if share else total):
        raise RuleError(f"Unexpected {text!r}; expected how many of {total} alarms")
    return math.ceil(int(digits) * total / 100) if share else int(digits)


def children(rule: Rule) -> list[str]:
    """The alarms that a rule refers to, each once, in order."""
    return list(dict.fromkeys(name for condition in terms(rule) for name in condition.alarms))


def rule_holds(rule: Rule, state_of: Callable[[str], str | None]) -> bool:
    """Whether a rule is true. ``state_of`` gives the state of an alarm, None if there is none."""

    def test(condition: Condition) -> bool:
        states = [state_of(name) for name in condition.alarms]
        known = [state for state in states if state is not None]
        met = sum((state == condition.state) != condition.negated for state in known)
        return met >= condition.least

    return holds(rule, test)
