"""The engine's own paths: ``/_understudy/status``, ``observe``, ``explain`` and so on.

``/_understudy/capacity/OPERATION`` performs an operation of ``control.capacity`` with a JSON body.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import msgspec

from understudy.api.http import Request, Response
from understudy.base.arn import DEFAULT_REGION
from understudy.base.fault import Fault
from understudy.control.capacity.operations import SERVICE
from understudy.control.observation import observe
from understudy.engine.region import Region
from understudy.engine.scaling import activities, explain
from understudy.control.plane import OPERATIONS
from understudy.live.loop import LiveLoop

CAPACITY = "/_understudy/capacity/"


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
        if request.path == "/_understudy/usage":
            return self._usage(query)
        if request.path.startswith(CAPACITY):
            return await self._capacity(request, query)
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
    def _usage(self, query: dict[str, str]) -> Response:
        self._loop.catch_up()
        name = query.get("region", DEFAULT_REGION)
        return _json(self._loop.engine.region(name).used(self._loop.now()))

    async def _capacity(self, request: Request, query: dict[str, str]) -> Response:
        operation = request.path.removeprefix(CAPACITY)
        if operation not in OPERATIONS[SERVICE]:
            return _json({"message": f"There is no operation {operation}."}, 404)
        region = query.get("region", DEFAULT_REGION)
        body = await request.body()
        try:
            params = msgspec.json.decode(body, type=dict[str, Any]) if body else {}
            if operation.startswith("Describe"):
                return _json(self._loop.query(region, SERVICE, operation, params))
            return _json(self._loop.call(region, SERVICE, operation, params, "understudy"))
        except Fault as fault:
            return _json({"message": fault.message}, 400)
        except (msgspec.DecodeError, KeyError, TypeError) as error:
            return _json({"message": f"{operation}: {error!r}"}, 400)


def _json(value: Any, status: int = 200) -> Response:
    content = msgspec.json.encode(value)
    return Response(status, (("content-type", "application/json"),), content)
