"""Clients that never stop asking, and what came of it."""

import http.client
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def asking(
    port: int, host: str, clients: int = 4, path: str = "/", body: bytes | None = None
) -> Generator[Counter[str]]:
    """GET a path of a host at a port again and again, or POST a body to it, until the block ends.

    What comes back counts answers by their status, and failures by their kind.
    """
    outcomes: Counter[str] = Counter()
    stop = threading.Event()
    method = "GET" if body is None else "POST"

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
        while not stop.is_set():
            try:
                connection.request(method, path, body, {"Host": host})
                answer = connection.getresponse()
                answer.read()
                outcomes[str(answer.status)] += 1
            except (OSError, http.client.HTTPException) as error:
                outcomes[type(error).__name__] += 1
                connection.close()
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield outcomes
    finally:
        stop.set()
        for thread in threads:
            thread.join()
