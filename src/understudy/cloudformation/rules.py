"""The Rules section: assertions on the values of parameters.

AWS: Rules section; Rule-specific intrinsic functions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from understudy.base.diagnostic import Diagnostic
from understudy.cloudformation.functions import EvaluationError, equals
from understudy.cloudformation.intrinsics import only_parameters
from understudy.cloudformation.resolve import Function, Scope, evaluate, truth
from understudy.cloudformation.template import Rule, Template
from understudy.cloudformation.value import is_list, text


def _no_attribute(kind: str, value: str, attribute: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class _Functions:
    """The functions that only rules have. ``lookup(type, id, attribute)`` asks the account."""

    template: Template
    lookup: Callable[[str, str, str], str | None]

    def table(self) -> dict[str, Function]:
        return {
            "Fn::Contains": self.contains,
            "Fn::EachMemberEquals": self.each_member_equals,
            "Fn::EachMemberIn": self.each_member_in,
            "Fn::RefAll": self.ref_all,
            "Fn::ValueOf": self.value_of,
            "Fn::ValueOfAll": self.value_of_all,
        }

    def contains(self, argument: Any, scope: Scope) -> bool:
        """Whether the first list (or text) has the second argument as a member."""
        members, wanted = _two("Fn::Contains", argument, scope)
        return any(equals(member, wanted) for member in _listed(members))

    def each_member_equals(self, argument: Any, scope: Scope) -> bool:
        """Whether every member of the list equals the value."""
        members, wanted = _two("Fn::EachMemberEquals", argument, scope)
        return all(equals(member, wanted) for member in _listed(members))

    def each_member_in(self, argument: Any, scope: Scope) -> bool:
        """Whether every member of the first list is in the second."""
        members, allowed = _two("Fn::EachMemberIn", argument, scope)
        choices = _listed(allowed)
        return all(any(equals(m, choice) for choice in choices) for m in _listed(members))

    def ref_all(self, argument: Any, scope: Scope) -> list[Any]:
        """The values of all parameters of a type."""
        return [
            value
            for name in self._of_type(text(argument))
            for value in _listed(scope.parameters.get(name, []))
        ]

    def value_of(self, argument: Any, scope: Scope) -> Any:
        """An attribute of what a parameter names, such as a VPC's ``Tags.Name``."""
        name, attribute = _two("Fn::ValueOf", argument, scope)
        values = self._attributes(text(name), text(attribute), scope)
        return values[0] if len(values) == 1 else values

    def value_of_all(self, argument: Any, scope: Scope) -> list[Any]:
        """An attribute of what all parameters of a type name."""
        kind, attribute = _two("Fn::ValueOfAll", argument, scope)
        names = self._of_type(text(kind))
        return [v for name in names for v in self._attributes(name, text(attribute), scope)]

    def _of_type(self, kind: str) -> list[str]:
        declared = self.template.parameters.items()
        return [name for name, parameter in declared if kind in (parameter.type, _bare(parameter))]

    def _attributes(self, name: str, attribute: str, scope: Scope) -> list[str]:
        if name not in self.template.parameters:
            raise EvaluationError(f"Template error: Fn::ValueOf names no parameter {name}")
        kind = _bare(self.template.parameters[name])
        values = _listed(scope.parameters.get(name, []))
        found = [self.lookup(kind, text(value), attribute) for value in values]
        return [value for value in found if value is not None]


def _bare(parameter: Any) -> str:
    """The type of a parameter's members: that of ``List<AWS::EC2::VPC::Id>`` is the inner one."""
    return parameter.type.removeprefix("List<").removesuffix(">")


def _listed(value: Any) -> list[Any]:
    return value if is_list(value) else [value]


def _two(name: str, argument: Any, scope: Scope) -> tuple[Any, Any]:
    if not is_list(argument) or len(argument) != 2:
        raise EvaluationError(f"Template error: every {name} object requires two parameters.")
    return evaluate(argument[0], scope), evaluate(argument[1], scope)


def _no_resource(name: str, attribute: str = "") -> Any:
    raise EvaluationError(only_parameters([name], "Rules"))


def check_rules(
    template: Template,
    scope: Scope,
    lookup: Callable[[str, str, str], str | None] = _no_attribute,
) -> list[Diagnostic]:
    """The assertions that do not hold, each with its description as AWS shows it.

    ``lookup(parameter type, id, attribute)`` answers Fn::ValueOf, for instance
    ``("AWS::EC2::VPC::Id", "vpc-1", "Tags.Name")``.
    """
    within = replace(
        scope, ref=_no_resource, attribute=_no_resource, more=_Functions(template, lookup).table()
    )
    return [
        diagnostic
        for name, rule in template.rules.items()
        for diagnostic in _broken(name, rule, within)
    ]


def _broken(name: str, rule: Rule, scope: Scope) -> list[Diagnostic]:
    path = ("Rules", name)
    try:
        if rule.condition is not None and truth(rule.condition, scope) is not True:
            return []
        held = [truth(assertion, scope) for assertion, _ in rule.assertions]
    except EvaluationError as error:
        return [Diagnostic(error.message, (*path, *error.path))]
    return [
        Diagnostic(_sentence(name, description), (*path, "Assertions", index))
        for index, (_, description) in enumerate(rule.assertions)
        if held[index] is not True
    ]


def _sentence(name: str, description: str) -> str:
    return description or f"Rule {name} is not satisfied"


def rule_references(rules: Mapping[str, Rule]) -> list[Any]:
    """Every expression in the rules, for checks that look at references."""
    return [
        expression
        for rule in rules.values()
        for expression in (rule.condition, *(assertion for assertion, _ in rule.assertions))
    ]
