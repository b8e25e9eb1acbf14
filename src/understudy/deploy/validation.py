"""Pre-deployment validation: what is wrong with a deployment before anything is made.

AWS: Validate stack deployments. Properties against AWS's schemas, and names that are taken, fail
the operation; what could not be deleted, or made, is a warning about a change set (`warnings`).
Names are looked up where the answer is at hand, and for buckets; other types say that a name is
taken when they are made.
"""

from collections.abc import Collection, Iterator, Sequence

from understudy.base.diagnostic import Path
from understudy.cloudformation.change import Change
from understudy.cloudformation.coerce import coerce
from understudy.cloudformation.dynamic import not_yet_known
from understudy.cloudformation.revision import evaluated_or_written
from understudy.cloudformation.validate import Problem, validate
from understudy.cloudformation.value import is_map
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy import existing, work
from understudy.deploy.blueprint import Blueprint, planning_scope
from understudy.deploy.handler import HandlerFailure, Invoke
from understudy.deploy.outside import Missing
from understudy.deploy.ports import Engine
from understudy.deploy.prepare import Prepared
from understudy.deploy.stack import Deployment, Finding, Stack, Validation
from understudy.deploy.warnings import BUCKET, answer, warnings

PROPERTIES, NAMES = "PROPERTY_VALIDATION", "NAME_CONFLICT_VALIDATION"
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


def of_creation(
    engine: Engine, stack: Stack, prepared: Prepared, params: Params, turn: Turn
) -> list[Finding]:
    """What is wrong with a stack that is to be created at once. Raises Missing."""
    if prepared.late or params.get("DisableValidation"):
        return []
    blueprint = engine.blueprints.of(stack, prepared.target)
    wrong = [
        Finding(name, "", resource.type, PROPERTIES, _path(name, path), message)
        for name, resource in sorted(blueprint.resources.items())
        for path, message in _drafted(engine, stack, blueprint, name)
    ]
    added = [(name, "") for name in sorted(blueprint.resources)]
    return [*wrong, *_conflicts(engine, stack, prepared, added, params, turn)]


def _drafted(engine: Engine, stack: Stack, blueprint: Blueprint, name: str) -> Sequence[Problem]:
    """How a new resource breaks its schema; one that refers to no other is kept as it will be.

    A value that cannot be worked out is said of its resource when that is made.
    """
    resource = blueprint.resources[name]
    schema = engine.schemas.get(resource.type)
    if blueprint.needs[name]:
        if schema is None:
            return ()
        scope = planning_scope(blueprint.revision.scope)
        properties = evaluated_or_written(resource.properties, scope)
        if not is_map(properties):
            return ()
        return validate(not_yet_known(coerce(properties, schema)), schema)
    try:
        made, problems = work.drafted(engine, stack, blueprint, name, "")
    except HandlerFailure:
        return ()
    if not problems:
        blueprint.drafts[name] = made
    return problems


def _path(logical_id: str, path: Path) -> str:
    return "/".join(("/Resources", logical_id, "Properties", *map(str, path)))


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
    added = [
        (each.logical_id, each.physical_id)
        for each in changes
        if each.action == "Add" or each.replacement == "True"
    ]
    return [*wrong, *_conflicts(engine, stack, prepared, added, params, turn)]


def _conflicts(
    engine: Engine,
    stack: Stack,
    prepared: Prepared,
    added: Collection[tuple[str, str]],
    params: Params,
    turn: Turn,
) -> Iterator[Finding]:
    """Names that are taken, of new resources; each with the physical id that it replaces."""
    scope = planning_scope(prepared.ready.scope)
    for logical_id, physical_id in added:
        resource = prepared.ready.template.resources[logical_id]
        name = existing.given_name(engine, resource, scope)
        if not name or name == physical_id:
            continue
        if resource.type == BUCKET:
            head = Invoke("s3", "HeadBucket", {"Bucket": name})
            taken = name if answer(engine, head, params, turn) is not None else ""
        else:
            try:
                taken = existing.found(
                    engine, stack, logical_id, resource, name, scope, params, turn
                )
            except Missing:
                continue
        if taken and taken != physical_id:
            sentence = (
                f"Resource of type '{resource.type}' with identifier '{taken}' already exists."
            )
            path = f"/Resources/{logical_id}"
            yield Finding(logical_id, "", resource.type, NAMES, path, sentence)


def of_change_set(
    engine: Engine,
    stack: Stack,
    prepared: Prepared,
    changes: Collection[Change],
    params: Params,
    turn: Turn,
) -> tuple[Finding, ...]:
    """What is wrong with a change set, and warnings about it. Raises Missing."""
    if params.get("DisableValidation"):
        return ()
    wrong = of_changes(engine, stack, prepared, changes, params, turn)
    return (*wrong, *warnings(engine, stack, changes, params, turn))


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
