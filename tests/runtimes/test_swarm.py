"""Programs over the machines of a swarm: placed by zone, reached, and lost with their machine."""

import asyncio
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from understudy.runtimes.program_fleet import containers
from understudy.runtimes.program_processes import shell
from understudy.runtimes.program_swarm import ProgramSwarm
from understudy.runtimes.programs import Gone, NotRun, Program, Running
from understudy.runtimes.swarm_nodes import Node, chosen
from understudy.testing.container_engine import IMAGE
from understudy.testing.swarm import MANAGER, WORKER, Swarm, missing, swarm

PATIENCE = 60.0
SILENCE = 60.0
"""Seconds that the swarm waits for a node: three heartbeats."""
SERVE = "mkdir /www; echo $SAID > /www/index.html; echo up; exec httpd -f -p 80 -h /www"


def node(name: str, zone: str, *, ready: bool = True) -> Node:
    return Node(name, "10.0.0.1", zone, ready, 1)


NODES = [node("1", "a"), node("2", "a"), node("3", "b"), node("4", "c", ready=False)]


@pytest.mark.parametrize(
    ("zone", "busy", "expected"),
    [
        pytest.param("b", {"3": 9}, "3", id="the one of its zone"),
        pytest.param("a", {"1": 2, "2": 1}, "2", id="the one with fewer programs"),
        pytest.param("c", {"1": 1}, "2", id="any, where that of its zone is lost"),
        pytest.param("", {}, "1", id="any, without a zone"),
    ],
)
def test_a_node_is_chosen(zone: str, busy: dict[str, int], expected: str) -> None:
    assert chosen(NODES, zone, busy).id == expected


def test_without_a_ready_node_nothing_runs() -> None:
    with pytest.raises(NotRun, match="no node of the swarm is ready"):
        chosen([node("4", "c", ready=False)], "c", {})


@pytest.fixture(scope="module")
def machines(nobody_is_left_behind: object) -> Iterator[Swarm]:
    if reason := missing():
        pytest.skip(reason)
    with swarm(told=True) as found:
        yield found


def server(folder: Path, name: str, zone: str) -> Program:
    root = folder / name
    environment = {"SAID": f"{name} in {zone}"}
    return Program(
        name, shell(SERVE), environment, root, folder / f"{name}.log", image=IMAGE, ports={80: 1},
        cpu=64.0, memory=64, note=f"note of {name}", zone=zone,
    )  # fmt: skip


def said(running: Running) -> str:
    """What a server answers, "" where it does not."""
    url = f"http://{running.host}:{running.ports[80]}/"
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.read().decode().strip()
    except (OSError, urllib.error.URLError):
        return ""


@pytest.mark.processes
def test_programs_run_on_the_node_of_their_zone_and_are_gone_with_it(
    machines: Swarm, tmp_path: Path
) -> None:
    gone: dict[str, Gone] = {}

    async def story() -> None:
        def ended(each: Gone) -> None:
            gone[each.name] = each

        async def until(name: str) -> Gone:
            async with asyncio.timeout(PATIENCE):
                while name not in gone:
                    await asyncio.sleep(0.05)
            return gone[name]

        fleet = containers(str(tmp_path), ended, machines.manager)
        assert isinstance(fleet, ProgramSwarm)
        zones = {"one": "us-east-1a", "two": "us-east-1b", "three": "us-east-1b"}
        there = {
            name: await fleet.start(server(tmp_path, name, zone)) for name, zone in zones.items()
        }
        assert [each.host for each in there.values()] == [MANAGER, WORKER, WORKER]
        assert all(each.limited for each in there.values())
        for name, zone in zones.items():
            async with asyncio.timeout(PATIENCE):
                while await asyncio.to_thread(said, there[name]) != f"{name} in {zone}":
                    await asyncio.sleep(0.05)
        # An engine that comes later finds them, and where they listen.
        later = containers(str(tmp_path), ended, machines.manager)
        assert isinstance(later, ProgramSwarm)
        found = {each.name: each for each in await later.adopt()}
        assert {name: each.host for name, each in found.items()} == {
            name: each.host for name, each in there.items()
        }
        assert found["two"].note == "note of two"
        # There is one engine at a time: two would end each other's programs of the same name.
        assert later._watching is not None
        later._watching.cancel()
        # What runs there is asked and measured, on either machine.
        for name in ("one", "two"):
            assert await fleet.well(name, ("cat", "/www/index.html"), PATIENCE)
            assert not await fleet.well(name, ("cat", "/nothing"), PATIENCE)
        used = await asyncio.to_thread(fleet.used)
        assert all(used[name][1] > 0 for name in zones)
        await fleet.stop("three", 1.0)
        assert (await until("three")).code < 0
        # One that takes more memory than it has is known to have starved.
        eater = shell("x=a; while :; do x=$x$x; done")
        await fleet.start(replace(server(tmp_path, "eater", "us-east-1b"), command=eater))
        assert (await until("eater")).starved
        assert "up" in (tmp_path / "one.log").read_text()
        # The second machine is lost while it serves.
        lost = time.monotonic()
        machines.lose_worker()
        assert (await until("two")).code == -9
        # Long before its silence would have the swarm give it up.
        assert time.monotonic() - lost < SILENCE
        assert said(there["one"]) == "one in us-east-1a"
        again = await fleet.start(server(tmp_path, "two", "us-east-1b"))
        assert again.host == MANAGER
        await fleet.close()
        await later.close()

    asyncio.run(story())
