"""What CloudFormation remembers of StackSets: instances, operations, and the work in a region."""

from typing import Any

from msgspec import Struct, field

from understudy.control.events import Params

ADMINISTRATION_ROLE = "AWSCloudFormationStackSetAdministrationRole"
EXECUTION_ROLE = "AWSCloudFormationStackSetExecutionRole"
"""AWS: Grant self-managed permissions: the names of the roles where none are given."""
FAILED_IMPORT = "FAILED_IMPORT"
"""The detailed status of an instance whose stack could not be imported; it can be tried again."""


class Definition(Struct, frozen=True):
    """What a StackSet deploys. ``parameters`` are texts, defaults of the template included."""

    body: str
    parameters: dict[str, str] = {}
    tags: dict[str, str] = {}
    capabilities: tuple[str, ...] = ()


class Roles(Struct, frozen=True):
    """In whose name a StackSet works: the ARN of the one role, the name of the other."""

    administration: str
    execution: str = EXECUTION_ROLE


class Instance(Struct):
    """A stack instance. ``stack_id`` is empty where its stack could not be made, or imported."""

    account: str
    region: str
    stack_id: str = ""
    overrides: dict[str, str] = field(default_factory=dict[str, str])
    status: str = "OUTDATED"
    detailed: str = "PENDING"
    reason: str = ""
    operation_id: str = ""
    drift: str = "NOT_CHECKED"
    drift_at: float = 0.0


class Result(Struct):
    """What an operation does to one stack instance.

    ``status`` is PENDING, RUNNING, SUCCEEDED, FAILED or CANCELLED. ``gate`` is what the account's
    gate answered: a status and a reason. ``drifts`` are the resources that were looked at.
    """

    account: str
    region: str
    stack_id: str = ""
    status: str = "PENDING"
    reason: str = ""
    gate: tuple[str, str] | None = None
    drift: str = ""
    drifts: list[Params] = field(default_factory=list[Params])

    @property
    def key(self) -> str:
        """The key of the stack instance."""
        return key_of(self.account, self.region)


class SetOperation(Struct):
    """An operation on a StackSet. ``status`` is AWS's own.

    ``verb`` is the action, or IMPORT. ``request`` is the call, by which a repeated one is told.
    ``definition`` and ``roles`` become the set's when the operation begins, ``overrides`` the
    instances'; None leaves them. An override of None goes back to the set's value. An operation
    ``breached`` the failure tolerance in a region.
    """

    id: str
    verb: str
    created_at: float
    request: Params
    status: str = "QUEUED"
    ended_at: float = 0.0
    preferences: Params = field(default_factory=dict[str, Any])
    retain: bool = False
    definition: Definition | None = None
    roles: Roles | None = None
    overrides: dict[str, str | None] | None = None
    results: list[Result] = field(default_factory=list[Result])
    breached: bool = False

    @property
    def action(self) -> str:
        """The action as AWS names it: an import creates stack instances."""
        return "CREATE" if self.verb == "IMPORT" else self.verb

    @property
    def is_open(self) -> bool:
        """Whether the operation has yet to end."""
        return self.status in ("QUEUED", "RUNNING", "STOPPING")


class StackSet(Struct):
    """A StackSet. ``id`` is ``name:uuid``; ``instances`` are by `key_of` them."""

    id: str
    name: str
    definition: Definition
    roles: Roles
    description: str = ""
    status: str = "ACTIVE"
    managed: bool = False
    token: str = ""
    instances: dict[str, Instance] = field(default_factory=dict[str, Instance])
    operations: dict[str, SetOperation] = field(default_factory=dict[str, SetOperation])

    @property
    def open_operations(self) -> list[SetOperation]:
        """The operations that have yet to end, oldest first."""
        return [each for each in self.operations.values() if each.is_open]


class Errand(Struct):
    """What a StackSet wants done with a stack of this region, until it is done.

    ``order`` is the wish, with all that has been looked up for it. ``call`` is the id of the call
    that is under way for ``asked``: a service, an operation and its parameters. ``deployment`` is
    the id of the operation, or of the detection of drift, that is waited for.
    """

    order: Params
    call: str = ""
    asked: tuple[str, str, Params] | None = None
    stack_id: str = ""
    deployment: str = ""
    gate: tuple[str, str] | None = None


class SetsState(Struct):
    """The StackSets of a region, by id and (while they are active) by name, and its errands."""

    sets: dict[str, StackSet] = field(default_factory=dict[str, StackSet])
    names: dict[str, str] = field(default_factory=dict[str, str])
    errands: list[Errand] = field(default_factory=list[Errand])


def key_of(account: str, region: str) -> str:
    """The key of a stack instance in its set: an account has one in a region."""
    return f"{account}/{region}"
