"""What the engine tells of its fleets: values that travel to who asks, apart from their making."""

from msgspec import Struct

from understudy.control.outcome import ActivityRecord, AlarmTransition, CapacityPoint, FailureRecord
from understudy.pricing.meter import Usage


class AlarmState(Struct, frozen=True):
    """An alarm that watches the endpoint, and since when it is in its state."""

    name: str
    state: str
    since: float


class Observation(Struct, frozen=True):
    """A variant at ``at``, with what happened to it since a time.

    ``stand_in`` is the service time that its container asks for, empty for a real model. Usage
    that goes on ends at ``at``. ``resource`` is what scales where that is no variant: a group, a
    service.
    """

    at: float
    endpoint: str
    variant: str
    status: str
    instance_type: str
    stand_in: str
    minimum: int
    maximum: int
    policies: tuple[str, ...]
    capacity: tuple[CapacityPoint, ...]
    activities: tuple[ActivityRecord, ...]
    transitions: tuple[AlarmTransition, ...]
    alarms: tuple[AlarmState, ...]
    usage: tuple[Usage, ...]
    resource: str = ""
    failures: tuple[FailureRecord, ...] = ()


class FleetRow(Struct, frozen=True):
    """A fleet now. Rates are those of the last whole minute, None where nothing is known.

    ``latency_ms`` is an average; ``usd_per_hour`` is what its members cost on demand.
    """

    resource: str
    instance_type: str
    desired: int
    in_service: int
    pending: int
    terminating: int
    minimum: int
    maximum: int
    requests_per_second: float | None = None
    latency_ms: float | None = None
    cpu_percent: float | None = None
    usd_per_hour: float | None = None
