"""AWS::SQS::Queue, kept by moto."""

import json

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.handler import Done, Handler, Identify, Invoke, Request, ResourceType
from understudy.resources.attributes import changed, written
from understudy.resources.tags import is_taken, own_tags, retag, without

NAME_LIMIT = 80
_DEFAULTS = {
    "DelaySeconds": "0",
    "MaximumMessageSize": "262144",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "VisibilityTimeout": "30",
}
"""What an attribute goes back to that the template no longer gives. AWS: AWS::SQS::Queue."""


def create(request: Request) -> Handler:
    """Create a queue."""
    properties = request.properties
    ending = ".fifo" if properties.get("FifoQueue") else ""
    own: str = properties.get("QueueName", "")
    if own:
        yield from is_taken(own, Invoke("sqs", "GetQueueUrl", {"QueueName": own}))
    name = own or request.name(NAME_LIMIT - len(ending)) + ending
    params: Params = {"QueueName": name, "Attributes": written(_settings(properties))}
    if tags := own_tags(request):
        params["tags"] = tags
    answer = yield Invoke("sqs", "CreateQueue", params)
    yield Identify(answer["QueueUrl"])
    return Done(answer["QueueUrl"], _attributes(request, answer["QueueUrl"]))


def update(request: Request) -> Handler:
    """Change a queue in place."""
    queue = {"QueueUrl": request.physical_id}
    before, after = _settings(request.previous), _settings(request.properties)
    attributes = {name: value or _DEFAULTS.get(name, "") for name, value in changed(before, after)}
    if attributes:
        yield Invoke("sqs", "SetQueueAttributes", {**queue, "Attributes": attributes})
    yield from retag(request, "sqs", queue, add="TagQueue", remove="UntagQueue", tags="Tags")
    return Done(request.physical_id, _attributes(request, request.physical_id))


def delete(request: Request) -> Handler:
    """Delete a queue; one that is gone already counts as deleted."""
    try:
        yield Invoke("sqs", "DeleteQueue", {"QueueUrl": request.physical_id})
    except Fault as fault:
        if "NonExistentQueue" not in fault.code and "QueueDoesNotExist" not in fault.code:
            raise
    return Done(request.physical_id)


def read(request: Request) -> Handler:
    """The live properties of a queue, by its URL or its name."""
    url = request.physical_id
    if not url.startswith("http"):
        found = yield Invoke("sqs", "GetQueueUrl", {"QueueName": url})
        url = found["QueueUrl"]
    wish = {"QueueUrl": url, "AttributeNames": ["All"]}
    answer = yield Invoke("sqs", "GetQueueAttributes", wish)
    live: Params = {**answer["Attributes"], "QueueName": url.rpartition("/")[2]}
    for policy in ("RedrivePolicy", "RedriveAllowPolicy"):
        if isinstance(live.get(policy), str):
            live[policy] = json.loads(live[policy])
    tags = yield Invoke("sqs", "ListQueueTags", {"QueueUrl": url})
    live["Tags"] = [{"Key": key, "Value": value} for key, value in tags.get("Tags", {}).items()]
    return Done(url, _attributes(request, url), live)


def _settings(properties: Params) -> Params:
    return without(properties, "QueueName", "Tags")


def _attributes(request: Request, url: str) -> Params:
    name = url.rpartition("/")[2]
    account = url.rpartition("/")[0].rpartition("/")[2]
    queue = f"arn:aws:sqs:{request.region}:{account}:{name}"
    return {"Arn": queue, "QueueName": name, "QueueUrl": url}


QUEUE = ResourceType("AWS::SQS::Queue", "kept", create, delete, update, read)
