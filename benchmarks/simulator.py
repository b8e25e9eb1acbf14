"""How fast the simulator runs one day of the digits example: 1,440 minutes, every request.

    python benchmarks/simulator.py

The whole engine is driven: each request is routed and queued, each alarm evaluated each minute.
CPU time of this process, best of several runs, and as a multiple of a fixed piece of Python.
"""

import time
from zoneinfo import ZoneInfo

import numpy as np

from understudy.app.examples import example
from understudy.app.schemas import CfnLintSchemas
from understudy.base.service_time import Constant
from understudy.cloudformation.schema import Schemas
from understudy.control.plane import PlaneConfig
from understudy.control.sagemaker.service import HostingConfig
from understudy.engine.engine import Engine, World
from understudy.resources.registry import BY_NAME
from understudy.sim.arrivals import arrivals
from understudy.sim.fleet import Fleet
from understudy.sim.traffic import read
from understudy.sim.world import SimulatedWorld, WorldModel

RUNS = 5
REGION = "us-east-1"
BUDGET_SECONDS = 0.5


def deployed(world: World) -> tuple[SimulatedWorld, str]:
    """A simulated world with the example in service, and the name of its endpoint."""
    simulated = SimulatedWorld(Engine(world), WorldModel(), 1_790_000_000.0, REGION)
    simulated.call(
        "cloudformation",
        "CreateStack",
        {
            "StackName": "digits",
            "TemplateBody": example("digits-endpoint/template.yaml").read_text(),
            "Capabilities": ["CAPABILITY_NAMED_IAM"],
            "Parameters": [
                {"ParameterKey": "ModelDataUrl", "ParameterValue": "s3://models/model.tar.gz"}
            ],
        },
    )
    simulated.run(simulated.now + 600)
    return simulated, next(iter(simulated.engine.region(REGION).plane.sagemaker.state.endpoints))


def reference() -> float:
    """CPU seconds of ten million rounds of an empty loop, to compare machines by."""
    begin = time.process_time()
    for _ in range(10**7):
        pass
    return time.process_time() - begin


def main() -> None:
    """Print the figures."""
    hosting = HostingConfig(startup_delay=240.0)
    world = World(PlaneConfig(ZoneInfo, hosting), BY_NAME, Schemas(CfnLintSchemas()))
    path = example("traffic/day.csv")
    traffic = read(path.read_bytes(), path.name)
    times = arrivals(traffic, 1)
    best, requests = float("inf"), 0
    for _ in range(RUNS):
        simulated, endpoint = deployed(world)
        generator = np.random.default_rng(1)
        fleet = Fleet(endpoint, times + simulated.now, Constant(0.03), 1, 0.0, generator)
        simulated.send(fleet)
        begin = time.process_time()
        simulated.run(simulated.now + traffic.duration)
        best = min(best, time.process_time() - begin)
        requests = fleet.arrivals.size
    minutes = traffic.duration / 60
    print(f"{minutes:,.0f} minutes, {requests:,} requests: {best:.3f} s of CPU")
    print(f"budget {BUDGET_SECONDS} s; {best / reference():.2f} times an empty loop of ten million")


if __name__ == "__main__":
    main()
