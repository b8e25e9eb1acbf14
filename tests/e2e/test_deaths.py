"""What happens when a part of a running engine dies or hangs."""

import os
import signal
from collections.abc import Callable

import pytest

from understudy.live.front_door import MOST_ENDS
from understudy.testing.engines import RunningEngine
from understudy.testing.processes import command_of, descendants, is_running, reap, wait_for

pytestmark = pytest.mark.processes


def process(engine: RunningEngine, part: str) -> int:
    """The process of a part of the engine, by what its command line says."""
    return min(wait_for(lambda: parts(engine.pid, part), 5, f"{part} does not run"))


def parts(engine: int, part: str) -> list[int]:
    return [pid for pid in descendants(engine) if part in command_of(pid)]


def data_plane(engine: RunningEngine) -> int:
    return process(engine, "understudy.proxy")


@pytest.fixture(scope="module")
def endpoint(engine: RunningEngine) -> str:
    engine.create_stack("s", MinCapacity="2")
    return engine.created("s")["EndpointName"]


def test_a_data_plane_that_dies_is_started_again_and_told_everything(
    engine: RunningEngine, endpoint: str
) -> None:
    assert engine.serves(endpoint)
    dead, known = data_plane(engine), descendants(engine.pid)
    os.kill(dead, signal.SIGKILL)
    wait_for(lambda: engine.serves(endpoint), 5)
    assert descendants(engine.pid) - {data_plane(engine)} == known - {dead}
    assert "ended with code -9. It is started again." in engine.log()


def test_traffic_is_still_counted_after_the_data_plane_was_restarted(
    engine: RunningEngine, endpoint: str
) -> None:
    os.kill(data_plane(engine), signal.SIGKILL)
    wait_for(lambda: engine.serves(endpoint), 5)
    begin = engine.status()["world_time"]
    wait_for(lambda: engine.status()["world_time"] > begin + 1)


def test_requests_that_come_while_it_is_down_wait(engine: RunningEngine) -> None:
    for _ in range(2):
        dead = data_plane(engine)
        os.kill(dead, signal.SIGKILL)
        wait_for(lambda dead=dead: not is_running(dead))
        assert engine.status()["endpoint"] == engine.endpoint


def test_an_instance_that_dies_is_replaced(engine: RunningEngine, endpoint: str) -> None:
    zygote = process(engine, "zygote_process")
    instance = min(descendants(zygote))
    os.kill(instance, signal.SIGKILL)
    wait_for(lambda: len(descendants(zygote)) == 2)
    wait_for(lambda: engine.serves(endpoint))


def test_when_the_template_process_dies_every_instance_is_replaced(
    engine: RunningEngine, endpoint: str
) -> None:
    zygote = process(engine, "zygote_process")
    instances = descendants(zygote)
    os.kill(zygote, signal.SIGKILL)
    wait_for(lambda: not any(map(is_running, instances)))
    wait_for(lambda: engine.serves(endpoint))
    wait_for(lambda: len(descendants(process(engine, "zygote_process"))) == 2)


def test_an_engine_whose_data_plane_dies_again_and_again_ends_and_says_so(
    make_engine: Callable[..., RunningEngine],
) -> None:
    engine = make_engine()
    pid = engine.pid
    while is_running(pid):
        for each in parts(pid, "understudy.proxy"):
            os.kill(each, signal.SIGKILL)
        reap()
    assert f"It did so {MOST_ENDS} times within a minute." in engine.log()


def replaced(engine: RunningEngine, dead: int) -> bool:
    """Whether there is a data plane in the place of one that died."""
    found = parts(engine.pid, "understudy.proxy")
    return bool(found) and dead not in found


def test_a_data_plane_that_hangs_is_replaced(
    make_engine: Callable[..., RunningEngine],
) -> None:
    engine = make_engine()
    hung = data_plane(engine)
    os.kill(hung, signal.SIGSTOP)
    wait_for(lambda: replaced(engine, hung), 30)
    assert engine.status()["pid"] == engine.pid
    assert "has been silent" in engine.log()
