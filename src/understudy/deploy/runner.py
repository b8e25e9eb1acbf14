"""Running the tasks of a phase: every ready one at once, each as far as it goes.

A task's handler is a generator. What it yields is done, at once where the engine can do it itself,
else later; what comes of it is remembered in the task, so that after a restart the handler is run
again from its start with the same answers.
"""

from understudy.base.fault import Fault
from understudy.base.identity import MIXED
from understudy.cloudformation.physical import RANDOM_LENGTH
from understudy.control.events import Call, Params
from understudy.control.turn import Turn
from understudy.deploy import (
    configuration,
    drift,
    permissions,
    phases,
    provision,
    rehearsed_failure,
    work,
)
from understudy.deploy.explain import code_of, explain
from understudy.deploy.handler import (
    Await,
    Done,
    Effect,
    Handler,
    HandlerFailure,
    Identify,
    Invoke,
    Report,
    Stabilize,
    Wait,
)
from understudy.deploy.ports import OWNER, Engine
from understudy.deploy.stack import Answer, Stack, Task
from understudy.deploy.verbs import VERBS

Tasks = dict[str, Task]


def run(engine: Engine, stack: Stack, turn: Turn) -> None:
    """Start what is ready and move from phase to phase, until there is something to wait for."""
    detection = stack.detection
    if detection is not None and detection.status == "DETECTION_IN_PROGRESS":
        _start_ready(engine, stack, detection.tasks, turn)
        if engine.schedule(stack, detection.tasks).is_settled:
            drift.end(stack, detection, turn)
    while (deployment := stack.deployment) is not None and not deployment.held:
        _start_ready(engine, stack, deployment.tasks, turn)
        schedule = engine.schedule(stack, deployment.tasks)
        if not schedule.is_settled:
            configuration.announce(stack, deployment, schedule, turn)
            return
        phases.advance(engine, stack, deployment, turn)


def _start_ready(engine: Engine, stack: Stack, tasks: Tasks, turn: Turn) -> None:
    for key in engine.schedule(stack, tasks).ready():
        _start(engine, stack, key, tasks[key], turn)


def _start(engine: Engine, stack: Stack, key: str, task: Task, turn: Turn) -> None:
    task.state, task.started_at = "Running", turn.at
    if task.verb in ("create", "update", "restore"):
        task.generated = turn.ids.letters(RANDOM_LENGTH, MIXED)
    try:
        handler = VERBS[task.verb].begin(engine, stack, task, turn)
    except HandlerFailure as failure:
        _fail(engine, stack, key, task, failure.message, turn)
        return
    if handler is None:
        _settle(engine, stack, key, "Done")
        return
    engine.handlers[stack.id, key] = handler
    _go_on(engine, stack, key, task, None, turn)


def _tasks(stack: Stack, key: str) -> Tasks:
    """The tasks that a key is one of."""
    if key.startswith(drift.KEY):
        return stack.detection.tasks if stack.detection else {}
    return stack.deployment.tasks if stack.deployment else {}


def _settle(engine: Engine, stack: Stack, key: str, state: str) -> None:
    tasks = _tasks(stack, key)
    configuration.ended(stack.deployment, tasks[key])
    engine.schedule(stack, tasks).settle(key, state)


def answered(engine: Engine, stack: Stack, key: str, answer: Answer, turn: Turn) -> None:
    """What a task waited for has come."""
    task = _tasks(stack, key).get(key)
    if task is None or task.state not in ("Running", "Cancelling"):
        return
    task.call = task.awaits = ""
    _go_on(engine, stack, key, task, answer, turn)
    engine.touch(stack)


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
            if rehearsed_failure.is_ordered(stack, task):
                made: Done = stop.value
                work.identified(stack, task, Identify(made.physical_id, made.attributes), turn)
                engine.handlers.pop((stack.id, key), None)
                _fail(engine, stack, key, task, rehearsed_failure.REASON, turn)
                return
            _end(engine, stack, key, task, stop.value, turn)
            return
        except (HandlerFailure, Fault) as failure:
            engine.handlers.pop((stack.id, key), None)
            task.code = code_of(failure)
            _fail(engine, stack, key, task, explain(failure, task.service, turn.ids), turn)
            return
        if _goes_no_further(engine, stack, key, task, effect, turn):
            return
        answer = _perform(engine, stack, key, task, effect, turn)
        if answer is None:
            return


def _goes_no_further(
    engine: Engine, stack: Stack, key: str, task: Task, effect: Effect, turn: Turn
) -> bool:
    """Whether a task ends at an effect: it is cancelled, or in EXPRESS mode all has been asked."""
    if isinstance(effect, Identify):
        work.identified(stack, task, effect, turn)
    if task.state == "Cancelling":
        _abandon(engine, stack, key, turn)
        return True
    if not isinstance(effect, Stabilize):
        return False
    if _is_express(stack):
        _end(engine, stack, key, task, provision.configured(stack, task), turn)
        return True
    configuration.reached(engine, stack, task, turn)
    return False


