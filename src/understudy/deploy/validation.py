"""Pre-deployment validation: what is wrong with a deployment before anything is made.

AWS: Validate stack deployments. Properties against AWS's schemas, and names that are taken, fail
the operation; a bucket that is not empty and shall be deleted is a warning about a change set.
Names are looked up where the answer is at hand, and for buckets; other types say that a name is
taken when they are made.
"""

from collections.abc import Collection, Iterator

from understudy.base.fault import Fault
from understudy.cloudformation.change import Change
from understudy.cloudformation.changeset import plan
from understudy.cloudformation.resolve import EvaluationError
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy import existing, outside
from understudy.deploy.blueprint import planning_scope
from understudy.deploy.handler import Invoke
from understudy.deploy.outside import Missing
from understudy.deploy.ports import Engine
from understudy.deploy.prepare import Prepared
from understudy.deploy.stack import Deployment, Finding, Stack, Validation

PROPERTIES, NAMES, BUCKETS = (
    "PROPERTY_VALIDATION",
    "NAME_CONFLICT_VALIDATION",
    "BUCKET_EMPTINESS_VALIDATION",
)
BUCKET = "AWS::S3::Bucket"
_HOOKS = {
    PROPERTIES: "AWS::EarlyValidation::PropertyValidation",
    NAMES: "AWS::EarlyValidation::ResourceExistenceCheck",
}
_REFUSED = (
    "The following hook(s)/validation failed: [{}]. To troubleshoot Early Validation errors, use "
    "the DescribeEvents API for detailed failure information."
)
_FAILED = (
    "Validation failed with {} error(s). Call DescribeEvents to retrieve the full list of issues "
    "with resource and property details, resolve each error, then retry the operation."
)
DETECTED = "Validation failure detected. See the operation's FAILED event for details."
"""Why a stack is rolled back whose validation has failed. Recorded."""
_NOT_EMPTY = (
    "The bucket '{}' is not empty. You must either delete all objects and versions or use the "
    "deletion policy to retain it, otherwise the delete operation will fail."
)


def of_creation(
    engine: Engine, stack: Stack, prepared: Prepared, params: Params, turn: Turn
) -> list[Finding]:
    """What is wrong with a stack that is to be created at once. Raises Missing."""
    if prepared.late or params.get("DisableValidation"):
        return []
    try:
        changes = plan(None, prepared.ready, {}, engine.schemas)
    except EvaluationError:
        return []  # It is said of the resource that asks for it, when that is made.
    return of_changes(engine, stack, prepared, changes, params, turn)


def of_changes(
    engine: Engine,
    stack: Stack,
    prepared: Prepared,
    changes: Collection[Change],
    params: Params,
    turn: Turn,
) -> list[Finding]:
    """What is wrong with changes: properties that break their schema, and names that are taken.

    Raises Missing.
    """
    if params.get("DisableValidation"):
        return []
    wrong = [
        Finding(each.logical_id, each.physical_id, each.resource_type, PROPERTIES, path, message)
        for each in changes
        for path, message in each.problems
    ]
    return [*wrong, *_conflicts(engine, stack, prepared, changes, params, turn)]


def _conflicts(
    engine: Engine,
    stack: Stack,
    prepared: Prepared,
    changes: Collection[Change],
    params: Params,
    turn: Turn,
) -> Iterator[Finding]:
    scope = planning_scope(prepared.ready.scope)
    for change in changes:
        resource = prepared.ready.template.resources.get(change.logical_id)
        if resource is None or not (change.action == "Add" or change.replacement == "True"):
            continue
        name = existing.given_name(engine, resource, scope)
        if not name or name == change.physical_id:
            continue
        if resource.type == BUCKET:
            there = _answer(engine, "HeadBucket", name, params, turn) is not None
            taken = name if there else ""
        else:
            try:
                taken = existing.found(
                    engine, stack, change.logical_id, resource, name, scope, params, turn
                )
            except Missing:
                continue
        if taken and taken != change.physical_id:
            kind = f"Resource of type '{resource.type}' with identifier '{taken}' already exists."
            path = f"/Resources/{change.logical_id}"
            yield Finding(change.logical_id, "", resource.type, NAMES, path, kind)


def _answer(
    engine: Engine, operation: str, bucket: str, params: Params, turn: Turn
) -> Params | None:
    """What S3 says of a bucket, or None where that is a fault. Raises Missing."""
    call = outside.caller(engine.services, params, turn)
    try:
        return call(Invoke("s3", operation, {"Bucket": bucket}))
    except Fault:
        return None


def of_change_set(
    engine: Engine,
    stack: Stack,
    prepared: Prepared,
    changes: Collection[Change],
    params: Params,
    turn: Turn,
) -> tuple[Finding, ...]:
    """What is wrong with a change set, and warnings about buckets that it deletes but are full.

    Raises Missing.
    """
    if params.get("DisableValidation"):
        return ()
    wrong = of_changes(engine, stack, prepared, changes, params, turn)
    full = (
        Finding(
            each.logical_id,
            each.physical_id,
            BUCKET,
            BUCKETS,
            f"/Resources/{each.logical_id}",
            _NOT_EMPTY.format(each.physical_id),
            "WARN",
        )
        for each in changes
        if _is_deleted(each) and _is_full(engine, each.physical_id, params, turn)
    )
    return (*wrong, *full)


def _is_deleted(change: Change) -> bool:
    return change.resource_type == BUCKET and change.policy_action in ("Delete", "ReplaceAndDelete")


def _is_full(engine: Engine, bucket: str, params: Params, turn: Turn) -> bool:
    found = _answer(engine, "ListObjectVersions", bucket, params, turn) or {}
    return bool(found.get("Versions") or found.get("DeleteMarkers"))


def refusal(findings: Collection[Finding]) -> str:
    """The status reason of a change set that must not be executed, or an empty text."""
    hooks = dict.fromkeys(_HOOKS[each.name] for each in findings if each.mode == "FAIL")
    return _REFUSED.format(", ".join(hooks)) if hooks else ""


def begin(stack: Stack, deployment: Deployment, findings: Collection[Finding], turn: Turn) -> None:
    """Let an operation that was not valid fail as soon as it has begun, and remember why."""
    if findings:
        deployment.reason, deployment.invalid = _FAILED.format(len(findings)), True
        kind = "CREATE_STACK" if deployment.kind == "create" else "UPDATE_STACK"
        done = Validation(deployment.operation_id, kind, turn.at, tuple(findings))
        stack.validations = (*stack.validations, done)
