"""Who listens to SNS topics, and who may use topics and queues."""

from typing import Any

from understudy.control.events import Params
from understudy.deploy.handler import Invoke, Steps
from understudy.deploy.history import json_text
from understudy.resources.kept.table import Call, Kept
from understudy.resources.kept.values import Here, Value, own


def _put_queue_policy(here: Here) -> Steps[None]:
    text = json_text(here.properties["PolicyDocument"])
    for queue in here.properties["Queues"]:
        params: Params = {"QueueUrl": queue, "Attributes": {"Policy": text}}
        yield Invoke("sqs", "SetQueueAttributes", params)


def _drop_queue_policy(here: Here) -> Steps[None]:
    for queue in here.properties["Queues"]:
        params: Params = {"QueueUrl": queue, "Attributes": {"Policy": ""}}
        yield Invoke("sqs", "SetQueueAttributes", params)


QUEUE_POLICY = Kept(
    "AWS::SQS::QueuePolicy",
    "sqs",
    create=_put_queue_policy,
    id=lambda here: here.request.name(100),
    identity="Id",
    update=(_put_queue_policy,),
    delete=(_drop_queue_policy,),
)


def _attributes(names: str) -> Value:
    """What the template gives of some attributes, each as text."""

    def value(here: Here) -> Any:
        given = {n: here.properties[n] for n in names.split() if n in here.properties}
        return {k: _text(v) for k, v in given.items()} or None

    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json_text(value) if isinstance(value, dict | list) else str(value)


_SUBSCRIPTION = (
    "DeliveryPolicy FilterPolicy FilterPolicyScope RawMessageDelivery RedrivePolicy ReplayPolicy "
    "SubscriptionRoleArn"
)


def _set_subscription(here: Here) -> Steps[None]:
    before = here.before
    for key in _SUBSCRIPTION.split():
        value = here.properties.get(key)
        if value is not None and value != before.get(key):
            params = {"SubscriptionArn": here.id, "AttributeName": key}
            yield Invoke(
                "sns", "SetSubscriptionAttributes", {**params, "AttributeValue": _text(value)}
            )


SUBSCRIPTION = Kept(
    "AWS::SNS::Subscription",
    "sns",
    create=Call(
        "Subscribe",
        "TopicArn Protocol Endpoint",
        Attributes=_attributes(_SUBSCRIPTION),
        ReturnSubscriptionArn=True,
    ),
    id="SubscriptionArn",
    identity="Arn",
    update=(_set_subscription,),
    read=Call("GetSubscriptionAttributes", SubscriptionArn=own),
    record="Attributes",
    live="TopicArn Protocol Endpoint",
    delete=(Call("Unsubscribe", SubscriptionArn=own),),
)


def _put_topic_policy(here: Here) -> Steps[None]:
    text = json_text(here.properties["PolicyDocument"])
    for topic in here.properties["Topics"]:
        params = {"TopicArn": topic, "AttributeName": "Policy", "AttributeValue": text}
        yield Invoke("sns", "SetTopicAttributes", params)


TOPIC_POLICY = Kept(
    "AWS::SNS::TopicPolicy",
    "sns",
    create=_put_topic_policy,
    id=lambda here: here.request.name(100),
    identity="Id",
    update=(_put_topic_policy,),
    delete=(),
)

TYPES = (QUEUE_POLICY, TOPIC_POLICY, SUBSCRIPTION)
