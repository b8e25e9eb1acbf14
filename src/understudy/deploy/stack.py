"""What CloudFormation remembers of stacks: resources, events, operations, change sets, drift."""

from typing import Any

from msgspec import Struct, field

from understudy.cloudformation.change import Change
from understudy.control.events import Params
from understudy.deploy.stack_sets.state import SetsState

GONE = "DELETE_COMPLETE"


class RollbackTrigger(Struct, frozen=True):
    """An alarm that rolls an operation back when it goes off."""

    arn: str
    type: str


class Statement(Struct, frozen=True):
    """A statement of a role's policy: the patterns of the actions that it allows, or denies.

    ``others`` says that it means all other actions (NotAction).
    """

    allows: bool
    patterns: tuple[str, ...]
    others: bool = False


class Target(Struct, frozen=True):
    """What a stack shall be: a template with bound parameters and the stack's options.

    ``body`` is the template as submitted, to the byte, ``processed`` what macros have made of it
    (JSON text; empty where there are none). ``parameters`` are bound values, text or lists of
    text; ``supplied`` the text that the client gave for each; ``resolved`` what the parameter store
    held for those whose value lives there. ``monitoring_minutes`` is how long ``triggers`` are
    watched after the last resource is ready. ``role_policies`` are what the role's policies say.
    """

    body: str
    processed: str = ""
    parameters: Params = {}
    supplied: dict[str, str] = {}
    resolved: dict[str, str] = {}
    tags: dict[str, str] = {}
    capabilities: tuple[str, ...] = ()
    role_arn: str = ""
    role_policies: tuple[Statement, ...] = ()
    notification_arns: tuple[str, ...] = ()
    triggers: tuple[RollbackTrigger, ...] = ()
    monitoring_minutes: int | None = None
    express: bool = False


class ResourceDrift(Struct, frozen=True):
    """How a resource differs from its template, as of ``at``.

    ``status`` is IN_SYNC, MODIFIED, DELETED, UNKNOWN or NOT_CHECKED; ``differences`` are AWS's own
    shape; ``reason`` says why nobody can tell. A drift-aware change set also remembers which paths
    were ``ignored`` and why, and the ``previous`` context of the resource.
    """

    status: str
    at: float
    expected: Params = {}
    actual: Params = {}
    differences: tuple[Params, ...] = ()
    reason: str = ""
    ignored: tuple[tuple[str, str], ...] = ()
    previous: Params = {}


class StackResource(Struct):
    """A resource of a stack.

    ``properties`` are resolved, with dynamic references as they are written. ``depends_on`` are
    logical ids, for the order of deletion.
    """

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
    creation_policy: Any = None
    update_policy: Any = None
    drift: ResourceDrift | None = None

    @property
    def is_present(self) -> bool:
        """Whether the resource is still the stack's: neither deleted nor left behind."""
        return self.status not in (GONE, "DELETE_SKIPPED")

    @property
    def was_made(self) -> bool:
        """Whether the resource has been created, and is still the stack's."""
        return self.is_present and self.status not in ("CREATE_FAILED", "IMPORT_FAILED")


class StackEvent(Struct, frozen=True):
    """One line of a stack's history, as DescribeStackEvents gives it.

    ``id`` is empty where AWS makes it of the logical id, the status and the time. ``detailed`` is
    its DetailedStatus.
    """

    id: str
    at: float
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str = ""
    properties: Params | None = None
    token: str = ""
    operation_id: str = ""
    detailed: str = ""


class Answer(Struct, frozen=True, omit_defaults=True):
    """What a handler was sent: an output, or a fault that was raised in it."""

    output: Any = None
    code: str = ""
    message: str = ""
    status: int = 0


