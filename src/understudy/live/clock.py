"""World time in the live world: the real clock, running ``speed`` times faster."""

import time
from dataclasses import dataclass


def real_now() -> float:
    """The real date, seconds since the epoch: the time by which clients sign their requests."""
    return time.time()  # noqa: TID251 - the one place that reads it


@dataclass(frozen=True, slots=True)
class WorldClock:
    """World time is ``world_epoch + (monotonic - real_epoch) * speed``."""

    real_epoch: float
    world_epoch: float
    speed: float

    @staticmethod
    def starting(speed: float, *, not_before: float = 0.0) -> "WorldClock":
        """A clock that shows the real date now, or a later time that the world has seen already."""
        return WorldClock(time.monotonic(), max(real_now(), not_before), speed)

    def now(self) -> float:
        """World time, seconds since the epoch."""
        return self.world_epoch + (time.monotonic() - self.real_epoch) * self.speed

    def real_until(self, at: float) -> float:
        """Real seconds until a world time; negative if it has passed."""
        return (at - self.now()) / self.speed
