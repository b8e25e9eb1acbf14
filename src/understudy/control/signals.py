"""What the machines of one region tell each other, within a turn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AlarmAction:
    """An alarm in a state names an action: a scaling policy, a topic, a function.

    ``datapoints`` are the values that the alarm evaluated, oldest first, missing ones left out.
    ``repeated`` is true when the alarm stays in its state and a scaling action is invoked again,
    which CloudWatch does once a minute.
    """

    action: str
    alarm_name: str
    alarm_arn: str
    old_state: str
    new_state: str
    reason: str
    datapoints: tuple[float, ...]
    threshold: float | None
    comparison: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class CapacityFulfilled:
    """A scalable resource has reached the capacity it was set to."""

    dimension: str
    resource_id: str


@dataclass(frozen=True, slots=True)
class CapacityFailed:
    """A scalable resource could not reach the capacity it was set to."""

    dimension: str
    resource_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ScalableRemoved:
    """A scalable resource is gone; its scalable target goes with it."""

    dimension: str
    resource_id: str


@dataclass(frozen=True, slots=True)
class Notification:
    """A message to a topic, a queue or a function, by its ARN: AWS's members, or text.

    ``principal`` and ``source`` (an ARN) are whom a function's policy has to permit.
    """

    target: str
    subject: str
    message: Mapping[str, Any] | str
    principal: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class TargetTurned:
    """The health of a registered target has changed; ``unused`` means that it has drained."""

    group: str
    target_id: str
    port: int
    state: str


@dataclass(frozen=True, slots=True)
class Happened:
    """What a service tells of itself: an event for the default bus. ``kind`` is its detail-type."""

    source: str
    kind: str
    detail: Mapping[str, Any]
    resources: tuple[str, ...] = ()


Signal = (
    AlarmAction
    | CapacityFulfilled
    | CapacityFailed
    | Happened
    | ScalableRemoved
    | Notification
    | TargetTurned
)
