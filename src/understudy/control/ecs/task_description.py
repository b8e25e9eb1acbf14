"""Tasks as ECS describes them. AWS: DescribeTasks, ListTasks; Task, Container."""

from typing import TYPE_CHECKING

from understudy.base.arn import last_name
from understudy.control.ecs import tags, tasks
from understudy.control.ecs.names import cluster_of, missing, paged, task_of
from understudy.control.ecs.state import ContainerState, Task
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs


def describe(ecs: "Ecs", task: Task, *, tagged: bool = False) -> Params:
    """A task as ECS describes it. What is zero or empty has not happened."""
    cluster = ecs.state.clusters[task.cluster]
    definition = ecs.state.definitions.get(task.definition)
    times = {
        "startedAt": task.started_at,
        "pullStartedAt": task.pull_started_at,
        "pullStoppedAt": task.pull_stopped_at,
        "stoppingAt": task.stopping_at,
        "executionStoppedAt": task.execution_stopped_at,
        "stoppedAt": task.stopped_at,
    }
    words = {
        "capacityProviderName": task.provider,
        "containerInstanceArn": task.instance,
        "startedBy": task.started_by,
        "stopCode": task.stop_code,
        "stoppedReason": task.stop_reason,
        "platformVersion": "1.4.0" if task.launch_type == "FARGATE" else "",
        "platformFamily": "Linux" if task.launch_type == "FARGATE" else "",
    }
    arn = definition.arn if definition else task.arn.split(":task/")[0]
    return {
        "taskArn": task.arn,
        "clusterArn": cluster.arn,
        "taskDefinitionArn": arn,
        "attachments": _attachments(task),
        "availabilityZone": task.zone,
        "connectivity": "CONNECTED",
        "connectivityAt": task.created_at,
        "containers": [_container(task, each) for each in task.containers],
        "cpu": str(task.cpu),
        "memory": str(task.memory),
        "createdAt": task.created_at,
        "desiredStatus": task.desired,
        "lastStatus": task.status,
        "enableExecuteCommand": False,
        "group": task.group,
        "healthStatus": tasks.health(task),
        "launchType": task.launch_type,
        "overrides": {"containerOverrides": [], "inferenceAcceleratorOverrides": []}
        | task.overrides,
        "tags": tags.of(ecs, task.arn) if tagged else [],
        "version": task.version,
        **{name: at for name, at in times.items() if at},
        **{name: word for name, word in words.items() if word},
    }


def _attachments(task: Task) -> list[Params]:
    """The network interface of a task that has one."""
    if not task.address:
        return []
    states = {"PROVISIONING": "PRECREATED", "STOPPED": "DELETED"}
    details = {
        "subnetId": task.subnet,
        "networkInterfaceId": f"eni-{task.id[:17]}",
        "privateIPv4Address": task.address,
    }
    return [
        {
            "id": task.id,
            "type": "ElasticNetworkInterface",
            "status": states.get(task.status, "ATTACHED"),
            "details": [{"name": name, "value": value} for name, value in details.items()],
        }
    ]


def _container(task: Task, container: ContainerState) -> Params:
    interfaces = [{"attachmentId": task.id, "privateIpv4Address": task.address}]
    found: Params = {
        "containerArn": task.arn.replace(":task/", ":container/") + f"/{container.id}",
        "taskArn": task.arn,
        "name": container.name,
        "image": container.image,
        "lastStatus": container.status,
        "healthStatus": container.health,
        "cpu": str(container.cpu),
        "networkInterfaces": interfaces if task.address else [],
        "networkBindings": [
            {
                "bindIP": each.host,
                "containerPort": each.container_port,
                "hostPort": each.port,
                "protocol": "tcp",
            }
            for each in task.bindings
            if each.container == container.name
        ],
    }
    if container.memory:
        found["memory"] = str(container.memory)
    if container.exit_code is not None:
        found["exitCode"] = container.exit_code
    if container.reason:
        found["reason"] = container.reason
    return found


def describe_tasks(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """DescribeTasks: some by id or ARN."""
    del turn
    cluster = cluster_of(ecs, params)
    tagged = "TAGS" in params.get("include", [])
    found: list[Params] = []
    failures: list[Params] = []
    for name in params["tasks"]:
        task = task_of(ecs, cluster, name)
        if task is None:
            prefix = cluster.arn.replace(":cluster/", ":task/")
            failures.append(missing(f"{prefix}/{last_name(name)}"))
        else:
            found.append(describe(ecs, task, tagged=tagged))
    return {"tasks": found, "failures": failures}


def list_tasks(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """ListTasks: the ARNs of tasks that shall run, or have been stopped within the last hour."""
    del turn
    cluster = cluster_of(ecs, params)
    desired = params.get("desiredStatus", "RUNNING")
    service = params.get("serviceName")
    wanted = {
        "launch_type": params.get("launchType"),
        "started_by": params.get("startedBy"),
        "service": f"{cluster.name}/{last_name(service)}" if service else None,
    }
    instance, family = params.get("containerInstance"), params.get("family")
    found = [
        task.arn
        for task in ecs.state.tasks.values()
        if task.cluster == cluster.name
        and task.desired == desired
        and all(value in (None, getattr(task, name)) for name, value in wanted.items())
        and (instance is None or last_name(task.instance) == last_name(instance))
        and family in (None, task.definition.rpartition(":")[0])
    ]
    shown, more = paged(found, params)
    return {"taskArns": shown, **more}
