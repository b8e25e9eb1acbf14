"""AWS's registry schemas as data: which properties a resource type has, and how each may change.

AWS: Resource type schema. A pointer such as ``/properties/Rules/*/Id`` is kept as its steps,
``("Rules", "*", "Id")``.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Literal, Protocol

from understudy.base.diagnostic import Path
from understudy.cloudformation.value import is_list, is_map

Recreation = Literal["Never", "Conditionally", "Always"]
Pointer = tuple[str, ...]
Choices = tuple[Mapping[str, Any], ...]
"""A node of a schema and the alternatives that it names."""
_NOTHING: Choices = ({},)

STACK = "AWS::CloudFormation::Stack"
CUSTOM_RESOURCE = "AWS::CloudFormation::CustomResource"
_CUSTOM: Mapping[str, Any] = {
    "typeName": CUSTOM_RESOURCE,
    "properties": {"ServiceToken": {"type": "string"}, "ServiceTimeout": {"type": "integer"}},
    "required": ["ServiceToken"],
    "createOnlyProperties": ["/properties/ServiceToken"],
    "additionalProperties": True,
}
_ANY_ATTRIBUTE = (CUSTOM_RESOURCE, "AWS::ServiceCatalog::CloudFormationProvisionedProduct")


KEPT_BY_POLICY: Mapping[str, Mapping[str, str]] = {
    "AWS::ElastiCache::ReplicationGroup": {"NumNodeGroups": "UseOnlineResharding"},
    "AWS::OpenSearchService::Domain": {"EngineVersion": "EnableVersionUpgrade"},
}
"""Properties of types whose change replaces unless an UpdatePolicy is true. AWS: UpdatePolicy."""


class SchemaSource(Protocol):
    """Where schemas come from."""

    def names(self) -> Collection[str]:
        """The names of all types that there are."""
        ...

    def schema(self, name: str) -> Mapping[str, Any] | None:
        """The schema of a type as AWS publishes it, or None."""
        ...


class Schema:
    """The schema of one resource type; what is derived from it is worked out once."""

    def __init__(self, raw: Mapping[str, Any], name: str = "") -> None:
        self.raw = raw
        self.name: str = name or raw.get("typeName", "")
        self._choices: dict[int, Choices] = {}

    def _pointers(self, key: str) -> tuple[Pointer, ...]:
        return tuple(tuple(p.split("/")[2:]) for p in self.raw.get(key, ()))

    @cached_property
    def create_only(self) -> tuple[Pointer, ...]:
        """Properties whose change makes a new resource."""
        return self._pointers("createOnlyProperties")

    @cached_property
    def conditional_create_only(self) -> tuple[Pointer, ...]:
        """Properties whose change may make a new resource; handler or UpdatePolicy decides."""
        own = tuple((name,) for name in KEPT_BY_POLICY.get(self.name, {}))
        return self._pointers("conditionalCreateOnlyProperties") + own

    @cached_property
    def read_only(self) -> tuple[Pointer, ...]:
        """Properties that only the service sets."""
        return self._pointers("readOnlyProperties")

    @cached_property
    def set_by_service(self) -> frozenset[str]:
        """The names of properties that a template may not give at all."""
        whole = {pointer[0] for pointer in self.read_only if len(pointer) == 1}
        return frozenset(whole.difference(self.required))

    @cached_property
    def write_only(self) -> tuple[Pointer, ...]:
        """Properties that reading the resource does not give back."""
        return self._pointers("writeOnlyProperties")

    @cached_property
    def primary_identifier(self) -> tuple[Pointer, ...]:
        """The properties that together name the resource."""
        return self._pointers("primaryIdentifier")

    @property
    def required(self) -> tuple[str, ...]:
        """The names of the properties that must be given."""
        return tuple(self.raw.get("required", ()))

    @property
    def properties(self) -> Mapping[str, Any]:
        """The schema of every property by its name."""
        return self.raw.get("properties", {})

    @cached_property
    def tags(self) -> str:
        """The property that holds the resource's tags, or an empty text."""
        tagging: Mapping[str, str] = self.raw.get("tagging") or {}
        name = tagging.get("tagProperty", "/properties/Tags").split("/")[2]
        return name if name in self.properties else ""

    @property
    def identifiers(self) -> list[str]:
        """The properties that identify a resource. AWS: GetTemplateSummary, ResourceIdentifiers."""
        return [".".join(pointer) for pointer in self.primary_identifier]

    @cached_property
    def permissions(self) -> frozenset[str]:
        """The actions that its handlers need, in small letters. AWS: Resource type schema."""
        handlers: Mapping[str, Any] = self.raw.get("handlers", {})
        needed = (each.get("permissions", ()) for each in handlers.values())
        return frozenset(action.lower() for actions in needed for action in actions)

    @property
    def is_immutable(self) -> bool:
        """Whether the type has handlers but none to update, so that any change replaces."""
        handlers = self.raw.get("handlers")
        return bool(handlers) and "update" not in handlers

    @property
    def deletes_first(self) -> bool:
        """Whether a replacement deletes the old resource before it makes the new one."""
        return self.raw.get("replacementStrategy") == "delete_then_create"

    def recreation(self, path: Path, before: Any = None, after: Any = None) -> Recreation:
        """Whether a change at a property path (``("Rules", 0, "Id")``) makes a new resource.

        ``before`` and ``after`` are the values there; where they are maps or lists, what they hold
        counts too.
        """
        if self.is_immutable or _touched(self.create_only, path, before, after):
            return "Always"
        conditional = _touched(self.conditional_create_only, path, before, after)
        return "Conditionally" if conditional else "Never"

    def has_attribute(self, name: str) -> bool:
        """Whether Fn::GetAtt may read this attribute: a property, set by the service or not."""
        if self.name in _ANY_ATTRIBUTE:
            return True
        if self.name == STACK:
            return name.startswith("Outputs.")
        steps = tuple(name.split("."))
        if any(len(p) >= len(steps) and p[: len(steps)] == steps for p in self.read_only):
            return True
        return self._has(self.raw, steps)

    def attributes(self) -> list[str]:
        """The attributes that the service sets, dotted: ``Endpoint.Address``."""
        return [".".join(pointer) for pointer in self.read_only]

    def _has(self, node: Any, steps: tuple[str, ...]) -> bool:
        if not steps:
            return True
        here = self.resolved(node)
        below = here.get("properties", {})
        return steps[0] in below and self._has(below[steps[0]], steps[1:])

    def resolved(self, node: Any) -> Mapping[str, Any]:
        """A node of the schema with its ``$ref`` followed."""
        for _ in range(10):
            reference = node.get("$ref") if is_map(node) else None
            if not isinstance(reference, str):
                break
            node = self.raw
            for step in reference.removeprefix("#/").split("/"):
                node = node.get(step, {})
        return node if is_map(node) else {}

    def choices(self, node: Any) -> Choices:
        """A node with its ``$ref`` followed, and the alternatives that it names.

        ``node`` is a part of ``raw``, or says nothing.
        """
        if not node:
            return _NOTHING
        found = self._choices.get(id(node))
        if found is None:
            found = self._choices[id(node)] = tuple(self._alternatives(node))
        return found

    def _alternatives(self, node: Any, depth: int = 5) -> Iterator[Mapping[str, Any]]:
        here = self.resolved(node)
        yield here
        for keyword in ("oneOf", "anyOf", "allOf") if depth else ():
            for alternative in here.get(keyword, ()):
                yield from self._alternatives(alternative, depth - 1)


