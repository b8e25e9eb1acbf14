"""Blue/green, linear and canary deployments of a service, stage by stage.

    RECONCILE_SERVICE -> SCALE_UP -> TEST_TRAFFIC_SHIFT -> PRODUCTION_TRAFFIC_SHIFT -> BAKE_TIME
    -> CLEAN_UP

Green tasks are registered with the other target group of each load balancer; its listener rule's
weights shift the traffic. Blue serves on until the bake time is over, so that going back is a shift
of weights. AWS: Amazon ECS blue/green deployments; Workflow for service deployments.
"""

from typing import TYPE_CHECKING

from understudy.control.ecs import deployments, tasks
from understudy.control.ecs.assessment import assess
from understudy.control.ecs.keeping import keep, tasks_of
from understudy.control.ecs.shifting import configuration_of, shift, shifting
from understudy.control.ecs.state import Deployment, Revision, Service
from understudy.control.ecs.traffic import shifts
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

RECONCILE, SCALE_UP, TEST = "RECONCILE_SERVICE", "SCALE_UP", "TEST_TRAFFIC_SHIFT"
PRODUCTION, BAKE, CLEAN_UP = "PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP"


def under_way(service: Service) -> bool:
    """Whether a deployment is being carried out stage by stage."""
    return bool(service.primary.stage) and service.primary.stage != CLEAN_UP


def groups_of_green(service: Service, params: Params) -> tuple[str, ...]:
    """The target groups of the next revision: the ones that the last one does not have."""
    blue = service.revisions.get(service.completed)
    used = set(blue.groups) if blue else set[str]()
    found: list[str] = []
    for each in params.get("loadBalancers", []):
        own = each.get("targetGroupArn", "")
        other = each.get("advancedConfiguration", {}).get("alternateTargetGroupArn", own)
        found.append(other if own in used else own)
    return tuple(found)


def enter(service: Service, deployment: Deployment, stage: str, turn: Turn) -> None:
    """A deployment enters a stage."""
    deployment.stage, deployment.stage_at, deployment.updated_at = stage, turn.at, turn.at
    if record := deployments.record_of(service, deployment):
        record.stage = stage


def advance(ecs: "Ecs", service: Service, turn: Turn) -> None:
    """Do what a stage needs, and go on as far as that is done already."""
    green = service.primary
    _keep_both(ecs, service, turn)
    if green.stage == RECONCILE:
        enter(service, green, SCALE_UP, turn)
    if green.stage == SCALE_UP and _scaled_up(ecs, service, turn):
        enter(service, green, TEST, turn)
    if green.stage == TEST:
        shift(ecs, service, "testListenerRule", 100.0)
        enter(service, green, PRODUCTION, turn)
    if green.stage == PRODUCTION and _shifted(ecs, service, turn):
        enter(service, green, BAKE, turn)
    if green.stage == BAKE:
        both = _blue(service) is not None
        bake = 60.0 * configuration_of(service).get("bakeTimeInMinutes", 0) if both else 0.0
        if turn.at >= green.stage_at + bake:
            enter(service, green, CLEAN_UP, turn)


def _keep_both(ecs: "Ecs", service: Service, turn: Turn) -> None:
    """Both blue and green have the desired number of tasks; other deployments go."""
    blue = _blue(service)
    for deployment in service.deployments:
        mine = [t for t in tasks_of(ecs, service) if t.deployment == deployment.id]
        mine = [task for task in mine if task.live]
        if deployment is service.primary or deployment is blue:
            keep(ecs, service, deployment, mine, [], turn)
        else:
            for task in mine:
                tasks.stop(ecs, task, tasks.BY_SCHEDULER, "Service deployment superseded", turn)


def _blue(service: Service) -> Deployment | None:
    """The deployment that served before this one."""
    return next((d for d in service.deployments[1:] if d.revision == service.completed), None)


def _scaled_up(ecs: "Ecs", service: Service, turn: Turn) -> bool:
    green = service.primary
    mine = [t for t in tasks_of(ecs, service) if t.deployment == green.id]
    conditions = assess(ecs, service, mine, turn.at).values()
    return sum(each == "healthy" for each in conditions) >= service.desired


def _shifted(ecs: "Ecs", service: Service, turn: Turn) -> bool:
    """Shift production traffic step by step; whether all of it goes to green."""
    green = service.primary
    steps = shifts(configuration_of(service))
    if _blue(service) is None:
        steps = steps[-1:]
    due = green.step < 0 or turn.at >= green.stage_at + steps[green.step].wait
    if due:
        green.step += 1
        green.stage_at = turn.at
        shift(ecs, service, "productionListenerRule", steps[green.step].percent)
    return green.step == len(steps) - 1


def requested_weight(service: Service, revision: Revision) -> float:
    """The share of production traffic that a revision shall have, in percent."""
    primary = service.primary
    if not shifting(service) or primary.stage in ("", CLEAN_UP):
        return 100.0 if revision.arn == primary.revision else 0.0
    steps = shifts(configuration_of(service))
    percent = steps[min(primary.step, len(steps) - 1)].percent if primary.step >= 0 else 0.0
    return percent if revision.arn == primary.revision else 100.0 - percent
