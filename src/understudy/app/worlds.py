"""The world that a simulation runs in, as the user describes it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from understudy.app.calibrations import Calibration, load
from understudy.app.fleet_templates import (
    INSTANCE_BOOT,
    INSTANCE_LAUNCH,
    TASK_START,
    asked_of_stand_in,
    is_balanced,
    size_of,
)
from understudy.app.templates import CheckedTemplate
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.base.quantity import parse_duration
from understudy.base.service_time import (
    STAND_IN_VARIABLE,
    Constant,
    Distribution,
    ServiceTime,
    parse_service_time,
)
from understudy.cloudformation.value import is_map
from understudy.control.cloudwatch.books import CloudWatchConfig
from understudy.control.stand_ins import StandInModel, TaskModel
from understudy.sim.delays import start_up
from understudy.sim.service_time import Empirical
from understudy.sim.serving import UNLIMITED, Serving, serving_of
from understudy.sim.start_up import StartUp, at_once
from understudy.sim.traffic import Traffic
from understudy.sim.world import WorldModel

MODEL, CONFIG = "AWS::SageMaker::Model", "AWS::SageMaker::EndpointConfig"
LEAST_SAMPLES = 20
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class WorldOptions:
    """How the world behaves, as the user wrote it. Empty texts stand for what is usual.

    Args:
        service_time: How long a request takes, such as '80ms', 'lognormal(p50=80ms, p99=300ms)' or
            'gamma(mean=80ms, cv=0.5); concurrency=4'. Default: the calibration, the template's
            stand-in, or what the traffic's file tells.
        calibration: What `understudy calibrate` measured, a JSON file.
        per_token: Seconds for each generated token, where the traffic's file tells tokens.
        start_up: From launch to service: a duration, or phases such as 'image=90s, load=30s' of
            provision, image, model, load and healthy. Default: what is usual for the type.
        publication: Until a one-minute datapoint can be seen. AWS states no time.
        queue: Requests that may wait at an instance; others get 503. -1 for no limit.
        timeout: A request fails that takes longer (AWS: 60 seconds for InvokeEndpoint).
        tries: How many times in all clients send a request that fails.
        backoff: Until a client's second try; doubles for each further one.
        clients: How many keep the cookies of load balancers; 0: every request is a new one's.
        failed_launches: Share of launches that fail, such as '2%'.
        lifetime: Mean time in service until an instance fails its health checks; empty for never.

    """

    service_time: str = ""
    calibration: Path | None = None
    per_token: str = ""
    start_up: str = ""
    publication: str = "30s"
    queue: int = -1
    timeout: str = "60s"
    tries: int = 1
    backoff: str = "1s"
    clients: int = 0
    failed_launches: str = "0%"
    lifetime: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The same as values.

    ``told`` says in words where the service time comes from, ``started`` how instances of a type
    start here.
    """

    serving: Serving
    world: WorldModel
    publication: CloudWatchConfig
    instance_type: str
    told: str
    started: Callable[[str], StartUp]


def surroundings(
    options: WorldOptions, template: CheckedTemplate, traffic: Traffic, seed: int
) -> Surroundings:
    """The world of a template's endpoint under some traffic. Raises InvalidInput with all of it."""
    return _Reading(options, template, traffic).all(seed)


