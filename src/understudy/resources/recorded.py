"""Any resource type of AWS that nothing here performs: recorded, and nothing else.

Its properties are validated against AWS's schema before a handler is called; the handlers make up
an identifier and attributes in AWS's shapes, and give back what was recorded.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from understudy.base.arn import ACCOUNT
from understudy.base.identity import Ids
from understudy.cloudformation.physical import fit
from understudy.cloudformation.schema import Pointer, Schema
from understudy.cloudformation.value import is_map, text
from understudy.control.events import Params
from understudy.deploy.handler import Done, Handler, Identify, Request, ResourceType
from understudy.resources.arn_formats import LoadFormats, service_of
from understudy.resources.made_up import Making, attributes, own_name, value

_NAME_LIMIT = 255
_ACCOUNTS = ("AccountId", "CatalogId", "AwsAccountId", "OwnerId")
NO_FORMATS: LoadFormats = lambda service: {}  # noqa: E731 - a default, not a function of its own


@dataclass(frozen=True, slots=True)
class Recorder:
    """The handlers of one type. ``schema`` is read when the type is first used."""

    schema: Callable[[], Schema]
    formats: LoadFormats

    def create(self, request: Request) -> Handler:
        """Make up what the service would have set."""
        identifier, made = made_up(self.schema(), request, self.formats)
        yield Identify(identifier)
        return Done(identifier, made | _given(request.properties, made))

    def update(self, request: Request) -> Handler:
        """Keep what was made up: an update in place does not change it."""
        yield Identify(request.physical_id)
        made = {k: v for k, v in request.attributes.items() if k not in request.previous}
        return Done(request.physical_id, made | _given(request.properties, made))

    def read(self, request: Request) -> Handler:
        """What was recorded: nobody else can have changed it."""
        yield Identify(request.physical_id)
        return Done(request.physical_id, request.attributes, request.properties)

    def delete(self, request: Request) -> Handler:
        """Forget it."""
        yield Identify(request.physical_id)
        return Done(request.physical_id)


def _given(properties: Params, made: Params) -> Params:
    """What was given in plain values: Fn::GetAtt of a few old types gives that, too."""
    plain = {k: v for k, v in properties.items() if isinstance(v, str | int | float)}
    return {name: value for name, value in plain.items() if name not in made}


def recorded(name: str, schema: Callable[[], Schema], formats: LoadFormats) -> ResourceType:
    """The resource type of this name, which is only recorded."""
    recorder = Recorder(schema, formats)
    return ResourceType(
        name, "recorded", recorder.create, recorder.delete, recorder.update, recorder.read
    )


def made_up(schema: Schema, request: Request, formats: LoadFormats) -> tuple[str, Params]:
    """The physical id and the attributes of a recorded resource.

    Equal requests give equal values. The physical id is the primary identifier, whose parts are
    joined by ``|`` where there are several. AWS: Resource type schema, primaryIdentifier.
    """
    ids = Ids(_seed(request))
    generated = fit(request.stack_name, request.logical_id, request.generated, _NAME_LIMIT)
    making = Making(
        schema=schema,
        region=request.region,
        name=_name(schema, request.properties, generated, ids),
        at=datetime.fromtimestamp(request.started_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        formats=formats(service_of(schema)),
        ids=ids,
        version=str(request.properties.get("Version", "")),
    )
    made = _named(schema, making.name) | attributes(making, request.properties)
    parts = [_part(making, pointer, request.properties, made) for pointer in _identifying(schema)]
    return "|".join(parts) or making.name, made


def _named(schema: Schema, name: str) -> Params:
    """The name that the service gives where the template gives none, if its property is known."""
    own = f"{schema.name.split('::')[2]}Name"
    return {own: name} if own in schema.properties else {}


def _seed(request: Request) -> int:
    words = f"{request.stack_id}/{request.logical_id}/{request.generated}"
    return int.from_bytes(blake2b(words.encode(), digest_size=7).digest())


def _identifying(schema: Schema) -> tuple[Pointer, ...]:
    return schema.primary_identifier


def _part(making: Making, pointer: Pointer, properties: Params, made: Params) -> str:
    """One part of the identifier: what the template gives, or what was made up for it."""
    key = ".".join(pointer)
    if key in made:
        return text(made[key])
    found: Any = properties
    for step in pointer:
        found = found.get(step) if is_map(found) else None
    if found is not None:
        return text(found) if not isinstance(found, dict | list) else making.name
    if pointer[-1] in _ACCOUNTS:
        return ACCOUNT
    if pointer in making.schema.read_only:
        return text(value(making, pointer, made))
    return making.name


def _name(schema: Schema, properties: Params, generated: str, ids: Ids) -> str:
    """The resource's own name: from the template where it has one, else a generated one."""
    kind = schema.name.split("::")[2]
    own = [pointer for pointer in _identifying(schema) if pointer not in schema.read_only]
    # Of an InsightRule that is Name, else InsightRuleName, else RuleName.
    called = [each for each in properties if each.endswith("Name") and kind.endswith(each[:-4])]
    names = [p[0] for p in own if len(p) == 1] + ["Name", *sorted(called, key=len, reverse=True)]
    for name in names:
        if isinstance(properties.get(name), str):
            return properties[name]
    pointer = next((p for p in own if p[-1] not in _ACCOUNTS), ("Name",))
    return own_name(schema, pointer, generated, ids)
