"""The simulator's lanes against C, SimPy, Ciw and Erlang-C, in one run.

    python benchmarks/simulation.py [--peers PYTHON] [--requests 50000000]

``--peers`` is a Python that has simpy and ciw. All times are CPU time; look at the ratios.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from math import factorial
from pathlib import Path

import numpy as np

from understudy.app.examples import example
from understudy.base.service_time import gamma, lognormal
from understudy.control.slo import parse_slos
from understudy.recommend.families import families
from understudy.recommend.policies import Room
from understudy.recommend.season import season
from understudy.recommend.worth import worth
from understudy.sim import compiled, patterns
from understudy.sim.candidate import Candidate
from understudy.sim.lane import Runner, Setting
from understudy.sim.queueing import LATENCY, WIDTH, Rules, Targets, least_busy
from understudy.sim.serving import TIMEOUT, UNLIMITED, Serving
from understudy.sim.start_up import at_once
from understudy.sim.traffic import read
from understudy.testing.candidates import tracking

HERE = Path(__file__).parent
MONDAY = 1_772_409_600.0
CHUNK = 500_000
DAY = 86_400.0

SIMPY = """
import random, sys, time, simpy
instances, busy, count = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
draw = random.Random(1)
def request(env, servers):
    server = min(servers, key=lambda s: s.count + len(s.queue))
    with server.request() as turn:
        yield turn
        yield env.timeout(draw.expovariate(1.0))
def source(env, servers):
    for _ in range(count):
        yield env.timeout(draw.expovariate(busy * instances))
        env.process(request(env, servers))
env = simpy.Environment()
servers = [simpy.Resource(env) for _ in range(instances)]
begin = time.process_time()
env.process(source(env, servers))
env.run()
print((time.process_time() - begin) / count * 1e9)
"""

CIW = """
import sys, time, ciw
instances, busy, count = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
network = ciw.create_network(
    arrival_distributions=[ciw.dists.Exponential(busy * instances)],
    service_distributions=[ciw.dists.Exponential(1.0)],
    number_of_servers=[instances],
)
ciw.seed(1)
simulation = ciw.Simulation(network)
begin = time.process_time()
simulation.simulate_until_max_customers(count, method="Finish")
print((time.process_time() - begin) / count * 1e9)
"""


def served(instances: int, slots: int, busy: float, requests: int) -> tuple[float, float]:
    """Nanoseconds of CPU for each request, and the mean wait in service times."""
    draw = np.random.default_rng(1)
    room = 4096
    targets = Targets(
        np.ones(1),
        np.zeros(1, dtype=np.int64),
        np.array([instances]),
        np.zeros((instances, slots)),
        np.empty((instances, room + CHUNK)),
        np.zeros(instances, dtype=np.int64),
        least_busy(1, instances),
    )
    rules = Rules(UNLIMITED, 1e12, 0.0, 1, 1.0)
    results, attempts = np.empty((CHUNK, 2)), np.empty((CHUNK, 4))
    again, invocations = np.empty((1, WIDTH)), np.zeros(1, dtype=np.int64)
    run, spent, waited, at = compiled.serve(), 0.0, 0.0, 0.0
    for begin in range(-CHUNK, requests, CHUNK):
        arrivals = at + np.cumsum(draw.exponential(1 / (busy * instances * slots), CHUNK))
        services = draw.exponential(1.0, CHUNK)
        at = float(arrivals[-1])
        clock = time.process_time()
        run(arrivals, services, (1, begin + CHUNK), np.inf, targets, rules, again, 0, invocations,
            attempts, 0, results)  # fmt: skip
        if begin >= 0:  # The first part warms up the machine code and the queue.
            spent += time.process_time() - clock
            waited += float(results[:, LATENCY].sum() - services.sum())
    count = len(range(0, requests, CHUNK)) * CHUNK
    return 1e9 * spent / count, waited / count


def erlang_c(slots: int, busy: float) -> float:
    """The mean wait of M/M/c in service times (A. K. Erlang, 1917)."""
    load = slots * busy
    top = load**slots / factorial(slots) / (1 - busy)
    waits = top / (sum(load**n / factorial(n) for n in range(slots)) + top)
    return waits / (slots * (1 - busy))


def c_reference(name: str, *arguments: object, feed: str = "") -> list[float]:
    """What a program of benchmarks/c prints."""
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / name
        source = HERE / "c" / f"{name}.c"
        build = ["gcc", "-O3", "-march=native", "-o", program, source, "-lm"]
        subprocess.run(list(map(str, build)), check=True)
        command = [str(program), *map(str, arguments)]
        done = subprocess.run(command, input=feed, capture_output=True, text=True, check=True)
    return [float(each) for each in done.stdout.split()]


def peer(python: str, script: str, *arguments: object) -> float:
    """Nanoseconds for each request of a peer."""
    command = [python, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def queue(python: str, requests: int) -> None:
    """The exact queue against C, SimPy, Ciw and Erlang-C."""
    ours, _ = served(4, 1, 0.8, 4_000_000)
    theirs = c_reference("queue", 4, 0.8, 4_000_000)[0]
    print(f"exact queue, 4 instances at 80 %: {ours:.0f} ns a request, {1e9 / ours:,.0f} a second")
    print(f"  C reference: {theirs:.0f} ns; we take {ours / theirs:.2f} times as long")
    for name, script, count in (("SimPy", SIMPY, 60_000), ("Ciw", CIW, 20_000)):
        took = peer(python, script, 4, 0.8, count)
        print(f"  {name}: {took:,.0f} ns a request; {took / ours:,.0f} times as long")
    _, waited = served(1, 8, 0.9, requests)
    exact = erlang_c(8, 0.9)
    print(f"mean wait of M/M/8 at 90 % over {requests:,} requests: {waited:.5f} service times, "
          f"Erlang-C {exact:.5f}: {100 * (waited / exact - 1):+.3f} %")  # fmt: skip


def lane_setting(days: int) -> Setting:
    """The digits example's day again and again."""
    path = example("traffic/day.csv")
    day = read(path.read_bytes(), path.name)
    traffic = replace(day, counts=np.tile(day.counts, days))
    serving = Serving(lognormal(0.03, 0.06), timeout=TIMEOUT)
    slos = parse_slos("p99<500ms")
    return Setting(traffic, serving, at_once(240.0), slos, MONDAY, 16, 0.115)


