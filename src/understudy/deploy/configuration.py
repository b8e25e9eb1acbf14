"""CONFIGURATION_COMPLETE: a resource is as its template says, and only has to become stable.

AWS: Understand CloudFormation stack creation events. Only types whose drift can be detected say it,
and of the stack it is said when it holds for everything that is not complete. What refers to the
resource is made from then on; what depends on it explicitly waits for it to be complete. Of some
types AWS says it every time that they are created, however quickly they become stable, and of ECS
services at the end of an update, too: so its events show.
"""

from understudy.control.turn import Turn
from understudy.deploy import provision
from understudy.deploy.history import CONFIGURED, note, remark
from understudy.deploy.ports import Engine
from understudy.deploy.schedule import Schedule
from understudy.deploy.stack import Deployment, Stack, Task
from understudy.deploy.status import VALIDATION_FAILED

CHECKING = "Eventual consistency check initiated"
_CREATING = "CREATE_IN_PROGRESS"
_ALWAYS = {
    "create": ("AWS::Lambda::Function", "AWS::S3::Bucket", "AWS::EC2::NatGateway"),
    "update": ("AWS::ECS::Service",),
}


def reached(engine: Engine, stack: Stack, task: Task, turn: Turn) -> None:
    """A task waits for its resource to become stable: say so, once, of one that is created.

    One that has attributes which are not known yet, as the address of an instance, does not say it.
    """
    resource, deployment = provision.subject(stack, task), stack.deployment
    known = task.verb == "create" and task.identified and not task.configured
    if deployment is None or not known or engine.types[resource.type].read is None:
        return
    if "" in resource.attributes.values():
        return
    task.configured = True
    deployment.checking += 1
    note(stack, resource, _CREATING, turn, CHECKING, detailed=CONFIGURED)
    engine.schedule(stack, deployment.tasks).configured(task.logical_id)


def checked(stack: Stack, task: Task, turn: Turn) -> None:
    """A resource is stable: say that it is configured where AWS does so without being asked."""
    resource, deployment = provision.subject(stack, task), provision.deployment_of(stack)
    if task.replaces or task.configured or deployment.target.express:
        return
    if resource.type in _ALWAYS.get(task.verb, ()):
        note(stack, resource, resource.status, turn, CHECKING, detailed=CONFIGURED)


def ended(deployment: Deployment | None, task: Task) -> None:
    """A task has come to its end."""
    if deployment is not None and task.configured:
        task.configured = False
        deployment.checking -= 1


def announce(stack: Stack, deployment: Deployment, schedule: Schedule, turn: Turn) -> None:
    """Say it of a stack that is created, once it holds for every resource."""
    if deployment.configured or stack.status != _CREATING or not deployment.checking:
        return
    if schedule.unsettled == deployment.checking:
        deployment.configured = True
        remark(stack, _CREATING, turn, CHECKING, detailed=CONFIGURED)


def of(stack: Stack) -> str:
    """The DetailedStatus of a stack, or an empty text."""
    last = stack.events[-1] if stack.events else None
    if last is not None and last.detailed == VALIDATION_FAILED and last.status == stack.status:
        return VALIDATION_FAILED
    deployment = stack.deployment
    said = deployment is not None and deployment.configured and stack.status == _CREATING
    return CONFIGURED if said else ""
