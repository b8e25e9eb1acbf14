"""The instances of one variant and the decisions about them, as numbers, for the compiled lane.

The order of things is that of the control plane (`control.application_autoscaling.scaling`,
`control.sagemaker.endpoint`); the rules are those of `scaling`, called as they are. Times are
seconds from the start of the simulation. Plain functions over arrays: `compiled` translates them.
"""

from typing import Any, NamedTuple

import numpy as np

from understudy.scaling.combine import agreed
from understudy.scaling.cooldown import scale_in_base, scale_out_base
from understudy.scaling.step import step_index, stepped
from understudy.scaling.target_tracking import tracked_in, tracked_out
from understudy.scaling.verdict import IN_COOLDOWN, IN_DISABLED, NO_STEP, ON_TARGET, direction
from understudy.sim.columns import (
    ABOVE,
    ACTIVITIES,
    ASKED_AT,
    BEGIN,
    BEGUN_AT,
    BEGUN_BY,
    BEGUN_FROM,
    BEGUN_TO,
    BLOCKED_UNTIL,
    BREACH_AT,
    CHANGED_AT,
    COOLDOWN_IN,
    COOLDOWN_OUT,
    CURVE,
    DESIRED,
    DIFFERENCE,
    DISABLED,
    END,
    FAILS_AT,
    FAILURES,
    GRADUAL,
    GRANT_BASE,
    GRANT_DESIRED,
    GRANT_UNTIL,
    INVOKED,
    KIND,
    LAST_DIRECTION,
    LAUNCHED,
    LAUNCHED_AT,
    LOW,
    MAGNITUDE,
    MAXIMUM,
    METRIC,
    MINIMUM,
    NEXT,
    NOBODY,
    OUTWARD,
    PAID,
    PRESENT,
    READY_AT,
    RETRY_AT,
    REVERSALS,
    SCHEDULE,
    SERVES,
    SERVING,
    STARTS,
    STEPS,
    TARGET,
    TRACKS,
    UPDATING,
)
from understudy.sim.queueing import Floats, copy_row

INF = np.inf
FRESH = 60.0
"""An alarm still stands if it invoked its policy less than so many seconds ago."""
FIRST_RETRY, LONGEST_RETRY = 5.0, 300.0
FLAPPING = 3600.0
"""A change of direction less than so many seconds after the last change is a reversal."""


class Rules(NamedTuple):
    """What does not change. Steps are rows of policies; starts, failures and lifetimes by launch.

    ``failures`` are seconds until a launch has failed, inf where it does not. Rows of ``pools`` are
    begin, end, and how many instances may run in between; a launch beyond fails at once. Nothing
    else fails before ``armed_at``. An instance that served is paid ``drain`` seconds longer.
    """

    lowers: Any
    uppers: Any
    adjustments: Any
    starts: Floats
    failures: Floats
    lifetimes: Floats
    pools: Floats
    drain: float
    armed_at: float


class Variant(NamedTuple):
    """What changes: the variant, its policies, its instances, and its capacity over time."""

    now: Floats
    policies: Floats
    instances: Floats
    curve: Floats


def answer(policy: int, desired: int, granted: int, blocked: float, at: float, variant: Variant,
           rules: Rules) -> int:  # fmt: skip
    """The verdict of one policy on the alarm that invoked it last."""
    now, own = variant.now, variant.policies[policy]
    running, minimum, maximum = int(now[SERVING]), int(now[MINIMUM]), int(now[MAXIMUM])
    base = scale_out_base(running, 0, int(own[GRANT_BASE]), own[GRANT_UNTIL], at)
    current = scale_in_base(running, 0, granted)
    grant, until, above = int(own[GRANT_DESIRED]), own[GRANT_UNTIL], own[ABOVE] > 0.0
    if own[TRACKS] > 0.0:
        metric, target = own[METRIC], own[TARGET]
        if above:
            return tracked_out(metric, target, base, desired, minimum, maximum, grant, until, at)
        if own[DISABLED] > 0.0:
            return IN_DISABLED
        gradual = own[GRADUAL] > 0.0
        return tracked_in(
            metric, target, own[LOW], gradual, current, desired, minimum, maximum, 0, blocked, at
        )
    steps = int(own[STEPS])
    index = step_index(
        rules.lowers[policy, :steps], rules.uppers[policy, :steps], own[DIFFERENCE], above
    )
    if index < 0:
        return NO_STEP
    adjustment = int(rules.adjustments[policy, index])
    return stepped(
        int(own[KIND]), adjustment, int(own[MAGNITUDE]), base, current, desired, minimum, maximum,
        grant, until, 0, blocked, at,
    )  # fmt: skip


