"""What the engine and the data plane say to each other."""

from msgspec import Struct

from understudy.base.arn import DEFAULT_REGION
from understudy.control.balancer import Balanced
from understudy.control.events import (
    BalancerReached,
    RemoveBalancer,
    Served,
    SetBalancer,
    TargetsTurned,
    VariantRoute,
)


class Settings(Struct, frozen=True):
    """How the data plane works. Times are seconds of real time; ``seed`` makes choices repeatable.

    ``report_interval`` is how often it reports, ``ping_interval`` how often it asks each target for
    its health; ``unhealthy_threshold`` failures in a row take a target out. ``authority`` is the
    folder of the certificate authority that load balancers' certificates are made by. While it has
    load balancers, a data plane whose engine has died serves on for ``patience`` seconds, and the
    next engine finds it by the name ``reunion``.
    """

    report_interval: float = 0.1
    ping_interval: float = 5.0
    ping_timeout: float = 2.0
    unhealthy_threshold: int = 3
    seed: int = 0
    authority: str = ""
    reunion: str = ""
    patience: float = 0.0


class SetClock(Struct, frozen=True, tag=True):
    """World time is ``world_epoch + (now - real_epoch) * speed``.

    ``now`` and ``real_epoch`` are readings of ``time.monotonic()``, which every process of a
    machine shares and nobody can set. Nothing is reported before the first one.
    """

    real_epoch: float
    world_epoch: float
    speed: float = 1.0


class SetEndpoint(Struct, frozen=True, tag=True):
    """Send an endpoint's requests to these targets from now on.

    A variant may be there twice, as two fleets with their shares of the weight. Targets that are
    new are taken to be healthy.
    """

    name: str
    variants: tuple[VariantRoute, ...]
    region: str = DEFAULT_REGION


class RemoveEndpoint(Struct, frozen=True, tag=True):
    """The endpoint is gone. What is in flight is still answered."""

    name: str
    region: str = DEFAULT_REGION


class Drain(Struct, frozen=True, tag=True):
    """Send an instance no more requests; ``Drained`` follows, after the deadline at the latest.

    ``deadline_s`` counts in the time in which the variant's latencies count: world time for a
    stand-in, real time for a model.
    """

    instance_id: str
    deadline_s: float


class SetControl(Struct, frozen=True, tag=True):
    """The control plane speaks HTTP at this unix socket from now on."""

    path: str


class Leave(Struct, frozen=True, tag=True):
    """End at once, and do not wait for another engine."""


ToProxy = (
    SetControl
    | Leave
    | SetClock
    | SetEndpoint
    | RemoveEndpoint
    | Drain
    | SetBalancer
    | RemoveBalancer
)


class Ready(Struct, frozen=True, tag=True):
    """The data plane accepts connections here."""

    host: str
    port: int


class Report(Struct, frozen=True, tag=True):
    """What was served, second by second of world time, since the last report.

    ``watermark`` is the time (a whole second) up to which everything is included, in every region;
    it never falls. There is one report for each region that had traffic, or an empty one.
    ``balanced`` is what load balancers did.
    """

    watermark: float
    served: tuple[Served, ...]
    region: str = DEFAULT_REGION
    balanced: tuple[Balanced, ...] = ()


class Drained(Struct, frozen=True, tag=True):
    """An instance has no request in flight any more, or its time is up and ``cut`` still are."""

    instance_id: str
    cut: int = 0


class TargetHealth(Struct, frozen=True, tag=True):
    """An instance stopped answering its health check, or answers it again."""

    instance_id: str
    healthy: bool
    reason: str = ""


class Wanted(Struct, frozen=True, tag=True):
    """A serverless variant has so many requests at hand, and not an environment for each."""

    endpoint: str
    variant: str
    count: int
    region: str = DEFAULT_REGION


class Logged(Struct, frozen=True, tag=True):
    """Lines of a load balancer's access log."""

    region: str
    balancer: str
    lines: tuple[str, ...]


FromProxy = (
    Logged | Ready | Report | Drained | TargetHealth | Wanted | BalancerReached | TargetsTurned
)
