"""What ECS remembers: clusters, task definitions, services, tasks, container instances."""

from msgspec import Struct, field

from understudy.control.events import Params
from understudy.control.task import Binding

OWNER = "ecs"
"""The owner of the timers of this service."""

ORDER = (
    "PROVISIONING",
    "PENDING",
    "ACTIVATING",
    "RUNNING",
    "DEACTIVATING",
    "STOPPING",
    "DEPROVISIONING",
    "STOPPED",
)
"""The states of a task; it never goes back. AWS: Amazon ECS task lifecycle."""


class Cluster(Struct):
    """A cluster. ``params`` are its settings as its creator and updates wrote them.

    ``watched`` is the last minute for which its own metrics are published.
    """

    arn: str
    name: str
    status: str = "ACTIVE"
    params: Params = field(default_factory=dict)
    providers: tuple[str, ...] = ()
    strategy: tuple[Params, ...] = ()
    watched: int = 0


class TaskDefinition(Struct):
    """A revision of a family. ``params`` are the members of its description."""

    arn: str
    family: str
    revision: int
    params: Params
    registered_at: float
    status: str = "ACTIVE"
    deregistered_at: float = 0.0
    delete_requested_at: float = 0.0

    @property
    def name(self) -> str:
        """Family and revision: ``web:3``."""
        return f"{self.family}:{self.revision}"


class Revision(Struct):
    """What a deployment of a service deploys: a service revision.

    ``params`` are the members that a new value of starts a deployment; ``groups`` are, in the order
    of its load balancers, the target groups that its tasks are registered with.
    """

    arn: str
    created_at: float
    params: Params
    groups: tuple[str, ...] = ()


class TaskSet(Struct):
    """What an external deployment controller has made of a deployment: a task set.

    ``scale`` is its share of the service's desired count, in percent. It is ``stable``, or not,
    since ``stable_at``. ``token`` is the client token that made it.
    """

    arn: str
    scale: float
    external_id: str = ""
    token: str = ""
    stable: bool = False
    stable_at: float = 0.0


class Deployment(Struct):
    """A deployment of a revision, with its part of the service's tasks.

    ``stage`` is the lifecycle stage of a blue/green deployment, in which it is since ``stage_at``,
    ``step`` how far its traffic has been shifted. ``failures`` counts for the circuit breaker,
    ``unstarted`` tasks in a row that failed to start. An external controller's is a ``task_set``.
    """

    id: str
    revision: str
    record: str
    created_at: float
    updated_at: float
    status: str = "PRIMARY"
    rollout: str = "IN_PROGRESS"
    reason: str = ""
    failures: int = 0
    unstarted: int = 0
    stage: str = ""
    stage_at: float = 0.0
    step: int = -1
    task_set: TaskSet | None = None


class Record(Struct):
    """A service deployment as it is told of afterwards. ``sources`` and ``target`` are ARNs."""

    arn: str
    created_at: float
    target: str
    sources: tuple[str, ...]
    configuration: Params
    status: str = "IN_PROGRESS"
    reason: str = ""
    finished_at: float = 0.0
    stopped_at: float = 0.0
    failures: int = 0
    threshold: int = 0
    stage: str = ""
    rolled_back_to: str = ""
    triggered: tuple[str, ...] = ()


class ServiceEvent(Struct, frozen=True, array_like=True):
    """An event of a service."""

    id: str
    at: float
    message: str


class Service(Struct):
    """A service. ``params`` are its settings that start no deployment.

    ``completed`` is the revision that was deployed last, to which a failed deployment goes back.
    It looks at its tasks at ``ticked_at`` and, while ``ticking``, every few seconds again;
    ``retry_at`` holds it back after failures to start. ``said`` are messages that are not repeated
    before their time. It ``owes`` word that it has the capacity that it was set to. ``moving`` are
    the tasks (ARNs) that shall replace others in fuller zones.
    """

    arn: str
    name: str
    cluster: str
    desired: int
    created_at: float
    params: Params
    status: str = "ACTIVE"
    deployments: list[Deployment] = field(default_factory=list[Deployment])
    revisions: dict[str, Revision] = field(default_factory=dict[str, Revision])
    records: list[Record] = field(default_factory=list[Record])
    events: list[ServiceEvent] = field(default_factory=list[ServiceEvent])
    completed: str = ""
    ticking: bool = False
    ticked_at: float = 0.0
    retry_at: float = 0.0
    steady: bool = False
    owes: bool = False
    moving: tuple[str, ...] = ()
    said: dict[str, float] = field(default_factory=dict[str, float])

    @property
    def key(self) -> str:
        """Its key in the state: ``cluster/name``."""
        return f"{self.cluster}/{self.name}"

    @property
    def primary(self) -> Deployment:
        """The latest deployment."""
        return self.deployments[0]

    @property
    def controller(self) -> str:
        """Who deploys it: ECS, CODE_DEPLOY or EXTERNAL."""
        return self.params.get("deploymentController", {}).get("type", "ECS")

    @property
    def external(self) -> bool:
        """Whether its deployments are task sets."""
        return self.controller == "EXTERNAL"

    @property
    def daemon(self) -> bool:
        """Whether it runs one task on each container instance."""
        return self.params.get("schedulingStrategy") == "DAEMON"