def base_of(policy: int, at: float, variant: Variant) -> int:
    """What a scale-out of a policy is computed from."""
    own = variant.policies[policy]
    running = int(variant.now[SERVING])
    return scale_out_base(running, 0, int(own[GRANT_BASE]), own[GRANT_UNTIL], at)


def weighed(policy: int, asked: int, at: float, variant: Variant, rules: Rules) -> tuple[int, int]:
    """The verdict of all policies on a scale-in that one asks for, and whose capacity it is."""
    now, policies = variant.now, variant.policies
    desired, granted = int(now[DESIRED]), in_progress(variant)
    unready, ready, stepping = 0, -1, -1
    outward, whose = False, policy
    for other in range(policies.shape[0]):
        own = policies[other]
        tracks = own[TRACKS] > 0.0 and own[DISABLED] == 0.0
        if other == policy:
            continue
        verdict = ON_TARGET
        if at - own[INVOKED] < FRESH:
            verdict = answer(other, desired, granted, now[BLOCKED_UNTIL], at, variant, rules)
        outward = outward or direction(verdict, desired) > 0
        if tracks and verdict < 0:
            unready += 1
        elif tracks:
            ready = max(ready, verdict)
        else:
            stepping = max(stepping, verdict)
    tracks = policies[policy, TRACKS] > 0.0
    result = agreed(asked, tracks, outward, unready, ready, stepping)
    if result > asked:
        whose = proposer(policy, result, at, variant, rules)
    return result, whose


def proposer(policy: int, wanted: int, at: float, variant: Variant, rules: Rules) -> int:
    """The first other policy, step scaling before target tracking, that proposes a capacity."""
    now, policies = variant.now, variant.policies
    desired, granted = int(now[DESIRED]), in_progress(variant)
    for tracks in (0.0, 1.0):
        for other in range(policies.shape[0]):
            own = policies[other]
            if other == policy or own[TRACKS] != tracks or at - own[INVOKED] >= FRESH:
                continue
            if answer(other, desired, granted, now[BLOCKED_UNTIL], at, variant, rules) == wanted:
                return other
    return policy


def in_progress(variant: Variant) -> int:
    """What the activity in progress has been granted, 0 where there is none."""
    now = variant.now
    return int(now[BEGUN_TO]) if now[BEGUN_BY] != NOBODY else 0


def invoke(policy: int, at: float, variant: Variant, rules: Rules) -> None:
    """Do what an alarm asks of a policy, if all rules allow it."""
    now = variant.now
    desired, granted, blocked = int(now[DESIRED]), in_progress(variant), now[BLOCKED_UNTIL]
    verdict, whose = answer(policy, desired, granted, blocked, at, variant, rules), policy
    outward = verdict > desired
    if 0 <= verdict < desired:
        verdict, whose = weighed(policy, verdict, at, variant, rules)
    if verdict == IN_COOLDOWN:
        verdict = at_the_same_time(policy, at, variant, rules)
    if verdict < 0:
        return
    base = base_of(policy, at, variant)
    scale(whose, verdict, outward, at, variant)
    if outward:
        own = variant.policies[whose]
        own[GRANT_BASE], own[GRANT_DESIRED], own[GRANT_UNTIL] = base, verdict, INF
    now[BLOCKED_UNTIL] = -INF if outward else INF
    settle(at, variant, rules)


def at_the_same_time(policy: int, at: float, variant: Variant, rules: Rules) -> int:
    """A scale-in that is refused only because another one was begun at this very moment.

    Of simultaneous requests the largest capacity wins.
    """
    now = variant.now
    begun = now[BEGUN_BY]
    if begun in (NOBODY, policy) or now[BEGUN_AT] != at:
        return IN_COOLDOWN
    verdict = answer(policy, int(now[BEGUN_FROM]), 0, -INF, at, variant, rules)
    return verdict if verdict > now[BEGUN_TO] else IN_COOLDOWN


