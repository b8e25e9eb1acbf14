"""What happens to the control plane (events) and what it wants done (commands).

Both are plain values, so that a run can be stored, replayed and compared. Inputs and outputs of API
operations have AWS's own member names; timestamps in them are seconds since the epoch.
"""

from typing import Any, Literal

from msgspec import Struct

from understudy.control.balancer import Balanced, Balancer, Turned
from understudy.control.machine import Machine
from understudy.control.sketch import Sketch
from understudy.control.task import Binding, Exit, Measured, TaskContainer

Params = dict[str, Any]
"""Members of an AWS operation's input or output, under AWS's names."""


class Served(Struct, frozen=True, array_like=True):
    """What one endpoint variant served in one second. Latencies are microseconds of world time.

    Of a serverless variant ``received`` and ``sent`` are the bytes of its requests and answers, and
    ``peak`` the most requests that it had at a time; of others they are 0.
    """

    endpoint: str
    variant: str
    second: int
    invocations: float
    instances: int
    errors_4xx: float
    errors_5xx: float
    model_latency: Sketch
    overhead_latency: Sketch
    received: float = 0.0
    sent: float = 0.0
    peak: int = 0


class Event(Struct, frozen=True, tag=True):
    """Something that happened at ``at`` (world time, seconds since the epoch) in a region."""

    at: float
    region: str


class ApiCalled(Event, frozen=True, tag=True):
    """A client called an operation that the engine answers itself."""

    service: str
    operation: str
    params: Params
    request_id: str


class CallAnswered(Event, frozen=True, tag=True):
    """A ``Call`` that we had asked the world for succeeded."""

    call_id: str
    output: Params


class CallFailed(Event, frozen=True, tag=True):
    """A ``Call`` that we had asked the world for was refused with an AWS fault."""

    call_id: str
    code: str
    message: str
    status: int = 400


class InstanceHealthy(Event, frozen=True, tag=True):
    """A launched instance answers its health check, or an EC2 instance runs, at an address.

    At a port of 0 all its ports are its own. ``runs`` is what runs as an EC2 instance here:
    container, command, user-data or stand-in.
    """

    instance_id: str
    host: str
    port: int
    runs: str = ""


class InstanceFailed(Event, frozen=True, tag=True):
    """An instance did not start, exited, or stopped answering its health check."""

    instance_id: str
    reason: str


class InstanceStopped(Event, frozen=True, tag=True):
    """An instance that was told to stop has drained and is gone."""

    instance_id: str


class RequestsCompleted(Event, frozen=True, tag=True):
    """What the data plane served since its last report."""

    served: tuple[Served, ...]


class BalancerReached(Event, frozen=True, tag=True):
    """A load balancer can be reached at ``endpoint``, by its listeners' ports or its DNS name.

    A stand-in has no endpoint: nothing listens, and its targets are taken to answer their probes.
    """

    balancer: str
    endpoint: str = ""


class TargetsTurned(Event, frozen=True, tag=True):
    """Probes have changed the health of targets."""

    turned: tuple[Turned, ...]


class BalancersServed(Event, frozen=True, tag=True):
    """What load balancers did since the last report."""

    served: tuple[Balanced, ...]


class TaskStarted(Event, frozen=True, tag=True):
    """All containers of a task run; its ports can be reached as ``bindings`` say.

    ``pull_started`` and ``pull_stopped`` are when its images were fetched, 0 where that is unknown.
    Of a ``stand_in`` nothing runs: it is taken to.
    """

    task: str
    bindings: tuple[Binding, ...] = ()
    pull_started: float = 0.0
    pull_stopped: float = 0.0
    stand_in: bool = False


class TaskHealthChanged(Event, frozen=True, tag=True):
    """The health check of a container has found it HEALTHY or UNHEALTHY."""

    task: str
    container: str
    status: str


class ContainerEnded(Event, frozen=True, tag=True):
    """A container of a task has ended, and the task goes on without it."""

    task: str
    exit: Exit


class TaskEnded(Event, frozen=True, tag=True):
    """No container of a task runs any more: it was stopped, it failed to start, or it ended.

    ``reason`` is why it ended by itself, in ECS's words: ``Essential container in task exited``,
    ``CannotPullContainerError: ...``.
    """

    task: str
    exits: tuple[Exit, ...] = ()
    reason: str = ""


class TasksMeasured(Event, frozen=True, tag=True):
    """What tasks used since the last report."""

    measured: tuple[Measured, ...]


class Concurrency(Event, frozen=True, tag=True):
    """The requests that each instance of a variant has now, those that wait in it included."""

    endpoint: str
    variant: str
    counts: tuple[float, ...]


class EnvironmentsWanted(Event, frozen=True, tag=True):
    """A serverless variant has so many requests at a time, more than environments to serve them."""

    endpoint: str
    variant: str
    count: int


