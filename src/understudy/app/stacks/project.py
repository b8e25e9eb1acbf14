"""From what the user named to the stacks that are meant: a template, or a CDK app's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from understudy.app.stacks.assembly import stacks_of
from understudy.app.stacks.environments import Environment
from understudy.app.stacks.examination import examined
from understudy.app.stacks.place import Place
from understudy.app.stacks.source import StackSource, from_template, template_in
from understudy.app.stacks.synthesis import is_cdk, synthesised
from understudy.base.diagnostic import Diagnostic, InvalidInput, Severity


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line said of what to deploy. ``stacks`` are of a CDK app; empty for all."""

    target: Path | None
    environment: Environment
    stack_name: str = ""
    stacks: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    context: tuple[str, ...] = ()


def sources_of(asked: Asked, place: Place) -> list[StackSource]:
    """The stacks to deploy, in their order. Raises InvalidInput and Failed."""
    environment = replace(
        asked.environment,
        parameters={**asked.environment.parameters, **pairs(asked.parameters, "--parameter")},
        tags={**asked.environment.tags, **pairs(asked.tags, "--tag")},
    )
    path = asked.target or template_in(Path(), environment)
    if not is_cdk(path):
        return [from_template(path, environment, asked.stack_name)]
    context = pairs(asked.context, "--context")
    assembly = synthesised(path, place.account, place.region, context)
    found = stacks_of(assembly, place.account, place.region, environment)
    return chosen(found, asked.stacks)


def chosen(found: Sequence[StackSource], names: Sequence[str]) -> list[StackSource]:
    """The named stacks with those that they need, all where none is named.

    Raises InvalidInput where there is none of a name.
    """
    by_name = {each.stack_name: each for each in found}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        action = f"it has {', '.join(by_name)}"
        raise InvalidInput(
            tuple(Diagnostic(f"The app has no stack {name}.", action=action) for name in unknown)
        )
    wanted: set[str] = set()
    waiting = list(names or by_name)
    while waiting:
        name = waiting.pop()
        if name not in wanted and name in by_name:
            wanted.add(name)
            waiting += by_name[name].needs
    return [each for each in found if each.stack_name in wanted]


def pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """``Key=Value`` texts as a map. Raises InvalidInput for every other text.

    >>> pairs(["A=1", "B=x=y"], "-p")
    {'A': '1', 'B': 'x=y'}
    """
    wrong = [text for text in texts if "=" not in text]
    if wrong:
        raise InvalidInput(
            tuple(Diagnostic(f"{option} {text} is not Key=Value.") for text in wrong)
        )
    return dict(text.split("=", 1) for text in texts)


def warnings_of(
    place: Place, sources: Sequence[StackSource], known: Mapping[str, bool]
) -> list[Diagnostic]:
    """What may be wrong with the stacks. Raises InvalidInput with all that is wrong.

    ``known`` says which stacks exist; they have values for their parameters. On AWS itself what is
    found here is a warning, for AWS has the last word.
    """
    found = [
        problem
        for source in sources
        for problem in examined(
            source, place.region, values=not known.get(source.stack_name, False)
        )[1]
    ]
    if place.kind != "engine":
        return [replace(each, severity=Severity.WARNING) for each in found]
    if any(each.severity is Severity.ERROR for each in found):
        raise InvalidInput(tuple(found))
    return found
