"""What a rule makes of a capacity, as one whole number: the capacity to set, or why none is set.

The rules that policies have in common are functions of numbers and answer with numbers, so that a
compiler can translate them: what is not negative is a capacity, the rest are these verdicts.
"""

from collections.abc import Mapping

from understudy.scaling.decision import Reason

OUT_AT_MAXIMUM, OUT_COOLDOWN, OUT_AT_DESIRED = -1, -2, -3
"""More capacity was wanted, and not given."""
IN_AT_MINIMUM, IN_COOLDOWN, IN_AT_DESIRED, IN_WARMING, IN_FLAPPING, IN_DISABLED, IN_NOT_AGREED = (
    *(-11, -12, -13),
    *(-14, -15, -16, -17),
)
"""Less capacity was wanted, and none was taken."""
ON_TARGET, NO_STEP, UNCHANGED = -21, -22, -23
"""Neither more nor less was wanted."""

REASONS: Mapping[int, Reason] = {
    OUT_AT_MAXIMUM: Reason.AT_MAXIMUM,
    OUT_COOLDOWN: Reason.COOLDOWN,
    OUT_AT_DESIRED: Reason.AT_DESIRED,
    IN_AT_MINIMUM: Reason.AT_MINIMUM,
    IN_COOLDOWN: Reason.COOLDOWN,
    IN_AT_DESIRED: Reason.AT_DESIRED,
    IN_WARMING: Reason.WARMING,
    IN_FLAPPING: Reason.FLAPPING,
    IN_DISABLED: Reason.SCALE_IN_DISABLED,
    IN_NOT_AGREED: Reason.NOT_AGREED,
    ON_TARGET: Reason.ON_TARGET,
    NO_STEP: Reason.NO_STEP,
    UNCHANGED: Reason.AT_DESIRED,
}


def direction(verdict: int, desired: int) -> int:
    """1 where more than ``desired`` was wanted, -1 where less, 0 where neither.

    >>> direction(5, 4), direction(OUT_COOLDOWN, 4), direction(IN_AT_MINIMUM, 4)
    (1, 1, -1)
    """
    if verdict >= 0:
        return 1 if verdict > desired else -1
    if verdict > IN_AT_MINIMUM:
        return 1
    return -1 if verdict > ON_TARGET else 0
