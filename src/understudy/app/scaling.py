"""Asking an engine what scales, what it would do now, and what it has done."""

import os
from pathlib import Path
from urllib.error import HTTPError

import msgspec

from understudy.app.client import Client
from understudy.app.state_folder import holder, last_words
from understudy.base.arn import DEFAULT_REGION
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.control.explanation import Explained
from understudy.engine.scaling import ActivitySaid


def client_of(endpoint: str, state: Path, region: str) -> Client:
    """A client of the engine that was named, or else of the one on a state folder.

    Raises InvalidInput where none runs.
    """
    given = endpoint or os.environ.get("AWS_ENDPOINT_URL", "")
    region = region or os.environ.get("AWS_DEFAULT_REGION", "") or DEFAULT_REGION
    if given:
        return Client(given, region)
    ready = last_words(state) if holder(state) is not None else None
    if ready is None:
        action = f"start one with `understudy up --detach --state {state}`, or name one"
        raise InvalidInput((Diagnostic(f"No engine runs on {state}.", action=action),))
    return Client(ready.endpoint, region)


def explained(client: Client, name: str) -> Explained:
    """What would happen now. Raises InvalidInput for a name that the engine does not know."""
    return msgspec.json.decode(_asked(client, "explain", name), type=Explained)


def activities(client: Client, name: str) -> tuple[ActivitySaid, ...]:
    """What has happened, oldest first. Raises InvalidInput for an unknown name."""
    return msgspec.json.decode(_asked(client, "activities", name), type=tuple[ActivitySaid, ...])


def _asked(client: Client, path: str, name: str) -> bytes:
    client.status  # noqa: B018 - it says what is wrong where nobody answers
    try:
        return client.own(path, region=client.region, name=name)
    except HTTPError as error:
        with error:
            said = msgspec.json.decode(error.read(), type=dict[str, str])
        action = "`understudy explain` without a name shows everything that scales"
        raise InvalidInput((Diagnostic(said["message"], action=action),)) from error
