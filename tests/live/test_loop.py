"""The loop: its time, its journal, and what it does about bugs."""

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from understudy.app.composition import world_of
from understudy.base.fault import Fault
from understudy.control.events import (
    AnyCommand,
    ApiCalled,
    InstanceHealthy,
    Launch,
    RequestsCompleted,
    Served,
    Sketch,
    Stop,
)
from understudy.control.sagemaker.service import HostingConfig
from understudy.deploy.handler import Done, Handler, Request, ResourceType
from understudy.engine.engine import Engine, World
from understudy.live.clock import WorldClock
from understudy.live.loop import LEAD_SECONDS, SNAPSHOT_EVERY, LiveLoop, replay
from understudy.resources.registry import BY_NAME
from understudy.sim.world import SimulatedWorld, WorldModel
from understudy.storage.journal import Journal
from understudy.testing.processes import wait_for

Result = TypeVar("Result")

REGION = "us-east-1"
BEGIN = 1_800_000_000.0
MODEL = {
    "ModelName": "m",
    "ExecutionRoleArn": "arn:aws:iam::000000000000:role/r",
    "PrimaryContainer": {"Image": "i", "Environment": {"UNDERSTUDY_STAND_IN": "10ms"}},
}
VARIANT = {
    "VariantName": "A",
    "ModelName": "m",
    "InstanceType": "ml.m5.large",
    "InitialInstanceCount": 2,
}
TARGET = {
    "ServiceNamespace": "sagemaker",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    "ResourceId": "endpoint/e/variant/A",
}


class Bench:
    """A loop over a journal in a folder, whose commands are written down instead of performed.

    Its clock is ``ahead`` (world seconds), so that time goes by what is reported.
    """

    def __init__(self, folder: Path, world: World, speed: float, ahead: float) -> None:
        self.path = folder / "journal.db"
        self.world = world
        self.speed = speed
        self.ahead = ahead
        self.performed: list[AnyCommand] = []
        self.runner = asyncio.Runner()
        self.open(Engine(world), BEGIN)

    def open(self, engine: Engine, at: float, **options: Any) -> LiveLoop:
        self.journal = Journal(self.path)
        clock = WorldClock(time.monotonic() - self.ahead / self.speed, at, self.speed)
        self.loop = self.run(self._made(engine, clock, options))
        self.loop.perform = self.performed.append
        return self.loop

    async def _made(self, engine: Engine, clock: WorldClock, options: dict[str, Any]) -> LiveLoop:
        return LiveLoop(engine, self.journal, clock, **options)

    def run(self, work: Awaitable[Result]) -> Result:
        async def wait() -> Result:
            return await work

        return self.runner.run(wait())

    def do(self, work: Callable[[], Result]) -> Result:
        """Call something of the loop's from within the event loop."""

        async def call() -> Result:
            return work()

        return self.run(call())

    def call(self, service: str, operation: str, **params: Any) -> Any:
        return self.do(lambda: self.loop.call(REGION, service, operation, params, "r"))

    def until(self, condition: Callable[[], Any], seconds: float = 5.0) -> Any:
        """Let the event loop run until something is so."""
        return wait_for(lambda: self.run(asyncio.sleep(0.005)) or condition(), seconds)

    def crash(self) -> Engine:
        """Leave everything as it is, and bring a new engine to where the journal ends."""
        self.runner.close()
        self.runner = asyncio.Runner()
        return self.replayed()

    def replayed(self) -> Engine:
        journal = Journal(self.path)
        snapshot = journal.snapshot()
        engine = Engine.restore(self.world, snapshot.state) if snapshot else Engine(self.world)
        list(replay(engine, journal.entries(snapshot.number if snapshot else 0)))
        journal.close()
        return engine


@pytest.fixture
def make_bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    made: list[Bench] = []

    def make(world: World | None = None, speed: float = 1.0, ahead: float = 10_000.0) -> Bench:
        made.append(Bench(tmp_path, world or world_of(HostingConfig()), speed, ahead))
        return made[-1]

    yield make
    for bench in made:
        bench.runner.close()
        bench.journal.close()


@pytest.fixture
def bench(make_bench: Callable[..., Bench]) -> Bench:
    return make_bench()


