"""Calling an AWS endpoint, ours or AWS's, as any client would."""

import json
import urllib.request
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec

from understudy.app.config import is_local
from understudy.base.arn import ACCOUNT, DEFAULT_REGION
from understudy.base.diagnostic import Diagnostic, InvalidInput
from understudy.control.observation import Observation


@dataclass
class Client:
    """AWS clients for one endpoint and region, made when they are first used."""

    endpoint: str
    region: str = DEFAULT_REGION

    @cached_property
    def _session(self) -> Any:
        from botocore.session import Session

        return Session()

    def service(self, name: str) -> Any:
        """A botocore client of a service."""
        if name not in self.__dict__.setdefault("_clients", {}):
            from botocore.config import Config

            self.__dict__["_clients"][name] = self._session.create_client(
                name,
                region_name=self.region,
                endpoint_url=self.endpoint,
                aws_access_key_id=ACCOUNT,
                aws_secret_access_key="understudy",  # noqa: S106 - nothing checks it
                config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
            )
        return self.__dict__["_clients"][name]

    @property
    def cloudformation(self) -> Any:
        """CloudFormation."""
        return self.service("cloudformation")

    @property
    def s3(self) -> Any:
        """Amazon S3."""
        return self.service("s3")

    def status(self) -> dict[str, Any]:
        """What the engine says of itself. Raises OSError where none answers."""
        return json.loads(self._own("status"))

    def observe(self, endpoint: str, variant: str, since: float) -> Observation:
        """What the engine has seen of an endpoint variant since a time."""
        query = urlencode(
            {"region": self.region, "endpoint": endpoint, "variant": variant, "since": since}
        )
        return msgspec.json.decode(self._own(f"observe?{query}"), type=Observation)

    def _own(self, path: str) -> bytes:
        url = f"{self.endpoint}/_understudy/{path}"
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - http only
            return answer.read()


def refuse_foreign(endpoint: str, allowed: str | None) -> None:
    """Refuse to destroy anything at an endpoint that is not local, unless its host is named.

    Raises InvalidInput.
    """
    host = urlsplit(endpoint).hostname or ""
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