class Task(Struct):
    """One resource's part of a phase of a deployment.

    ``verb`` is create, update, delete, restore, import, read or release. ``state`` is Waiting,
    Running, Cancelling, Done, Failed or Cancelled. ``answers`` are what its handler has been sent
    so far; ``call`` is the id of the call that it waits for, ``awaits`` the happening. ``resource``
    is what it is about where that is no longer the stack's. It is ``configured`` when it only waits
    for its resource to become stable; of what it comes ``after``, the ``explicit`` have to be that.
    ``reason`` and ``code`` say why it has failed.
    """

    logical_id: str
    verb: str
    after: tuple[str, ...] = ()
    explicit: tuple[str, ...] = ()
    state: str = "Waiting"
    resource: StackResource | None = None
    previous: Params = field(default_factory=dict[str, Any])
    generated: str = ""
    started_at: float = 0.0
    begun: bool = False
    replaces: bool = False
    identified: bool = False
    configured: bool = False
    attempts: int = 1
    answers: list[Answer] = field(default_factory=list[Answer])
    call: str = ""
    awaits: str = ""
    service: str = ""
    reason: str = ""
    code: str = ""


class Outputs(Struct, frozen=True):
    """What a stack shows when it is built.

    ``exports`` are values by export name, ``names`` export names by output.
    """

    values: dict[str, str] = {}
    exports: dict[str, str] = {}
    names: dict[str, str] = {}


class Past(Struct, frozen=True):
    """What a stack was before an update that has succeeded, but may still be undone."""

    target: Target
    description: str
    outputs: Outputs
    imports: tuple[str, ...]
    policy: str


class Deployment(Struct):
    """An operation on a stack that is under way.

    ``kind`` is create, update, import or delete; ``phase`` main, monitoring, cleanup, rollback or
    rollback-cleanup. ``before`` are the resources as they were when it began; ``retired`` what has
    been replaced or removed and is deleted in the cleanup. ``imports`` are physical ids of
    resources to import, ``nested`` change sets of nested stacks, by logical id. ``skip`` are
    resources that a rollback passes over, ``nested_skip`` those of nested stacks. A nested stack
    is ``held`` between its main phase and its cleanup until the stack at the root has come so far.
    ``checking`` is how many tasks are configured and not stable, ``configured`` is said of the
    stack once no others are left. An ``invalid`` one has failed before anything was made;
    ``unvalidated`` ones, and their nested stacks, are not validated before. One of the kind
    refactor is a stack's part in the stack ``refactor``.
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
    outputs: Outputs | None = None
    past: Past | None = None
    disable_rollback: bool = False
    on_failure: str = "ROLLBACK"
    retain_except_on_create: bool = False
    retain: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    force: bool = False
    imports: dict[str, str] = field(default_factory=dict[str, str])
    nested: dict[str, str] = field(default_factory=dict[str, str])
    nested_skip: dict[str, str] = field(default_factory=dict[str, str])
    policy: str = ""
    new_policy: str = ""
    then_delete: bool = False
    held: bool = False
    reason: str = ""
    checking: int = 0
    configured: bool = False
    invalid: bool = False
    unvalidated: bool = False
    refactor: str = ""


class Finding(Struct, frozen=True):
    """What pre-deployment validation has found, at a path of the template. FAIL or WARN."""

    logical_id: str
    physical_id: str
    type: str
    name: str
    path: str
    reason: str
    mode: str = "FAIL"


class Validation(Struct, frozen=True):
    """What the validation of an operation has found."""

    operation_id: str
    operation: str
    at: float
    findings: tuple[Finding, ...]


class Operation(Struct, frozen=True):
    """An operation that has been performed on a stack, such as ``UPDATE_STACK``."""

    type: str
    id: str


class Detection(Struct):
    """A detection of drift. ``status`` is DETECTION_IN_PROGRESS, _COMPLETE or _FAILED."""

    id: str
    started_at: float
    status: str = "DETECTION_IN_PROGRESS"
    reason: str = ""
    drifted: int = 0
    stack_status: str = ""
    tasks: dict[str, Task] = field(default_factory=dict[str, Task])


class ChangeSetRecord(Struct):
    """A change set: the target that was reviewed, and the changes that lead to it.

    ``nested`` are the ids of the change sets of nested stacks by logical id, ``drifts`` how the
    resources differed from the last deployment, of one that ``reverts_drift``. One that is
    ``unvalidated`` has its nested stacks made so, too.
    """

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
    findings: tuple[Finding, ...] = ()
    unvalidated: bool = False
    reverts_drift: bool = False
    drifts: dict[str, ResourceDrift] = field(default_factory=dict[str, ResourceDrift])
    token: str = ""
    on_stack_failure: str = ""
    include_nested: bool = False
    import_existing: bool = False
    parent_id: str = ""
    root_id: str = ""
    nested: dict[str, str] = field(default_factory=dict[str, str])
    imports: dict[str, str] = field(default_factory=dict[str, str])


class Signal(Struct, frozen=True):
    """What a resource, or whoever has a wait condition's handle, has said: SUCCESS or FAILURE."""

    unique_id: str
    status: str
    data: str = ""
    reason: str = ""


