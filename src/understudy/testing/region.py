"""A whole region in virtual time for tests: the engine, and a world of stand-ins.

>>> region = Region()
>>> region.elbv2("DescribeLoadBalancers")["LoadBalancers"]
[]
"""

from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from understudy.app.schemas import resource_types, schemas_of
from understudy.base.arn import DEFAULT_REGION
from understudy.control.events import AnyCommand, AnyEvent, Params
from understudy.control.plane import Plane, PlaneConfig
from understudy.control.stand_ins import StandInModel
from understudy.engine.engine import Engine, EngineState, World
from understudy.sim.world import SimulatedWorld, WorldModel
from understudy.testing.stage import instant

START = instant("2026-01-01T00:00:00Z")

Kind = TypeVar("Kind", bound=AnyCommand)


class Region:
    """One region of an engine. Time only passes when told to."""

    def __init__(
        self,
        stand_ins: StandInModel | None = None,
        config: PlaneConfig | None = None,
        at: float = START,
        seed: int = 0,
        model: WorldModel | None = None,
    ) -> None:
        plane = config or PlaneConfig(ZoneInfo)
        self.config = World(plane, resource_types(), schemas_of)
        self.engine = Engine(self.config, EngineState(seed=seed))
        model = model or WorldModel(stand_ins=stand_ins or StandInModel())
        self.world = SimulatedWorld(self.engine, model, at, DEFAULT_REGION)

    @property
    def now(self) -> float:
        """The time, seconds since the epoch."""
        return self.world.now

    @property
    def plane(self) -> Plane:
        """The control planes."""
        return self.engine.region(DEFAULT_REGION).plane

    def call(self, service: str, operation: str, /, **params: Any) -> Params:
        """Call an AWS operation now. Raises Fault."""
        return self.world.call(service, operation, params)

    def elbv2(self, operation: str, /, **params: Any) -> Params:
        """Call Elastic Load Balancing. Raises Fault."""
        return self.call("elbv2", operation, **params)

    def ecs(self, operation: str, /, **params: Any) -> Params:
        """Call ECS. Raises Fault."""
        return self.call("ecs", operation, **params)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.world.run(self.now + seconds)

    def report(self, kind: type[AnyEvent], **fields: Any) -> None:
        """Have the world report an event now."""
        self.world.report(kind(self.now, DEFAULT_REGION, **fields))
        self.world.run(self.now)

    def commands(self, kind: type[Kind]) -> list[Kind]:
        """The commands of one kind that have been given so far."""
        return [each for each in self.world.commands if isinstance(each, kind)]

    def statistics(
        self,
        namespace: str,
        name: str,
        statistic: str,
        since: float,
        /,
        period: int = 60,
        **dimensions: str,
    ) -> list[float]:
        """The values of a metric period by period, those left out that have none."""
        answer = self.call(
            "cloudwatch",
            "GetMetricStatistics",
            Namespace=namespace,
            MetricName=name,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            Statistics=[statistic],
            Period=period,
            StartTime=since,
            EndTime=self.now,
        )
        points = sorted(answer["Datapoints"], key=lambda point: point["Timestamp"])
        return [point[statistic] for point in points]

    def restored(self) -> bool:
        """Whether a snapshot of the engine stands where the engine does."""
        snapshot = self.engine.snapshot()
        again = Engine.restore(self.config, snapshot)
        return msgspec.msgpack.decode(again.snapshot()) == msgspec.msgpack.decode(snapshot)
