"""Bringing the instances of a variant to their desired number."""

from understudy.control.events import Container, Launch, Params, Stop
from understudy.control.sagemaker.state import (
    CapacitySample,
    Endpoint,
    Fleet,
    Instance,
    SageMakerState,
    Variant,
)
from understudy.control.turn import Turn

DRAIN_SECONDS = 60.0
DOWNLOAD_TIMEOUT = 3600.0
STARTUP_TIMEOUT = 480.0
FIRST_RETRY_SECONDS = 5.0
LONGEST_RETRY_SECONDS = 300.0

OWNER = "sagemaker"


def members(state: SageMakerState, endpoint: str, fleet: int, variant: str) -> list[Instance]:
    """The instances of a variant that run or start, oldest first."""
    return [
        instance
        for instance in state.instances.values()
        if instance.endpoint == endpoint
        and instance.fleet == fleet
        and instance.variant == variant
        and instance.state in ("Pending", "InService")
    ]


def in_service(instances: list[Instance]) -> list[Instance]:
    """Those of the instances that serve."""
    return [instance for instance in instances if instance.state == "InService"]


def match(
    state: SageMakerState, endpoint: Endpoint, fleet: Fleet, variant: Variant, turn: Turn
) -> None:
    """Launch what is missing and stop what is too much, the newest first."""
    present = members(state, endpoint.name, fleet.number, variant.name)
    if len(present) < variant.desired and turn.at >= variant.retry_at:
        for _ in range(variant.desired - len(present)):
            launch(state, endpoint, fleet, variant, turn)
    for instance in present[variant.desired :]:
        stop(instance, turn)


def launch(
    state: SageMakerState, endpoint: Endpoint, fleet: Fleet, variant: Variant, turn: Turn
) -> None:
    """Start one more instance of a variant."""
    instance = Instance(
        id=f"i-{turn.ids.hex(17)}",
        endpoint=endpoint.name,
        fleet=fleet.number,
        variant=variant.name,
        instance_type=variant.instance_type,
        launched_at=turn.at,
    )
    state.instances[instance.id] = instance
    turn.emit(launch_command(state, instance, variant, turn))


def launch_command(
    state: SageMakerState, instance: Instance, variant: Variant, turn: Turn
) -> Launch:
    """What the world needs to know to start an instance."""
    config = variant.config
    return Launch(
        region=turn.region,
        instance_id=instance.id,
        instance_type=instance.instance_type,
        container=container(state, variant),
        log_group=f"/aws/sagemaker/Endpoints/{instance.endpoint}",
        log_stream=f"{instance.variant}/{instance.id}",
        download_timeout=config.get("ModelDataDownloadTimeoutInSeconds", DOWNLOAD_TIMEOUT),
        startup_timeout=config.get("ContainerStartupHealthCheckTimeoutInSeconds", STARTUP_TIMEOUT),
    )


def container(state: SageMakerState, variant: Variant) -> Container:
    """The container of a variant's model."""
    definition = primary(state.models[variant.model_name].params)
    source: Params = definition.get("ModelDataSource", {}).get("S3DataSource", {})
    return Container(
        image=definition.get("Image", ""),
        environment=definition.get("Environment", {}),
        model_data_url=definition.get("ModelDataUrl", source.get("S3Uri", "")),
        hostname=definition.get("ContainerHostname", ""),
    )


def primary(model: Params) -> Params:
    """The first container of a model."""
    return model["PrimaryContainer"] if "PrimaryContainer" in model else model["Containers"][0]


def stop(instance: Instance, turn: Turn) -> None:
    """Let an instance drain and end."""
    instance.state = "Stopping"
    turn.emit(Stop(turn.region, instance.id, DRAIN_SECONDS if instance.in_service_at else 0.0))


def ended(state: SageMakerState, instance: Instance) -> None:
    """An instance is gone: it leaves the fleet."""
    del state.instances[instance.id]


def hold_back(variant: Variant, endpoint: Endpoint, turn: Turn) -> None:
    """Wait before a lost instance is replaced again, longer each time it fails to start."""
    delay = min(FIRST_RETRY_SECONDS * 2**variant.failures, LONGEST_RETRY_SECONDS)
    variant.failures += 1
    variant.retry_at = turn.at + delay
    turn.schedule(variant.retry_at, OWNER, "settle", endpoint.name)


def sample(
    state: SageMakerState, endpoint: Endpoint, variant: Variant, at: float
) -> CapacitySample:
    """The capacity of a variant over all fleets, now."""
    states = [
        instance.state
        for instance in state.instances.values()
        if instance.endpoint == endpoint.name and instance.variant == variant.name
    ]
    return CapacitySample(
        at,
        endpoint.name,
        variant.name,
        variant.desired,
        states.count("InService"),
        states.count("Pending"),
        states.count("Stopping"),
    )
