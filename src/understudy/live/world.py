"""The live world: performs what the engine commands, and reports what came of it."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from understudy.base.fault import Fault
from understudy.bookkeeping.moto import Books
from understudy.bookkeeping.outbox import Delivery, Invocation, Leaving
from understudy.control.events import (
    AnyCommand,
    Call,
    CallAnswered,
    CallFailed,
    Launch,
    LaunchTask,
    Params,
    RemoveBalancer,
    RemoveRoute,
    SetBalancer,
    SetRoute,
    Stop,
    StopTask,
)
from understudy.control.sagemaker.asynchronous import OWNER
from understudy.deploy.handler import Invoke
from understudy.live.asynchronous import AsynchronousInferences
from understudy.live.bookkeeper import Bookkeeper
from understudy.live.deliveries import deliver
from understudy.live.fleets import Fleets
from understudy.live.front_door import FrontDoor
from understudy.live.instances import Instances
from understudy.live.loop import INTERNAL, LiveLoop
from understudy.live.providers import Providers
from understudy.proxy.messages import TargetHealth

log = logging.getLogger(__name__)

Result = TypeVar("Result")


class Objects(Protocol):
    """S3, as far as calls go."""

    def call(self, operation: str, params: Params, region: str) -> Params:
        """Perform an operation. Raises Fault."""
        ...


class LiveWorld:
    """Performs commands as tasks of the event loop."""

    def __init__(
        self,
        loop: LiveLoop,
        front_door: FrontDoor,
        instances: Instances,
        fleets: Fleets,
        objects: Objects,
        books: Books,
        providers: Providers,
        inferences: AsynchronousInferences,
    ) -> None:
        self._loop = loop
        self._front_door = front_door
        self._instances = instances
        self._fleets = fleets
        self._objects = objects
        self._books = books
        self._providers = providers
        self._inferences = inferences
        self._tasks: set[asyncio.Task[None]] = set()
        self._bookkeeper = Bookkeeper(loop, books, self._leave)
        loop.perform = self.perform

    def perform(self, command: AnyCommand) -> None:
        """Begin to do what the engine wants done."""
        match command:
            case Launch(kind="machine") | LaunchTask() | StopTask():
                self.spawn(self._fleets.perform(command))
            case Launch():
                self.spawn(self._instances.launch(command))
            case Stop():
                self.spawn(self._stop(command))
            case SetRoute() | RemoveRoute() | SetBalancer() | RemoveBalancer():
                self._front_door.perform(command)
            case Call():
                self._call_out(command)

    def _call_out(self, call: Call) -> None:
        if call.service in ("s3", "lambda", OWNER):
            self.spawn(self._call(call))
        elif self._bookkeeper.add(call):
            self.spawn(self._bookkeeper.work())

    def _leave(self, leaving: Leaving) -> None:
        """Let something leave the kept services."""
        if isinstance(leaving, Delivery):
            self.spawn(deliver(leaving))
        else:
            self.spawn(self.called(leaving))

    async def called(self, invocation: Invocation) -> None:
        """Call a function on behalf of a service; the log says why where that cannot be."""
        await self._providers.called(invocation)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside everything else; it ends with the world."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a command could not be performed", exc_info=error)

    async def _stop(self, command: Stop) -> None:
        if self._fleets.machines.knows(command.instance_id):
            await self._fleets.perform(command)
            return
        await self._front_door.drain(command.instance_id, command.drain)
        await self._instances.stop(command)

    async def _call(self, call: Call) -> None:
        try:
            output = await self._answer(call)
        except Fault as fault:
            self._refused(call, fault)
        except Exception:
            log.exception("%s:%s failed", call.service, call.operation)
            self._refused(call, Fault("InternalFailure", INTERNAL, 500))
        else:
            self._loop.submit(CallAnswered(self._loop.now(), call.region, call.call_id, output))

    def _refused(self, call: Call, fault: Fault) -> None:
        at = self._loop.now()
        self._loop.submit(
            CallFailed(at, call.region, call.call_id, fault.code, fault.message, fault.status)
        )

    async def look_up(self, invoke: Invoke, region: str) -> Params | Fault:
        """The answer of a call that only reads."""
        try:
            return await self._answer(
                Call(region, "", invoke.service, invoke.operation, invoke.params)
            )
        except Fault as fault:
            return fault

    async def keep(self, call: Call) -> Params:
        """Perform a call of a kept service, once for its id. Raises Fault."""
        return await self._answer(call)

    async def _answer(self, call: Call) -> Params:
        if call.service == "s3":
            return await asyncio.to_thread(
                self._objects.call, call.operation, call.params, call.region
            )
        if call.service == "lambda":
            return await self._providers.answer(call)
        if call.service == OWNER:
            return await self._inferences.answer(call)
        return await self.keep_books(
            lambda: self._books.call(
                call.service, call.operation, call.params, call.region, call.call_id
            )
        )

    async def keep_book(self, service: str, operation: str, params: Params, region: str) -> Params:
        """The output of an operation of a kept service. Raises Fault."""
        return await self.keep_books(lambda: self._books.call(service, operation, params, region))

    async def keep_books(self, work: Callable[[], Result]) -> Result:
        """Do something with the kept services, one at a time, off the event loop."""
        return await self._bookkeeper.do(work)

    async def listen(self) -> None:
        """Take in what the data plane reports, until it is stopped.

        Raises ConnectionError where it cannot be kept running.
        """
        await self._front_door.listen(self._unhealthy)

    def _unhealthy(self, message: TargetHealth) -> None:
        self.spawn(self._instances.replace(message.instance_id, message.reason))

    async def close(self) -> None:
        """End every instance and what is still being done."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._instances.close()
        self._bookkeeper.close()
