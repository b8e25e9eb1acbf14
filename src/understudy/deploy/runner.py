"""Running the tasks of a phase: every ready one at once, each as far as it goes.

A task's handler is a generator. What it yields is done, at once where the engine can do it itself,
else later; what comes of it is remembered in the task, so that after a restart the handler is run
again from its start with the same answers.
"""

from understudy.base.fault import Fault
from understudy.control.events import Call, Params
from understudy.control.turn import Turn
from understudy.deploy import phases, work
from understudy.deploy.handler import Done, Effect, Handler, HandlerFailure, Identify, Invoke, Wait
from understudy.deploy.ports import OWNER, Engine
from understudy.deploy.stack import Answer, Deployment, Stack, Task

SETTLED = ("Done", "Failed", "Cancelled")


def run(engine: Engine, stack: Stack, turn: Turn) -> None:
    """Start what is ready and move from phase to phase, until there is something to wait for."""
    while (deployment := stack.deployment) is not None:
        _start_ready(engine, stack, deployment, turn)
        if stack.deployment is not deployment:
            return
        if any(task.state not in SETTLED for task in deployment.tasks.values()):
            return
        phases.advance(engine, stack, deployment, turn)


def _start_ready(engine: Engine, stack: Stack, deployment: Deployment, turn: Turn) -> None:
    tasks = deployment.tasks
    progress = True
    while progress:
        progress = False
        for key, task in tasks.items():
            if task.state == "Waiting" and all(_is_done(tasks, each) for each in task.after):
                progress = True
                _start(engine, stack, key, task, turn)
                if tasks is not deployment.tasks:
                    return
        _give_up_unreachable(tasks)


def _is_done(tasks: dict[str, Task], key: str) -> bool:
    return key not in tasks or tasks[key].state == "Done"


def _give_up_unreachable(tasks: dict[str, Task]) -> None:
    """A task whose predecessor failed can never start."""
    for task in tasks.values():
        if task.state == "Waiting" and any(
            each in tasks and tasks[each].state in ("Failed", "Cancelled") for each in task.after
        ):
            task.state = "Cancelled"


def _start(engine: Engine, stack: Stack, key: str, task: Task, turn: Turn) -> None:
    task.state = "Running"
    task.generated = turn.ids.letters(12, work.ALPHABET)
    try:
        handler = work.begin(engine, stack, task, turn)
    except HandlerFailure as failure:
        fail(engine, stack, task, failure.message, turn)
        return
    if handler is None:
        task.state = "Done"
        return
    engine.handlers[stack.id, key] = handler
    _go_on(engine, stack, key, task, None, turn)


def answered(engine: Engine, stack: Stack, key: str, answer: Answer, turn: Turn) -> None:
    """What a task waited for has come."""
    deployment = stack.deployment
    task = deployment.tasks.get(key) if deployment else None
    if task is None or task.state not in ("Running", "Cancelling"):
        return
    task.call = ""
    _go_on(engine, stack, key, task, answer, turn)
    run(engine, stack, turn)


def _go_on(
    engine: Engine, stack: Stack, key: str, task: Task, answer: Answer | None, turn: Turn
) -> None:
    """Feed a handler until it ends or has to wait."""
    handler = engine.handlers.get((stack.id, key))
    if handler is None:
        handler, _ = _revive(engine, stack, key, task, turn)
    while True:
        try:
            effect = _feed(handler, task, answer)
        except StopIteration as stop:
            _end(engine, stack, key, task, stop.value, turn)
            return
        except (HandlerFailure, Fault) as failure:
            engine.handlers.pop((stack.id, key), None)
            fail(engine, stack, task, work.explain(failure, task, turn), turn)
            return
        if isinstance(effect, Identify):
            work.identified(stack, task, effect.physical_id, turn)
        if task.state == "Cancelling":
            _abandon(engine, stack, key, task, turn)
            return
        answer = _perform(engine, stack, key, task, effect, turn)
        if answer is None:
            return


def _feed(handler: Handler, task: Task, answer: Answer | None) -> Effect:
    if answer is None:
        return next(handler)
    task.answers.append(answer)
    if answer.code:
        return handler.throw(Fault(answer.code, answer.message, answer.status))
    return handler.send(answer.output)


