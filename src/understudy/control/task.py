"""A task as whoever runs it is told of it, and what is told of it."""

from msgspec import Struct


class PortMapping(Struct, frozen=True, array_like=True):
    """A port of a container. A ``host_port`` of 0 is any free one."""

    container_port: int
    host_port: int
    protocol: str = "tcp"


class ContainerCheck(Struct, frozen=True):
    """The health check of a container: a command that ends with 0. Times are seconds."""

    command: tuple[str, ...]
    interval: float = 30.0
    timeout: float = 5.0
    retries: int = 3
    start_period: float = 0.0


class TaskContainer(Struct, frozen=True):
    """A container of a task, with the task definition's settings and a call's overrides.

    ``depends_on`` are names of containers with the condition that they must have met: START,
    COMPLETE, SUCCESS or HEALTHY. ``secrets`` are ARNs by the variable that gets their value.
    ``memory`` is the hard limit in MiB, 0 for none, ``cpu`` counts in 1/1024 of a processor.
    """

    name: str
    image: str
    essential: bool = True
    command: tuple[str, ...] = ()
    entry_point: tuple[str, ...] = ()
    working_directory: str = ""
    user: str = ""
    environment: dict[str, str] = {}
    secrets: dict[str, str] = {}
    ports: tuple[PortMapping, ...] = ()
    cpu: int = 0
    memory: int = 0
    check: ContainerCheck | None = None
    depends_on: tuple[tuple[str, str], ...] = ()
    start_timeout: float = 0.0
    stop_timeout: float = 30.0
    log_group: str = ""
    log_stream: str = ""
    log_region: str = ""
    log_create_group: bool = False


class Binding(Struct, frozen=True, array_like=True):
    """Where a port of a container can really be reached."""

    container: str
    container_port: int
    host: str
    port: int


class Exit(Struct, frozen=True, array_like=True):
    """How a container ended. ``code`` is None where it never ran."""

    container: str
    code: int | None = None
    reason: str = ""


class Measured(Struct, frozen=True, array_like=True):
    """What a task used, on average, in the 20 seconds from ``second`` on.

    ``cpu`` counts in 1/1024 of a processor, ``memory`` in MiB; None where it is not known.
    """

    task: str
    second: int
    cpu: float
    memory: float | None = None
