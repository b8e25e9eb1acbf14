"""Values of a template: what plain text stands for, and how a scalar is written as text again."""

import re
from decimal import Decimal
from typing import Any, TypeGuard

_TRUE = ("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON")
_FALSE = ("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF")
_NULL = ("", "~", "null", "Null", "NULL")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(_TRUE, True),
    **dict.fromkeys(_FALSE, False),
    **dict.fromkeys(_NULL, None),
}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,63})", re.ASCII)
_FRACTION = re.compile(r"-?(?:0|[1-9][0-9]{0,31})\.[0-9]{1,32}", re.ASCII)
_NUMERIC_START = frozenset("-0123456789")


def plain(source: str) -> str | int | Decimal | bool | None:
    """What an unquoted YAML 1.1 scalar stands for. Dates stay text, as CloudFormation needs them.

    >>> plain("2010-09-09"), plain("yes"), plain("007"), plain("1.50"), plain("~")
    ('2010-09-09', True, '007', Decimal('1.50'), None)
    """
    if source in _WORDS:
        return _WORDS[source]
    if source[0] in _NUMERIC_START:
        return number(source)
    return source


def number(source: str) -> int | Decimal | str:
    """A number if its text survives the round trip (``str(number(s)) == s`` always), else the text.

    CloudFormation keeps the text of a number until a property asks for a number, so ``1.10`` and
    ``012345678901`` must not lose a digit.

    >>> number("42"), number("1.10"), number("012345678901"), number("1e5"), number("0x10")
    (42, Decimal('1.10'), '012345678901', '1e5', '0x10')
    """
    if _INTEGER.fullmatch(source):
        return int(source) if source != "-0" else source
    if _FRACTION.fullmatch(source):
        value = Decimal(source)
        return value if str(value) == source else source
    return source


def text(value: Any) -> str:
    """A scalar as CloudFormation writes it into a string.

    >>> text(True), text(80), text(Decimal("1.10")), text("a")
    ('true', '80', '1.10', 'a')
    """
    if value is True:
        return "true"
    if value is False:
        return "false"
    return str(value)


def is_scalar(value: Any) -> bool:
    """Whether a value is text, a number or a boolean."""
    return isinstance(value, (str, int, Decimal, float))


def is_map(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a template value is a map; its keys are text, for `parse` makes no others."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether a template value is a list."""
    return isinstance(value, list)


def items(value: Any) -> list[tuple[str | int, Any]]:
    """The steps into a map or a list with what they lead to; none for a scalar."""
    if is_map(value):
        return list(value.items())
    return list(enumerate(value)) if is_list(value) else []
