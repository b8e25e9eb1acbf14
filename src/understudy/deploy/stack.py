"""What CloudFormation remembers of stacks: their resources, events, operations and change sets."""

from typing import Any

from msgspec import Struct, field

from understudy.control.events import Params


class StackResource(Struct):
    """A resource of a stack. ``depends_on`` are logical ids, for the order of deletion."""

    logical_id: str
    type: str
    physical_id: str = ""
    status: str = ""
    reason: str = ""
    updated_at: float = 0.0
    properties: Params = field(default_factory=dict[str, Any])
    attributes: Params = field(default_factory=dict[str, Any])
    metadata: Params = field(default_factory=dict[str, Any])
    depends_on: tuple[str, ...] = ()
    deletion_policy: str = "Delete"
    update_replace_policy: str = "Delete"


class StackEvent(Struct, frozen=True):
    """One line of a stack's history, as DescribeStackEvents gives it."""

    id: str
    at: float
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str = ""
    properties: str = ""
    token: str = ""
    operation_id: str = ""


class Answer(Struct, frozen=True):
    """What a handler was sent: an output, or a fault that was raised in it."""

    output: Any = None
    code: str = ""
    message: str = ""
    status: int = 0


class Task(Struct):
    """One resource's part of a deployment phase.

    ``verb`` is create, update, replace, delete, restore or skip. ``state`` is Waiting, Running,
    Done, Failed or Cancelled. ``answers`` are what its handler has been sent so far.
    """

    key: str
    logical_id: str
    verb: str
    after: tuple[str, ...] = ()
    state: str = "Waiting"
    physical_id: str = ""
    generated: str = ""
    properties: Params = field(default_factory=dict[str, Any])
    previous: Params = field(default_factory=dict[str, Any])
    answers: list[Answer] = field(default_factory=list[Answer])
    identified: bool = False
    reason: str = ""
