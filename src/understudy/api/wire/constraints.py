"""What the models ask of scalars, in the words that AWS refuses them with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from understudy.api.wire.models import Shape
from understudy.api.wire.patterns import compile_pattern

NOT_NULL = "Member must not be null"


@dataclass(frozen=True, slots=True)
class Constraint:
    """One demand on a value and its sentence: ``Member must have length less than ...``."""

    text: str
    holds: Callable[[Any], bool]


def all_hold(constraints: tuple[Constraint, ...]) -> Callable[[Any], bool]:
    """Whether a value satisfies all of some constraints, as one function."""
    if len(constraints) == 1:
        return constraints[0].holds
    if len(constraints) == 2:
        first, second = constraints[0].holds, constraints[1].holds
        return lambda value: first(value) and second(value)
    checks = [each.holds for each in constraints]
    return lambda value: all(check(value) for check in checks)


def scalar_constraints(shape: Shape) -> tuple[Constraint, ...]:
    """The demands on a scalar, in the order in which AWS reports those that fail."""
    if shape.type in {"integer", "long", "float", "double"}:
        return _range(shape)
    found: list[Constraint] = []
    if shape.enum:
        allowed = frozenset(shape.enum)
        text = f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
        found.append(Constraint(text, allowed.__contains__))
    if shape.pattern is not None and shape.type == "string" and not shape.enum:
        found.extend(_pattern(shape))
    return (*found, *lengths(shape))


def lengths(shape: Shape) -> tuple[Constraint, ...]:
    """The demands of a shape's ``max`` and ``min`` on the lengths of its values."""
    most, least = shape.max, shape.min
    found: list[Constraint] = []
    if most is not None:
        text = f"Member must have length less than or equal to {most}"
        found.append(Constraint(text, lambda value: len(value) <= most))
    if least is not None:
        text = f"Member must have length greater than or equal to {least}"
        found.append(Constraint(text, lambda value: len(value) >= least))
    return tuple(found)


def _range(shape: Shape) -> tuple[Constraint, ...]:
    most, least = shape.max, shape.min
    found: list[Constraint] = []
    if most is not None:
        text = f"Member must have value less than or equal to {most}"
        found.append(Constraint(text, lambda value: value <= most))
    if least is not None:
        text = f"Member must have value greater than or equal to {least}"
        found.append(Constraint(text, lambda value: value >= least))
    return tuple(found)


def _pattern(shape: Shape) -> tuple[Constraint, ...]:
    pattern = compile_pattern(shape.pattern or "")
    if pattern is None:
        return ()
    # A value that is too long is refused for that alone: it is not given to a regular expression.
    most = shape.max if shape.max is not None else 1 << 20
    text = f"Member must satisfy regular expression pattern: {shape.pattern}"
    return (
        Constraint(text, lambda value: len(value) > most or pattern.fullmatch(value) is not None),
    )


def bracketed(constraints: tuple[Constraint, ...]) -> str:
    """All demands on the items of a list or map; AWS names them all, lengths first.

    The sentence is then ``Member must satisfy constraint: [...]``.
    """
    ordered = sorted(constraints, key=lambda each: "have length" not in each.text)
    return f"[{', '.join(each.text for each in ordered)}]"
