"""Access logs of load balancers on their way to S3: a file every five minutes of world time."""

import asyncio
import gzip
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from understudy.balancing.access_log import SECONDS, object_key
from understudy.base.arn import resource_of
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.live.clock import WorldClock
from understudy.proxy.messages import Logged

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
"""Real seconds between looks at the world's clock."""
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
Put = Callable[[str, Params, str], object]
"""Performs an operation of S3 in a region; it blocks. Raises Fault."""


@dataclass(slots=True)
class Batch:
    """What one load balancer has logged since its last file."""

    region: str
    balancer: str
    bucket: str
    prefix: str
    lines: list[str] = field(default_factory=list[str])


class AccessLogs:
    """The logs of all load balancers. ``put`` writes to S3."""

    def __init__(self, clock: WorldClock, put: Put) -> None:
        self._clock = clock
        self._put = put
        self._batches: dict[str, Batch] = {}
        self._written = clock.now() // SECONDS
        self._random = Random(int(self._written))  # noqa: S311 - names of files, not secrets

    def take(self, message: Logged, attributes: Mapping[str, str]) -> None:
        """Keep lines for the next file; ``attributes`` are the load balancer's."""
        batch = self._batches.get(message.balancer)
        if batch is None:
            bucket = attributes.get("access_logs.s3.bucket", "")
            prefix = attributes.get("access_logs.s3.prefix", "")
            balancer = resource_of(message.balancer).removeprefix("loadbalancer/")
            batch = Batch(message.region, balancer, bucket, prefix)
            self._batches[message.balancer] = batch
        batch.lines += message.lines

    async def run(self) -> None:
        """Write files when five minutes of the world are over, for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if self._clock.now() // SECONDS > self._written:
                await self.write()

    async def write(self) -> None:
        """Write what there is."""
        self._written = self._clock.now() // SECONDS
        batches, self._batches = self._batches, {}
        for batch in batches.values():
            await asyncio.to_thread(self._deliver, batch, self._written * SECONDS)

    def _deliver(self, batch: Batch, end: float) -> None:
        name = "".join(self._random.choices(ALPHABET, k=8))
        body = gzip.compress("".join(f"{each}\n" for each in batch.lines).encode())
        params: Params = {
            "Bucket": batch.bucket,
            "Key": object_key(batch.prefix, batch.region, batch.balancer, end, name),
            "Body": body,
        }
        try:
            self._put("PutObject", params, batch.region)
        except Fault as fault:
            where = f"access logs of {batch.balancer} in {batch.bucket}"
            log.warning("the %s: %s: %s", where, fault.code, fault.message)
