"""What CloudFormation remembers of stacks: their resources, events, operations and change sets."""

from typing import Any

from msgspec import Struct, field

from understudy.cloudformation.change import Change
from understudy.control.events import Params


class Target(Struct, frozen=True):
    """What a stack shall be: a template with bound parameters and the stack's options.

    ``body`` is the template as submitted, to the byte; ``parameters`` are bound values, text or
    lists of text; ``supplied`` the text that the client gave for each.
    """

    body: str
    parameters: Params = {}
    supplied: dict[str, str] = {}
    tags: dict[str, str] = {}
    capabilities: tuple[str, ...] = ()
    role_arn: str = ""
    notification_arns: tuple[str, ...] = ()


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
    metadata: Any = None
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
    """One resource's part of a phase of a deployment.

    ``verb`` is create, update, delete or restore. ``state`` is Waiting, Running, Cancelling, Done,
    Failed or Cancelled. ``answers`` are what its handler has been sent so far; ``call`` is the id
    of the call it waits for, ``wait`` the number of its last timer.
    """

    logical_id: str
    verb: str
    after: tuple[str, ...] = ()
    state: str = "Waiting"
    resource: StackResource | None = None
    previous: Params = field(default_factory=dict[str, Any])
    generated: str = ""
    begun: bool = False
    replaces: bool = False
    identified: bool = False
    answers: list[Answer] = field(default_factory=list[Answer])
    call: str = ""
    service: str = ""
    reason: str = ""


class Deployment(Struct):
    """An operation on a stack that is under way.

    ``kind`` is create, update, delete or import; ``phase`` is main, cleanup, rollback or
    rollback-cleanup. ``before`` are the resources as they were when it began; ``retired`` what has
    been replaced or removed and is deleted in the cleanup.
    """

    kind: str
    phase: str
    token: str
    operation_id: str
    target: Target
    tasks: dict[str, Task] = field(default_factory=dict[str, Task])
    before: dict[str, StackResource] = field(default_factory=dict[str, StackResource])
    retired: list[StackResource] = field(default_factory=list[StackResource])
    failed: list[str] = field(default_factory=list[str])
    disable_rollback: bool = False
    on_failure: str = "ROLLBACK"
    retain: tuple[str, ...] = ()
    then_delete: bool = False
    reason: str = ""


class ChangeSetRecord(Struct):
    """A change set: the target that was reviewed, and the changes that lead to it."""

    name: str
    id: str
    created_at: float
    type: str
    description: str
    target: Target
    status: str
    execution_status: str
    reason: str = ""
    changes: list[Change] = field(default_factory=list[Change])
    token: str = ""
    on_stack_failure: str = ""


class Stack(Struct):
    """A stack. ``target`` is what it was last brought to; ``deployment`` what runs on it now.

    ``exports`` are values by export name, ``export_names`` export names by output; ``imports`` the
    exports of other stacks that this one uses.
    """

    id: str
    name: str
    created_at: float
    status: str
    target: Target
    reason: str = ""
    description: str = ""
    updated_at: float = 0.0
    deleted_at: float = 0.0
    change_set_id: str = ""
    disable_rollback: bool = False
    termination_protection: bool = False
    timeout_minutes: int = 0
    parent_id: str = ""
    root_id: str = ""
    outputs: dict[str, str] = field(default_factory=dict[str, str])
    exports: dict[str, str] = field(default_factory=dict[str, str])
    export_names: dict[str, str] = field(default_factory=dict[str, str])
    imports: list[str] = field(default_factory=list[str])
    resources: dict[str, StackResource] = field(default_factory=dict[str, StackResource])
    events: list[StackEvent] = field(default_factory=list[StackEvent])
    change_sets: dict[str, ChangeSetRecord] = field(default_factory=dict[str, ChangeSetRecord])
    deployment: Deployment | None = None
    tokens: dict[str, str] = field(default_factory=dict[str, str])


class StacksState(Struct):
    """All stacks of a region. ``names`` holds those that are not deleted."""

    stacks: dict[str, Stack] = field(default_factory=dict[str, Stack])
    names: dict[str, str] = field(default_factory=dict[str, str])
    calls: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
