"""A service of things for tests, and the resource type over it: it does what it is told to do.

A thing has a ``Name`` that makes a new one when it changes, as ``Kind`` does, and a ``Size`` that
does not. ``Seconds`` is how long it takes to become stable, ``Needs`` may refer to anything.
"""

from collections.abc import Collection, Mapping
from typing import Any

from understudy.base.fault import Fault
from understudy.cloudformation.schema import SchemaSource
from understudy.control.events import Call, Params
from understudy.deploy.handler import (
    Done,
    Handler,
    Identify,
    Invoke,
    Request,
    ResourceType,
    Stabilize,
)

THING = "Test::Unit::Thing"
SCHEMA: Mapping[str, Any] = {
    "typeName": THING,
    "properties": {
        "Name": {"type": "string"},
        "Kind": {"type": "string"},
        "Size": {"type": "integer"},
        "Seconds": {"type": "number"},
        "Needs": {},
        "Secret": {"type": "string"},
        "Tags": {"type": "array", "items": {"type": "object"}},
        "Arn": {"type": "string"},
    },
    "additionalProperties": False,
    "readOnlyProperties": ["/properties/Arn"],
    "writeOnlyProperties": ["/properties/Secret"],
    "createOnlyProperties": ["/properties/Name", "/properties/Kind"],
    "primaryIdentifier": ["/properties/Name"],
    "tagging": {"taggable": True, "tagProperty": "/properties/Tags"},
    "handlers": {"create": {}, "read": {}, "update": {}, "delete": {}, "list": {}},
}


class Things:
    """The service. ``refused`` are pairs of an operation and a logical id that it will not do.

    ``calls`` are those that were not refused. Like the services kept by moto it remembers by their
    ids the calls that it has performed.
    """

    def __init__(self) -> None:
        self.things: dict[str, Params] = {}
        self.refused: set[tuple[str, str]] = set()
        self.calls: list[tuple[str, str]] = []
        self._answers: dict[str, Params] = {}

    def answer(self, call: Call) -> Params:
        """Perform a call, or give its answer again. Raises Fault."""
        if not call.call_id:
            return self._performed(call.operation, call.params)
        if call.call_id not in self._answers:
            self._answers[call.call_id] = self._performed(call.operation, call.params)
        return self._answers[call.call_id]

    def _performed(self, operation: str, params: Params) -> Params:
        name: str = params["Name"]
        logical_id: str = params.get("LogicalId", "")
        if (operation, logical_id) in self.refused:
            raise Fault("ThingBusyException", f"{logical_id} is busy")
        self.calls.append((operation, name))
        if operation == "CreateThing":
            if name in self.things:
                raise Fault("AlreadyExistsException", f"{name} already exists")
            self.things[name] = params
        elif name not in self.things:
            raise Fault("ThingNotFoundException", f"{name} is not there", 404)
        elif operation == "UpdateThing":
            self.things[name] = params
        elif operation == "DeleteThing":
            del self.things[name]
        return {"Arn": f"arn:aws:things:us-east-1:000000000000:thing/{name}", **params}


def create(request: Request) -> Handler:
    """Create a thing."""
    name = request.properties.get("Name") or request.name(64)
    answer = yield Invoke("things", "CreateThing", _params(request, name))
    yield Identify(name)
    if request.properties.get("Seconds"):
        yield Stabilize(request.properties["Seconds"])
    return Done(name, {"Arn": answer["Arn"]})


def update(request: Request) -> Handler:
    """Change a thing in place."""
    yield Invoke("things", "UpdateThing", _params(request, request.physical_id))
    if request.properties.get("Seconds"):
        yield Stabilize(request.properties["Seconds"])
    return Done(request.physical_id, request.attributes)


def delete(request: Request) -> Handler:
    """Delete a thing; one that is gone already counts as deleted."""
    params = {"Name": request.physical_id, "LogicalId": request.logical_id}
    try:
        yield Invoke("things", "DeleteThing", params)
    except Fault as fault:
        if fault.code != "ThingNotFoundException":
            raise
    return Done(request.physical_id)


def _params(request: Request, name: str) -> Params:
    rest = {key: value for key, value in request.properties.items() if key not in ("Name", "Tags")}
    return {**rest, "Name": name, "LogicalId": request.logical_id, "Tags": dict(request.tags)}


THINGS = ResourceType(THING, "recorded", create, delete, update)


class WithThings:
    """AWS's schemas and that of things."""

    def __init__(self, others: SchemaSource) -> None:
        self._others = others

    def names(self) -> Collection[str]:
        """The names of all types."""
        return (*self._others.names(), THING)

    def schema(self, name: str) -> Mapping[str, Any] | None:
        """The schema of a type."""
        return SCHEMA if name == THING else self._others.schema(name)
