"""What SageMaker hosting remembers: models, configurations, endpoints and their instances."""

from typing import Any

from msgspec import Struct, field

from understudy.control.events import Params, Serverless, VariantRoute


class Record(Struct):
    """A model or an endpoint configuration: kept as its creator wrote it."""

    name: str
    arn: str
    params: Params
    created_at: float


class Instance(Struct):
    """One instance of a variant, from its launch until it is gone.

    ``state`` is Pending, InService, Stopping or Stopped. It is billed from launch to end.
    """

    id: str
    endpoint: str
    fleet: int
    variant: str
    instance_type: str
    launched_at: float
    state: str = "Pending"
    host: str = ""
    port: int = 0
    in_service_at: float = 0.0
    ended_at: float = 0.0


class Variant(Struct):
    """A production variant of a fleet: its instances and its share of traffic.

    A serverless one has no instance type, and its instances are environments; ``busy[n]`` is when
    more than n of them were last at work.
    """

    name: str
    model_name: str
    instance_type: str
    desired: int
    weight: float
    config: Params
    retry_at: float = 0.0
    failures: int = 0
    serverless: Serverless | None = None
    busy: list[float] = field(default_factory=list[float])


class Fleet(Struct):
    """The variants of one endpoint configuration, deployed together.

    ``asynchronous`` is its AsyncInferenceConfig, empty where it has none.
    """

    number: int
    config_name: str
    variants: dict[str, Variant]
    asynchronous: Params = field(default_factory=dict[str, Any])


class Step(Struct, frozen=True):
    """A step of an update: the share of the new fleet that must run, then its share of traffic.

    After ``wait`` seconds of baking the old fleet keeps ``blue`` of its capacity.
    """

    green: float
    traffic: float
    wait: float
    blue: float


class Update(Struct):
    """A blue/green or rolling update under way. ``phase`` is Creating, Baking or Terminating."""

    number: int
    green: int
    params: Params
    started_at: float
    steps: tuple[Step, ...]
    index: int = 0
    phase: str = "Creating"
    counts: dict[str, int] = field(default_factory=dict)


class Endpoint(Struct):
    """An endpoint. ``live`` is the fleet that has been fully deployed."""

    name: str
    arn: str
    created_at: float
    modified_at: float
    status: str = "Creating"
    failure_reason: str = ""
    live: int = 1
    fleets: dict[int, Fleet] = field(default_factory=dict)
    next_fleet: int = 1
    update: Update | None = None
    last_deployment: Params = field(default_factory=dict)
    route: tuple[VariantRoute, ...] = ()


class CapacitySample(Struct, frozen=True, array_like=True):
    """The capacity of a variant from ``at`` on."""

    at: float
    endpoint: str
    variant: str
    desired: int
    in_service: int
    pending: int
    stopping: int


class SageMakerState(Struct):
    """Everything SageMaker hosting remembers in one region."""

    models: dict[str, Record] = field(default_factory=dict)
    configs: dict[str, Record] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    instances: dict[str, Instance] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    history: list[CapacitySample] = field(default_factory=list)
    published: dict[str, int] = field(default_factory=dict)
