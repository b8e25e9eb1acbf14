"""The engine's own paths: ``/_understudy/status``, ``/observe``, ``/behind``."""

from typing import Any
from urllib.parse import parse_qs

import msgspec

from understudy.api.http import Request, Response
from understudy.base.arn import DEFAULT_REGION
from understudy.control.subjects import behind, observed
from understudy.live.loop import LiveLoop


class Management:
    """Answers our own paths. ``status`` is what the engine says of itself."""

    def __init__(self, loop: LiveLoop, status: Any) -> None:
        self._loop = loop
        self._status = status

    async def respond(self, request: Request) -> Response:
        """The answer to a request to one of our own paths."""
        query = {name: values[-1] for name, values in parse_qs(request.query).items()}
        if request.path == "/_understudy/status":
            return _json({**msgspec.to_builtins(self._status), "world_time": self._loop.now()})
        if request.path == "/_understudy/observe":
            return self._observe(query)
        if request.path == "/_understudy/behind":
            return self._behind(query)
        return _json({"message": f"{request.path} is not one of the engine's paths."}, 404)

    def _behind(self, query: dict[str, str]) -> Response:
        """What scales behind a load balancer, empty if nothing does."""
        region = self._loop.engine.region(query.get("region", DEFAULT_REGION))
        return _json({"resource": behind(region.plane, query.get("balancer", ""))})

    def _observe(self, query: dict[str, str]) -> Response:
        self._loop.catch_up()
        region = self._loop.engine.region(query.get("region", DEFAULT_REGION))
        try:
            since = float(query.get("since", 0))
            seen = observed(region.plane, query["resource"], since, self._loop.now())
        except KeyError as missing:
            return _json({"message": f"There is no {missing.args[0]}."}, 404)
        return _json(seen)


def _json(value: Any, status: int = 200) -> Response:
    content = msgspec.json.encode(value)
    return Response(status, (("content-type", "application/json"),), content)