class TargetRef(Struct, frozen=True, array_like=True):
    """A task's registration with a target group."""

    group: str
    id: str
    port: int


class ContainerState(Struct):
    """A container of a task as it is."""

    name: str
    image: str
    id: str
    essential: bool
    checked: bool
    cpu: int = 0
    memory: int = 0
    status: str = "PENDING"
    health: str = "UNKNOWN"
    exit_code: int | None = None
    reason: str = ""


class Task(Struct):
    """A task. ``status`` is the last known one, ``desired`` the one that it shall have.

    ``definition`` is the name of its task definition, ``service`` the key of its service and
    ``deployment`` that one's deployment, both empty for a task of its own. ``placed`` says that it
    has a place, on an ``instance`` (ARN) or on Fargate. ``draining`` are the targets that have not
    drained yet.
    """

    arn: str
    cluster: str
    definition: str
    group: str
    created_at: float
    containers: list[ContainerState]
    cpu: int
    memory: int
    zone: str = ""
    launch_type: str = "FARGATE"
    provider: str = ""
    service: str = ""
    deployment: str = ""
    started_by: str = ""
    instance: str = ""
    placed: bool = True
    address: str = ""
    subnet: str = ""
    overrides: Params = field(default_factory=dict)
    status: str = "PROVISIONING"
    desired: str = "RUNNING"
    version: int = 1
    started_at: float = 0.0
    pull_started_at: float = 0.0
    pull_stopped_at: float = 0.0
    stopping_at: float = 0.0
    execution_stopped_at: float = 0.0
    stopped_at: float = 0.0
    stop_code: str = ""
    stop_reason: str = ""
    bindings: tuple[Binding, ...] = ()
    targets: tuple[TargetRef, ...] = ()
    draining: tuple[TargetRef, ...] = ()
    stand_in: bool = False
    was_healthy: bool = False
    protected_until: float = 0.0

    @property
    def id(self) -> str:
        """The id at the end of its ARN."""
        return self.arn.rpartition("/")[2]

    @property
    def live(self) -> bool:
        """Whether it runs or shall run."""
        return self.desired == "RUNNING"

    @property
    def running(self) -> bool:
        """Whether all of it runs."""
        return self.status == "RUNNING"


class ContainerInstance(Struct):
    """An EC2 instance of a cluster. ``cpu`` and ``memory`` are what it registered with."""

    arn: str
    cluster: str
    instance_id: str
    zone: str
    cpu: int
    memory: int
    registered_at: float
    status: str = "ACTIVE"
    provider: str = ""
    ports: tuple[int, ...] = (22, 2375, 2376, 51678, 51679)
    attributes: dict[str, str] = field(default_factory=dict[str, str])
    version: int = 1


class CapacityProvider(Struct):
    """A capacity provider of an Auto Scaling group, with its settings.

    ``managed`` is the cluster whose tasks its group follows, ``policy`` the policy that does it.
    """

    arn: str
    name: str
    group: str
    params: Params
    status: str = "ACTIVE"
    update_status: str = ""
    managed: str = ""
    policy: str = ""


class EcsState(Struct):
    """Everything that ECS remembers in one region.

    Clusters and capacity providers are keyed by name, task definitions by family and revision,
    services by cluster and name, tasks and container instances by ARN. ``revisions`` are the
    latest numbers of families, ``addresses`` how many private addresses have been given out.
    """

    clusters: dict[str, Cluster] = field(default_factory=dict[str, Cluster])
    definitions: dict[str, TaskDefinition] = field(default_factory=dict[str, TaskDefinition])
    revisions: dict[str, int] = field(default_factory=dict[str, int])
    services: dict[str, Service] = field(default_factory=dict[str, Service])
    tasks: dict[str, Task] = field(default_factory=dict[str, Task])
    instances: dict[str, ContainerInstance] = field(default_factory=dict[str, ContainerInstance])
    providers: dict[str, CapacityProvider] = field(default_factory=dict[str, CapacityProvider])
    tags: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    settings: dict[str, str] = field(default_factory=dict[str, str])
    addresses: int = 0
