"""Calling an AWS endpoint, ours or AWS's, as any client would."""

import http.client
import json
import time
import urllib.error
import urllib.request
from functools import cached_property
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from understudy.app.config import is_local
from understudy.base.arn import ACCOUNT, DEFAULT_REGION
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.control.capacity.usage import Used
from understudy.control.views import FleetRow, Observation
from understudy.live.clock import WorldClock

OWN_SECONDS = 10.0


def endpoint_url(text: str) -> str:
    """A URL that somebody gave for an endpoint, without the slash at its end; empty stays empty.

    Raises InvalidInput for what is none.

    >>> endpoint_url("http://127.0.0.1:4566/")
    'http://127.0.0.1:4566'
    """
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        known = False
    if not known:
        action = "write one such as http://127.0.0.1:4566"
        raise InvalidInput((Diagnostic(f"{text} is no URL of an endpoint.", action=action),))
    return text.rstrip("/")


class Client:
    """AWS clients for one endpoint and region, made when they are first used.

    Without an endpoint they are those of AWS itself, with the user's own profile and credentials.
    """

    def __init__(self, endpoint: str, region: str = DEFAULT_REGION, profile: str = "") -> None:
        self.endpoint = endpoint_url(endpoint)
        self.region = region
        self._profile = profile
        self._made: dict[str, Any] = {}

    @cached_property
    def _session(self) -> Any:
        from botocore.session import Session

        return Session(profile=self._profile or None)

    def service(self, name: str) -> Any:
        """A botocore client of a service."""
        if name not in self._made:
            make = self._local if self.endpoint else self._of_aws
            self._made[name] = make(name)
        return self._made[name]

    def _local(self, name: str) -> Any:
        from botocore.config import Config

        return self._session.create_client(
            name,
            region_name=self.region,
            endpoint_url=self.endpoint,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="understudy",  # noqa: S106 - nothing checks it
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )

    def _of_aws(self, name: str) -> Any:
        from botocore.config import Config

        settings: dict[str, Any] = {"ignore_configured_endpoint_urls": True}
        config = Config(retries={"mode": "standard"}, **settings)
        return self._session.create_client(name, region_name=self.region, config=config)

    @property
    def cloudformation(self) -> Any:
        """CloudFormation."""
        return self.service("cloudformation")

    @property
    def s3(self) -> Any:
        """Amazon S3."""
        return self.service("s3")

    @cached_property
    def clock(self) -> WorldClock:
        """The engine's clock. All processes of a machine share the one behind it.

        Of an engine elsewhere the time is known to within the way there; what is no engine has
        the real time.
        """
        if not self.is_engine:
            return WorldClock.starting(1.0)
        status = self.status
        if is_local(urlsplit(self.endpoint).hostname or ""):
            return WorldClock(status["real_epoch"], status["world_epoch"], status["speed"])
        return WorldClock(time.monotonic(), status["world_time"], status["speed"])

    @cached_property
    def is_engine(self) -> bool:
        """Whether an Understudy engine answers, and not AWS or something else like it."""
        if not self.endpoint:
            return False
        try:
            return bool(self.status)
        except InvalidInput:
            return False

    @cached_property
    def status(self) -> dict[str, Any]:
        """What the engine said of itself when first asked. Raises InvalidInput if none answers."""
        try:
            return json.loads(self.own("status"))
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise InvalidInput(
                (
                    Diagnostic(
                        f"No Understudy engine answers at {self.endpoint}.",
                        detail=str(error),
                        action="start one with `understudy up`, or leave --endpoint-url out",
                    ),
                )
            ) from error

    def observe(self, resource: str, since: float) -> Observation:
        """What the engine has seen of a variant, service or group since a time."""
        seen = self.own("observe", region=self.region, resource=resource, since=since)
        return msgspec.json.decode(seen, type=Observation)

    def fleets(self) -> tuple[FleetRow, ...]:
        """The live fleets of the region."""
        return msgspec.json.decode(
            self.own("fleets", region=self.region), type=tuple[FleetRow, ...]
        )

    def used(self) -> Used:
        """What the region has used so far, and what is owned in it."""
        return msgspec.json.decode(self.own("usage", region=self.region), type=Used)

    def used_everywhere(self) -> tuple[Used, ...]:
        """What every region has used so far, and what is owned in it."""
        return msgspec.json.decode(self.own("usages"), type=tuple[Used, ...])

    def capacity(self, operation: str, **params: Any) -> dict[str, Any]:
        """Perform an operation of ``control.capacity``. Raises InvalidInput where it is refused."""
        body = json.dumps(params).encode()
        try:
            return json.loads(self.own(f"capacity/{operation}", body, region=self.region))
        except urllib.error.HTTPError as error:
            message = json.loads(error.read()).get("message", str(error))
            raise InvalidInput((Diagnostic(message),)) from error

    def own(self, path: str, body: bytes | None = None, **query: object) -> bytes:
        """What the engine answers at one of its own paths. Raises HTTPError."""
        url = f"{self.endpoint}/_understudy/{path}?{urlencode(query)}"
        request = urllib.request.Request(url, body)  # noqa: S310 - http only
        with urllib.request.urlopen(request, timeout=OWN_SECONDS) as answer:  # noqa: S310
            return answer.read()


def refuse_foreign(endpoint: str, allowed: str | None) -> None:
    """Refuse to destroy anything at an endpoint that is not local, unless its host is named.

    Raises InvalidInput.
    """
    host = urlsplit(endpoint_url(endpoint)).hostname or ""
    if is_local(host) or host == allowed:
        return
    raise InvalidInput(
        (
            Diagnostic(
                f"{endpoint} is not on this machine, and this command deletes what it deploys.",
                action=f"if you mean it, say so by name: --allow-host {host}",
            ),
        )
    )
