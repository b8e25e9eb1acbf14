"""Tasks for tests: what a story is not about is filled in."""

from understudy.control.events import LaunchTask
from understudy.control.task import PortMapping, TaskContainer


def launch_of(task: str, *, image: str = "web:1", address: str, port: int = 8080) -> LaunchTask:
    """The command that launches a task of one container."""
    container = TaskContainer("web", image, ports=(PortMapping(port, port),))
    return LaunchTask(
        region="us-east-1",
        task=task,
        cluster="default",
        group="family:web",
        definition="web:1",
        launch_type="FARGATE",
        instance_id="",
        zone="us-east-1a",
        address=address,
        network_mode="awsvpc",
        cpu=256,
        memory=512,
        containers=(container,),
    )
