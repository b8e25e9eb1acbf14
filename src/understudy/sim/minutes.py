"""The compiled lane: one variant under its alarms and policies, minute by minute.

What decides is what decides everywhere: `scaling.alarm`, and `variant` with the policies of
`scaling`. Requests are not served one by one: how long they take follows from how busy the
instances are (`waiting`), counted here as requests by instances and utilisation.
"""

from typing import Any, NamedTuple

import numpy as np

from understudy.scaling.alarm import ABOVE as MORE
from understudy.scaling.alarm import IS_ALARM, STAYS, breaches, state_by_counts
from understudy.sim.backlog import CALM_BELOW, LEVELS, Model, queue, regroup, sampled
from understudy.sim.columns import (
    ABOVE,
    ACTED_AT,
    AGGREGATION,
    ASKED_AT,
    BAD,
    BEGIN,
    BREACH_AT,
    BREACH_SECONDS,
    BREACHES,
    COMPARISON,
    CONCURRENCY,
    DETECTION_SECONDS,
    DIFFERENCE,
    IDLE_SECONDS,
    IN_SYSTEM,
    INVOCATIONS,
    INVOKED,
    INVOKED_ALL,
    INVOKED_PER,
    LEAST,
    LOST,
    MEAN,
    METRIC,
    NEED,
    NEEDED,
    NEXT,
    OVER_SECONDS,
    OWNER,
    PER_INSTANCE,
    PERIODS,
    RANGE,
    REQUESTS,
    SEEN_TO,
    SERVED_TO,
    SERVING,
    SERVING_BEFORE,
    STATE,
    STEP,
    TAKEN,
    THRESHOLD,
    TREAT,
    UNDER_SECONDS,
    WATCHES,
)
from understudy.sim.queueing import Floats
from understudy.sim.variant import Rules, Variant, bound, happen, invoke

MINUTE = 60.0
INF = np.inf

ALSO_TIMERS, NO_TIMERS = True, False
"""Whether what is scheduled for the very end of a span happens in it."""
KEPT = 256
"""Datapoints of each metric that are kept; more than any alarm of the compiled lane evaluates."""


class Load(NamedTuple):
    """Requests in consecutive steps of ``seconds``, the first at second 0; even within a step."""

    counts: Any
    seconds: float
    fine: bool


class Tape(NamedTuple):
    """What is measured: datapoints by metric, sums, and requests by instances and utilisation."""

    points: Floats
    sums: Floats
    cells: Floats


