"""Several policies on one target.

AWS: How target tracking scaling works, "Multiple scaling policies". The largest capacity wins, for
scale-out and scale-in alike. Target tracking scales out if any policy wants to, and scales in only
if all of them with scale-in enabled are ready to; a step policy may scale in regardless.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from understudy.scaling.decision import Decision, NotScaled, Outcome
from understudy.scaling.verdict import IN_NOT_AGREED, REASONS


@dataclass(frozen=True, slots=True)
class Vote:
    """How another policy of the same target stands at this moment.

    ``outcome`` is what it answers to its alarm, or None if no alarm of it is in breach. ``tracks``
    holds for target tracking with scale-in enabled; ``outward`` if its alarm asks for more.
    """

    outcome: Outcome | None
    tracks: bool
    outward: bool = False


def largest(decisions: Iterable[Decision]) -> Decision:
    """The decision with the largest capacity; of equal ones the first. Raises if there is none."""
    return max(decisions, key=lambda decision: decision.desired)


def agree_to_scale_in(asked: Decision, votes: Sequence[Vote], *, tracks: bool) -> Outcome:
    """The scale-in that all policies together allow, when one of them asks for one.

    ``tracks`` says whether the asking policy is a target tracking policy.
    """
    tracking = [vote.outcome for vote in votes if vote.tracks]
    ready = [outcome for outcome in tracking if isinstance(outcome, Decision)]
    stepping = [
        vote.outcome for vote in votes if not vote.tracks and isinstance(vote.outcome, Decision)
    ]
    verdict = agreed(
        asked.desired,
        tracks,
        any(vote.outward for vote in votes),
        len(tracking) - len(ready),
        max((decision.desired for decision in ready), default=-1),
        max((decision.desired for decision in stepping), default=-1),
    )
    if verdict < 0:
        return NotScaled(REASONS[verdict], asked.cause, asked.policy, asked.at, direction=-1)
    proposals = (asked, *stepping, *ready)
    return next(decision for decision in proposals if decision.desired == verdict)


def agreed(
    asked: int,
    tracks: bool,  # noqa: FBT001 - compiled functions take no keywords
    outward: bool,  # noqa: FBT001
    unready: int,
    largest_ready: int,
    largest_stepping: int,
) -> int:
    """The verdict of all policies on the scale-in that one of them asks for.

    ``unready`` target tracking policies are not ready to scale in; ``outward`` if any policy wants
    more. The largest capacities are those that the others propose, -1 where none does.

    >>> agreed(3, True, False, 0, 4, -1), agreed(3, True, False, 1, -1, -1)
    (4, -17)
    """
    if outward or (tracks and unready > 0):
        return IN_NOT_AGREED
    wanted = max(asked, largest_stepping)
    return wanted if unready > 0 else max(wanted, largest_ready)
