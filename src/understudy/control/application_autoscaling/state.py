"""What Application Auto Scaling remembers: targets, policies, scheduled actions, activities."""

from msgspec import Struct, field

from understudy.control.events import Params
from understudy.control.forecasting import Forecast
from understudy.scaling.cooldown import Grant
from understudy.scaling.decision import Breach

OWNER = "application-autoscaling"
"""The owner of the timers of this service."""


class Alarm(Struct, frozen=True, array_like=True):
    """One of the two alarms that a target tracking policy owns."""

    name: str
    arn: str


class ScalingPolicy(Struct):
    """A scaling policy as it was put, and what it has done lately.

    ``breach`` is the last alarm that invoked it and ``invoked_at`` when that was; ``grant`` is the
    scale-out whose cooldown may still run.
    """

    name: str
    arn: str
    kind: str
    configuration: Params
    created_at: float
    created_by: str = ""
    alarms: tuple[Alarm, ...] = ()
    grant: Grant | None = None
    breach: Breach | None = None
    invoked_at: float = 0.0
    forecast: Forecast | None = None
    due: float | None = None


class ScheduledAction(Struct):
    """A scheduled action as it was put. ``due`` is when it runs next, None if never again."""

    name: str
    arn: str
    schedule: str
    created_at: float
    timezone: str | None = None
    start: float | None = None
    end: float | None = None
    minimum: int | None = None
    maximum: int | None = None
    due: float | None = None


class Suspended(Struct, frozen=True):
    """Which kinds of scaling a target has suspended."""

    scale_in: bool = False
    scale_out: bool = False
    scheduled: bool = False


class ScalableTarget(Struct):
    """A registered resource with its bounds.

    ``uuid`` appears in the ARNs of its policies and scheduled actions. ``scale_in_until`` ends the
    scale-in cooldown (inf while a scale-in is in progress). ``predicted`` is the capacity that a
    predictive policy forecasts for this hour.
    """

    dimension: str
    resource_id: str
    arn: str
    uuid: str
    minimum: int
    maximum: int
    role_arn: str
    created_at: float
    suspended: Suspended = Suspended()
    tags: dict[str, str] = field(default_factory=dict)
    policies: dict[str, ScalingPolicy] = field(default_factory=dict)
    scheduled: dict[str, ScheduledAction] = field(default_factory=dict)
    scale_in_until: float = float("-inf")
    predicted: int | None = None

    @property
    def namespace(self) -> str:
        """The service namespace, ``sagemaker``."""
        return self.dimension.split(":", 1)[0]

    @property
    def key(self) -> str:
        """The key of this target and its activities in the state."""
        return target_key(self.dimension, self.resource_id)

    def identity(self) -> Params:
        """The members by which AWS names a target in every answer."""
        return {
            "ServiceNamespace": self.namespace,
            "ResourceId": self.resource_id,
            "ScalableDimension": self.dimension,
        }


class Activity(Struct):
    """A scaling activity.

    ``desired`` is the capacity it sets, ``previous`` the one before, and ``policy`` the policy
    behind it, if any. ``not_scaled`` are the reasons for which nothing was set; their members have
    AWS's names.
    """

    id: str
    dimension: str
    resource_id: str
    description: str
    cause: str
    start: float
    status: str
    message: str = ""
    end: float | None = None
    desired: int | None = None
    previous: int = 0
    policy: str = ""
    not_scaled: tuple[Params, ...] = ()


class State(Struct):
    """All of it, of one region.

    Targets and activities (by their starts) are keyed by ``target_key``; activities outlive their
    target. ``in_progress`` are the activities that are not yet settled, at most one for a target.
    ``owners`` has the target key and the name of each policy, by ARN.
    """

    targets: dict[str, ScalableTarget] = field(default_factory=dict)
    activities: dict[str, list[Activity]] = field(default_factory=dict)
    in_progress: dict[str, Activity] = field(default_factory=dict)
    owners: dict[str, tuple[str, str]] = field(default_factory=dict)


def target_key(dimension: str, resource_id: str) -> str:
    """The key of a target; a dimension implies its namespace."""
    return f"{dimension}|{resource_id}"
