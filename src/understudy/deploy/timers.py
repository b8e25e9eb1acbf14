"""Times that stacks have wished for: an alarm to look at, a limit, the end of monitoring."""

from understudy.control.turn import Turn
from understudy.deploy import monitoring, phases, rollback, runner
from understudy.deploy.ports import OWNER, Engine
from understudy.deploy.stack import Deployment, Stack

WATCHED = ("main", "monitoring")


def on_timer(engine: Engine, stack: Stack, kind: str, operation_id: str, turn: Turn) -> None:
    """One of the times has come; it is void where its operation has gone on to something else."""
    deployment = stack.deployment
    if deployment is None or deployment.operation_id != operation_id:
        return
    if deployment.phase not in WATCHED:
        return
    if kind == "timeout":
        interrupt(engine, stack, deployment, monitoring.TIMED_OUT, turn)
    elif kind == "alarms":
        _look(engine, stack, deployment, turn)
    elif deployment.phase == "monitoring":
        deployment.held = False
        phases.succeed(engine, stack, deployment, turn)
        engine.touch(stack)


def _look(engine: Engine, stack: Stack, deployment: Deployment, turn: Turn) -> None:
    reason = monitoring.alarm(engine, deployment, turn)
    if reason:
        interrupt(engine, stack, deployment, reason, turn)
        return
    at = turn.at + monitoring.LOOK_SECONDS
    turn.schedule(at, OWNER, "alarms", stack.id, deployment.operation_id)


def interrupt(
    engine: Engine, stack: Stack, deployment: Deployment, reason: str, turn: Turn
) -> None:
    """Give an operation up for a reason of its own, and roll it back."""
    if deployment.reason:
        return
    deployment.reason = reason
    if deployment.phase == "monitoring":
        rollback.begin(engine, stack, deployment, turn)
    else:
        runner.cancel(engine, stack, turn)
    engine.touch(stack)
