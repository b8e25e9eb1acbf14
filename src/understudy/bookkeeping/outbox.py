"""What leaves the kept services: messages to HTTP endpoints, calls of functions.

moto makes them up, whoever owns the network and the functions performs them.

moto would post by itself, within the call that publishes, and once more whenever the ledger is
replayed. So it is given this in place of the library that it posts with.

AWS: Amazon SNS message delivery to HTTP/S endpoints; HTTP/HTTPS headers.
"""

import json as text
from typing import Any

from msgspec import Struct


class Delivery(Struct, frozen=True):
    """A message that shall be posted to an endpoint."""

    url: str
    headers: dict[str, str]
    body: bytes


class Invocation(Struct, frozen=True):
    """A function that shall be called with an event, by a service on behalf of a source.

    What cannot be called goes to ``dead_letter``, the ARN of a queue, if there is one.
    """

    function: str
    event: Any
    principal: str
    source: str
    dead_letter: str = ""


Leaving = Delivery | Invocation


class Outbox:
    """Collects what is to be posted and called until it is taken."""

    def __init__(self) -> None:
        self._waiting: list[Leaving] = []

    def call(self, invocation: Invocation) -> None:
        """Keep a call of a function."""
        self._waiting.append(invocation)

    def post(self, url: str, json: dict[str, Any], headers: dict[str, str]) -> None:
        """Keep a message for delivery, as ``requests.post`` would send it."""
        members = {
            "x-amz-sns-message-type": json["Type"],
            "x-amz-sns-message-id": json["MessageId"],
            "x-amz-sns-topic-arn": json["TopicArn"],
            "User-Agent": "Amazon Simple Notification Service Agent",
        }
        self._waiting.append(Delivery(url, {**headers, **members}, text.dumps(json).encode()))

    def take(self) -> list[Leaving]:
        """What is to leave; it is not kept any longer."""
        taken, self._waiting = self._waiting, []
        return taken
