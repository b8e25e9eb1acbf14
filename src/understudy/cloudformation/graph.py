"""What depends on what: the order in which resources are made, and cycles."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from understudy.base.diagnostic import Diagnostic, Path
from understudy.cloudformation.references import references
from understudy.cloudformation.template import Resource, Template

Graph = dict[str, dict[str, Path]]
"""For each resource, those that it needs, and the path of the first reference to each."""


def is_enabled(condition: str | None, conditions: Mapping[str, bool]) -> bool:
    """Whether a resource or an output exists: it has no condition, or its condition holds."""
    return condition is None or conditions.get(condition, False)


def enabled(template: Template, conditions: Mapping[str, bool]) -> dict[str, Resource]:
    """The resources that exist under these conditions, in the order of the template."""
    return {
        logical_id: resource
        for logical_id, resource in template.resources.items()
        if is_enabled(resource.condition, conditions)
    }


def attributes(resource: Resource) -> Iterator[tuple[str, Any]]:
    """The attributes of a resource in which functions may stand."""
    yield "Properties", resource.properties
    yield "Metadata", resource.metadata
    yield "CreationPolicy", resource.creation_policy
    yield "UpdatePolicy", resource.update_policy
    yield "DeletionPolicy", resource.deletion_policy
    yield "UpdateReplacePolicy", resource.update_replace_policy


def dependencies(template: Template, conditions: Mapping[str, bool] | None = None) -> Graph:
    """The dependencies between resources, by Ref, Fn::GetAtt, Fn::Sub and DependsOn.

    With ``conditions`` given, resources that do not exist are left out, and so is what stands in a
    branch of Fn::If that is not taken.
    """
    there = template.resources if conditions is None else enabled(template, conditions)
    return {
        logical_id: dict(_needs(resource, there, conditions))
        for logical_id, resource in there.items()
    }


def _needs(
    resource: Resource, there: Mapping[str, Resource], conditions: Mapping[str, bool] | None
) -> Iterator[tuple[str, Path]]:
    seen: set[str] = set()
    for attribute, value in attributes(resource):
        for reference in references(value, conditions, (attribute,)):
            if reference.name in there and reference.name not in seen:
                seen.add(reference.name)
                yield reference.name, reference.path
    for index, name in enumerate(resource.depends_on):
        if name in there and name not in seen:
            seen.add(name)
            yield name, ("DependsOn", index)


def layers(graph: Graph) -> tuple[tuple[str, ...], ...]:
    """The resources in layers: those in one layer need only those in earlier ones.

    Resources on a cycle, and those that need them, are in no layer.

    >>> layers({"A": {}, "B": {"A": ()}, "C": {"A": ()}})
    (('A',), ('B', 'C'))
    """
    needed_by: dict[str, list[str]] = {name: [] for name in graph}
    open_needs = {name: len(needs) for name, needs in graph.items()}
    for name, needs in graph.items():
        for need in needs:
            needed_by[need].append(name)
    order = {name: place for place, name in enumerate(graph)}
    found: list[tuple[str, ...]] = []
    ready = [name for name, count in open_needs.items() if not count]
    while ready:
        found.append(tuple(ready))
        freed: list[str] = []
        for user in (user for name in ready for user in needed_by[name]):
            open_needs[user] -= 1
            if not open_needs[user]:
                freed.append(user)
        ready = sorted(freed, key=order.__getitem__)
    return tuple(found)


def circular(graph: Graph) -> Diagnostic | None:
    """The complaint about a graph that has a cycle, with every cycle in its detail.

    AWS names all resources that it cannot order: those on a cycle, and those that need them.
    """
    placed = {name for layer in layers(graph) for name in layer}
    stuck = [name for name in graph if name not in placed]
    if not stuck:
        return None
    cycles = list(_cycles(graph, stuck))
    lines = [line for cycle in cycles for line in _drawn(graph, cycle)]
    first = cycles[0]
    return Diagnostic(
        f"Circular dependency between resources: [{', '.join(stuck)}]",
        ("Resources", first[0], *graph[first[0]][first[1]]),
        detail="\n".join(lines),
        action="break the cycle by removing one of these references",
    )


def _cycles(graph: Graph, stuck: list[str]) -> Iterator[list[str]]:
    """Each cycle as its names with the first one again at the end.

    Every stuck resource needs another stuck one, so a walk along the needs must come back to
    where it has been.
    """
    names = set(stuck)
    done: set[str] = set()
    for start in stuck:
        walk: list[str] = []
        here = start
        while here not in done and here not in walk:
            walk.append(here)
            here = next(need for need in graph[here] if need in names)
        if here in walk:
            yield [*walk[walk.index(here) :], here]
        done.update(walk)


def _drawn(graph: Graph, cycle: list[str]) -> Iterator[str]:
    for here, there in pairwise(cycle):
        yield f"{here} -> {there} via {'/'.join(map(str, graph[here][there]))}"