def scale(
    whose: int,
    wanted: int,
    outward: bool,  # noqa: FBT001 - compiled functions take no keywords
    at: float,
    variant: Variant,
) -> None:
    """Begin an activity that sets the desired capacity; one in progress is overridden."""
    now = variant.now
    before = now[DESIRED]
    if now[BEGUN_BY] != NOBODY:
        if now[BEGUN_AT] == at:
            before = now[BEGUN_FROM]
        release(int(now[BEGUN_BY]), variant)
    now[BEGUN_BY], now[BEGUN_AT], now[BEGUN_FROM], now[BEGUN_TO] = whose, at, before, wanted
    now[DESIRED], now[RETRY_AT], now[UPDATING] = wanted, 0.0, 1.0
    note_change(1.0 if outward else -1.0, at, now)


def note_change(outward: float, at: float, now: Floats) -> None:
    """Count an activity, and whether it takes back what the last one did."""
    if at >= now[BEGIN]:
        now[ACTIVITIES] += 1.0
        now[OUTWARD] += max(outward, 0.0)
        if outward != now[LAST_DIRECTION] and at - now[CHANGED_AT] < FLAPPING:
            now[REVERSALS] += 1.0
    now[CHANGED_AT], now[LAST_DIRECTION] = at, outward
    if outward > 0.0 and now[BREACH_AT] < INF and now[ASKED_AT] == INF:
        now[ASKED_AT] = at


def release(policy: int, variant: Variant) -> None:
    """Forget what the activity in progress was granted."""
    now = variant.now
    if policy >= 0 and variant.policies[policy, GRANT_UNTIL] == INF:
        variant.policies[policy, GRANT_UNTIL] = -INF
    if now[BLOCKED_UNTIL] == INF:
        now[BLOCKED_UNTIL] = -INF


def settle(at: float, variant: Variant, rules: Rules) -> None:
    """Launch what is missing, stop the newest of what is too much, and see whether it is done."""
    now = variant.now
    while now[PRESENT] > now[DESIRED]:
        remove(int(now[PRESENT]) - 1, at, variant, rules, rules.drain)
    if at >= now[RETRY_AT]:
        while now[PRESENT] < now[DESIRED]:
            launch(at, variant, rules)
    if now[UPDATING] > 0.0 and now[PRESENT] == now[DESIRED] == now[SERVING]:
        fulfil(at, variant)
    look_ahead(variant)
    note_curve(at, variant)


def fulfil(at: float, variant: Variant) -> None:
    """The capacity is there: the activity in progress succeeds, and its cooldown starts."""
    now = variant.now
    now[UPDATING], now[FAILURES] = 0.0, 0.0
    begun = int(now[BEGUN_BY])
    now[BEGUN_BY] = NOBODY
    if begun < 0:
        release(begun, variant)
        return
    own = variant.policies[begun]
    if own[GRANT_UNTIL] == INF:
        own[GRANT_UNTIL] = at + own[COOLDOWN_OUT]
    if now[BLOCKED_UNTIL] == INF:
        now[BLOCKED_UNTIL] = at + own[COOLDOWN_IN]


def launch(at: float, variant: Variant, rules: Rules) -> None:
    """Start one more instance."""
    now = variant.now
    row = variant.instances[int(now[PRESENT])]
    number = int(now[LAUNCHED]) % rules.starts.size
    row[LAUNCHED_AT], row[SERVES] = at, 0.0
    doom = INF
    if at >= rules.armed_at:
        doom = rules.failures[number]
    if is_short(now[PRESENT], at, rules.pools):
        doom = 0.0
    if doom < INF:
        row[READY_AT], row[FAILS_AT] = INF, at + doom
    else:
        row[READY_AT] = at + rules.starts[number]
        row[FAILS_AT] = row[READY_AT] + rules.lifetimes[number]
    now[PRESENT] += 1.0
    now[LAUNCHED] += 1.0
    now[STARTS] += 1.0 if at >= now[BEGIN] else 0.0


