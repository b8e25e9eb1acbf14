"""What a planned stack would cost a month, and which quotas it needs."""

from pathlib import Path

from understudy.app.estimate import estimated_lines
from understudy.app.stacks.place import Place
from understudy.app.stacks.source import StackSource


def estimates(place: Place, source: StackSource) -> list[str]:
    """Idle, on an ordinary day, and pinned at maximum; then the quotas, in lines.

    The prices are those of the engine's state folder; elsewhere those that come with Understudy.
    """
    state = Path(place.client.status["state"]) if place.kind == "engine" else None
    return estimated_lines(source.text, source.path, source.parameters, state, place.region)
