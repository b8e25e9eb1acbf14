"""``understudy capacity``: what capacity a running engine's world has."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from understudy.base.arn import DEFAULT_REGION
from understudy.cli.engine import state_folder
from understudy.cli.exits import DONE, guarded

Many = list[str] | None


def capacity(
    *,
    limit: Annotated[Many, Parameter(name="--limit")] = None,
    lift: Annotated[Many, Parameter(name="--lift")] = None,
    quota: Annotated[Many, Parameter(name="--quota")] = None,
    scenario: Annotated[Many, Parameter(name="--scenario")] = None,
    settings: Path | None = None,
    region: str = DEFAULT_REGION,
    state: Path | None = None,
    endpoint_url: str = "",
) -> int:
    """Show what capacity a running engine's world has, after changing it as you say.

    Args:
        limit: At most so many instances in each pool, as p4d=2 or g5.xlarge=4,zone=us-east-1a or
            g5=0,spot; may be repeated.
        lift: A type or family whose limits end, or all.
        quota: A service quota, as g=64, L-1216C47A=32 or ml.g5.xlarge=4.
        scenario: What happens from now on: shortage:ml.g5,40m or interruption:g5.xlarge.
        settings: Put a file's capacity, quotas and commitments into force.
        region: The region.
        state: The engine's state folder (default: ~/.local/state/understudy).
        endpoint_url: The engine (default: the one of the state folder).

    """

    def work() -> int:
        from understudy.app.capacity import (
            limit_calls,
            quota_calls,
            read_settings,
            setting_calls,
        )
        from understudy.app.cost import running_client
        from understudy.app.scenarios import event_calls, read_events
        from understudy.report.capacity_view import capacity_view
        from understudy.report.terminal import console, show

        calls = [*limit_calls(limit or ()), *quota_calls(quota or ())]
        events = read_events(scenario or ())
        calls += setting_calls(read_settings(settings)) if settings else []
        client = running_client(state_folder(state), endpoint_url, region)
        for pattern in lift or ():
            client.capacity("DeletePools", **({} if pattern == "all" else {"Pattern": pattern}))
        for operation, params in [*calls, *event_calls(events, client.status["world_time"])]:
            client.capacity(operation, **params)
        seen: dict[str, Any] = client.capacity("DescribeCapacity")
        show(console(), capacity_view(seen))
        return DONE

    return guarded(work)
