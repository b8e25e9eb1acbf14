"""Looking a resource up by the name that a template gives it."""

from understudy.base.fault import Fault
from understudy.cloudformation.refusal import name_properties
from understudy.cloudformation.resolve import Scope
from understudy.cloudformation.revision import evaluated_or_written
from understudy.cloudformation.template import Resource
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy import outside
from understudy.deploy.handler import HandlerFailure, Request
from understudy.deploy.ports import Engine
from understudy.deploy.stack import Stack


def given_name(engine: Engine, resource: Resource, scope: Scope) -> str:
    """The name that a template gives a resource of a type that can be read, or an empty text.

    Types that are only recorded cannot tell whether something exists.
    """
    schema, kind = engine.schemas.get(resource.type), engine.types[resource.type]
    if schema is None or kind.read is None or kind.fidelity == "recorded":
        return ""
    if len(schema.primary_identifier) != 1:
        return ""
    for name in name_properties(schema):
        if name in resource.properties:
            found = evaluated_or_written(resource.properties[name], scope)
            if isinstance(found, str):
                return found
    return ""


def found(
    engine: Engine,
    stack: Stack,
    logical_id: str,
    resource: Resource,
    name: str,
    scope: Scope,
    params: Params,
    turn: Turn,
) -> str:
    """The physical id of a resource that exists under a name, or an empty text. Raises Missing."""
    read = engine.types[resource.type].read
    request = Request(
        stack_name=stack.name,
        stack_id=stack.id,
        region=turn.region,
        logical_id=logical_id,
        physical_id=name,
        properties=evaluated_or_written(resource.properties, scope),
        previous={},
        attributes={},
        tags={},
        old_tags={},
        generated="",
        started_at=turn.at,
    )
    call = outside.caller(engine.services, params, turn)
    try:
        return outside.read_through(read, request, call).physical_id if read else ""
    except (Fault, HandlerFailure):
        return ""
