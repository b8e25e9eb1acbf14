"""A template and its traffic in virtual time: the whole engine, and every request."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from understudy.app.capacity import Call, Settings, setting_calls
from understudy.app.composition import world_of
from understudy.app.failures import Failed
from understudy.app.outcomes import RunFacts, outcome
from understudy.app.past import remember
from understudy.app.planned_change import planned_change, reviewed
from understudy.app.prices import own_book, today
from understudy.app.scenarios import Events, event_calls, events_said
from understudy.base.arn import DEFAULT_REGION
from understudy.base.fault import Fault
from understudy.control.capacity.operations import SERVICE
from understudy.control.cloudwatch.books import CloudWatchConfig
from understudy.control.events import Params
from understudy.control.felt import operations
from understudy.control.outcome import Outcome, PlannedChange
from understudy.control.sagemaker.service import HostingConfig
from understudy.control.slo import Slo
from understudy.control.subjects import NoSubject, Subject, observed, subject_of
from understudy.deploy.rehearsed_failure import token
from understudy.engine.engine import Engine, EngineState
from understudy.sim.arrivals import arrival_chunks
from understudy.sim.balanced import BalancedFleet
from understudy.sim.fleet import Fleet
from understudy.sim.load import Load
from understudy.sim.queueing import Floats
from understudy.sim.serving import Serving
from understudy.sim.tally import Tally
from understudy.sim.traffic import Traffic
from understudy.sim.world import SimulatedWorld, WorldModel

CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
CONCURRENCY_METRICS = frozenset({"ConcurrentRequestsPerModel"})
ECS, MINUTE = "AWS/ECS", 60


@dataclass(frozen=True, slots=True)
class Update:
    """The stack is updated to a template so many seconds after the traffic has begun.

    ``parameters`` are all that its template needs; the resource ``fail`` (a logical id) is made to
    fail.
    """

    seconds: float
    body: str
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    fail: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is simulated: a template under traffic, in a world.

    ``deploy_at`` and ``start_at`` are when the stack is created and when the traffic starts, in
    world time. ``startup_delay`` is the least time from an instance's launch to its service.
    ``past`` is the traffic that a load balancer has counted before ``start_at``, where forecasts
    are made from it.
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
    settings: Settings = field(default_factory=Settings)
    events: Events = field(default_factory=Events)
    past: Traffic | None = None


def simulate(scenario: Scenario) -> Outcome:
    """Deploy the template and replay the traffic in virtual time; what came of it.

    Raises Failed where the stack cannot be created or is not accepted.
    """
    world, _ = deployed(scenario)
    planned: list[PlannedChange] = []
    world.run(scenario.start_at)
    plane = world.engine.region(scenario.region).plane
    subject = _subject(world)
    if scenario.past is not None and subject.balancer:
        remember(world, scenario.past, scenario.start_at, scenario.deploy_at)
    tally = drive(world, scenario, planned=planned)
    status = _status(world, scenario)
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
        operations=operations(_events(world, scenario), tally.started, planned),
        scenario=events_said(scenario.events),
        book=own_book(),
        today=today(),
    )
    seen = observed(plane, subject.resource, tally.started, world.now)
    return outcome(seen, facts, tally.summary(), tally.load())


def deployed(scenario: Scenario) -> tuple[SimulatedWorld, str]:
    """A world with the template's stack in it, and the status of the stack."""
    hosting = HostingConfig(startup_delay=scenario.startup_delay)
    engine = Engine(world_of(hosting, scenario.publication), EngineState(seed=scenario.seed))
    simulated = SimulatedWorld(engine, scenario.world, scenario.deploy_at, scenario.region)
    _perform(simulated, setting_calls(scenario.settings))
    return simulated, _deploy(simulated, scenario)


def drive(
    world: SimulatedWorld,
    scenario: Scenario,
    arrivals: Iterable[Floats] | None = None,
    planned: list[PlannedChange] | None = None,
) -> Tally:
    """Send the traffic to the endpoint, all of it, from now on.

    ``arrivals`` are its times in seconds from now, in parts, where they are not to be drawn. The
    change sets of updates are added to ``planned``.
    """
    started, traffic = world.now, scenario.traffic
    _perform(world, event_calls(scenario.events, started))
    subject = _subject(world)
    tally = Tally(started, traffic.duration, traffic.total, scenario.slos)
    drawn = arrival_chunks(traffic, scenario.seed) if arrivals is None else arrivals
    parts = (started + part for part in drawn)
    load = Load(parts, scenario.serving, scenario.seed)
    fleet = _sent(world, subject, load, scenario.serving, tally)
    world.armed = True
    for update in sorted(scenario.updates, key=lambda update: update.seconds):
        world.run(started + update.seconds)
        found = _update(world, scenario, update)
        if planned is not None:
            planned.append(found)
    world.run(started + traffic.duration)
    fleet.finish(world.now)
    return tally