def _touched(pointers: Iterable[Pointer], path: Path, before: Any, after: Any) -> bool:
    return any(_touches(pointer, path, before, after) for pointer in pointers)


def _touches(pointer: Pointer, path: Path, before: Any, after: Any) -> bool:
    steps = [step for step in path if not isinstance(step, int)]
    wanted = [step for step in pointer if step != "*"]
    shared = min(len(steps), len(wanted))
    if steps[:shared] != wanted[:shared]:
        return False
    below = tuple(wanted[shared:])
    return not below or _holds(before, below) or _holds(after, below)


def _holds(value: Any, steps: tuple[str, ...]) -> bool:
    """Whether a value has something at these steps, in any item of the lists on the way."""
    if is_list(value):
        return any(_holds(item, steps) for item in value)
    if not steps:
        return value is not None
    return is_map(value) and steps[0] in value and _holds(value[steps[0]], steps[1:])


class Schemas:
    """Schemas by type name, each read and compiled when it is first asked for."""

    def __init__(self, source: SchemaSource) -> None:
        self._source = source
        self._read: dict[str, Schema | None] = {}
        self._custom = Schema(_CUSTOM)

    def get(self, name: str) -> Schema | None:
        """The schema of a type, or None if there is no such type."""
        if name.startswith("Custom::") or name == CUSTOM_RESOURCE:
            return self._custom
        if name not in self._read:
            raw = self._source.schema(name)
            self._read[name] = Schema(raw, name) if raw is not None else None
        return self._read[name]

    def __contains__(self, name: str) -> bool:
        return name.startswith("Custom::") or name in self._source.names()

    def names(self) -> Collection[str]:
        """The names of all types, without the custom ones."""
        return self._source.names()