def deploy(bench: Bench) -> None:
    """An endpoint with two instances that scales between 1 and 4."""
    bench.call("sagemaker", "CreateModel", **MODEL)
    bench.call(
        "sagemaker", "CreateEndpointConfig", EndpointConfigName="c", ProductionVariants=[VARIANT]
    )
    bench.call("sagemaker", "CreateEndpoint", EndpointName="e", EndpointConfigName="c")
    for number, command in enumerate(launches(bench)):
        event = InstanceHealthy(bench.loop.now(), REGION, command.instance_id, "h", 8000 + number)
        bench.do(lambda event=event: bench.loop.submit(event))
    scaling = "application-autoscaling"
    bench.call(scaling, "RegisterScalableTarget", **TARGET, MinCapacity=1, MaxCapacity=4)
    bench.call(
        scaling,
        "PutScalingPolicy",
        **TARGET,
        PolicyName="p",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 100.0,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
            },
        },
    )


def launches(bench: Bench) -> list[Launch]:
    return [each for each in bench.performed if isinstance(each, Launch)]


def serve(bench: Bench, minutes: int, per_second: int) -> None:
    """Report traffic of so many minutes, second by second, as the data plane would."""
    first = int(bench.loop.now())
    for second in range(first, first + 60 * minutes):
        sketch = Sketch(
            (10_000.0,), (float(per_second),), 10_000.0 * per_second, 10_000.0, 10_000.0
        )
        served = Served("e", "A", second, per_second, 2, 0, 0, sketch, sketch)

        def report(served: Served = served, second: int = second) -> None:
            bench.loop.submit(RequestsCompleted(bench.loop.now(), REGION, (served,)))
            bench.loop.reported(second + 1)

        bench.do(report)


def test_time_does_not_run_ahead_of_what_the_data_plane_has_reported(
    make_bench: Callable[..., Bench],
) -> None:
    bench = make_bench(speed=3600.0)
    assert bench.do(bench.loop.now) == BEGIN + LEAD_SECONDS
    bench.do(lambda: bench.loop.reported(BEGIN + 500))
    assert bench.do(bench.loop.now) == BEGIN + 500 + LEAD_SECONDS


def test_a_timer_waits_for_the_report_without_which_it_could_miss_something(
    make_bench: Callable[..., Bench],
) -> None:
    bench = make_bench(speed=3600.0)
    deploy(bench)
    due = bench.loop.engine.due()
    assert due is not None
    assert due > bench.loop.now()
    bench.run(asyncio.sleep(0.05))
    assert bench.loop.engine.due() == due
    bench.do(lambda: bench.loop.reported(due + 1))
    assert bench.loop.engine.due() != due


def test_timers_fire_by_themselves(make_bench: Callable[..., Bench]) -> None:
    bench = make_bench(speed=120.0, ahead=0.0)
    deploy(bench)
    due = bench.loop.engine.due()
    assert due is not None
    bench.do(lambda: bench.loop.reported(due + 3600))
    assert bench.loop.engine.due() == due
    bench.until(lambda: bench.loop.engine.due() != due)


def test_no_time_is_shown_that_a_restart_could_go_back_to(
    make_bench: Callable[..., Bench],
) -> None:
    bench = make_bench(speed=3600.0, ahead=0.0)
    shown = 0.0
    for _ in range(20):
        bench.do(lambda: bench.loop.reported(bench.loop.clock.now()))
        bench.run(asyncio.sleep(0.005))
        shown = max(shown, bench.do(bench.loop.now))
        assert shown <= Journal(bench.path).horizon
    engine = bench.crash()
    begin = max(engine.state.at, Journal(bench.path).horizon)
    assert bench.open(engine, begin).now() >= shown


def test_commands_are_performed_once_and_recorded_with_what_led_to_them(bench: Bench) -> None:
    deploy(bench)
    serve(bench, minutes=6, per_second=10)
    assert len(launches(bench)) == 4
    recorded = [command for entry in bench.journal.entries() for command in entry.commands]
    assert recorded == bench.performed


def test_a_replay_gives_the_same_commands_and_the_same_state(bench: Bench) -> None:
    deploy(bench)
    serve(bench, minutes=6, per_second=10)
    serve(bench, minutes=20, per_second=0)
    assert any(isinstance(each, Stop) for each in bench.performed)
    engine = Engine(bench.world)
    again = [
        command for step in replay(engine, bench.journal.entries()) for command in step.commands
    ]
    assert again == bench.performed
    assert engine.snapshot() == bench.loop.engine.snapshot()


