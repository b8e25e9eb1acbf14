"""An ASGI application from a function of HTTP values, for uvicorn to serve.

Bodies stream in both directions: a request's is received as it is asked for, an answer's is sent as
the client takes it, and an answer that a client no longer waits for is given up.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from understudy.api.http import Request, Response

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Respond = Callable[[Request], Awaitable[Response]]

_BODILESS = frozenset({204, 304})


class Disconnected(Exception):  # noqa: N818 - it says what happened
    """The client went away before its request was complete."""


class Body:
    """The body of a request, which can be read once; ``complete`` says that it was, to its end."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.complete = False

    async def chunks(self) -> AsyncGenerator[bytes]:
        """The chunks of the body. Raises Disconnected."""
        while not self.complete:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            self.complete = not message.get("more_body", False)
            if message.get("body"):
                yield message["body"]


def application(respond: Respond) -> Application:
    """The ASGI application that answers every HTTP request with what ``respond`` gives."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            body = Body(receive)
            request = _request(scope, body)
            try:
                response = await respond(request)
            except Disconnected:
                return
            await _send(request, response, body, receive, send)

    return serve


async def _live(receive: Receive, send: Send) -> None:
    while (message := await receive())["type"] != "lifespan.shutdown":
        await send({"type": f"{message['type']}.complete"})
    await send({"type": "lifespan.shutdown.complete"})


def _request(scope: Scope, body: Body) -> Request:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return Request(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        stream=body.chunks(),
    )


async def _send(
    request: Request, response: Response, body: Body, receive: Receive, send: Send
) -> None:
    content = response.body
    headers = [(name.encode("latin-1"), _header_bytes(text)) for name, text in response.headers]
    named = {name.lower() for name, _ in response.headers}
    if (
        isinstance(content, bytes)
        and "content-length" not in named
        and response.status not in _BODILESS
    ):
        headers.append((b"content-length", b"%d" % len(content)))
    if not body.complete and "100-continue" in request.headers.get("expect", "").lower():
        # The client was not asked for its body, so what it sends next is another request.
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if isinstance(content, bytes):
        await send({"type": "http.response.body", "body": content})
    else:
        await _stream(content, receive, send)


def _header_bytes(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()


async def _stream(content: AsyncIterator[bytes], receive: Receive, send: Send) -> None:
    """Send chunk after chunk until there are no more, or until the client has gone."""
    gone = asyncio.ensure_future(_disconnection(receive))
    try:
        async for chunk in content:
            if gone.done():
                return
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    finally:
        gone.cancel()
        close = getattr(content, "aclose", None)
        if close is not None:
            await close()


async def _disconnection(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
