"""The engine's own paths: ``/_understudy/status``, ``/observe``, ``/metadata``."""

from typing import Any
from urllib.parse import parse_qs

import msgspec

from understudy.api.http import Request, Response
from understudy.base.arn import DEFAULT_REGION
from understudy.control.observation import observe
from understudy.live.loop import LiveLoop
from understudy.live.machines import Machines
from understudy.live.metadata import Asked, answer

METADATA = "/_understudy/metadata/"


class Management:
    """Answers our own paths. ``status`` is what the engine says of itself."""

    def __init__(self, loop: LiveLoop, status: Any, machines: Machines) -> None:
        self._loop = loop
        self._status = status
        self._machines = machines

    async def respond(self, request: Request) -> Response:
        """The answer to a request to one of our own paths."""
        query = {name: values[-1] for name, values in parse_qs(request.query).items()}
        if request.path == "/_understudy/status":
            return _json({**msgspec.to_builtins(self._status), "world_time": self._loop.now()})
        if request.path == "/_understudy/observe":
            return self._observe(query)
        if request.path.startswith(METADATA):
            return self._metadata(request)
        return _json({"message": f"{request.path} is not one of the engine's paths."}, 404)

    def _metadata(self, request: Request) -> Response:
        """The instance metadata service of an instance: ``.../metadata/INSTANCE/latest/...``."""
        instance_id, _, path = request.path.removeprefix(METADATA).partition("/")
        known = self._machines.machine(instance_id)
        if known is None:
            return _json({"message": f"There is no instance {instance_id}."}, 404)
        asked = Asked(request.method, path, dict(request.headers))
        status, text = answer(*known[:2], asked, self._loop.now())
        return Response(status, (("content-type", "text/plain"),), text.encode())

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


def _json(value: Any, status: int = 200) -> Response:
    content = msgspec.json.encode(value)
    return Response(status, (("content-type", "application/json"),), content)
