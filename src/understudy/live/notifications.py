"""What buckets tell of their objects, brought to functions, queues, topics and EventBridge."""

import asyncio
import json
import logging

from understudy.base.arn import ACCOUNT
from understudy.base.fault import Fault
from understudy.base.identity import Ids
from understudy.bookkeeping.outbox import Invocation
from understudy.control.eventbridge.rules import EMIT
from understudy.control.events import Call
from understudy.live.world import LiveWorld
from understudy.storage.s3.notifications import Notice

log = logging.getLogger(__name__)

PRINCIPAL = "s3.amazonaws.com"
SUBJECT = "Amazon S3 Notification"


class Notifications:
    """Takes notices from any thread; what cannot be delivered is in the log."""

    def __init__(self, world: LiveWorld, ids: Ids) -> None:
        self._world = world
        self._ids = ids
        self._loop = asyncio.get_running_loop()

    def heard(self, notice: Notice) -> None:
        """Deliver a notice soon."""
        self._loop.call_soon_threadsafe(lambda: self._world.spawn(self._deliver(notice)))

    async def _deliver(self, notice: Notice) -> None:
        source = f"arn:aws:s3:::{notice.bucket}"
        service = notice.target.split(":")[2] if notice.target else "events"
        try:
            match service:
                case "lambda":
                    call = Invocation(notice.target, notice.message, PRINCIPAL, source)
                    await self._world.called(call)
                case "events":
                    event = {"Event": notice.message}
                    call_id = f"s3/{self._ids.uuid()}"
                    await self._world.keep(Call(notice.region, call_id, "events", EMIT, event))
                case _:
                    await self._send(service, notice)
        except Fault as fault:
            log.warning("%s did not tell %s: %s", source, notice.target, fault.message)

    async def _send(self, service: str, notice: Notice) -> None:
        _, _, _, region, _, name = notice.target.split(":", 5)
        body = json.dumps(notice.message)
        if service == "sqs":
            url = f"https://sqs.{region}.amazonaws.com/{ACCOUNT}/{name}"
            message = {"QueueUrl": url, "MessageBody": body}
            await self._world.keep_book("sqs", "SendMessage", message, region)
        else:
            message = {"TopicArn": notice.target, "Subject": SUBJECT, "Message": body}
            await self._world.keep_book("sns", "Publish", message, region)
