"""Tasks that are run and stopped by hand, and the protection of tasks from scale-in.

AWS: RunTask, StartTask, StopTask; GetTaskProtection, UpdateTaskProtection.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from understudy.control.ecs import scheduler, starting, strategy, tags, tasks
from understudy.control.ecs.clusters import strategy_of
from understudy.control.ecs.faults import bad_parameter
from understudy.control.ecs.launching import described_name
from understudy.control.ecs.messages import NO_CAPACITY, NO_QUOTA
from understudy.control.ecs.names import cluster_of, instance_of, missing, runnable, task_of
from understudy.control.ecs.services import check_runs
from understudy.control.ecs.state import Cluster, Task, TaskDefinition
from understudy.control.ecs.task_description import describe
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

MOST_RUN = 10
DEFAULT_PROTECTION = 120
LONGEST_PROTECTION = 2880
LACKING = {
    "insufficient CPU": "RESOURCE:CPU",
    "insufficient memory": "RESOURCE:MEMORY",
    "a port": "RESOURCE:PORTS",
    "an attribute": "ATTRIBUTE",
}
"""How RunTask calls what placement lacks. AWS: API failure reasons."""


def run_task(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """RunTask: tasks of their own, each placed or told of as a failure."""
    cluster = cluster_of(ecs, params)
    definition = runnable(ecs, params["taskDefinition"])
    number = params.get("count", 1)
    if not 1 <= number <= MOST_RUN:
        raise bad_parameter(f"Task count must be between 1 and {MOST_RUN}.")
    launch_type, items = strategy_of(ecs, cluster, params)
    fargate = launch_type == "FARGATE" or any(
        each["capacityProvider"].startswith("FARGATE") for each in items
    )
    check_runs(definition, params, fargate=fargate)
    there = [t.provider for t in ecs.state.tasks.values() if t.group == _group(params, definition)]
    names = strategy.providers(items, there, number) if items else [""] * number
    started: list[Task] = []
    failures: list[Params] = []
    for name in names:
        task = _create(ecs, cluster, definition, params, turn)
        starting.set_launch(task, {"launchType": launch_type}, name)
        starting.choose_subnet(ecs, task, starting.subnets_of(params), turn)
        why = _place(ecs, cluster, task, definition, params, turn)
        if why and (not name or why in (NO_CAPACITY, NO_QUOTA)):
            starting.withdraw(ecs, task)
            failures.append({"arn": cluster.arn, "reason": _lacking(why)})
        else:
            started.append(task)
    return {"tasks": [describe(ecs, each, tagged=True) for each in started], "failures": failures}


def _group(params: Params, definition: TaskDefinition) -> str:
    return params.get("group") or described_name(definition)


def _create(
    ecs: "Ecs", cluster: Cluster, definition: TaskDefinition, params: Params, turn: Turn
) -> Task:
    given = tags.checked(params)
    task = tasks.create(ecs, cluster, definition, _group(params, definition), turn)
    task.started_by = params.get("startedBy", "")
    task.overrides = params.get("overrides", {})
    if params.get("propagateTags") == "TASK_DEFINITION":
        given = {**ecs.state.tags.get(definition.arn, {}), **given}
    tags.put(ecs, task.arn, given)
    return task


def _place(
    ecs: "Ecs",
    cluster: Cluster,
    task: Task,
    definition: TaskDefinition,
    params: Params,
    turn: Turn,
) -> str:
    rules = (params.get("placementConstraints", ()), params.get("placementStrategy", ()))
    return starting.place(ecs, cluster, task, definition, rules, turn)


def _lacking(why: str) -> str:
    if why in (NO_CAPACITY, NO_QUOTA):
        return why
    return next((code for words, code in LACKING.items() if words in why), "RESOURCE:CPU")


def start_task(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """StartTask: one task on each container instance that is named."""
    cluster = cluster_of(ecs, params)
    definition = runnable(ecs, params["taskDefinition"])
    started: list[Task] = []
    failures: list[Params] = []
    for name in params["containerInstances"]:
        instance = instance_of(ecs, cluster, name)
        if instance is None:
            failures.append(missing(name))
            continue
        task = _create(ecs, cluster, definition, params, turn)
        task.launch_type, task.instance, task.placed = "EC2", instance.arn, True
        task.zone = instance.zone
        tasks.begin(ecs, task, turn)
        started.append(task)
    return {"tasks": [describe(ecs, each, tagged=True) for each in started], "failures": failures}


def stop_task(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """StopTask: a service starts another one in its place."""
    task = _there(ecs, cluster_of(ecs, params), params["task"])
    reason = params.get("reason", "Task stopped by user")
    tasks.stop(ecs, task, tasks.BY_USER, reason, turn)
    if service := ecs.state.services.get(task.service):
        service.steady = False
        scheduler.wake(ecs, service, turn)
    return {"task": describe(ecs, task)}


def _there(ecs: "Ecs", cluster: Cluster, name: str) -> Task:
    task = task_of(ecs, cluster, name)
    if task is None:
        raise bad_parameter("The referenced task was not found.")
    return task


def update_task_protection(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """UpdateTaskProtection: protect tasks of services from scale-in, for two hours by default."""
    minutes = params.get("expiresInMinutes", DEFAULT_PROTECTION)
    if not 1 <= minutes <= LONGEST_PROTECTION:
        raise bad_parameter(f"expiresInMinutes must be between 1 and {LONGEST_PROTECTION}.")
    until = turn.at + 60.0 * minutes if params["protectionEnabled"] else 0.0
    protected: list[Params] = []
    failures: list[Params] = []
    for task, name in _named(ecs, params, params["tasks"]):
        if task is None or not task.service:
            failures.append({"arn": name, "reason": "TASK_NOT_VALID"})
        else:
            task.protected_until = until
            protected.append(_protection(task, turn))
    return {"protectedTasks": protected, "failures": failures}


def get_task_protection(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """GetTaskProtection: of some tasks, or of all tasks of the cluster's services."""
    cluster = cluster_of(ecs, params)
    names = params.get("tasks") or [
        task.arn
        for task in ecs.state.tasks.values()
        if task.cluster == cluster.name and task.service and task.live
    ]
    found = _named(ecs, params, names)
    return {
        "protectedTasks": [_protection(task, turn) for task, _ in found if task is not None],
        "failures": [missing(name) for task, name in found if task is None],
    }


def _named(ecs: "Ecs", params: Params, names: Sequence[str]) -> list[tuple[Task | None, str]]:
    cluster = cluster_of(ecs, params)
    return [(task_of(ecs, cluster, name), name) for name in names]


def _protection(task: Task, turn: Turn) -> Params:
    protected = task.protected_until > turn.at
    found: Params = {"taskArn": task.arn, "protectionEnabled": protected}
    return {**found, "expirationDate": task.protected_until} if protected else found
