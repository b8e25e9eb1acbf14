"""The details of a change: each place that changes, and what makes it change.

AWS: ResourceChangeDetail. The rules follow recorded change sets.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from understudy.cloudformation.change import Detail, Evaluation, Kind, Source
from understudy.cloudformation.difference import (
    Difference,
    differences,
    expression_at,
    masked,
    shown,
    written,
)
from understudy.cloudformation.references import Reference, references
from understudy.cloudformation.schema import Schema
from understudy.cloudformation.unknown import is_known

Cause = tuple[Source, Evaluation]
"""How a reference makes a value change, and whether for certain."""


@dataclass(frozen=True, slots=True)
class Written:
    """The properties of a resource as its template writes them, under the template's conditions."""

    properties: Any
    conditions: Mapping[str, bool]

    def at(self, difference: Difference) -> Any:
        """The expression that makes a place; None if nothing does."""
        return expression_at(self.properties, difference.path, self.conditions)


def property_details(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    old: Written,
    new: Written,
    schema: Schema | None,
    cause_of: Callable[[Reference], Cause | None],
    secrets: frozenset[str] = frozenset(),
) -> Iterator[Detail]:
    """The details of properties that change from ``before`` to ``after``, both resolved.

    A literal edit is one detail. A changed parameter gives a reference and a modification; a
    reference to a resource gives a reference. What is unknown though nothing that it refers to
    changes is taken to stay as it is.
    """
    for difference in differences(dict(before), dict(after)):
        expression = new.at(difference)
        edited = expression != old.at(difference)
        causes = _causes(expression, new.conditions, cause_of)
        known = is_known(difference.after)
        if not (known or edited or causes):
            continue
        base = _base(difference, old, new, schema, secrets)
        for entity, (source, evaluation) in causes.items():
            yield replace(base, change_source=source, evaluation=evaluation, causing_entity=entity)
        by_parameter = any(source == "ParameterReference" for source, _ in causes.values())
        if not causes:
            yield replace(base, evaluation="Static" if known else "Dynamic")
        elif edited or by_parameter:
            yield replace(base, evaluation="Dynamic")


def _causes(
    expression: Any,
    conditions: Mapping[str, bool],
    cause_of: Callable[[Reference], Cause | None],
) -> dict[str, Cause]:
    """The causes in an expression by their entities, ``Topic`` or ``Topic.Arn``."""
    found = ((r.causing_entity, cause_of(r)) for r in references(expression, conditions))
    return {entity: cause for entity, cause in found if cause is not None}


def _base(
    difference: Difference,
    old: Written,
    new: Written,
    schema: Schema | None,
    secrets: frozenset[str],
) -> Detail:
    top = str(difference.path[0])
    tags = schema is not None and top == schema.tags
    before = masked(_shown(difference.before), old.at(difference), secrets, old.conditions)
    after = masked(_shown(difference.after), new.at(difference), secrets, new.conditions)
    recreation = (
        schema.recreation(difference.path, difference.before, difference.after)
        if schema is not None
        else "Never"
    )
    return Detail(
        attribute="Tags" if tags else "Properties",
        name="" if tags else top,
        path=f"/Properties/{'/'.join(map(str, difference.path))}",
        requires_recreation=recreation,
        kind=difference.kind,
        before=written(before),
        after=written(after),
    )


def _shown(value: Any) -> Any:
    return None if value is None else shown(value)


def attribute_detail(attribute: str, before: Any, after: Any) -> Detail | None:
    """The detail of a resource attribute other than Properties, or None if it stays the same."""
    if _shown(before) == _shown(after):
        return None
    kind: Kind = "Add" if before is None else "Remove" if after is None else "Modify"
    return Detail(attribute, kind=kind, evaluation="Static" if is_known(after) else "Dynamic")
