"""Requests on their way: when each arrives and how long it takes, drawn part by part."""

from collections.abc import Iterable, Iterator

import numpy as np

from understudy.sim.queueing import Floats
from understudy.sim.service_time import draw
from understudy.sim.serving import Serving

Part = tuple[int, Floats, Floats]
"""The number of the first request; arrivals and service times in seconds."""


class Load:
    """A stream of requests in the order of their arrival.

    ``parts`` are arrival times of the world; ``services`` are the service times of the same
    requests in the same parts, where they are known, else they are drawn.
    """

    def __init__(
        self,
        parts: Iterable[Floats],
        serving: Serving,
        seed: int,
        services: Iterable[Floats] | None = None,
    ) -> None:
        self._parts = iter(parts)
        self._services = None if services is None else iter(services)
        self._serving = serving
        self.seed = seed
        self._generator = np.random.default_rng(seed)
        self._part: Part = (0, np.empty(0), np.empty(0))
        self._next = 0

    def take(self, until: float) -> Iterator[Part]:
        """The requests that arrive before a time and were not taken yet."""
        while True:
            number, arrivals, services = self._part
            begin, end = self._next, int(arrivals.searchsorted(until))
            if end > begin:
                self._next = end
                yield number + begin, arrivals[begin:end], services[begin:end]
            if self._next < arrivals.size or not self._draw():
                return

    def _draw(self) -> bool:
        """Go on to the next part; whether there is one."""
        arrivals = next(self._parts, None)
        if arrivals is None:
            return False
        if self._services is None:
            services = draw(self._serving.service_time, arrivals.size, self._generator)
        else:
            services = next(self._services)
        number, before, _ = self._part
        self._part = number + before.size, arrivals, services
        self._next = 0
        return True