def run(
    minutes: int,
    load: Load,
    offsets: Floats,
    watchers: Any,
    alarms: Floats,
    schedule: Floats,
    variant: Variant,
    rules: Rules,
    model: Model,
    tape: Tape,
) -> None:
    """Simulate so many minutes from second 0.

    In every minute alarm ``watchers[k]`` is evaluated at its second ``offsets[k]``. Rows of
    ``schedule`` are the time of a scheduled action and the bounds that it sets, negative where it
    sets none. At equal times timers come first, as everywhere.
    """
    now, due = variant.now, 0
    first = int(now[BEGIN] // MINUTE)
    for minute in range(minutes):
        begin = MINUTE * minute
        if minute == first:
            forget(tape)
        for tick in range(offsets.size):
            at = begin + offsets[tick]
            if load.fine:
                serve_to(at, load, now, model, tape)
            scheduled = due < schedule.shape[0] and schedule[due, 0] <= at
            if scheduled or now[NEXT] < at:
                due = pass_time(at, ALSO_TIMERS, due, load, schedule, variant, rules, model, tape)
            alarm = alarms[watchers[tick]]
            if evaluate(alarm, at, tape.points):
                serve_partly(at, load, now, model, tape)
                inform(alarm, at, variant, tape.points)
                invoke(int(alarm[OWNER]), at, variant, rules)
        end = begin + MINUTE
        if now[NEXT] < end or (due < schedule.shape[0] and schedule[due, 0] < end):
            due = pass_time(end, NO_TIMERS, due, load, schedule, variant, rules, model, tape)
        serve_to(end, load, now, model, tape)
        publish(minute, tape)


def forget(tape: Tape) -> None:
    """What came before the run is not counted."""
    tape.cells[:] = 0.0
    tape.sums[LOST] = 0.0


def evaluate(alarm: Floats, at: float, points: Floats) -> bool:
    """Look at the newest datapoint that can be seen; whether the alarm acts.

    Scaling actions are invoked when the state becomes ALARM, and once a minute while it stays.
    """
    newest = int(alarm[SEEN_TO]) + 1
    alarm[SEEN_TO] = newest
    if newest < 0:
        return False
    metric, periods = int(alarm[WATCHES]), int(alarm[PERIODS])
    comparison, threshold = int(alarm[COMPARISON]), alarm[THRESHOLD]
    if breaches(points[metric, newest % KEPT], comparison, threshold):
        alarm[BAD] += 1.0
    oldest = newest - periods
    if oldest >= 0 and breaches(points[metric, oldest % KEPT], comparison, threshold):
        alarm[BAD] -= 1.0
    real = min(newest + 1, int(alarm[RANGE]))
    found = state_by_counts(
        real, int(alarm[BAD]), real, periods, int(alarm[NEEDED]), int(alarm[TREAT])
    )
    before = int(alarm[STATE])
    if found == STAYS:
        found = before
    alarm[STATE] = found
    if found != IS_ALARM or (found == before and at - alarm[ACTED_AT] < MINUTE):
        return False
    alarm[ACTED_AT] = at
    return True


def inform(alarm: Floats, at: float, variant: Variant, points: Floats) -> None:
    """Tell a policy what its alarm has evaluated."""
    newest, metric = int(alarm[SEEN_TO]), int(alarm[WATCHES])
    policy = variant.policies[int(alarm[OWNER])]
    first = max(newest - int(alarm[PERIODS]) + 1, 0)
    total, least, most = 0.0, INF, -INF
    for index in range(first, newest + 1):
        value = points[metric, index % KEPT]
        total += value
        least, most = min(least, value), max(most, value)
    value = total / (newest + 1 - first)
    if policy[AGGREGATION] != MEAN:
        value = least if policy[AGGREGATION] == LEAST else most
    policy[METRIC], policy[DIFFERENCE] = value, value - alarm[THRESHOLD]
    policy[ABOVE] = 1.0 if alarm[COMPARISON] <= MORE else 0.0
    policy[INVOKED] = at


def pass_time(
    until: float,
    timers: bool,  # noqa: FBT001 - compiled functions take no keywords
    due: int,
    load: Load,
    schedule: Floats,
    variant: Variant,
    rules: Rules,
    model: Model,
    tape: Tape,
) -> int:
    """Let happen what is due before a time, and with ``timers`` the scheduled actions of that time.

    How many scheduled actions have run comes back.
    """
    now = variant.now
    while True:
        at = schedule[due, 0] if due < schedule.shape[0] else INF
        scheduled = at <= now[NEXT] and (at < until or (timers and at == until))
        if not scheduled:
            at = now[NEXT]
            if at >= until:
                return due
        serve_partly(at, load, now, model, tape)
        if scheduled:
            bound(schedule[due, 1], schedule[due, 2], at, variant, rules)
            due += 1
        else:
            happen(at, variant, rules)


def publish(minute: int, tape: Tape) -> None:
    """Make the minute's requests datapoints."""
    sums, points = tape.sums, tape.points
    points[PER_INSTANCE, minute % KEPT] = sums[INVOKED_PER]
    points[INVOCATIONS, minute % KEPT] = sums[INVOKED_ALL]
    sums[INVOKED_PER] = sums[INVOKED_ALL] = 0.0


def serve_to(at: float, load: Load, now: Floats, model: Model, tape: Tape) -> None:
    """Serve the steps that are over by a time."""
    sums = tape.sums
    seconds = load.seconds
    step = int(sums[STEP])
    while (step + 1) * seconds <= at:
        end = (step + 1) * seconds
        rest = load.counts[step] - sums[TAKEN]
        serve(rest, end - sums[SERVED_TO], now, model, tape)
        step += 1
        sums[SERVED_TO], sums[TAKEN], sums[STEP] = end, 0.0, step
        if load.fine:
            points = tape.points
            points[CONCURRENCY, (step - 1) % KEPT] = sampled(step, model, sums)


def serve_partly(at: float, load: Load, now: Floats, model: Model, tape: Tape) -> None:
    """Serve what is sent before a time, part of a step too: the capacity is about to change."""
    serve_to(at, load, now, model, tape)
    sums = tape.sums
    if at > sums[SERVED_TO]:
        step = int(sums[STEP])
        count = load.counts[step]
        # Requests stand evenly in their step, the first half a distance from its begin.
        sent = np.ceil((at - step * load.seconds) * count / load.seconds - 0.5)
        sent = min(max(sent, 0.0), count)
        serve(sent - sums[TAKEN], at - sums[SERVED_TO], now, model, tape)
        sums[SERVED_TO], sums[TAKEN] = at, sent


def serve(requests: float, seconds: float, now: Floats, model: Model, tape: Tape) -> None:
    """Count requests that arrive in so many seconds, by instances and how busy these are."""
    sums = tape.sums
    serving = int(now[SERVING])
    if serving != sums[SERVING_BEFORE]:
        regroup(serving, sums)
    if serving > 0:
        sums[INVOKED_PER] += requests * (1.0 / serving)
        sums[INVOKED_ALL] += requests
        busy = requests * model.service / (serving * model.slots * seconds)
        if busy < CALM_BELOW and sums[IN_SYSTEM] <= 0.0:
            sums[IN_SYSTEM] = -busy
            tape.cells[serving, int(busy * LEVELS)] += requests
        else:
            queue(requests, seconds, serving, model, sums, tape.cells)
    else:
        sums[LOST] += requests
    if sums[SERVED_TO] >= now[BEGIN]:
        meter(requests, seconds, serving, now, model.limits, sums)


def meter(
    requests: float, seconds: float, serving: int, now: Floats, limits: Floats, sums: Floats
) -> None:
    """Measure what is too little and what is too much for a load, and breaches from their begin.

    A breach lasts while more requests arrive than the instances bear within the objectives.
    """
    rate, need = requests / seconds, int(sums[NEED])
    while need < limits.size - 1 and rate > limits[need]:
        need += 1
    while need > 0 and rate <= limits[need - 1]:
        need -= 1
    sums[NEED] = need
    sums[REQUESTS] += requests
    if requests == 0.0:
        sums[IDLE_SECONDS] += serving * seconds
    if need > serving:
        sums[UNDER_SECONDS] += seconds
        if now[BREACH_AT] == INF:
            now[BREACH_AT], now[ASKED_AT] = sums[SERVED_TO], INF
        return
    sums[OVER_SECONDS] += (serving - need) * seconds
    if now[BREACH_AT] < INF:
        if now[ASKED_AT] < INF:
            now[BREACHES] += 1.0
            now[BREACH_SECONDS] += sums[SERVED_TO] - now[BREACH_AT]
            now[DETECTION_SECONDS] += now[ASKED_AT] - now[BREACH_AT]
        now[BREACH_AT] = INF
