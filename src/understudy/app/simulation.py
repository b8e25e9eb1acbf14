"""The same template and traffic in virtual time."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from understudy.app.composition import world_of
from understudy.app.outcomes import RunFacts, outcome_of
from understudy.base.arn import DEFAULT_REGION
from understudy.base.service_time import ServiceTime
from understudy.control.observation import observe
from understudy.control.outcome import Outcome
from understudy.control.sagemaker.service import HostingConfig
from understudy.control.slo import Slo
from understudy.engine.engine import Engine, EngineState
from understudy.sim.fleet import Fleet
from understudy.sim.queueing import Floats
from understudy.sim.service_time import Empirical
from understudy.sim.world import SimulatedWorld, WorldModel

CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is simulated: a template under traffic. ``arrivals`` are seconds from the start.

    ``instance_start`` is how long a process takes to answer, ``startup_delay`` the least time until
    an instance serves; both in seconds of world time.

    ``deploy_at`` and ``start_at`` are when the stack is created and when the traffic starts: the
    times of the live run, so that both see the same minutes.
    """

    stack_name: str
    body: str
    parameters: Mapping[str, str]
    arrivals: Floats
    duration: float
    traffic: str
    service_time: ServiceTime | Empirical
    slos: tuple[Slo, ...]
    instance_start: float
    startup_delay: float
    deploy_at: float
    start_at: float
    seed: int
    region: str = DEFAULT_REGION


def simulate(scenario: Scenario) -> Outcome:
    """Deploy the template and replay the traffic in virtual time; what came of it."""
    hosting = HostingConfig(startup_delay=scenario.startup_delay)
    engine = Engine(world_of(hosting), EngineState(seed=scenario.seed))
    model = WorldModel(instance_start=scenario.instance_start)
    world = SimulatedWorld(engine, model, scenario.deploy_at, scenario.region)
    status = _deploy(world, scenario)
    world.run(scenario.start_at)
    endpoint, variant = _served(world)
    concurrency, failures, distribution = 1, 0.0, scenario.service_time
    if isinstance(distribution, ServiceTime):
        concurrency, failures = distribution.concurrency, distribution.failures
        distribution = distribution.distribution
    arrivals = scenario.arrivals + world.now
    generator = np.random.default_rng(scenario.seed)
    fleet = Fleet(endpoint, arrivals, distribution, concurrency, failures, generator)
    world.send(fleet)
    started = world.now
    world.run(started + scenario.duration)
    fleet.serve_until(world.now)
    plane = engine.region(scenario.region).plane
    return outcome_of(
        observe(plane, endpoint, variant, started, world.now),
        RunFacts(
            world="simulated",
            stack_name=scenario.stack_name,
            stack_status=status,
            region=scenario.region,
            traffic=scenario.traffic,
            started_at=started,
            ended_at=world.now,
            speed=None,
            load_mode="dilated",
            seed=scenario.seed,
            slos=scenario.slos,
        ),
        scenario.arrivals,
        fleet.latencies * 1000,
        fleet.ok,
    )


def _deploy(world: SimulatedWorld, scenario: Scenario) -> str:
    parameters = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in scenario.parameters.items()
    ]
    world.call(
        "cloudformation",
        "CreateStack",
        {
            "StackName": scenario.stack_name,
            "TemplateBody": scenario.body,
            "Capabilities": CAPABILITIES,
            "Parameters": parameters,
        },
    )

    def status() -> str:
        name = {"StackName": scenario.stack_name}
        return world.query("cloudformation", "DescribeStacks", name)["Stacks"][0]["StackStatus"]

    world.run(scenario.start_at, stop=lambda: not status().endswith("IN_PROGRESS"))
    return status()


def _served(world: SimulatedWorld) -> tuple[str, str]:
    """The endpoint of the simulated stack and its first variant."""
    endpoints = world.engine.region(world.region).plane.sagemaker.state.endpoints
    endpoint = next(iter(endpoints.values()))
    return endpoint.name, next(iter(endpoint.fleets[endpoint.live].variants))
