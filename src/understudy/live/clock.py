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
        return self.world_at(time.monotonic())

    def real_now(self) -> float:
        """The reading of the clock behind it, seconds; the same for all processes of a machine."""
        return time.monotonic()

    def world_at(self, real: float) -> float:
        """World time at a reading of the clock behind it."""
        return self.world_epoch + (real - self.real_epoch) * self.speed

    def real_until(self, at: float) -> float:
        """Real seconds until a world time; negative if it has passed."""
        return (at - self.now()) / self.speed