class EngineRestarted(Event, frozen=True, tag=True):
    """The process came back: whatever ran before is gone and must be started again."""


class InstancesMeasured(Event, frozen=True, tag=True):
    """What was measured of instances in the last minute: a value of a metric for each id."""

    metric: str
    unit: str
    samples: tuple[tuple[str, float], ...]


class SpotNoticed(Event, frozen=True, tag=True):
    """EC2 recommends to rebalance a spot instance, or will interrupt it in two minutes."""

    instance_id: str
    notice: Literal["rebalance-recommendation", "interruption"]


class RulesKept(Event, frozen=True, tag=True):
    """Which enabled rules of EventBridge there are by now, in the region's default bus.

    ``schedules`` are their names and expressions, ``listening`` says whether any has a pattern.
    """

    schedules: tuple[tuple[str, str], ...]
    listening: bool


AnyEvent = (
    ApiCalled
    | CallAnswered
    | CallFailed
    | InstanceHealthy
    | InstanceFailed
    | InstanceStopped
    | RequestsCompleted
    | BalancerReached
    | TargetsTurned
    | BalancersServed
    | TaskStarted
    | TaskHealthChanged
    | ContainerEnded
    | TaskEnded
    | TasksMeasured
    | Concurrency
    | EnvironmentsWanted
    | EngineRestarted
    | InstancesMeasured
    | SpotNoticed
    | RulesKept
)


Kind = Literal["model-server", "machine"]
"""What an instance is: a server of models, or an EC2 instance."""


class Container(Struct, frozen=True):
    """What an instance runs: an image with its environment and its model archive."""

    image: str
    environment: dict[str, str] = {}
    model_data_url: str = ""
    hostname: str = ""


class Target(Struct, frozen=True, array_like=True):
    """An instance that may be sent requests."""

    instance_id: str
    host: str
    port: int


class Serverless(Struct, frozen=True, array_like=True):
    """A variant without instances: each request has an environment of ``memory`` MB for itself.

    At most ``maximum`` run at a time; ``provisioned`` are always there.
    """

    memory: int
    maximum: int
    provisioned: int = 0


class VariantRoute(Struct, frozen=True):
    """Where the requests of one production variant go. Targets of a serverless one come and go."""

    name: str
    weight: float
    targets: tuple[Target, ...]
    stand_in: bool = False
    serverless: Serverless | None = None


class Command(Struct, frozen=True, tag=True):
    """Something the world shall do."""

    region: str


class Call(Command, frozen=True, tag=True):
    """Call an AWS operation of a service outside the engine (S3, IAM): ``CallAnswered`` follows."""

    call_id: str
    service: str
    operation: str
    params: Params


class Launch(Command, frozen=True, tag=True):
    """Start an instance: ``InstanceHealthy`` or ``InstanceFailed`` follows.

    A ``machine`` that runs already is taken over as it is.
    """

    instance_id: str
    instance_type: str
    container: Container
    log_group: str
    log_stream: str
    download_timeout: float
    startup_timeout: float
    kind: Kind = "model-server"
    machine: Machine | None = None


class Stop(Command, frozen=True, tag=True):
    """Let an instance finish what it has, at most ``drain`` seconds, then end it.

    What it has written is kept for its next start if ``keep`` says so.
    """

    instance_id: str
    drain: float
    keep: bool = False


class SetRoute(Command, frozen=True, tag=True):
    """Send an endpoint's requests to these targets from now on."""

    endpoint: str
    variants: tuple[VariantRoute, ...]


class RemoveRoute(Command, frozen=True, tag=True):
    """The endpoint is gone."""

    endpoint: str


class SetBalancer(Command, frozen=True, tag=True):
    """Serve with a load balancer as it is from now on. ``TargetsTurned`` tells of its probes."""

    balancer: Balancer


class RemoveBalancer(Command, frozen=True, tag=True):
    """The load balancer is gone."""

    arn: str


class LaunchTask(Command, frozen=True, tag=True):
    """Run the containers of a task together: ``TaskStarted`` or ``TaskEnded`` follows.

    ``definition`` is its family and revision, ``launch_type`` FARGATE or EC2 (then on
    ``instance_id``), ``address`` the private IP address that it has in the AWS world, if any.
    ``ended`` are containers that have ended already, where the task runs still.
    """

    task: str
    cluster: str
    group: str
    definition: str
    launch_type: str
    instance_id: str
    zone: str
    address: str
    network_mode: str
    cpu: int
    memory: int
    containers: tuple[TaskContainer, ...]
    ended: tuple[Exit, ...] = ()


class StopTask(Command, frozen=True, tag=True):
    """Send SIGTERM to a task's containers, SIGKILL after their timeouts: ``TaskEnded`` follows."""

    task: str


AnyCommand = (
    Call
    | Launch
    | Stop
    | SetRoute
    | RemoveRoute
    | SetBalancer
    | RemoveBalancer
    | LaunchTask
    | StopTask
)
