"""``understudy explain`` and ``activities``: what scaling would do now, and what it has done."""

from pathlib import Path

from understudy.cli.engine import state_folder
from understudy.cli.exits import DONE, guarded, say


def explain(
    name: str = "",
    /,
    *,
    endpoint_url: str = "",
    state: Path | None = None,
    region: str = "",
    json: bool = False,
) -> int:
    """Tell what each scaling policy would do now, and why not more.

    Args:
        name: A stack, an Auto Scaling group, an endpoint, an ECS service, a resource id of
            Application Auto Scaling, or an alarm; without one, everything that scales.
        endpoint_url: The engine to ask (default: AWS_ENDPOINT_URL, else that of the state folder).
        state: State folder of the engine (default: ~/.local/state/understudy).
        region: Region to look at (default: AWS_DEFAULT_REGION, else us-east-1).
        json: Print JSON.

    """
    return guarded(lambda: _explain(name, endpoint_url, state_folder(state), region, json))


def _explain(name: str, endpoint: str, state: Path, region: str, as_json: bool) -> int:  # noqa: FBT001
    from understudy.app.scaling import client_of, explained
    from understudy.report.scaling import explanation

    found = explained(client_of(endpoint, state, region), name)
    if as_json:
        _print_json(found)
        return DONE
    from understudy.report.terminal import console, show

    show(console(), explanation(found))
    return DONE


def activities(
    name: str = "",
    /,
    *,
    last: int = 50,
    endpoint_url: str = "",
    state: Path | None = None,
    region: str = "",
    json: bool = False,
) -> int:
    """List what scaling has done, with the causes.

    Args:
        name: A stack, an Auto Scaling group, an endpoint, an ECS service or a resource id of
            Application Auto Scaling; without one, everything that scales.
        last: How many activities to show; 0 shows all.
        endpoint_url: The engine to ask (default: AWS_ENDPOINT_URL, else that of the state folder).
        state: State folder of the engine (default: ~/.local/state/understudy).
        region: Region to look at (default: AWS_DEFAULT_REGION, else us-east-1).
        json: Print JSON.

    """
    return guarded(lambda: _activities(name, last, endpoint_url, state_folder(state), region, json))


def _activities(
    name: str,
    last: int,
    endpoint: str,
    state: Path,
    region: str,
    as_json: bool,  # noqa: FBT001
) -> int:
    from understudy.app import scaling
    from understudy.report.scaling import history

    found = scaling.activities(scaling.client_of(endpoint, state, region), name)
    shown = found[-last:] if last else found
    if as_json:
        _print_json(shown)
        return DONE
    from understudy.report.terminal import console, show

    show(console(), history(shown, len(found)))
    return DONE


def _print_json(value: object) -> None:
    import msgspec

    say(msgspec.json.format(msgspec.json.encode(value)).decode())
