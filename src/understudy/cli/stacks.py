"""``understudy destroy``, ``events``, ``outputs``, ``history``, ``rollback`` and ``drift``."""

import json as json_module
import time
from collections.abc import Mapping, Sequence
from typing import Any

from understudy.app.stacks import drift as drifting
from understudy.app.stacks.deployed import DeployedStack, existing, template_of
from understudy.app.stacks.deploying import has_changes, planned
from understudy.app.stacks.executing import destroy as destroyed
from understudy.app.stacks.executing import retained
from understudy.app.stacks.following import Following, in_progress
from understudy.app.stacks.going_back import STUCK, source_of, unstick, version_before
from understudy.app.stacks.history import record, versions
from understudy.app.stacks.place import Place
from understudy.app.stacks.planning import Settings
from understudy.app.stacks.preview import HOLDS
from understudy.cli.deploy import approved
from understudy.cli.exits import DIFFERENT, DONE, FAILED, say
from understudy.cli.place import HERE, Audience, PlaceOptions, command
from understudy.cli.stack_audience import TerminalStacks, emit, event_fields
from understudy.deploy.history import iso
from understudy.report.stacks import (
    drift_report,
    event_line,
    events_table,
    history_table,
    outputs_table,
)
from understudy.report.terminal import console, show


def destroy(
    stack: str,
    /,
    *,
    retain: list[str] | None = None,
    place: PlaceOptions = HERE,
) -> int:
    """Delete a stack and everything in it, after showing what goes.

    Args:
        stack: Name or ARN of the stack.
        retain: Logical ID of a resource to leave behind; may be repeated (only after a deletion
            that has failed).

    """

    def work(there: Place, audience: Audience) -> int:
        found = existing(there, stack)
        _say_what_goes(there, found, audience)
        if not audience.confirm(f"Delete stack {found.name} from {there}?"):
            audience.say("Nothing was deleted.")
            return FAILED
        record(there, found, "others")
        destroyed(there, found.id, audience, retain or ())
        return DONE

    return command(place, work)


def _say_what_goes(place: Place, stack: DeployedStack, audience: Audience) -> None:
    api = place.client.cloudformation
    resources = api.describe_stack_resources(StackName=stack.id)["StackResources"]
    audience.say(f"Stack {stack.name} ({stack.status}) in {place}: {len(resources)} resources.")
    kept = retained(template_of(place, stack.id, "Processed"))
    for each in resources:
        name, physical_id = each["LogicalResourceId"], each.get("PhysicalResourceId", "")
        holds = HOLDS.get(each["ResourceType"])
        if name in kept:
            audience.say(f"  {name} ({physical_id}) is kept, outside any stack")
        elif holds and physical_id:
            audience.say(f"  {name} ({physical_id}) goes, with {holds}")


def events(stack: str, /, *, follow: bool = False, place: PlaceOptions = HERE) -> int:
    """Show the events of a stack, oldest first.

    Args:
        stack: Name or ARN of the stack.
        follow: Go on until the operation under way is over; its failure is ours.

    """

    def work(there: Place, audience: Audience) -> int:
        found = existing(there, stack)
        following = Following(there, found.id, found.name)
        _show_events(following.news(), audience)
        status = found.status
        while follow and in_progress(status):
            time.sleep(there.seconds)
            status = existing(there, found.id).status
            _show_events(following.news(), audience)
        return FAILED if follow and ("FAILED" in status or "ROLLBACK" in status) else DONE

    return command(place, work, reads=True)


def _show_events(found: Sequence[Mapping[str, Any]], audience: Audience) -> None:
    if isinstance(audience, TerminalStacks):
        screen = console()
        if found and screen.is_terminal:
            show(screen, events_table(found))
        elif found:
            say("\n".join(map(event_line, found)))
        return
    for event in found:
        emit("event", **event_fields(event))


def outputs(stack: str, /, *, place: PlaceOptions = HERE) -> int:
    """Show the outputs of a stack.

    Args:
        stack: Name or ARN of the stack.

    """

    def work(there: Place, audience: Audience) -> int:
        found = existing(there, stack)
        if place.json:
            print(json_module.dumps(found.outputs, indent=1))
        else:
            show(console(), outputs_table(found.name, found.outputs))
        return DONE

    return command(place, work, reads=True)


def history(stack: str, /, *, place: PlaceOptions = HERE) -> int:
    """Show every template and parameter set that was deployed as a stack.

    Args:
        stack: Name of the stack.

    """

    def work(there: Place, audience: Audience) -> int:
        current = record(there, existing(there, stack), "others")
        found = versions(there, stack)
        if not place.json:
            show(console(), history_table(stack, found, current.number))
            return DONE
        for each in found:
            emit(
                "version",
                number=each.number,
                at=iso(each.at),
                by=each.by,
                template=each.template,
                parameters=dict(each.parameters),
                tags=dict(each.tags),
                current=each.number == current.number,
            )
        return DONE

    return command(place, work, reads=True)


def rollback(stack: str, /, *, to: int | None = None, place: PlaceOptions = HERE) -> int:
    """Go back to an earlier version through a change set, or out of a failed update.

    Args:
        stack: Name of the stack.
        to: Version of `history` (default: the one before what is in place).

    """

    def work(there: Place, audience: Audience) -> int:
        found = existing(there, stack)
        if found.status in STUCK and to is None:
            unstick(there, found, audience)
            return DONE
        back = version_before(there, found, to)
        audience.say(f"Going back to version {back.number} of {found.name}.")
        settings = Settings()
        plans = planned(there, [source_of(there, found, back)], settings, audience)
        return approved(plans, settings, there, audience) if has_changes(plans) else DONE

    return command(place, work)


def drift(stack: str, /, *, place: PlaceOptions = HERE) -> int:
    """Show what is no longer as the template says; exits with 4 where something has drifted.

    Args:
        stack: Name or ARN of the stack.

    """

    def work(there: Place, audience: Audience) -> int:
        with audience.working(f"Detecting the drift of {stack}"):
            view = drifting.detect(there, stack)
        if place.json:
            import msgspec

            emit("drift", **msgspec.to_builtins(view))
        else:
            show(console(), drift_report(view))
        return DONE if view.status == "IN_SYNC" else DIFFERENT

    return command(place, work, reads=True)
