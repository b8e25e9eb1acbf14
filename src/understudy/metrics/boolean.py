"""AND, OR, NOT and parentheses over terms: the common part of search terms and alarm rules."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Term = TypeVar("Term")

DEEPEST = 100
"""How deep NOT and parentheses may be nested."""


class RuleError(Exception):
    """What is wrong with a boolean expression, in one sentence for its author."""


@dataclass(frozen=True, slots=True)
class Not(Generic[Term]):
    """True where its operand is not."""

    operand: "Node[Term]"


@dataclass(frozen=True, slots=True)
class All(Generic[Term]):
    """True where all operands are."""

    operands: "tuple[Node[Term], ...]"


@dataclass(frozen=True, slots=True)
class Either(Generic[Term]):
    """True where any operand is."""

    operands: "tuple[Node[Term], ...]"


@dataclass(frozen=True, slots=True)
class Leaf(Generic[Term]):
    """A term."""

    term: Term


Node = Not[Term] | All[Term] | Either[Term] | Leaf[Term]


class Tokens:
    """What is left to read of an expression."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self.depth = 0
        self._tokens = tokens
        self._position = 0

    def enter(self) -> None:
        """Go one level deeper; raises RuleError where that is too deep to follow."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise RuleError("The expression is nested too deeply")

    def peek(self) -> str | None:
        """The next token, None at the end."""
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def take(self, expected: str | None = None) -> str:
        """Read the next token; raises RuleError at the end or if it is not the expected one."""
        token = self.peek()
        if token is None:
            raise RuleError("Unexpected end of expression")
        if expected is not None and token != expected:
            raise RuleError(f"Expected {expected!r} but found {token!r}")
        self._position += 1
        return token


def parse(
    tokens: Sequence[str], term: Callable[[Tokens], Term], *, implicit_and: bool = False
) -> Node[Term]:
    """The tree of an expression; NOT binds closest, then AND, then OR.

    ``term`` reads one term. With ``implicit_and`` terms without an operator between them all have
    to hold. Raises RuleError.
    """
    rest = Tokens(tokens)
    node = _either(rest, term, implicit_and)
    if (left := rest.peek()) is not None:
        raise RuleError(f"Unexpected {left!r}")
    return node


def _either(rest: Tokens, term: Callable[[Tokens], Term], implicit: bool) -> Node[Term]:  # noqa: FBT001
    operands = [_all(rest, term, implicit)]
    while rest.peek() == "OR":
        rest.take()
        operands.append(_all(rest, term, implicit))
    return operands[0] if len(operands) == 1 else Either(tuple(operands))


def _all(rest: Tokens, term: Callable[[Tokens], Term], implicit: bool) -> Node[Term]:  # noqa: FBT001
    operands = [_operand(rest, term, implicit)]
    while True:
        following = rest.peek()
        if following == "AND":
            rest.take()
        elif not implicit or following in (None, "OR", ")"):
            break
        operands.append(_operand(rest, term, implicit))
    return operands[0] if len(operands) == 1 else All(tuple(operands))


def _operand(rest: Tokens, term: Callable[[Tokens], Term], implicit: bool) -> Node[Term]:  # noqa: FBT001
    if rest.peek() not in ("NOT", "("):
        return Leaf(term(rest))
    rest.enter()
    if rest.take() == "NOT":
        node = Not(_operand(rest, term, implicit))
    else:
        node = _either(rest, term, implicit)
        rest.take(")")
    rest.depth -= 1
    return node


def holds(node: Node[Term], test: Callable[[Term], bool]) -> bool:
    """Whether an expression is true if ``test`` says which terms are."""
    match node:
        case Leaf(term):
            return test(term)
        case Not(operand):
            return not holds(operand, test)
        case All(operands):
            return all(holds(each, test) for each in operands)
        case Either(operands):
            return any(holds(each, test) for each in operands)


def terms(node: Node[Term]) -> Iterator[Term]:
    """The terms of an expression, from left to right."""
    match node:
        case Leaf(term):
            yield term
        case Not(operand):
            yield from terms(operand)
        case All(operands) | Either(operands):
            for each in operands:
                yield from terms(each)
