"""Regular expressions of templates and schemas, which are Java's."""

import re
import warnings
from functools import cache


@cache
def compiled(source: str) -> re.Pattern[str] | None:
    r"""The pattern, or None if it is in a dialect that only Java knows.

    Python would read a Java class such as ``[a-z&&[^x]]`` in its own way, with a FutureWarning.

    >>> compiled("[a-z]+") is not None, compiled("[a-z&&[^x]]"), compiled("\\p{Alpha}")
    (True, None, None)
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error", FutureWarning)
        try:
            return re.compile(source)
        except (re.error, FutureWarning):
            return None
