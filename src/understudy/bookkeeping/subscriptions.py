"""SNS in the kept services: what moto would post or call itself goes into the outbox.

AWS: Invoking AWS Lambda functions using Amazon SNS.
"""

from typing import Any

from understudy.bookkeeping.outbox import Invocation, Outbox
from understudy.control.events import Params

PRINCIPAL = "sns.amazonaws.com"
_OURS = "understudy_publish"


def fit(outbox: Outbox) -> None:
    """Have moto's subscriptions deliver into an outbox."""
    from moto.sns import models

    kinds: Any = models
    kinds.requests = outbox
    subscription: Any = kinds.Subscription
    if not hasattr(subscription, _OURS):
        setattr(subscription, _OURS, subscription.publish)
    others = getattr(subscription, _OURS)

    def publish(self: Any, message: str, message_id: str, *args: Any, **more: Any) -> None:
        if self.protocol != "lambda":
            others(self, message, message_id, *args, **more)
        elif (record := _record(self, message, message_id, *args, **more)) is not None:
            called = Invocation(self.endpoint, {"Records": [record]}, PRINCIPAL, self.topic.arn)
            outbox.call(called)

    subscription.publish = publish


def _record(
    subscription: Any,
    message: str,
    message_id: str,
    subject: str | None = None,
    message_attributes: Params | None = None,
    message_structure: str | None = None,
    **_: Any,
) -> Params | None:
    """A message as a function gets it; None where the subscription filters it out."""
    matcher = subscription._filter_policy_matcher  # noqa: SLF001 - no other way in
    if matcher is not None and not matcher.matches(message_attributes, message):
        return None
    if message_structure == "json":
        message = subscription._parse_message_structure(message, "lambda")  # noqa: SLF001 - no other way in
    told: Params = subscription.get_post_data(message, message_id, subject, message_attributes)
    return {
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "EventSource": "aws:sns",
        "Sns": {
            "Subject": None,
            "MessageAttributes": {},
            **{key: value for key, value in told.items() if not key.endswith("URL")},
            "SigningCertUrl": told["SigningCertURL"],
            "UnsubscribeUrl": told["UnsubscribeURL"],
        },
    }