class _Reading:
    """Reads the options one by one and keeps what is wrong with them."""

    def __init__(self, options: WorldOptions, template: CheckedTemplate, traffic: Traffic) -> None:
        self.options, self.template, self.traffic = options, template, traffic
        self.problems: list[Diagnostic] = []

    def all(self, seed: int) -> Surroundings:
        options = self.options
        instance_type = instance_type_of(self.template)
        calibration = self.calibration()
        served, told = self.service_time(calibration)
        measured = calibration.phases if calibration else None
        started = self.read("start-up", lambda: self.started(instance_type, seed, measured))
        failing = self.read("failed-launches", lambda: percentage(options.failed_launches)) or 0.0
        timeout = self.duration("timeout", options.timeout)
        backoff = self.duration("backoff", options.backoff)
        publication = self.duration("publication", options.publication)
        lifetime = self.duration("lifetime", options.lifetime) if options.lifetime else None
        if options.tries < 1:
            self.wrong(f"--tries {options.tries} is fewer than one.", "give 1 or more")
        if options.clients < 0:
            self.wrong(f"--clients {options.clients} is fewer than none.", "give 0 or more")
        if self.problems or served is None or started is None:
            raise InvalidInput(tuple(self.problems))
        base = serving_of(served)

        def start(kind: str) -> StartUp:
            phases = self.started(kind, seed, measured).phases
            return StartUp(phases, failing, lifetime=lifetime or float("inf"), seed=seed)

        return Surroundings(
            serving=Serving(
                base.service_time,
                base.concurrency,
                base.failures,
                UNLIMITED if options.queue < 0 else options.queue,
                timeout,
                options.tries,
                backoff,
                options.clients,
            ),
            world=WorldModel(
                start(instance_type),
                stand_ins=StandInModel(tasks=TaskModel(start=started.mean)),
            ),
            publication=CloudWatchConfig(minute_delay=publication),
            instance_type=instance_type,
            told=told,
            started=start,
        )

    def started(
        self, instance_type: str, seed: int, measured: Mapping[str, Distribution] | None
    ) -> StartUp:
        """How an instance or a task starts. Raises ValueError."""
        text = self.options.start_up
        if text or not is_balanced(self.template):
            return start_up(text, instance_type, seed, measured)
        if instance_type.startswith("Fargate"):
            return at_once(TASK_START, seed)
        launched, booted, nothing = Constant(INSTANCE_LAUNCH), Constant(INSTANCE_BOOT), Constant(0)
        return StartUp((launched, nothing, nothing, booted, nothing), seed=seed)

    def wrong(self, summary: str, action: str) -> None:
        self.problems.append(Diagnostic(summary, action=action))

    def read(self, name: str, reader: Callable[[], Value]) -> Value | None:
        try:
            return reader()
        except ValueError as error:
            self.problems.append(Diagnostic(f"--{name}: {error}"))
            return None

    def duration(self, name: str, text: str) -> float:
        return self.read(name, lambda: parse_duration(text)) or 0.0

    def calibration(self) -> Calibration | None:
        try:
            return load(self.options.calibration) if self.options.calibration else None
        except InvalidInput as invalid:
            self.problems += invalid.diagnostics
            return None

    def service_time(
        self, calibration: Calibration | None
    ) -> tuple[ServiceTime | Empirical | None, str]:
        """The service time, and where it is from."""
        options, traffic = self.options, self.traffic
        if options.service_time:
            found = self.read("service-time", lambda: parse_service_time(options.service_time))
            return found, f"--service-time {options.service_time}"
        if calibration is not None:
            return calibration.service_time, f"calibrated: {calibration.words}"
        stand_in = stand_in_of(self.template) or asked_of_stand_in(self.template)
        if stand_in:
            found = self.read(STAND_IN_VARIABLE, lambda: parse_service_time(stand_in))
            return found, f"the template's stand-in: {stand_in}"
        if options.per_token and traffic.tokens.size >= LEAST_SAMPLES:
            seconds = self.duration("per-token", options.per_token)
            return Empirical(traffic.tokens * seconds), f"{options.per_token} for each token"
        if traffic.service_seconds.size >= LEAST_SAMPLES:
            return Empirical(traffic.service_seconds), f"as told by {traffic.name}"
        action = "measure it with `understudy calibrate`, or give --service-time"
        self.wrong(f"{self.template.path} does not say how long its model takes.", action)
        return None, ""


def percentage(text: str) -> float:
    """The share that a percentage says. Raises ValueError.

    >>> percentage("2.5%")
    0.025
    """
    if not text.strip().endswith("%") or not 0 <= (share := float(text.strip()[:-1]) / 100) <= 1:
        raise ValueError(f"{text!r} is not a percentage; write 2%")
    return share


def instance_type_of(template: CheckedTemplate) -> str:
    """The instance type of the endpoint's first variant, empty where it is not known."""
    for resource in template.resources.values():
        if resource.type == CONFIG:
            variants = template.evaluated(resource.properties).get("ProductionVariants", [])
            if variants and is_map(variants[0]):
                kind = variants[0].get("InstanceType", "")
                return kind if isinstance(kind, str) else ""
    return size_of(template)


def stand_in_of(template: CheckedTemplate) -> str:
    """The service time that a model's container asks a stand-in for, empty where none does."""
    for resource in template.resources.values():
        if resource.type == MODEL:
            properties = template.evaluated(resource.properties)
            containers = [properties.get("PrimaryContainer"), *properties.get("Containers", [])]
            for container in filter(is_map, containers):
                found = container.get("Environment", {}).get(STAND_IN_VARIABLE)
                if isinstance(found, str):
                    return found
    return ""
