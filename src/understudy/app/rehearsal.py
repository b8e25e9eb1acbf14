"""A rehearsal: deploy, drive traffic, watch it scale, simulate the same, report, clean up."""

import shutil
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from understudy.app.client import Client, refuse_foreign
from understudy.app.config import EngineConfig
from understudy.app.deployment import StackDeployment
from understudy.app.driving import Driven, Driver, unloaded
from understudy.app.launch import EngineProcess
from understudy.app.outcomes import RunFacts, outcome_of
from understudy.app.packaging import upload
from understudy.app.preflight import ENDPOINT, Options, Prepared
from understudy.app.simulation import Scenario, simulate
from understudy.app.views import ChangeSetView, DeploymentView, RehearsalView
from understudy.base.arn import DEFAULT_REGION, last_name
from understudy.base.service_time import ServiceTime, parse_service_time
from understudy.control.comparison import CapacityDifference, capacity_difference
from understudy.control.observation import Observation
from understudy.control.outcome import LoadMode, Outcome
from understudy.sim.arrivals import arrivals
from understudy.sim.service_time import Empirical


class Audience(Protocol):
    """Who is shown what happens."""

    def say(self, text: str) -> None:
        """One line."""
        ...

    def change_set(self, view: ChangeSetView) -> None:
        """The change set, before it is executed."""
        ...

    def deployment(self, view: DeploymentView) -> None:
        """A stack operation, again and again while it goes on."""
        ...

    def rehearsal(self, view: RehearsalView) -> None:
        """The traffic, again and again while it goes on."""
        ...


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a rehearsal came to."""

    live: Outcome
    simulated: Outcome
    difference: CapacityDifference


class Rehearsal:
    """One rehearsal. Use it as a context manager: leaving it cleans up, whatever has happened.

    ``endpoint`` is that of an engine that runs already; without it one is started, with a state
    folder of its own.
    """

    def __init__(
        self,
        options: Options,
        prepared: Prepared,
        audience: Audience,
        *,
        endpoint: str = "",
        allowed_host: str | None = None,
        keep: bool = False,
    ) -> None:
        if endpoint:
            refuse_foreign(endpoint, allowed_host)
        self._options = options
        self._prepared = prepared
        self._audience = audience
        self._keep = keep
        self._given = endpoint
        self._cleanup = ExitStack()
        self._folder = Path(tempfile.mkdtemp(prefix="understudy-"))

    def __enter__(self) -> "Rehearsal":
        return self

    def __exit__(self, *exception: object) -> None:
        self._cleanup.close()

    def run(self) -> Rehearsed:
        """Do it all. Raises InvalidInput and StackFailed."""
        client = self._engine()
        stack = StackDeployment(client, self._prepared.stack_name, self._prepared.template.template)
        deploy_at = client.clock.now()
        status = self._deploy(client, stack)
        endpoint, variant, seen = self._find(client, stack)
        driver = self._drive(client, endpoint, variant, seen)
        driven = driver.driven()
        live = outcome_of(
            driver.observe(),
            self._facts(status, driven, driver.ends_at, client.clock.speed),
            driven.arrivals,
            driven.latency_ms,
            driven.ok,
        )
        self._audience.say("Simulating the same template and traffic in virtual time ...")
        simulated = self._simulate(live, driver, driven, seen, deploy_at)
        return Rehearsed(live, simulated, capacity_difference(live, simulated))

    def _engine(self) -> Client:
        if self._given:
            shutil.rmtree(self._folder)
            self._folder = Path(tempfile.mkdtemp(prefix="understudy-"))
            self._cleanup.callback(shutil.rmtree, self._folder, ignore_errors=True)
            client = Client(self._given)
            self._options = replace(self._options, speed=client.clock.speed)
            return client
        config = EngineConfig(
            self._folder / "state",
            port=0,
            speed=self._options.speed,
            seed=self._options.seed,
            startup_delay=self._options.startup_delay,
        )
        engine = EngineProcess(config)
        self._cleanup.callback(self._stop, engine)
        self._audience.say(
            f"Engine {engine.pid} answers at {engine.endpoint}, its world runs {config.speed:g} "
            "times as fast."
        )
        return Client(engine.endpoint)

    def _stop(self, engine: EngineProcess) -> None:
        if self._keep:
            self._audience.say(
                f"Kept engine {engine.pid} at {engine.endpoint} with stack "
                f"{self._prepared.stack_name}. To stop it: understudy down --state "
                f"{self._folder / 'state'}"
            )
            return
        engine.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._audience.say(f"Engine {engine.pid} and all that it started have ended.")

    def _deploy(self, client: Client, stack: StackDeployment) -> str:
        models = self._prepared.models
        urls = upload(models, client.s3, client.region) if models else {}
        for model in models:
            self._audience.say(f"Uploaded {model.path} as {urls[model.parameter]}.")
        parameters = {**self._options.parameters, **urls}
        self._audience.change_set(stack.plan(self._prepared.template.text, parameters))
        if not self._keep:
            self._cleanup.callback(self._delete, stack)
        return stack.execute(self._audience.deployment)

    def _delete(self, stack: StackDeployment) -> None:
        status = stack.delete(self._audience.deployment)
        self._audience.say(f"Stack {stack.name}: {status}.")

    def _find(self, client: Client, stack: StackDeployment) -> tuple[str, str, Observation]:
        endpoint = last_name(stack.physical_ids(ENDPOINT)[0])
        described = client.service("sagemaker").describe_endpoint(EndpointName=endpoint)
        variant = described["ProductionVariants"][0]["VariantName"]
        return endpoint, variant, client.observe(endpoint, variant, 0.0)

    def _drive(self, client: Client, endpoint: str, variant: str, seen: Observation) -> Driver:
        mode: LoadMode = "dilated" if seen.stand_in else "sampled"
        if self._options.load == "sampled" or self._options.load == "dilated":
            mode = self._options.load
        driver = Driver(
            client,
            endpoint,
            variant,
            self._prepared,
            mode,
            self._options.seed,
            self._folder / "load",
        )
        self._cleanup.callback(driver.run.stop)
        self._audience.say(
            f"Sending {len(driver.arrivals):,} requests to {endpoint}, {mode}"
            + (f", each standing for {client.clock.speed:g}." if mode == "sampled" else ".")
        )
        driver.follow(self._audience.rehearsal, time.sleep)
        return driver

    def _facts(self, status: str, driven: Driven, ends_at: float, speed: float) -> RunFacts:
        return RunFacts(
            world="live",
            stack_name=self._prepared.stack_name,
            stack_status=status,
            region=DEFAULT_REGION,
            traffic=self._prepared.traffic.name,
            started_at=driven.started_at,
            ended_at=ends_at,
            speed=speed,
            load_mode=driven.mode,
            seed=self._options.seed,
            slos=self._prepared.slos,
        )

    def _simulate(
        self, live: Outcome, driver: Driver, driven: Driven, seen: Observation, deploy_at: float
    ) -> Outcome:
        parameters = {
            **self._options.parameters,
            **{model.parameter: "s3://simulated/model.tar.gz" for model in self._prepared.models},
        }
        scenario = Scenario(
            stack_name=self._prepared.stack_name,
            body=self._prepared.template.text,
            parameters=parameters,
            arrivals=arrivals(self._prepared.traffic, self._options.seed),
            duration=self._prepared.traffic.duration,
            traffic=live.traffic,
            service_time=_service_time(seen, driver, driven),
            slos=self._prepared.slos,
            instance_start=INSTANCE_START_SECONDS * driver.clock.speed,
            deploy_at=deploy_at,
            start_at=live.started_at,
            seed=self._options.seed,
        )
        config = EngineConfig(self._folder, startup_delay=self._options.startup_delay)
        return simulate(scenario, config)


INSTANCE_START_SECONDS = 0.3
"""Real seconds from the launch of a further process to its first healthy answer, about."""


def _service_time(seen: Observation, driver: Driver, driven: Driven) -> ServiceTime | Empirical:
    """The stand-in's own service time, or what was measured of a real model."""
    if seen.stand_in:
        return parse_service_time(seen.stand_in)
    results = driver.run.results
    return Empirical(unloaded(driven, np.array(results.sent), np.array(results.latency)))
