"""What each verb of a task does: how it begins, how it ends, what its failure means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from understudy.control.turn import Turn
from understudy.deploy import deletion, drift, importing, provision, rollback, work
from understudy.deploy.handler import Done, Handler
from understudy.deploy.ports import Engine
from understudy.deploy.refactors import moving
from understudy.deploy.stack import Stack, Task


@dataclass(frozen=True, slots=True)
class Verb:
    """``begin`` gives the handler, or None where there is nothing more to do.

    ``failed`` gives the state in which the failure leaves the task: Failed, Done, or Waiting for
    another attempt.
    """

    begin: Callable[[Engine, Stack, Task, Turn], Handler | None]
    finish: Callable[[Engine, Stack, Task, Done, Turn], None]
    failed: Callable[[Engine, Stack, Task, str, Turn], str]


def _silently(engine: Engine, stack: Stack, task: Task, done: Done, turn: Turn) -> None:
    """Nothing is to be said of it."""


def _fails(engine: Engine, stack: Stack, task: Task, reason: str, turn: Turn) -> str:
    return "Failed"


VERBS: Mapping[str, Verb] = {
    "create": Verb(work.begin_create, work.finish, work.failed),
    "update": Verb(work.begin_update, work.finish, work.failed),
    "delete": Verb(deletion.begin, deletion.finish, deletion.failed),
    "restore": Verb(rollback.begin_restore, rollback.finish_restore, rollback.restore_failed),
    "import": Verb(importing.begin, importing.finish, importing.failed),
    "forget": Verb(importing.begin_forget, importing.finish, importing.failed),
    "read": Verb(drift.begin, drift.finish, drift.failed),
    "move": Verb(moving.begin_move, moving.finish_move, moving.move_failed),
    "release": Verb(provision.handler, _silently, _fails),
}
