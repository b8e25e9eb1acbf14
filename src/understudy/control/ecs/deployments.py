"""Deployments of a service: begun, judged, completed, failed, rolled back.

AWS: Amazon ECS service deployments; How the Amazon ECS deployment circuit breaker detects
failures; How CloudWatch alarms detect Amazon ECS deployment failures.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from understudy.control.ecs import messages
from understudy.control.ecs.circuit_breaker import threshold
from understudy.control.ecs.shifting import revert
from understudy.control.ecs.state import Deployment, Record, Revision, Service, Task
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

KEPT_RECORDS = 20
BREAKER = "ECS deployment circuit breaker"
ALARMS = "ECS deployment alarms"
DIGITS = "0123456789"


def new_revision(service: Service, params: Params, turn: Turn) -> Revision:
    """A service revision with these members."""
    number = turn.ids.letters(16, DIGITS)
    arn = turn.arn("ecs", f"service-revision/{service.key}/{number}")
    groups = tuple(each.get("targetGroupArn", "") for each in params.get("loadBalancers", []))
    revision = Revision(arn, turn.at, params, groups)
    service.revisions[arn] = revision
    return revision


def begin(service: Service, revision: Revision, turn: Turn) -> Deployment:
    """A new deployment of a revision: the primary one from now on."""
    sources = tuple(dict.fromkeys(each.revision for each in service.deployments))
    for each in service.deployments:
        each.status = "ACTIVE"
        if each.rollout == "IN_PROGRESS":
            _end(service, each, "STOPPED", "Superseded by another service deployment.", turn)
            each.rollout, each.reason = "FAILED", "superseded"
    configuration = service.params.get("deploymentConfiguration", {})
    arn = turn.arn("ecs", f"service-deployment/{service.key}/{turn.ids.hex(20)}")
    record = Record(arn, turn.at, revision.arn, sources, configuration)
    record.threshold = threshold(service.desired, _breaker(service).get("thresholdConfiguration"))
    service.records.insert(0, record)
    del service.records[KEPT_RECORDS:]
    deployment = Deployment(
        f"ecs-svc/{turn.ids.letters(16, DIGITS)}", revision.arn, arn, turn.at, turn.at
    )
    deployment.reason = f"ECS deployment {deployment.id} in progress."
    service.deployments.insert(0, deployment)
    service.steady, service.retry_at = False, 0.0
    return deployment


def _breaker(service: Service) -> Params:
    configuration = service.params.get("deploymentConfiguration", {})
    return configuration.get("deploymentCircuitBreaker", {})


def record_of(service: Service, deployment: Deployment) -> Record | None:
    """What is told of a deployment afterwards."""
    return next((each for each in service.records if each.arn == deployment.record), None)


def _end(service: Service, deployment: Deployment, status: str, reason: str, turn: Turn) -> None:
    if record := record_of(service, deployment):
        record.status, record.reason, record.finished_at = status, reason, turn.at
        record.failures = deployment.failures


def complete(ecs: "Ecs", service: Service, turn: Turn) -> None:
    """The primary deployment is done."""
    del ecs
    primary = service.primary
    back = primary.revision == service.completed and any(
        each.rollout == "FAILED" for each in service.deployments[1:]
    )
    service.completed = primary.revision
    primary.rollout, primary.updated_at = "COMPLETED", turn.at
    primary.reason = f"ECS deployment {primary.id} completed."
    if not back:
        _end(service, primary, "SUCCESSFUL", "", turn)
    for record in service.records:
        if record.status == "ROLLBACK_IN_PROGRESS":
            record.status, record.finished_at = "ROLLBACK_SUCCESSFUL", turn.at
    messages.completed(service, primary.id, turn)


def retire(service: Service, there: Sequence[Task]) -> None:
    """Forget earlier deployments that have no tasks any more, and revisions of none."""
    busy = {task.deployment for task in there}
    kept = [each for each in service.deployments[1:] if each.id in busy]
    service.deployments[1:] = kept
    named = {each.revision for each in service.deployments} | {service.completed}
    named |= {arn for record in service.records for arn in (record.target, *record.sources)}
    for arn in [arn for arn in service.revisions if arn not in named]:
        del service.revisions[arn]


def judge(ecs: "Ecs", service: Service, turn: Turn) -> None:
    """Fail the primary deployment if its tasks or its alarms say so, and roll back if wanted."""
    primary = service.primary
    if primary.rollout != "IN_PROGRESS":
        return
    breaker = _breaker(service)
    limit = threshold(service.desired, breaker.get("thresholdConfiguration"))
    if breaker.get("enable") and primary.failures >= limit:
        reason = "tasks failed to start."
        fail(ecs, service, BREAKER, reason, turn, back=bool(breaker.get("rollback")))
        return
    alarms = service.params.get("deploymentConfiguration", {}).get("alarms", {})
    if alarms.get("enable"):
        names: list[str] = alarms.get("alarmNames", [])
        bad = [name for name in names if ecs.publisher.alarm_state(name) == "ALARM"]
        if bad:
            if record := record_of(service, primary):
                record.triggered = tuple(bad)
            fail(ecs, service, ALARMS, "alarm detected.", turn, back=bool(alarms.get("rollback")))


def fail(ecs: "Ecs", service: Service, who: str, reason: str, turn: Turn, *, back: bool) -> None:
    """The primary deployment has failed; ``back`` is whether to go back to the last good one."""
    failed = service.primary
    messages.failed(service, failed.id, reason, turn)
    failed.rollout, failed.updated_at = "FAILED", turn.at
    failed.reason = f"{who}: {reason}"
    good = service.revisions.get(service.completed)
    if not back or good is None or service.completed == failed.revision:
        _end(service, failed, "STOPPED", failed.reason, turn)
        return
    if record := record_of(service, failed):
        record.status, record.reason = "ROLLBACK_IN_PROGRESS", failed.reason
        record.failures, record.rolled_back_to = failed.failures, good.arn
        record.stopped_at = turn.at
    revert(ecs, service)
    earlier = next((d for d in service.deployments[1:] if d.revision == good.arn), None)
    if earlier is None:
        earlier = begin(service, good, turn)
        service.records.pop(0)
        earlier.record = failed.record
    else:
        service.deployments.remove(earlier)
        service.deployments.insert(0, earlier)
    failed.status, earlier.status = "ACTIVE", "PRIMARY"
    earlier.rollout, earlier.updated_at = "IN_PROGRESS", turn.at
    earlier.failures = earlier.unstarted = 0
    earlier.stage = ""
    earlier.reason = f"{who}: rolling back to deploymentId {earlier.id}."
    service.retry_at = 0.0
    messages.rolling_back(service, earlier.id, turn)