def is_short(present: float, at: float, pools: Floats) -> bool:
    """Whether no more than those that are present may run now."""
    for index in range(pools.shape[0]):
        if pools[index, 0] <= at < pools[index, 1] and present >= pools[index, 2]:
            return True
    return False


def remove(index: int, at: float, variant: Variant, rules: Rules, drain: float) -> None:
    """Take an instance away; it is paid for until it has drained."""
    now, rows = variant.now, variant.instances
    serves = rows[index, SERVES] > 0.0
    end = at + drain if serves else at
    now[PAID] += paid(rows[index, LAUNCHED_AT], end, now[BEGIN], now[END])
    now[SERVING] -= 1.0 if serves else 0.0
    for row in range(index, int(now[PRESENT]) - 1):
        copy_row(rows[row + 1], rows[row])
    now[PRESENT] -= 1.0


def paid(start: float, end: float, begin: float, finish: float) -> float:
    """The clock seconds of a life within the run, as they are billed."""
    first, last = max(start, begin), min(end, finish)
    return np.ceil(last) - np.floor(first) if last > first else 0.0


def look_ahead(variant: Variant) -> None:
    """When the next thing happens to an instance by itself."""
    now, rows = variant.now, variant.instances
    soonest = now[RETRY_AT] if now[PRESENT] < now[DESIRED] else INF
    for index in range(int(now[PRESENT])):
        if rows[index, SERVES] == 0.0:
            soonest = min(soonest, rows[index, READY_AT])
        soonest = min(soonest, rows[index, FAILS_AT])
    now[NEXT] = soonest


def happen(at: float, variant: Variant, rules: Rules) -> None:
    """What is due at this time happens: an instance serves, or fails, or is tried again."""
    now, rows = variant.now, variant.instances
    for index in range(int(now[PRESENT])):
        if rows[index, SERVES] == 0.0 and rows[index, READY_AT] <= at:
            rows[index, SERVES] = 1.0
            now[SERVING] += 1.0
            settle(at, variant, rules)
            return
        if rows[index, FAILS_AT] <= at:
            fail(index, at, variant, rules)
            return
    settle(at, variant, rules)


def fail(index: int, at: float, variant: Variant, rules: Rules) -> None:
    """An instance is lost: one that served is replaced, a scale-out that fails is taken back."""
    now = variant.now
    served = variant.instances[index, SERVES] > 0.0
    remove(index, at, variant, rules, 0.0)
    if not served and now[UPDATING] > 0.0:
        now[DESIRED] = max(1.0, now[SERVING])
        if now[BEGUN_BY] != NOBODY:
            release(int(now[BEGUN_BY]), variant)
            now[BEGUN_BY] = NOBODY
    elif not served:
        delay = min(FIRST_RETRY * 2.0 ** now[FAILURES], LONGEST_RETRY)
        now[FAILURES] += 1.0
        now[RETRY_AT] = at + delay
    settle(at, variant, rules)


def bound(minimum: float, maximum: float, at: float, variant: Variant, rules: Rules) -> None:
    """A scheduled action sets the bounds it names (not negative), and capacity moves into them."""
    now = variant.now
    low = minimum if minimum >= 0.0 else now[MINIMUM]
    high = maximum if maximum >= 0.0 else now[MAXIMUM]
    if low > high:
        return
    now[MINIMUM], now[MAXIMUM] = low, high
    wanted = min(max(now[DESIRED], low), high)
    if wanted != now[DESIRED]:
        scale(SCHEDULE, int(wanted), wanted > now[DESIRED], at, variant)
        settle(at, variant, rules)


def note_curve(at: float, variant: Variant) -> None:
    """Write down the capacity where it has changed, as long as there is room."""
    now, curve = variant.now, variant.curve
    size = int(now[CURVE])
    if size == curve.shape[0]:
        return
    if size and curve[size - 1, 1] == now[DESIRED] and curve[size - 1, 2] == now[SERVING]:
        return
    curve[size, 0], curve[size, 1], curve[size, 2] = at, now[DESIRED], now[SERVING]
    now[CURVE] += 1.0