def _update(world: SimulatedWorld, scenario: Scenario, update: Update) -> PlannedChange:
    """Begin an update as its change set has it. Raises Failed where that is refused."""
    name = f"update-{update.seconds:g}"
    named = {"StackName": scenario.stack_name, "ChangeSetName": name}
    stack = _stack(scenario.stack_name, update.body, update.parameters)
    _call(world, "CreateChangeSet", {**stack, **named, "ChangeSetType": "UPDATE"})
    describe = {**named, "IncludePropertyValues": True}
    pages = list(_pages(world, "DescribeChangeSet", describe))
    if pages[0]["Status"] != "CREATE_COMPLETE":
        raise Failed("The update was refused", [pages[0].get("StatusReason") or ""])
    changes = [each for page in pages for each in page["Changes"]]
    view = reviewed(scenario.stack_name, changes, world.query)
    ordered = {"ClientRequestToken": token(update.fail)} if update.fail else {}
    _call(world, "ExecuteChangeSet", {**named, **ordered})
    return planned_change(view)


def _pages(world: SimulatedWorld, operation: str, params: Params) -> Iterator[Params]:
    """The answers of an operation of CloudFormation that reads, page by page."""
    token: str | None = ""
    while token is not None:
        paged = {**params, "NextToken": token} if token else params
        answer = world.query("cloudformation", operation, paged)
        yield answer
        token = answer.get("NextToken")


def _subject(world: SimulatedWorld) -> Subject:
    """What gets the traffic. Raises Failed where nothing can."""
    try:
        return subject_of(world.engine.region(world.region).plane)
    except NoSubject as nothing:
        raise Failed("The stack serves nothing", [str(nothing)]) from nothing


def _sent(
    world: SimulatedWorld, subject: Subject, load: Load, serving: Serving, tally: Tally
) -> Fleet | BalancedFleet:
    """Let a load be sent to what gets it from now on."""
    if subject.balancer:
        balanced = BalancedFleet(subject.balancer, world.region, load, serving, tally)
        world.balance(balanced, short=_watches_seconds(world))
        return balanced
    fleet = Fleet(subject.resource.split("/")[1], load, serving, tally)
    world.send(fleet, concurrency=_watches_concurrency(world))
    return fleet


def _watches_seconds(world: SimulatedWorld) -> bool:
    """Whether any alarm reads more than once a minute what tasks use."""
    alarms = world.engine.region(world.region).plane.cloudwatch.state.alarms.values()
    return any(
        alarm.params.get("Namespace") == ECS and alarm.params.get("Period", MINUTE) < MINUTE
        for alarm in alarms
    )


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
    stack = _stack(scenario.stack_name, scenario.body, scenario.parameters)
    _call(world, "CreateStack", stack)

    world.run(scenario.start_at, stop=lambda: not _status(world, scenario).endswith("IN_PROGRESS"))
    status = _status(world, scenario)
    if status != "CREATE_COMPLETE":
        raise Failed(f"Stack {scenario.stack_name}: {status}", _causes(world, scenario))
    return status


def _status(world: SimulatedWorld, scenario: Scenario) -> str:
    name = {"StackName": scenario.stack_name}
    return world.query("cloudformation", "DescribeStacks", name)["Stacks"][0]["StackStatus"]


def _events(world: SimulatedWorld, scenario: Scenario) -> list[Params]:
    """All events of the stack, the latest first."""
    pages = _pages(world, "DescribeStackEvents", {"StackName": scenario.stack_name})
    return [event for page in pages for event in page["StackEvents"]]


def _causes(world: SimulatedWorld, scenario: Scenario) -> list[str]:
    """The first failures of the stack's creation."""
    invalid = [
        f"{each['LogicalResourceId']}: {each['ValidationStatusReason']}"
        for page in _pages(world, "DescribeEvents", {"StackName": scenario.stack_name})
        for each in page["OperationEvents"]
        if each["EventType"] == "VALIDATION_ERROR"
    ]
    failed = [
        f"{each['LogicalResourceId']}: {each['ResourceStatusReason']}"
        for each in reversed(_events(world, scenario))
        if each["ResourceStatus"].endswith("_FAILED") and each.get("ResourceStatusReason")
    ]
    return (invalid or failed)[:3]


def _call(world: SimulatedWorld, operation: str, params: Params) -> None:
    try:
        world.call("cloudformation", operation, params)
    except Fault as fault:
        raise Failed(f"{operation} was refused", [fault.message]) from fault


def _stack(name: str, body: str, parameters: Mapping[str, str]) -> Params:
    """What creates or updates a stack."""
    return {
        "StackName": name,
        "TemplateBody": body,
        "Capabilities": CAPABILITIES,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
    }


def _perform(world: SimulatedWorld, calls: Iterable[Call]) -> None:
    for operation, params in calls:
        world.call(SERVICE, operation, params)


def served(world: SimulatedWorld) -> tuple[str, str]:
    """The endpoint of the simulated stack and its first variant."""
    endpoints = world.engine.region(world.region).plane.sagemaker.state.endpoints
    endpoint = next(iter(endpoints.values()))
    return endpoint.name, next(iter(endpoint.fleets[endpoint.live].variants))
