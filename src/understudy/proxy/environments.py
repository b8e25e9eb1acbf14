"""A serverless variant at the front door: one request to an environment, the others wait.

AWS: Deploy models with Amazon SageMaker Serverless Inference. A request that finds no environment
free waits until the engine has started one, or another request is done; one beyond MaxConcurrency
is throttled.
"""

from collections import deque
from collections.abc import Callable
from typing import Protocol

from understudy.control.events import Serverless
from understudy.proxy.messages import FromProxy, Wanted


class Waiting(Protocol):
    """A request that waits for an environment."""

    def resume(self) -> None:
        """An environment may be free now."""
        ...


class Environments:
    """The requests that a variant has: ``at_hand`` are those that wait and those being served."""

    __slots__ = ("_endpoint", "_maximum", "_region", "_send", "_variant", "_waiting", "at_hand")

    def __init__(
        self, region: str, endpoint: str, variant: str, send: Callable[[FromProxy], None]
    ) -> None:
        self._region = region
        self._endpoint = endpoint
        self._variant = variant
        self._send = send
        self._maximum = 0
        self._waiting: deque[Waiting] = deque()
        self.at_hand = 0

    def allow(self, serverless: Serverless) -> None:
        """Take so many requests at a time from now on."""
        self._maximum = serverless.maximum

    def enter(self) -> bool:
        """Take one more request, unless there are as many as may be."""
        if self.at_hand >= self._maximum:
            return False
        self.at_hand += 1
        return True

    def leave(self) -> None:
        """A request is done: the next one may have its environment."""
        self.at_hand -= 1
        if self._waiting:
            self._waiting.popleft().resume()

    def wait(self, request: Waiting) -> None:
        """Keep a request that found no environment, and tell the engine how many are wanted."""
        self._waiting.append(request)
        self._send(Wanted(self._endpoint, self._variant, self.at_hand, self._region))

    def give_up(self, request: Waiting) -> bool:
        """Forget a request that waits; False if it does not."""
        if request not in self._waiting:
            return False
        self._waiting.remove(request)
        return True

    def look_again(self) -> None:
        """There may be more environments now: each request that waits tries again, once."""
        for _ in range(len(self._waiting)):
            self._waiting.popleft().resume()
