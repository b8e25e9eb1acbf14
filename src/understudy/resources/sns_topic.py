"""AWS::SNS::Topic, kept by moto."""

from collections.abc import Iterator
from typing import Any

from understudy.base.arn import arn, last_name
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.handler import Done, Handler, Identify, Invoke, Request, ResourceType, Steps
from understudy.resources.attributes import changed, written
from understudy.resources.tags import is_taken, retag, tag_list

NAME_LIMIT = 256
_ATTRIBUTES = (
    "DisplayName",
    "KmsMasterKeyId",
    "FifoTopic",
    "ContentBasedDeduplication",
    "FifoThroughputScope",
    "SignatureVersion",
    "TracingConfig",
    "ArchivePolicy",
)


def create(request: Request) -> Handler:
    """Create a topic with its subscriptions."""
    properties = request.properties
    ending = ".fifo" if properties.get("FifoTopic") else ""
    own: str = properties.get("TopicName", "")
    if own:
        known = Invoke("sns", "GetTopicAttributes", {"TopicArn": arn("sns", request.region, own)})
        yield from is_taken(own, known)
    params = {
        "Name": own or request.name(NAME_LIMIT - len(ending)) + ending,
        "Attributes": written(_settings(properties)),
        "Tags": tag_list(request),
    }
    answer = yield Invoke("sns", "CreateTopic", params)
    topic = answer["TopicArn"]
    yield Identify(topic)
    yield from _subscribe(topic, {}, properties)
    return Done(topic, _attributes(topic))


def update(request: Request) -> Handler:
    """Change a topic in place."""
    topic = request.physical_id
    before, after = _settings(request.previous), _settings(request.properties)
    for name, value in changed(before, after):
        params = {"TopicArn": topic, "AttributeName": name, "AttributeValue": value}
        yield Invoke("sns", "SetTopicAttributes", params)
    yield from _subscribe(topic, request.previous, request.properties)
    yield from retag(request, "sns", {"ResourceArn": topic}, system=True)
    return Done(topic, _attributes(topic))


def delete(request: Request) -> Handler:
    """Delete a topic with its subscriptions; one that is gone already counts as deleted."""
    try:
        yield from _subscribe(request.physical_id, request.properties, {})
        yield Invoke("sns", "DeleteTopic", {"TopicArn": request.physical_id})
    except Fault as fault:
        if not fault.code.startswith("NotFound"):
            raise
    return Done(request.physical_id)


def read(request: Request) -> Handler:
    """The live properties of a topic, by its ARN or its name."""
    identity = request.physical_id
    topic = identity if identity.startswith("arn:") else arn("sns", request.region, identity)
    answer = yield Invoke("sns", "GetTopicAttributes", {"TopicArn": topic})
    live: Params = {name: answer["Attributes"][name] for name in _live(answer["Attributes"])}
    listed = yield Invoke("sns", "ListSubscriptionsByTopic", {"TopicArn": topic})
    live["Subscription"] = [
        {"Protocol": each["Protocol"], "Endpoint": each["Endpoint"]}
        for each in listed["Subscriptions"]
    ]
    tags = yield Invoke("sns", "ListTagsForResource", {"ResourceArn": topic})
    live |= {"TopicName": last_name(topic), "Tags": tags["Tags"]}
    return Done(topic, _attributes(topic), live)


def _live(attributes: Params) -> Iterator[str]:
    return (name for name in _ATTRIBUTES if name in attributes)


def _attributes(topic: str) -> Params:
    return {"TopicArn": topic, "TopicName": topic.rpartition(":")[2]}


def _settings(properties: Params) -> Params:
    """The topic's attributes, as its properties name them."""
    settings = {name: properties[name] for name in _ATTRIBUTES if name in properties}
    for each in properties.get("DeliveryStatusLogging", []):
        prefix = {"http/s": "HTTP"}.get(each["Protocol"], each["Protocol"].capitalize())
        settings |= {f"{prefix}{key}": value for key, value in each.items() if key != "Protocol"}
    return settings


def _subscribe(topic: str, before: Params, after: Params) -> Steps[None]:
    """Bring the subscriptions from what they were to what they shall be."""
    old, new = _subscriptions(before), _subscriptions(after)
    for each in new:
        if each not in old:
            yield Invoke("sns", "Subscribe", {"TopicArn": topic, **each})
    if all(each in new for each in old):
        return
    listed: Any = yield Invoke("sns", "ListSubscriptionsByTopic", {"TopicArn": topic})
    for each in listed["Subscriptions"]:
        known = {"Protocol": each["Protocol"], "Endpoint": each["Endpoint"]}
        if known in old and known not in new:
            yield Invoke("sns", "Unsubscribe", {"SubscriptionArn": each["SubscriptionArn"]})


def _subscriptions(properties: Params) -> list[Params]:
    return [
        {"Protocol": each["Protocol"], "Endpoint": each["Endpoint"]}
        for each in properties.get("Subscription", [])
    ]


TOPIC = ResourceType("AWS::SNS::Topic", "kept", create, delete, update, read)
