"""What could not be delivered, put where its owner wants it: a queue, or a topic.

AWS: Adding a dead-letter queue (Lambda); Using dead-letter queues (EventBridge).
"""

import logging
from collections.abc import Awaitable, Callable, Mapping

from understudy.base.arn import ACCOUNT
from understudy.base.fault import Fault
from understudy.control.events import Params

log = logging.getLogger(__name__)

Keep = Callable[[str, str, Params, str], Awaitable[Params]]
"""Performs an operation of a kept service in a region: service, operation, parameters, region."""


class DeadLetters:
    """Buries messages, by the ARN of the queue or topic that takes them."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep

    async def bury(self, grave: str, body: str, attributes: Mapping[str, str]) -> None:
        """Put a message away with what is known of its failure; nothing where there is no grave."""
        if not grave:
            return
        _, _, service, region, _, name = grave.split(":", 5)
        told = {
            key: {"DataType": "String", "StringValue": value}
            for key, value in attributes.items()
            if value
        }
        asked: Params = {"MessageAttributes": told}
        if service == "sqs":
            url = f"https://sqs.{region}.amazonaws.com/{ACCOUNT}/{name}"
            operation, asked = "SendMessage", {**asked, "QueueUrl": url, "MessageBody": body}
        else:
            operation, asked = "Publish", {**asked, "TopicArn": grave, "Message": body}
        try:
            await self._keep(service, operation, asked, region)
        except Fault as fault:
            log.warning("%s did not take a dead letter: %s", grave, fault.message)
