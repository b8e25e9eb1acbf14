"""What EC2 Auto Scaling remembers: groups with their instances, policies, schedules, activities."""

from msgspec import Struct, field

from understudy.control.events import Kind, Params
from understudy.control.forecasting import Forecast
from understudy.scaling.decision import Breach
from understudy.scaling.mixed import Pool

OWNER = "autoscaling"
"""The owner of the timers of this service."""


class Action(Struct):
    """A lifecycle action that holds an instance in a wait state until its deadline."""

    hook: str
    token: str
    result: str
    deadline: float
    latest: float


class Instance(Struct):
    """An instance of a group.

    ``lifecycle`` is AWS's LifecycleState. ``warm_up`` is how long, in seconds, it warms up once it
    is in service, and ``warm_at`` when it is warm. ``activity`` is the activity that it goes
    through. An instance that is ``retiring`` (the reason) is still there, but the group counts
    without it; ``after`` says that its replacement comes first. ``stopping_at`` is when the world
    was told to end it.
    """

    id: str
    zone: str
    subnet: str
    instance_type: str
    weight: int
    launched_at: float
    lifecycle: str = "Pending"
    purchase: str = "on-demand"
    image_id: str = ""
    launch_template: Params = field(default_factory=dict)
    launch_configuration: str = ""
    rank: int = 0
    weighted: bool = False
    kind: Kind = "machine"
    runs: str = ""
    healthy: bool = True
    illness: str = ""
    protected: bool = False
    in_service_at: float = 0.0
    warm_up: float = 0.0
    warm_at: float = 0.0
    activity: str = ""
    actions: dict[str, Action] = field(default_factory=dict)
    retiring: str = ""
    after: bool = False
    stopping_at: float = 0.0
    refresh: str = ""
    came_from: str = ""
    rebooting: bool = False

    @property
    def pool(self) -> Pool:
        """The pool that the instance was taken from."""
        return Pool(self.instance_type, self.zone, self.weight, self.rank)


class Hook(Struct):
    """A lifecycle hook. ``params`` are those of PutLifecycleHook that say whom to notify."""

    name: str
    transition: str
    heartbeat: float
    default: str
    params: Params


class ScalingPolicy(Struct):
    """A scaling policy as it was put, and the alarm that invoked it last."""

    name: str
    arn: str
    kind: str
    params: Params
    uuid: str = ""
    alarms: dict[str, str] = field(default_factory=dict)
    breach: Breach | None = None
    invoked_at: float = 0.0
    forecast: Forecast | None = None
    due: float | None = None


class ScheduledAction(Struct):
    """A scheduled action as it was put. ``due`` is when it runs next, None if never again."""

    name: str
    arn: str
    created_at: float
    recurrence: str = ""
    zone: str = ""
    start: float | None = None
    end: float | None = None
    minimum: int | None = None
    maximum: int | None = None
    desired: int | None = None
    due: float | None = None


class Activity(Struct):
    """A scaling activity. ``details`` is JSON; ``invoking`` are the alarms behind it."""

    id: str
    description: str
    cause: str
    started_at: float
    status: str
    details: str
    instance: str = ""
    progress: int = 0
    message: str = ""
    ended_at: float | None = None


class WarmPool(Struct):
    """A warm pool. ``prepared`` is MaxGroupPreparedCapacity, None for the group's maximum."""

    prepared: int | None = None
    minimum: int = 0
    state: str = "Stopped"
    reuse: bool = False
    deleting: bool = False


class Refresh(Struct):
    """An instance refresh.

    ``replaced`` instances are done, of ``total``. ``desired`` is the configuration that it brings,
    ``before`` the one that a rollback brings ``back``; ``rollback`` tells of its beginning.
    ``passed`` counts checkpoints; until ``paused_until`` nothing more is replaced. ``moved_at`` is
    when there was progress last.
    """

    id: str
    strategy: str
    preferences: Params
    started_at: float
    total: int
    status: str = "Pending"
    reason: str = ""
    ended_at: float | None = None
    desired: Params = field(default_factory=dict)
    before: Params = field(default_factory=dict)
    replaced: int = 0
    pool_total: int = 0
    pool_replaced: int = 0
    passed: int = 0
    paused_until: float = 0.0
    bakes_until: float = 0.0
    moved_at: float = 0.0
    back: Params = field(default_factory=dict)
    rollback: Params = field(default_factory=dict)


