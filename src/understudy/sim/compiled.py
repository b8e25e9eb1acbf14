"""Compiled twins of plain functions: the same code, with their callees compiled too.

No rule is written twice, and no decorator stands in the pure layers: a twin is the plain function
with other globals, handed to numba.
"""

from collections.abc import Callable, Mapping
from functools import cache
from types import FunctionType
from typing import Any, cast

import numba

from understudy.balancing import routing
from understudy.sim import queueing


def twin(function: Callable[..., Any], callees: Mapping[str, Any]) -> Callable[..., Any]:
    """A compiled version of a function whose globals ``callees`` are compiled ones."""
    plain = cast("FunctionType", function)
    copy = FunctionType(
        plain.__code__, {**plain.__globals__, **callees}, plain.__name__, plain.__defaults__
    )
    copy.__module__ = plain.__module__
    copy.__qualname__ = plain.__qualname__
    return numba.njit(copy, nogil=True)


@cache
def serve() -> Callable[..., None]:
    """`queueing.serve`, compiled when it is first asked for (about two seconds)."""
    return twin(
        queueing.serve,
        {
            "choose_variant": twin(routing.choose_variant, {}),
            "least_outstanding": twin(routing.least_outstanding, {}),
            "push": twin(queueing.push, {}),
            "pop": twin(queueing.pop, {}),
        },
    )
