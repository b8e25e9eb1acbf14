"""The engine's own paths: ``/_understudy/status``, ``observe``, ``behind``, ``explain`` and so on.

``/_understudy/capacity/OPERATION`` performs an operation of ``control.capacity`` with a JSON body.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec

from understudy.api.http import Request, Response
from understudy.api.sdk import Sdk
from understudy.base.arn import DEFAULT_REGION
from understudy.base.fault import Fault
from understudy.base.identity import Ids
from understudy.control.capacity.operations import SERVICE
from understudy.control.plane import OPERATIONS
from understudy.control.self_knowledge import self_knowledge
from understudy.control.subjects import behind, observed
from understudy.control.top import fleets
from understudy.control.turn import Turn
from understudy.engine.region import Region
from understudy.engine.scaling import activities, explain
from understudy.live.loop import LiveLoop
from understudy.live.machines import Machines
from understudy.live.metadata import Asked
from understudy.live.metadata import answer as told

ROOT = "/_understudy/"
CAPACITY = "capacity/"
METADATA = "metadata/"
SDK = "sdk/"
NOTHING = "There is no stack, group, endpoint, service or alarm {}."

Query = Mapping[str, str]


class Management:
    """Answers our own paths. ``status`` is what the engine says of itself."""

    def __init__(self, loop: LiveLoop, status: Any, machines: Machines) -> None:
        self._loop = loop
        self._status = status
        self._machines = machines
        self._sdk = Sdk(status.endpoint)
        self._answers: Mapping[str, Callable[[Region, Query], Any]] = {
            "status": self._said,
            "observe": self._observed,
            "behind": lambda region, query: {
                "resource": behind(region.plane, query.get("balancer", ""))
            },
            "fleets": lambda region, _: fleets(
                region.plane, region.name, Turn(self._loop.now(), region.name, Ids())
            ),
            "explain": lambda region, query: explain(
                region, query.get("name", ""), self._loop.now()
            ),
            "activities": lambda region, query: activities(region, query.get("name", "")),
            "usage": lambda region, _: region.used(self._loop.now()),
            "usages": lambda _, __: self._loop.engine.used(self._loop.now()),
        }

    async def respond(self, request: Request) -> Response:
        """The answer to a request to one of our own paths."""
        query = {name: values[-1] for name, values in parse_qs(request.query).items()}
        path = request.path.removeprefix(ROOT)
        if path.startswith(CAPACITY):
            return await self._capacity(path.removeprefix(CAPACITY), request, query)
        if path.startswith(SDK):
            return await self._sdk.respond(path.removeprefix(SDK), request)
        if path.startswith(METADATA):
            return self._metadata(path.removeprefix(METADATA), request)
        answer = self._answers.get(path)
        if answer is None:
            return _json({"message": f"{request.path} is not one of the engine's paths."}, 404)
        self._loop.catch_up()
        region = self._loop.engine.region(query.get("region", DEFAULT_REGION))
        try:
            return _json(answer(region, query))
        except KeyError as missing:
            name = query.get("name")
            said = NOTHING.format(name) if name else f"There is no {missing.args[0]}."
            return _json({"message": said}, 404)

    def _metadata(self, path: str, request: Request) -> Response:
        """The instance metadata service of an instance: ``.../metadata/INSTANCE/latest/...``."""
        instance_id, _, rest = path.partition("/")
        region = self._machines.region_of(instance_id)
        plane = self._loop.engine.region(region).plane if region else None
        own = self_knowledge(plane, instance_id) if plane else None
        if own is None:
            return _json({"message": f"There is no instance {instance_id}."}, 404)
        asked = Asked(request.method, rest, dict(request.headers))
        status, text = told(own, region, asked, self._loop.now())
        return Response(status, (("content-type", "text/plain"),), text.encode())

    def _said(self, _: Region, __: Query) -> dict[str, Any]:
        return {**msgspec.to_builtins(self._status), "world_time": self._loop.now()}

    def _observed(self, region: Region, query: Query) -> Any:
        since = float(query.get("since", 0))
        return observed(region.plane, query["resource"], since, self._loop.now())

    async def _capacity(self, operation: str, request: Request, query: Query) -> Response:
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
