"""``understudy cost``: what a run has cost, and costs a month."""

from pathlib import Path

from understudy.base.arn import DEFAULT_REGION
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.cli.engine import state_folder
from understudy.cli.exits import DONE, guarded, say


def cost(
    stack: str = "",
    /,
    *,
    all: bool = False,  # noqa: A002 - it is the option's name
    json: bool = False,
    region: str = DEFAULT_REGION,
    state: Path | None = None,
    endpoint_url: str = "",
) -> int:
    """Show what a stack has cost so far and costs a month at this rate, by resource.

    Args:
        stack: Name of the stack.
        all: Everything that runs or ran in the region, in stacks or not.
        json: Print it as JSON.
        region: The region.
        state: The engine's state folder (default: ~/.local/state/understudy).
        endpoint_url: The engine (default: the one of the state folder).

    """
    folder = state_folder(state)
    return guarded(lambda: _cost(stack, folder, endpoint_url, region, whole=all, as_json=json))


def _cost(
    stack: str, state: Path, endpoint: str, region: str, *, whole: bool, as_json: bool
) -> int:
    import msgspec

    from understudy.app.cost import cost_report, running_client
    from understudy.report.cost import cost_view
    from understudy.report.terminal import console, show

    if bool(stack) == whole:
        action = "name a stack, or give --all"
        raise InvalidInput((Diagnostic("Whose cost is to be shown?", action=action),))
    report = cost_report(running_client(state, endpoint, region), stack, state)
    if as_json:
        say(msgspec.json.format(msgspec.json.encode(report), indent=1).decode())
    else:
        show(console(), cost_view(report, stack))
    return DONE
