"""A plain reverse proxy, as one writes it with aiohttp: ``aiohttp_proxy.py PORT BACKEND HOST...``.

It sends requests to the hosts in turns, all at the port BACKEND.
"""

import sys
from collections.abc import AsyncIterator
from itertools import cycle

import aiohttp
from aiohttp import web


def main() -> None:
    port, backend, *hosts = sys.argv[1:]
    turns = cycle(hosts)

    async def forward(request: web.Request) -> web.Response:
        url = f"http://{next(turns)}:{backend}{request.path_qs}"
        headers = {key: value for key, value in request.headers.items() if key != "Host"}
        headers["X-Forwarded-For"] = request.remote or ""
        async with request.app["session"].request(
            request.method, url, headers=headers, data=await request.read()
        ) as answer:
            kind = {"Content-Type": answer.headers["Content-Type"]}
            return web.Response(status=answer.status, body=await answer.read(), headers=kind)

    async def session(app: web.Application) -> AsyncIterator[None]:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as app["session"]:
            yield

    app = web.Application()
    app.cleanup_ctx.append(session)
    app.router.add_route("*", "/{tail:.*}", forward)
    web.run_app(app, host="127.0.0.1", port=int(port), print=None, access_log=None)


if __name__ == "__main__":
    main()