def test_the_simulated_driver_replays_a_journal_to_the_same_commands_and_state(
    bench: Bench,
) -> None:
    deploy(bench)
    serve(bench, minutes=6, per_second=10)
    serve(bench, minutes=20, per_second=0)
    entries = list(bench.journal.entries())
    engine = Engine(bench.world)
    world = SimulatedWorld(engine, WorldModel(), BEGIN, REGION)
    world.follow([each.event for each in entries if each.event], entries[-1].at)
    assert world.commands == bench.performed
    assert engine.snapshot() == bench.loop.engine.snapshot()


def test_a_restart_launches_what_shall_run_and_records_what_was_void(bench: Bench) -> None:
    bench.loop = bench.open(Engine(bench.world), BEGIN, keep_journal=True)
    deploy(bench)
    serve(bench, minutes=3, per_second=10)
    engine = bench.crash()
    before = len(bench.performed)
    bench.open(engine, engine.state.at + 7200, keep_journal=True)
    bench.do(bench.loop.restart)
    assert {each.instance_id for each in launches(bench)[2:]} >= set(
        engine.region(REGION).plane.sagemaker.state.instances
    )
    assert len(bench.performed) > before
    fresh = Engine(bench.world)
    for step in replay(fresh, bench.journal.entries()):
        assert tuple(step.commands) == step.entry.commands
    assert fresh.snapshot() == bench.loop.engine.snapshot()


def test_snapshots_keep_the_journal_short(bench: Bench) -> None:
    data = {"Namespace": "N", "MetricData": [{"MetricName": "m", "Value": 1.0}]}
    event = ApiCalled(BEGIN, REGION, "cloudwatch", "PutMetricData", data, "r")

    def put() -> None:
        for _ in range(SNAPSHOT_EVERY + 10):
            bench.loop.submit(event)

    bench.do(put)
    assert len(list(bench.journal.entries())) == 10
    assert bench.replayed().snapshot() == bench.loop.engine.snapshot()


def broken_world() -> World:
    """A world in which a bucket cannot be made without a bug."""

    def create(request: Request) -> Handler:
        if request.properties:
            raise ZeroDivisionError("a bug")
        yield from ()
        return Done("b")

    world = world_of(HostingConfig())
    broken = ResourceType("AWS::S3::Bucket", "runs", create, create)
    return dataclasses.replace(world, types={**BY_NAME, "AWS::S3::Bucket": broken})


BUGGY = """{"Resources": {"B": {"Type": "AWS::S3::Bucket",
"Properties": {"BucketName": "bug"}}}}"""


def test_a_bug_is_an_internal_failure_and_the_engine_goes_on(
    make_bench: Callable[..., Bench], caplog: pytest.LogCaptureFixture
) -> None:
    bench = make_bench(broken_world())
    with pytest.raises(Fault) as caught:
        bench.call("cloudformation", "CreateStack", StackName="s", TemplateBody=BUGGY)
    assert (caught.value.code, caught.value.status) == ("InternalFailure", 500)
    assert "cloudformation:CreateStack failed" in caplog.text
    assert "ZeroDivisionError: a bug" in caplog.text
    deploy(bench)
    assert len(launches(bench)) == 2
    assert bench.replayed().snapshot() == bench.loop.engine.snapshot()


def test_what_cannot_be_written_down_does_not_happen(bench: Bench) -> None:
    before = bench.loop.engine.snapshot()
    with pytest.raises(TypeError):
        bench.call("sagemaker", "CreateModel", **MODEL | {"Tags": object()})
    assert bench.loop.engine.snapshot() == before


def test_an_engine_that_cannot_write_its_journal_acknowledges_nothing_more(bench: Bench) -> None:
    pages = bench.journal._database.execute("PRAGMA page_count").fetchone()[0]
    bench.journal._database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Fault, match="InternalFailure"):
        bench.call("sagemaker", "CreateModel", **MODEL | {"ExecutionRoleArn": "x" * 100_000})
    assert "cannot be written" in str(bench.loop.broken.exception())
    with pytest.raises(Fault, match="ServiceUnavailable"):
        bench.call("sagemaker", "CreateModel", **MODEL)
    assert bench.replayed().region(REGION).plane.sagemaker.state.models == {}
