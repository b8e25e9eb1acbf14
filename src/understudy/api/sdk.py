"""The AWS SDK of functions in Node.js: what its packages export, and its calls, made by botocore.

Values travel as JSON; ``{"$date": ...}``, ``{"$bytes": ...}`` and ``{"$stream": ...}`` (in base64)
stand for what JSON has no word for.
"""

import asyncio
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import Any, cast

import msgspec

from understudy.api.http import Request, Response
from understudy.api.wire.catalogue import catalogue
from understudy.api.wire.models import service_model
from understudy.base.arn import DEFAULT_REGION


class Sdk:
    """Answers ``/_understudy/sdk/client-ec2``: a GET tells its names, a POST makes a call."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = Lock()

    async def respond(self, package: str, request: Request) -> Response:
        """The answer to a request of a function."""
        service = next(
            (s for s, m in catalogue().metadata.items() if named(m.service_id) == package), ""
        )
        if not service:
            return _json({"message": f"There is no package @aws-sdk/{package}."}, 404)
        if request.method == "GET":
            return _json(exported(service))
        call = msgspec.json.decode(await request.body(), type=dict[str, Any])
        return _json(await asyncio.to_thread(self._made, service, call))

    def _made(self, service: str, call: dict[str, Any]) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        client = self._client(service, call.get("region") or DEFAULT_REGION)
        names = {
            operation: method for method, operation in client.meta.method_to_api_mapping.items()
        }
        try:
            output = getattr(client, names[call["operation"]])(**_read(call["input"]))
        except ClientError as error:
            told: Any = error.response
            said = {name: told["Error"].get(name, "") for name in ("Code", "Message")}
            return {"error": said, **_about(told)}
        except BotoCoreError as error:
            said = {"Code": type(error).__name__, "Message": str(error)}
            return {"error": said, "status": 400, "requestId": ""}
        about = _about(output)
        rest = {name: value for name, value in output.items() if name != "ResponseMetadata"}
        return {"output": _written(rest), **about}

    def _client(self, service: str, region: str) -> Any:
        """A client of botocore; sessions are not safe for threads."""
        from botocore.config import Config
        from botocore.session import get_session

        with self._lock:
            key = service, region
            if key not in self._clients:
                config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
                self._clients[key] = get_session().create_client(
                    service,
                    region_name=region,
                    endpoint_url=self._endpoint,
                    aws_access_key_id="ASIAUNDERSTUDY000000",
                    aws_secret_access_key="none",  # noqa: S106 - nobody's
                    config=config,
                )
            return self._clients[key]


def named(service_id: str) -> str:
    """The package of a service.

    >>> named("CloudWatch Logs")
    'client-cloudwatch-logs'
    """
    return "client-" + re.sub(r"\s+", "-", service_id.lower())


def exported(service: str) -> dict[str, Any]:
    """What the package of a service exports: its client's name, its operations, its errors."""
    model = service_model(service)
    words = model.metadata.service_id.split()
    return {
        "client": "".join(word[0].upper() + word[1:] for word in words),
        "operations": sorted(model.operations),
        "errors": sorted(name for name, shape in model.shapes.items() if shape.exception),
    }


def _about(said: dict[str, Any]) -> dict[str, Any]:
    metadata = said.get("ResponseMetadata", {})
    return {
        "status": metadata.get("HTTPStatusCode", 400),
        "requestId": metadata.get("RequestId", ""),
    }


def _read(value: Any) -> Any:
    """What a function said, as botocore takes it."""
    match value:
        case {"$date": str(text)}:
            return datetime.fromisoformat(text)
        case {"$bytes": str(text)}:
            return b64decode(text)
        case _:
            return _each(_read, value)


def _written(value: Any) -> Any:
    """What botocore answered, as a function reads it."""
    if isinstance(value, datetime):
        return {"$date": value.isoformat()}
    if isinstance(value, bytes):
        return {"$bytes": b64encode(value).decode()}
    if hasattr(value, "read"):
        return {"$stream": b64encode(value.read()).decode()}
    return _each(_written, value)


def _each(change: Callable[[Any], Any], value: Any) -> Any:
    """A value with what is in it changed, if it is a map or a list."""
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {name: change(member) for name, member in members.items()}
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return [change(item) for item in items]
    return value


def _json(value: Any, status: int = 200) -> Response:
    content = msgspec.json.encode(value)
    return Response(status, (("content-type", "application/json"),), content)
