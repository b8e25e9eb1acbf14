"""Warnings about a change set: what would fail when it is executed, unless somebody acts before.

AWS: Validate stack deployments. A bucket or a repository that is not empty cannot be deleted, and
a region has one configuration recorder. The sentence about buckets is AWS's.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from understudy.base.fault import Fault
from understudy.cloudformation.change import Change
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy import outside
from understudy.deploy.decision import is_true
from understudy.deploy.handler import Invoke
from understudy.deploy.ports import Engine
from understudy.deploy.stack import Finding, Stack

BUCKET = "AWS::S3::Bucket"
REPOSITORY = "AWS::ECR::Repository"
RECORDER = "AWS::Config::ConfigurationRecorder"
RECORDERS = "CONFIG_RECORDER_CONFLICT_VALIDATION"
_TWO_RECORDERS = (
    "The configuration recorder '{}' exists already. A region has one, otherwise the create "
    "operation will fail."
)


@dataclass(frozen=True, slots=True)
class _Container:
    """A type that is deleted only when it is empty: how to ask what is in it, and the warning.

    ``empties`` is a property with which CloudFormation empties it first.
    """

    name: str
    service: str
    operation: str
    member: str
    contents: tuple[str, ...]
    warning: str
    empties: str = ""


_CONTAINERS = {
    BUCKET: _Container(
        "BUCKET_EMPTINESS_VALIDATION",
        "s3",
        "ListObjectVersions",
        "Bucket",
        ("Versions", "DeleteMarkers"),
        "The bucket '{}' is not empty. You must either delete all objects and versions or use the "
        "deletion policy to retain it, otherwise the delete operation will fail.",
    ),
    REPOSITORY: _Container(
        "ECR_REPOSITORY_DELETE_READINESS_VALIDATION",
        "ecr",
        "ListImages",
        "repositoryName",
        ("imageIds",),
        "The repository '{}' is not empty. You must either delete all images or use the deletion "
        "policy to retain it, otherwise the delete operation will fail.",
        "EmptyOnDelete",
    ),
}
CONTAINERS = tuple(_CONTAINERS)
"""The types of which an operation that deletes one asks whether it is empty."""


def warnings(
    engine: Engine, stack: Stack, changes: Collection[Change], params: Params, turn: Turn
) -> Iterator[Finding]:
    """What will fail if nobody acts before the change set is executed. Raises Missing."""
    for change in changes:
        container = _CONTAINERS.get(change.resource_type)
        if change.resource_type == RECORDER and change.action == "Add":
            other = _recorder(engine)
            if other:
                yield _warning(change, RECORDERS, _TWO_RECORDERS.format(other))
        if container is None or change.policy_action not in ("Delete", "ReplaceAndDelete"):
            continue
        emptied = stack.resources[change.logical_id].properties.get(container.empties, False)
        if not is_true(emptied) and _is_full(engine, change.physical_id, container, params, turn):
            yield _warning(change, container.name, container.warning.format(change.physical_id))


def _recorder(engine: Engine) -> str:
    """The recorder that the region has, or an empty text. AWS: Configuration recorder, one each."""
    stacks = engine.state.stacks.values()
    resources = (each for stack in stacks for each in stack.resources.values())
    found = (each.physical_id for each in resources if each.type == RECORDER and each.was_made)
    return next(found, "")


def _warning(change: Change, name: str, sentence: str) -> Finding:
    path = f"/Resources/{change.logical_id}"
    known = (change.logical_id, change.physical_id, change.resource_type)
    return Finding(*known, name, path, sentence, "WARN")


def _is_full(engine: Engine, name: str, container: _Container, params: Params, turn: Turn) -> bool:
    ask = Invoke(container.service, container.operation, {container.member: name})
    found = answer(engine, ask, params, turn) or {}
    return any(found.get(each) for each in container.contents)


def answer(engine: Engine, ask: Invoke, params: Params, turn: Turn) -> Params | None:
    """What a service says, or None where that is a fault. Raises Missing."""
    call = outside.caller(engine.services, params, turn)
    try:
        return call(ask)
    except Fault:
        return None
