"""Tags of clusters, services, tasks and so on. AWS: TagResource, UntagResource."""

from typing import TYPE_CHECKING

from understudy.control.ecs.faults import bad_parameter
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

MOST = 50


def tag_resource(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """TagResource: add or change tags."""
    del turn
    put(ecs, _there(ecs, params["resourceArn"]), checked(params))
    return {}


def untag_resource(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """UntagResource: take tags off."""
    del turn
    tags = ecs.state.tags.get(_there(ecs, params["resourceArn"]), {})
    for key in params["tagKeys"]:
        tags.pop(key, None)
    return {}


def list_tags_for_resource(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """ListTagsForResource."""
    del turn
    return {"tags": of(ecs, _there(ecs, params["resourceArn"]))}


def _there(ecs: "Ecs", arn: str) -> str:
    """The ARN of a resource that exists. Raises Fault (InvalidParameterException)."""
    state = ecs.state
    known = (
        state.tasks,
        state.instances,
        {
            deployment.task_set.arn
            for service in state.services.values()
            for deployment in service.deployments
            if deployment.task_set is not None
        },
        *(
            {each.arn for each in book.values()}
            for book in (state.clusters, state.services, state.definitions, state.providers)
        ),
    )
    if not any(arn in book for book in known):
        raise bad_parameter("The specified resource is not found.")
    return arn


def checked(params: Params) -> dict[str, str]:
    """The tags of a request. Raises Fault."""
    tags = {each["key"]: each.get("value", "") for each in params.get("tags", [])}
    if len(tags) > MOST:
        raise bad_parameter(f"Too many tags. The maximum is {MOST}.")
    return tags


def put(ecs: "Ecs", arn: str, tags: dict[str, str]) -> None:
    """Keep tags of a resource, over those that it has."""
    if tags:
        ecs.state.tags[arn] = {**ecs.state.tags.get(arn, {}), **tags}


def of(ecs: "Ecs", arn: str) -> list[Params]:
    """The tags of a resource as ECS lists them."""
    return [{"key": key, "value": value} for key, value in ecs.state.tags.get(arn, {}).items()]
