"""The health check of a container: GET /ping, again and again."""

import asyncio

PING_TIMEOUT = 2.0
"""AWS: Use Your Own Inference Code with Hosting Services: a ping is given 2 seconds."""

FIRST_PAUSE = 0.02
LONGEST_PAUSE = 0.25


async def ping(host: str, port: int) -> bool:
    """Whether one GET /ping is answered with 200 in time."""
    try:
        async with asyncio.timeout(PING_TIMEOUT):
            return (await _status_line(host, port)).split()[1:2] == [b"200"]
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return False


async def _status_line(host: str, port: int) -> bytes:
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(b"GET /ping HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        return await reader.readuntil(b"\r\n")
    finally:
        writer.close()


async def wait_until_healthy(host: str, port: int) -> None:
    """Return when a ping is healthy; the caller bounds the time and watches the process."""
    pause = FIRST_PAUSE
    while not await ping(host, port):
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)
