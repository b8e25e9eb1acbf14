"""What the engine asks of Lambda and of those who provide custom resources."""

from understudy.base.fault import Fault
from understudy.control.events import Call, Params
from understudy.live.custom_resources import CustomResources
from understudy.live.functions import LiveFunctions


class Providers:
    """Answers the calls of Lambda that are performed outside the engine."""

    def __init__(self, functions: LiveFunctions, resources: CustomResources) -> None:
        self.functions = functions
        self._resources = resources

    async def answer(self, call: Call) -> Params:
        """The output of a call. Raises Fault."""
        match call.operation:
            case "Invoke":
                return await self.functions.invoke(call.params, call.region)
            case "understudy:Keep":
                return await self.functions.with_code(call.params, call.region)
            case "understudy:Ask":
                return await self._resources.ask(call.params, call.region)
            case _:
                raise Fault("InvalidAction", f"Lambda has no {call.operation} here.")
