"""Compiled twins of plain functions: the same code, with their callees compiled too.

No rule is written twice, and no decorator stands in the pure layers: a twin is the plain function
with other globals, handed to numba.
"""

import os
from collections.abc import Callable, Mapping
from functools import cache
from hashlib import blake2b
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, cast

import numba
from numba.core import config

from understudy.balancing import routing
from understudy.scaling import alarm, combine, cooldown, step, target_tracking, verdict
from understudy.sim import backlog, bins, counting, minutes, queueing, variant

Function = Callable[..., Any]

SOURCES = (
    "balancing/routing.py",
    "scaling/*.py",
    *(
        f"sim/{name}.py"
        for name in (
            *("backlog", "bins", "columns", "compiled", "counting"),
            *("minutes", "queueing", "variant"),
        )
    ),
)
"""The files of what is compiled."""


def twin(
    function: Function,
    callees: Mapping[str, Any],
    *,
    kept: bool = False,
    inline: bool = False,
    makes: bool = False,
) -> Function:
    """A compiled version of a function whose globals ``callees`` are compiled ones.

    ``kept`` keeps its machine code for later processes; see `keep`. ``inline`` puts its code where
    it is called, which spares handing on the arrays that it is given. Only one that ``makes``
    arrays has numba's reference counts (its NRT): they are most of the time of short functions.
    """
    plain = cast("FunctionType", function)
    copy = FunctionType(
        plain.__code__, {**plain.__globals__, **callees}, plain.__name__, plain.__defaults__
    )
    copy.__module__ = plain.__module__
    copy.__qualname__ = plain.__qualname__
    options: dict[str, Any] = {"inline": "always" if inline else "never", "_nrt": makes}
    return numba.njit(copy, nogil=True, cache=kept, **options)


def twins(*functions: Function, inline: bool = False, **given: Any) -> dict[str, Any]:
    """Compiled versions by name; each may call those before it, and the ``given`` ones."""
    made = dict(given)
    for function in functions:
        made[function.__name__] = twin(function, made, inline=inline)
    return made


@cache
def keep() -> bool:
    """Whether machine code is kept between processes: in the user's cache, by our sources.

    Compiling takes seconds. The folder's name is a digest of all that may be compiled, so other
    sources never meet old code.
    """
    digest = blake2b(numba.__version__.encode(), digest_size=8)
    root = Path(__file__).parents[1]
    for name in SOURCES:
        for path in sorted(root.glob(name)):
            digest.update(path.read_bytes())
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base) / "understudy" / f"compiled-{digest.hexdigest()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    config.CACHE_DIR = str(folder)  # pyright: ignore[reportAttributeAccessIssue]
    return os.access(folder, os.W_OK)


@cache
def serve() -> Callable[..., tuple[int, int, int]]:
    """`queueing.serve`, compiled when it is first asked for."""
    parts = twins(
        routing.choose_variant,
        routing.least_outstanding,
        routing.round_robin,
        routing.slow_start,
        routing.starting,
        queueing.push,
        queueing.pop,
        queueing.copy_row,
        queueing.push_row,
        queueing.pop_row,
        queueing.again_at,
    )
    parts = twins(
        routing.pick,
        queueing.luck,
        queueing.held_group,
        queueing.held_target,
        queueing.finish,
        queueing.begin,
        queueing.attempt,
        inline=True,
        **parts,
    )
    return twin(queueing.serve, parts, kept=keep())


@cache
def run() -> Callable[..., None]:
    """`minutes.run`, compiled when it is first asked for."""
    rules = twins(
        alarm.breaches,
        alarm.state_by_counts,
        combine.agreed,
        verdict.direction,
        cooldown.bounded,
        cooldown.scale_out_base,
        cooldown.scale_in_base,
        cooldown.grown,
        cooldown.shrunk,
    )
    shared = ModuleType("cooldown")
    vars(shared).update(rules)
    rules = twins(
        target_tracking.desired_capacity,
        target_tracking.scale_in_step,
        target_tracking.anticipates_flapping,
        target_tracking.tracked_out,
        target_tracking.tracked_in,
        step.in_step,
        step.percent_delta,
        step.change_in_units,
        step.step_index,
        step.stepped,
        cooldown=shared,
        **rules,
    )
    rules = twins(variant.base_of, variant.in_progress, variant.answer, inline=True, **rules)
    parts = twins(
        *(
            variant.proposer,
            variant.weighed,
            variant.at_the_same_time,
            variant.release,
            variant.note_change,
        ),
        *(variant.scale, variant.is_short, variant.launch, variant.paid),
        *(queueing.copy_row, variant.remove),
        *(variant.look_ahead, variant.note_curve, variant.fulfil, variant.settle),
        *(variant.fail, variant.happen, variant.bound),
        *(backlog.level_of, backlog.wait_bin, backlog.regroup, backlog.drain, backlog.flow),
        *(backlog.queue, queueing.luck, backlog.poisson, backlog.sampled),
        **rules,
    )
    parts = twins(
        minutes.forget, minutes.evaluate, minutes.meter, minutes.serve, inline=True, **parts
    )
    parts = twins(
        *(minutes.serve_to, minutes.publish, minutes.serve_partly),
        *(minutes.inform, variant.invoke),
        inline=True,
        **parts,
    )
    parts = twins(minutes.pass_time, **parts)
    return twin(minutes.run, parts, kept=keep())


@cache
def count() -> Callable[..., None]:
    """`counting.count`, compiled when it is first asked for."""
    return twin(counting.count, twins(bins.bin_of), kept=keep())


@cache
def collect() -> Callable[..., int]:
    """`counting.collect`, compiled when it is first asked for."""
    return twin(counting.collect, twins(bins.bin_of, queueing.copy_row), kept=keep())


@cache
def gather() -> Callable[..., int]:
    """`counting.gather`, compiled when it is first asked for."""
    return twin(counting.gather, {}, kept=keep())
