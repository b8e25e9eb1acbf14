import pytest
from msgspec.structs import replace

from understudy.control.outcome import Outcome
from understudy.testing.outcomes import lunch_rush, small


@pytest.fixture(scope="session")
def live() -> Outcome:
    return lunch_rush()


@pytest.fixture(scope="session")
def simulated() -> Outcome:
    return lunch_rush(load_mode="dilated", simulated=True, seed=8)


@pytest.fixture(scope="session")
def blank() -> Outcome:
    """A run in which nothing was deployed, sent or metered."""
    run = small()
    nothing = replace(
        run.requests,
        sent=0,
        succeeded=0,
        failed=0,
        p50_ms=None,
        p90_ms=None,
        p99_ms=None,
        mean_ms=None,
        max_ms=None,
        attainments=tuple(
            replace(each, share=None, met=False) for each in run.requests.attainments
        ),
    )
    return replace(
        run,
        stack_status="ROLLBACK_COMPLETE",
        requests=nothing,
        load=(),
        capacity=(),
        activities=(),
        alarms=(),
        cost=None,
        idle=None,
    )
