"""Looking at a template before it is deployed: all that is wrong with it, where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from understudy.app.schemas import CfnLintSchemas, resource_types, schemas_of
from understudy.base.arn import ACCOUNT, DEFAULT_REGION
from understudy.base.diagnostic import Diagnostic, Severity
from understudy.cloudformation.check import check
from understudy.cloudformation.locate import marked
from understudy.cloudformation.parameters import Bound, bind
from understudy.cloudformation.parse import parse
from understudy.cloudformation.resolve import EvaluationError, Scope, evaluate
from understudy.cloudformation.revision import Revision, evaluated_or_written, revision
from understudy.cloudformation.rules import check_rules
from understudy.cloudformation.set_back import set_back
from understudy.cloudformation.template import Resource, Template, read
from understudy.cloudformation.unknown import Unknown, unknown
from understudy.cloudformation.validate import diagnose
from understudy.deploy.blueprint import zones_of


@dataclass(frozen=True, slots=True)
class CheckedTemplate:
    """A template with its parameters bound. ``text`` is as in the file."""

    path: Path
    text: str
    template: Template
    bound: Bound
    revision: Revision

    @property
    def resources(self) -> dict[str, Resource]:
        """The resources that will be made: without those whose condition is false."""
        decided = self.revision.scope.conditions
        return {
            logical_id: resource
            for logical_id, resource in self.template.resources.items()
            if resource.condition is None or decided.get(resource.condition, True)
        }

    def evaluated(self, value: Any) -> Any:
        """A value as far as it is known before anything is deployed, else as it is written."""
        return evaluated_or_written(value, _planning(self.revision.scope))


def checked(
    path: Path, supplied: Mapping[str, str], region: str = DEFAULT_REGION
) -> tuple[CheckedTemplate | None, list[Diagnostic]]:
    """A template file with parameters, and everything that is wrong with them, each with its place.

    None where it is so wrong that nothing more can be said of it.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        return None, [Diagnostic(f"{path}: {error.strerror}.", action="name a template file")]
    data, found = parse(text, str(path))
    if _errors(found):
        return None, found
    return checked_data(data, text.decode(), path, supplied, region)


def checked_data(
    data: Any,
    source: str,
    path: Path,
    supplied: Mapping[str, str],
    region: str = DEFAULT_REGION,
    stored: Mapping[str, str] | None = None,
) -> tuple[CheckedTemplate | None, list[Diagnostic]]:
    """The same of the data of a template, whose macros have been run, with its text.

    ``stored`` are values of the parameter store.
    """
    template, problems = read(data)
    if template is None:
        return None, placed(problems, source, path)
    bound, unbound = bind(template.parameters, supplied, stored=stored)
    result = None
    if bound is not None:
        result, more = _checked(path, source, template, bound, region)
        problems += more
    else:
        problems += [*unbound, *check(template, schemas_of(region))]
    return result, placed(problems, source, path)


def _checked(
    path: Path, source: str, template: Template, bound: Bound, region: str
) -> tuple[CheckedTemplate | None, list[Diagnostic]]:
    schemas = schemas_of(region)
    scope = Scope(bound.values, pseudo(region), zones=lambda name: zones_of(name or region))
    try:
        ready = revision(template, scope, bound.no_echo)
    except EvaluationError as error:
        return None, [Diagnostic(error.message, error.path)]
    problems = [
        *check_rules(template, ready.scope),
        *check(template, schemas, ready.scope.conditions),
        *_unavailable(template),
        *set_back(template.resources),
    ]
    return CheckedTemplate(path, source, template, bound, ready), problems


def pseudo(region: str) -> dict[str, Any]:
    """The pseudo parameters of a stack that is not there yet."""
    stack = f"arn:aws:cloudformation:{region}:{ACCOUNT}:stack/stack/id"
    return {
        "AWS::AccountId": ACCOUNT,
        "AWS::NotificationARNs": [],
        "AWS::Partition": "aws",
        "AWS::Region": region,
        "AWS::StackId": stack,
        "AWS::StackName": "stack",
        "AWS::URLSuffix": "amazonaws.com",
    }


def _planning(scope: Scope) -> Scope:
    """A scope in which nothing exists yet."""

    def ref(logical_id: str) -> Unknown:
        return unknown([(logical_id, "")])

    def attribute(logical_id: str, name: str) -> Unknown:
        return unknown([(logical_id, name)])

    def export(name: str) -> Any:
        return unknown([(name, "Export")])

    def output(stack: str, name: str) -> Any:
        return unknown([(stack, name)])

    return replace(scope, ref=ref, attribute=attribute, exports=export, outputs=output)


def _unavailable(template: Template) -> list[Diagnostic]:
    """Types that AWS has and Understudy does not."""
    known = CfnLintSchemas().names()
    return [
        Diagnostic(
            f"Understudy does not have {resource.type}.",
            ("Resources", logical_id, "Type"),
            action="take it out of the template",
        )
        for logical_id, resource in template.resources.items()
        if resource.type not in resource_types() and resource.type in known
    ]


def property_problems(
    result: CheckedTemplate, overrides: Mapping[str, str], region: str = DEFAULT_REGION
) -> list[Diagnostic]:
    """What AWS's schemas say of the properties, as far as their values are known.

    ``overrides`` are parameter values that take the place of those given.
    """
    problems: list[Diagnostic] = []
    schemas = schemas_of(region)
    given = result.revision.scope
    scope = _planning(replace(given, parameters={**given.parameters, **overrides}))
    for logical_id, resource in result.resources.items():
        schema = schemas.get(resource.type)
        if schema is None:
            continue
        try:
            properties = evaluate(resource.properties, scope)
        except EvaluationError as error:
            path = ("Resources", logical_id, "Properties", *error.path)
            problems.append(Diagnostic(error.message, path))
            continue
        problems += diagnose(logical_id, properties, schema)
    return placed(problems, result.text, result.path)


def _errors(diagnostics: list[Diagnostic]) -> bool:
    return any(each.severity is Severity.ERROR for each in diagnostics)


def placed(diagnostics: list[Diagnostic], source: str, path: Path) -> list[Diagnostic]:
    """The same diagnostics, each with its place in the file, without repetitions."""
    return list(dict.fromkeys(marked(source, diagnostics, str(path))))