def lane() -> None:
    """One policy over a year, by the minute, against C."""
    setting = lane_setting(365)
    runner, candidate = Runner(setting), Candidate(1, 16, 1, (tracking(750.0),))
    runner.run(candidate)
    best = min(_timed(lambda: runner.run(candidate)) for _ in range(3))
    counts = setting.traffic.counts
    feed = "\n".join(map(str, counts.tolist()))
    theirs = c_reference("minutes", len(counts), 750, 0.0325, feed=feed)[0]
    ours = 1e9 * best / len(counts)
    print(f"compiled lane: one policy-year in {1000 * best:.0f} ms, {ours:.0f} ns a minute")
    print(f"  C reference: {theirs:.1f} ns a minute; we take {ours / theirs:.1f} times as long")


def search() -> None:
    """Candidates of all families on four weeks of minutes."""
    traffic = patterns.weekly(2.0, 40.0, duration=28 * DAY)
    setting = Setting(
        traffic, Serving(gamma(0.1, 1.0)), at_once(240.0), parse_slos("p99<1s"), MONDAY, 24, 0.115
    )
    limits = setting.limits
    fitted = season(traffic, limits, MONDAY, 240.0)
    room = Room(float(limits[1]), 10.0, 1.0, 1, 24, fitted, worth=worth(setting))
    runner = Runner(setting)
    draw = np.random.default_rng(1)
    made = [
        family.make(draw.random(family.size).tolist(), room)
        for family in families(room)
        for _ in range(12)
    ]
    for candidate in made[::12]:
        runner.run(candidate)
    begin = time.process_time()
    for candidate in made:
        runner.run(candidate)
    each = (time.process_time() - begin) / len(made)
    print(f"candidates on four weeks: {1000 * each:.1f} ms of CPU each")
    print(f"  {2 * 30 / each:,.0f} in 30 s on two cores")


def _timed(work: object) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", default=sys.executable)
    parser.add_argument("--requests", type=int, default=50_000_000)
    given = parser.parse_args()
    queue(given.peers, given.requests)
    lane()
    search()


if __name__ == "__main__":
    main()