class Stack(Struct):
    """A stack. ``target`` is what it was last brought to; ``deployment`` what runs on it now.

    ``stable`` are the resources to which a failed update that was left as it is can be rolled back,
    ``stable_target`` what they stand for, ``leftover`` what a failed rollback has yet to delete.
    ``imports`` are the exports of other stacks that this one uses. ``signals`` are what resources
    have said, by logical id. ``executed`` is the change set that the stack was last brought to,
    ``validations`` what was found wrong with operations before they made anything.
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
    on_failure: str = ""
    retain_except_on_create: bool = False
    deletion_mode: str = ""
    termination_protection: bool = False
    timeout_minutes: int = 0
    parent_id: str = ""
    root_id: str = ""
    parent_logical_id: str = ""
    policy: str = ""
    outputs: Outputs = Outputs()
    imports: tuple[str, ...] = ()
    validations: tuple[Validation, ...] = ()
    resources: dict[str, StackResource] = field(default_factory=dict[str, StackResource])
    events: list[StackEvent] = field(default_factory=list[StackEvent])
    change_sets: dict[str, ChangeSetRecord] = field(default_factory=dict[str, ChangeSetRecord])
    executed: ChangeSetRecord | None = None
    deployment: Deployment | None = None
    stable: dict[str, StackResource] | None = None
    stable_target: Target | None = None
    leftover: list[StackResource] = field(default_factory=list[StackResource])
    detection: Detection | None = None
    drift_status: str = "NOT_CHECKED"
    drift_checked_at: float = 0.0
    signals: dict[str, list[Signal]] = field(default_factory=dict[str, list[Signal]])
    operations: tuple[Operation, ...] = ()
    tokens: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def present_target(self) -> Target:
        """What Describe operations show: what an operation brings the stack to, or has."""
        deployment = self.deployment
        if deployment is None or "rollback" in deployment.phase or deployment.kind == "delete":
            return self.target
        return deployment.target


class Move(Struct, frozen=True):
    """A resource that a stack refactor moves: to another stack, or to another logical id.

    ``source`` and ``destination`` are ids of stacks. ``detection`` is MANUAL or AUTO.
    """

    source: str
    old_id: str
    destination: str
    new_id: str
    physical_id: str
    type: str
    detection: str


class Refactor(Struct):
    """A stack refactor. ``status`` is that of its making, ``execution`` that of its execution.

    ``targets`` are what the stacks shall be, by their ids; ``names`` their names, ``seen`` how many
    events each had, none of one that is yet to be created.
    """

    id: str
    description: str
    status: str = "CREATE_COMPLETE"
    reason: str = ""
    execution: str = "UNAVAILABLE"
    execution_reason: str = ""
    targets: dict[str, Target] = field(default_factory=dict[str, Target])
    names: dict[str, str] = field(default_factory=dict[str, str])
    seen: dict[str, int] = field(default_factory=dict[str, int])
    moves: tuple[Move, ...] = ()


class StacksState(Struct):
    """All stacks of a region. ``names`` holds those that are not deleted.

    ``calls`` say which task waits for which call, ``awaited`` which tasks wait for a happening:
    pairs of a stack's id and a task's key.
    """

    stacks: dict[str, Stack] = field(default_factory=dict[str, Stack])
    names: dict[str, str] = field(default_factory=dict[str, str])
    calls: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    awaited: dict[str, list[tuple[str, str]]] = field(
        default_factory=dict[str, list[tuple[str, str]]]
    )
    sets: SetsState = field(default_factory=SetsState)
    refactors: dict[str, Refactor] = field(default_factory=dict[str, Refactor])