class Wish(Struct):
    """Why the desired capacity is what it is, until the group has acted on it.

    ``sentences`` say what changed it. ``policy`` and ``invoking`` name the policy and the alarms
    behind the last change, and ``warm_up`` is the warm-up that the policy asks for, in seconds.
    """

    sentences: list[str] = field(default_factory=list)
    policy: str = ""
    invoking: list[Params] = field(default_factory=list)
    warm_up: float | None = None


class Group(Struct):
    """An Auto Scaling group.

    ``params`` are the members of its creation that need no other form, under AWS's names. ``owed``
    are reasons for which lost instances shall be replaced. Before ``settle_at`` the group does not
    act on its desired capacity; ``shortages`` says until when a pool is not asked again.
    ``overshoot`` is by how many units the last launch went beyond what was desired, because
    instances have weights: that much is not taken back. ``calls`` are requests of LaunchInstances
    with their answers, by token.
    """

    name: str
    arn: str
    uuid: str
    created_at: float
    minimum: int
    maximum: int
    desired: int
    params: Params
    instances: dict[str, Instance] = field(default_factory=dict)
    policies: dict[str, ScalingPolicy] = field(default_factory=dict)
    scheduled: dict[str, ScheduledAction] = field(default_factory=dict)
    hooks: dict[str, Hook] = field(default_factory=dict)
    notifications: dict[str, list[str]] = field(default_factory=dict)
    suspended: dict[str, str] = field(default_factory=dict)
    metrics: list[str] = field(default_factory=list)
    metrics_due: float = 0.0
    tags: dict[str, tuple[str, bool]] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    in_progress: dict[str, Activity] = field(default_factory=dict)
    warm_pool: WarmPool | None = None
    refreshes: list[Refresh] = field(default_factory=list)
    wish: Wish = field(default_factory=Wish)
    owed: list[str] = field(default_factory=list)
    settle_at: float = 0.0
    cooldown: float = 300.0
    cooldown_until: float = 0.0
    scaled_in_at: float = -1.0
    scaled_in_from: int = 0
    scaled_in_by: str = ""
    shortages: dict[str, float] = field(default_factory=dict)
    overshoot: int = 0
    failures: int = 0
    retry_at: float = 0.0
    predicted: int | None = None
    deleting: bool = False
    checks_health: bool = False
    lifetime_due: float = 0.0
    calls: dict[str, tuple[Params, Params]] = field(default_factory=dict)

    @property
    def warm_up(self) -> float | None:
        """DefaultInstanceWarmup in seconds, None where it is not set."""
        value: int | None = self.params.get("DefaultInstanceWarmup")
        return None if value is None or value < 0 else float(value)

    @property
    def default_cooldown(self) -> float:
        """DefaultCooldown in seconds."""
        return float(self.params["DefaultCooldown"])

    @property
    def refresh(self) -> Refresh | None:
        """The instance refresh that is under way."""
        last = self.refreshes[-1] if self.refreshes else None
        return last if last and last.ended_at is None else None


class LaunchConfiguration(Struct, frozen=True):
    """A launch configuration as it was created."""

    name: str
    arn: str
    created_at: float
    params: Params


class History(Struct):
    """The settled activities of one group, by their start; ``deleted_at`` when it is gone."""

    arn: str
    activities: list[Activity] = field(default_factory=list)
    deleted_at: float | None = None


class State(Struct):
    """All of it, of one region.

    ``members`` has the group of each instance, ``owners`` the group and the name of each policy
    by ARN. ``detached`` are instances that run on without a group. ``histories`` are keyed by the
    name of the group; those of deleted groups have its ARN behind the name.
    """

    groups: dict[str, Group] = field(default_factory=dict)
    configurations: dict[str, LaunchConfiguration] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)
    owners: dict[str, tuple[str, str]] = field(default_factory=dict)
    detached: dict[str, Instance] = field(default_factory=dict)
    histories: dict[str, History] = field(default_factory=dict)
