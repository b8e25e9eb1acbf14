"""Real engines for tests of all packages; whoever leaves a process behind fails."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from understudy.testing.engines import RunningEngine
from understudy.testing.processes import adopt_orphans, command_of, descendants, reap, wait_for

# How long an example takes says more of what else the machine does than of the code.
settings.register_profile("calm", deadline=None)
settings.load_profile("calm")

# Prices that the user has refreshed are none of a test's business.
os.environ["XDG_STATE_HOME"] = "/nowhere"


@pytest.fixture(scope="module")
def nobody_is_left_behind() -> Iterator[Callable[[], set[int]]]:
    """What was started in a module has ended with it, whoever had started it. Tells what has not.

    Those before it may have left what ends with the tests: Python's tracker of shared resources.
    """
    adopt_orphans()
    before = descendants(os.getpid())

    def left() -> set[int]:
        reap()
        return descendants(os.getpid()) - before

    yield left
    wait_for(lambda: not left(), 10, str([command_of(each) for each in left()]))


@pytest.fixture(scope="module")
def make_engine(
    tmp_path_factory: pytest.TempPathFactory, nobody_is_left_behind: object
) -> Iterator[Callable[..., RunningEngine]]:
    """Starts engines, each on a state folder of its own."""
    made: list[RunningEngine] = []

    def make(*flags: str, state: Path | None = None) -> RunningEngine:
        engine = RunningEngine(state or tmp_path_factory.mktemp("engine") / "state", *flags)
        made.append(engine)
        engine.up()
        return engine

    yield make
    for engine in made:
        engine.down()


@pytest.fixture(scope="module")
def engine(make_engine: Callable[..., RunningEngine]) -> RunningEngine:
    """The module's engine, in real time."""
    return make_engine()
