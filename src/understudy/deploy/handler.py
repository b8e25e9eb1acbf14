"""What a resource type is: handlers written as stories, run as state machines.

A handler is a generator. It yields what it needs done and is sent what came of it; a fault is
raised inside it. All that has to be stored is the list of answers: after a restart the handler
runs again from its start, is given the same answers, and stands where it stood.

    def create(request):
        answer = yield Invoke("sagemaker", "CreateModel", request.properties)
        return Done(answer["ModelArn"])

A call that was under way when the process died is asked again, under the same id. Services that
are kept by moto remember the ids of the calls that they have performed; S3 does not, so a handler
must stand hearing that what it makes is there already, once it has been told that it was not.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from understudy.cloudformation.physical import fit
from understudy.control.events import Params

Fidelity = Literal["runs", "kept", "recorded"]
"""``runs``: does what it does on AWS; ``kept``: its API answers; ``recorded``: only stored."""


@dataclass(frozen=True, slots=True)
class Invoke:
    """Call an AWS operation; sent back is its output."""

    service: str
    operation: str
    params: Params


@dataclass(frozen=True, slots=True)
class Wait:
    """Let some seconds of world time pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Stabilize:
    """Wait for what has been asked of the service to take effect.

    In EXPRESS mode a handler ends here: the call has been made. AWS: Express mode.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class Await:
    """Wait for a happening, at most until a time. Sent back is whether it came about in time.

    What may have happened before must be looked at first: only later ones are told.
    """

    happening: str
    until: float = float("inf")


@dataclass(frozen=True, slots=True)
class Identify:
    """The resource exists under this physical id, and may still have to become stable."""

    physical_id: str
    attributes: Params = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Report:
    """Say how far the resource is: a further event of the status that it is in."""

    reason: str


Effect = Invoke | Wait | Stabilize | Await | Identify | Report


@dataclass(frozen=True, slots=True)
class Done:
    """A handler's end: the physical id and the attributes that Fn::GetAtt gives.

    ``properties`` are the live ones, which only `ResourceType.read` gives.
    """

    physical_id: str
    attributes: Params = field(default_factory=dict[str, Any])
    properties: Params = field(default_factory=dict[str, Any])


class HandlerFailure(Exception):  # noqa: N818 - CloudFormation calls it a failure
    """A handler gives up.

    ``code`` is a CloudFormation handler error code; an empty one says that CloudFormation itself
    gives the reason. Source: AWS, CloudFormation CLI, Handler error codes.
    """

    def __init__(self, message: str, code: str = "GeneralServiceException") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


@dataclass(frozen=True, slots=True)
class Request:
    """What a handler is told.

    ``properties`` are resolved and typed as the schema says; ``previous`` those before an update.
    ``tags`` are the stack's and CloudFormation's own, ``old_tags`` those before an update.
    ``started_at`` is when the task began. ``update_policy`` is the resource's attribute: in a
    rollback that of the template which is gone back to.
    """

    stack_name: str
    stack_id: str
    region: str
    logical_id: str
    physical_id: str
    properties: Params
    previous: Params
    attributes: Params
    tags: Mapping[str, str]
    old_tags: Mapping[str, str]
    generated: str
    started_at: float
    update_policy: Params = field(default_factory=dict[str, Any])

    def name(self, limit: int, *, lower: bool = False) -> str:
        """The generated name, cut to a limit from its middle parts, never its random end."""
        return fit(self.stack_name, self.logical_id, self.generated, limit, lower=lower)


Result = TypeVar("Result")
Steps = Generator[Effect, Any, Result]
"""A part of a handler, for ``yield from``."""

Handler = Steps[Done]
Start = Callable[[Request], Handler]


@dataclass(frozen=True, slots=True)
class ResourceType:
    """An AWS resource type and how faithful it is here.

    ``update`` is None where the type has no update handler: any change then replaces. ``read``
    looks the live resource up, and raises a fault where it is gone; None where nobody can.
    It takes the physical id, or the name that a template gives. ``restore`` brings a resource back
    after a failed update, where that is not another update; ``release`` lets it go on with its own
    cleanup, which waits for that of the stack. ``snapshot`` keeps what a resource holds before it
    is deleted; None where that is nothing.
    ``always_updates`` is true where an update of the stack updates the resource though nothing in
    its template has changed.
    """

    name: str
    fidelity: Fidelity
    create: Start
    delete: Start
    update: Start | None = None
    read: Start | None = None
    restore: Start | None = None
    release: Start | None = None
    snapshot: Start | None = None
    always_updates: bool = False
