"""Where an endpoint's requests go: its variants by weight, and their targets by load."""

from collections.abc import Callable

from understudy.balancing.routing import NOBODY, choose_variant, least_outstanding
from understudy.control.events import VariantRoute
from understudy.proxy.environments import Environments
from understudy.proxy.messages import Drain, FromProxy, RemoveEndpoint, SetEndpoint
from understudy.proxy.record import EnvironmentLedger, VariantLedger, WorldClock
from understudy.proxy.targets import Backend, Targets


class Variant:
    """A production variant, or one of its fleets: targets, and those of them that take requests.

    A serverless one has ``environments``.
    """

    __slots__ = (
        "backends", "environments", "ledger", "line", "name", "routable", "stand_in", "weight",
    )  # fmt: skip

    def __init__(
        self,
        route: VariantRoute,
        backends: list[Backend],
        ledger: VariantLedger,
        environments: Environments | None = None,
    ) -> None:
        self.environments = environments
        self.name = route.name.encode()
        self.line = b"x-Amzn-Invoked-Production-Variant: %b\r\n" % self.name
        self.weight = route.weight
        self.stand_in = route.stand_in
        self.backends = backends
        self.ledger = ledger
        self.routable: list[Backend] = []

    def pick(self, uniform: Callable[[], float], avoid: Backend | None) -> Backend | None:
        """The target with the least outstanding requests, other than ``avoid``."""
        routable = self.routable
        if self.environments is not None:
            routable = [backend for backend in routable if not backend.outstanding]
        if avoid is not None:
            routable = [backend for backend in routable if backend is not avoid]
        if len(routable) == 1:
            return routable[0]
        index = least_outstanding([backend.outstanding for backend in routable], uniform())
        return None if index == NOBODY else routable[index]


class Endpoint:
    """An endpoint with its variants, in the order of its configuration."""

    __slots__ = ("_weights", "environments", "ledgers", "name", "region", "variants")

    def __init__(self, region: str, name: str) -> None:
        self.region = region
        self.name = name
        self.variants: list[Variant] = []
        self.ledgers: dict[str, VariantLedger] = {}
        self.environments: dict[str, Environments] = {}
        self._weights: list[float] = []

    def replace(self, variants: list[Variant]) -> None:
        """Route to these variants from now on."""
        self.variants = variants
        self._weights = [variant.weight for variant in variants]

    def choose(self, name: bytes, uniform: Callable[[], float]) -> Variant | None:
        """The variant of the next request: by weight, or of a name where there is one."""
        if name:
            return self._named(name, uniform)
        if len(self.variants) == 1:
            return self.variants[0]
        index = choose_variant(self._weights, uniform())
        return None if index == NOBODY else self.variants[index]

    def _named(self, name: bytes, uniform: Callable[[], float]) -> Variant | None:
        """The variant of that name, or one of its fleets by weight, while it has two."""
        fleets = [variant for variant in self.variants if variant.name == name]
        if not fleets:
            return None
        return fleets[max(0, choose_variant([fleet.weight for fleet in fleets], uniform()))]

    def refresh(self) -> None:
        """Find out again which targets may be sent requests, and count them by variant."""
        for ledger in self.ledgers.values():
            ledger.instances = 0
        for variant in self.variants:
            variant.routable = [each for each in variant.backends if each.health.routable]
            variant.ledger.instances += len(variant.routable)
        for environments in self.environments.values():
            environments.look_again()


class Routes:
    """All endpoints by name, then by region, and their targets."""

    __slots__ = ("_by_name", "_clock", "_send", "targets")

    def __init__(
        self, clock: WorldClock, send: Callable[[FromProxy], None], unhealthy_threshold: int
    ) -> None:
        self._by_name: dict[bytes, dict[bytes, Endpoint]] = {}
        self._clock = clock
        self._send = send
        self.targets = Targets(send, self._refresh, unhealthy_threshold)

    def find(self, name: bytes, region: bytes) -> Endpoint | None:
        """The endpoint of that name in a region; in any, if the request does not say which."""
        regions = self._by_name.get(name)
        if regions is None:
            return None
        return regions.get(region) if region else next(iter(regions.values()))

    def set(self, message: SetEndpoint) -> None:
        """Add an endpoint, or change where its requests go."""
        regions = self._by_name.setdefault(message.name.encode(), {})
        endpoint = regions.setdefault(
            message.region.encode(), Endpoint(message.region, message.name)
        )
        endpoint.replace([self._variant(endpoint, route) for route in message.variants])
        self._settle()

    def remove(self, message: RemoveEndpoint) -> None:
        """Know an endpoint no more."""
        name = message.name.encode()
        regions = self._by_name.get(name, {})
        endpoint = regions.pop(message.region.encode(), None)
        if endpoint is not None:
            endpoint.replace([])
            for environments in endpoint.environments.values():
                environments.look_again()
        if not regions:
            self._by_name.pop(name, None)
        self._settle()

    def drain(self, message: Drain) -> None:
        """Let a target finish what it has."""
        dilated = self.targets.stand_in(message.instance_id)
        pace = self._clock.speed if dilated else 1.0
        self.targets.drain(message.instance_id, message.deadline_s / pace)

    def _variant(self, endpoint: Endpoint, route: VariantRoute) -> Variant:
        ledger = endpoint.ledgers.get(route.name)
        if ledger is None:
            kind = EnvironmentLedger if route.serverless else VariantLedger
            ledger = kind(endpoint.region, endpoint.name, route.name)
            endpoint.ledgers[route.name] = ledger
        backends = [
            self.targets.listed(target, stand_in=route.stand_in) for target in route.targets
        ]
        return Variant(route, backends, ledger, self._environments(endpoint, route))

    def _environments(self, endpoint: Endpoint, route: VariantRoute) -> Environments | None:
        if route.serverless is None:
            return None
        fresh = Environments(endpoint.region, endpoint.name, route.name, self._send)
        environments = endpoint.environments.setdefault(route.name, fresh)
        environments.allow(route.serverless)
        return environments

    def _endpoints(self) -> list[Endpoint]:
        return [each for regions in self._by_name.values() for each in regions.values()]

    def _settle(self) -> None:
        variants = [variant for endpoint in self._endpoints() for variant in endpoint.variants]
        self.targets.retain({backend for each in variants for backend in each.backends})
        self._refresh()

    def _refresh(self) -> None:
        for endpoint in self._endpoints():
            endpoint.refresh()
