"""Which container instance a task is placed on.

AWS: How Amazon ECS places tasks on container instances; Amazon ECS task placement strategies;
Amazon ECS task placement constraints.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from understudy.control.ecs.faults import bad_parameter
from understudy.control.events import Params

NONE_THERE = "Reason: No Container Instances were found in your cluster."
ZONE = "ecs.availability-zone"
SPREAD_ZONES: tuple[Params, ...] = (
    {"type": "spread", "field": f"attribute:{ZONE}"},
    {"type": "spread", "field": "instanceId"},
)
"""How a service's tasks are placed where it does not say."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A container instance as placement sees it: what is left of it, and what runs on it.

    ``mine`` counts the tasks of the group that is placed, by which tasks are spread.
    """

    arn: str
    cpu: int
    memory: int
    ports: frozenset[int]
    attributes: Mapping[str, str]
    mine: int


@dataclass(frozen=True, slots=True)
class Needs:
    """What a task needs of an instance. ``ports`` are fixed host ports."""

    cpu: int
    memory: int
    ports: frozenset[int] = frozenset()
    constraints: Sequence[Params] = ()


def place(
    candidates: Sequence[Candidate], needs: Needs, strategy: Sequence[Params]
) -> Candidate | str:
    """The instance for one task, or why there is none, in the words of a service event.

    The first strategy decides, the next ones among its equals; what is equal in all is taken in the
    order of ARNs, also where a strategy is ``random``.
    """
    if not candidates:
        return NONE_THERE
    fitting = [each for each in candidates if lacking(each, needs) is None]
    if not fitting:
        closest = max(candidates, key=lambda each: (each.cpu, each.memory, each.arn))
        name = closest.arn.rpartition("/")[2]
        return f"The closest matching container-instance {name} {lacking(closest, needs)}."
    zones = Counter[str]()
    for each in candidates:
        zones[each.attributes.get(ZONE, "")] += each.mine

    def rank(each: Candidate) -> tuple[float | str, ...]:
        return (*(_rank(each, item, zones) for item in strategy or SPREAD_ZONES), each.arn)

    return min(fitting, key=rank)


def _rank(candidate: Candidate, strategy: Params, zones: Counter[str]) -> float:
    field = strategy.get("field", "")
    if strategy["type"] == "binpack":
        return candidate.memory if field.lower() == "memory" else candidate.cpu
    if strategy["type"] == "spread":
        if field in ("instanceId", "host"):
            return candidate.mine
        return zones[candidate.attributes.get(ZONE, "")]
    return 0.0


def lacking(candidate: Candidate, needs: Needs) -> str | None:
    """What an instance lacks for a task, None if it has all."""
    if candidate.cpu < needs.cpu:
        return "has insufficient CPU units available"
    if candidate.memory < needs.memory:
        return "has insufficient memory available"
    if candidate.ports & needs.ports:
        return "is already using a port required by your task"
    if not all(_meets(candidate, each) for each in needs.constraints):
        return "is missing an attribute required by your task"
    return None


def _meets(candidate: Candidate, constraint: Params) -> bool:
    if constraint["type"] == "distinctInstance":
        return candidate.mine == 0
    return all(
        holds(candidate.attributes, each) for each in terms(constraint.get("expression", ""))
    )


@dataclass(frozen=True, slots=True)
class Term:
    """A comparison of an attribute in the cluster query language."""

    attribute: str
    operator: str
    values: tuple[str, ...]


_TERM = re.compile(
    r"""\s*(?:attribute:)?([\w.\-/]+)\s*
        (?:(exists|!exists) | (==|equals|!=|not_equals)\s*([\w.\-*/]+)
         | (in|!in|not_in)\s*\[([^\]]*)\])\s*""",
    re.VERBOSE,
)


def terms(expression: str) -> list[Term]:
    """The comparisons of an expression, joined by ``and`` or ``&&``.

    Raises Fault (InvalidParameterException) for other expressions: the cluster query language has
    more, which is not offered.
    """
    found: list[Term] = []
    for part in re.split(r"\band\b|&&", expression):
        match = _TERM.fullmatch(part)
        if match is None:
            raise bad_parameter(f"Invalid expression: '{expression}' is not offered here.")
        name, exists, compare, value, within, values = match.groups()
        operator = exists or compare or within
        listed = values.split(",") if values is not None else [value] if value else []
        found.append(Term(name, operator, tuple(each.strip() for each in listed)))
    return found


def holds(attributes: Mapping[str, str], term: Term) -> bool:
    """Whether attributes fulfil a comparison."""
    there = attributes.get(term.attribute)
    if term.operator == "exists":
        return term.attribute in attributes
    if term.operator == "!exists":
        return term.attribute not in attributes
    matches = there is not None and any(_like(each, there) for each in term.values)
    return matches if term.operator in ("==", "equals", "in") else not matches


def _like(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None


def check_constraints(constraints: Iterable[Params]) -> None:
    """Raises Fault for placement constraints that are not understood."""
    for each in constraints:
        if each["type"] == "memberOf":
            terms(each.get("expression", ""))
