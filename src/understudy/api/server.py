"""The control plane's HTTP side: which service a request is for, and its answer on the wire."""

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from understudy.api import s3
from understudy.api.asgi import Disconnected
from understudy.api.http import Request, Response
from understudy.api.wire.decode import decode
from understudy.api.wire.encode import encode
from understudy.api.wire.faults import encode_fault, not_offered
from understudy.api.wire.identify import identify
from understudy.api.wire.request import WireCall, WireRequest
from understudy.api.wire.validate import validate
from understudy.base.fault import Fault
from understudy.base.identity import Ids
from understudy.base.ledger import BookRequest
from understudy.bookkeeping.moto import BookAnswer, Books
from understudy.bookkeeping.services import KEPT_SERVICES, host_of
from understudy.control.events import Params
from understudy.control.lambda_.permission import CALLER, of_balancer
from understudy.deploy.outside import with_found
from understudy.deploy.services import OWNER
from understudy.deploy.signalling import BUCKET
from understudy.live.clock import real_now
from understudy.live.functions import LiveFunctions
from understudy.live.loop import LiveLoop
from understudy.live.objects import StoredObjects
from understudy.live.world import LiveWorld

log = logging.getLogger(__name__)

OWN = "/_understudy/"
HANDLES = f"/{BUCKET}-"
READS = re.compile(r"^(Describe|List|Get|Validate|Estimate)")
CALLING = "x-understudy-target-group"
"""The header in which our data plane says for which target group it calls a function."""
PACKAGED = ("CreateFunction", "UpdateFunctionCode")
INTERNAL = "An internal error has occurred. The engine's log says more."

Manage = Callable[[Request], Awaitable[Response]]


@dataclass(slots=True)
class Server:
    """Answers every request that is not an invocation. ``manage`` answers our own paths."""

    loop: LiveLoop
    world: LiveWorld
    objects: StoredObjects
    functions: LiveFunctions
    books: Books
    manage: Manage
    ids: Ids

    async def respond(self, request: Request) -> Response:
        """The answer to a request. A bug is answered as an internal failure, and logged."""
        if request.path.startswith(OWN):
            return await self.manage(request)
        request_id = self.ids.uuid()
        head = WireRequest(request.method, request.path, request.query, request.headers)
        call = identify(head) if _is_rest(request) else None
        if call is None or (call.service != "s3" and call.fault is not None):
            head = WireRequest(
                request.method, request.path, request.query, request.headers, await request.body()
            )
            call = identify(head)
        try:
            if call.service == "s3":
                return await self._s3(call, request, request_id)
            return await self._answer(call, request, head, request_id)
        except Fault as fault:
            return encode_fault(call, fault, request_id, request.path)
        except Disconnected:
            raise
        except Exception:
            log.exception("%s:%s failed", call.service, call.operation)
            internal = Fault("InternalFailure", INTERNAL, 500)
            return encode_fault(call, internal, request_id, request.path)

    async def _s3(self, call: WireCall, request: Request, request_id: str) -> Response:
        if request.path.startswith(HANDLES):
            return await self._signal(request, request_id)
        return await s3.respond(
            self.objects.store, request, call.region, request_id, self.loop.clock.now, real_now
        )

    async def _signal(self, request: Request, request_id: str) -> Response:
        """Take what is PUT to the address of a wait condition's handle."""
        region = request.path.removeprefix(HANDLES).partition("/")[0]
        said = {
            "Url": f"{request.path}?{request.query}",
            "Body": (await request.body()).decode(errors="replace"),
        }
        self.loop.call(region, OWNER, "SignalWaitConditionHandle", said, request_id)
        return Response(200, (("content-length", "0"),), b"")

    async def _answer(
        self, call: WireCall, request: Request, head: WireRequest, request_id: str
    ) -> Response:
        if call.fault is not None:
            raise call.fault
        if not head.body:
            head = replace(head, body=await request.body())
        if call.service == "lambda":
            return await self._lambda(call, head, request_id)
        if not self.loop.engine.offers(call.service, call.operation):
            if call.service in KEPT_SERVICES:
                return await self._kept(call, head)
            raise not_offered(call.service, call.operation)
        params = decode(call, head)
        if self.loop.engine.passes_on(call.service, call.operation, params):
            return await self._kept(call, head)
        validate(call, params)
        params = await self._looked_up(call, params)
        output = self._perform(call, params, request_id)
        return encode(call, output, request_id)

    async def _lambda(self, call: WireCall, head: WireRequest, request_id: str) -> Response:
        """Lambda: what it keeps is the engine's, packages and calls are the world's."""
        invoked = call.operation == "Invoke"
        if not invoked and not self.loop.engine.offers(call.service, call.operation):
            raise not_offered(call.service, call.operation)
        params = decode(call, head)
        validate(call, params)
        if invoked:
            if CALLING in head.headers:
                params[CALLER] = of_balancer(head.headers[CALLING])
            output = await self.functions.invoke(params, call.region)
            text: str = output.get("Payload", "")
            return encode(call, {**output, "Payload": text.encode()}, request_id)
        if call.operation in PACKAGED:
            params = await self.functions.with_code(params, call.region)
        return encode(call, self._perform(call, params, request_id), request_id)

    def _perform(self, call: WireCall, params: Params, request_id: str) -> Params:
        if READS.match(call.operation):
            return self.loop.query(call.region, call.service, call.operation, params)
        return self.loop.call(call.region, call.service, call.operation, params, request_id)

    async def _looked_up(self, call: WireCall, params: Params) -> Params:
        """The parameters of a call with all that its answer needs to know of the world."""
        while needs := self.loop.needs(call.region, call.service, call.operation, params):
            for need in needs:
                answer = await self.world.look_up(need, call.region)
                params = with_found(params, need, answer)
        return params

    async def _kept(self, call: WireCall, head: WireRequest) -> Response:
        request = BookRequest(
            call.service,
            host_of(call.service, call.region),
            head.method,
            head.path,
            head.query,
            {**head.headers},
            head.body,
        )
        answer: BookAnswer = await self.world.keep_books(lambda: self.books.answer(request))
        headers = tuple((name.lower(), value) for name, value in answer.headers.items())
        return Response(answer.status, headers, answer.body)


def _is_rest(request: Request) -> bool:
    """Whether a request can be told by its head: no form, no target. Its body may then stream."""
    kind = request.headers.get("content-type", "")
    return "x-amz-target" not in request.headers and "x-www-form-urlencoded" not in kind
