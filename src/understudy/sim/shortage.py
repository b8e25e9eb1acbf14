"""The port to shortages of capacity: when AWS has no instance of a type to give."""

from dataclasses import dataclass
from typing import Protocol


class Shortages(Protocol):
    """When there is no capacity. ``failed_after`` is how many seconds later that is known."""

    @property
    def failed_after(self) -> float:
        """Seconds from a launch to the answer that there is no capacity."""
        ...

    def short(self, instance_type: str, at: float) -> bool:
        """Whether a launch of this type at this time (world time) finds no capacity."""
        ...


@dataclass(frozen=True, slots=True)
class Outages:
    """Spans of world time in which no instance of a type can be had; begin and end in seconds."""

    spans: tuple[tuple[str, float, float], ...] = ()
    failed_after: float = 1860.0
    """Six attempts on ml.g6 types failed after about 31 minutes each (a published deployment log).
    """

    def short(self, instance_type: str, at: float) -> bool:
        """Whether the time lies in a span of the type."""
        return any(kind == instance_type and begin <= at < end for kind, begin, end in self.spans)


PLENTY = Outages()
"""Every launch finds capacity."""
