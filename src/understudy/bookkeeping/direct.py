"""The commonest calls of stacks, given to moto's models themselves: no request is written and read.

A stack of hundreds of light resources is made of little else. What is refused here has changed
nothing, and is asked again as a request, which is answered in the service's own words.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from understudy.base.arn import URL_SUFFIX
from understudy.bookkeeping.rules import emit
from understudy.control.eventbridge.rules import EMIT
from understudy.control.events import Params

METHOD = "DIRECT"
"""What stands in the ledger where a request has its HTTP method."""

Work = Callable[[Any, Params], Params]
"""Performs a call on a service's model in one region. Raises moto's exceptions."""


def _tags(pairs: list[Params]) -> dict[str, str]:
    return {each["Key"]: each["Value"] for each in pairs}


def _create_topic(model: Any, params: Params) -> Params:
    tags = _tags(params.get("Tags", []))
    topic = model.create_topic(params["Name"], params.get("Attributes", {}), tags)
    return {"TopicArn": topic.arn}


def _delete_topic(model: Any, params: Params) -> Params:
    model.delete_topic(params["TopicArn"])
    return {}


def _create_queue(model: Any, params: Params) -> Params:
    attributes = params.get("Attributes", {})
    queue = model.create_queue(params["QueueName"], params.get("tags", {}), **attributes)
    return {"QueueUrl": queue.url(urlsplit(f"https://sqs.{model.region_name}.{URL_SUFFIX}/"))}


def _delete_queue(model: Any, params: Params) -> Params:
    model.delete_queue(params["QueueUrl"].rpartition("/")[2])
    return {}


def _put_parameter(model: Any, params: Params) -> Params:
    done = model.put_parameter(
        params["Name"],
        params.get("Description"),
        params["Value"],
        params.get("Type"),
        params.get("AllowedPattern"),
        params.get("KeyId"),
        params.get("Overwrite", False),
        params.get("Tags"),
        params.get("DataType", "text"),
        tier=params.get("Tier"),
        policies=params.get("Policies"),
    )
    return {"Version": done.version, "Tier": done.tier}


def _delete_parameter(model: Any, params: Params) -> Params:
    model.delete_parameter(params["Name"])
    return {}


def _create_role(model: Any, params: Params) -> Params:
    role = model.create_role(
        params["RoleName"],
        params["AssumeRolePolicyDocument"],
        params.get("Path"),
        params.get("PermissionsBoundary"),
        params.get("Description"),
        params.get("Tags", []),
        params.get("MaxSessionDuration", 3600),
    )
    return {
        "Role": {
            "Path": role.path,
            "RoleName": role.name,
            "RoleId": role.id,
            "Arn": role.arn,
            "CreateDate": role.create_date.timestamp(),
        }
    }


def _delete_role(model: Any, params: Params) -> Params:
    model.delete_role(params["RoleName"])
    return {}


def _put_log_events(model: Any, params: Params) -> Params:
    """As the model does, but for its look at the clock: the world may be hours ahead of it."""
    from moto.logs.exceptions import ResourceNotFoundException

    group = model.groups.get(params["logGroupName"])
    if group is None:
        raise ResourceNotFoundException
    group.put_log_events(params["logStreamName"], params["logEvents"])
    return {}


WORK: Mapping[tuple[str, str], Work] = {
    ("events", EMIT): emit,
    ("sns", "CreateTopic"): _create_topic,
    ("sns", "DeleteTopic"): _delete_topic,
    ("sqs", "CreateQueue"): _create_queue,
    ("sqs", "DeleteQueue"): _delete_queue,
    ("ssm", "PutParameter"): _put_parameter,
    ("ssm", "DeleteParameter"): _delete_parameter,
    ("iam", "CreateRole"): _create_role,
    ("iam", "DeleteRole"): _delete_role,
    ("logs", "PutLogEvents"): _put_log_events,
}
