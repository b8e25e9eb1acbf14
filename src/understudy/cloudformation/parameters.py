"""Giving parameters their values: supplied, previous or default, checked and typed.

AWS: Parameters section; Supplied parameter types.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from understudy.base.diagnostic import Diagnostic
from understudy.cloudformation.pattern import fits
from understudy.cloudformation.structure import closest, is_number
from understudy.cloudformation.template import Parameter

MASK = "****"
"""How a NoEcho value is shown. Recorded from DescribeStacks."""

MAX_VALUE_BYTES = 4096
"""AWS: CloudFormation quotas."""

_SSM_VALUE = "AWS::SSM::Parameter::Value<"


@dataclass(frozen=True, slots=True)
class Bound:
    """The values of a stack's parameters.

    ``texts`` are as given (for a parameter-store type, the name there), ``resolved`` what the
    parameter store holds, ``values`` what Ref gives: text, or a list of text.
    """

    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    resolved: Mapping[str, str] = field(default_factory=dict[str, str])
    no_echo: frozenset[str] = frozenset()

    def shown(self) -> list[dict[str, str]]:
        """The parameters as DescribeStacks and DescribeChangeSet give them, secrets masked."""
        return [self._shown(name, written) for name, written in self.texts.items()]

    def _shown(self, name: str, written: str) -> dict[str, str]:
        secret = name in self.no_echo
        entry = {"ParameterKey": name, "ParameterValue": MASK if secret else written}
        if name in self.resolved:
            entry["ResolvedValue"] = MASK if secret else self.resolved[name]
        return entry


def is_list_type(kind: str) -> bool:
    """Whether Ref of such a parameter gives a list.

    >>> is_list_type("List<AWS::EC2::Subnet::Id>"), is_list_type("String")
    (True, False)
    """
    inner = kind.removeprefix(_SSM_VALUE)
    return inner.startswith(("List<", "CommaDelimitedList"))


def bind(
    declared: Mapping[str, Parameter],
    supplied: Mapping[str, str],
    previous: Mapping[str, str] | None = None,
    use_previous: Collection[str] = (),
    stored: Mapping[str, str] | None = None,
) -> tuple[Bound | None, list[Diagnostic]]:
    """The bound parameters, or None and everything that is wrong with the values.

    ``previous`` are the texts of the deployed stack, taken for the names in ``use_previous``.
    ``stored`` are parameter-store values by their names, for the names that `stored_names` gives.
    """
    texts = given(declared, supplied, previous, use_previous)
    found = stored or {}
    resolved = {n: found[s] for n, s in stored_names(declared, texts).items() if s in found}
    diagnostics = [
        *_missing(declared, texts),
        *_surplus(declared, [*supplied, *use_previous]),
        *_not_stored(declared, texts, found),
        *_unfit(declared, {**texts, **resolved}),
    ]
    if diagnostics:
        return None, diagnostics
    values = {
        name: typed(declared[name].type, resolved.get(name, written))
        for name, written in texts.items()
    }
    no_echo = frozenset(name for name, parameter in declared.items() if parameter.no_echo)
    return Bound(texts, values, resolved, no_echo), []


def given(
    declared: Mapping[str, Parameter],
    supplied: Mapping[str, str],
    previous: Mapping[str, str] | None = None,
    use_previous: Collection[str] = (),
) -> dict[str, str]:
    """The text of every parameter that has one: supplied, else previous, else its default."""
    before = previous or {}
    texts: dict[str, str] = {}
    for name, parameter in declared.items():
        if name in supplied:
            texts[name] = supplied[name]
        elif name in use_previous and name in before:
            texts[name] = before[name]
        elif parameter.default is not None:
            texts[name] = parameter.default
    return texts


def stored_names(declared: Mapping[str, Parameter], texts: Mapping[str, str]) -> dict[str, str]:
    """The parameter-store name of every parameter whose value lives there."""
    return {
        name: texts[name]
        for name, parameter in declared.items()
        if parameter.type.startswith(_SSM_VALUE) and name in texts
    }


def typed(kind: str, written: str) -> Any:
    """What Ref gives: the text, or the list of its members without the spaces around them.

    >>> typed("CommaDelimitedList", "a, b"), typed("Number", "80")
    (['a', 'b'], '80')
    """
    if not is_list_type(kind):
        return written
    return [member.strip() for member in written.split(",")] if written else []


# What may be wrong


def _missing(declared: Mapping[str, Parameter], texts: Mapping[str, str]) -> Iterator[Diagnostic]:
    absent = [name for name in declared if name not in texts]
    plain = [name for name in absent if not declared[name].type.startswith(_SSM_VALUE)]
    if plain:
        names = ", ".join(plain)
        summary = f"Parameters: [{names}] must have values"
        yield Diagnostic(summary, ("Parameters", plain[0]), action="supply them or give defaults")
    for name in absent:
        if name not in plain:
            summary = f"Parameter {name} should either have input value or default value"
            yield Diagnostic(summary, ("Parameters", name))


def _surplus(declared: Mapping[str, Parameter], names: list[str]) -> Iterator[Diagnostic]:
    unknown = [name for name in dict.fromkeys(names) if name not in declared]
    if unknown:
        summary = f"Parameters: [{', '.join(unknown)}] do not exist in the template"
        yield Diagnostic(summary, ("Parameters",), action=closest(unknown[0], list(declared)))


def _not_stored(
    declared: Mapping[str, Parameter], texts: Mapping[str, str], stored: Mapping[str, str]
) -> Iterator[Diagnostic]:
    names = stored_names(declared, texts)
    absent = [name for name in dict.fromkeys(names.values()) if name not in stored]
    if absent:
        first = next(name for name, wanted in names.items() if wanted == absent[0])
        yield Diagnostic(
            f"Unable to fetch parameters [{','.join(absent)}] from parameter store for this "
            "account.",
            ("Parameters", first),
            action="put the parameter into the parameter store first",
        )


def _unfit(declared: Mapping[str, Parameter], texts: Mapping[str, str]) -> Iterator[Diagnostic]:
    for name, written in texts.items():
        parameter = declared[name]
        complaint = _complaint(name, parameter, written)
        if complaint is None:
            continue
        if parameter.constraint_description is not None:
            why = parameter.constraint_description
            complaint = f"Parameter {name} failed to satisfy constraint: {why}"
        yield Diagnostic(complaint, ("Parameters", name))


def _complaint(name: str, parameter: Parameter, written: str) -> str | None:
    if len(written.encode()) > MAX_VALUE_BYTES:
        return f"Parameter '{name}' must contain at most {MAX_VALUE_BYTES} bytes"
    members: list[str] = [written]
    if is_list_type(parameter.type):
        members = typed(parameter.type, written)
    kind = parameter.type.removeprefix(_SSM_VALUE)
    check = _number if kind.startswith(("Number", "List<Number")) else _text
    for member in members:
        if parameter.allowed_values and member not in parameter.allowed_values:
            return f"Parameter '{name}' must be one of AllowedValues"
        complaint = check(parameter, member)
        if complaint:
            return f"Parameter '{name}' {complaint}"
    return None


def _number(parameter: Parameter, written: str) -> str | None:
    if not is_number(written.strip()):
        return "must be a number."
    value = Decimal(written.strip())
    if parameter.min_value is not None and value < Decimal(parameter.min_value):
        return f"must be a number not less than {parameter.min_value}"
    if parameter.max_value is not None and value > Decimal(parameter.max_value):
        return f"must be a number not greater than {parameter.max_value}"
    return None


def _text(parameter: Parameter, written: str) -> str | None:
    if parameter.min_length is not None and len(written) < parameter.min_length:
        return f"must contain at least {parameter.min_length} characters"
    if parameter.max_length is not None and len(written) > parameter.max_length:
        return f"must contain at most {parameter.max_length} characters"
    pattern = parameter.allowed_pattern
    if pattern is not None and not fits(pattern, written):
        return f"must match pattern {pattern}"
    return None
