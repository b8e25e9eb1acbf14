"""``understudy deploy``, ``diff``, ``plan`` and ``watch``."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from understudy.app.stacks import plan_file
from understudy.app.stacks.deploying import (
    carried_out,
    clear_the_way,
    discard,
    has_changes,
    is_dangerous,
    planned,
)
from understudy.app.stacks.environments import environment
from understudy.app.stacks.executing import execute
from understudy.app.stacks.place import Place
from understudy.app.stacks.planning import CAPABILITIES, Settings, StackPlan
from understudy.app.stacks.project import Asked, sources_of
from understudy.cli.exits import DIFFERENT, DONE, FAILED
from understudy.cli.place import HERE, Audience, PlaceOptions, command, told

Many = list[str] | None


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What is to be deployed."""

    stack_name: Annotated[
        str, Parameter(help="Name of the stack (default: after the template or its folder).")
    ] = ""
    env: Annotated[str, Parameter(help="Environment of understudy.toml.")] = ""
    parameter: Annotated[
        Many,
        Parameter(
            name=["--parameter", "-p"], help="Template parameter as Key=Value; may be repeated."
        ),
    ] = None
    tag: Annotated[Many, Parameter(help="Tag of the stack as Key=Value; may be repeated.")] = None
    stack: Annotated[
        Many, Parameter(help="Of a CDK app this stack and those that it needs; may be repeated.")
    ] = None
    context: Annotated[
        Many,
        Parameter(name=["--context", "-c"], help="Context of a CDK app as Key=Value."),
    ] = None

    def asked(self, target: Path | None) -> Asked:
        """The same with the environment. Raises InvalidInput."""
        return Asked(
            target,
            environment(self.env, Path()),
            self.stack_name,
            tuple(self.stack or ()),
            tuple(self.parameter or ()),
            tuple(self.tag or ()),
            tuple(self.context or ()),
        )


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class SettingsOptions:
    """How it is to be deployed."""

    capability: Annotated[
        Many, Parameter(help="What the template may do, as CAPABILITY_IAM (default: all).")
    ] = None
    role_arn: Annotated[str, Parameter(help="Role that CloudFormation assumes.")] = ""
    no_rollback: Annotated[
        bool, Parameter(help="Leave what was made in place when the deployment fails.")
    ] = False

    def settings(self, asked: Asked) -> Settings:
        """The same with the environment."""
        capabilities = tuple(self.capability or asked.environment.capabilities) or CAPABILITIES
        return Settings(capabilities, self.role_arn, rollback=not self.no_rollback)


WHAT, HOW = SourceOptions(), SettingsOptions()


def deploy(
    target: Path | None = None,
    /,
    *,
    what: SourceOptions = WHAT,
    how: SettingsOptions = HOW,
    place: PlaceOptions = HERE,
) -> int:
    """Deploy a template, a CDK app or a reviewed plan: show what changes, ask, follow it.

    Args:
        target: Template, CDK app (app.py, cdk.json or cdk.out) or a file of `plan`
            (default: cdk.json or template.yaml here).

    """

    def work(asked: Asked, there: Place, audience: Audience) -> int:
        if target is not None and plan_file.is_plan(target):
            return _carry_out_file(target, there, audience)
        return _deploy(asked, how.settings(asked), there, audience)

    return _at(place, what, target, work)


def diff(
    target: Path | None = None,
    /,
    *,
    exit_code: bool = False,
    what: SourceOptions = WHAT,
    place: PlaceOptions = HERE,
) -> int:
    """Show what a deployment would change, and change nothing.

    Args:
        target: Template or CDK app (default: cdk.json or template.yaml here).
        exit_code: Exit with 4 where something would change.

    """

    def work(asked: Asked, there: Place, audience: Audience) -> int:
        plans = _planned(asked, HOW.settings(asked), there, audience)
        discard(there, plans)
        return DIFFERENT if exit_code and has_changes(plans) else DONE

    return _at(place, what, target, work)


def plan(
    target: Path | None = None,
    /,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    what: SourceOptions = WHAT,
    how: SettingsOptions = HOW,
    place: PlaceOptions = HERE,
) -> int:
    """Write a plan to a file, to be reviewed and executed as it is with `deploy FILE`.

    Args:
        target: Template or CDK app (default: cdk.json or template.yaml here).
        output: The file.

    """

    def work(asked: Asked, there: Place, audience: Audience) -> int:
        plans = _planned(asked, how.settings(asked), there, audience)
        if not has_changes(plans):
            audience.say("There is nothing to deploy, so no plan was written.")
            return DONE
        plan_file.write(output, there, plans)
        audience.say(f"Wrote the plan to {output}. To execute it: understudy deploy {output}")
        return DONE

    return _at(place, what, target, work)


def watch(
    target: Path | None = None,
    /,
    *,
    what: SourceOptions = WHAT,
    how: SettingsOptions = HOW,
    place: PlaceOptions = HERE,
) -> int:
    """Deploy whenever a file is saved, the diff first; ask where something would be lost.

    Args:
        target: Template or CDK app (default: cdk.json or template.yaml here).

    """
    from understudy.app.stacks.watching import watched

    def work(asked: Asked, there: Place, audience: Audience) -> int:
        def once() -> int:
            now = what.asked(target)
            return _redeploy(now, how.settings(now), there, audience)

        for count, changed in enumerate(watched(asked)):
            if count:
                audience.say(f"{changed.name} was saved.")
            told(once, json=place.json)
            audience.say("Watching; Ctrl-C ends it.")
        return DONE

    return _at(place, what, target, work)


def _at(
    options: PlaceOptions,
    what: SourceOptions,
    target: Path | None,
    work: Callable[[Asked, Place, Audience], int],
) -> int:
    def run() -> int:
        asked = what.asked(target)
        return command(
            options,
            lambda there, audience: work(asked, there, audience),
            environment=asked.environment,
            start=True,
        )

    return told(run, json=options.json)


def _planned(asked: Asked, settings: Settings, place: Place, audience: Audience) -> list[StackPlan]:
    sources = sources_of(asked, place)
    return planned(place, sources, settings, audience)


def _deploy(asked: Asked, settings: Settings, place: Place, audience: Audience) -> int:
    sources = sources_of(asked, place)
    clear_the_way(place, sources, audience)
    plans = planned(place, sources, settings, audience)
    if not has_changes(plans):
        return DONE
    return approved(plans, settings, place, audience)


def _redeploy(asked: Asked, settings: Settings, place: Place, audience: Audience) -> int:
    sources = sources_of(asked, place)
    clear_the_way(place, sources, audience)
    plans = planned(place, sources, settings, audience)
    if is_dangerous(plans):
        return approved(plans, settings, place, audience)
    carried_out(place, plans, settings, audience)
    return DONE


def approved(plans: list[StackPlan], settings: Settings, place: Place, audience: Audience) -> int:
    """Execute plans if the user agrees; the exit code. Otherwise nothing of them is left."""
    try:
        agreed = audience.confirm(f"Deploy this to {place}?")
    except BaseException:
        discard(place, plans)
        raise
    if not agreed:
        discard(place, plans)
        audience.say("Nothing was changed.")
        return FAILED
    carried_out(place, plans, settings, audience)
    return DONE


def _carry_out_file(path: Path, place: Place, audience: Audience) -> int:
    """Execute a plan that was reviewed: nobody is asked again."""
    plans = plan_file.reviewed(path, plan_file.read(path), place)
    for each in plans:
        audience.plan(each.view)
    for each in plans:
        execute(place, each, audience)
    return DONE
