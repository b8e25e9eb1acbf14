"""Where a command works: the local engine unless another endpoint, or AWS itself, was asked for."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from understudy.app.client import Client
from understudy.app.config import DEFAULT_PORT, EngineConfig
from understudy.app.launch import EngineProcess
from understudy.app.state_folder import holder, last_words
from understudy.base.arn import DEFAULT_REGION
from understudy.base.diagnostic import Diagnostic, InvalidInput

LOCAL_SECONDS, AWS_SECONDS = 0.1, 3.0
"""Real seconds between two looks at a stack."""


@dataclass(frozen=True, slots=True)
class Where:
    """What the user said of where to work. Empty texts were not said.

    ``account`` is the AWS account that it has to be; ``state`` the folder of the local engine.
    """

    state: Path
    endpoint_url: str = ""
    aws: bool = False
    profile: str = ""
    account: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """An account and a region, and how to reach them."""

    kind: Literal["engine", "endpoint", "aws"]
    client: Client
    account: str
    history: Path
    """The folder where what is deployed here is kept."""

    @property
    def region(self) -> str:
        """The region."""
        return self.client.region

    @property
    def seconds(self) -> float:
        """Real seconds between two looks."""
        return AWS_SECONDS if self.kind == "aws" else LOCAL_SECONDS

    def __str__(self) -> str:
        where = f"AWS account {self.account}" if self.kind == "aws" else self.client.endpoint
        return f"{where}, region {self.region}"


def find(where: Where, say: Callable[[str], None], *, start: bool = False) -> Place:
    """The place that was asked for. Raises InvalidInput where nothing answers there.

    With ``start`` a local engine is started where none runs, and left running.
    """
    if where.aws:
        return _aws(where)
    given = where.endpoint_url or os.environ.get("AWS_ENDPOINT_URL", "")
    endpoint = given or _local(where.state, say, start=start)
    region = where.region or _region() or DEFAULT_REGION
    client = Client(endpoint, region)
    account = _identity(client)
    if not client.is_engine:
        return Place("endpoint", client, account, _history(where.state, endpoint, region))
    folder = Path(client.status["state"]) / "history" / region
    return Place("engine", client, account, folder)


def _region() -> str:
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "")


def _local(state: Path, say: Callable[[str], None], *, start: bool) -> str:
    ready = last_words(state) if holder(state) is not None else None
    if ready is not None:
        return ready.endpoint
    if not start:
        action = f"start one with `understudy up --detach --state {state}`, or name one"
        raise InvalidInput((Diagnostic(f"No engine runs on {state}.", action=action),))
    engine = EngineProcess(EngineConfig(state, port=DEFAULT_PORT))
    engine.started()
    say(
        f"Started an engine, process {engine.pid}, at {engine.endpoint}; it keeps running. "
        f"To end it: understudy down --state {state}"
    )
    return engine.endpoint


def _aws(where: Where) -> Place:
    from botocore.session import Session

    if where.endpoint_url:
        conflict = Diagnostic("--aws and --endpoint-url name two places.", action="leave one out")
        raise InvalidInput((conflict,))
    region = where.region or Session(profile=where.profile or None).get_config_variable("region")
    if not region:
        missing = "No region is configured for AWS."
        raise InvalidInput((Diagnostic(missing, action="name one with --region"),))
    client = Client("", region, where.profile)
    account = _identity(client)
    if where.account and account != where.account:
        wrong = f"These credentials belong to account {account}, not {where.account}."
        raise InvalidInput((Diagnostic(wrong, action="choose another --profile"),))
    return Place("aws", client, account, _history(where.state, account, region))


def _history(state: Path, place: str, region: str) -> Path:
    """History of what is not a local engine is kept beside the local engine's own state."""
    name = "".join(c if c.isalnum() else "-" for c in place.partition("//")[2] or place)
    return state / "elsewhere" / name / region


def _identity(client: Client) -> str:
    """The account of the credentials. Raises InvalidInput where nobody answers."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return client.service("sts").get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        place = client.endpoint or "AWS"
        raise InvalidInput(
            (
                Diagnostic(
                    f"Nobody answers at {place}.",
                    detail=str(error),
                    action="check --endpoint-url, or your credentials and --profile for --aws",
                ),
            )
        ) from error
