"""What the engine asks of Lambda and of those who provide custom resources."""

import json
import logging

from understudy.base.fault import Fault
from understudy.bookkeeping.outbox import Invocation
from understudy.control.events import Call, Params
from understudy.control.lambda_ import functions
from understudy.control.lambda_.permission import CALLER
from understudy.live.custom_resources import CustomResources
from understudy.live.dead_letters import DeadLetters
from understudy.live.functions import LiveFunctions

log = logging.getLogger(__name__)


class Providers:
    """Answers the calls of Lambda that are performed outside the engine."""

    def __init__(
        self, functions: LiveFunctions, resources: CustomResources, letters: DeadLetters
    ) -> None:
        self.functions = functions
        self._resources = resources
        self._letters = letters

    async def called(self, invocation: Invocation) -> None:
        """Call a function on behalf of a kept service; the log says why where that cannot be."""
        caller = {"Service": invocation.principal, "Source": invocation.source}
        params: Params = {
            "FunctionName": invocation.function,
            "InvocationType": "Event",
            "Payload": json.dumps(invocation.event),
            CALLER: caller,
        }
        try:
            await self.functions.invoke(params, invocation.function.split(":")[3])
        except Fault as fault:
            log.warning("%s did not call %s: %s", invocation.source, invocation.function, fault)
            about = {
                "RULE_ARN": invocation.source,
                "TARGET_ARN": invocation.function,
                "ERROR_CODE": fault.code,
                "ERROR_MESSAGE": fault.message,
            }
            body = json.dumps(invocation.event)
            await self._letters.bury(invocation.dead_letter, body, about)

    async def answer(self, call: Call) -> Params:
        """The output of a call. Raises Fault."""
        match call.operation:
            case "Invoke":
                return await self.functions.invoke(call.params, call.region)
            case functions.KEEP:
                return await self.functions.with_code(call.params, call.region)
            case "understudy:Ask":
                return await self._resources.ask(call.params, call.region)
            case _:
                raise Fault("InvalidAction", f"Lambda has no {call.operation} here.")
