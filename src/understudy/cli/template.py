"""``understudy validate`` and ``understudy tree``: looking at templates."""

from pathlib import Path
from typing import Any

from understudy.app.stacks.deployed import existing, template_of
from understudy.app.stacks.environments import Environment, environment
from understudy.app.stacks.examination import examined
from understudy.app.stacks.place import Place
from understudy.app.stacks.project import pairs
from understudy.app.stacks.source import StackSource, from_template, template_in
from understudy.app.stacks.synthesis import is_cdk
from understudy.base.arn import ACCOUNT, DEFAULT_REGION
from understudy.base.diagnostic import Diagnostic, InvalidInput, Severity
from understudy.cli.deploy import Many
from understudy.cli.exits import BAD_INPUT, DONE, complain, say
from understudy.cli.place import HERE, Audience, PlaceOptions, command, told
from understudy.cli.stack_audience import diagnostic_fields, emit
from understudy.cloudformation.graph import dependencies, layers
from understudy.cloudformation.parse import parse
from understudy.cloudformation.template import Template, read
from understudy.report.terminal import console, show
from understudy.report.tree import dependency_tree
from understudy.report.tree_picture import dependency_picture


def validate(
    target: list[Path] | None = None,
    /,
    *,
    env: str = "",
    parameter: Many = None,
    region: str = DEFAULT_REGION,
    json: bool = False,
) -> int:
    """Say everything that is wrong with templates, each with its line, without any engine.

    Args:
        target: Templates or CDK apps (default: cdk.json or template.yaml here).
        env: Environment of understudy.toml, for its parameters.
        parameter: Template parameter as Key=Value; may be repeated.
        region: Region whose resource types count.
        json: Print lines of JSON, for machines.

    """

    def run() -> int:
        base = environment(env, Path())
        given = {**base.parameters, **pairs(parameter or (), "--parameter")}
        paths = target or [template_in(Path(), base)]
        found = [source for path in paths for source in _sources(path, base, region)]
        codes = [_validated(source, given, region, json=json) for source in found]
        return max(codes, default=DONE)

    return told(run, json=json)


def _sources(path: Path, base: Environment, region: str) -> list[StackSource]:
    if not is_cdk(path):
        return [from_template(path, base, "stack")]
    from understudy.app.stacks.assembly import stacks_of
    from understudy.app.stacks.synthesis import synthesised

    return stacks_of(synthesised(path, ACCOUNT, region, {}), ACCOUNT, region, base)


def _validated(source: StackSource, given: dict[str, str], region: str, *, json: bool) -> int:
    from dataclasses import replace

    wanted = replace(source, parameters={**source.parameters, **given})
    data, problems = examined(wanted, region, values=bool(given))
    if json:
        for each in problems:
            emit("diagnostic", **diagnostic_fields(each))
    else:
        complain(problems)
    if any(each.severity is Severity.ERROR for each in problems):
        return BAD_INPUT
    if not json:
        count = len(data.get("Resources", {}))
        say(f"{source.path}: nothing wrong was found, {count} resources.")
    return DONE


def tree(
    target: str = "",
    /,
    *,
    svg: Path | None = None,
    env: str = "",
    place: PlaceOptions = HERE,
) -> int:
    """Draw what each resource of a template or a deployed stack needs.

    Args:
        target: Template, or name of a stack (default: template.yaml here).
        svg: Write a picture to this file instead.
        env: Environment of understudy.toml.

    """

    def local(path: Path) -> int:
        base = environment(env, Path())
        for source in _sources(path, base, place.region or DEFAULT_REGION):
            _draw(source.stack_name if is_cdk(path) else path.name, source.text, {}, svg)
        return DONE

    def work(there: Place, audience: Audience) -> int:
        stack = existing(there, target)
        api = there.client.cloudformation
        resources = api.describe_stack_resources(StackName=stack.id)["StackResources"]
        statuses = {each["LogicalResourceId"]: each["ResourceStatus"] for each in resources}
        _draw(stack.name, template_of(there, stack.id, "Processed"), statuses, svg)
        return DONE

    path = Path(target)
    if target and not path.exists():
        return command(place, work, reads=True)
    return told(
        lambda: local(path if target else template_in(Path(), environment(env, Path()))),
        json=place.json,
    )


def _draw(title: str, text: str, statuses: dict[str, str], svg: Path | None) -> None:
    template = _read(text)
    graph = dependencies(template)
    types = {name: resource.type for name, resource in template.resources.items()}
    needs = {name: tuple(wanted) for name, wanted in graph.items()}
    if svg is None:
        show(console(), dependency_tree(title, types, needs, statuses))
        return
    try:
        svg.write_text(dependency_picture(layers(graph), types, needs))
    except OSError as error:
        raise InvalidInput((Diagnostic(f"{svg}: {error.strerror}."),)) from error
    say(f"Drew {title} to {svg}.")


def _read(text: str) -> Template:
    data, problems = parse(text)
    template: Any = None
    if data is not None:
        template, more = read(data)
        problems += more
    if template is None:
        raise InvalidInput(tuple(problems))
    return template
