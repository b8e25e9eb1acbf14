"""Lambda in the live world: packages are kept, functions run, custom resources are asked.

A function runs in real time whatever the speed of the world: its code takes the time it takes.
"""

import asyncio
import base64
import json
import logging
from pathlib import Path
from typing import Any

from understudy.base.fault import Fault
from understudy.base.identity import Ids
from understudy.control.events import Params
from understudy.control.lambda_.functions import CODE
from understudy.control.lambda_.permission import CALLER
from understudy.control.lambda_.service import DRAW
from understudy.live.dead_letters import DeadLetters
from understudy.live.loop import LiveLoop
from understudy.live.objects import StoredObjects
from understudy.runtimes.functions.package import Packages, inline
from understudy.runtimes.functions.process import Functions, Outcome
from understudy.runtimes.functions.sandbox import FunctionSpec

log = logging.getLogger(__name__)

TRIES = (0.0, 60.0, 120.0)
"""World seconds before each try of an asynchronous call. AWS: Invoking asynchronously, retries."""

LONGEST_ERROR = 1024
"""AWS: Adding a dead-letter queue: the first KB of the error message."""


class LiveFunctions:
    """Runs functions of the engine's Lambda."""

    def __init__(
        self,
        loop: LiveLoop,
        objects: StoredObjects,
        folder: Path,
        endpoint: str,
        ids: Ids,
        letters: DeadLetters,
    ) -> None:
        self._loop = loop
        self._objects = objects
        self._folder = folder
        self._endpoint = endpoint
        self._ids = ids
        self._letters = letters
        self._packages = Packages(folder / "packages")
        self._functions = Functions()
        self._behind: set[asyncio.Task[Any]] = set()

    async def with_code(self, params: Params, region: str) -> Params:
        """A call's parameters with its package kept, and named by what it is. Raises Fault."""
        code: Params = params.get("Code", params)
        if code.get("ImageUri"):
            return params
        content = await asyncio.to_thread(self._content, code, params, region)
        if content is None:
            return params
        sha, size = await asyncio.to_thread(self._packages.keep, content)
        rest = {key: value for key, value in params.items() if key not in ("Code", "ZipFile")}
        return {**rest, CODE: {"Sha256": sha, "Size": size}}

    def _content(self, code: Params, params: Params, region: str) -> bytes | None:
        zipped: Any = code.get("ZipFile")
        if isinstance(zipped, str):  # a template's inline code
            return inline(zipped, params.get("Runtime", ""))
        if zipped is not None:
            return bytes(zipped)
        if "S3Bucket" not in code:
            return None
        where = {"Bucket": code["S3Bucket"], "Key": code["S3Key"]}
        if code.get("S3ObjectVersion"):
            where["VersionId"] = code["S3ObjectVersion"]
        try:
            return self._objects.bytes(where, region)
        except Fault as fault:
            raise Fault(
                "InvalidParameterValueException",
                f"Error occurred while GetObject. S3 Error Code: {fault.code}. "
                f"S3 Error Message: {fault.message}",
            ) from fault

    async def invoke(self, params: Params, region: str) -> Params:
        """Invoke: the answer of a synchronous call has its payload as text. Raises Fault."""
        found = self._runnable(params, region)
        kind = params.get("InvocationType", "RequestResponse")
        event = _event(params.get("Payload"))
        if kind == "DryRun":
            return {"StatusCode": 204}
        if kind == "Event":
            self.begin(found, region, event)
            return {"StatusCode": 202}
        outcome = await self._run(found, region, event)
        answer: Params = {
            "StatusCode": 200,
            "ExecutedVersion": found["Version"],
            "Payload": outcome.payload,
        }
        if outcome.failed:
            answer["FunctionError"] = "Unhandled"
        if params.get("LogType") == "Tail":
            answer["LogResult"] = base64.b64encode(outcome.log).decode()
        return answer

    def _runnable(self, params: Params, region: str) -> Params:
        asked = {
            key: params[key] for key in ("FunctionName", "Qualifier", CALLER) if params.get(key)
        }
        asked[DRAW] = int(self._ids.hex(8), 16) / 16**8
        return self._loop.query(region, "lambda", "understudy:Runnable", asked)

    def begin(self, found: Params, region: str, event: Any) -> "asyncio.Task[bool]":
        """Call a function asynchronously, up to three times; whether it succeeded in the end."""
        task = asyncio.get_running_loop().create_task(self._try(found, region, event))
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)
        return task

    async def started(self, function: str, region: str, event: Any) -> "asyncio.Task[bool]":
        """The same for a function by its name or ARN. Raises Fault where it cannot run here."""
        return self.begin(self._runnable({"FunctionName": function}, region), region, event)

    async def _try(self, found: Params, region: str, event: Any) -> bool:
        payload = ""
        for wait in TRIES:
            await asyncio.sleep(wait / self._loop.clock.speed)
            try:
                outcome = await self._run(found, region, event)
            except Fault as fault:
                log.warning("function %s cannot run: %s", found["Name"], fault.message)
                return False
            if not outcome.failed:
                return True
            payload = outcome.payload
        about = {
            "RequestID": self._ids.uuid(),
            "ErrorCode": "200",
            "ErrorMessage": payload[:LONGEST_ERROR],
        }
        await self._letters.bury(found["DeadLetter"], json.dumps(event), about)
        return False

    async def _run(self, found: Params, region: str, event: Any) -> Outcome:
        folder = self._folder / "run" / found["Name"]
        spec = FunctionSpec(
            name=found["Name"],
            arn=found["Arn"],
            version=found["Version"],
            revision=found["Revision"],
            region=region,
            runtime=found["Runtime"],
            handler=found["Handler"],
            timeout=found["Timeout"],
            memory=found["MemorySize"],
            variables=found["Variables"],
            code=self._packages.folder(found["Code"]).resolve(),
            scratch=(folder / "tmp").resolve(),
            endpoint=self._endpoint,
            log_stream=f"[{found['Version']}]{found['Revision'].replace('-', '')}",
        )
        return await self._functions.call(spec, self._ids.uuid(), event)

    async def close(self) -> None:
        """End every function."""
        for task in tuple(self._behind):
            task.cancel()
        await asyncio.gather(*self._behind, return_exceptions=True)
        await self._functions.close()


def _event(payload: Any) -> Any:
    """The event in a payload: bytes, text or a value; nothing counts as an empty map."""
    if not payload:
        return {}
    if not isinstance(payload, bytes | bytearray | str):
        return payload
    try:
        return json.loads(payload)
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise Fault("InvalidRequestContentException", message) from error
