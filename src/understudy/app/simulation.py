"""A template and its traffic in virtual time: the whole engine, and every request."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from understudy.app.composition import world_of
from understudy.app.failures import Failed
from understudy.app.outcomes import RunFacts, outcome
from understudy.base.arn import DEFAULT_REGION
from understudy.base.fault import Fault
from understudy.control.cloudwatch.books import CloudWatchConfig
from understudy.control.events import Params
from understudy.control.observation import observe
from understudy.control.outcome import Outcome
from understudy.control.sagemaker.service import HostingConfig
from understudy.control.slo import Slo
from understudy.engine.engine import Engine, EngineState
from understudy.sim.arrivals import arrival_chunks
from understudy.sim.fleet import Fleet
from understudy.sim.load import Load
from understudy.sim.queueing import Floats
from understudy.sim.serving import Serving
from understudy.sim.tally import Tally
from understudy.sim.traffic import Traffic
from understudy.sim.world import SimulatedWorld, WorldModel

CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
CONCURRENCY_METRICS = frozenset({"ConcurrentRequestsPerModel"})


@dataclass(frozen=True, slots=True)
class Update:
    """The stack is updated to a template so many seconds after the traffic has begun."""

    seconds: float
    body: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is simulated: a template under traffic, in a world.

    ``deploy_at`` and ``start_at`` are when the stack is created and when the traffic starts, in
    world time. ``startup_delay`` is the least time from an instance's launch to its service.
    """

    stack_name: str
    body: str
    parameters: Mapping[str, str]
    traffic: Traffic
    serving: Serving
    world: WorldModel
    slos: tuple[Slo, ...]
    deploy_at: float
    start_at: float
    seed: int
    updates: tuple[Update, ...] = ()
    startup_delay: float = 0.0
    publication: CloudWatchConfig = field(default_factory=CloudWatchConfig)
    region: str = DEFAULT_REGION


def simulate(scenario: Scenario) -> Outcome:
    """Deploy the template and replay the traffic in virtual time; what came of it.

    Raises Failed where the stack cannot be created or is not accepted.
    """
    world, _ = deployed(scenario)
    world.run(scenario.start_at)
    endpoint, variant = served(world)
    tally = drive(world, scenario)
    status = _status(world, scenario)
    plane = world.engine.region(scenario.region).plane
    facts = RunFacts(
        world="simulated",
        stack_name=scenario.stack_name,
        stack_status=status,
        region=scenario.region,
        traffic=scenario.traffic.name,
        started_at=tally.started,
        ended_at=world.now,
        speed=None,
        load_mode="dilated",
        seed=scenario.seed,
        slos=scenario.slos,
    )
    seen = observe(plane, endpoint, variant, tally.started, world.now)
    return outcome(seen, facts, tally.summary(), tally.load())


def deployed(scenario: Scenario) -> tuple[SimulatedWorld, str]:
    """A world with the template's stack in it, and the status of the stack."""
    hosting = HostingConfig(startup_delay=scenario.startup_delay)
    engine = Engine(world_of(hosting, scenario.publication), EngineState(seed=scenario.seed))
    simulated = SimulatedWorld(engine, scenario.world, scenario.deploy_at, scenario.region)
    return simulated, _deploy(simulated, scenario)


def drive(
    world: SimulatedWorld, scenario: Scenario, arrivals: Iterable[Floats] | None = None
) -> Tally:
    """Send the traffic to the endpoint, all of it, from now on.

    ``arrivals`` are its times in seconds from now, in parts, where they are not to be drawn.
    """
    started, traffic = world.now, scenario.traffic
    endpoint, _ = served(world)
    tally = Tally(started, traffic.duration, traffic.total, scenario.slos)
    drawn = arrival_chunks(traffic, scenario.seed) if arrivals is None else arrivals
    parts = (started + part for part in drawn)
    load = Load(parts, scenario.serving, scenario.seed)
    fleet = Fleet(endpoint, load, scenario.serving, tally)
    world.send(fleet, concurrency=_watches_concurrency(world))
    world.armed = True
    for update in sorted(scenario.updates, key=lambda update: update.seconds):
        world.run(started + update.seconds)
        _call(world, "UpdateStack", _stack(scenario, update.body))
    world.run(started + traffic.duration)
    fleet.finish(world.now)
    return tally


def _watches_concurrency(world: SimulatedWorld) -> bool:
    """Whether any alarm reads how many requests are in flight."""
    alarms = world.engine.region(world.region).plane.cloudwatch.state.alarms.values()
    queries = (
        query
        for alarm in alarms
        for query in (
            alarm.params,
            *(
                each.get("MetricStat", {}).get("Metric", {})
                for each in alarm.params.get("Metrics", ())
            ),
        )
    )
    return any(query.get("MetricName") in CONCURRENCY_METRICS for query in queries)


def _deploy(world: SimulatedWorld, scenario: Scenario) -> str:
    _call(world, "CreateStack", _stack(scenario, scenario.body))

    world.run(scenario.start_at, stop=lambda: not _status(world, scenario).endswith("IN_PROGRESS"))
    status = _status(world, scenario)
    if status != "CREATE_COMPLETE":
        raise Failed(f"Stack {scenario.stack_name}: {status}", _causes(world, scenario))
    return status


def _status(world: SimulatedWorld, scenario: Scenario) -> str:
    name = {"StackName": scenario.stack_name}
    return world.query("cloudformation", "DescribeStacks", name)["Stacks"][0]["StackStatus"]


def _causes(world: SimulatedWorld, scenario: Scenario) -> list[str]:
    """The first failures of the stack's creation."""
    name = {"StackName": scenario.stack_name}
    events = world.query("cloudformation", "DescribeStackEvents", name)["StackEvents"]
    return [
        f"{each['LogicalResourceId']}: {each['ResourceStatusReason']}"
        for each in reversed(events)
        if each["ResourceStatus"].endswith("_FAILED") and each.get("ResourceStatusReason")
    ][:3]


def _call(world: SimulatedWorld, operation: str, params: Params) -> None:
    try:
        world.call("cloudformation", operation, params)
    except Fault as fault:
        raise Failed(f"{operation} was refused", [fault.message]) from fault


def _stack(scenario: Scenario, body: str) -> Params:
    """What creates or updates the stack."""
    return {
        "StackName": scenario.stack_name,
        "TemplateBody": body,
        "Capabilities": CAPABILITIES,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in scenario.parameters.items()
        ],
    }


def served(world: SimulatedWorld) -> tuple[str, str]:
    """The endpoint of the simulated stack and its first variant."""
    endpoints = world.engine.region(world.region).plane.sagemaker.state.endpoints
    endpoint = next(iter(endpoints.values()))
    return endpoint.name, next(iter(endpoint.fleets[endpoint.live].variants))
