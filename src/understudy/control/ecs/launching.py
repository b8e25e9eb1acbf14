"""A task as the world is told to run it: its definition, with what a call overrides."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from understudy.base.arn import last_name
from understudy.control.ecs.state import Task, TaskDefinition
from understudy.control.events import LaunchTask, Params
from understudy.control.task import ContainerCheck, Exit, PortMapping, TaskContainer
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

STOP_TIMEOUT = 30.0
"""Seconds from SIGTERM to SIGKILL. AWS: ContainerDefinition, stopTimeout."""


def launch_command(ecs: "Ecs", task: Task, turn: Turn) -> LaunchTask:
    """The command that runs a task."""
    definition = ecs.state.definitions[task.definition]
    instance = ecs.state.instances.get(task.instance)
    overrides = {
        each["name"]: each
        for each in task.overrides.get("containerOverrides", [])
        if "name" in each
    }
    return LaunchTask(
        region=turn.region,
        task=task.arn,
        cluster=task.cluster,
        group=task.group,
        definition=task.definition,
        launch_type=task.launch_type,
        instance_id=instance.instance_id if instance else "",
        zone=task.zone,
        address=task.address,
        network_mode=definition.params["networkMode"],
        cpu=task.cpu,
        memory=task.memory,
        containers=tuple(
            _container(each, overrides.get(each["name"], {}), task)
            for each in definition.params["containerDefinitions"]
        ),
        ended=tuple(
            Exit(each.name, each.exit_code, each.reason)
            for each in task.containers
            if each.status == "STOPPED"
        ),
    )


def _container(definition: Params, override: Params, task: Task) -> TaskContainer:
    options = _log_options(definition)
    return TaskContainer(
        name=definition["name"],
        image=definition["image"],
        essential=definition["essential"],
        command=tuple(override.get("command") or definition.get("command", ())),
        entry_point=tuple(definition.get("entryPoint", ())),
        working_directory=definition.get("workingDirectory", ""),
        user=definition.get("user", ""),
        environment={**_pairs(definition), **_pairs(override)},
        secrets={each["name"]: each["valueFrom"] for each in definition.get("secrets", [])},
        ports=tuple(
            PortMapping(each["containerPort"], each["hostPort"], each["protocol"])
            for each in definition["portMappings"]
        ),
        cpu=override.get("cpu", definition.get("cpu", 0)),
        memory=override.get("memory", definition.get("memory", 0)),
        check=_check(definition.get("healthCheck")),
        depends_on=tuple(
            (each["containerName"], each["condition"]) for each in definition.get("dependsOn", [])
        ),
        start_timeout=float(definition.get("startTimeout", 0)),
        stop_timeout=float(definition.get("stopTimeout", STOP_TIMEOUT)),
        log_group=options.get("awslogs-group", ""),
        log_stream=_log_stream(options, definition["name"], task) if options else "",
        log_region=options.get("awslogs-region", ""),
        log_create_group=options.get("awslogs-create-group", "") == "true",
    )


def _pairs(settings: Mapping[str, list[Params]]) -> dict[str, str]:
    return {each["name"]: each.get("value", "") for each in settings.get("environment", [])}


def _check(check: Params | None) -> ContainerCheck | None:
    if check is None:
        return None
    return ContainerCheck(
        tuple(check["command"]),
        float(check["interval"]),
        float(check["timeout"]),
        check["retries"],
        float(check.get("startPeriod", 0)),
    )


def _log_options(definition: Params) -> Mapping[str, str]:
    """The options of a container's awslogs driver; none where it has another."""
    logging: Params = definition.get("logConfiguration", {})
    return logging.get("options", {}) if logging.get("logDriver") == "awslogs" else {}


def _log_stream(options: Mapping[str, str], container: str, task: Task) -> str:
    """Where a container's log goes: ``prefix/container/task``. AWS: awslogs log driver."""
    prefix = options.get("awslogs-stream-prefix", "")
    return f"{prefix}/{container}/{last_name(task.arn)}" if prefix else task.id


def described_name(definition: TaskDefinition) -> str:
    """The group of a task of its own: ``family:web``."""
    return f"family:{definition.family}"
