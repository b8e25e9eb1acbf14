"""Which resource becomes which: as the call says, else as it is found out."""

from collections.abc import Mapping, Sequence

from understudy.cloudformation.resolve import EvaluationError
from understudy.control.events import Params
from understudy.deploy.stack import Move, Stack, StackResource

Place = tuple[str, str]
"""The id of a stack and a logical id."""


def moves_of(
    stacks: Sequence[Stack],
    wanted: Mapping[str, Mapping[str, str]],
    mappings: Sequence[Params],
) -> tuple[Move, ...]:
    """The moves that lead from stacks to wanted resources: types by logical id, by stack.

    Raises EvaluationError where a resource would be created or deleted.
    """
    there = {
        (stack.id, name): each
        for stack in stacks
        for name, each in stack.resources.items()
        if each.is_present
    }
    manual = dict(_manual(stacks, wanted, there, mappings))
    fresh = [
        (stack, name)
        for stack, types in wanted.items()
        for name in types
        if (stack, name) not in manual
        and ((stack, name) not in there or (stack, name) in manual.values())
    ]
    left = [
        place
        for place in there
        if place not in manual.values() and place[1] not in wanted.get(place[0], {})
    ]
    auto: dict[Place, Place] = {}
    for place in fresh:
        found = _source(place, wanted[place[0]][place[1]], left, there)
        if found is None:
            raise EvaluationError(
                "Stack refactor does not support creating new resources. Resource "
                f"{place[1]} is in no stack yet."
            )
        auto[place] = found
        left.remove(found)
    if left:
        names = ", ".join(name for _, name in left)
        raise EvaluationError(
            f"Stack refactor does not support deleting resources. [{names}] are in no template."
        )
    return (*_moves(manual, there, "MANUAL"), *_moves(auto, there, "AUTO"))


def _manual(
    stacks: Sequence[Stack],
    wanted: Mapping[str, Mapping[str, str]],
    there: Mapping[Place, StackResource],
    mappings: Sequence[Params],
) -> list[tuple[Place, Place]]:
    """The moves of a call: each destination with its source."""
    ids = {stack.name: stack.id for stack in stacks}
    pairs: list[tuple[Place, Place]] = []
    for each in mappings:
        source, destination = _place(ids, each["Source"]), _place(ids, each["Destination"])
        if source not in there:
            raise EvaluationError(
                f"Resource {source[1]} does not exist in stack {each['Source']['StackName']}"
            )
        if destination[1] not in wanted[destination[0]]:
            raise EvaluationError(
                f"Resource {destination[1]} is not in the template of stack "
                f"{each['Destination']['StackName']}"
            )
        pairs.append((destination, source))
    return pairs


def _place(ids: Mapping[str, str], location: Params) -> Place:
    name = location["StackName"]
    if name not in ids:
        raise EvaluationError(f"Stack {name} is not one of the stack definitions")
    return ids[name], location["LogicalResourceId"]


def _source(
    place: Place, kind: str, left: Sequence[Place], there: Mapping[Place, StackResource]
) -> Place | None:
    """Where a resource comes from: one of its type and logical id, else the only one of its type.

    None where that is not clear.
    """
    alike = [each for each in left if there[each].type == kind]
    named = [each for each in alike if each[1] == place[1]]
    found = named or alike
    return found[0] if len(found) == 1 else None


def _moves(
    pairs: Mapping[Place, Place], there: Mapping[Place, StackResource], detection: str
) -> list[Move]:
    return [
        Move(*source, *place, there[source].physical_id, there[source].type, detection)
        for place, source in pairs.items()
    ]
