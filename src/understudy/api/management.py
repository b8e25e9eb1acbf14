"""The engine's own paths: ``/_understudy/status``, ``observe``, ``explain``, ``activities``."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import msgspec

from understudy.api.http import Request, Response
from understudy.base.arn import DEFAULT_REGION
from understudy.control.observation import observe
from understudy.engine.region import Region
from understudy.engine.scaling import activities, explain
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
        if request.path == "/_understudy/explain":
            return self._scaling(
                lambda region, name: explain(region, name, self._loop.now()), query
            )
        if request.path == "/_understudy/activities":
            return self._scaling(activities, query)
        return _json({"message": f"{request.path} is not one of the engine's paths."}, 404)

    def _observe(self, query: dict[str, str]) -> Response:
        self._loop.catch_up()
        region = self._loop.engine.region(query.get("region", DEFAULT_REGION))
        try:
            seen = observe(
                region.plane,
                query["endpoint"],
                query["variant"],
                float(query.get("since", 0)),
                self._loop.now(),
            )
        except KeyError as missing:
            return _json({"message": f"There is no {missing.args[0]}."}, 404)
        return _json(seen)

    def _scaling(self, ask: Callable[[Region, str], Any], query: dict[str, str]) -> Response:
        """What is asked of what scales behind a name."""
        self._loop.catch_up()
        region = self._loop.engine.region(query.get("region", DEFAULT_REGION))
        try:
            return _json(ask(region, query.get("name", "")))
        except KeyError:
            return _json({"message": NOTHING.format(query["name"])}, 404)


NOTHING = "There is no stack, group, endpoint, service or alarm {}."


def _json(value: Any, status: int = 200) -> Response:
    content = msgspec.json.encode(value)
    return Response(status, (("content-type", "application/json"),), content)
