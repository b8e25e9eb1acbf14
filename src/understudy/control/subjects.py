"""What a run is about: what gets its traffic, and what scales with it.

That is the variant of an endpoint, or a load balancer with the service or group behind it.
"""

from dataclasses import dataclass

from understudy.control.elbv2.actions import forwarded_to
from understudy.control.fleet_observation import GROUP, SERVICE, observe_fleet
from understudy.control.observation import observe
from understudy.control.plane import Plane
from understudy.control.views import Observation


@dataclass(frozen=True, slots=True)
class Subject:
    """``resource`` is ``endpoint/E/variant/V``, ``service/C/S`` or ``autoScalingGroup/G``.

    ``balancer`` is the ARN of the load balancer that gets the traffic, empty for an endpoint.
    """

    resource: str
    balancer: str = ""


class NoSubject(Exception):  # noqa: N818 - it is what is the matter
    """There is nothing that traffic could be sent to."""


def subject_of(plane: Plane) -> Subject:
    """The first endpoint's first variant, or the first load balancer with a fleet behind it.

    Raises NoSubject.
    """
    for endpoint in plane.sagemaker.state.endpoints.values():
        variant = next(iter(endpoint.fleets[endpoint.live].variants))
        return Subject(f"endpoint/{endpoint.name}/variant/{variant}")
    for arn in plane.elbv2.state.load_balancers:
        if resource := behind(plane, arn):
            return Subject(resource, arn)
    raise NoSubject("There is no endpoint, and no load balancer with a service or group behind it.")


def behind(plane: Plane, balancer: str) -> str:
    """The service or group whose targets a load balancer sends requests to, empty if none."""
    groups = [
        group
        for listener in plane.elbv2.state.listeners_of(balancer)
        for rule in plane.elbv2.state.rules_of(listener.arn)
        for group in forwarded_to(rule.actions)
    ]
    for service in plane.ecs.state.services.values():
        if service.deployments:
            mine = service.revisions[service.primary.revision].groups
            if set(mine) & set(groups):
                return f"{SERVICE}{service.key}"
    for group in plane.groups.state.groups.values():
        if set(group.sources) & set(groups):
            return f"{GROUP}{group.name}"
    return ""


def observed(plane: Plane, resource: str, since: float, at: float) -> Observation:
    """What can be seen of what scales. Raises KeyError where it is gone."""
    if resource.startswith("endpoint/"):
        _, endpoint, _, variant = resource.split("/")
        return observe(plane, endpoint, variant, since, at)
    return observe_fleet(plane, resource, since, at)
