"""What is remembered of capacity: limits of pools, quotas, and every instance that was granted."""

from msgspec import Struct, field

from understudy.pricing.instance import family

OWNER = "capacity"
ON_DEMAND, SPOT = "on-demand", "spot"


class Pool(Struct, frozen=True):
    """A limit on pools: of each type in each zone that fits at most ``count`` run at a time.

    ``pattern`` is a type, a family or ``*``; an empty ``zone`` or ``purchase`` fits any. It holds
    from ``since`` until ``until``, in seconds since the epoch; None is for good.
    """

    pattern: str
    count: int
    zone: str = ""
    purchase: str = ""
    since: float = 0.0
    until: float | None = None

    def fits(self, instance_type: str, zone: str, purchase: str) -> bool:
        """Whether a launch is from a pool that this limits."""
        named = self.pattern in (instance_type, family(instance_type), "*")
        return named and self.zone in ("", zone) and self.purchase in ("", purchase)

    def holds(self, at: float) -> bool:
        """Whether it is in force at a time."""
        return self.since <= at and (self.until is None or at < self.until)


class Place(Struct, frozen=True):
    """Whose an instance is and how it was bought; SageMaker does not say in which zone it is."""

    service: str
    owner: str
    zone: str = ""
    purchase: str = ON_DEMAND


class Life(Struct):
    """An instance from its launch on. ``running_at`` and ``ended_at`` are 0 until they come.

    ``reservation`` is the Capacity Reservation or zonal Reserved Instance that it runs in. A spot
    instance was recommended to be rebalanced, and its interruption was noticed, when they say.
    """

    id: str
    instance_type: str
    place: Place
    launched_at: float
    running_at: float = 0.0
    ended_at: float = 0.0
    reservation: str = ""
    rebalance_at: float = 0.0
    notice_at: float = 0.0


class TaskLife(Struct):
    """A Fargate task: CPU units and MiB, from the pull of its image until its end, 0 until then."""

    id: str
    owner: str
    cpu: int
    memory: int
    launched_at: float
    pulled_at: float = 0.0
    ended_at: float = 0.0
    spot: bool = False


class BalancerLife(Struct):
    """A load balancer, with what it did in each clock-hour (CloudWatch's counts by name)."""

    arn: str
    began_at: float
    ended_at: float = 0.0
    hours: dict[int, dict[str, float]] = field(default_factory=dict[int, dict[str, float]])


class ServerlessLife(Struct):
    """A serverless variant with environments of ``memory`` MB.

    ``provisioned`` of them are kept ``since`` a time; ``hours`` has what was used by product in
    each clock-hour (unit-microseconds, bytes), provisioned ones up to then.
    """

    owner: str
    began_at: float
    since: float
    memory: int = 0
    provisioned: int = 0
    ended_at: float = 0.0
    hours: dict[int, dict[str, int]] = field(default_factory=dict[int, dict[str, int]])


class CapacityState(Struct):
    """Everything of one region. ``limits`` are quotas by key; ``lives`` those that have ended."""

    pools: list[Pool] = field(default_factory=list[Pool])
    limits: dict[str, int] = field(default_factory=dict[str, int])
    held: dict[str, Life] = field(default_factory=dict[str, Life])
    lives: list[Life] = field(default_factory=list[Life])
    tasks: dict[str, TaskLife] = field(default_factory=dict[str, TaskLife])
    balancers: dict[str, BalancerLife] = field(default_factory=dict[str, BalancerLife])
    serverless: list[ServerlessLife] = field(default_factory=list[ServerlessLife])
