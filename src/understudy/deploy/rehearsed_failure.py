"""A failure that was ordered, so that a rollback can be rehearsed.

Whoever starts an operation orders it by a request token of this form; then the resource fails once
all its work is done, as if it had not become stable. What goes back is never made to fail.
"""

from understudy.deploy.stack import Stack, Task

PREFIX = "understudy-fail-"
REASON = 'Resource handler returned message: "It fails because this was asked for with --fail."'


def token(logical_id: str) -> str:
    """The ClientRequestToken that makes a resource fail."""
    return f"{PREFIX}{logical_id}"


def is_ordered(stack: Stack, task: Task) -> bool:
    """Whether a task shall fail."""
    deployment = stack.deployment
    return (
        deployment is not None
        and deployment.token == token(task.logical_id)
        and task.verb in ("create", "update")
    )
