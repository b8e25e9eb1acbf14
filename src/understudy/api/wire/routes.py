"""Which operation of a REST service a method, a path and a query call.

AWS: Smithy HTTP binding traits. The most specific path wins, then the most query literals, then the
most required members that the request carries in its query or headers: so ``?uploadId`` tells
ListParts from GetObject, and ``x-amz-copy-source`` CopyObject from PutObject.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from urllib.parse import unquote

from understudy.api.wire.models import Operation, ServiceModel, service_model
from understudy.api.wire.pairs import parse_pairs


@dataclass(frozen=True, slots=True)
class Route:
    """One operation at a path: what must be in the query and, to be preferred, what else."""

    operation: str
    literals: tuple[tuple[str, str], ...]
    required_query: frozenset[str]
    required_headers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Place:
    """A path with labels, and the operations at it, the pickiest first."""

    pattern: re.Pattern[str]
    labels: tuple[str, ...]
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """The operation found. ``complete`` is false where a required header or query is missing."""

    operation: str
    labels: Mapping[str, str]
    complete: bool


def match(
    service: str, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]
) -> Match | None:
    """The operation of a service that a request calls, or None.

    Raises UnicodeDecodeError where a label is not UTF-8.
    """
    for place in _places(service).get(method, ()):
        found = place.pattern.fullmatch(path)
        if found is None:
            continue
        routes = [route for route in place.routes if _has_literals(route, query)]
        if not routes:
            continue
        # `DELETE /bucket?analytics` without its id must never be taken for DeleteBucket.
        routes = [r for r in routes if len(r.literals) == len(routes[0].literals)]
        full = [r for r in routes if _has_required(r, query, headers)]
        values = (unquote(value, errors="strict") for value in found.groups())
        labels = dict(zip(place.labels, values, strict=True))
        return Match((full or routes[-1:])[0].operation, labels, bool(full))
    return None


def _has_required(route: Route, query: Mapping[str, str], headers: Mapping[str, str]) -> bool:
    return route.required_query <= query.keys() and route.required_headers <= headers.keys()


def _has_literals(route: Route, query: Mapping[str, str]) -> bool:
    return all(
        name in query and (not value or query[name] == value) for name, value in route.literals
    )


@cache
def _places(service: str) -> dict[str, tuple[Place, ...]]:
    model = service_model(service)
    methods: dict[str, list[tuple[str, Operation, str]]] = {}
    for name, operation in model.operations.items():
        path = operation.http.request_uri.partition("?")[0]
        methods.setdefault(operation.http.method, []).append((path, operation, name))
    return {method: _sorted_places(model, found) for method, found in methods.items()}


def _sorted_places(
    model: ServiceModel, found: list[tuple[str, Operation, str]]
) -> tuple[Place, ...]:
    found = sorted(found, key=lambda each: (_specificity(each[0]), each[0]))
    places: list[Place] = []
    for path, group in groupby(found, key=lambda each: each[0]):
        pattern, labels = _compile(path)
        entries = [(_route(model, name, each), each.deprecated) for _, each, name in group]
        entries.sort(key=lambda entry: (_pickiness(entry[0]), entry[1]))
        places.append(Place(pattern, labels, tuple(route for route, _ in entries)))
    return tuple(places)


def _specificity(path: str) -> tuple[int, ...]:
    """Sorts literals before labels before greedy labels, longer paths before their beginnings."""
    segments = path.strip("/").split("/")
    kinds = [2 if s.endswith("+}") else 1 if s.startswith("{") else 0 for s in segments]
    return (*kinds, 3)


def _pickiness(route: Route) -> tuple[int, int]:
    return -len(route.literals), -len(route.required_query) - len(route.required_headers)


def _compile(path: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    labels: list[str] = []
    parts: list[str] = []
    for literal, label in re.findall(r"([^{]+)|\{([^}]+)\}", path.rstrip("/")):
        parts.append(re.escape(literal) if literal else "(.+)" if label[-1] == "+" else "([^/]+)")
        if label:
            labels.append(label.rstrip("+"))
    end = "" if path.endswith("+}") else "/?"
    return re.compile("".join(parts) + end, re.DOTALL), tuple(labels)


def _route(model: ServiceModel, name: str, operation: Operation) -> Route:
    required = model.shapes[operation.input.shape].required if operation.input else ()
    members = model.members(operation.input)
    refs = [(members[member], member) for member in required]
    return Route(
        operation=name,
        literals=tuple(parse_pairs(operation.http.request_uri.partition("?")[2])),
        required_query=frozenset(
            ref.location_name or member for ref, member in refs if ref.location == "querystring"
        ),
        required_headers=frozenset(
            (ref.location_name or member).lower()
            for ref, member in refs
            if ref.location == "header"
        ),
    )
