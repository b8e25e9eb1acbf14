"""What the terminal shows while something happens: plain values, filled by whoever drives it.

Times are seconds since the epoch of world time.
"""

from dataclasses import dataclass
from typing import Literal

from understudy.control.outcome import ActivityRecord, LoadMode

Action = Literal["Add", "Modify", "Remove", "Import", "Dynamic"]
Replacement = Literal["", "False", "True", "Conditional"]
Fidelity = Literal["runs", "kept", "recorded", ""]
"""What a resource does here; empty where that is not ours to say, as on AWS."""


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """One property that a change set changes; before or after is None where there is none.

    ``recreation`` is AWS's RequiresRecreation.
    """

    path: str
    before: str | None
    after: str | None
    recreation: Literal["Never", "Conditionally", "Always"] = "Never"
    causes: tuple[str, ...] = ()
    """What makes it change, where that is not the template itself: a parameter, a resource."""


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """One resource of a change set, in AWS's words for action and replacement.

    ``policy_action`` is AWS's PolicyAction: what happens to the resource that goes. ``danger``
    orders changes: 0 for what is new, higher for what interrupts, highest for what loses data;
    ``consequences`` say in sentences what is lost. ``renamed`` is the logical id that the same
    resource had, or has from now on. ``origin`` is the construct that made it, and its line.
    """

    action: Action
    logical_id: str
    resource_type: str
    fidelity: Fidelity
    replacement: Replacement = ""
    properties: tuple[PropertyChange, ...] = ()
    physical_id: str = ""
    policy_action: str = ""
    danger: int = 0
    consequences: tuple[str, ...] = ()
    renamed: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Reset:
    """A count that scaling has changed and that an update would set back to the template's.

    ``current`` is None where it could not be read. ``patch`` is what to change in the template.
    """

    logical_id: str
    what: str
    template: int | None
    current: int | None
    patch: str


@dataclass(frozen=True, slots=True)
class ChangeSetView:
    """What a change set would do to a stack."""

    stack_name: str
    change_set_type: Literal["CREATE", "UPDATE", "IMPORT", "DELETE"]
    changes: tuple[ResourceChange, ...]
    resets: tuple[Reset, ...] = ()
    note: str = ""
    """What AWS adds, such as values that it could not work out, or changes of outputs alone."""


@dataclass(frozen=True, slots=True)
class ResourceDrift:
    """One resource compared with its template: before is expected, after what is found."""

    logical_id: str
    resource_type: str
    status: str
    properties: tuple[PropertyChange, ...] = ()


@dataclass(frozen=True, slots=True)
class DriftView:
    """A stack compared with its template, in AWS's words for the statuses."""

    stack_name: str
    status: str
    resources: tuple[ResourceDrift, ...]


@dataclass(frozen=True, slots=True)
class ResourceProgress:
    """Where a resource stands; ``status`` is empty while it waits for its turn.

    ``waits_for`` are logical ids, or what is awaited in plain words; ``reason`` is AWS's
    ResourceStatusReason.
    """

    logical_id: str
    resource_type: str
    status: str
    since: float
    reason: str = ""
    waits_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeploymentView:
    """A stack operation at a time."""

    stack_name: str
    stack_status: str
    at: float
    started_at: float
    resources: tuple[ResourceProgress, ...]


@dataclass(frozen=True, slots=True)
class AlarmProgress:
    """The state of an alarm and since when it has it."""

    name: str
    state: str
    since: float


@dataclass(frozen=True, slots=True)
class RehearsalView:
    """A rehearsal at a time. Rates are per second of world time, latencies milliseconds.

    ``load_history`` and ``in_service_history`` are evenly spaced values from the start until now.
    """

    at: float
    started_at: float
    ends_at: float
    speed: float
    load_mode: LoadMode
    requests_per_second: float
    failed_per_second: float
    p50_ms: float | None
    p99_ms: float | None
    desired: int
    in_service: int
    pending: int
    terminating: int
    minimum: int
    maximum: int
    alarms: tuple[AlarmProgress, ...]
    last_activity: ActivityRecord | None
    load_history: tuple[float, ...]
    in_service_history: tuple[int, ...]
