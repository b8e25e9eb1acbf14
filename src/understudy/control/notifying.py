"""Messages to topics, queues and functions: whoever keeps those is asked to deliver them.

What came of an alarm's message is written into the alarm's history. After a restart what has not
been answered is asked for again, so a message may arrive twice, as SNS says of its own.

AWS: Notifying users on alarm changes.
"""

import json
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from understudy.base.arn import ACCOUNT
from understudy.control.events import Call, CallAnswered, CallFailed, Params
from understudy.control.lambda_.permission import CALLER
from understudy.control.signals import Notification
from understudy.control.turn import Turn

PREFIX = "notification/"
"""How the ids of our calls begin."""

Record = Callable[[str, str, str, Turn], None]
"""Writes into the history of an alarm: its name, the action, what came of it."""


class Sent(Struct, frozen=True):
    """A message on its way; ``alarm`` is the alarm that sends it, empty where none does."""

    target: str
    service: str
    operation: str
    params: dict[str, Any]
    alarm: str = ""


class Notifier:
    """Sends messages. ``sent`` are those that are not answered yet, by the ids of their calls."""

    def __init__(self, sent: dict[str, Sent], record: Record) -> None:
        self.sent = sent
        self._record = record

    def send(self, notification: Notification, turn: Turn, alarm: str = "") -> None:
        """Ask for a message to be delivered."""
        call_id = PREFIX + turn.ids.uuid()
        service, operation, params = call_for(notification)
        self.sent[call_id] = Sent(notification.target, service, operation, params, alarm)
        turn.emit(Call(turn.region, call_id, service, operation, params))

    def on_answer(self, event: CallAnswered | CallFailed, turn: Turn) -> bool:
        """Take in what came of a message; False if the call was not ours."""
        if not event.call_id.startswith(PREFIX):
            return False
        sent = self.sent.pop(event.call_id, None)
        if sent is not None and sent.alarm:
            summary = f"Successfully executed action {sent.target}"
            if isinstance(event, CallFailed):
                summary = (
                    f'Failed to execute action {sent.target}. Received error: "{event.message}"'
                )
            self._record(sent.alarm, sent.target, summary, turn)
        return True

    def on_restart(self, turn: Turn) -> None:
        """Ask again for what has not been answered."""
        for call_id, sent in self.sent.items():
            turn.emit(Call(turn.region, call_id, sent.service, sent.operation, sent.params))


def call_for(notification: Notification) -> tuple[str, str, Params]:
    """The call that delivers a message: its service, its operation, its parameters.

    >>> topic = Notification("arn:aws:sns:us-east-1:000000000000:ops", "Hello", {"a": 1})
    >>> call_for(topic)[:2]
    ('sns', 'Publish')
    """
    _, _, service, region, _, name = notification.target.split(":", 5)
    told = notification.message
    body = told if isinstance(told, str) else json.dumps(told)
    if service == "lambda":
        called = {"FunctionName": notification.target, "InvocationType": "Event", "Payload": body}
        caller = {"Service": notification.principal, "Source": notification.source}
        return service, "Invoke", {**called, CALLER: caller}
    if service == "sqs":
        url = f"https://sqs.{region}.amazonaws.com/{ACCOUNT}/{name}"
        return service, "SendMessage", {"QueueUrl": url, "MessageBody": body}
    subject = notification.subject[:100]  # AWS: Publish, Subject.
    params = {"TopicArn": notification.target, "Subject": subject, "Message": body}
    return "sns", "Publish", params
