"""Numbers, truth values and blobs as text, read strictly and in bounded time."""

import math
import re
from base64 import b64decode
from binascii import Error as Base64Error
from typing import Any

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
BITS = {"integer": 31, "long": 63}
_JAVA = {"integer": "Integer", "long": "Long"}


class Malformed(ValueError):  # noqa: N818 - it reports what a client sent
    """A request body that is not of its shape. The text is for the client."""


class MalformedParameter(Malformed):
    """A value in the path, the query or the headers that is not of its shape."""


def integer(text: str, shape_type: str) -> int:
    """The integer or long in a text.

    >>> integer("-42", "integer")
    -42
    """
    text = text.strip()
    if _INTEGER.fullmatch(text) is None:
        raise Malformed(f"{_shown(text)} can not be converted to an {_JAVA[shape_type]}")
    return in_range(int(text), shape_type)


def in_range(value: int, shape_type: str) -> int:
    """The value itself, if it fits into a Java Integer or Long."""
    limit = 1 << BITS[shape_type]
    if not -limit <= value < limit:
        shown = _shown(str(value)) if abs(value) < 1 << 256 else "A huge number"
        raise Malformed(f"{shown} is out of range of {_JAVA[shape_type]}")
    return value


def number(text: str) -> float:
    """The float in a text, ``NaN`` and ``Infinity`` included.

    >>> number("1e3")
    1000.0
    """
    text = text.strip()
    if text in SPECIAL:
        return SPECIAL[text]
    if len(text) > 400 or _NUMBER.fullmatch(text) is None:
        raise Malformed(f"{_shown(text)} can not be converted to a Double")
    return float(text)


def boolean(text: str) -> bool:
    """The truth value in a text: ``true`` or ``false``, in any case."""
    lowered = text.strip().lower()
    if lowered not in {"true", "false"}:
        raise Malformed(f"{_shown(text)} can not be converted to a Boolean")
    return lowered == "true"


def blob(text: str) -> bytes:
    """The bytes that a text holds in base 64; padding may be left out."""
    try:
        stripped = "".join(text.split())
        return b64decode(stripped + "=" * (-len(stripped) % 4), validate=True)
    except (Base64Error, ValueError) as error:
        raise Malformed(f"{_shown(text)} is not valid base 64") from error


def float_text(value: Any) -> str:
    """A float as AWS writes it in XML and headers: ``NaN``, ``Infinity``, else the shortest."""
    if value != value:
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(float(value))


def _shown(text: str) -> str:
    return repr(text if len(text) <= 64 else text[:61] + "...")
