"""The listener rules of a service that shifts its traffic between two target groups.

AWS: AdvancedConfiguration; Application Load Balancer resources for blue/green deployments.
"""

from typing import TYPE_CHECKING

from understudy.control.ecs.state import Service
from understudy.control.ecs.traffic import weights
from understudy.control.events import Params

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

SHIFTING = ("BLUE_GREEN", "LINEAR", "CANARY")


def configuration_of(service: Service) -> Params:
    """The deployment configuration of a service."""
    return service.params.get("deploymentConfiguration", {})


def shifting(service: Service) -> bool:
    """Whether a service shifts its traffic from one target group to another."""
    return configuration_of(service).get("strategy") in SHIFTING


def shift(ecs: "Ecs", service: Service, member: str, percent: float) -> None:
    """Give green so many percent of the traffic of the rules that a member names."""
    green = service.revisions[service.primary.revision]
    for place, balancer in enumerate(green.params.get("loadBalancers", [])):
        rule = balancer.get("advancedConfiguration", {}).get(member)
        if rule:
            blue_weight, green_weight = weights(percent)
            other = _other(balancer, green.groups[place])
            shares = {green.groups[place]: green_weight}
            if other:
                shares[other] = blue_weight
            ecs.targets.shift(rule, shares)


def _other(balancer: Params, group: str) -> str:
    pair = (
        balancer.get("targetGroupArn", ""),
        balancer.get("advancedConfiguration", {}).get("alternateTargetGroupArn", ""),
    )
    return next((each for each in pair if each and each != group), "")


def revert(ecs: "Ecs", service: Service) -> None:
    """Send all traffic back to blue: the deployment under way has failed."""
    if not service.primary.stage:
        return
    for member in ("productionListenerRule", "testListenerRule"):
        shift(ecs, service, member, 0.0)
    service.primary.stage = ""
