"""Event source mappings: messages of queues, with which functions are called in batches.

A queue is looked at every second of real time, as functions run in real time. What a function has
taken is deleted; what it has failed at is seen again after the queue's visibility timeout, and goes
where its redrive policy says. AWS: Using Lambda with Amazon SQS.
"""

import asyncio
import json
import logging
from collections.abc import Iterable
from math import ceil

import msgspec
from msgspec import Struct

from understudy.base.arn import ACCOUNT
from understudy.base.fault import Fault
from understudy.bookkeeping.rules import matches
from understudy.control.events import Params
from understudy.live.dead_letters import Keep
from understudy.live.functions import LiveFunctions
from understudy.live.loop import LiveLoop

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
"""Real seconds between two looks at a queue."""
BATCH = 10
"""AWS: BatchSize, the default for queues; also the most messages of one ReceiveMessage."""
CONCURRENCY = 5
"""Batches at a time. AWS: Lambda begins with five, and takes more of long queues."""


class EventSources:
    """Serves the mappings of all regions."""

    def __init__(self, loop: LiveLoop, functions: LiveFunctions, keep: Keep) -> None:
        self._loop = loop
        self._functions = functions
        self._keep = keep
        self._batches: dict[str, set[asyncio.Task[None]]] = {}

    async def poll(self) -> None:
        """Look for messages, for ever; what is being done ends with it."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                for region, mapping in self._enabled():
                    await self._look(region, mapping, tasks)
                await asyncio.sleep(PAUSE_SECONDS)

    def _enabled(self) -> Iterable[tuple[str, Params]]:
        """The enabled mappings of queues, with their regions."""
        for region in self._loop.engine.regions:
            found = self._loop.query(region, "lambda", "ListEventSourceMappings", {})
            for mapping in found["EventSourceMappings"]:
                source = mapping.get("EventSourceArn", "")
                if mapping["State"] == "Enabled" and ":sqs:" in source:
                    yield region, mapping

    async def _look(self, region: str, mapping: Params, tasks: asyncio.TaskGroup) -> None:
        """Begin to work off a queue, with so many batches at a time as it has messages for."""
        busy = self._batches.setdefault(mapping["UUID"], set())
        scaling: Params = mapping.get("ScalingConfig") or {}
        free = scaling.get("MaximumConcurrency", CONCURRENCY) - len(busy)
        if free <= 0:
            return
        try:
            waiting = await self._waiting(region, mapping)
        except Fault as fault:
            log.debug("%s cannot be polled: %s", mapping["EventSourceArn"], fault.message)
            return
        for _ in range(min(free, ceil(waiting / mapping.get("BatchSize", BATCH)))):
            task = tasks.create_task(self._work_off(region, mapping))
            busy.add(task)
            task.add_done_callback(busy.discard)

    async def _waiting(self, region: str, mapping: Params) -> int:
        """How many messages can be received. It changes nothing, so nothing of it is kept."""
        wanted = "ApproximateNumberOfMessages"
        asked = {"QueueUrl": _url(mapping), "AttributeNames": [wanted]}
        told = await self._keep("sqs", "GetQueueAttributes", asked, region)
        return int(told["Attributes"][wanted])

    async def _work_off(self, region: str, mapping: Params) -> None:
        """Call the function with batch after batch until the queue is empty."""
        try:
            while messages := await self._received(region, mapping):
                taken = await self._taken(region, mapping, messages)
                await self._delete(region, mapping, taken)
        except Fault as fault:
            log.warning("%s was not worked off: %s", mapping["EventSourceArn"], fault.message)

    async def _received(self, region: str, mapping: Params) -> list[Params]:
        """A batch: as many messages as there are, or as come within the batching window."""
        size, window = (
            mapping.get("BatchSize", BATCH),
            mapping.get("MaximumBatchingWindowInSeconds", 0),
        )
        clock = asyncio.get_running_loop()
        until, messages = clock.time() + window, list[Params]()
        while len(messages) < size:
            asked = {
                "QueueUrl": _url(mapping),
                "MaxNumberOfMessages": min(BATCH, size - len(messages)),
                "AttributeNames": ["All"],
                "MessageAttributeNames": ["All"],
                "WaitTimeSeconds": 0,
            }
            answer = await self._keep("sqs", "ReceiveMessage", asked, region)
            more: list[Params] = answer.get("Messages") or []
            messages += more
            if not more and (not messages or clock.time() >= until):
                break
            if not more:
                await asyncio.sleep(min(PAUSE_SECONDS, max(until - clock.time(), 0.0)))
        return messages

    async def _taken(self, region: str, mapping: Params, messages: list[Params]) -> list[Params]:
        """The messages that the function is done with, and those that it is not to see."""
        records = {each["MessageId"]: _record(each, mapping, region) for each in messages}
        wanted = [record for record in records.values() if is_wanted(record, mapping)]
        failed = await self._failed(region, mapping, wanted) if wanted else set[str]()
        return [each for each in messages if each["MessageId"] not in failed]

    async def _failed(self, region: str, mapping: Params, records: list[Params]) -> set[str]:
        """The ids of the messages that the function has failed at."""
        called = {"FunctionName": mapping["FunctionArn"], "Payload": {"Records": records}}
        every = {each["messageId"] for each in records}
        try:
            answer = await self._functions.invoke(called, region)
        except Fault as fault:
            log.warning("%s was not called: %s", mapping["FunctionArn"], fault.message)
            return every
        if "FunctionError" in answer:
            return every
        reports = "ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or ())
        return reported(answer["Payload"], every) if reports else set()

    async def _delete(self, region: str, mapping: Params, messages: list[Params]) -> None:
        for first in range(0, len(messages), BATCH):
            entries = [
                {"Id": str(index), "ReceiptHandle": each["ReceiptHandle"]}
                for index, each in enumerate(messages[first : first + BATCH])
            ]
            asked = {"QueueUrl": _url(mapping), "Entries": entries}
            await self._keep("sqs", "DeleteMessageBatch", asked, region)


def _url(mapping: Params) -> str:
    _, _, _, region, _, name = mapping["EventSourceArn"].split(":", 5)
    return f"https://sqs.{region}.amazonaws.com/{ACCOUNT}/{name}"


def _record(message: Params, mapping: Params, region: str) -> Params:
    """A message as a function gets it."""
    attributes: dict[str, Params] = message.get("MessageAttributes") or {}
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes") or {},
        "messageAttributes": {name: _attribute(value) for name, value in attributes.items()},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": mapping["EventSourceArn"],
        "awsRegion": region,
    }


def _attribute(value: Params) -> Params:
    told: Params = {name[0].lower() + name[1:]: each for name, each in value.items()}
    return {"stringListValues": [], "binaryListValues": [], **told}


def is_wanted(record: Params, mapping: Params) -> bool:
    """Whether one of a mapping's filters, if it has any, lets a message through.

    A body that is a JSON object is looked into. AWS: Control which events Lambda sends.
    """
    criteria: Params = mapping.get("FilterCriteria") or {}
    filters: list[Params] = criteria.get("Filters") or []
    if not filters:
        return True
    try:
        body = json.loads(record["body"])
    except ValueError:
        body = record["body"]
    return any(matches(each["Pattern"], {**record, "body": body}) for each in filters)


class Failure(Struct, rename="camel"):
    """A message that a function says it has failed at."""

    item_identifier: str


class Report(Struct, rename="camel"):
    """What a function answers that reports failures one by one."""

    batch_item_failures: list[Failure] | None = None


def reported(payload: str, every: set[str]) -> set[str]:
    """The messages that a function says it has failed at; all, where it says it wrongly.

    >>> reported('{"batchItemFailures": [{"itemIdentifier": "b"}]}', {"a", "b"})
    {'b'}
    """
    try:
        said = msgspec.json.decode(payload, type=Report | None)
    except msgspec.MsgspecError:
        return every
    failures = said.batch_item_failures if said else None
    failed = {each.item_identifier for each in failures or ()}
    return every if failed - every else failed
