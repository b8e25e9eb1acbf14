"""What CloudWatch remembers: metrics, alarms and their history, dashboards, detectors."""

from msgspec import Struct, field

from understudy.control.events import Params
from understudy.metrics.store import Store
from understudy.scaling.alarm import INSUFFICIENT_DATA
from understudy.scaling.alarm_reason import INITIAL


class Alarm(Struct, kw_only=True):
    """What every alarm has. ``params`` are those of its Put operation, with defaults filled in.

    ``incarnation`` stands in the keys of its timers: it is new with every Put, so that timers of
    an alarm that was changed, or deleted and made again, are told from its own.
    """

    name: str
    arn: str
    params: Params
    incarnation: str
    created_at: float
    updated_at: float
    state: str = INSUFFICIENT_DATA
    reason: str = INITIAL
    reason_data: str = ""
    state_updated_at: float = 0.0
    transitioned_at: float = 0.0


class MetricAlarm(Alarm, kw_only=True, tag=True):
    """An alarm on a metric or on metric maths.

    ``acted_at`` is when its scaling actions were last invoked. ``warm_until`` is the end of its
    warm-up, 0 without one or after it.
    """

    acted_at: float = 0.0
    warm_until: float = 0.0
    evaluation_state: str = ""


class CompositeAlarm(Alarm, kw_only=True, tag=True):
    """An alarm on the states of other alarms.

    ``owes`` is true while actions of a change of state are held back; ``suppressed_by`` says by
    what (WaitPeriod, ExtensionPeriod, Alarm) and ``hold`` numbers the period that runs.
    """

    owes: bool = False
    suppressed_by: str = ""
    hold: int = 0


AnyAlarm = MetricAlarm | CompositeAlarm


class HistoryItem(Struct, frozen=True, array_like=True):
    """One thing that happened to an alarm. ``data`` is JSON."""

    at: float
    alarm: str
    alarm_type: str
    item_type: str
    summary: str
    data: str


class Dashboard(Struct, frozen=True):
    """A dashboard as it was put. Dashboards are kept, not drawn."""

    name: str
    arn: str
    body: str
    modified_at: float


class Detector(Struct, frozen=True):
    """An anomaly detector: what it watches and how it was configured."""

    id: str
    params: Params


class CloudWatchState(Struct):
    """Everything CloudWatch remembers in one region."""

    store: Store = field(default_factory=Store)
    alarms: dict[str, AnyAlarm] = field(default_factory=dict)
    history: list[HistoryItem] = field(default_factory=list)
    dashboards: dict[str, Dashboard] = field(default_factory=dict)
    detectors: dict[str, Detector] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    incarnations: int = 0
