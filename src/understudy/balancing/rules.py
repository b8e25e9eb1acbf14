"""Which rule of a listener a request meets.

AWS: Listeners for your Application Load Balancers, Rule condition types; RuleCondition.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import unquote_plus

from msgspec import Struct

from understudy.balancing.actions import Action, Transform

CACHED = 4096
"""Patterns and networks that are kept ready."""


@dataclass(frozen=True, slots=True)
class Request:
    """What rules look at. ``host`` has no port, header names are in small letters."""

    method: str
    host: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    source: str = ""


class Condition(Struct, frozen=True):
    """A condition holds if one of its values does.

    ``field`` is AWS's: host-header, path-pattern, http-header (of the header ``name``),
    query-string (``pairs`` of key and value, the key empty where any will do),
    http-request-method or source-ip. ``values`` may have the wildcards ``*`` and ``?`` where AWS
    allows them; ``expressions`` are regular expressions.
    """

    field: str
    values: tuple[str, ...] = ()
    name: str = ""
    pairs: tuple[tuple[str, str], ...] = ()
    expressions: tuple[str, ...] = ()


class Rule(Struct, frozen=True):
    """A rule without conditions is met by every request, as a listener's default rule.

    That one has the priority 0, as AWS writes it in access logs.
    """

    arn: str
    conditions: tuple[Condition, ...]
    action: Action
    transforms: tuple[Transform, ...] = ()
    priority: int = 0


def first_met(rules: Sequence[Rule], request: Request) -> tuple[Rule | None, int]:
    """The first rule, in the order of priority, that a request meets, and how many were evaluated.

    The default rule is not counted (AWS: metric RuleEvaluations).
    """
    evaluated = 0
    for rule in rules:
        if not rule.conditions:
            return rule, evaluated
        evaluated += 1
        if meets(rule, request):
            return rule, evaluated
    return None, evaluated


def meets(rule: Rule, request: Request) -> bool:
    """Whether a request meets all conditions of a rule."""
    return all(holds(condition, request) for condition in rule.conditions)


def holds(condition: Condition, request: Request) -> bool:
    """Whether a request satisfies a condition."""
    field = condition.field
    if field == "path-pattern":
        return _any_like(condition, (request.path,), ignore_case=False)
    if field == "host-header":
        return _any_like(condition, (request.host,), ignore_case=True)
    if field == "http-header":
        return _any_like(condition, _of_header(request, condition.name), ignore_case=True)
    if field == "query-string":
        return _any_pair(condition.pairs, request.query)
    if field == "http-request-method":
        return request.method in condition.values
    return any(_within(request.source, block) for block in condition.values)


def _of_header(request: Request, name: str) -> Iterator[str]:
    wanted = name.lower()
    return (value for header, value in request.headers if header == wanted)


def _any_like(condition: Condition, texts: Iterable[str], *, ignore_case: bool) -> bool:
    flags = re.IGNORECASE if ignore_case else 0
    return any(
        any(like(pattern, text, ignore_case=ignore_case) for pattern in condition.values)
        or any(_compiled(each, flags).search(text) for each in condition.expressions)
        for text in texts
    )


def _any_pair(wanted: tuple[tuple[str, str], ...], query: str) -> bool:
    """Whether a query string has one of the pairs; cases do not matter.

    ``version=v1&mode=fast`` has the pair ("version", "V?") and, whatever its key, "fast".
    """
    there = [_decoded(pair) for pair in query.split("&") if pair]
    return any(
        (not key or like(key, name, ignore_case=True)) and like(value, text, ignore_case=True)
        for key, value in wanted
        for name, text in there
    )


def _decoded(pair: str) -> tuple[str, str]:
    name, _, value = pair.partition("=")
    return unquote_plus(name), unquote_plus(value)


def like(pattern: str, text: str, *, ignore_case: bool) -> bool:
    r"""Whether a text has a pattern: ``*`` is any characters, ``?`` is one, ``\`` escapes.

    >>> like("*.example.com", "Test.Example.com", ignore_case=True)
    True
    >>> like("*.example.com", "example.com", ignore_case=True)
    False
    """
    flags = re.DOTALL | (re.IGNORECASE if ignore_case else 0)
    return _compiled(expression(pattern), flags).fullmatch(text) is not None


def expression(pattern: str) -> str:
    """The regular expression of a pattern with wildcards."""
    parts = re.findall(r"\\[*?\\]|.", pattern, re.DOTALL)
    return "".join(_WILDCARDS.get(part) or re.escape(part[-1]) for part in parts)


_WILDCARDS = {"*": ".*", "?": "."}


@lru_cache(CACHED)
def _compiled(text: str, flags: int) -> re.Pattern[str]:
    return re.compile(text, flags)


@lru_cache(CACHED)
def _network(block: str) -> IPv4Network | IPv6Network:
    return ip_network(block, strict=False)


def _within(source: str, block: str) -> bool:
    """Whether an address is in a CIDR block; addresses of the other IP version are not."""
    if not source:
        return False
    address, network = ip_address(source), _network(block)
    return address.version == network.version and address in network
