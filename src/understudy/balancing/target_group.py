"""Which targets of a group a load balancer's node sends requests to, by their health.

AWS: Target groups for your Application Load Balancers, Target group health.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from understudy.balancing.routing import LEAST_OUTSTANDING


class Threshold(Struct, frozen=True, array_like=True):
    """How many targets must be healthy. ``percent`` 0 is off; whichever is missed counts."""

    count: int = 1
    percent: int = 0

    def met(self, healthy: int, total: int) -> bool:
        """Whether so many healthy targets of ``total`` are enough.

        4 of 10 do not meet 50 %; 14 of 20 do.
        """
        return healthy >= self.count and healthy * 100 >= self.percent * total


class HealthRules(Struct, frozen=True, array_like=True):
    """When a group fails open (``routing``) and when a zone leaves DNS (``dns``).

    Without ``cross_zone`` each zone is counted for itself.
    """

    cross_zone: bool = True
    routing: Threshold = Threshold()
    dns: Threshold = Threshold()


class Seen(Struct, frozen=True, array_like=True):
    """A registered target as its load balancer sees it. A draining one is not seen at all."""

    zone: str
    healthy: bool


def candidates(
    targets: Sequence[Seen], zone: str, rules: HealthRules, *, checked: bool = True
) -> tuple[tuple[int, ...], bool]:
    """The targets (by index) that the node in a zone sends requests to, and whether it fails open.

    It sends them to the healthy targets or, where these are too few, to all. With one healthy
    target of two, that one gets everything; with none, both do. Targets that are not ``checked``
    all get requests.
    """
    reach = within(targets, zone, rules)
    if not checked:
        return reach, False
    healthy = tuple(index for index in reach if targets[index].healthy)
    if rules.routing.met(len(healthy), len(reach)):
        return healthy, False
    return reach, bool(reach)


def within(targets: Sequence[Seen], zone: str, rules: HealthRules) -> tuple[int, ...]:
    """The targets (by index) that the node in a zone can reach."""
    return tuple(
        index
        for index, target in enumerate(targets)
        if rules.cross_zone or target.zone in (zone, "all")
    )


def nodes_in_dns(
    groups: Iterable[tuple[Sequence[Seen], HealthRules]], zones: Sequence[str]
) -> tuple[str, ...]:
    """The zones whose nodes clients find: those that are in DNS for each of the target groups.

    A group for which none of them is left has no say.
    """
    found: tuple[str, ...] = tuple(zones)
    for targets, rules in groups:
        reachable = in_dns(targets, zones, rules)
        found = tuple(zone for zone in found if zone in reachable) or found
    return found


def in_dns(targets: Sequence[Seen], zones: Sequence[str], rules: HealthRules) -> tuple[str, ...]:
    """The zones whose nodes are in DNS: those that meet the threshold or, if none does, all."""
    healthy = tuple(zone for zone in zones if _meets_dns(targets, zone, rules))
    return healthy or tuple(zones)


def _meets_dns(targets: Sequence[Seen], zone: str, rules: HealthRules) -> bool:
    reach = within(targets, zone, rules)
    return rules.dns.met(sum(targets[index].healthy for index in reach), len(reach))


def enters_slow_start(algorithm: int, duration: float, others: Sequence[tuple[bool, bool]]) -> bool:
    """Whether a target that turns healthy starts slowly: only beside a healthy one that does not.

    ``others`` are the other targets of its group: healthy, and starting slowly at the moment. With
    least outstanding requests none does.
    """
    if duration <= 0.0 or algorithm == LEAST_OUTSTANDING:
        return False
    return any(healthy and not slow for healthy, slow in others)
