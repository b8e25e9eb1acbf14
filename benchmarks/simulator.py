"""How fast the simulator runs one day of the digits example: 1,440 minutes, every request.

    python benchmarks/simulator.py

The whole engine is driven: each request is routed and queued, each alarm evaluated each minute.
CPU time of this process, best of several runs, and as a multiple of a fixed piece of Python.
"""

import time

from understudy.app.examples import example
from understudy.app.simulation import Scenario, deployed, drive
from understudy.base.service_time import Constant
from understudy.sim.serving import Serving
from understudy.sim.start_up import at_once
from understudy.sim.traffic import Traffic, read
from understudy.sim.world import WorldModel

RUNS = 5
BUDGET_SECONDS = 0.5
START = 1_790_000_000.0


def scenario(traffic: Traffic) -> Scenario:
    """The digits example under some traffic."""
    return Scenario(
        stack_name="digits",
        body=example("digits-endpoint/template.yaml").read_text(),
        parameters={"ModelDataUrl": "s3://models/model.tar.gz"},
        traffic=traffic,
        serving=Serving(Constant(0.03)),
        world=WorldModel(at_once(0.3)),
        slos=(),
        deploy_at=START,
        start_at=START + 600,
        seed=1,
        startup_delay=240.0,
    )


def reference() -> float:
    """CPU seconds of ten million rounds of an empty loop, to compare machines by."""
    begin = time.process_time()
    for _ in range(10**7):
        pass
    return time.process_time() - begin


def main() -> None:
    """Print the figures."""
    path = example("traffic/day.csv")
    traffic = read(path.read_bytes(), path.name)
    best = float("inf")
    for _ in range(RUNS):
        world, _ = deployed(scenario(traffic))
        world.run(START + 600)
        begin = time.process_time()
        drive(world, scenario(traffic))
        best = min(best, time.process_time() - begin)
    minutes = traffic.duration / 60
    print(f"{minutes:,.0f} minutes, {traffic.total:,} requests: {best:.3f} s of CPU")
    print(f"budget {BUDGET_SECONDS} s; {best / reference():.2f} times an empty loop of ten million")


if __name__ == "__main__":
    main()
