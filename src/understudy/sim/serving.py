"""How instances serve requests, and how clients send them: the parameters of the queue."""

from dataclasses import dataclass

from understudy.base.service_time import Distribution, ServiceTime
from understudy.sim.queueing import Rules
from understudy.sim.service_time import Empirical

UNLIMITED = 1 << 40
"""No limit to the requests that wait at an instance."""
TIMEOUT = 60.0
"""Seconds that a model has to answer. AWS: Use your own inference code with hosting services."""


@dataclass(frozen=True, slots=True)
class Serving:
    """How a model server serves. Times are seconds of world time.

    ``concurrency`` requests are served at once and ``queue`` more may wait at an instance; others
    are refused with 503. A request that takes longer than ``timeout`` fails, and so do ``failures``
    (0 to 1) of all. Clients send a failed request up to ``tries`` times in all: ``backoff`` seconds
    after the first failure, and each time twice as long after the next. Requests come from so many
    ``clients`` in turn, each with its cookies; with 0, each comes from a new one.
    """

    service_time: Distribution | Empirical
    concurrency: int = 1
    failures: float = 0.0
    queue: int = UNLIMITED
    timeout: float = TIMEOUT
    tries: int = 1
    backoff: float = 1.0
    clients: int = 0

    @property
    def rules(self) -> Rules:
        """What holds for every request."""
        room = self.concurrency + self.queue
        return Rules(room, self.timeout, self.failures, self.tries, self.backoff)


def serving_of(service_time: ServiceTime | Empirical) -> Serving:
    """How a stand-in serves, or a model whose bare service times were measured."""
    if isinstance(service_time, Empirical):
        return Serving(service_time)
    return Serving(service_time.distribution, service_time.concurrency, service_time.failures)
