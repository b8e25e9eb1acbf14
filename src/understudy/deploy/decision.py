"""What an update means for a resource, once its new properties are known.

Source: AWS, Update behaviors of stack resources; the createOnly properties of the schemas.
"""

from typing import Literal

from understudy.cloudformation.change import Change
from understudy.cloudformation.refusal import custom_name_conflict
from understudy.cloudformation.schema import KEPT_BY_POLICY, Schema
from understudy.control.events import Params
from understudy.deploy.handler import HandlerFailure
from understudy.deploy.ports import Engine
from understudy.deploy.stack import StackResource

Action = Literal["none", "touch", "update", "replace"]


def decide(
    engine: Engine, before: StackResource, after: StackResource, *, retagged: bool = False
) -> Action:
    """What has to be done: nothing, only an event, an update in place, or a new resource.

    ``retagged`` says that the stack's own tags change. A resource whose last update failed is
    updated though its properties are the same.
    """
    changed = changed_properties(before.properties, after.properties)
    kind = engine.types[after.type]
    schema = engine.schemas.get(after.type)
    if changed:
        replaces = schema is not None and _replaces(schema, before, after, changed)
        return "replace" if replaces or kind.update is None else "update"
    if kind.update is not None and (
        kind.always_updates
        or before.status.endswith("_FAILED")
        or (retagged and schema is not None and schema.tags)
    ):
        return "update"
    return "touch" if _attributes(before) != _attributes(after) else "none"


def _attributes(resource: StackResource) -> tuple[object, ...]:
    """What counts as a change beside the properties; DependsOn does not."""
    return (
        resource.metadata,
        resource.deletion_policy,
        resource.update_replace_policy,
        resource.creation_policy,
        resource.update_policy,
    )


def changed_properties(before: Params, after: Params) -> list[str]:
    """The names of the properties that are new, gone or different."""
    names = [*before, *(name for name in after if name not in before)]
    return [name for name in names if before.get(name) != after.get(name)]


def _replaces(
    schema: Schema, before: StackResource, after: StackResource, changed: list[str]
) -> bool:
    found = {
        name: schema.recreation((name,), before.properties.get(name), after.properties.get(name))
        for name in changed
    }
    if "Always" in found.values():
        return True
    return any(kind == "Conditionally" and _gives_way(after, name) for name, kind in found.items())


def _gives_way(resource: StackResource, name: str) -> bool:
    """Whether a resource is replaced for a change of a property that need not replace it.

    A group goes with its instances where that is asked for; a few types are kept only where that
    is. AWS: UpdatePolicy attribute.
    """
    kept_by = KEPT_BY_POLICY.get(resource.type, {}).get(name)
    if kept_by is not None:
        policies: Params = resource.update_policy or {}
        return not is_true(policies.get(kept_by, False))
    policy = update_policy(resource, "AutoScalingReplacingUpdate")
    return is_true(policy.get("WillReplace", False))


def update_policy(resource: StackResource, name: str) -> Params:
    """One of the policies in a resource's UpdatePolicy, empty where it has none."""
    policy: Params = resource.update_policy or {}
    return policy.get(name, {})


def is_true(value: object) -> bool:
    """A boolean of an attribute, which may be text."""
    return value is True or value == "true"


def refuse_custom_name(engine: Engine, before: StackResource, after: StackResource) -> None:
    """A resource with a name of its own cannot be replaced while the name stays.

    Raises HandlerFailure with CloudFormation's sentence.
    """
    schema = engine.schemas.get(after.type)
    if schema is None:
        return
    change = Change(
        "Modify",
        after.logical_id,
        after.type,
        replacement="True",
        before={"Properties": before.properties},
        after={"Properties": after.properties},
    )
    conflict = custom_name_conflict(change, schema)
    if conflict is not None:
        raise HandlerFailure(conflict, "")
