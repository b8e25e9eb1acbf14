"""The patterns of the models, which are Java's, as Python's.

Java matches the whole value, and takes its classes of words, digits and spaces for ASCII. Its
characters beyond the basic plane are pairs of surrogates. What Python cannot compile is not
checked.
"""

import re
import warnings
from functools import cache

_PAIR = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_CLASSES = {
    r"\p{ASCII}": r"\x00-\x7f",
    r"\p{Alnum}": "a-zA-Z0-9",
    r"\p{Alpha}": "a-zA-Z",
    r"\p{Print}": r"\x20-\x7e",
}


@cache
def compile_pattern(pattern: str) -> re.Pattern[str] | None:
    """A model's pattern, to be matched in full, or None where Python has no such pattern.

    >>> bool(compile_pattern("[a-z]+|arn:[-a-z:]*").fullmatch("arn:aws:x"))
    True
    """
    text = _PAIR.sub(_astral, pattern).replace(r"\z", r"\Z")
    for name, content in _CLASSES.items():
        text = re.sub(rf"(\[[^\]]*){re.escape(name)}", lambda m, c=content: m[1] + c, text)
        text = text.replace(name, f"[{content}]")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return re.compile(text, re.ASCII)
    except re.error:
        return None


def _astral(found: re.Match[str]) -> str:
    high, low = int(found[1], 16) - 0xD800, int(found[2], 16) - 0xDC00
    return chr((high << 10) + low + 0x10000)
