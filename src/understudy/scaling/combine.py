"""Several policies on one target.

AWS: How target tracking scaling works, "Multiple scaling policies". The largest capacity wins, for
scale-out and scale-in alike. Target tracking scales out if any policy wants to, and scales in only
if all of them with scale-in enabled are ready to; a step policy may scale in regardless.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from understudy.scaling.decision import Decision, NotScaled, Outcome, Reason


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
    agreed = [outcome for outcome in tracking if isinstance(outcome, Decision)]
    unanimous = len(agreed) == len(tracking)
    if any(vote.outward for vote in votes) or (tracks and not unanimous):
        return NotScaled(Reason.NOT_AGREED, asked.cause, asked.policy, asked.at, direction=-1)
    stepping = [
        vote.outcome for vote in votes if not vote.tracks and isinstance(vote.outcome, Decision)
    ]
    return largest([asked, *stepping, *(agreed if unanimous else [])])
