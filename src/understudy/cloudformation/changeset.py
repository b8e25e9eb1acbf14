"""Planning a change set: what a template and its parameters do to the resources that there are.

AWS: Update behaviors of stack resources; DescribeChangeSet. The plan is made once and stored; what
it could not know is evaluated again when it is executed.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

from understudy.cloudformation.change import (
    Change,
    Detail,
    Replacement,
    replacement_of,
)
from understudy.cloudformation.coerce import coerce
from understudy.cloudformation.details import Cause, Written, attribute_detail, property_details
from understudy.cloudformation.difference import masked, shown, taken
from understudy.cloudformation.dynamic import not_yet_known
from understudy.cloudformation.functions import EvaluationError, MappingError
from understudy.cloudformation.graph import attributes, enabled, layers
from understudy.cloudformation.intrinsics import unresolved
from understudy.cloudformation.references import Reference
from understudy.cloudformation.resolve import Scope, evaluate
from understudy.cloudformation.revision import (
    Deployed,
    Revision,
    as_deployed,
    evaluated_or_written,
)
from understudy.cloudformation.schema import STACK, Schema, Schemas
from understudy.cloudformation.template import Resource
from understudy.cloudformation.unknown import NO_VALUE, Unknown, is_known, unknown
from understudy.cloudformation.validate import validate

_SNAPSHOT_BY_DEFAULT = ("AWS::RDS::DBCluster", "AWS::RDS::DBInstance")
_AUTOMATIC = Detail("Properties", evaluation="Dynamic", change_source="Automatic")


def plan(
    before: Revision | None,
    after: Revision,
    state: Mapping[str, Deployed],
    schemas: Schemas,
    *,
    imports: Mapping[str, str] | None = None,
    unchanged_stacks: Collection[str] = (),
) -> tuple[Change, ...]:
    """The changes that take a stack from one revision to another, ordered by logical id.

    ``before`` is None for a new stack. ``imports`` are the physical ids of resources to import.
    ``unchanged_stacks`` are nested stacks known to have no changes of their own; the others are
    updated with their parent, as on AWS. Raises `EvaluationError` for a mapping that has no such
    key, which AWS refuses at once; other values that cannot be worked out yet give a warning.
    """
    planner = _Planner(before, after, state, schemas, imports or {}, frozenset(unchanged_stacks))
    changes = [*planner.changes(), *planner.removals()]
    return tuple(sorted(changes, key=lambda change: change.logical_id))


class _Planner:
    """Goes through the resources in the order of their dependencies."""

    def __init__(
        self,
        before: Revision | None,
        after: Revision,
        state: Mapping[str, Deployed],
        schemas: Schemas,
        imports: Mapping[str, str],
        unchanged_stacks: frozenset[str],
    ) -> None:
        self.before = before
        self.after = after
        self.state = state
        self.schemas = schemas
        self.imports = imports
        self.unchanged_stacks = unchanged_stacks
        self.planned: dict[str, Change] = {}
        self.there = enabled(after.template, after.scope.conditions)
        self.scope = replace(after.scope, ref=self._ref, attribute=self._attribute)
        self.old_scope = as_deployed(before.scope if before else Scope(), state)
        self.secrets = before.secrets | after.secrets if before else after.secrets

    # What references give, as far as it is known

    def _ref(self, logical_id: str) -> Any:
        self._assert_there(logical_id)
        if logical_id in self.imports:
            return self.imports[logical_id]
        if logical_id not in self.state or self._fate(logical_id) != "False":
            return unknown([(logical_id, "")])
        return self.state[logical_id].physical_id

    def _attribute(self, logical_id: str, name: str) -> Any:
        self._assert_there(logical_id)
        if logical_id not in self.state or logical_id in self.planned:
            return unknown([(logical_id, name)])
        return self.state[logical_id].attribute(logical_id, name)

    def _assert_there(self, logical_id: str) -> None:
        if logical_id not in self.there:
            raise EvaluationError(unresolved([logical_id]))

    def _fate(self, logical_id: str) -> Replacement:
        change = self.planned.get(logical_id)
        return (change.replacement if change else None) or "False"

    def _cause(self, reference: Reference) -> Cause | None:
        """How a reference makes the value that uses it change, if it does."""
        name = reference.name
        if name in self.after.template.parameters and not reference.attribute:
            old = self.before.scope.parameters.get(name) if self.before else None
            changed = old != self.after.scope.parameters.get(name)
            return ("ParameterReference", "Static") if changed else None
        source = "ResourceAttribute" if reference.attribute else "ResourceReference"
        if name not in self.there or not (name in self.planned or name not in self.state):
            return None
        fate = "True" if name not in self.state else self._fate(name)
        if fate == "True":
            return source, "Static"
        return (source, "Dynamic") if fate == "Conditional" or reference.attribute else None

    # The changes

    def changes(self) -> list[Change]:
        """The resources that are added, modified or imported."""
        for logical_id in chain.from_iterable(layers(self.after.graph)):
            change = self._change(logical_id, self.there[logical_id])
            if change is not None:
                self.planned[logical_id] = change
        return list(self.planned.values())

    def removals(self) -> Iterator[Change]:
        """The resources that are there and shall be no longer."""
        for logical_id, deployed in self.state.items():
            if logical_id not in self.there:
                yield Change(
                    "Remove",
                    logical_id,
                    deployed.type,
                    deployed.physical_id,
                    policy_action=self._delete_policy(logical_id, deployed),
                    before=self._context_before(logical_id, deployed),
                )

    def _change(self, logical_id: str, resource: Resource) -> Change | None:
        properties, warning = self._properties(resource)
        context = self._context(resource, properties)
        if logical_id in self.imports:
            physical_id = self.imports[logical_id]
            return Change("Import", logical_id, resource.type, physical_id, after=context)
        if logical_id not in self.state:
            problems = self._problems(logical_id, resource, properties)
            more: dict[str, Any] = {"after": context, "warning": warning, "problems": problems}
            return Change("Add", logical_id, resource.type, **more)
        return self._modification(logical_id, resource, properties, context, warning)

    def _modification(
        self,
        logical_id: str,
        resource: Resource,
        properties: dict[str, Any],
        context: dict[str, Any],
        warning: str,
    ) -> Change | None:
        deployed = self.state[logical_id]
        schema = self.schemas.get(resource.type)
        details = tuple(self._details(logical_id, resource, properties, schema))
        retyped = deployed.type != resource.type
        if not details and not retyped:
            return None
        replacement: Replacement = "True" if retyped else replacement_of(details)
        policy = retention(resource.type, context.get("UpdateReplacePolicy"), properties)
        return Change(
            "Modify",
            logical_id,
            resource.type,
            deployed.physical_id,
            replacement,
            tuple(sorted({detail.attribute for detail in details})),
            details,
            f"ReplaceAnd{policy}" if replacement == "True" else None,
            self._context_before(logical_id, deployed),
            context,
            deletes_first=schema is not None and schema.deletes_first,
            warning=warning,
            problems=self._problems(logical_id, resource, properties),
        )

    def _problems(
        self, logical_id: str, resource: Resource, properties: dict[str, Any]
    ) -> tuple[tuple[str, str], ...]:
        """Properties that break the schema already, though some values may not be known yet."""
        schema = self.schemas.get(resource.type)
        if schema is None:
            return ()
        return tuple(
            ("/".join(("/Resources", logical_id, "Properties", *map(str, path))), message)
            for path, message in validate(not_yet_known(coerce(properties, schema)), schema)
        )

    def _details(
        self, logical_id: str, resource: Resource, properties: dict[str, Any], schema: Schema | None
    ) -> Iterator[Detail]:
        deployed = self.state[logical_id]
        old = self._old(logical_id)
        details = [
            *property_details(
                deployed.properties,
                properties,
                Written(old.properties if old else None, self.old_scope.conditions),
                Written(resource.properties, self.scope.conditions),
                schema,
                self._cause,
                self.secrets,
            ),
            *(self._attribute_details(old, resource) if old else ()),
        ]
        yield from details
        if not details and resource.type == STACK and logical_id not in self.unchanged_stacks:
            yield _AUTOMATIC

    def _attribute_details(self, old: Resource, new: Resource) -> Iterator[Detail]:
        """Metadata and policies; a change of DependsOn alone is none."""
        before = dict(attributes(old))
        for name, value in attributes(new):
            after = evaluated_or_written(value, self.scope)
            same_words = before[name] == value
            if name != "Properties" and (is_known(after) or not same_words):
                detail = attribute_detail(
                    name, evaluated_or_written(before[name], self.old_scope), after
                )
                if detail is not None:
                    yield detail

    def _old(self, logical_id: str) -> Resource | None:
        return self.before.template.resources.get(logical_id) if self.before else None

    # Values

    def _properties(self, resource: Resource) -> tuple[dict[str, Any], str]:
        """The resolved properties, and why one could not be worked out."""
        properties: dict[str, Any] = {}
        warning = ""
        for name, value in taken(resource.properties, self.scope.conditions).items():
            try:
                evaluated = evaluate(value, self.scope)
            except MappingError:
                raise
            except EvaluationError as error:
                evaluated, warning = Unknown(), warning or error.message
            if evaluated is not NO_VALUE:
                properties[name] = evaluated
        return properties, warning

    def _context(self, resource: Resource, properties: Mapping[str, Any]) -> dict[str, Any]:
        conditions = self.scope.conditions
        values = masked(shown(dict(properties)), resource.properties, self.secrets, conditions)
        return {"Properties": values, **_others(resource, self.scope)}

    def _context_before(self, logical_id: str, deployed: Deployed) -> dict[str, Any]:
        old = self._old(logical_id)
        values = masked(
            shown(dict(deployed.properties)),
            old.properties if old else {},
            self.secrets,
            self.old_scope.conditions,
        )
        return {"Properties": values, **(_others(old, self.old_scope) if old else {})}

    def _delete_policy(self, logical_id: str, deployed: Deployed) -> str:
        old = self._old(logical_id)
        given = evaluated_or_written(old.deletion_policy, self.old_scope) if old else None
        policy = retention(deployed.type, given, deployed.properties)
        return "Retain" if policy == "RetainExceptOnCreate" else policy


def retention(kind: str, given: Any, properties: Mapping[str, Any]) -> str:
    """The DeletionPolicy or UpdateReplacePolicy of a resource, with AWS's defaults.

    AWS: DeletionPolicy attribute. Snapshot for database clusters, and for instances outside one.
    """
    if isinstance(given, str):
        return given
    clustered = kind == "AWS::RDS::DBInstance" and "DBClusterIdentifier" in properties
    return "Snapshot" if kind in _SNAPSHOT_BY_DEFAULT and not clustered else "Delete"


def _others(resource: Resource, scope: Scope) -> dict[str, Any]:
    """The attributes of a resource other than its properties, as contexts show them."""
    found = ((name, evaluated_or_written(value, scope)) for name, value in attributes(resource))
    return {name: shown(v) for name, v in found if v is not None and name != "Properties"}