def _perform(
    engine: Engine, stack: Stack, key: str, task: Task, effect: Effect, turn: Turn
) -> Answer | None:
    """What comes of an effect at once, or None where it has to be waited for."""
    if isinstance(effect, Identify):
        return Answer()
    if isinstance(effect, Wait):
        number = str(len(task.answers))
        turn.schedule(turn.at + effect.seconds, OWNER, "wait", stack.id, key, number)
        return None
    task.service = effect.service
    if engine.services.offers(effect.service, effect.operation):
        return _call(engine, effect, turn)
    task.call = turn.ids.uuid()
    engine.state.calls[task.call] = (stack.id, key)
    turn.emit(Call(turn.region, task.call, effect.service, effect.operation, effect.params))
    return None


def _call(engine: Engine, effect: Invoke, turn: Turn) -> Answer:
    try:
        output: Params = engine.services.call(effect.service, effect.operation, effect.params, turn)
    except Fault as fault:
        return Answer(code=fault.code, message=fault.message, status=fault.status)
    return Answer(output)


def _revive(
    engine: Engine, stack: Stack, key: str, task: Task, turn: Turn
) -> tuple[Handler, Effect]:
    """Run a handler again up to where it stood, from the answers that it was given.

    Also gives the effect that it stands at.
    """
    handler = work.resume(engine, stack, task, turn)
    engine.handlers[stack.id, key] = handler
    remembered, task.answers = task.answers, []
    effect = next(handler)
    for answer in remembered:
        effect = _feed(handler, task, answer)
    return handler, effect


def ask_again(engine: Engine, stack: Stack, key: str, turn: Turn) -> None:
    """Ask the world once more for what a task waits for, under the same call id."""
    deployment = stack.deployment
    task = deployment.tasks.get(key) if deployment else None
    if task is None or not task.call:
        return
    _, effect = _revive(engine, stack, key, task, turn)
    if isinstance(effect, Invoke):
        turn.emit(Call(turn.region, task.call, effect.service, effect.operation, effect.params))


def waited(engine: Engine, stack: Stack, key: str, number: int, turn: Turn) -> None:
    """A handler's wait is over, unless it has moved on meanwhile."""
    deployment = stack.deployment
    task = deployment.tasks.get(key) if deployment else None
    if task is not None and task.state == "Running" and len(task.answers) == number:
        answered(engine, stack, key, Answer(), turn)


def _end(engine: Engine, stack: Stack, key: str, task: Task, done: Done, turn: Turn) -> None:
    engine.handlers.pop((stack.id, key), None)
    if task.state == "Cancelling":
        work.identified(stack, task, done.physical_id, turn)
        _abandon(engine, stack, key, task, turn)
        return
    work.finish(engine, stack, task, done, turn)
    task.state = "Done"


def fail(engine: Engine, stack: Stack, task: Task, reason: str, turn: Turn) -> None:
    """A task has failed: say so, and cancel what runs beside it."""
    deployment = stack.deployment
    if deployment is None:
        return
    task.reason = reason
    cancelled = task.state == "Cancelling"
    task.state = "Cancelled" if cancelled else "Failed"
    if cancelled:
        return
    work.failed(stack, task, reason, turn)
    deployment.failed.append(task.logical_id)
    if phases.stops_at_failure(deployment):
        cancel(engine, stack, deployment, turn)


def cancel(engine: Engine, stack: Stack, deployment: Deployment, turn: Turn) -> None:
    """Stop every task that has not ended. One that waits for an answer ends when it has come."""
    for key, task in deployment.tasks.items():
        if task.state == "Waiting":
            task.state = "Cancelled"
        elif task.state == "Running":
            task.state = "Cancelling"
            work.cancelled(stack, task, turn)
            if not task.call:
                _abandon(engine, stack, key, task, turn)


def _abandon(engine: Engine, stack: Stack, key: str, task: Task, turn: Turn) -> None:
    handler = engine.handlers.pop((stack.id, key), None)
    if handler is not None:
        handler.close()
    task.state = "Cancelled"
