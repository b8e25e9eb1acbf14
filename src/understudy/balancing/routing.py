"""Which variant or target group, and which of its targets, gets the next request.

Plain functions over numbers, so that the data plane and the simulator call the same ones and a
compiler can translate them. Randomness comes in as ``u``, uniform in [0, 1).
"""

from collections.abc import MutableSequence, Sequence

NOBODY = -1
"""What a choice among nobody comes to."""

ROUND_ROBIN, LEAST_OUTSTANDING, WEIGHTED_RANDOM = 0, 1, 2
ALGORITHMS = {
    "round_robin": ROUND_ROBIN,
    "least_outstanding_requests": LEAST_OUTSTANDING,
    "weighted_random": WEIGHTED_RANDOM,
}
"""The numbers of the algorithms that a target group may have. AWS: TargetGroupAttribute,
load_balancing.algorithm.type."""


def choose_variant(weights: Sequence[float], u: float) -> int:
    """The index of the one that a request goes to: each has ``weight / sum of weights``.

    ``NOBODY`` where no weight is above zero. Weights 3 and 1 send u = 0.7 to the first and
    u = 0.8 to the second. (AWS: ProductionVariant, InitialVariantWeight; TargetGroupTuple, Weight;
    TargetGroupAttribute, weighted_random.)
    """
    total = 0.0
    for weight in weights:
        total += weight
    point = u * total
    chosen = NOBODY
    for index in range(len(weights)):
        if weights[index] > 0.0:
            chosen = index
            point -= weights[index]
            if point < 0.0:
                return chosen
    return chosen


def least_outstanding(outstanding: Sequence[int], u: float) -> int:
    """The index of the target with the fewest requests in flight; ties are broken by ``u``.

    ``NOBODY`` where there is no target. Of counts (2, 1, 1), u = 0.4 takes the second and u = 0.5
    the third. (AWS: ProductionVariantRoutingConfig, LEAST_OUTSTANDING_REQUESTS.)
    """
    fewest = 0
    ties = 0
    for count in outstanding:
        if ties == 0 or count < fewest:
            fewest = count
            ties = 1
        elif count == fewest:
            ties += 1
    place = int(u * ties)
    for index in range(len(outstanding)):
        if outstanding[index] == fewest:
            if place == 0:
                return index
            place -= 1
    return NOBODY


def round_robin(turns: MutableSequence[float], weights: Sequence[float]) -> int:
    """The index of the target whose turn it is; ``turns``, all zero at first, remember.

    Each target is chosen in proportion to its weight, as evenly spread as can be: weights (1, 1, 1)
    give 0, 1, 2, 0, ...; weights (2, 1) give 0, 1, 0, 0, 1, 0. ``NOBODY`` where there is no target;
    the first, where no weight is above zero. (AWS: TargetGroupAttribute, round_robin.)
    """
    total = 0.0
    chosen = NOBODY
    for index in range(len(weights)):
        total += weights[index]
        turns[index] += weights[index]
        if chosen == NOBODY or turns[index] > turns[chosen]:
            chosen = index
    if chosen != NOBODY:
        turns[chosen] -= total
    return chosen


def pick(
    algorithm: int,
    outstanding: Sequence[int],
    shares: Sequence[float],
    turns: MutableSequence[float],
    slow: int,
    last: int,
    u: float,
) -> int:
    """The index of the target that gets the next request of a target group; ``NOBODY``: none is.

    ``last`` is the one that was chosen last (``NOBODY`` at first), ``turns`` are what `round_robin`
    remembers; ``shares`` are those of `starting`, which has told how many start ``slow``. What is
    in flight matters to least outstanding requests alone, ``u`` to all but taking turns.
    """
    if algorithm == LEAST_OUTSTANDING:
        return least_outstanding(outstanding, u)
    if algorithm == WEIGHTED_RANDOM:
        chosen = choose_variant(shares, u)
        return 0 if chosen == NOBODY and len(shares) > 0 else chosen
    if slow > 0:
        return round_robin(turns, shares)
    return (last + 1) % len(shares) if len(shares) > 0 else NOBODY


def starting(
    now: float, duration: float, since: Sequence[float], shares: MutableSequence[float]
) -> int:
    """How many targets start slowly; ``shares`` become the `slow_start` of each.

    ``since`` is when each began to, 0 where it does not.
    """
    slow = 0
    for index in range(len(since)):
        shares[index] = slow_start(now - since[index], duration) if since[index] > 0.0 else 1.0
        if shares[index] < 1.0:
            slow += 1
    return slow


def slow_start(elapsed: float, duration: float) -> float:
    """The weight of a target that became healthy ``elapsed`` seconds ago: it grows to 1 in a line.

    Of a duration of 30 s, a target has a tenth of its share after 3 s; a duration of 0 is off.
    (AWS: Target groups for your Application Load Balancers, Slow start mode.)
    """
    if duration <= 0.0 or elapsed >= duration:
        return 1.0
    return max(elapsed, 0.0) / duration
