"""A sweep on a Ray cluster of two nodes, one of which dies half-way, has the same answer."""

import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from understudy.base.diagnostic import InvalidInput
from understudy.base.service_time import lognormal
from understudy.control.slo import parse_slos
from understudy.recommend.cluster import Cluster
from understudy.recommend.sweep import Cores, Job, Sweep
from understudy.sim import patterns
from understudy.sim.candidate import Candidate
from understudy.sim.lane import Setting
from understudy.sim.serving import Serving
from understudy.sim.start_up import at_once
from understudy.testing.candidates import tracking

MONDAY = 1_772_409_600.0


def setting() -> Setting:
    traffic = patterns.diurnal(1.0, 30.0, duration=86_400.0)
    serving = Serving(lognormal(0.1, 0.3))
    return Setting(traffic, serving, at_once(240.0), parse_slos("p95<1s"), MONDAY, 10, 0.115)


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is installed")
def test_without_ray_it_says_what_to_install() -> None:
    with pytest.raises(InvalidInput, match=r"Ray is not installed"):
        Cluster({"whole": setting()}, "127.0.0.1:1")


@pytest.fixture
def two_nodes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster as Nodes

    monkeypatch.setenv("RAY_DISABLE_DOCKER_CPU_WARNING", "1")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    nodes = Nodes(initialize_head=True, head_node_args={"num_cpus": 1})
    nodes.add_node(num_cpus=1)
    yield nodes
    ray.shutdown()
    nodes.shutdown()


@pytest.mark.processes
@pytest.mark.filterwarnings("ignore")
def test_a_node_that_dies_half_way_changes_nothing(two_nodes: Any) -> None:
    made = {"whole": setting()}
    jobs: list[Job] = [("whole", Candidate(1, 8, 1, (tracking(10.0 + n),))) for n in range(160)]
    seen: list[int] = []
    second = next(iter(two_nodes.worker_nodes))

    def done(count: int) -> None:
        seen.append(count)
        if len(seen) == 2:
            two_nodes.remove_node(second, allow_graceful=False)

    found = Sweep(Cluster(made, two_nodes.address), progress=done).run(jobs)
    assert found == Sweep(Cores(made)).run(jobs)
    assert sum(seen) == len(jobs)
    assert len(two_nodes.worker_nodes) == 0
