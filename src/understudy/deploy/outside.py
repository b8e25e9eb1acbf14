"""What an API call needs of the world before it can be answered: a template in S3, a parameter.

An operation is answered at once and the engine cannot call out, so whoever drives the engine asks
`operations.wanted` first, has it looked up, and puts what was found into the call's parameters
under `FOUND`; the event then holds all that the answer depends on. A lookup only reads.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.control.turn import Turn
from understudy.deploy.handler import Done, Effect, Handler, Identify, Invoke, Request, Start
from understudy.deploy.services import Services

FOUND = "understudy:found"
"""The member of a call's parameters that holds what was looked up."""


class Missing(Exception):  # noqa: N818 - it says what is still to be looked up
    """Something has to be looked up before the call can be answered."""

    def __init__(self, invoke: Invoke) -> None:
        super().__init__(invoke)
        self.invoke = invoke


def lookup(params: Params, invoke: Invoke) -> Params:
    """What was found. Raises Missing where nobody has looked yet, and the Fault of the answer."""
    found: dict[str, Any] = params.get(FOUND, {})
    answer = found.get(_key(invoke))
    if answer is None:
        raise Missing(invoke)
    if answer["code"]:
        raise Fault(answer["code"], answer["message"], answer["status"])
    return answer["output"]


def with_found(params: Params, invoke: Invoke, answer: Params | Fault) -> Params:
    """The parameters of a call with one more thing found."""
    refused = isinstance(answer, Fault)
    kept = {
        "output": None if refused else answer,
        "code": answer.code if refused else "",
        "message": answer.message if refused else "",
        "status": answer.status if refused else 200,
    }
    return {**params, FOUND: {**params.get(FOUND, {}), _key(invoke): kept}}


def _key(invoke: Invoke) -> str:
    return msgspec.json.encode((invoke.service, invoke.operation, invoke.params)).decode()


def caller(services: Services, params: Params, turn: Turn) -> Callable[[Invoke], Params]:
    """How to call from within an operation: at once, or from what was looked up."""

    def call(invoke: Invoke) -> Params:
        if services.offers(invoke.service, invoke.operation, invoke.params):
            return services.call(invoke.service, invoke.operation, invoke.params, turn)
        return lookup(params, invoke)

    return call


def read_through(start: Start, request: Request, call: Callable[[Invoke], Params]) -> Done:
    """What a handler that only reads comes to, each of its calls answered at once.

    Raises what the handler and ``call`` raise.
    """
    handler = start(request)
    try:
        effect = next(handler)
        while True:
            effect = _step(handler, effect, call)
    except StopIteration as stop:
        return stop.value


def _step(handler: Handler, effect: Effect, call: Callable[[Invoke], Params]) -> Effect:
    if isinstance(effect, Identify):
        return handler.send(None)
    if not isinstance(effect, Invoke):
        raise TypeError(f"a handler that only reads does not yield {effect}")
    try:
        output = call(effect)
    except Fault as fault:
        return handler.throw(fault)
    return handler.send(output)
