"""Going back: to an earlier version through a change set, or out of an update that got stuck."""

from understudy.app.stacks.audience import StackAudience
from understudy.app.stacks.deployed import DeployedStack
from understudy.app.stacks.executing import failed, follow, needs_of_deployed
from understudy.app.stacks.following import Following
from understudy.app.stacks.history import Version, record, version
from understudy.app.stacks.place import Place
from understudy.app.stacks.source import StackSource
from understudy.base.diagnostic import Diagnostic, InvalidInput

STUCK = {
    "UPDATE_ROLLBACK_FAILED": "continue_update_rollback",
    "UPDATE_FAILED": "rollback_stack",
    "CREATE_FAILED": "rollback_stack",
}
"""Statuses from which CloudFormation itself goes back, and the operation that makes it."""


def version_before(place: Place, stack: DeployedStack, to: int | None) -> Version:
    """The version to go back to: that of a number, or the one before what is in place.

    Raises InvalidInput where there is none.
    """
    current = record(place, stack, "others")
    number = to if to is not None else current.number - 1
    if number < 1:
        summary = f"Nothing was deployed as {stack.name} before what is in place."
        raise InvalidInput((Diagnostic(summary, action=f"see understudy history {stack.name}"),))
    return version(place, stack.name, number)


def source_of(place: Place, stack: DeployedStack, back: Version) -> StackSource:
    """An earlier version as something to deploy. Secrets stay as the stack has them."""
    path = place.history / stack.name / f"{back.number}.json"
    return StackSource(stack.name, back.template, path, back.parameters, back.tags)


def unstick(place: Place, stack: DeployedStack, audience: StackAudience) -> str:
    """Let CloudFormation take a stuck stack back to where it was; its status. Raises Failed."""
    following = Following(place, stack.id, stack.name, needs_of_deployed(place, stack))
    following.began()
    getattr(place.client.cloudformation, STUCK[stack.status])(StackName=stack.id)
    told = follow(following, audience)
    if not told.status.endswith(("ROLLBACK_COMPLETE", "DELETE_COMPLETE")):
        raise failed(place, following, told)
    audience.result(stack.name, told.status, ())
    return told.status