def _is_express(stack: Stack) -> bool:
    return stack.deployment is not None and stack.deployment.target.express


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
    match effect:
        case Identify():
            return Answer()
        case Report(reason):
            work.report(stack, task, reason, turn)
            return Answer()
        case Wait(seconds) | Stabilize(seconds):
            _wake_at(stack, key, task, turn.at + seconds, turn)
            return None
        case Await(happening, until):
            task.awaits = happening
            engine.state.awaited.setdefault(happening, []).append((stack.id, key))
            _wake_at(stack, key, task, until, turn)
            return None
        case Invoke():
            return _invoke(engine, stack, key, task, effect, turn)


def _wake_at(stack: Stack, key: str, task: Task, at: float, turn: Turn) -> None:
    if at != float("inf"):
        turn.schedule(at, OWNER, "wait", stack.id, key, str(len(task.answers)))


def _invoke(
    engine: Engine, stack: Stack, key: str, task: Task, effect: Invoke, turn: Turn
) -> Answer | None:
    task.service = effect.service
    refused = _not_permitted(engine, stack, task, effect)
    if refused is not None:
        return refused
    if engine.services.offers(effect.service, effect.operation, effect.params):
        return _call(engine, effect, turn)
    task.call = turn.ids.uuid()
    engine.state.calls[task.call] = (stack.id, key)
    turn.emit(Call(turn.region, task.call, effect.service, effect.operation, effect.params))
    return None


def _not_permitted(engine: Engine, stack: Stack, task: Task, effect: Invoke) -> Answer | None:
    """The answer to a call that the stack's role may not make."""
    deployment = stack.deployment
    if deployment is None or not deployment.target.role_arn or task.verb == "read":
        return None
    schema = engine.schemas.get(provision.subject(stack, task).type)
    reason = permissions.refusal(deployment.target, schema, effect)
    return Answer(code=permissions.DENIED, message=reason, status=403) if reason else None


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
    handler = provision.handler(engine, stack, task, turn)
    engine.handlers[stack.id, key] = handler
    remembered, task.answers = task.answers, []
    effect = next(handler)
    for answer in remembered:
        effect = _feed(handler, task, answer)
    return handler, effect


def ask_again(engine: Engine, stack: Stack, key: str, turn: Turn) -> None:
    """Ask the world once more for what a task waits for, under the same call id."""
    task = _tasks(stack, key).get(key)
    if task is None or not task.call:
        return
    _, effect = _revive(engine, stack, key, task, turn)
    if isinstance(effect, Invoke):
        turn.emit(Call(turn.region, task.call, effect.service, effect.operation, effect.params))


def waited(engine: Engine, stack: Stack, key: str, number: int, turn: Turn) -> None:
    """The time that a handler waited for has come, unless it has moved on meanwhile."""
    task = _tasks(stack, key).get(key)
    if task is None or task.state != "Running" or len(task.answers) != number:
        return
    waiters = engine.state.awaited.get(task.awaits, [])
    if (stack.id, key) in waiters:
        waiters.remove((stack.id, key))
    answered(engine, stack, key, Answer(output=False), turn)


def _end(engine: Engine, stack: Stack, key: str, task: Task, done: Done, turn: Turn) -> None:
    engine.handlers.pop((stack.id, key), None)
    if task.state == "Cancelling":
        work.identified(stack, task, Identify(done.physical_id, done.attributes), turn)
        _settle(engine, stack, key, "Cancelled")
        return
    VERBS[task.verb].finish(engine, stack, task, done, turn)
    _settle(engine, stack, key, "Done")


def _fail(engine: Engine, stack: Stack, key: str, task: Task, reason: str, turn: Turn) -> None:
    """A task has failed: say so, and cancel what runs beside it."""
    task.reason = reason
    if task.state == "Cancelling":
        _settle(engine, stack, key, "Cancelled")
        return
    state = VERBS[task.verb].failed(engine, stack, task, reason, turn)
    if state == "Waiting":
        task.attempts += 1
        task.answers.clear()
        engine.schedule(stack, _tasks(stack, key)).again(key)
        return
    _settle(engine, stack, key, state)
    deployment = stack.deployment
    if state == "Failed" and deployment is not None and deployment.tasks.get(key) is task:
        deployment.failed.append(task.logical_id)
        if phases.stops_at_failure(deployment):
            cancel(engine, stack, turn)


def cancel(engine: Engine, stack: Stack, turn: Turn) -> None:
    """Stop every task that has not ended. One that waits for an answer ends when it has come."""
    deployment = provision.deployment_of(stack)
    for key, task in deployment.tasks.items():
        if task.state == "Waiting":
            _settle(engine, stack, key, "Cancelled")
        elif task.state == "Running":
            task.state = "Cancelling"
            deployment.failed.append(task.logical_id)
            work.cancelled(stack, task, turn)
            if not task.call:
                _abandon(engine, stack, key, turn)


def _abandon(engine: Engine, stack: Stack, key: str, turn: Turn) -> None:
    handler = engine.handlers.pop((stack.id, key), None)
    if handler is not None:
        handler.close()
    _settle(engine, stack, key, "Cancelled")
