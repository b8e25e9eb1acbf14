"""Asking whoever provides a custom resource, and waiting for what is put at the answer's address.

AWS: Custom resource request and response reference. The address is a presigned URL of S3.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.deploy.handler import Invoke
from understudy.live.functions import LiveFunctions
from understudy.live.loop import LiveLoop
from understudy.live.objects import StoredObjects

FIRST_LOOK, LONGEST_LOOK = 0.02, 0.5
"""Real seconds between two looks for the answer."""
GRACE = 1.0
"""Real seconds that an answer may come after its function has ended."""
SILENCE = (
    "CloudFormation did not receive a response from your Custom Resource. Please check your logs "
    "for requestId [{}]. If you are using the Python cfn-response module, you may need to update "
    "your Lambda function code so that CloudFormation can attach the updated version."
)

Publish = Callable[[str, str, str], Awaitable[Params]]
"""Publishes a message to a topic: its ARN, the message, the region."""


class CustomResources:
    """Asks functions and topics on behalf of stacks."""

    def __init__(
        self,
        loop: LiveLoop,
        functions: LiveFunctions,
        objects: StoredObjects,
        publish: Publish,
        endpoint: str,
    ) -> None:
        self._loop = loop
        self._functions = functions
        self._objects = objects
        self._publish = publish
        self._endpoint = endpoint

    async def ask(self, params: Params, region: str) -> Params:
        """What the provider answers: Status, PhysicalResourceId, Data and Reason.

        ``params`` are the Event without its ResponseURL, and the Timeout in real seconds. Raises
        Fault where nobody answers.
        """
        event: Params = params["Event"]
        where = self._where(event, region)
        await asyncio.to_thread(self._make_bucket, where["Bucket"], region)
        found = await self._look(where, region)
        if found is not None:  # answered before the engine was restarted
            return found
        asked = {**event, "ResponseURL": self._address(where, params["Timeout"])}
        running = await self._begin(event["ServiceToken"], region, asked)
        answer = await self._wait(where, region, running, params["Timeout"])
        if answer is None:
            raise Fault("NoResponse", SILENCE.format(event["RequestId"]))
        return answer

    async def _begin(
        self, provider: str, region: str, event: Params
    ) -> "asyncio.Task[bool] | None":
        parts = provider.split(":")
        if len(parts) > 5 and parts[2] == "lambda":
            return await self._functions.started(provider, parts[3], event)
        if len(parts) > 5 and parts[2] == "sns":
            await self._publish(provider, json.dumps(event), parts[3])
            return None
        raise Fault("InvalidRequest", f"Invalid service token: {provider}")

    @staticmethod
    def _where(event: Params, region: str) -> Params:
        bucket = f"cloudformation-custom-resource-response-{region.replace('-', '')}"
        stack = event["StackId"].rpartition(":")[2]
        return {
            "Bucket": bucket,
            "Key": f"{stack}/{event['LogicalResourceId']}/{event['RequestId']}",
        }

    def _address(self, where: Params, timeout: float) -> str:
        until = self._loop.clock.now() + (timeout + 60.0) * self._loop.clock.speed
        query = f"AWSAccessKeyId=AKIAUNDERSTUDY&Expires={int(until)}&Signature=accepted"
        return f"{self._endpoint}/{where['Bucket']}/{quote(where['Key'])}?{query}"

    def _make_bucket(self, bucket: str, region: str) -> None:
        try:
            self._objects.call("HeadBucket", {"Bucket": bucket}, region)
        except Fault:
            self._objects.call("CreateBucket", {"Bucket": bucket}, region)

    async def _wait(
        self, where: Params, region: str, running: "asyncio.Task[bool] | None", timeout: float
    ) -> Params | None:
        """The answer; None where none has come by the end, or the function has failed for good."""
        clock = asyncio.get_running_loop().time
        until, pause = clock() + timeout, FIRST_LOOK
        while clock() < until:
            found = await self._look(where, region)
            if found is not None:
                return found
            if running is not None and running.done() and not running.result():
                until = min(until, clock() + GRACE)
                running = None
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_LOOK)
        return None

    async def _look(self, where: Params, region: str) -> Params | None:
        try:
            found = await asyncio.to_thread(self._objects.call, "GetObject", where, region)
        except Fault:
            return None
        try:
            answer: Any = json.loads(found["Body"])
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise Fault("InvalidResponse", "Invalid response object: Value must be a JSON object")
        return answer  # pyright: ignore[reportUnknownVariableType]


async def publish(world: Any, topic: str, message: str, region: str) -> Params:
    """Publish a request to a topic through the world's kept SNS. Raises Fault."""
    asked = Invoke("sns", "Publish", {"TopicArn": topic, "Message": message})
    answer: Params | Fault = await world.look_up(asked, region)
    if isinstance(answer, Fault):
        raise answer
    return answer
