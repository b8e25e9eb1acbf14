"""How many tasks a rolling update may start and stop at a time.

AWS: Rolling update; DeploymentConfiguration, minimumHealthyPercent and maximumPercent.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """The fewest healthy tasks and the most tasks in all, while tasks are replaced."""

    lower: int
    upper: int


def bounds(desired: int, minimum_percent: int, maximum_percent: int) -> Bounds:
    """The minimum is rounded up, the maximum down.

    Of 4 tasks at 50 % two may be stopped; of 2 at 75 % none. 3 tasks at 125 % are 3 at most.
    """
    return Bounds(-(-desired * minimum_percent // 100), desired * maximum_percent // 100)


@dataclass(frozen=True, slots=True)
class Counts:
    """Tasks of a deployment that are not being stopped.

    ``pending`` ones do not run yet, ``starting`` ones run but are not known to be healthy.
    """

    pending: int = 0
    starting: int = 0
    healthy: int = 0
    unhealthy: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.pending + self.starting + self.healthy + self.unhealthy

    @property
    def running(self) -> int:
        """Those that run, healthy or not."""
        return self.total - self.pending

    @property
    def useful(self) -> int:
        """Those that are, or may become, healthy."""
        return self.total - self.unhealthy


@dataclass(frozen=True, slots=True)
class Moves:
    """What to do now: start new tasks, stop old ones, and unhealthy or needless new ones.

    ``stuck`` says that something is to be done but the bounds leave no room for it.
    """

    start: int = 0
    stop_old: int = 0
    stop_unhealthy: int = 0
    stop_excess: int = 0
    stuck: bool = False

    @property
    def none(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.start or self.stop_old or self.stop_unhealthy or self.stop_excess)


def moves(desired: int, limits: Bounds, new: Counts, old: Counts) -> Moves:
    """The next moves of a service with ``new`` tasks of its deployment and ``old`` ones.

    Old tasks that are not healthy go at once, healthy ones as far as the minimum allows. Unhealthy
    new tasks are replaced before they are stopped; where the maximum leaves no room for that, they
    are stopped one by one, as far as the minimum allows.
    """
    missing = desired - new.useful
    room = limits.upper - new.total - old.total
    start = max(0, min(missing, room))
    spare = max(0, new.healthy + old.healthy - limits.lower)
    stop_old = old.total - old.healthy + min(old.healthy, spare)
    stop_unhealthy = 0
    if new.healthy >= desired:
        stop_unhealthy = new.unhealthy
    elif missing > 0 and room <= 0 and not stop_old:
        running = new.running + old.running
        stop_unhealthy = min(new.unhealthy, 1) if running - 1 >= limits.lower else 0
    excess = max(0, -missing)
    found = Moves(start, stop_old, stop_unhealthy, excess)
    return Moves(stuck=missing > 0 and room <= 0) if found.none else found
