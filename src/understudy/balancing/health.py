"""The health of a target as a state machine: probes in, states out.

    initial --------- one success ---------> healthy
    initial --- unhealthy threshold ------> unhealthy
    healthy --- unhealthy threshold ------> unhealthy     (failures in a row)
    unhealthy --- healthy threshold ------> healthy       (successes in a row)
    any ------------ deregistered --------> draining      (for good)

AWS: Health checks for your target groups, Target health status.
"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Target health status, in AWS's words."""

    INITIAL = "initial"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    DRAINING = "draining"


class Probe(StrEnum):
    """How one health check went. A refused connection means that nobody listens any more."""

    SUCCESS = "success"
    FAILURE = "failure"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How many probes in a row change a target's state; ``refused`` counts refused connections."""

    healthy: int
    unhealthy: int
    refused: int


def load_balancer(healthy: int = 5, unhealthy: int = 2) -> Thresholds:
    """The thresholds of an Application Load Balancer, where a refusal fails like any other probe.

    (AWS: Health checks for Application Load Balancer target groups, HealthyThresholdCount and
    UnhealthyThresholdCount.)
    """
    return Thresholds(healthy, unhealthy, refused=unhealthy)


def model_server(unhealthy: int = 3) -> Thresholds:
    """The thresholds of a SageMaker instance: back after one success, gone at once if refused."""
    return Thresholds(healthy=1, unhealthy=unhealthy, refused=1)


@dataclass(frozen=True, slots=True)
class Health:
    """A target's state, and how many probes in a row have spoken against it."""

    state: State
    against: int = 0

    @property
    def routable(self) -> bool:
        """Whether the target may be sent requests."""
        return self.state is State.HEALTHY


def probed(health: Health, probe: Probe, thresholds: Thresholds) -> Health:
    """The health after one more probe.

    With an unhealthy threshold of 2, a healthy target survives failure, success, failure, but not
    failure, failure.
    """
    state = health.state
    if state is State.DRAINING:
        return health
    if state is State.INITIAL and probe is Probe.SUCCESS:
        return Health(State.HEALTHY)
    verdict = State.HEALTHY if probe is Probe.SUCCESS else State.UNHEALTHY
    if verdict is state:
        return Health(state)
    against = health.against + 1
    return Health(verdict) if against >= _needed(probe, thresholds) else Health(state, against)


def probes_until_change(health: Health, probe: Probe, thresholds: Thresholds) -> int | None:
    """How many probes of one kind in a row change a target's state; None if none ever does.

    A healthy target with an unhealthy threshold of 2 turns after 2 failures, and after 1 if the
    last probe has already failed.
    """
    if health.state is State.DRAINING:
        return None
    for count in range(1, _needed(probe, thresholds) + 1):
        health, before = probed(health, probe, thresholds), health
        if health.state is not before.state:
            return count
    return None


def accepts(matcher: str, status: int) -> bool:
    """Whether a status is one of a matcher's, such as ``200``, ``200,202`` or ``200-299``.

    AWS: Matcher, HttpCode and GrpcCode.
    """
    for part in matcher.split(","):
        first, _, last = part.partition("-")
        if int(first) <= status <= int(last or first):
            return True
    return False


def deregistered() -> Health:
    """The health of a target that gets no new requests; what it has in flight may finish."""
    return Health(State.DRAINING)


def _needed(probe: Probe, thresholds: Thresholds) -> int:
    if probe is Probe.SUCCESS:
        return thresholds.healthy
    return thresholds.refused if probe is Probe.REFUSED else thresholds.unhealthy
